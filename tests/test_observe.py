"""The lines of the log, `SDIR_LOG`, and the hook `on_attempt`."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from sdir_async import AttemptEvent, ConfigurationError, NotFound, Sdir, ServerError
from sdir_async.observe import log_as_told

from .scripted import KEY, OK, PERSON, SWIFT, Script, answer, lost, sdir_over
from .virtual import run

UID = UUID("00000000-0000-4000-8000-000000000001")
COURSE = {
    "personalIdentityNumber": PERSON,
    "completedAt": "2025-03-24T18:32:25+00:00",
    "organizationNumber": "991825827",
    "courseCode": "HSCLC",
}


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Any:
    """Return the lines of our logger so far, the seconds taken out."""
    caplog.set_level(logging.INFO, "sdir_async")

    def so_far(level: int = logging.INFO) -> list[str]:
        ours = [each for each in caplog.records if each.name == "sdir_async"]
        said = [each.getMessage() for each in ours if each.levelno == level]
        return [re.sub(r"\d+\.\d+ s", "0 s", line) for line in said]

    return so_far


def test_a_call_is_one_line(lines: Any) -> None:
    """Method, path as a template, status, attempts, time and request id."""
    script = Script(answer(502), answer(200, [], x_ms_request_id="abc"), answer(404))
    sdir = sdir_over(script, retry=SWIFT)

    async def main() -> None:
        await sdir.course.v1.list_codes()
        with pytest.raises(NotFound):
            await sdir.course.v1.get_course(UID)

    run(main())
    assert lines() == [
        "course v1 GET /codes: 200 in 0 s, 2 attempts, request id abc",
        "course v1 GET /courses/{uid}: 404 in 0 s, 1 attempt",
    ]
    assert lines(logging.DEBUG) == []


def test_at_debug_each_attempt_is_one_more(lines: Any, caplog: pytest.LogCaptureFixture) -> None:
    """What did not come is said in words."""
    caplog.set_level(logging.DEBUG, "sdir_async")
    script = Script(lost(httpx.ConnectError, "refused"), OK)
    run(sdir_over(script, retry=SWIFT).course.v1.list_codes())
    assert lines(logging.DEBUG) == [
        "course v1 GET /codes: attempt 1: ConnectError: refused in 0 s",
        "course v1 GET /codes: attempt 2: 200 in 0 s",
    ]


def test_an_upload_is_a_line_for_each_chunk_and_one_at_its_end(lines: Any) -> None:
    """Beside those of its calls."""
    script = Script(answer(201, [COURSE]), answer(400, {"errors": {"[0].courseCode": ["bad"]}}))
    run(_uploaded(sdir_over(script)))
    said = [line for line in lines() if "POST" not in line]
    assert said == [
        "record 0: 1 accepted, 1 attempt",
        "record 1: 1 rejected, 1 attempt",
        "course v1 createCourses: upload ended: 1 accepted, 1 rejected, 0 in doubt, 0 unsent;"
        " 2 requests in 0 s",
    ]


async def _uploaded(sdir: Sdir) -> None:
    await sdir.course.v1.upload([COURSE, COURSE], chunk_size=1, concurrency=1, check=False)


def test_no_line_has_a_person_a_key_or_a_query(
    lines: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Wherever it stood: in a path, a query, a body, a request id."""
    caplog.set_level(logging.DEBUG, "sdir_async")
    events: list[AttemptEvent] = []
    script = Script(answer(200, [], x_ms_request_id=PERSON))
    sdir = sdir_over(script, on_attempt=events.append)

    async def main() -> None:
        await sdir.course.v1.list_courses(person_id=PERSON)
        await sdir.request("GET", "/{id}", api="course", path_params={"id": PERSON})
        await sdir.request("GET", f"/{PERSON}", api="course")
        await _uploaded(sdir)

    run(main())
    assert len(lines()) > 5
    assert PERSON not in caplog.text + repr(events)
    assert KEY not in caplog.text


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """The logger as a program finds it that has set up nothing."""
    logger = logging.getLogger("sdir_async")
    level, logger.handlers = logger.level, []
    yield logger
    logger.handlers = []
    logger.setLevel(level)


