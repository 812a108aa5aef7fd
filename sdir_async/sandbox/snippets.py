"""A request as code that sends it again: with curl, or from Python."""

from __future__ import annotations

import shlex
from pprint import pformat
from typing import Any, Final

import orjson

from ..wire import KEY_HEADER

_SKIPPED: Final = frozenset(
    {
        *("host", "user-agent", "accept", "accept-encoding", "connection", "content-length"),
        *("transfer-encoding", KEY_HEADER.lower(), "authorization", "x-sandbox-try"),
    }
)
"""Headers that the client sets by itself, and secrets, which are read from the environment."""

_SECRETS: Final = {KEY_HEADER.lower(): "SDIR_API_KEY", "authorization": "SDIR_AUTHORIZATION"}


def curl(method: str, url: str, headers: list[tuple[str, str]], body: str) -> str:
    """Return a request as a shell command."""
    words = ["curl", "-i", "-X", method, shlex.quote(url)]
    for name, variable in _secrets(headers):
        words += ["-H", f'"{name}: ${variable}"']
    for name, value in _own(headers):
        words += ["-H", shlex.quote(f"{name}: {value}")]
    words += ["--data-binary", shlex.quote(body)] if body else []
    return _lines(words)


def _lines(words: list[str]) -> str:
    """Return a command with an option in each line."""
    joined = " ".join(words)
    for option in ("-H", "--data-binary"):
        joined = joined.replace(f" {option} ", f" \\\n  {option} ")
    return joined


def python(method: str, url: str, headers: list[tuple[str, str]], body: str) -> str:
    """Return a request as a program."""
    sent = [f'    "{name}": os.environ["{variable}"],' for name, variable in _secrets(headers)]
    parsed, is_json = _parsed(body)
    own = [each for each in _own(headers) if not (is_json and each[0] == "content-type")]
    sent += [f"    {name!r}: {value!r}," for name, value in own]
    given = ", json=body" if is_json else ", content=body" if body else ""
    lines = ["import os", "", "import httpx", "", "headers = {", *sent, "}"]
    lines += [f"body = {pformat(parsed, sort_dicts=False, width=90)}"] if body else []
    lines += [f"answer = httpx.request({method!r}, {url!r}, headers=headers{given})"]
    lines += ["print(answer.status_code, answer.text)"]
    return "\n".join(lines)


def _parsed(body: str) -> tuple[Any, bool]:
    try:
        return orjson.loads(body), True
    except orjson.JSONDecodeError:
        return body.encode(), False


def _own(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in _SKIPPED]


def _secrets(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, _SECRETS[name.lower()]) for name, _ in headers if name.lower() in _SECRETS]
