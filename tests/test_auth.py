"""The subscription key: where it comes from, how it is renewed, and that nobody sees it."""

from __future__ import annotations

import asyncio
import copy
import logging
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import httpx
import pytest

import sdir_async
from sdir_async import ConfigurationError, RetryPolicy, Sdir, SubscriptionKey
from sdir_async.auth import KeyRing

from .scripted import GATEWAY_500, KEY, OK, Line, Script, answer, lost, sdir_over
from .virtual import run

DENIED = {
    "statusCode": 401,
    "message": "Access denied due to invalid subscription key. Make sure to provide a valid key"
    " for an active subscription.",
}


def takes_only(*good: str, slowly: float = 0.0) -> Script:
    """A gateway that knows these keys."""

    def line(request: httpx.Request) -> httpx.Response:
        known = request.headers["Ocp-Apim-Subscription-Key"] in good
        return (OK if known else answer(401, DENIED))(request)

    return Script(line, takes=slowly)


class Vault:
    """Hands out these keys, one after the other, and the last one forever."""

    def __init__(self, *keys: Any, takes: float = 0.0) -> None:
        self.asked = 0
        self._keys = keys
        self._takes = takes

    async def __call__(self) -> Any:
        await asyncio.sleep(self._takes)
        self.asked += 1
        return self._keys[min(self.asked, len(self._keys)) - 1]


# Where it comes from


async def _awaited() -> str:
    return "given"


@pytest.mark.parametrize(
    "source",
    [
        "given",
        SubscriptionKey("given"),
        SubscriptionKey("given", "other"),
        lambda: "given",
        lambda: SubscriptionKey("given"),
        _awaited,
        lambda: _awaited(),
    ],
    ids=["text", "key", "pair", "function", "function of a key", "async", "function of awaitable"],
)
def test_a_key_is_given_in_many_ways(source: Any) -> None:
    """As a text, a SubscriptionKey, or a function, plain or async, that returns either."""
    script = takes_only("given")
    run(sdir_over(script, source).course.v1.list_codes())
    assert script.keys == ["given"]


