"""Single calls: what is repeated, what is waited for, and what each failure ends in."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Generator
from typing import Any

import httpx
import pytest

import sdir_async
from sdir_async import RetryPolicy, Sdir

from .scripted import ASLEEP, GATEWAY_500, OK, SWIFT, Line, Script, answer, lost, sdir_over
from .virtual import run

Call = Callable[[Sdir], Coroutine[Any, Any, Any]]


async def read(sdir: Sdir, **bounds: Any) -> Any:
    return await sdir.course.v1.list_codes(**bounds)


async def create(sdir: Sdir, **bounds: Any) -> Any:
    return await sdir.course.v1.create_courses([], **bounds)


async def update(sdir: Sdir, **bounds: Any) -> Any:
    return await sdir.additional_competence.v1.update_additional_competences([], **bounds)


async def validate(sdir: Sdir, **bounds: Any) -> Any:
    return await sdir.course.v1.validate_courses([], **bounds)


UNKNOWN: dict[str, Line] = {
    "read time-out": lost(httpx.ReadTimeout),
    "write time-out": lost(httpx.WriteTimeout),
    "reset": lost(httpx.ReadError),
    "closed without an answer": lost(httpx.RemoteProtocolError),
    "body that can't be decoded": lost(httpx.DecodingError),
    "500 of the gateway": answer(500, GATEWAY_500),
    "502 page": answer(502, b"<html>", content_type="text/html"),
    "503 without a time": answer(503),
    "504": answer(504),
    "answer cut short": answer(200, b'[{"code": "HS'),
    "login page": answer(200, b"<html>", content_type="text/html"),
}
NOT_APPLIED: dict[str, Line] = {
    "refused": lost(httpx.ConnectError),
    "no connection in time": lost(httpx.ConnectTimeout),
    "no free connection": lost(httpx.PoolTimeout),
    "refused by the proxy": lost(httpx.ProxyError),
    "408": answer(408),
    "429": answer(429, retry_after="1"),
    "503 with a time": answer(503, retry_after="1"),
    "database asleep": answer(500, ASLEEP),
}


@pytest.mark.parametrize("line", UNKNOWN.values(), ids=UNKNOWN)
@pytest.mark.parametrize("call", [read, update, validate])
def test_what_may_be_sent_twice_is_repeated_when_its_fate_is_unknown(
    call: Call, line: Line
) -> None:
    """A GET, a PUT and a check twice are the same as once."""
    script = Script(line, OK)
    assert run(call(sdir_over(script))) == []
    assert len(script.requests) == 2


@pytest.mark.parametrize("line", UNKNOWN.values(), ids=UNKNOWN)
def test_a_create_of_unknown_fate_is_not_repeated(line: Line) -> None:
    """It could be reported twice: the error says so, and which operation to ask."""
    script = Script(line, OK)
    with pytest.raises(sdir_async.UnknownOutcome, match=r"may have been saved.*listCourses"):
        run(create(sdir_over(script)))
    assert len(script.requests) == 1


class Unread(httpx.AsyncBaseTransport):
    """A transport that keeps nothing of a body, like a real one."""

    def __init__(self, script: Script) -> None:
        self.script = script

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        method, url, headers, stream = request.method, request.url, request.headers, request.stream
        return await self.script.handle_async_request(
            httpx.Request(method, url, headers=headers, stream=stream)
        )


class SendsAgain(Unread):
    """A transport of the user's that repeats by itself whatever fails."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except httpx.TransportError:
            return await super().handle_async_request(request)


@pytest.mark.parametrize(
    ("call", "answered"), [(create, 0), (update, 1), (read, 1)], ids=["create", "update", "read"]
)
def test_a_transport_that_sends_again_by_itself(call: Call, answered: int) -> None:
    """It gets the body of a create once: what it took for lost may have been saved."""
    script = Script(lost(httpx.ReadError), OK)
    client = httpx.AsyncClient(transport=SendsAgain(script))
    sdir = Sdir("key", http_client=client, retry=RetryPolicy(attempts=1))
    if answered:
        assert run(call(sdir)) == []
    else:
        with pytest.raises(sdir_async.UnknownOutcome, match="sent it again by itself"):
            run(call(sdir))
    assert len(script.bodies) == 1 + answered


