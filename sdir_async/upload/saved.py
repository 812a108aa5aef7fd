"""Which records of an upload are known to be saved: one record must not vouch for its equal."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .chunks import Chunk, Piece


class Saved:
    """Numbers of the records that are known to be saved, and the chunks that are under way.

    Attributes:
        open: The chunks whose records have not all come to their end.
    """

    def __init__(self) -> None:
        self.open: set[Chunk] = set()
        self._numbers = array("q")  # eight bytes a record

    def add(self, piece: Piece) -> None:
        """Remember that these are saved."""
        numbers = piece.chunk.digests()
        whole = len(piece) == len(numbers)
        self._numbers.extend(numbers if whole else [numbers[at] for at in piece.positions])

    def elsewhere(self, piece: Piece) -> Callable[[int], int | None]:
        """Return what says how many equals of the record at a place are known to be saved.

        It says `None` where another chunk under way has an equal one: it is not known yet.
        """
        numbers = piece.chunk.digests()
        under_way = set[int]()
        for chunk in self.open:
            if chunk is not piece.chunk:
                under_way.update(chunk.digests())

        def known(at: int) -> int | None:
            number = numbers[piece.positions[at]]
            return None if number in under_way else self._numbers.count(number)

        return known