def test_a_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """If none is given."""
    monkeypatch.setenv("SDIR_API_KEY", "outside")
    script = takes_only("outside", "inside")
    run(sdir_over(script, None).course.v1.list_codes())
    run(sdir_over(script, "inside").course.v1.list_codes())
    assert script.keys == ["outside", "inside"]


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_key_the_error_says_how_to_give_one(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, and not with the first call."""
    if value is not None:
        monkeypatch.setenv("SDIR_API_KEY", value)
    with pytest.raises(ConfigurationError, match=r"Give Sdir\(api_key=…\) or set SDIR_API_KEY"):
        Sdir()


BAD_KEYS = ["zqx\n", "zqx\r\nX-Other: 1", " zqx", "zqx ", "z qx", "zqxé", "zqx\0"]


@pytest.mark.parametrize("key", BAD_KEYS, ids=repr)
@pytest.mark.parametrize("make", [Sdir, SubscriptionKey, lambda key: SubscriptionKey("a", key)])
def test_a_key_that_no_header_can_hold_is_refused(make: Callable[[str], Any], key: str) -> None:
    """At once and without showing it, while the transport would show it in its own error."""
    with pytest.raises(ConfigurationError) as caught:
        make(key)
    _shows_nothing("qx", caught.value)


@pytest.mark.parametrize("key", ["", None, 5, b"zqx", ["zqx"]], ids=repr)
def test_a_function_that_returns_no_key_is_an_error_of_configuration(key: Any) -> None:
    """Nothing is sent."""
    script = Script(OK)
    with pytest.raises(ConfigurationError, match=r"printable ASCII|is required") as caught:
        run(sdir_over(script, lambda: key).course.v1.list_codes())
    _shows_nothing("zqx", caught.value)
    assert script.requests == []


def test_an_error_of_the_function_is_the_callers() -> None:
    """It comes through as it is, and the next call asks again."""
    tries = iter([RuntimeError("the vault is closed")])

    def source() -> str:
        for error in tries:
            raise error
        return "good"

    async def main() -> None:
        sdir = sdir_over(takes_only("good"), source)
        with pytest.raises(RuntimeError, match="the vault is closed"):
            await sdir.course.v1.list_codes()
        assert await sdir.course.v1.list_codes() == []

    run(main())


def test_a_function_is_asked_once_for_many_calls() -> None:
    """What it returned is used until it is refused."""
    vault = Vault("good", takes=1)

    async def main() -> None:
        sdir = sdir_over(takes_only("good"), vault)
        await asyncio.gather(*(sdir.course.v1.list_codes() for _ in range(10)))

    run(main())
    assert vault.asked == 1


# How it is renewed


def _refused(sdir: Sdir) -> sdir_async.AuthenticationError:
    with pytest.raises(sdir_async.AuthenticationError) as caught:
        run(sdir.course.v1.list_codes())
    return caught.value


def test_a_single_key_that_is_refused_is_an_error_at_once() -> None:
    """There is nothing else to try."""
    script = takes_only("other")
    assert "invalid subscription key" in str(_refused(sdir_over(script, "bad")))
    assert script.keys == ["bad"]


def test_the_secondary_key_is_tried_and_kept() -> None:
    """The next calls begin with the one that worked."""
    script = takes_only("secondary")

    async def main() -> None:
        sdir = sdir_over(script, SubscriptionKey("primary", "secondary"))
        await sdir.course.v1.list_codes()
        await sdir.course.v1.list_codes()

    run(main())
    assert script.keys == ["primary", "secondary", "secondary"]


def test_each_of_a_pair_is_tried_once() -> None:
    """Then it is an error."""
    script = takes_only("other")
    _refused(sdir_over(script, SubscriptionKey("primary", "secondary")))
    assert script.keys == ["primary", "secondary"]


@pytest.mark.parametrize(("attempts", "sent"), [(1, ["primary"]), (2, ["primary", "secondary"])])
def test_another_key_is_another_attempt(attempts: int, sent: list[str]) -> None:
    """The policy says how many there may be."""
    script = takes_only("other")
    key = SubscriptionKey("primary", "secondary")
    _refused(sdir_over(script, key, retry=RetryPolicy(attempts)))
    assert script.keys == sent


def test_no_key_is_given_up_for_good() -> None:
    """A rotated key takes minutes to work everywhere: later calls try each again."""
    good = {"other"}

    def line(request: httpx.Request) -> httpx.Response:
        known = request.headers["Ocp-Apim-Subscription-Key"] in good
        return (OK if known else answer(401))(request)

    script = Script(line)

    async def main() -> None:
        sdir = sdir_over(script, SubscriptionKey("primary", "secondary"))
        with pytest.raises(sdir_async.AuthenticationError):
            await sdir.course.v1.list_codes()
        good.add("primary")
        assert await sdir.course.v1.list_codes() == []
        good.clear()
        good.add("secondary")
        assert await sdir.course.v1.list_codes() == []

    run(main())


def test_a_function_is_asked_once_more_then_the_secondary_key_is_tried() -> None:
    """Which belongs to the primary one that it returned last."""
    vault = Vault(SubscriptionKey("p1", "s1"), SubscriptionKey("p2", "s2"))
    script = takes_only("other")
    _refused(sdir_over(script, vault))
    assert script.keys == ["p1", "p2", "s2"]
    assert vault.asked == 2


def test_a_function_that_returns_the_same_key_again_is_the_end() -> None:
    """A key that was refused is not sent twice by one call."""
    vault = Vault("bad")
    script = takes_only("other")
    _refused(sdir_over(script, vault))
    assert script.keys == ["bad"]
    assert vault.asked == 2


def test_a_function_that_returns_a_new_key_each_time_is_not_asked_for_ever() -> None:
    """Once more for a call is enough."""
    vault = Vault(*map(str, range(100)))
    script = takes_only("other")
    _refused(sdir_over(script, vault))
    assert script.keys == ["0", "1"]


def test_calls_that_were_refused_together_renew_the_key_once() -> None:
    """The first one does it for all."""
    vault = Vault("old", "new", takes=1)
    script = takes_only("new", slowly=1)

    async def main() -> None:
        sdir = sdir_over(script, vault)
        await asyncio.gather(*(sdir.course.v1.list_codes() for _ in range(8)))

    run(main())
    assert vault.asked == 2
    assert sorted(script.keys) == ["new"] * 8 + ["old"] * 8


def test_a_call_cancelled_while_the_key_is_fetched_leaves_the_ring_usable() -> None:
    """The next one fetches it."""
    vault = Vault("good", takes=10)

    async def main() -> None:
        sdir = sdir_over(takes_only("good"), vault)
        call = asyncio.create_task(sdir.course.v1.list_codes())
        await asyncio.sleep(1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await sdir.course.v1.list_codes() == []

    run(main())
    assert vault.asked == 1


# That nobody sees it


def _shows_nothing(secret: str, error: BaseException) -> None:
    """Neither the error, nor its traceback, nor anything that it drags along."""
    chain: list[BaseException] = [error]
    for link in chain:
        chain.extend(other for other in (link.__cause__, link.__context__) if other is not None)
    shown = "".join(traceback.format_exception(error))
    shown += "".join(f"{link!s} {link!r} {vars(link)!r}" for link in chain)
    assert secret not in shown


FAILURES: dict[str, Line] = {
    "400": answer(400, {"title": "Bad"}),
    "401": answer(401, DENIED),
    "403": answer(403),
    "429": answer(429),
    "500": answer(500, GATEWAY_500),
    "page": answer(200, b"<html>", content_type="text/html"),
    "shape": answer(200, {"a": 1}),
    "refused": lost(httpx.ConnectError, "All connection attempts failed"),
    "lost": lost(httpx.ReadTimeout),
}


@pytest.mark.parametrize("line", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("operation", ["list_codes", "create_courses"])
def test_no_failure_shows_the_key(
    operation: str, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in the error, its traceback, its pickle, nor in a log of any library."""
    caplog.set_level(logging.DEBUG)
    sdir = sdir_over(Script(line), SubscriptionKey(KEY, KEY[::-1]))
    call = getattr(sdir.course.v1, operation)
    with pytest.raises(sdir_async.SdirError) as caught:
        run(call() if operation == "list_codes" else call([]))
    for key in (KEY, KEY[::-1]):
        _shows_nothing(key, caught.value)
        _shows_nothing(key, pickle.loads(pickle.dumps(caught.value)))
        assert key not in caplog.text
        assert not [record for record in caplog.records if key in repr(vars(record))]
    assert "sdir_async" in {record.name for record in caplog.records}


def test_no_repr_shows_the_key() -> None:
    """Of whatever holds it."""
    pair = SubscriptionKey(KEY, KEY[::-1])
    sdir = sdir_over(Script(OK), pair)
    things = [pair, SubscriptionKey(KEY), KeyRing(KEY), sdir, vars(sdir), sdir.course.v1]
    assert not [thing for thing in things if KEY in repr(thing) or KEY[::-1] in repr(thing)]
    assert repr(pair) == "SubscriptionKey('***', '***')"
    assert repr(SubscriptionKey(KEY)) == "SubscriptionKey('***')"
    assert f"{pair}" == repr(pair)


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy])
def test_nothing_that_holds_the_key_can_be_taken_along(take: Callable[[Any], Any]) -> None:
    """Into a file, another process, or a second object that nobody closes."""
    key = SubscriptionKey(KEY)
    for thing in (key, sdir_over(Script(OK), key)):
        with pytest.raises(TypeError, match="can't be pickled or copied"):
            take(thing)


@pytest.mark.parametrize("take", [pickle.dumps, copy.deepcopy])
def test_no_version_takes_the_key_along(take: Callable[[Any], Any]) -> None:
    """It belongs to its Sdir."""
    course = sdir_over(Script(OK)).course
    for thing in (course, course.v1):
        with pytest.raises(TypeError, match="can't be pickled or copied"):
            take(thing)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_key_does_not_follow_a_redirect(status: int) -> None:
    """Also with a client that follows redirects by itself."""
    script = Script(answer(status, location="https://elsewhere.example/"), OK)
    client = httpx.AsyncClient(transport=script, follow_redirects=True)
    with pytest.raises(sdir_async.ApiError, match="Redirects are not followed"):
        run(Sdir(KEY, http_client=client).course.v1.list_codes())
    assert [request.url.host for request in script.requests] == ["sdir-t-apim-common.azure-api.net"]