class Token(httpx.Auth):
    """What a user has whose gateway wants a token, too: a new one after a 401."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = "Bearer old"
        response = yield request
        if response.status_code == 401:
            request.headers["Authorization"] = "Bearer new"
            yield request


def test_a_token_that_ran_out_is_renewed_by_the_client() -> None:
    """A request that was answered with 401 was not applied: its body may go again."""
    script = Script(answer(401), OK)
    sdir = Sdir("key", http_client=httpx.AsyncClient(transport=Unread(script), auth=Token()))
    assert run(create(sdir)) == []
    assert script.bodies == [b"[]", b"[]"]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (answer(502), "status 502"),
        (answer(201, b"<p>"), "status 201, but the answer can't be understood"),
        (lost(httpx.ReadTimeout, "too late"), "ReadTimeout: too late"),
        (lost(httpx.ReadTimeout), "ReadTimeout"),
    ],
)
def test_a_doubt_says_what_there_was_instead_of_an_answer(line: Line, what: str) -> None:
    """So that a person can judge for themselves."""
    with pytest.raises(sdir_async.UnknownOutcome) as caught:
        run(create(sdir_over(Script(line))))
    assert f"its outcome is unknown: {what}. It may have been saved" in str(caught.value)


@pytest.mark.parametrize("line", NOT_APPLIED.values(), ids=NOT_APPLIED)
@pytest.mark.parametrize("call", [read, create, update])
def test_what_was_certainly_not_applied_is_repeated(call: Call, line: Line) -> None:
    """A create too."""
    script = Script(line, OK)
    assert run(call(sdir_over(script))) == []
    assert len(script.requests) == 2


@pytest.mark.parametrize(
    ("status", "error"),
    {
        301: sdir_async.ApiError,
        400: sdir_async.InvalidRequest,
        401: sdir_async.AuthenticationError,
        403: sdir_async.PermissionDenied,
        404: sdir_async.NotFound,
        405: sdir_async.ApiError,
        409: sdir_async.InvalidRequest,
        413: sdir_async.ApiError,
        415: sdir_async.ApiError,
        422: sdir_async.InvalidRequest,
    }.items(),
)
@pytest.mark.parametrize("call", [read, create])
def test_a_no_is_raised_at_once(call: Call, status: int, error: type[sdir_async.ApiError]) -> None:
    """Asking again would get the same answer."""
    script = Script(answer(status), OK)
    with pytest.raises(error) as caught:
        run(call(sdir_over(script)))
    assert type(caught.value) is error
    assert caught.value.status == status
    assert len(script.requests) == 1


def test_a_create_on_which_the_api_failed_is_left_to_the_caller() -> None:
    """It was not applied, says the contract, and the error is a ServerError, not a doubt."""
    script = Script(answer(500, {"title": "Error", "status": 500, "traceId": "00-1-2-00"}), OK)
    with pytest.raises(sdir_async.ServerError):
        run(create(sdir_over(script)))
    assert len(script.requests) == 1


@pytest.mark.parametrize("attempts", [1, 2, 5])
def test_attempts_are_counted_in_all(attempts: int) -> None:
    """`attempts=1` repeats nothing; the error says how many there were."""
    script = Script(lost(httpx.ReadTimeout))
    sdir = sdir_over(script, retry=RetryPolicy(attempts=attempts))
    plural = "s" if attempts > 1 else ""
    with pytest.raises(sdir_async.ConnectionFailed, match=f"after {attempts} attempt{plural}\\."):
        run(read(sdir))
    assert len(script.requests) == attempts


def test_the_last_answer_is_the_error() -> None:
    """What the server said in the end is told, not what came before."""
    script = Script(lost(httpx.ReadTimeout), answer(502), answer(504))
    with pytest.raises(sdir_async.ServerError) as caught:
        run(read(sdir_over(script, retry=SWIFT)))
    assert caught.value.status == 504


def test_waits_double_less_a_random_part_up_to_the_longest() -> None:
    """Between half of it and all of it, so that clients do not come back in step."""
    script = Script(answer(502))
    retry = RetryPolicy(attempts=8, first_wait=1.0, longest_wait=10.0)
    with pytest.raises(sdir_async.ServerError):
        run(read(sdir_over(script, retry=retry)))
    wholes = [1, 2, 4, 8, 10, 10, 10]
    shares = [gap / whole for gap, whole in zip(script.gaps, wholes, strict=True)]
    assert all(0.5 <= share < 1.001 for share in shares)
    assert len(set(shares)) == len(shares)


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_waited_for(status: int) -> None:
    """Never less than the server asks."""
    script = Script(answer(status, RETRY_AFTER="57"), OK)
    run(read(sdir_over(script)))
    assert 57 <= script.gaps[0] < 58


def test_absurd_waits_are_cut() -> None:
    """A rate limit's window is five minutes at most."""
    script = Script(answer(429, retry_after="99999999"), OK)
    run(read(sdir_over(script)))
    assert 300 <= script.gaps[0] < 301


def test_a_server_that_always_says_now_is_not_asked_for_ever() -> None:
    """Retry-After: 0 is no reason to hurry: the waits of the policy hold, and its attempts."""
    script = Script(answer(429, retry_after="0"))
    with pytest.raises(sdir_async.RateLimited) as caught:
        run(read(sdir_over(script)))
    assert caught.value.retry_after == 0
    assert len(script.requests) == 6
    assert sum(script.gaps) >= 0.5 * (0.5 + 1 + 2 + 4 + 8)


