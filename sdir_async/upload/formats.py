"""Numbers with check digits: person, organisation and IMO numbers."""

from __future__ import annotations

import datetime
from functools import lru_cache
from operator import mul
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LARGEST_REMAINDER: Final = 3


def _weighing(*weights: int) -> Callable[[bytes], int]:
    """Return a function that sums digits, each times its weight, without converting them."""
    zeros = ord("0") * sum(weights)
    return lambda codes: sum(map(mul, weights, codes), -zeros)


_first_of_person = _weighing(3, 7, 6, 1, 8, 9, 4, 5, 2, 1, 0)
_second_of_person = _weighing(5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_of_organization = _weighing(3, 2, 7, 6, 5, 4, 3, 2, 1)
_of_ship = _weighing(7, 6, 5, 4, 3, 2, -1)


def _codes(value: str, count: int) -> bytes:
    """Return the codes of this many digits, or nothing if it is anything else."""
    return value.encode() if len(value) == count and value.isascii() and value.isdigit() else b""


_LONGEST_MONTHS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_BIRTHDAYS: Final = frozenset(
    b"%02d%02d" % (day + for_day, month + for_month)
    for month, days in enumerate(_LONGEST_MONTHS, 1)
    for day in range(1, days + 1)
    for for_day in (0, 40)
    for for_month in (0, 40, 80)
)
"""What person numbers begin with: a day and a month, with what marks the kind of number."""


def is_person_number(value: str) -> bool:
    """Say whether a national identity number begins with a day and a month, and its digits fit.

    D-numbers have 40 more in the day, H-numbers 40 more in the month, synthetic ones 80 more. From
    2032 on the first check digit may leave a remainder of 0 to 3.

    Source: the Norwegian Tax Administration, on new control digits and on synthetic numbers.
    """
    codes = _codes(value, 11)
    if codes[:4] not in _BIRTHDAYS or _first_of_person(codes) % 11 > _LARGEST_REMAINDER:
        return False
    return _second_of_person(codes) % 11 == 0


def is_organization_number(value: str) -> bool:
    """Say whether the check digit of a Norwegian organisation number fits.

    Source: the Brønnøysund Register Centre, on the organisation number.
    """
    codes = _codes(value, 9)
    return codes != b"" and _of_organization(codes) % 11 == 0


def is_imo_number(value: str) -> bool:
    """Say whether the check digit of a ship's IMO number fits. Some real ships break it.

    It is the last digit of the sum of the others, each times its place from the end.
    """
    codes = _codes(value, 7)
    return codes != b"" and _of_ship(codes) % 10 == 0


def is_date_time(value: str) -> bool:
    """Say whether this is a moment. It need not name its offset, its seconds or its time of day.

    Source: `JsonHelpers.Date.cs` of dotnet/runtime, on what System.Text.Json takes as a `DateTime`
    or `DateTimeOffset`. Newtonsoft.Json takes a space instead of the `T`, too.
    """
    try:
        datetime.datetime.fromisoformat(value)
    except ValueError:
        return False
    return value[4:5] == value[7:8] == "-"


FORMATS: Final[Mapping[str, Callable[[str], bool]]] = {
    "person-number": is_person_number,
    "organization-number": lru_cache(maxsize=1024)(is_organization_number),  # few, and often
    "imo-number": is_imo_number,
    "date-time": is_date_time,
}

DOUBTFUL: Final = "imo-number"
"""The format that only warns if it fails."""
