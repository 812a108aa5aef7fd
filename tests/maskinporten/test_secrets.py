"""No key, password, assertion or token is found where people look when something goes wrong."""

from __future__ import annotations

import asyncio
import logging
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from sdir_async import ConfigurationError, Maskinporten, SdirError
from sdir_async.maskinporten.refusals import read_refusal
from sdir_async.maskinporten.source import logger
from sdir_async.sandbox import Fault, Sandbox
from sdir_async.tokens import tokens_of

from ..certificates import PASSWORD, bundle, enterprise, pem_of, private_key
from .conftest import CUSTOMERS, SCOPES, source

if TYPE_CHECKING:
    from pathlib import Path

KEY = pem_of(private_key(), PASSWORD)
MARKS = [PASSWORD, pem_of(private_key()).decode().splitlines()[3], KEY.decode().splitlines()[3]]
"""A line in the middle of a key tells that it is there."""


def seen_in(error: BaseException) -> str:
    """Return all that a tool may show of an error: its text, its chain, and its frames."""
    shown = []
    pending: list[BaseException | None] = [error]
    while pending:
        one = pending.pop()
        if one is None:
            continue
        pending += [one.__cause__, one.__context__]
        shown += [repr(one), str(one), repr(vars(one))]
        shown += traceback.format_exception(one)
        for frame, _ in traceback.walk_tb(one.__traceback__):
            if frame.f_globals["__name__"].startswith(("sdir_async", "httpx", "httpcore", "h11")):
                shown += [f"{name}={value!r}" for name, value in frame.f_locals.items()]
    return "\n".join(shown)


def assert_clean(text: str, *secrets: str) -> None:
    assert [mark for mark in (*MARKS, *secrets) if mark in text] == []
    assert "eyJ" not in text


@pytest.mark.parametrize(
    "changes",
    [
        {"kid": "k", "password": None},
        {"kid": "k", "password": f"wrong {PASSWORD}"},
        {"kid": None},
        {"kid": "k", "algorithm": "none"},
        {"kid": "k", "consumer_org": "1"},
        {"kid": "k", "issuer": "http://example.com/"},
        {"kid": "k", "environment": "moon"},
        {"kid": "k", "proxy": f"nonsense://{PASSWORD}@"},
        {"key": bundle(enterprise()), "password": f"wrong {PASSWORD}"},
        {"key": {"kty": "RSA", "d": PASSWORD, "n": "AQAB", "e": "AQAB"}, "kid": "k"},
    ],
)
def test_a_setting_that_is_refused_is_not_in_the_error(changes: dict[str, Any]) -> None:
    """Nor in the frames that it comes from."""
    settings: dict[str, Any] = {"key": KEY, "password": PASSWORD, **changes}
    with pytest.raises(ConfigurationError) as caught:
        Maskinporten("c", **settings)
    assert_clean(seen_in(caught.value))


@pytest.mark.parametrize(
    "changes", [{}, {"CLIENT_ID": ""}, {"KEY_FILE": ""}, {"KEY_PASSWORD": f"not {PASSWORD}"}]
)
def test_neither_is_one_from_the_environment(tmp_path: Path, changes: dict[str, str]) -> None:
    """The variables are not in a frame either."""
    file = tmp_path / "sdir.pem"
    file.write_bytes(KEY)
    names = {"CLIENT_ID": "c", "KEY_FILE": str(file), "KEY_PASSWORD": PASSWORD, **changes}
    variables = {f"SDIR_MASKINPORTEN_{name}": value for name, value in names.items()}
    with pytest.raises(ConfigurationError) as caught:
        Maskinporten.from_environment(variables)
    assert_clean(seen_in(caught.value))


@pytest.mark.parametrize(
    "fault", ["token-key", "token-503", "token-clock", "token-scope", "nobody", "cut"]
)
async def test_a_fetch_that_fails_shows_no_assertion(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    """In the error, its frames, and the log at its finest."""
    caplog.set_level(logging.DEBUG)
    server = await asyncio.start_server(_hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    elsewhere = {"nobody": "http://127.0.0.1:1/", "cut": f"http://127.0.0.1:{port}/"}
    issuer = elsewhere.get(fault, sandbox.maskinporten.issuer)
    if fault not in elsewhere:
        sandbox.faults.add(Fault(fault))
    maskinporten = source(
        sandbox, key=KEY, password=PASSWORD, consumer_org=CUSTOMERS[0], issuer=issuer
    )
    async with server:
        with pytest.raises(SdirError) as caught:
            await maskinporten.token(SCOPES)
    assert_clean(seen_in(caught.value) + caplog.text + repr(maskinporten))


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.close()


async def test_a_token_is_in_no_log_and_no_repr(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """What is logged of it is how long it lives."""
    caplog.set_level(logging.DEBUG)
    maskinporten = source(sandbox)
    token = await maskinporten.token(SCOPES)
    assert [each.message for each in caplog.records if each.name == logger.name] == [
        "a token for sdir:seafarer.course.write lives 120 s"
    ]
    shown = caplog.text + repr(maskinporten) + repr(maskinporten._kept)
    assert_clean(shown + repr(sandbox.maskinporten.requests), token)


async def test_a_call_that_is_cancelled_shows_none(sandbox: Sandbox) -> None:
    """While it waits for the token."""
    sandbox.faults.add(Fault("token-slow", seconds=30))
    waiting = asyncio.create_task(source(sandbox, key=KEY, password=PASSWORD).token(SCOPES))
    while not sandbox.faults.describe()[0]["met"]:
        await asyncio.sleep(0.005)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await waiting
    assert_clean(seen_in(caught.value))


def test_what_the_server_repeats_is_starred_out() -> None:
    """It may quote the assertion that it refuses."""
    said = "Invalid assertion. eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJjIn0.c2ln is not good"
    refusal = read_refusal(400, {"error_description": said}, None)
    assert "*** is not good" in str(refusal.error())
    assert "eyJ" not in repr(refusal)


@pytest.mark.parametrize("answer", ["", "a b", "æ", None, 5])
async def test_a_function_that_returns_no_token_is_said(answer: Any) -> None:
    """And what it returned is not: it may be a secret anyway."""
    with pytest.raises(ConfigurationError, match="must return a token") as caught:
        await tokens_of(lambda _: answer).token(SCOPES)
    assert "answer=" not in seen_in(caught.value)
