"""`with_options`, and the same settings for one call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest

from sdir_async import ConfigurationError, RetryPolicy, Sdir, ServerError
from sdir_async.options import checked_headers

from .scripted import KEY, OK, Script, answer, sdir_over
from .virtual import run


def test_a_copy_differs_in_what_is_given_and_in_nothing_else() -> None:
    """Connections, key and place are the same; the first one stays as it was."""
    script = Script(OK)
    sdir = sdir_over(script, environment="production", versions={"additional_competence": "v1"})
    copy = sdir.with_options(headers={"X-Trace": "a"}).with_options(headers={"X-More": "b"})
    assert isinstance(copy, Sdir)

    async def main() -> None:
        await copy.course.v1.list_codes()
        await sdir.course.v1.list_codes()

    run(main())
    first, second = (request.headers for request in script.requests)
    assert (first["x-trace"], first["x-more"]) == ("a", "b")
    assert {"x-trace", "x-more"}.isdisjoint(second)
    assert script.keys == [KEY, KEY]
    assert script.requests[0].url == script.requests[1].url
    assert repr(copy) == repr(sdir)
    assert copy.additional_competence.selected is copy.additional_competence.v1


def test_a_policy_holds_for_the_calls_of_the_copy_alone() -> None:
    """Or for one call; uploads follow that of their `Sdir`."""
    script = Script(answer(502))
    sdir = sdir_over(script, retry=RetryPolicy(attempts=2, first_wait=0.01))
    copy = sdir.with_options(retry=RetryPolicy(attempts=4, first_wait=0.01))
    once = RetryPolicy(attempts=1)
    counts = []

    async def main() -> None:
        for call in (
            sdir.course.v1.list_codes(),
            copy.course.v1.list_codes(),
            copy.course.v1.list_codes(retry=once),
            sdir.with_options(retry=once).course.v1.list_codes(),
        ):
            before = len(script.requests)
            with pytest.raises(ServerError):
                await call
            counts.append(len(script.requests) - before)

    run(main())
    assert counts == [2, 4, 1, 1]
    assert copy.course.v1.upload([])._plan.session.settings.retry.attempts == 4


def test_trust_in_a_500_is_that_of_the_policy_of_the_call() -> None:
    """Whatever the policy of its `Sdir` says."""
    trusting = RetryPolicy(attempts=1, trust_500=True)
    call = sdir_over(Script(answer(500))).course.v1.create_courses([], retry=trusting)
    with pytest.raises(ServerError):  # else an UnknownOutcome
        run(call)


def test_timeouts_of_a_copy_go_with_each_attempt() -> None:
    """Unless the call has its own."""
    script = Script(OK)
    copy = sdir_over(script).with_options(timeout=7)

    async def main() -> None:
        await copy.course.v1.list_codes()
        await copy.course.v1.list_codes(timeout=httpx.Timeout(3))

    run(main())
    assert [request.extensions["timeout"]["read"] for request in script.requests] == [7, 3]


def test_a_deadline_of_a_copy_ends_calls_and_uploads() -> None:
    """Unless the call has its own."""

    async def main(**given: Any) -> float:
        sdir = sdir_over(Script(answer(503, retry_after="20"))).with_options(deadline=30)
        loop = asyncio.get_running_loop()
        started = loop.time()
        with pytest.raises(ServerError):
            await sdir.course.v1.list_codes(**given)
        return loop.time() - started

    assert run(main()) < 30
    assert 30 < run(main(deadline=90)) < 90

    async def upload() -> str | None:
        sdir = sdir_over(Script(answer(503, retry_after="20"))).with_options(deadline=30)
        return (await sdir.course.v1.upload([{}], check=False)).ended

    assert run(upload()) == "deadline"


async def test_closing_a_copy_closes_nothing() -> None:
    """And the copy ends with the one that it came from."""
    sdir = sdir_over(Script(OK))
    async with sdir.with_options(timeout=5) as copy:
        await copy.course.v1.list_codes()
    await copy.course.v1.list_codes()
    await sdir.course.v1.list_codes()
    await sdir.aclose()
    with pytest.raises(ConfigurationError, match="This Sdir is closed"):
        await copy.course.v1.list_codes()


def test_a_copy_shares_the_pace() -> None:
    """A pause that one was told holds for both."""
    script = Script(answer(429, retry_after="50"), OK)

    async def main() -> None:
        sdir = sdir_over(script)
        copy = sdir.with_options(timeout=5)
        first = asyncio.create_task(sdir.course.v1.list_codes())
        await asyncio.sleep(1)
        await copy.course.v1.list_codes()
        await first

    run(main())
    assert script.gaps[0] >= 50


async def test_a_customer_keeps_the_options_and_an_option_keeps_the_customer() -> None:
    """In whichever order they are given."""
    customers: list[str] = []

    async def token(_: object, customer: str) -> str:
        customers.append(customer)
        return "token"

    script = Script(OK)
    sdir = sdir_over(script, token=token)
    mine = sdir.with_options(headers={"X-Trace": "a"}).on_behalf_of("991825827")
    await mine.course.v1.list_codes()
    await sdir.on_behalf_of("991825827").with_options(timeout=3).course.v1.list_codes()
    assert customers == ["991825827"] * 2
    assert script.requests[0].headers["x-trace"] == "a"
    assert "on behalf of 991825827" in repr(mine)


def test_a_header_of_the_document_stands_above_one_that_goes_along() -> None:
    """What a call says itself is the last word; names have no case."""
    script = Script(OK)
    copy = sdir_over(script).with_options(headers={"x-trace": "all", "user-agent": "mine/1"})
    run(copy.course.v1.list_codes(headers={"X-TRACE": "this"}))
    sent = script.requests[0].headers
    assert (sent.get_list("x-trace"), sent.get_list("user-agent")) == (["this"], ["mine/1"])


@pytest.mark.parametrize(
    "name",
    ["Ocp-Apim-Subscription-Key", "authorization", "CONTENT-TYPE", "Content-Length", "host"],
)
def test_a_header_that_is_ours_is_refused(name: str) -> None:
    """It would replace the key, the token, or what the body needs."""
    with pytest.raises(ConfigurationError, match=f"{name} is set by sdir-async") as caught:
        checked_headers({name: "secret"})
    assert "secret" not in str(caught.value)
    with pytest.raises(ConfigurationError, match="is set by sdir-async"):
        sdir_over(Script(OK)).with_options(headers={name: "secret"})


@pytest.mark.parametrize(
    "given",
    [{"X": "secret\n"}, {"X": " secret"}, {"X": "secrét"}, {"X": 1}, {"X y": "secret"}, {1: ""}],
)
def test_a_header_that_can_not_be_sent_is_refused(given: Any) -> None:
    """Its value is not shown: it may be a secret."""
    with pytest.raises(ConfigurationError, match=r"^headers: ") as caught:
        checked_headers(given)
    assert "secr" not in str(caught.value)


@pytest.mark.parametrize(
    "given", [{"deadline": 0}, {"deadline": "1"}, {"timeout": -1}, {"timeout": "1"}]
)
def test_an_option_that_makes_no_sense_is_refused(given: Any) -> None:
    """At once, and not with the first call."""
    with pytest.raises(ConfigurationError, match="number of seconds above 0"):
        sdir_over(Script(OK)).with_options(**given)


NONSENSE: tuple[Any, ...] = (5, "text", [1], True, object())
WANTED: dict[str, tuple[str, tuple[Any, ...]]] = {
    "retry": ("retry must be a RetryPolicy", NONSENSE),
    "headers": ("headers must be a mapping", NONSENSE),
    "pace": ("pace must be a Pacer", NONSENSE),
    "versions": ("versions must be a mapping", NONSENSE),
    "insecure_http": ("insecure_http must be True or False", (5, "false", None)),
    "transport": ("transport must be one of", NONSENSE),
    "deadline": ("deadline must be a number of seconds", ("1", [1], object())),
    "progress": ("progress must be a function", NONSENSE),
    "journal": ("journal must be a path", (5, [1], True)),
    "operation": ("has no batch operation", NONSENSE),
}


def _refused(call: Callable[..., object], *names: str) -> None:
    """Require that each of these arguments says what it wants when it gets something else."""
    for name in names:
        words, values = WANTED[name]
        for value in values:
            with pytest.raises(ConfigurationError, match=words):
                call(**{name: value})


def test_an_argument_of_the_wrong_kind_says_what_is_wanted() -> None:
    """At once: for an Sdir, a copy, a call and an upload alike, and before anything is sent."""
    script = Script(OK)
    sdir = sdir_over(script)
    _refused(partial(Sdir, KEY), "retry", "pace", "versions", "insecure_http", "transport")
    _refused(sdir.with_options, "retry", "headers", "deadline")
    _refused(
        lambda **given: run(sdir.course.v1.list_codes(**given)), "retry", "headers", "deadline"
    )
    _refused(partial(sdir.course.v1.upload, []), "deadline", "progress", "journal", "operation")
    assert script.requests == []


def test_trust_must_be_said_with_true() -> None:
    """A text such as "no" counts as true in Python, and would lose records."""
    with pytest.raises(ConfigurationError, match="trust_500 must be True or False, not str"):
        RetryPolicy(trust_500="no")  # type: ignore[arg-type]
