"""Which records of an upload are known to be saved: one record must not vouch for its equal."""

from __future__ import annotations

from array import array
from collections import deque
from typing import TYPE_CHECKING, Final

from .chunks import digests_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .chunks import Chunk, Piece


_KEPT: Final = 8 * 1024 * 1024
"""Bytes of JSON that are kept as they are. Only a large upload pays for digests before a doubt."""


class Saved:
    """The records that are known to be saved, and the chunks that are under way.

    Attributes:
        open: The chunks whose records have not all come to their end.
    """

    def __init__(self) -> None:
        self.open: set[Chunk] = set()
        self._kept: deque[tuple[bytes | list[bytes], int, Sequence[int]]] = deque()
        self._size = 0
        self._numbers = array("q")  # eight bytes a record

    def add(self, piece: Piece) -> None:
        """Remember that these are saved."""
        self._kept.append((piece.chunk.written, len(piece.chunk), piece.positions))
        self._size += piece.size
        if self._size > _KEPT:
            self._digest()

    def _digest(self) -> None:
        """Keep a number for each record in place of its JSON."""
        while self._kept:
            written, count, positions = self._kept.popleft()
            numbers = digests_of(written, count)
            whole = len(positions) == count
            self._numbers.extend(numbers if whole else [numbers[at] for at in positions])
        self._size = 0

    def elsewhere(self, piece: Piece) -> Callable[[int], int | None]:
        """Return what says how many equals of the record at a place are known to be saved.

        It says `None` where another chunk under way has an equal one: it is not known yet.
        """
        self._digest()
        numbers = piece.chunk.digests()
        under_way = set[int]()
        for chunk in self.open:
            if chunk is not piece.chunk:
                under_way.update(chunk.digests())

        def known(at: int) -> int | None:
            number = numbers[piece.positions[at]]
            return None if number in under_way else self._numbers.count(number)

        return known
