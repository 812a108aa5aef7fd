"""Keeps person numbers and keys out of everything that people and machines read later."""

from __future__ import annotations

import logging
import re
from typing import Any

_PATTERN = re.compile(
    r"""
    (?P<identifier>                        # a UUID, or the id of a trace: support needs it whole
        \b(?: [0-9a-f]{8} (?:-[0-9a-f]{4}){3} -[0-9a-f]{12} | [0-9a-f]{32} (?:-[0-9a-f]{16})? )\b
    )
    | (?<!\d) \d\d [ ./-]? \d\d [ ./-]? \d\d      # the date of birth
      (?: [\s\xa0\u202f._/+-] | (?:%[0-9a-f]{2}){1,3} )?
      \d{3}[ ]?\d\d (?!\d)
    """,
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)
_MASKED = "***********"
_SHORTEST_KEY = 8
_keys: set[str] = set()


def keep_secret(key: str) -> None:
    """Star out this key, too, wherever a server repeats it; a shorter one is a word like others."""
    if len(key) >= _SHORTEST_KEY:
        _keys.add(key)


def mask(text: str) -> str:
    """Return the text with all keys, and everything that could be a person number, starred out."""
    for key in _keys:
        text = text.replace(key, "***")
    return _PATTERN.sub(lambda found: found["identifier"] or _MASKED, text)


class _MaskPersons(logging.Filter):
    """httpx logs the URL of each request, and a list operation may filter by person number."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.args = _masked(record.args)
        return True


def _masked(args: Any) -> Any:
    if isinstance(args, tuple):
        return tuple(arg if isinstance(arg, int | float) else mask(str(arg)) for arg in args)
    return args


_filter = _MaskPersons()


def mask_logs_of_httpx() -> None:
    """Star out person numbers in the log lines of httpx; calling it again changes nothing."""
    logging.getLogger("httpx").addFilter(_filter)
