"""A look at an input beside what was sent before: what a person must know before it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

from .history import ACCEPTED

if TYPE_CHECKING:
    from ..records import Row
    from .beside import Elsewhere
    from .history import History, Run
    from .journal import RowJournal
    from .known import Found

_AT_ONCE: Final = 500
_MOST: Final = 1_000
"""More new rows than these between two old ones are not taken for changed ones."""


@frozen
class Left:
    """An upload that was not finished, and whose rows are not in the input now.

    Attributes:
        run: Its last run.
        accepted: How many of its rows were accepted.
        in_doubt: How many may or may not be saved.
    """

    run: Run
    accepted: int
    in_doubt: int


class Look:
    """Compares the rows of an input with those of earlier runs, in the order of the input.

    Attributes:
        count: How many rows the input has.
        elsewhere: The lines of rows that were sent from other files, by the name of the file.
    """

    def __init__(self, journal: RowJournal, elsewhere: Elsewhere) -> None:
        self.count = 0
        self.elsewhere: dict[str, list[int]] = {}
        self._find = journal.finder()
        self._others = elsewhere
        self._history = journal.history
        self._seen = bytearray(len(self._history.states))
        self._some: list[tuple[int, Row | bytes, bytes]] = []
        self._sum = 0
        self._before = -1
        self._new: list[int | None] = []
        self._pairs: list[tuple[int, int]] = []

    @property
    def mark(self) -> str:
        """Tells the content of the input from that of others, in whatever order."""
        return f"{self.count}-{self._sum % (1 << 128):032x}"

    def row(self, line: int, record: Row | bytes, digest: bytes) -> None:
        """Look at the next row."""
        self.count += 1
        self._sum += int.from_bytes(digest)
        self._some.append((line, record, digest))
        if len(self._some) == _AT_ONCE:
            self._compare()

    def end(self) -> None:
        """There are no more rows."""
        self._compare()
        if self._before >= 0:
            self._between(len(self._seen))

    def _compare(self) -> None:
        found = self._find([digest for _, _, digest in self._some])
        for (line, record, _), one in zip(self._some, found, strict=True):
            self._place(line, record, one)
        self._some.clear()

    def _place(self, line: int, record: Row | bytes, found: Found | None) -> None:
        can_be_sent = isinstance(record, bytes) or not record.refusals
        if found is not None:
            self._seen[found.number] = True
            self._between(found.number)
            self._before = found.number
        elif len(self._new) <= _MOST:
            self._new.append(line if can_be_sent else None)
        is_saved = found is not None and self._history.states[found.number] == ACCEPTED
        if can_be_sent and not is_saved and (name := self._others.source_of(record)) is not None:
            self.elsewhere.setdefault(name, []).append(line)

    def _between(self, stop: int) -> None:
        """New rows between old ones stand for those that were there, if there are as many."""
        missing = range(self._before + 1, stop)
        if len(missing) == len(self._new):
            pairs = zip(self._new, missing, strict=True)
            self._pairs += [(line, number) for line, number in pairs if line is not None]
        self._new = []

    def changed(self) -> list[int]:
        """Return the lines of rows that were accepted and look different now."""
        states = self._history.states
        return [
            line
            for line, number in self._pairs
            if states[number] == ACCEPTED and not self._seen[number]
        ]

    def left(self) -> Left | None:
        """Return the upload that was not finished, if this input does not go on with it.

        It does if it is the same, or has most of the rows that were begun last: it may have grown,
        and rows may have been corrected.
        """
        history, run = self._history, self._history.run
        if run is None or history.is_finished or run.mark == self.mark:
            return None
        doubts = [number for number in history.in_doubt() if not self._seen[number]]
        accepted = _accepted(history)
        goes_on = 2 * sum(self._seen[number] for number in history.last) >= len(history.last)
        if not doubts and (goes_on or not accepted):
            return None
        return Left(run, accepted, len(doubts))


def _accepted(history: History) -> int:
    return sum(history.states[one.start : one.stop].count(ACCEPTED) for one in history.begun)
