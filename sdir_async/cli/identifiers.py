"""Reads the numbers of persons, organisations and ships: a fixed count of digits."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Final

from ..upload.formats import FORMATS
from .examples import example_of, written
from .refusal import Refused
from .words import say, unsaid

if TYPE_CHECKING:
    from .fields import Field

RESTORED: Final = unsaid("a leading zero was lost and is put back")

PERSON: Final = "person-number"
_LABELS: Final = {
    PERSON: r"^(?:fødselsn(?:umme)?r|f\.?nr|d-?n(?:umme)?r)[.:]*(?=\d)",
    "organization-number": r"^(?:org\.?n(?:umme)?r[.:]*)?(?:NO)?(?=\d)|(?<=\d)MVA$",
    "imo-number": r"^IMO[-.:]*(?:n(?:umme)?[ro][.:]*)?(?=\d)",
}
"""What people write before or after such a number."""

_SPACES: Final = re.compile(r"[\s\u00a0\u202f]+")
_GROUPS: Final = re.compile(r"\d{1,3}(?:([.'\u2019-])\d{3})(?:\1\d{3})*", re.ASCII)
_PERSON_GROUPS: Final = re.compile(r"(?:\d{6}|\d\d\.\d\d\.\d\d)[.-]?\d{5}", re.ASCII)
_FLOAT: Final = re.compile(r"(\d+)[.,]0+", re.ASCII)
_EXPONENT: Final = re.compile(r"\d+(?:[.,]\d+)?e\+?\d+", re.IGNORECASE)
_ROUNDED: Final = "00000"
_NOT_DIGIT: Final = re.compile(r"\D")


def read_digits(value: object, field: Field) -> tuple[str, str]:
    """Return the digits of a number, and what had to be done to read it.

    The check before sending checks check digits; here they matter only to restore a zero.

    Raises:
        Refused: It is not such a number.
    """
    text = _written(value, field)
    if text is None:
        raise Refused("is not a number of {digits} digits", _example(field), digits=field.digits)
    if len(text) == field.digits:
        if isinstance(value, float | int) and text.endswith(_ROUNDED):
            raise Refused("was rounded by Excel, and its last digits are lost", _example(field))
        return text, ""
    if not text.strip("0"):
        raise Refused("is 0, which a look-up of an empty cell gives", _example(field))
    restored = f"0{text}"
    if field.format == PERSON and len(restored) == field.digits and FORMATS[PERSON](restored):
        return restored, say(RESTORED)
    raise Refused(
        "has {count} digits, but must have {digits}",
        _example(field),
        count=len(text),
        digits=field.digits,
    )


def _example(field: Field) -> str:
    """Return how to write it; a person number would be masked in the message."""
    if field.format == PERSON:
        return say("write all {digits} digits", digits=field.digits)
    return say("write it as {example}", example=written(example_of(field)))


def _written(value: object, field: Field) -> str | None:
    """Return the digits that are written in a cell, `None` if something else is."""
    if isinstance(value, bool | datetime.date | datetime.time | datetime.timedelta):
        return None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and value >= 0 else None
    text = _SPACES.sub("", str(value))
    if _EXPONENT.fullmatch(text):
        raise Refused("was rounded by Excel, and its last digits are lost", _example(field))
    if label := _LABELS.get(field.format):
        text = re.sub(label, "", text, flags=re.IGNORECASE)
    if found := _FLOAT.fullmatch(text):
        return found[1]
    if _GROUPS.fullmatch(text) or (field.format == PERSON and _PERSON_GROUPS.fullmatch(text)):
        return _NOT_DIGIT.sub("", text)
    return text if text.isascii() and text.isdigit() else None
