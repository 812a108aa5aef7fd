"""A journal by content: it tells an upload which rows were sent before, wherever they stand now."""

from __future__ import annotations

import bisect
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from attrs import asdict

from ...upload.journal.history import Past
from ...upload.journal.recorded import RecordedJournal
from ...upload.receipts import Receipt, Uids
from ...upload.report import runs
from .history import ACCEPTED, UNKNOWN, History, written_saved
from .known import digester

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Self

    from ...upload.chunks import Chunk, Piece
    from ...upload.journal.recorded import Store
    from ...upload.report import State
    from .history import Run
    from .known import Found


class RowJournal(RecordedJournal):
    """What was sent under a name, by the content of rows.

    A command opens it before it looks at the input, and closes it after it has written all files.
    In between it may be the journal of several uploads, one after another.

    Attributes:
        history: What became of all rows so far.
    """

    def __init__(self, made: Callable[[], Store], *, twice_is_once: bool = False) -> None:
        """Use the store that a function makes, which is called each time that it is opened.

        `twice_is_once` says that only an upload that continues must skip rows. That is so for
        updates: a value may be set, changed, and set again.
        """
        super().__init__(made())
        self._made = made
        self.history = History()
        self._twice_is_once = twice_is_once
        self._run: Run | None = None
        self._old: Callable[[int, Any], int | None] | None = None
        self._is_sure = True
        self._previous: int | None = None
        self._head: int | None = None
        self._starts: list[int] = []
        self._places: list[Sequence[int]] = []
        self._pass = 0
        self._is_used = False

    async def open(self) -> None:
        """Take the store for this process, and read what is in it.

        Raises:
            JournalError: It is in use, can't be used, or belongs to another upload.
        """
        try:
            self._replay_all(await self._store.open())
        except BaseException:
            await self._store.close()
            raise
        self.digest = digester(self._store.salt)

    def journal_of(self, target: Mapping[str, str]) -> Self:  # noqa: ARG002
        """Return itself: what upload it is for was checked when it was opened."""
        return self

    def _replay(self, last: int, chunk: int, kind: str, detail: bytes) -> None:
        self._last = last
        self.history.replay(chunk, kind, detail)

    def finder(self) -> Callable[[Sequence[bytes]], list[Found | None]]:
        """Return what finds rows of earlier runs, each of them once."""
        self._pass += 1
        number, known, history = self._pass, self.history.known, self.history
        since = 0
        if self._twice_is_once:
            since = len(history.states) if history.is_finished else history.since
        return lambda digests: known.find(digests, number, since)

    async def begins(
        self,
        run: Run,
        old: Callable[[int, Any], int | None] | None = None,
        *,
        is_sure: bool = True,
    ) -> None:
        """Say what the next upload is.

        Args:
            run: The run.
            old: Returns the number of the row that a record is the correction of, by the place of
                the record in the input and what stands there.
            is_sure: Whether it is known to be that, and does not only seem so.
        """
        if self._is_used:
            await self._reopen()
        self._run, self._old, self._is_used = run, old, True
        self._starts, self._places = [], []
        self._previous = self._head = None
        self._is_sure = is_sure

    async def _reopen(self) -> None:
        """Read again what is in the store: rows of the upload before this one are known now."""
        await self.close()
        self._store, self.history, self._last = self._made(), History(), 0
        await self.open()

    async def __aenter__(self) -> Self:
        if self._run is not None:
            self._take(0, "run", asdict(self._run))
            await self._flush()
        self._find = self.finder()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._flush()

    async def close(self) -> None:
        """Keep what was entered since, and let others have the store."""
        try:
            await self._flush()
        finally:
            await self._store.close()
            self.history.known.close()

    def planned(self) -> Sequence[int]:
        """Return nothing: rows may be cut into chunks in any way."""
        return ()

    def begin(self, chunk: Chunk) -> Past | None:
        """Number the rows of a chunk; return what is known about them."""
        digests = [self.digest(record) for record in chunk.records]
        found = self._not_settled(digests, self._find(digests))
        numbers = self._numbered(digests, found)
        self._order(chunk.start, numbers, found)
        self._starts.append(chunk.start)
        self._places.append(numbers)
        if self._old is not None:
            self._correct(chunk, numbers, digests)
        past = self._past(numbers, found)
        again = [numbers[at] for at in past.rest if found[at] is not None]
        if again:
            self._take(chunk.start, "again", list(runs(again)))
        return past if len(past.rest) < len(chunk) else None

    def recall(self, chunk: Chunk) -> Past | None:
        """Return what is known about rows that were read and not begun."""
        found = self._find([self.digest(record) for record in chunk.records])
        numbers = [one.number if one else -1 for one in found]
        return self._past(numbers, found)

    def _numbered(self, digests: list[bytes], found: list[Found | None]) -> Sequence[int]:
        """Return the number of each row; new ones get the next numbers."""
        first = len(self.history.states)
        new = [digest for digest, one in zip(digests, found, strict=True) if one is None]
        if new:
            self._last += 1
            self._entries.append((self._last, first, "rows", b"".join(new)))
            self.history.add(len(new))
        if len(new) == len(digests):
            return range(first, first + len(new))
        numbers = iter(range(first, first + len(new)))
        return [next(numbers) if one is None else one.number for one in found]

    def _not_settled(
        self, digests: Sequence[bytes], found: list[Found | None]
    ) -> list[Found | None]:
        """Look further where a rejected row was found that was corrected since.

        Its correction stands for that row alone, so an equal one is another row.
        """
        if not self.history.corrects:
            return found
        while at := [place for place, one in enumerate(found) if one and self._is_settled(one)]:
            for place, one in zip(at, self._find([digests[place] for place in at]), strict=True):
                found[place] = one
        return found

    def _is_settled(self, found: Found) -> bool:
        history = self.history
        return history.states[found.number] != ACCEPTED and history.saved_as(found.number) >= 0

    def _order(self, start: int, numbers: Sequence[int], found: Sequence[Found | None]) -> None:
        """Remember between which rows new ones stood."""
        first = self.history.runs[-1][0] if self.history.runs else 0
        after = []
        for number, one in zip(numbers, found, strict=True):
            if one is None and self._previous is None:
                self._head = number
            elif one is None and (number == first or self._previous != number - 1):
                after.append((number, self._previous))
            elif one is not None and self._head is not None:
                self._take(start, "before", [(self._head, number)])
                self._head = None
            self._previous = number
        if after:
            self._take(start, "after", after)

    def _correct(self, chunk: Chunk, numbers: Sequence[int], digests: Sequence[bytes]) -> None:
        """Remember which rejected rows these stand for. An equal row is not a correction."""
        assert self._old is not None  # noqa: S101
        corrects = []
        for at, (new, digest) in enumerate(zip(numbers, digests, strict=True)):
            was = self._old(chunk.start + at, chunk.records[at])
            if was is not None and was != new and self.history.known.digests([was]) != [digest]:
                corrects.append((new, was))
        if corrects and self._is_sure:
            self._take(chunk.start, "corrects", corrects)
        elif corrects:
            self._take(chunk.start, "replaces", [(was, new) for new, was in corrects])

    def _past(self, numbers: Sequence[int], found: Sequence[Found | None]) -> Past:
        """Return what is known about rows, by their places in a chunk.

        What was rejected is sent again: it is not saved, and Sdir may know better by now.
        """
        states = self.history.states
        state = [None if one is None else states[one.number] for one in found]
        places = {number: at for at, number in enumerate(numbers) if state[at] == UNKNOWN}
        unknown = [[places[one] for one in group if one in places] for group in self._groups()]
        return Past(
            accepted=[at for at, one in enumerate(state) if one == ACCEPTED],
            unknown=[sorted(group) for group in unknown if group],
            rest=[at for at, one in enumerate(state) if one not in (ACCEPTED, UNKNOWN)],
            receipts=_receipts(found, state),
        )

    def _groups(self) -> Iterable[list[int]]:
        return self.history.unknown

    async def sending(self, piece: Piece) -> None:
        """Return when it is durable that these rows are about to be sent."""
        numbers = self._numbers(piece.chunk.start, piece.positions)
        self._take(piece.chunk.start, "sending", list(runs(numbers)))
        await self._flush()

    def finished(self, piece: Piece, state: State, receipt: Receipt | None = None) -> None:
        """Enter what became of rows, and what Sdir gave for them."""
        start = piece.chunk.start
        if piece.rejections:
            refused = self._numbers(start, [one.index - start for one in piece.rejections])
            self._take(start, "rejected", list(runs(refused)))
        if piece.positions and state != "rejected":
            numbers = self._numbers(start, piece.positions)
            self._take(start, state, list(runs(numbers)))
            if receipt is not None:
                saved = written_saved(numbers, receipt.time, receipt.uids)
                self._last += 1
                self._entries.append((self._last, start, "saved", saved))

    def end(self, read: int) -> None:
        """Enter that the input was read to its end."""
        self._take(read, "read", None)

    def rejected_rows(self, name: str, lines: Iterable[tuple[int, int]]) -> None:
        """Remember which rows a file of rejected rows has, by line and index in the input."""
        rows: list[list[int]] = []
        for line, index in lines:
            number = self._number(index)
            if rows and (rows[-1][0] + rows[-1][2], rows[-1][1] + rows[-1][2]) == (line, number):
                rows[-1][2] += 1
            else:
                rows.append([line, number, 1])
        self._take(0, "rejected_file", {"name": name, "rows": rows})

    def is_as_it_was(self, name: str, indexes: Iterable[int]) -> bool:
        """Say whether these rows of the input are those that a file of rejected rows had."""
        had = self.history.rejected_files.get(name, ())
        rows = {row for _, number, count in had for row in range(number, number + count)}
        return bool(rows) and rows == self.numbers_of(indexes)

    def numbers_of(self, indexes: Iterable[int]) -> set[int]:
        """Return which rows these places of the input are."""
        return set(map(self._number, indexes))

    def _number(self, index: int) -> int:
        at = bisect.bisect_right(self._starts, index) - 1
        return self._places[at][index - self._starts[at]]

    def _numbers(self, start: int, positions: Sequence[int]) -> Sequence[int]:
        numbers = self._places[bisect.bisect_left(self._starts, start)]
        if isinstance(numbers, range) and isinstance(positions, range):
            return numbers[positions.start : positions.stop]
        return [numbers[at] for at in positions]

    def _take(self, chunk: int, kind: str, detail: Any) -> None:
        self._enter(chunk, kind, detail)
        self.history.take(chunk, kind, detail)


def _receipts(found: Sequence[Found | None], state: Sequence[int | None]) -> tuple[Receipt, ...]:
    """Return what Sdir gave for the rows that are saved, together where it came together."""
    together: defaultdict[tuple[float | None, bool], list[int]] = defaultdict(list)
    for at, one in enumerate(found):
        if one is not None and state[at] == ACCEPTED:
            together[one.time, one.uid is None].append(at)
    receipts = []
    for (time, is_bare), places in together.items():
        rows = [found[at] for at in places]
        uids = Uids() if is_bare else Uids(one.uid for one in rows if one and one.uid)
        receipts.append(Receipt(places, time, uids))
    return tuple(receipts)
