"""Finds the bad records of a refused request: decisions without I/O."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from attrs import define, evolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .chunks import Piece
    from .report import Reason

_SUSPICIOUS: Final = 6
"""Refusals in the search of a chunk without an acceptance: its halves and its quarters."""
_PROOF: Final = 6
"""Single records, far apart, refused for the same reason: it is not the records."""
_SMALL: Final = 64
"""An input of fewer records is searched to the end: that is cheap, and says more."""
_VARYING: Final = re.compile(r"'[^']*'|\"[^\"]*\"|\S*\d\S*")
"""What differs where the reason is the same: quoted values, places, identifiers of any kind."""


def named_in(reasons: Sequence[Reason], count: int) -> dict[int, tuple[Reason, ...]]:
    """Return the items that an answer names, each with its own reasons."""
    named: dict[int, tuple[Reason, ...]] = {}
    for reason in reasons:
        if reason.index is not None and reason.index < count:
            said = evolve(reason, index=None)
            named[reason.index] = (*named.get(reason.index, ()), said)
    return named


def near_half(count: int) -> int:
    """Return the power of two that is nearest to half of a number from 2.

    Cut there and on, the tree of a search has no more levels than it must: k bad records of n cost
    at most 2k(1 + log2(n/k)) requests. Cut in the middle, 128 of 384 can cost a hundred more.
    """
    power: int = 1 << (count.bit_length() - 1)
    return power if 2 * count > 3 * power else power // 2


@define
class Uniform:
    """Notices that everything is refused for one and the same reason, such as a missing right.

    Only refusals in the search of a chunk count. An accepted record ends the suspicion, until
    again nothing is accepted: a right may be withdrawn. Then twice as much is needed, since a part
    of the input may be bad in one way.
    """

    disproved: bool = False
    _needed: int = 1
    _reasons: frozenset[str] = frozenset()
    _refusals: int = 0
    _singles: int = 0

    def accepted(self) -> None:
        """Something was accepted."""
        self.disproved, self._needed = True, 2
        self._refusals = self._singles = 0

    def refused(self, reasons: Sequence[Reason], records: int, read: int) -> None:
        """A request with this many records was refused; so far, `read` were read."""
        words = frozenset(_VARYING.sub("#", str(reason)) for reason in reasons)
        if words != self._reasons or read < _SMALL:
            self._reasons, self._refusals, self._singles = words, 0, 0
        self._singles += records == 1 and (self.suspected or not self.disproved)
        self._refusals += 1

    @property
    def suspected(self) -> bool:
        """Whether it is time to try single records, far apart."""
        return self._refusals >= self._needed * _SUSPICIOUS

    @property
    def proved(self) -> bool:
        """Whether it is useless to continue."""
        return self.suspected and self._singles >= self._needed * _PROOF

    @property
    def share(self) -> float:
        """How far into what is left the next single record should be taken from."""
        wanted = self._needed * _PROOF
        return min(self._singles + 0.5, wanted - 0.5) / wanted


def singled_out(pieces: Sequence[Piece], share: float) -> list[Piece]:
    """Take a single record out of the pieces, about so far into them, and put it first.

    It is taken from an end of its piece, so that the search of the rest takes no longer.
    """
    place = int(sum(map(len, pieces)) * share)
    at = 0
    while place >= len(pieces[at]):
        place -= len(pieces[at])
        at += 1
    last = len(pieces[at]) - 1
    first, second = pieces[at].split(1 if 2 * place < last else last)
    single, rest = (first, second) if 2 * place < last else (second, first)
    others = (*pieces[:at], rest, *pieces[at + 1 :])
    return [single, *(piece for piece in others if piece.positions or piece.rejections)]
