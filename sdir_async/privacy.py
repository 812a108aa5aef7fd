"""Keeps national identity numbers out of everything that people and machines read later."""

from __future__ import annotations

import logging
import re
from typing import Any

_PERSON_NUMBER = re.compile(r"(?<!\d)\d{6}(?:[ .+-]|%20)?\d{5}(?!\d)", re.ASCII)
_MASKED = "***********"


def mask(text: str) -> str:
    """Return the text with everything that could be a person number starred out."""
    return _PERSON_NUMBER.sub(_MASKED, text)


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
