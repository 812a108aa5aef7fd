"""Keeps person numbers, names, keys and tokens out of everything that is read later.

`mask` decides what a text may show. Errors, logs, the command, the report page and the `repr` of
records all use it, so that a spelling that one of them hides is hidden by the others too.
"""

from __future__ import annotations

import logging
import re
from typing import Any, Final

from ._lazy import pattern
from .persons import is_personal, persons_in

_NUMBER: Final = 11
_SMALLEST: Final = 10**9
_SHORTEST_KEY: Final = 8
_MOST_KEYS: Final = 64
_DEEPEST: Final = 100

_TELLING: Final = bytes({*range(32), *b"0123456789\x7f"} - {*b"\t\n"})
_WORDS: Final = ("eyJ", "earer", "ubscription-", "PRIVATE KEY")
_UNPRINTABLE = pattern(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_TOKEN = pattern(
    r"""
    -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)
    | \beyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)*                                  # a JWT
    | (?P<name> (?i:\bbearer (?:\s|%20|\+)+) ) [\w.~+/-]{12,}=*
    | (?P<header> (?i:subscription-key) (?: ['"]?\s*(?:[:=]|%3D)\s*b?['"]? | ['"],\s*b?['"]) )
      [^\s'",;&}]+
    """,
    re.VERBOSE | re.DOTALL,
)

_SECRET_NAME = pattern(r"[\w-]*subscription-key|(?:proxy-)?authorization", re.IGNORECASE)

_keys: list[str] = []


def keep_secret(key: str) -> None:
    """Also hide this key wherever a server repeats it. A short one could be a word, and stays."""
    if len(key) >= _SHORTEST_KEY and key not in _keys:
        _keys.append(key)
        del _keys[:-_MOST_KEYS]


def mask(text: str, *, shown: int = 0) -> str:
    r"""Return a text that can be shown: without keys, tokens, person numbers, control characters.

    A person number is hidden however it is written: with spaces, dots, dashes or slashes, in
    groups, percent-encoded, in full-width digits. Ids of requests, moments, and the numbers of
    organizations and ships stay. A control character is written as its escape, so that no terminal
    obeys it.

    Args:
        text: Any text.
        shown: How many of the last digits of a person number to show.

    Example:
        >>> mask("418140 61033 is not known\x1b[2J")
        '*********** is not known\\x1b[2J'
        >>> mask("418140 61033", shown=2)
        '*********33'
    """
    if text.isascii() and len(text.encode().translate(None, _TELLING)) == len(text):
        if not any(word in text for word in _WORDS):
            return _without_keys(text)
        return _TOKEN.sub(_without_token, _without_keys(text))
    text = _TOKEN.sub(_without_token, _without_keys(printable(text)))
    parts, done = [], 0
    for first, last, digits in persons_in(text):
        parts += [text[done:first], "*" * (_NUMBER - shown), digits[-shown:] if shown else ""]
        done = last
    return "".join([*parts, text[done:]])


def printable(text: str) -> str:
    r"""Return a text whose control characters are written as escapes; lines and tabs stay.

    Example:
        >>> printable("\x1b[2J")
        '\\x1b[2J'
    """
    return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], text)


def _without_keys(text: str) -> str:
    for key in _keys:
        text = text.replace(key, "***")
    return text


def _without_token(found: re.Match[str]) -> str:
    return f"{found['name'] or found['header'] or ''}***"


def mask_json(value: Any, *, shown: int = 0) -> Any:
    """Return a JSON value that can be shown: `mask` for its texts, its numbers and its keys.

    Below a key that names a person, a number of ten to twelve digits is hidden as well: it is a
    person number that lost its leading zero, or has a typing error. Below the name of a header that
    holds a key or a token, everything is hidden: ASP.NET's page for developers repeats the request.

    Example:
        >>> mask_json({"personId": 1010112345, "code": 7})
        {'personId': '***********', 'code': 7}
    """
    return _masked_json(value, shown, "", _DEEPEST)


def _masked_json(value: Any, shown: int, about: str, deepest: int) -> Any:
    if not deepest:
        return "…"
    if isinstance(value, dict):
        return {
            mask(name, shown=shown): "***"
            if _SECRET_NAME.fullmatch(name)
            else _masked_json(one, shown, about or _about(name), deepest - 1)
            for name, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [_masked_json(one, shown, about, deepest - 1) for one in value]
    if value is None or (isinstance(value, int) and abs(value) < _SMALLEST):
        return value
    text = str(value)
    masked = mask(f"{about}{text}", shown=shown)[len(about) :]
    return value if masked == text else masked


def _about(name: str) -> str:
    return "person=" if is_personal(name) else ""


_LOGGERS: Final = (
    *("httpx", "httpcore", "httpcore.connection", "httpcore.http11", "httpcore.http2"),
    *("httpx2", "httpcore2", "httpcore2.connection", "httpcore2.http11", "httpcore2.http2"),
    *("httpcore.proxy", "httpcore.socks", "hpack", "hpack.hpack", "hpack.table"),
    *("aiohttp.client", "aiohttp.internal", "aiohttp.access", "aiohttp.server", "aiohttp.web"),
    *("aiohttp.websocket", "asyncio", "sdir_async"),
)
"""A filter is not inherited, so each logger that writes a line is named."""


class _Mask(logging.Filter):
    """Libraries log URLs, headers, arguments and errors, and any of them can name a person."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if (masked := mask(message)) != message:
            record.msg, record.args = masked, None
        if record.exc_info and not record.exc_text:
            record.exc_text = mask(_formatter.formatException(record.exc_info))
        if record.stack_info:
            record.stack_info = mask(record.stack_info)
        return True


_formatter: Final = logging.Formatter()
_filter: Final = _Mask()


def mask_logs() -> None:
    """Mask what this library and those below it log, at any level; a second call does nothing."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_filter)
