# pyright: strict, reportUnnecessaryTypeIgnoreComment=true
"""What type checkers know about calls: pages, raw answers, options, mappings, `request`.

Nothing here is run: `make check` has mypy and pyright read it. Both also say which of the errors
that are expected here are none any more.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, assert_type

from sdir_async import (
    Attempt,
    AttemptEvent,
    PagesDescription,
    RawResponse,
    RetryPolicy,
    Sdir,
    Telemetry,
    describe,
)
from sdir_async.api.additional_competence import v1, v2
from sdir_async.api.course.v1 import Course, CourseDict, CourseV1, SavedCourse

if TYPE_CHECKING:
    from uuid import UUID

    import httpx2


async def an_iterator_gives_the_records_of_its_version(sdir: Sdir) -> None:
    """With the filters of the list; the number of the page is not the caller's."""
    records = sdir.course.v1.iter_courses(person_id="41814061033", page_size=100)
    assert_type(records, AsyncGenerator[SavedCourse, None])
    async with aclosing(records):
        assert_type(await anext(records), SavedCourse)
    async for record in sdir.additional_competence.v2.iter_additional_competences(deadline=5):
        assert_type(record, v2.SavedAdditionalCompetence)
    sdir.course.v1.iter_courses(page=2)  # type: ignore[call-arg]
    sdir.course.v1.iter_courses(page_size="2")  # type: ignore[arg-type]
    _ = sdir.course.v1.iter_codes  # type: ignore[attr-defined]


async def a_raw_answer_knows_its_value(sdir: Sdir, uid: UUID) -> None:
    """And takes what the method itself takes, by name and by place."""
    raw = await sdir.additional_competence.v1.with_raw_response.get_additional_competence(uid)
    assert_type(raw, RawResponse[v1.SavedAdditionalCompetence])
    assert_type(raw.value, v1.SavedAdditionalCompetence)
    assert_type(raw.content, bytes)
    assert_type(raw.status, int)
    assert_type(raw.headers, Mapping[str, str])
    assert_type(raw.request_id, str | None)
    assert_type(raw.attempts, tuple[Attempt, ...])
    courses = sdir.course.v1.with_raw_response
    listed = await courses.list_courses(person_id="41814061033", page=1, timeout=5)
    assert_type(listed.value, list[SavedCourse])
    await courses.get_course()  # type: ignore[call-arg]
    await courses.get_course(uid, no_such=1)  # type: ignore[call-arg]
    _ = courses.no_such_operation  # type: ignore[attr-defined]
    raw.status = 5  # type: ignore[misc]


async def options_have_types(sdir: Sdir, uid: UUID) -> None:
    """Of a copy, and of one call."""
    copy = sdir.with_options(
        timeout=5, retry=RetryPolicy(attempts=1), headers={"X-Trace": "a"}, deadline=9.5
    )
    assert_type(copy, Sdir)
    assert_type(copy.course.v1, CourseV1)
    await copy.course.v1.get_course(uid, retry=RetryPolicy(), headers={"X-Trace": "b"})
    sdir.with_options(retry=3)  # type: ignore[arg-type]
    sdir.with_options(headers={"X-Trace": 1})  # type: ignore[dict-item]
    sdir.with_options(key="a")  # type: ignore[call-arg]


async def a_call_that_no_document_has_gives_anything(sdir: Sdir, course: SavedCourse) -> None:
    """Its effect is one of four."""
    raw = await sdir.request("GET", "/new", api="course", version="v1", params={"a": [1, 2]})
    assert_type(raw, RawResponse[Any])
    await sdir.request("POST", "/new", api="course", body=[course, {"a": 1}], effect="read")
    await sdir.request("GET", "/new")  # type: ignore[call-arg]
    await sdir.request("POST", "/new", api="course", effect="other")  # type: ignore[arg-type]


def what_happens_is_told_with_types(client: httpx2.AsyncClient, other: httpx2.Client) -> None:
    """And what the requests travel over is one of two kinds of clients."""

    def tell(event: AttemptEvent) -> None:
        assert_type(event.status, int | None)
        assert_type(event.seconds, float)

    Sdir("key", on_attempt=tell, telemetry=Telemetry(), http_client=client)
    Sdir("key", on_attempt=lambda event: event.path, transport="httpx2")
    Sdir("key", on_attempt=lambda: None)  # type: ignore[arg-type, misc]
    Sdir("key", telemetry=True)  # type: ignore[arg-type]
    Sdir("key", http_client=other)  # type: ignore[arg-type]
    Sdir("key", transport="httpx3")  # type: ignore[arg-type]


def pages_are_described() -> None:
    """For tools."""
    pages = describe("course", "v1").operations["list_courses"].pages
    assert_type(pages, PagesDescription | None)


async def a_mapping_is_checked_like_a_model(sdir: Sdir, rows: list[CourseDict]) -> None:
    """Where the document says what it holds; uploads take any mapping besides."""
    made: CourseDict = {
        "personalIdentityNumber": "41814061033",
        "completedAt": "2025-03-24T18:32:25+00:00",
        "organizationNumber": "991825827",
        "courseCode": "HSCLC",
    }
    assert_type(made["courseCode"], str)
    courses = sdir.course.v1
    await courses.create_courses([made, Course.from_dict(made)])
    await courses.create_courses(tuple(rows))
    courses.upload(rows)
    courses.upload(row for row in rows)
    courses.upload([made, {"anything": 1}, b"{}"])
    wrong: CourseDict = {"courseCode": 1}  # type: ignore[typeddict-item]
    made["coursecode"] = "HSCLC"  # type: ignore[typeddict-unknown-key]
    await courses.create_courses([{"coursecode": "HSCLC"}])  # type: ignore[list-item]
    await courses.create_courses(made)  # type: ignore[arg-type]
    courses.upload(wrong)  # type: ignore[arg-type]
    await sdir.additional_competence.v1.create_additional_competence(made)  # type: ignore[arg-type]
    vessel: v1.VesselDict = {"imoNumber": "9074729"}
    vessel["name"] = None
