"""`Maskinporten`: one token for all who need the same one, kept while it lives."""

from __future__ import annotations

import asyncio
import copy
import pickle
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from sdir_async import ConfigurationError, ConnectionFailed, Maskinporten, TokenError
from sdir_async.maskinporten import grant
from sdir_async.maskinporten import source as sources
from sdir_async.sandbox import Fault, Sandbox, SandboxThread
from sdir_async.tokens import TokenSource, tokens_of

from ..certificates import ORGANIZATION, PASSWORD, pem_of, private_key
from .conftest import CUSTOMERS, OTHER, SCOPES, source

if TYPE_CHECKING:
    from pathlib import Path


def asked(sandbox: Sandbox) -> list[int]:
    """Return the statuses of the answers that the token endpoint gave."""
    return [each.status for each in sandbox.maskinporten.requests]


async def until_met(sandbox: Sandbox | SandboxThread) -> None:
    """Wait until the first fault has met a request."""
    while not sandbox.faults.describe()[0]["met"]:
        await asyncio.sleep(0.005)


async def test_the_gateway_takes_the_token(sandbox: Sandbox) -> None:
    """A call with the key and the token passes; with the key alone it does not."""
    key = {"Ocp-Apim-Subscription-Key": sandbox.api_key}
    token = await source(sandbox).token(SCOPES)
    url = f"{sandbox.base_url}/aps-course-external/v1/codes"
    async with httpx.AsyncClient(headers=key) as client:
        assert (await client.get(url)).status_code == 401
        answer = await client.get(url, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert sandbox.requests[-1].consumer == ORGANIZATION


async def test_a_hundred_calls_at_once_fetch_one_token(sandbox: Sandbox) -> None:
    """However many wait for it, and the next one takes what is kept."""
    maskinporten = source(sandbox)
    tokens = await asyncio.gather(*(maskinporten.token(SCOPES) for _ in range(100)))
    assert len(set(tokens)) == 1
    assert await maskinporten.token(SCOPES) == tokens[0]
    assert asked(sandbox) == [200]


async def test_each_scope_and_each_customer_has_a_token_of_its_own(sandbox: Sandbox) -> None:
    """None goes out for another."""
    maskinporten = source(sandbox, consumer_org=CUSTOMERS[0])
    other = source(sandbox)
    tokens = {
        await other.token(SCOPES),
        await other.token(OTHER),
        await maskinporten.token(SCOPES),
        await maskinporten.token(SCOPES, CUSTOMERS[1]),
    }
    assert len(tokens) == 4
    seen = [(each.scopes, each.consumer) for each in sandbox.maskinporten.requests]
    assert seen == [
        (SCOPES, ORGANIZATION),
        (OTHER, ORGANIZATION),
        (SCOPES, CUSTOMERS[0]),
        (SCOPES, CUSTOMERS[1]),
    ]


async def test_a_cancelled_call_does_not_cancel_the_fetch_for_others(sandbox: Sandbox) -> None:
    """Even if it was the one that began it."""
    sandbox.faults.add(Fault("token-slow", seconds=0.2, count=1))
    maskinporten = source(sandbox)
    first, second = (asyncio.create_task(maskinporten.token(SCOPES)) for _ in range(2))
    await until_met(sandbox)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await second
    assert asked(sandbox) == [200]


async def test_no_task_outlives_the_calls_that_wait_for_it(sandbox: Sandbox) -> None:
    """The last call that is cancelled ends the fetch, and the next one begins another."""
    sandbox.faults.add(Fault("token-slow", seconds=30, count=1))
    maskinporten = source(sandbox)
    waiting = asyncio.create_task(maskinporten.token(SCOPES))
    await until_met(sandbox)
    (fetch,) = maskinporten._fetches.values()
    waiting.cancel()
    await asyncio.wait({fetch.task}, timeout=60)
    assert fetch.task.cancelled()
    assert maskinporten._fetches == {}
    assert await maskinporten.token(SCOPES)


async def test_closing_ends_what_is_under_way(sandbox: Sandbox) -> None:
    """A call that waits gets an error, and is not cancelled itself; later ones work."""
    sandbox.faults.add(Fault("token-slow", seconds=30, count=1))
    maskinporten = source(sandbox)
    waiting = asyncio.create_task(maskinporten.token(SCOPES))
    await until_met(sandbox)
    await maskinporten.aclose()
    with pytest.raises(ConnectionFailed, match="closed before the answer came"):
        await waiting
    assert await maskinporten.token(SCOPES)


def test_it_serves_one_event_loop_after_another() -> None:
    """What was kept is still good, and what was under way in a loop that ended is forgotten."""
    with SandboxThread(maskinporten=True) as sandbox:
        settings = sandbox.maskinporten.settings
        maskinporten = Maskinporten(**settings, scopes=SCOPES)
        first = asyncio.run(maskinporten.token())
        assert asyncio.run(maskinporten.token()) == first
        maskinporten.refuse(first)
        sandbox.faults.add(Fault("token-slow", seconds=30, count=1))

        async def leave_it() -> None:
            left = asyncio.create_task(maskinporten.token())
            await until_met(sandbox)
            assert not left.done()

        asyncio.run(leave_it())
        assert asyncio.run(maskinporten.token()) != first


@pytest.mark.parametrize(("life", "margin"), [(2, 0.5), (40, 10), (120, 10)])
async def test_a_token_is_kept_until_shortly_before_it_ends(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, life: float, margin: float
) -> None:
    """A quarter of its life before, at most 10 s, counted from before it was asked for."""
    now = 1000.0
    clock = SimpleNamespace(monotonic=lambda: now, time=time.time)
    monkeypatch.setattr(sources, "time", clock)
    sandbox.maskinporten._lifetime = life
    maskinporten = source(sandbox)
    first = await maskinporten.token(SCOPES)
    now = 1000 + life - margin - 0.01
    assert await maskinporten.token(SCOPES) == first
    now = 1000 + life - margin
    assert await maskinporten.token(SCOPES) != first
    assert len(maskinporten._kept) == 1


async def test_a_refused_token_is_dropped_if_it_is_still_the_kept_one(sandbox: Sandbox) -> None:
    """Of many calls that were refused together, the first drops it, and the new one stays."""
    maskinporten = source(sandbox)
    old = await maskinporten.token(SCOPES)
    maskinporten.refuse(old)
    new = await maskinporten.token(SCOPES)
    maskinporten.refuse(old)
    assert await maskinporten.token(SCOPES) == new != old


async def test_each_assertion_is_used_once(sandbox: Sandbox) -> None:
    """The server refuses a second use, and no fetch meets that."""
    maskinporten = source(sandbox)
    for _ in range(5):
        maskinporten.refuse(await maskinporten.token(SCOPES))
    assert asked(sandbox) == [200] * 5


@pytest.mark.parametrize("kind", ["token-replayed", "token-clock"])
async def test_what_a_fresh_assertion_may_mend_is_tried_once_more(
    sandbox: Sandbox, kind: str
) -> None:
    """Once; the second refusal is an error."""
    sandbox.faults.add(Fault(kind, count=1))
    assert await source(sandbox).token(SCOPES)
    assert asked(sandbox) == [400, 200]
    sandbox.faults.add(Fault(kind))
    with pytest.raises(TokenError) as caught:
        await source(sandbox).token(SCOPES)
    assert caught.value.code == ("MP-012" if kind == "token-replayed" else "MP-130")
    assert asked(sandbox) == [400, 200, 400, 400]


async def test_a_refusal_says_what_it_means_and_what_to_do(sandbox: Sandbox) -> None:
    """With the code and the trace id, which Digdir's support needs; it is not asked again."""
    sandbox.faults.add(Fault("token-key"))
    with pytest.raises(TokenError) as caught:
        await source(sandbox).token(SCOPES)
    error = caught.value
    assert error.code == "MP-121"
    assert error.status == 400
    assert error.trace_id
    assert error.clock_skew is None
    assert str(error) == (
        "Maskinporten refused to give a token (MP-121): the registered key has expired: a key lives"
        " for a year. Register a new key for the client in Digdir's portal, and use it with its"
        f" kid. [trace id {error.trace_id}]"
    )
    assert asked(sandbox) == [400]
    assert vars(pickle.loads(pickle.dumps(error))) == vars(error)


@pytest.mark.parametrize(
    ("changes", "scopes", "code"),
    [
        ({"client_id": "nobody"}, SCOPES, "MP-100"),
        ({"kid": "another"}, SCOPES, "MP-124"),
        ({"key": pem_of(private_key("another"))}, SCOPES, "MP-124"),
        ({}, ("sdir:vessel.ecertificate.write",), "MP-200"),
        ({"consumer_org": CUSTOMERS[0]}, OTHER, "MP-251"),
        ({"system_user": "889640782"}, SCOPES, "MP-303"),
    ],
)
async def test_each_refusal_has_its_code(
    sandbox: Sandbox, changes: dict[str, Any], scopes: tuple[str, ...], code: str
) -> None:
    """The sandbox refuses for the reason that Maskinporten would have."""
    with pytest.raises(TokenError) as caught:
        await source(sandbox, **changes).token(scopes)
    assert caught.value.code == code
    assert code in str(caught.value)


async def test_a_system_user_of_a_customer_is_named_in_the_assertion(sandbox: Sandbox) -> None:
    """In `authorization_details`, and the token is the customer's."""
    await source(sandbox, system_user=CUSTOMERS[0]).token(SCOPES)
    assert sandbox.maskinporten.requests[-1].consumer == CUSTOMERS[0]


async def test_a_clock_that_is_wrong_is_said(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By how much, from the `Date` header; an hour is a time zone."""
    real = time.time
    ahead = SimpleNamespace(time=lambda: real() + 3600, monotonic=time.monotonic)
    monkeypatch.setattr(grant, "time", ahead)
    monkeypatch.setattr(sources, "time", ahead)
    with pytest.raises(TokenError, match=r"clock is 3[56]\d\d s ahead of") as caught:
        await source(sandbox).token(SCOPES)
    assert caught.value.code == "MP-130"
    assert caught.value.clock_skew == pytest.approx(3600, abs=5)


async def test_a_server_that_fails_is_a_failed_connection(sandbox: Sandbox) -> None:
    """Asking again later may help, and nothing is kept of it."""
    sandbox.faults.add(Fault("token-503", count=1))
    maskinporten = source(sandbox)
    with pytest.raises(ConnectionFailed, match="it answered 503"):
        await maskinporten.token(SCOPES)
    assert await maskinporten.token(SCOPES)


async def test_a_server_that_is_not_there_is_a_failed_connection(sandbox: Sandbox) -> None:
    """The error says where it was looked for."""
    maskinporten = source(sandbox, issuer="http://127.0.0.1:1/")
    with pytest.raises(ConnectionFailed, match=r"No token from http://127\.0\.0\.1:1/: ConnectE"):
        await maskinporten.token(SCOPES)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>", "not how long the token lives"),
        (b'{"access_token": "a"}', "not how long the token lives"),
        (b'{"access_token": "a", "expires_in": true}', "not how long the token lives"),
        (b'{"access_token": "a", "expires_in": -1}', "not how long the token lives"),
        (b'{"access_token": "a b", "expires_in": 9}', "no token that can be sent"),
        (b'{"access_token": null, "expires_in": 9}', "no token that can be sent"),
        (b"[]", "not how long the token lives"),
        (b"[" * 100_000, "not how long the token lives"),
    ],
)
def test_an_answer_without_a_token_is_no_answer(body: bytes, words: str) -> None:
    """Such as a page of a proxy: no token is made of it."""
    outcome = grant.read_answer(200, {}, body, 0.0)
    assert isinstance(outcome, grant.NoToken)
    assert words in outcome.cause


async def test_without_a_scope_nothing_is_asked(sandbox: Sandbox) -> None:
    """Those of the call come first, then those of the constructor."""
    with pytest.raises(ConfigurationError, match="No scope is known"):
        await source(sandbox).token(())
    assert asked(sandbox) == []
    await source(sandbox, scopes=" ".join(OTHER)).token(())
    await source(sandbox, scopes=OTHER).token(SCOPES)
    assert [each.scopes for each in sandbox.maskinporten.requests] == [OTHER, SCOPES]


def test_test_and_production_share_nothing() -> None:
    """One that was used for one environment can't be used for the other."""
    settings: dict[str, Any] = {"key": pem_of(private_key()), "kid": "k"}
    maskinporten = Maskinporten("c", **settings)
    assert maskinporten.issuer == "https://test.maskinporten.no/"
    maskinporten.bind("development")
    maskinporten.bind("test")
    with pytest.raises(ConfigurationError, match="Make one for each environment"):
        maskinporten.bind("production")
    with pytest.raises(ConfigurationError, match="Make one for each environment"):
        Maskinporten("c", environment="production", **settings).bind("test")
    with pytest.raises(ConfigurationError, match=r"environment must be one of .*, not 'prod'"):
        Maskinporten("c", environment="prod", **settings)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"issuer": "http://example.com/"}, "issuer must be an https URL"),
        ({"consumer_org": "12345"}, "9 digits"),
        ({"system_user": 991825827}, "9 digits"),
        ({"client_id": " "}, "client_id must be text"),
        ({"proxy": "nonsense://"}, "proxy must be a URL"),
    ],
)
def test_a_wrong_setting_is_said(changes: dict[str, Any], words: str) -> None:
    """When it is made, not at the first call."""
    settings = {"client_id": "c", "key": pem_of(private_key()), "kid": "k"}
    with pytest.raises(ConfigurationError, match=words):
        Maskinporten(**settings | changes)


