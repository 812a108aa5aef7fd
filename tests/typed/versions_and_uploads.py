# pyright: strict, reportUnnecessaryTypeIgnoreComment=true
"""What type checkers know about versions and uploads.

Nothing here is run: `make check` has mypy and pyright read it. Both also say which of the errors
that are expected here are none any more.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Literal, assert_type

from sdir_async import (
    ChunkOutcome,
    Description,
    ListingDescription,
    OperationDescription,
    Upload,
    UploadReport,
    describe,
)
from sdir_async.api.additional_competence import v1, v2
from sdir_async.api.course import v1 as course_v1
from sdir_async.api.course.v1 import Course

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from typing import Any
    from uuid import UUID

    from sdir_async import Sdir


def versions_have_types_of_their_own(sdir: Sdir, name: str) -> None:
    """As attributes, by name, and by a name that is known only when it runs."""
    api = sdir.additional_competence
    assert_type(api.v1, v1.AdditionalCompetenceV1)
    assert_type(api.v2, v2.AdditionalCompetenceV2)
    assert_type(api["v1"], v1.AdditionalCompetenceV1)
    assert_type(api["v2"], v2.AdditionalCompetenceV2)
    _ = api[name].no_such_operation  # type: ignore[union-attr]
    _ = api.selected.no_such_operation  # type: ignore[union-attr]
    assert_type(sdir.course["v1"], course_v1.CourseV1)
    _ = sdir.course["v1"].no_such_operation  # type: ignore[attr-defined]
    _ = api.v99  # type: ignore[attr-defined]
    _ = sdir.no_such_api  # type: ignore[attr-defined]


async def operations_take_and_give_the_models_of_their_version(sdir: Sdir, uid: UUID) -> None:
    """Down to the fields."""
    old = await sdir.additional_competence.v1.get_additional_competence(uid)
    assert_type(old, v1.SavedAdditionalCompetence)
    assert_type(old.competence.completion_date, date)
    new = await sdir.additional_competence.v2.get_additional_competence(uid)
    assert_type(new, v2.SavedAdditionalCompetence)
    assert_type(new.completed_at, datetime)
    await sdir.additional_competence.v1.create_additional_competence(new)  # type: ignore[arg-type]


async def an_upload_gives_a_report_or_its_chunks(
    sdir: Sdir, records: list[v1.AdditionalCompetence]
) -> None:
    """Awaited, or iterated over."""
    upload = sdir.additional_competence.v1.upload(records)
    assert_type(upload, Upload[v1.SavedAdditionalCompetence])
    assert_type(await upload, UploadReport)
    async for chunk in sdir.additional_competence.v2.upload(iter([{"a": 1}])):
        assert_type(chunk, ChunkOutcome[v2.SavedAdditionalCompetence])
        assert_type(chunk.saved, list[v2.SavedAdditionalCompetence])


def an_upload_takes_models_mappings_and_bytes(
    sdir: Sdir,
    models: AsyncIterator[v2.AdditionalCompetence],
    mappings: Iterator[Mapping[str, Any]],
    lines: AsyncIterator[bytes],
    mixed: list[v2.AdditionalCompetence | bytes],
) -> None:
    """From anything that can be iterated over."""
    upload = sdir.additional_competence.v2.upload
    upload(models)
    upload(mappings)
    upload(lines)
    upload(mixed)


def an_upload_takes_no_records_of_another_version_or_api(
    sdir: Sdir, old: list[v1.AdditionalCompetence], courses: Iterator[Course]
) -> None:
    """Nor text, nor one record alone."""
    upload = sdir.additional_competence.v2.upload
    upload(old)  # type: ignore[arg-type]
    upload(courses)  # type: ignore[arg-type]
    upload(["{}"])  # type: ignore[list-item]
    upload(old[0])  # type: ignore[arg-type]


def an_upload_knows_what_its_api_can_do(sdir: Sdir, records: list[bytes]) -> None:
    """Check without saving, or update: not every API has both."""
    sdir.course.v1.upload(records, operation="validate")
    sdir.course.v1.upload(records, operation="update")  # type: ignore[arg-type]
    sdir.additional_competence.v1.upload(records, operation="update")
    sdir.additional_competence.v1.upload(records, operation="validate")  # type: ignore[arg-type]


def a_description_has_types_too() -> None:
    """Down to the names of a parameter."""
    course = describe("course", "v1")
    assert_type(course, Description)
    operation = course.operations["get_course"]
    assert_type(operation, OperationDescription)
    assert_type(operation.parameters[0].place, Literal["path", "query", "header", "body"])
    assert_type(operation.scopes, tuple[str, ...])
    assert_type(course.batches["create"].kind, Literal["create", "update", "validate"])
    assert_type(course.batches["create"].listing, ListingDescription | None)
    course.title = "Courses"  # type: ignore[misc]
    describe("course", 1)  # type: ignore[arg-type]
