"""The errors: one tree, with what a program and a person need, and nothing that is private."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from typing import Any

import pytest

import sdir_async
from sdir_async import ApiError, Reason, SdirError, errors

from .scripted import PERSON, Script, answer, sdir_over
from .virtual import run

ERRORS = [
    value
    for value in vars(errors).values()
    if inspect.isclass(value) and issubclass(value, SdirError)
]
ATTRIBUTES: dict[str, Any] = {
    "status": 400,
    "method": "POST",
    "url": "https://api.sdir.no/x",
    "problem": {"title": "Bad", "errors": {"[0].A": ["b"]}},
    "request_id": "00-1",
    "reasons": (Reason("b", "A", 0),),
    "retry_after": 7.0,
}


def made(kind: type[SdirError]) -> SdirError:
    return kind("Bad", **ATTRIBUTES) if issubclass(kind, ApiError) else kind("Bad")


def test_every_error_has_one_root() -> None:
    """One `except` catches all that this library raises of its own."""
    raised = [
        value
        for value in vars(errors).values()
        if inspect.isclass(value) and issubclass(value, BaseException)
    ]
    assert raised == ERRORS
    assert SdirError.__bases__ == (Exception,)


def test_every_error_is_public() -> None:
    """So it can be imported from the package itself."""
    assert {kind.__name__ for kind in ERRORS} <= set(sdir_async.__all__)


def test_the_drawing_shows_the_tree() -> None:
    """Each error stands in it, below its parent."""
    lines = re.findall(r"^([ │├└─]{4,})(\w+)", f"{errors.__doc__}", re.MULTILINE)
    above: dict[int, str] = {}
    drawn = {}
    for branch, name in lines:
        depth = len(branch) // 4
        above[depth] = name
        drawn[name] = above.get(depth - 1, "Exception")
    assert drawn == {kind.__name__: kind.__bases__[0].__name__ for kind in ERRORS}


@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.parametrize("take", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy], ids="pc")
def test_an_error_can_be_taken_to_another_process(kind: type[SdirError], take: Any) -> None:
    """With all it says; a pool of workers does that."""
    error = made(kind)
    error.add_note("a note")
    again = take(error)
    assert type(again) is kind
    assert str(again) == str(error)
    assert again.args == error.args
    assert vars(again) == vars(error)
    if isinstance(again, ApiError):
        told = {name: getattr(again, name) for name in ATTRIBUTES}
        assert told == ATTRIBUTES


@pytest.mark.parametrize("kind", ERRORS)
def test_a_report_stays_where_it_is(kind: type[SdirError]) -> None:
    """It holds the rejected records, and those are persons."""
    error = made(kind)
    assert error.report is None
    error.report = sdir_async.UploadReport(
        accepted=0,
        rejected=1,
        in_doubt=0,
        unsent=0,
        rejections=(sdir_async.Rejection(0, (Reason("bad"),), {"id": PERSON}),),
    )
    pickled = pickle.dumps(error)
    assert PERSON.encode() not in pickled
    assert pickle.loads(pickled).report is None
    assert error.report.rejected == 1


@pytest.mark.parametrize("kind", ERRORS)
def test_no_message_holds_a_person_number(kind: type[SdirError]) -> None:
    """Whoever wrote it."""
    said = f"Person {PERSON} at {PERSON[:6]} {PERSON[6:]}"
    attributes = {**ATTRIBUTES, "url": f"https://api.sdir.no/persons/{PERSON}"}
    error = kind(said, **attributes) if issubclass(kind, ApiError) else kind(said)
    shown = f"{error!s} {error!r} {vars(error)}"
    assert PERSON not in shown
    assert PERSON[6:] not in shown


def test_an_answer_that_is_a_no_tells_all_it_knows() -> None:
    """From the wire to the attributes."""
    problem = {"title": "Bad", "errors": {"[2].Person.Id": ["is unknown"]}, "traceId": "00-1"}
    script = Script(answer(400, problem))
    with pytest.raises(sdir_async.InvalidRequest) as caught:
        run(sdir_over(script).course.v1.create_courses([]))
    error = caught.value
    assert error.status == 400
    assert error.method == "POST"
    assert error.url.endswith("/courses/batch")
    assert error.problem == problem
    assert error.request_id == "00-1"
    assert error.reasons == (Reason("is unknown", "Person.Id", 2),)
    assert error.retry_after is None


def test_the_url_of_an_error_has_no_query() -> None:
    """A filter holds what was searched for."""
    script = Script(answer(403))
    with pytest.raises(sdir_async.PermissionDenied) as caught:
        run(sdir_over(script).course.v1.list_courses(person_id=PERSON))
    assert caught.value.url.endswith("/courses")


def test_a_reason_reads_as_a_sentence() -> None:
    """With the field, if there is one."""
    assert str(Reason("is unknown", "Person.Id", 2)) == "Person.Id: is unknown"
    assert str(Reason("is unknown")) == "is unknown"
    assert Reason("a") == Reason("a", "", None)


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_says_when_it_is_raised(kind: type[SdirError]) -> None:
    """In its own words, not those of its parent."""
    assert kind.__doc__
    assert kind.__doc__ != kind.__mro__[1].__doc__
