"""Numbers as people, spreadsheets and databases write them; or a refusal."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from .refusal import Hints, Refused, Undecided

if TYPE_CHECKING:
    from collections.abc import Iterable

_PLAIN: Final = re.compile(r"[+-]?\d{1,15}", re.ASCII)
_GAPS: Final = re.compile(r"(?<=\d)[\s\u00a0\u202f'\u2019](?=\d{3}(?!\d))")
_EXPONENT: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)?e[+-]?\d+", re.IGNORECASE | re.ASCII)
_WRITTEN: Final = {
    mark: re.compile(rf"([+-]?)(\d+|[1-9]\d{{0,2}}(?:\{other}\d{{3}})+)(?:\{mark}(\d+))?", re.ASCII)
    for mark, other in ((",", "."), (".", ","))
}
_DIGITS: Final = 15
"""More digits than these are not kept by spreadsheets."""


def read_number(value: object, hints: Hints, *, whole: bool) -> int | float:
    """Return a number.

    Raises:
        Refused: It is not a number, could be several numbers, or has decimals that it must not
            have.
    """
    if isinstance(value, str):
        if _PLAIN.fullmatch(value):
            return int(value)
        number = _from_text(value, hints, whole=whole)
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        number = Decimal(value) if math.isfinite(value) else None
    else:
        number = None
    if number is None:
        raise Refused("is not a number", "write it as 160")
    if number == number.to_integral_value():
        return int(number)
    if whole:
        raise Refused("is not a whole number", "write it as 160")
    return float(number)


def learn(values: Iterable[object]) -> Hints:
    """Return the one decimal separator with which all texts of a column can be read."""
    marks = {",", "."}
    for value in values:
        if isinstance(value, str) and (found := _readings(value)):
            marks &= found.keys()
    return Hints(decimal=marks.pop() if len(marks) == 1 else "")


def _from_text(text: str, hints: Hints, *, whole: bool) -> Decimal | None:
    if _EXPONENT.fullmatch(text):
        if whole:
            raise Refused("was rounded by Excel", "write all digits, as in 12300")
        number = Decimal(text.replace(",", "."))
        return number if abs(number) < Decimal("1e300") else None
    found = _readings(text)
    if len(set(found.values())) < 2:
        return _checked(next(iter(found.values()), None))
    reading = found.get(hints.decimal)
    if reading is None or (whole and not hints.told and _could_be_thousands(text, hints.decimal)):
        shown = " or ".join(f"{number.normalize():f}" for number in found.values())
        raise Undecided(
            "could be {shown}",
            "write it as 1000, or set the separator with --decimal , or --decimal .",
            shown=shown,
        )
    return _checked(reading)


def _readings(text: str) -> dict[str, Decimal]:
    """Return the possible meanings of a text, by decimal separator."""
    bare = _GAPS.sub("", text.strip())
    found = {}
    for mark, pattern in _WRITTEN.items():
        if match := pattern.fullmatch(bare):
            sign, digits, decimals = match.groups()
            plain = re.sub(r"\D", "", digits)
            found[mark] = Decimal(f"{sign}{plain}.{decimals or '0'}")
    return found


def _could_be_thousands(text: str, decimal: str) -> bool:
    """Say whether the decimals would be three digits, which nobody writes for hours, say."""
    return text.rpartition(decimal)[2] != text and len(text.rpartition(decimal)[2]) == 3


def _checked(number: Decimal | None) -> Decimal | None:
    if number is not None and len(number.normalize().as_tuple().digits) > _DIGITS:
        raise Refused("has more digits than spreadsheets keep", "write it as 160")
    return number
