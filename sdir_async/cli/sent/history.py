"""The events of a journal by content, replayed: the state of each row, and how runs ended."""

from __future__ import annotations

from bisect import bisect_right
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import orjson
from attrs import Factory, define, evolve, frozen

from ...upload.receipts import Uids
from ...upload.report import runs
from .known import SIZE, Known

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

OPEN, ACCEPTED, REJECTED, UNKNOWN = range(4)
"""The states of a row: open is what was certainly not saved, unknown what was on the wire."""

_SETTLED: Final = {"accepted": ACCEPTED, "rejected": REJECTED, "unsent": OPEN}

Numbers = list[int]


@frozen
class Run:
    """A run of the command with one input.

    Attributes:
        id: Tells it from others.
        time: When it began, in seconds since the epoch.
        input: The name of the file.
        count: How many rows the file had; `None` where it could be read only once.
        mark: Tells the content of the file from that of others.
        left: Whether what earlier runs did not finish was left behind on purpose.
        is_read: Whether the file was read to its end.
    """

    id: str
    time: float
    input: str
    count: int | None = None
    mark: str = ""
    left: bool = False
    is_read: bool = False


@define
class History:
    """What became of all rows that were begun under a name. Rows are numbered as they come.

    Attributes:
        known: The rows of earlier runs by their digests.
        states: The state of each row.
        run: The last run.
        begun: The rows that the last run had to send, as ranges.
        last: The last of those that were begun together.
        unknown: Rows of unknown fate, by the batch in which they were sent: all of it is saved, or
            nothing.
        left: Rows of unknown fate that were left behind on purpose.
        corrects: Which row each corrected one stands for.
        uploads: The first new row of each upload: a run begins one, or continues with the last.
        resent: Older rows that the last upload sends again.
        rejected_files: For each file of rejected rows, which row each of its lines was.
        runs: For each run, the number of its first new row, and the mark of its input.
        after: Which row a new one came after in its input, where that is not the one before it.
        before: Which row the new ones at the top of an input came before.
        replaces: Which row came to stand in the input where a rejected one stood. It seems to be
            its correction: that is reason enough to ask, and not enough to leave a row out.
    """

    known: Known = Factory(Known)
    states: bytearray = Factory(bytearray)
    run: Run | None = None
    begun: list[range] = Factory(list)
    last: Numbers = Factory(list)
    unknown: list[Numbers] = Factory(list)
    left: set[int] = Factory(set)
    corrects: dict[int, int] = Factory(dict)
    uploads: Numbers = Factory(list)
    resent: set[int] = Factory(set)
    rejected_files: dict[str, list[tuple[int, int, int]]] = Factory(dict)
    runs: list[tuple[int, str]] = Factory(list)
    after: dict[int, int] = Factory(dict)
    before: dict[int, int] = Factory(dict)
    replaces: dict[int, int] = Factory(dict)
    _wires: dict[int, Numbers] = Factory(dict)

    def replay(self, chunk: int, kind: str, detail: bytes) -> None:
        """Take the next event into account.

        Raises:
            ValueError: It is not one of our events.
        """
        if kind == "rows":
            self.known.add(len(self.states), detail)
            self.add(len(detail) // SIZE)
        elif kind == "saved":
            numbers, time, uids = read_saved(detail)
            self.known.save(numbers, time, uids)
        else:
            self.take(chunk, kind, orjson.loads(detail))

    def add(self, count: int) -> None:
        """Number new rows, which are begun."""
        first = len(self.states)
        self.states.extend(bytes(count))
        self._begin(range(first, first + count))

    def take(self, chunk: int, kind: str, detail: Any) -> None:
        """Take an event into account that is not a list of digests.

        Raises:
            ValueError: It is not one of our events.
        """
        match kind:
            case "run":
                self._run(Run(**detail))
            case "again":
                self._begin(*(range(start, stop) for start, stop in detail))
                self.resent.update(one for one in expanded(detail) if one < self.since)
            case "sending":
                self._send(chunk, expanded(detail))
            case "in_doubt":
                self._doubt(chunk, expanded(detail))
            case "accepted" | "rejected" | "unsent":
                self._settle(chunk, expanded(detail), _SETTLED[kind])
            case "read":
                self.run = evolve(self.run or Run("", 0, ""), is_read=True)
            case "corrects":
                self._correct(detail)
            case "after" | "before" | "replaces":
                getattr(self, kind).update(detail)
            case "rejected_file":
                self.rejected_files[detail["name"]] = detail["rows"]
            case _:
                raise ValueError(f"unknown event {kind!r}")

    def _run(self, run: Run) -> None:
        if self.is_finished or run.left:
            self.uploads.append(len(self.states))
            self.resent = set()
        self.unknown += self._wires.values()
        self._wires.clear()
        if run.left:
            self.left.update(*self.unknown)
        self.run, self.begun, self.last = run, [], []
        self.runs.append((len(self.states), run.mark))

    def _correct(self, pairs: Iterable[tuple[int, int]]) -> None:
        """A new row that corrects a rejected one also takes its place.

        If that one was already a rejected correction, the new row corrects both: each may be in a
        file of rejected rows, and only one correction may be saved.
        """
        first = self.runs[-1][0] if self.runs else 0
        for new, old in pairs:
            if self.saved_as(old) < 0:
                chain = list(self.corrections(old))
                if new not in chain:
                    self.corrects[chain[-1]] = new
                if new >= first:
                    self.after[new] = old

    def _begin(self, *rows: range) -> None:
        last = self.begun[-1] if self.begun else range(0)
        self.last = [number for one in rows for number in one]
        if rows and last.stop == rows[0].start and last:
            self.begun[-1] = range(last.start, rows[0].stop)
            rows = rows[1:]
        self.begun += rows

    def _send(self, chunk: int, numbers: Numbers) -> None:
        """Rows that are sent again were not saved before."""
        sent = set(numbers)
        for group in [one for one in self.unknown if not sent.isdisjoint(one)]:
            self.unknown.remove(group)
            self._mark(group, OPEN)
        self._mark(self._wires.get(chunk, ()), OPEN)
        self._wires[chunk] = numbers
        self._mark(numbers, UNKNOWN)

    def _settle(self, chunk: int, numbers: Numbers, state: int) -> None:
        """These rows, and all that were sent with them, are no longer on the wire."""
        settled = set(numbers)
        if not settled.isdisjoint(self._wires.get(chunk, ())):
            self._mark(self._wires.pop(chunk), OPEN)
        left = [[one for one in group if one not in settled] for group in self.unknown]
        self.unknown = [group for group in left if group]
        self._mark(numbers, state)

    def _doubt(self, chunk: int, numbers: Numbers) -> None:
        self._settle(chunk, numbers, UNKNOWN)
        self.unknown.append(numbers)

    def _mark(self, numbers: Iterable[int], state: int) -> None:
        for number in numbers:
            self.states[number] = state

    def in_doubt(self) -> list[int]:
        """Return the rows of unknown fate that were not given up."""
        groups = [*self.unknown, *self._wires.values()]
        return [number for group in groups for number in group if number not in self.left]

    def unsent(self) -> int:
        """Return how many rows the last run began, and did not save."""
        return sum(self.states[one.start : one.stop].count(OPEN) for one in self.begun)

    @property
    def since(self) -> int:
        """The first new row of the last upload."""
        return self.uploads[-1] if self.uploads else 0

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to send or to ask about."""
        done = self.run is None or self.run.is_read
        return done and not self.unsent() and not self.in_doubt()

    def corrected(self) -> list[int]:
        """Return the rejected rows whose corrections were accepted: one for each correction."""
        by_correction = {self.saved_as(old): old for old in reversed(self.corrects)}
        return [old for new, old in by_correction.items() if new >= 0]

    def is_saved(self, number: int) -> bool:
        """Return whether a row, or a correction of it, was accepted."""
        return self.states[number] == ACCEPTED or self.saved_as(number) >= 0

    def settled_by(self, number: int) -> int:
        """Return the accepted row as which a row is, or seems to be, saved; -1 for none."""
        for one in (number, self.saved_as(number), self.replaces.get(number, -1)):
            if one >= 0 and self.states[one] == ACCEPTED:
                return one
        return -1

    def run_of(self, number: int) -> tuple[range, str]:
        """Return the rows that were new in the run of a row, and the mark of its input."""
        at = bisect_right(self.runs, number, key=lambda run: run[0])
        stop = self.runs[at][0] if at < len(self.runs) else len(self.states)
        start, mark = self.runs[at - 1] if at else (0, "")
        return range(start, stop), mark

    def saved_as(self, old: int) -> int:
        """Return which correction of a row, or correction of that, was accepted; -1 for none."""
        corrections = islice(self.corrections(old), 1, None)
        return next((one for one in corrections if self.states[one] == ACCEPTED), -1)

    def corrections(self, row: int) -> Iterator[int]:
        """Yield a row, its correction, the correction of that, and so on."""
        yield row
        while (row := self.corrects.get(row, -1)) >= 0:
            yield row

    def row_at(self, name: str, line: int) -> int | None:
        """Return which row stood at a line of the input that a file of rejected rows names."""
        for first, number, count in self.rejected_files.get(name, ()):
            if first <= line < first + count:
                return number + line - first
        return None


def expanded(ranges: Iterable[tuple[int, int]]) -> Numbers:
    """Return the numbers in ranges."""
    return [number for start, stop in ranges for number in range(start, stop)]


def written_saved(numbers: Sequence[int], time: float | None, uids: Uids) -> bytes:
    """Return an event that says what Sdir gave: a line of JSON, and the bytes of UUIDs."""
    bare = [] if uids.packed else list(uids)
    return orjson.dumps([list(runs(numbers)), time, bare]) + b"\n" + uids.packed


def read_saved(detail: bytes) -> tuple[Numbers, float | None, Uids]:
    """Return what `written_saved` wrote."""
    line, _, packed = detail.partition(b"\n")
    ranges, time, bare = orjson.loads(line)
    return expanded(ranges), time, Uids(bare, packed=packed)
