"""Compares an input with what was sent before, for what the user must know before it is sent."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from attrs import frozen

from .history import ACCEPTED, REJECTED
from .order import order_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from ..records import Row
    from .beside import Elsewhere
    from .history import History, Run
    from .journal import RowJournal
    from .known import Found

_AT_ONCE: Final = 500


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


@frozen
class _Gap:
    """New rows that came one after another, and the places of earlier ones that may be missing.

    A row that can't be sent has no line here.
    """

    lines: Sequence[int | None]
    places: Sequence[range]


class Look:
    """Compares the rows of an input with those of earlier runs, in the order of the input.

    Attributes:
        count: How many rows the input has.
        elsewhere: The lines of rows that were sent from other files, by the name of the file.
    """

    def __init__(
        self,
        journal: RowJournal,
        elsewhere: Elsewhere,
        old: Callable[[Any], int | None] | None = None,
    ) -> None:
        """Look at an input. Of a file of rejected rows, `old` returns which row each one was."""
        self.count = 0
        self.elsewhere: dict[str, list[int]] = {}
        self._find = journal.finder()
        self._others = elsewhere
        self._history = journal.history
        self._seen = bytearray(len(self._history.states))
        self._some: list[tuple[int, Row | bytes, bytes]] = []
        self._sum = 0
        self._old = old
        self._order = order_of(self._history)
        self._before: int | None = None
        self._inputs: set[range] = set()
        self._is_sorted = True
        self._new: list[int | None] = []
        self._gaps: list[_Gap] = []
        self._corrections: list[tuple[int, int | None]] = []

    @property
    def mark(self) -> str:
        """Identifies the content of the input, in any order."""
        return f"{self.count}-{self._sum % (1 << 128):032x}"

    def row(self, line: int, record: Row | bytes, digest: bytes) -> None:
        """Look at the next row."""
        self.count += 1
        self._sum += int.from_bytes(digest)
        self._some.append((line, record, digest))
        if len(self._some) == _AT_ONCE:
            self._compare()

    def end(self) -> None:
        """The input has no more rows."""
        self._compare()
        if self._before is not None:
            self._between(None)

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
            self._follow(self._before, found.number)
            self._before = found.number
        elif self._old is not None:
            self._corrections += [(line, self._old(record))] if can_be_sent else []
        else:
            self._new.append(line if can_be_sent else None)
        is_saved = found is not None and self._history.states[found.number] == ACCEPTED
        if can_be_sent and not is_saved and (name := self._others.source_of(record)) is not None:
            self.elsewhere.setdefault(name, []).append(line)

    def _follow(self, before: int | None, number: int) -> None:
        ranks = self._order.ranks
        self._inputs.add(self._order.input_of(ranks[number]))
        if before is not None and ranks[number] < ranks[before]:
            self._is_sorted = False

    def _between(self, stop: int | None) -> None:
        if self._new:
            self._gaps.append(_Gap(self._new, self._order.between(self._before, stop)))
        self._new = []

    def changed(self) -> tuple[list[int], list[int]]:
        """Return the lines of rows that were accepted and look different now, or may do so.

        New rows next to missing accepted ones are taken for those. Which is which is known only if
        there are as many new rows as missing ones.
        """
        present = self._present()
        if self._old is not None:
            return self._changed_corrections(present)
        states, sure, unsure = self._history.states, list[int](), list[int]()
        for lines, missing in self._with_missing(present):
            if len(lines) == len(missing):
                pairs = zip(lines, missing, strict=True)
                sure += [line for line, one in pairs if line and states[one] == ACCEPTED]
            elif any(states[one] == ACCEPTED for one in missing):
                unsure += filter(None, lines)
        return sure, unsure

    def _changed_corrections(self, present: bytearray) -> tuple[list[int], list[int]]:
        """Do so for a file of rejected rows: its new rows stand for those that it names.

        Where a row names none, an accepted correction that is missing may be the one.
        """
        history, sure, unsure = self._history, list[int](), list[int]()
        missing = any(not present[history.saved_as(old)] for old in history.corrected())
        for line, old in self._corrections:
            saved = -1 if old is None else history.settled_by(old)
            if saved >= 0 and not self._seen[saved]:
                sure.append(line)
            elif old is None and missing:
                unsure.append(line)
        return sure, unsure

    def replaces(self) -> dict[int, int]:
        """Return by its line which rejected row each new one seems to be the correction of."""
        return (
            {}
            if not self._is_sorted
            else {
                line: one
                for lines, missing in self._with_missing(self._present())
                if len(lines) == len(missing)
                for line, one in zip(lines, missing, strict=True)
                if line and self._history.states[one] == REJECTED
            }
        )

    def _with_missing(self, present: bytearray) -> Iterator[tuple[Sequence[int | None], list[int]]]:
        if not self._gaps:
            return
        inputs, rows = sorted(self._inputs, key=lambda one: one.start), self._order.rows
        absent = array("q", (at for one in inputs for at in one if not present[rows[at]]))
        for gap in self._gaps if self._is_sorted else self._whole():
            bounds = [
                (bisect_left(absent, one.start), bisect_left(absent, one.stop))
                for one in gap.places
            ]
            missing = [self._order.rows[at] for start, stop in bounds for at in absent[start:stop]]
            yield gap.lines, missing

    def _whole(self) -> list[_Gap]:
        """Return all new rows together: of a file that was sorted, any may be any missing one."""
        lines = [line for gap in self._gaps for line in gap.lines]
        return [_Gap(lines, list(self._inputs))] if lines else []

    def _present(self) -> bytearray:
        """Return which rows are there. A correction and the row that it stands for are one row."""
        present = bytearray(self._seen)
        for old, new in reversed(self._history.corrects.items()):
            saved = self._history.saved_as(old)
            kept, other = (old, new) if saved < 0 else (saved, old)
            present[kept] |= present[other]
            present[other] = True
        return present

    def of_this(self, numbers: Iterable[int]) -> list[int]:
        """Return those rows that were new in this input, as it was or with more rows since."""
        known: dict[int, bool] = {}
        found = []
        for number in numbers:
            rows, mark = self._history.run_of(number)
            if rows.start not in known:
                known[rows.start] = mark == self.mark or self._has_all_accepted(rows)
            if known[rows.start]:
                found.append(number)
        return found

    def _has_all_accepted(self, rows: range) -> bool:
        accepted = [one for one in rows if self._history.states[one] == ACCEPTED]
        return bool(accepted) and all(self._seen[one] for one in accepted)

    def left(self) -> Left | None:
        """Return the upload that was not finished, if this input does not continue it.

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
