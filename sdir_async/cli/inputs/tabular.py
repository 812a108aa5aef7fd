"""What the readers of tables share: where the headings are, and the rows below them."""

from __future__ import annotations

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import Final

from ..trouble import Trouble

Cells = Sequence[object]
Judge = Callable[[Sequence[str]], tuple[bool, int]]
"""Says whether headings are enough for a record, and how many of them are known."""

_LOOKED: Final = 20
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


class Tabular(ABC):
    """A table: headings, and rows below them.

    Attributes:
        headings: The headings of its columns, once `begin` has found them.
        above: How many lines before the headings only say how to read the file.
        heading_row: In which line of the input they stand.
    """

    def __init__(self) -> None:
        self.headings: list[str] = []
        self.above = 0
        self.heading_row = 0
        self._rest: Iterator[tuple[int, list[object]]] = iter(())

    @abstractmethod
    def every_row(self) -> Iterator[tuple[int, list[object]]]:
        """Yield the number of each row that holds something, and its cells."""

    def begin(self, judge: Judge, wanted: int | None = None) -> None:
        """Find the headings: in the given row, or in the row that looks like headings.

        Raises:
            Trouble: The row does not exist.
        """
        rows = self.every_row()
        looked = []
        best = (False, 0), 0, [""]
        for line, cells in islice(rows, _LOOKED if wanted is None else None):
            looked.append((line, cells))
            above = looked[-2][1] if len(looked) > 1 and wanted is None else ()
            for headings in (headings_of(cells), _joined(above, cells)):
                found = judge(headings) if wanted is None else (line == wanted, 0)
                if found > best[0] or len(looked) == 1 > len(best[2][0]):
                    best = found, len(looked), headings
            if best[0][0] or (wanted is not None and line >= wanted):
                break
        if not looked:
            return
        if wanted is not None and not best[0][0]:
            raise Trouble("row {wanted}, which --header-row names, is empty.", wanted=wanted)
        _, after, self.headings = best
        self.heading_row = looked[after - 1][0]
        self._rest = chain(looked[after:], rows)

    def rows(self) -> Iterator[tuple[int, list[object]]]:
        """Yield the number of each row below the headings that holds something, and its cells."""
        return self._rest


def headings_of(cells: Cells) -> list[str]:
    """Return headings without line breaks and invisible characters."""
    return ["" if cell is None else tidy(str(cell)) for cell in cells]


def tidy(text: str) -> str:
    """Return a text in one line, with its letters composed, as a person would type it."""
    return " ".join(unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).split())


def _joined(above: Cells, below: Cells) -> list[str]:
    """Return the headings of two rows of which the upper one groups those below it."""
    group, joined = "", []
    groups = headings_of(above)
    for at, text in enumerate(headings_of(below)):
        group = (groups[at] if at < len(groups) else "") or group
        joined.append(f"{group}.{text}" if group and text else text or group)
    return joined
