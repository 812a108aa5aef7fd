"""The string formats of Sdir's documents that have check digits."""

from __future__ import annotations

from operator import mul
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_FIRST = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_SECOND = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_ORGANIZATION = (3, 2, 7, 6, 5, 4, 3, 2, 1)
_LARGEST_FIRST_REMAINDER = 3


def is_person_number(text: str) -> bool:
    """Tell whether the check digits of a national identity number are right.

    D-numbers (day + 40) and synthetic numbers (month + 80) have theirs computed over the number
    as it stands, so they need no case of their own. Numbers given out from 2032 may leave a
    remainder of up to 3 in the first check, and a number doesn't tell when it was given out.
    """
    if not _has_digits(text, 11):
        return False
    return _remainder(text, _FIRST) <= _LARGEST_FIRST_REMAINDER and not _remainder(text, _SECOND)


def is_organization_number(text: str) -> bool:
    """Tell whether the check digit of a Norwegian organisation number is right."""
    return _has_digits(text, 9) and not _remainder(text, _ORGANIZATION)


def _has_digits(text: str, count: int) -> bool:
    return len(text) == count and text.isascii() and text.isdigit()


def _remainder(digits: str, weights: tuple[int, ...]) -> int:
    total: int = sum(map(mul, weights, map(int, digits)))
    return total % 11


FORMATS: Mapping[str, Callable[[str], bool]] = {
    "person-number": is_person_number,
    "organization-number": is_organization_number,
}
"""IMO numbers are missing on purpose: some real hulls break their check digit."""
