"""Numbers with check digits: person, organisation and IMO numbers."""

from __future__ import annotations

import datetime
from functools import lru_cache
from operator import mul
from typing import TYPE_CHECKING, Final

from stdnum import imo
from stdnum.no import orgnr

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PERSON_DIGITS: Final = 11
_LARGEST_REMAINDER: Final = 3
_FIRST: Final = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_SECOND: Final = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_FIRST_OF_ZEROS: Final = ord("0") * sum(_FIRST)
_SECOND_OF_ZEROS: Final = ord("0") * sum(_SECOND)


def is_person_number(value: str) -> bool:
    """Say whether the check digits of a national identity number fit.

    D-numbers (day + 40) and synthetic numbers (month + 80) have check digits of their own, so that
    the date is not looked at. From 2032 on the first check digit may leave a remainder of 0 to 3.

    Source: the Norwegian Tax Administration, on new control digits and on synthetic numbers.
    """
    if len(value) != _PERSON_DIGITS or not (value.isascii() and value.isdigit()):
        return False
    digits = value.encode()  # their codes, so that no digit has to become a number first
    first: int = sum(map(mul, _FIRST, digits)) - _FIRST_OF_ZEROS
    second: int = sum(map(mul, _SECOND, digits)) - _SECOND_OF_ZEROS
    return first % 11 <= _LARGEST_REMAINDER and second % 11 == 0


@lru_cache(maxsize=4096)
def is_organization_number(value: str) -> bool:
    """Say whether the check digit of a Norwegian organisation number fits."""
    return bool(value.isascii() and value.isdigit() and orgnr.is_valid(value))


@lru_cache(maxsize=4096)
def is_imo_number(value: str) -> bool:
    """Say whether the check digit of a ship's IMO number fits. Some real ships break it."""
    return bool(value.isascii() and value.isdigit() and imo.is_valid(value))


def is_date_time(value: str) -> bool:
    """Say whether this is a moment; like Sdir, it need not name its offset."""
    try:
        datetime.datetime.fromisoformat(value)
    except ValueError:
        return False
    return "T" in value


FORMATS: Final[Mapping[str, Callable[[str], bool]]] = {
    "person-number": is_person_number,
    "organization-number": is_organization_number,
    "imo-number": is_imo_number,
    "date-time": is_date_time,
}

DOUBTFUL: Final = "imo-number"
"""The format whose failure warns and does not refuse."""
