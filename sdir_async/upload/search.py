"""Finds the bad records of a refused request: decisions without I/O."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from attrs import define, evolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..errors import Reason
    from .chunks import Piece

_SUSPICIOUS: Final = 7
"""So many refusals and no acceptance: a chunk, its halves and its quarters."""
_PROOF: Final = 6
"""So many single records, far apart, refused for the same reason: it is not the records."""
_SMALL: Final = 64
"""A chunk of fewer records is searched to the end: that is cheap, and says more."""
_DIGITS: Final = re.compile(r"\d+")
"""Places in the request, which differ where the reason is the same."""


def named_in(reasons: Sequence[Reason], count: int) -> dict[int, tuple[Reason, ...]]:
    """Return the items that an answer names, each with what it says of that very item."""
    named: dict[int, tuple[Reason, ...]] = {}
    for reason in reasons:
        if reason.index is not None and reason.index < count:
            said = evolve(reason, index=None)
            named[reason.index] = (*named.get(reason.index, ()), said)
    return named


@define
class Uniform:
    """Notices that everything is refused for one and the same reason, such as a missing right.

    Refusals count that name no record, or only one. One accepted record ends the suspicion.
    """

    disproved: bool = False
    _reasons: frozenset[str] = frozenset()
    _refusals: int = 0
    _singles: int = 0

    def accepted(self) -> None:
        """Something was accepted."""
        self.disproved = True

    def refused(self, reasons: Sequence[Reason], records: int, of: int) -> None:
        """A request of so many records, out of a chunk of so many, was refused."""
        words = frozenset(_DIGITS.sub("0", str(reason)) for reason in reasons)
        if words != self._reasons or of < _SMALL:
            self._reasons, self._refusals, self._singles = words, 0, 0
        self._refusals += 1
        self._singles += records == 1

    @property
    def suspected(self) -> bool:
        """Whether it is time to try single records, far apart."""
        return not self.disproved and self._refusals >= _SUSPICIOUS

    @property
    def proved(self) -> bool:
        """Whether there is no use in going on."""
        return self.suspected and self._singles >= _PROOF


def singled_out(pieces: Sequence[Piece]) -> list[Piece]:
    """Take single records, far apart, out of the pieces, and put them first."""
    parts = [part for piece in pieces for part in _cut(piece, max(1, _PROOF // len(pieces)))]
    step = max(1, len(parts) // _PROOF)
    singles: list[Piece] = []
    rest: list[Piece] = []
    for at, part in enumerate(parts):
        if at % step == 0 and len(part) > 1 and len(singles) < _PROOF:
            single, remainder = part.split(1)
            singles.append(single)
            rest.append(remainder)
        else:
            rest.append(part)
    return singles + rest


def _cut(piece: Piece, count: int) -> Iterator[Piece]:
    """Yield the piece in so many parts, nearly equal, as far as it has records."""
    for left in range(min(count, len(piece)), 1, -1):
        part, piece = piece.split(len(piece) // left)
        yield part
    yield piece