def test_a_sleeping_database_is_waited_for() -> None:
    """It needs about a minute to wake, and nothing is saved by the call that wakes it."""
    script = Script(*[answer(500, ASLEEP)] * 5, OK)
    assert run(create(sdir_over(script))) == []
    assert all(gap >= 15 for gap in script.gaps)
    assert script.times[-1] >= 60


def test_being_turned_away_costs_no_attempts_while_others_come_through() -> None:
    """A busy upload must not starve one call into failure."""
    turned_away = itertools.chain([True] * 12, itertools.repeat(False))

    def line(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/codes") and next(turned_away):
            return answer(429, retry_after="1")(request)
        return OK(request)

    async def main() -> None:
        sdir = sdir_over(Script(line))

        async def others() -> None:
            while True:
                await sdir.course.v1.list_courses()
                await asyncio.sleep(0.1)

        busy = asyncio.create_task(others())
        assert await read(sdir) == []
        busy.cancel()

    run(main())


def quota(**headers: str) -> Line:
    said = "Out of call volume quota. Quota will be replenished in 03:14:17."
    return answer(403, {"statusCode": 403, "message": said}, **headers)


def test_a_used_up_quota_is_an_error_without_a_deadline() -> None:
    """Nobody said that there are hours to wait."""
    script = Script(quota(retry_after="11657"), OK)
    with pytest.raises(sdir_async.QuotaExceeded) as caught:
        run(read(sdir_over(script)))
    assert caught.value.retry_after == 11657
    assert script.times == [0.0]


def test_a_used_up_quota_is_waited_for_if_the_deadline_allows() -> None:
    """A deadline of hours is leave to wait for hours."""
    script = Script(quota(retry_after="11657"), OK)
    assert run(read(sdir_over(script), deadline=20_000)) == []
    assert script.gaps[0] >= 11657


def test_a_used_up_quota_is_an_error_at_once_if_the_deadline_comes_first() -> None:
    """Waiting would be in vain."""
    script = Script(quota(retry_after="11657"), OK)
    with pytest.raises(sdir_async.QuotaExceeded):
        run(read(sdir_over(script), deadline=10_000))
    assert script.times == [0.0]


def test_a_quota_that_renews_soon_is_waited_for() -> None:
    """Up to the longest wait of the policy, deadline or not."""
    script = Script(quota(retry_after="59"), OK)
    assert run(read(sdir_over(script))) == []
    assert script.gaps[0] >= 59


def test_a_quota_without_a_time_is_an_error_without_a_deadline() -> None:
    """It may renew next month."""
    script = Script(quota(), OK)
    with pytest.raises(sdir_async.QuotaExceeded, match="give a deadline"):
        run(read(sdir_over(script)))
    assert len(script.requests) == 1


@pytest.mark.parametrize("seconds", ["0", "1", "60"])
def test_a_quota_that_never_renews_is_not_waited_for_for_ever(seconds: str) -> None:
    """Each time it promises to be full again soon."""
    script = Script(quota(retry_after=seconds))
    with pytest.raises(sdir_async.QuotaExceeded):
        run(read(sdir_over(script)))
    assert len(script.requests) == 6


def test_an_answer_of_another_shape_is_an_error() -> None:
    """A read says so, and shows nothing of the answer."""
    script = Script(answer(200, {"surprise": "41814061033"}))
    with pytest.raises(sdir_async.ConnectionFailed, match="can't be understood") as caught:
        run(read(sdir_over(script)))
    assert "base_url leads to Sdir" in str(caught.value)
    assert "41814061033" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_page_instead_of_an_answer_is_an_error() -> None:
    """A login page with status 200 is not a success, however often it comes."""
    script = Script(answer(200, b"<html>Log in</html>", content_type="text/html"))
    with pytest.raises(sdir_async.ConnectionFailed, match="status 200, but the answer can't be"):
        run(read(sdir_over(script, retry=SWIFT)))
    assert len(script.requests) == 3


def test_cancelling_a_call_cancels_it_and_nothing_else() -> None:
    """The cancellation comes through, and the next call finds everything in order."""
    script = Script(OK, takes=10)

    async def main() -> None:
        sdir = sdir_over(script)
        task = asyncio.create_task(read(sdir))
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await read(sdir) == []

    run(main())
    assert script.times == [0.0, 1.0]


def test_a_failure_of_whatever_kind_is_ours() -> None:
    """A transport may raise what httpx does not know; a create is in doubt anyway."""

    def explode(_: httpx.Request) -> httpx.Response:
        raise ZeroDivisionError("of a plugin")

    with pytest.raises(sdir_async.UnknownOutcome, match="ZeroDivisionError: of a plugin"):
        run(create(sdir_over(Script(explode))))
    with pytest.raises(sdir_async.ConnectionFailed, match="ZeroDivisionError"):
        run(read(sdir_over(Script(explode), retry=SWIFT)))