async def test_a_wrong_customer_is_said(sandbox: Sandbox) -> None:
    """Before anything is asked."""
    with pytest.raises(ConfigurationError, match="9 digits"):
        await source(sandbox).token(SCOPES, "NO 991 825 827")
    assert asked(sandbox) == []


async def test_a_proxy_is_used_for_the_token_alone(sandbox: Sandbox) -> None:
    """The one that is given; a proxy that is not there shows that it was asked."""
    maskinporten = source(sandbox, proxy="http://user:hush@127.0.0.1:1")
    with pytest.raises(ConnectionFailed) as caught:
        await maskinporten.token(SCOPES)
    assert "hush" not in str(caught.value)
    assert asked(sandbox) == []


async def test_no_proxy_of_the_environment_reads_a_local_question(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes over plain http, straight to this machine."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert await source(sandbox).token(SCOPES)


async def test_the_environment_can_say_it_all(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is in a file, which may be encrypted."""
    file = tmp_path / "sdir.pem"
    file.write_bytes(pem_of(private_key(), PASSWORD))
    variables = {
        "CLIENT_ID": "registered",
        "KEY_FILE": str(file),
        "KEY_PASSWORD": PASSWORD,
        "KID": "our-key",
        "CONSUMER_ORG": CUSTOMERS[0],
        "ISSUER": sandbox.maskinporten.issuer,
    }
    for name, value in variables.items():
        monkeypatch.setenv(f"SDIR_MASKINPORTEN_{name}", value)
    await Maskinporten.from_environment().token(SCOPES)
    assert sandbox.maskinporten.requests[-1].consumer == CUSTOMERS[0]


@pytest.mark.parametrize("missing", ["CLIENT_ID", "KEY_FILE"])
def test_what_the_environment_lacks_is_named(missing: str) -> None:
    """By the variable's whole name."""
    names = {"CLIENT_ID": "c", "KEY_FILE": "k", "KEY_PASSWORD": PASSWORD}
    variables = {f"SDIR_MASKINPORTEN_{name}": value for name, value in names.items()}
    del variables[f"SDIR_MASKINPORTEN_{missing}"]
    with pytest.raises(ConfigurationError, match=f"SDIR_MASKINPORTEN_{missing} is not set"):
        Maskinporten.from_environment(variables)


async def test_a_cached_token_costs_next_to_nothing(sandbox: Sandbox) -> None:
    """It is given at once, after a handful of calls."""
    maskinporten = source(sandbox)
    token, given = await maskinporten.token(SCOPES), ""
    events = []
    sys.setprofile(lambda _, event, __: events.append(event))
    try:
        maskinporten.token(SCOPES).send(None)
    except StopIteration as ended:
        given = ended.value
    finally:
        sys.setprofile(None)
    assert given == token
    assert events.count("call") + events.count("c_call") < 10


def test_it_shows_no_secret_and_can_not_be_copied() -> None:
    """Its repr names the client and the key's name."""
    maskinporten = Maskinporten("c", pem_of(private_key()), kid="k", consumer_org=CUSTOMERS[0])
    assert repr(maskinporten) == "Maskinporten('c', kid='k', consumer_org='810034882')"
    for copying in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="would carry the key along"):
            copying(maskinporten)


def test_it_is_a_source_of_tokens() -> None:
    """What a session asks."""
    maskinporten = Maskinporten("c", pem_of(private_key()), kid="k")
    assert isinstance(maskinporten, TokenSource)
    assert tokens_of(maskinporten) is maskinporten
