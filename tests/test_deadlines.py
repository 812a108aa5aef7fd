"""How long a single call may take: its deadline bounds all of it, its timeout each attempt."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from attrs import asdict

import sdir_async
from sdir_async import RetryPolicy, Sdir
from sdir_async.client import DEFAULT_TIMEOUT

from .scripted import ASLEEP, NEVER, OK, Line, Script, answer, lost, sdir_over
from .virtual import run


async def _ended(call: Any) -> tuple[float, BaseException]:
    """Await a call that fails; return when it did, and the error."""
    with pytest.raises(sdir_async.SdirError) as caught:
        await call
    return asyncio.get_running_loop().time(), caught.value


def test_a_server_that_does_not_answer_is_given_up_at_the_deadline() -> None:
    """For a read, that is a failed connection."""
    script = Script(OK, takes=NEVER)
    at, error = run(_ended(sdir_over(script).course.v1.list_codes(deadline=5)))
    assert at == 5
    assert isinstance(error, sdir_async.ConnectionFailed)
    assert "the deadline passed before it was answered" in str(error)
    assert str(error).endswith("Allow more time, or try again later.")


def test_a_create_on_its_way_at_the_deadline_is_of_unknown_fate() -> None:
    """The server may still be at work on it."""
    script = Script(OK, takes=NEVER)
    at, error = run(_ended(sdir_over(script).course.v1.create_courses([], deadline=5)))
    assert at == 5
    assert isinstance(error, sdir_async.UnknownOutcome)


@pytest.mark.parametrize("deadline", [0, -1.0])
def test_nothing_is_begun_after_the_deadline(deadline: float) -> None:
    """So a create is not in doubt: it was certainly not sent."""
    script = Script(OK)
    at, error = run(_ended(sdir_over(script).course.v1.create_courses([], deadline=deadline)))
    assert at == 0
    assert isinstance(error, sdir_async.ConnectionFailed)
    assert "the deadline passed before it was sent" in str(error)
    assert "attempt" not in str(error)
    assert script.requests == []


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (answer(429, retry_after="30"), sdir_async.RateLimited),
        (answer(503, retry_after="30"), sdir_async.ServerError),
        (answer(500, ASLEEP), sdir_async.ServerError),
        (answer(502), sdir_async.ServerError),
        (lost(httpx.ConnectError), sdir_async.ConnectionFailed),
    ],
    ids=["429", "503", "asleep", "502", "refused"],
)
def test_no_wait_goes_past_the_deadline(line: Line, error: type[sdir_async.SdirError]) -> None:
    """When the next attempt would come too late, the call ends at once, with what is known."""
    retry = RetryPolicy(first_wait=20, longest_wait=20)
    sdir = sdir_over(Script(line), retry=retry)
    at, raised = run(_ended(sdir.course.v1.list_codes(deadline=9)))
    assert at == 0
    assert type(raised) is error


def test_attempts_are_made_up_to_the_deadline() -> None:
    """And none after it."""
    script = Script(answer(502))
    sdir = sdir_over(script, retry=RetryPolicy(attempts=100, first_wait=1, longest_wait=1))
    at, _ = run(_ended(sdir.course.v1.list_codes(deadline=10)))
    assert 8.9 < at <= 10
    assert script.times[-1] == at


def test_a_pause_of_all_calls_counts_against_the_deadline() -> None:
    """A call that has to wait for others does not outlive its deadline, and is not sent."""
    script = Script(answer(429, retry_after="60"), OK)

    async def main() -> None:
        sdir = sdir_over(script)
        first = asyncio.create_task(sdir.course.v1.list_codes())
        await asyncio.sleep(1)
        at, error = await _ended(sdir.course.v1.create_courses([], deadline=5))
        assert at == 6
        assert isinstance(error, sdir_async.ConnectionFailed)
        assert await first == []

    run(main())
    assert len(script.requests) == 2


async def _hanging() -> str:
    await asyncio.sleep(NEVER)
    return "never"


def test_waiting_for_the_key_counts_against_the_deadline() -> None:
    """A key vault that hangs does not hold a call forever."""
    script = Script(OK)
    at, error = run(_ended(sdir_over(script, _hanging).course.v1.list_codes(deadline=5)))
    assert at == 5
    assert "the deadline passed before it was sent" in str(error)
    assert script.requests == []


def test_waiting_for_another_key_counts_against_the_deadline() -> None:
    """What is left then is that the first key was refused."""
    asked: list[int] = []

    async def first_then_hanging() -> str:
        asked.append(1)
        return "first" if len(asked) == 1 else await _hanging()

    sdir = sdir_over(Script(answer(401)), first_then_hanging)
    at, error = run(_ended(sdir.course.v1.list_codes(deadline=5)))
    assert at == 5
    assert isinstance(error, sdir_async.AuthenticationError)


def test_a_timeout_of_the_key_function_is_its_own() -> None:
    """It is not mistaken for the deadline."""

    async def impatient() -> str:
        async with asyncio.timeout(1):
            return await _hanging()

    async def main(sdir: Sdir) -> None:
        with pytest.raises(TimeoutError):
            await sdir.course.v1.list_codes(deadline=5)
        assert asyncio.get_running_loop().time() == 1

    run(main(sdir_over(Script(OK), impatient)))


def test_a_deadline_is_not_a_limit_for_the_next_call() -> None:
    """A call that was given up leaves the others alone."""
    script = Script(OK, takes=7)

    async def main() -> None:
        sdir = sdir_over(script)
        await _ended(sdir.course.v1.list_codes(deadline=5))
        assert await sdir.course.v1.list_codes() == []

    run(main())


def _sent(settings: Any, **call: Any) -> Any:
    script = Script(OK)
    run(sdir_over(script, **settings).course.v1.list_codes(**call))
    return script.requests[0].extensions["timeout"]


def test_a_call_has_the_timeout_of_its_sdir() -> None:
    """By default it reads for two minutes: a sleeping database answers late."""
    parts = {name: given for name, given in asdict(DEFAULT_TIMEOUT).items() if name != "total"}
    assert {**parts, "pool": 5.0} == _sent({})  # the client's own for its pool
    assert _sent({})["read"] == 120
    assert _sent({"timeout": 7})["read"] == 7


def test_a_call_may_have_a_timeout_of_its_own() -> None:
    """In seconds, as httpx has it, or none at all."""
    assert set(_sent({}, timeout=3.5).values()) == {3.5}
    assert _sent({}, timeout=httpx.Timeout(9, connect=1))["connect"] == 1
    assert set(_sent({}, timeout=None).values()) == {None}


def test_a_timeout_is_for_each_attempt() -> None:
    """Unlike a deadline, it does not end the call."""
    script = Script(lost(httpx.ReadTimeout), OK)
    assert run(sdir_over(script).course.v1.list_codes(timeout=1)) == []
    assert [request.extensions["timeout"]["read"] for request in script.requests] == [1, 1]