@pytest.mark.parametrize(("told", "level"), [("debug", 10), ("INFO", 20)])
def test_sdir_log_turns_it_on(
    told: str,
    level: int,
    logger: logging.Logger,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With the next `Sdir`, to standard error, once."""
    monkeypatch.setenv("SDIR_LOG", told)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    sdir_over(Script(OK))
    sdir = sdir_over(Script(OK))
    assert logger.level == level
    assert len(logger.handlers) == 1
    run(sdir.course.v1.list_codes())
    assert capsys.readouterr().err.count("GET /codes: 200 in") == 1


def test_sdir_log_adds_nothing_where_a_program_writes_its_own_log(
    logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the level is set."""
    monkeypatch.setenv("SDIR_LOG", "info")
    logging.getLogger().addHandler(logging.NullHandler())
    log_as_told()
    assert (logger.level, logger.handlers) == (20, [])


def test_a_wrong_level_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for lines that never come."""
    monkeypatch.setenv("SDIR_LOG", "verbose")
    with pytest.raises(ConfigurationError, match="SDIR_LOG must be debug or info"):
        Sdir(KEY)


def test_the_hook_is_told_of_each_attempt() -> None:
    """Of calls and of uploads, also those that ended badly."""
    events: list[AttemptEvent] = []
    script = Script(
        answer(503, retry_after="7"), lost(httpx.ReadTimeout), answer(200, [], x_ms_request_id="a")
    )
    run(sdir_over(script, on_attempt=events.append).course.v1.list_codes())
    assert [(each.number, each.status, each.result, each.pause) for each in events] == [
        (1, 503, "503", 7.0),
        (2, None, "ReadTimeout", None),
        (3, 200, "200", None),
    ]
    last = events[-1]
    assert (last.api, last.version, last.operation) == ("course", "v1", "listCodes")
    assert (last.method, last.path, last.request_id) == ("GET", "/codes", "a")
    assert last.seconds >= 0
    events.clear()
    run(_uploaded(sdir_over(Script(answer(201, [COURSE])), on_attempt=events.append)))
    assert [each.operation for each in events] == ["createCourses"] * 2


def test_a_copy_tells_the_same_hook() -> None:
    """What it does is done for the same program."""
    events: list[AttemptEvent] = []
    sdir = sdir_over(Script(OK), on_attempt=events.append).with_options(timeout=1)
    run(sdir.course.v1.list_codes())
    assert len(events) == 1


def test_a_hook_that_fails_fails_no_call(caplog: pytest.LogCaptureFixture) -> None:
    """A create was saved, whatever becomes of what counts it: the log says what went wrong."""

    def broken(_: AttemptEvent) -> None:
        raise ZeroDivisionError

    saved = run(sdir_over(Script(answer(201, [])), on_attempt=broken).course.v1.create_courses([]))
    assert saved == []
    assert "on_attempt raised an error" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_a_hook_that_fails_shows_no_person_of_a_path(caplog: pytest.LogCaptureFixture) -> None:
    """What a crash reporter makes of the logged error hides the number in its frames, too."""

    def broken(_: AttemptEvent) -> None:
        raise ZeroDivisionError

    sdir = sdir_over(Script(OK), on_attempt=broken)
    run(sdir.request("GET", f"/persons/{PERSON}", api="course", version="v1"))
    (error,) = [one.exc_info[1] for one in caplog.records if one.exc_info]
    assert error is not None
    shown = traceback.TracebackException.from_exception(error, capture_locals=True).format()
    text = "".join(shown)
    assert "Operation(" in text
    assert PERSON not in text


async def _awaits(_: AttemptEvent) -> None:
    """A hook as httpx has them: nobody would await it here."""


@pytest.mark.parametrize("wrong", ["print", _awaits])
def test_a_hook_that_is_no_plain_function_is_refused(wrong: Any) -> None:
    """At once."""
    with pytest.raises(ConfigurationError, match="on_attempt must be a plain function"):
        sdir_over(Script(OK), on_attempt=wrong)


def test_a_call_without_an_answer_says_why(lines: Any) -> None:
    """After the last attempt."""
    script = Script(lost(httpx.ReadTimeout))
    with pytest.raises(Exception, match="ReadTimeout"):
        run(sdir_over(script, retry=SWIFT).course.v1.list_codes())
    assert lines() == ["course v1 GET /codes: ReadTimeout in 0 s, 3 attempts"]
    with pytest.raises(ServerError):
        run(sdir_over(Script(answer(502)), retry=SWIFT).course.v1.list_codes())
    assert lines()[-1] == "course v1 GET /codes: 502 in 0 s, 3 attempts"
