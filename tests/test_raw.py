"""`with_raw_response`: the answer beside the value."""

from __future__ import annotations

import copy
import inspect
import pickle
from typing import Any
from uuid import UUID

import pytest

from sdir_async import (
    ConnectionFailed,
    NotFound,
    RawResponse,
    UnknownOutcome,
    describe_all,
)
from sdir_async.api.course.v1 import SavedCourse

from .scripted import KEY, PERSON, SWIFT, Script, answer, sdir_over
from .test_pages import course
from .virtual import run

UID = UUID(course(1)["uid"])


def raw_of(*lines: Any) -> RawResponse[SavedCourse]:
    sdir = sdir_over(Script(*lines), retry=SWIFT)
    return run(sdir.course.v1.with_raw_response.get_course(UID))


def test_an_answer_says_all_that_came() -> None:
    """Status, headers, request id, every attempt, the bytes, and the value when asked for."""
    raw = raw_of(answer(502), answer(200, course(1), x_ms_request_id="abc", x_more="1"))
    assert (raw.status, raw.request_id) == (200, "abc")
    assert (raw.headers["x-more"], raw.headers["content-type"]) == ("1", "application/json")
    assert [attempt.result for attempt in raw.attempts] == ["502", "200"]
    assert raw.content.startswith(b'{"uid"')
    assert raw.value == SavedCourse.from_dict(course(1))
    assert raw_of(answer(200, course(1))).request_id is None


def test_errors_are_raised_as_without_it() -> None:
    """An answer that is an error never comes back as a value."""
    with pytest.raises(NotFound):
        raw_of(answer(404, {"title": "Not found"}))
    with pytest.raises(ConnectionFailed):
        raw_of(answer(200, b"<html>"))


def test_a_body_that_is_not_what_the_document_says_fails_when_it_is_asked_for() -> None:
    """The rest of the answer is there anyway; of a create, it may have been saved."""
    raw = raw_of(answer(200, {"uid": "none"}))
    assert raw.status == 200
    with pytest.raises(ConnectionFailed, match="can't be understood"):
        _ = raw.value
    create = sdir_over(Script(answer(201, [1]))).course.v1.with_raw_response.create_courses([])
    with pytest.raises(UnknownOutcome, match="Look for it with listCourses"):
        _ = run(create).value


def test_its_repr_shows_no_person_and_no_key() -> None:
    """Only how it went."""
    raw = raw_of(answer(200, course(1), x_ms_request_id="abc"))
    size = len(raw.content)
    assert repr(raw) == f"<RawResponse 200: {size} bytes, 1 attempt, request id abc>"
    assert PERSON not in repr(raw)
    assert KEY not in repr(vars(raw))
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="take its value or its content"):
            take(raw)


@pytest.mark.parametrize("version", [*describe_all()], ids=lambda version: version.name)
def test_every_operation_has_a_raw_one(version: Any) -> None:
    """Of every version, with the same parameters."""
    api = getattr(sdir_over(Script(answer(200, []))), version.api)[version.version]
    assert api.with_raw_response is api.with_raw_response
    for name in version.operations:
        plain, raw = getattr(api, name), getattr(api.with_raw_response, name)
        assert inspect.signature(plain) == inspect.signature(raw)
        assert inspect.iscoroutinefunction(raw)
