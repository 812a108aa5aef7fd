"""Person numbers, shown so that two can be told apart and neither can be used."""

from __future__ import annotations

import re
from typing import Any, Final

_PERSON_NUMBER: Final = re.compile(r"(?<!\d)\d{6}[ .+-]?\d{3}(\d{2})(?!\d)", re.ASCII)


def mask_text(text: str) -> str:
    """Return a text in which all but the last two digits of each person number are starred out."""
    return _PERSON_NUMBER.sub(r"*********\1", text)


def mask_all(value: Any) -> Any:
    """Return JSON with the person numbers in it starred out."""
    if isinstance(value, dict):
        return {name: mask_all(below) for name, below in value.items()}
    if isinstance(value, list):
        return [mask_all(below) for below in value]
    if isinstance(value, str):
        return mask_text(value)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return mask_text(str(value)) if is_number and len(str(value)) in (10, 11) else value
