"""Counts records into their states, and keeps the rejections, of which there may be a million."""

from __future__ import annotations

from array import array
from bisect import insort
from collections.abc import Sequence
from heapq import merge
from operator import attrgetter
from typing import TYPE_CHECKING, Final, overload

from attrs import Factory, define

from .report import WHY, RangeSet, Reason, Rejection, Snapshot, UploadReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .receipts import Receipt
    from .report import ChunkOutcome, Doubt, Notice, SavedT

WHOLE: Final = 10_000
"""How many are kept with their records."""
_WORDINGS: Final = 1_000
"""How many different reasons are kept of the others."""
_FORGOTTEN: Final = (
    Reason("Its reasons are not kept: too many records were rejected. Iterate over the upload."),
)


class Rejections(Sequence[Rejection]):
    """Rejections by their place in the input. Beyond the first 10,000 they hold no record.

    Equal reasons are kept once, so that a million rejections take some 16 bytes each. To see every
    rejected record, iterate over the upload: each chunk's outcome has its rejections.
    """

    def __init__(self) -> None:
        self._whole: list[Rejection] = []
        self._indexes = array("q")
        self._reasons = array("q")
        self._wordings: dict[tuple[Reason, ...], int] = {}

    def extend(self, rejections: Iterable[Rejection]) -> None:
        """Add some."""
        for one in rejections:
            if len(self._whole) < WHOLE:
                insort(self._whole, one, key=attrgetter("index"))
            else:
                self._indexes.append(one.index)
                self._reasons.append(self._number_of(one.reasons))

    def _number_of(self, reasons: tuple[Reason, ...]) -> int:
        if reasons not in self._wordings and len(self._wordings) >= _WORDINGS:
            reasons = _FORGOTTEN
        return self._wordings.setdefault(reasons, len(self._wordings))

    def snapshot(self) -> Sequence[Rejection]:
        """Return what is there now; while all are whole, it does not change any more."""
        return self if self._indexes else tuple(self._whole)

    def __len__(self) -> int:
        return len(self._whole) + len(self._indexes)

    def __iter__(self) -> Iterator[Rejection]:
        wordings = list(self._wordings)
        others = sorted(zip(self._indexes, self._reasons, strict=True))
        bare = (Rejection(index, wordings[number], None) for index, number in others)
        return merge(self._whole, bare, key=attrgetter("index"))

    @overload
    def __getitem__(self, at: int) -> Rejection: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Rejection]: ...
    def __getitem__(self, at: int | slice) -> Rejection | Sequence[Rejection]:
        return self._whole[at] if not self._indexes else list(self)[at]


@define
class Ledger:
    """Counts records into their states, each exactly once."""

    read: int = 0
    accepted: int = 0
    rejections: Rejections = Factory(Rejections)
    warnings: list[Notice] = Factory(list)
    receipts: list[Receipt] = Factory(list)
    _doubts: RangeSet = Factory(RangeSet)
    _finished: RangeSet = Factory(RangeSet)
    _in_doubt: int = 0
    _why: dict[str, None] = Factory(dict)

    def enter(self, outcome: ChunkOutcome[SavedT]) -> None:
        """Count the records of an outcome."""
        rejected = [rejection.index for rejection in outcome.rejections]
        rest = len(outcome.indexes) - len(rejected)
        self._finished.update(rejected if outcome.state == "unsent" else outcome.indexes)
        self.rejections.extend(outcome.rejections)
        if outcome.state == "accepted":
            self.accepted += rest
        elif outcome.state == "in_doubt":
            self._doubts.update(sorted({*outcome.indexes}.difference(rejected)))
            self._in_doubt += rest

    def explain(self, doubt: Doubt | None) -> None:
        """Note why records are in doubt, if asking did not help."""
        if doubt is not None:
            self._why[WHY[doubt]] = None

    def snapshot(self, requests: int, seconds: float) -> Snapshot:
        """Return the counts of this moment."""
        rejected = len(self.rejections)
        return Snapshot(self.read, self.accepted, rejected, self._in_doubt, requests, seconds)

    def report(self, requests: int, seconds: float) -> UploadReport:
        """Return what became of everything read so far; what is not finished is unsent."""
        remaining = self._finished.gaps(self.read)
        return UploadReport(
            accepted=self.accepted,
            rejected=len(self.rejections),
            in_doubt=self._in_doubt,
            unsent=sum(map(len, remaining)),
            rejections=self.rejections.snapshot(),
            doubts=self._doubts.ranges(),
            remaining=remaining,
            warnings=tuple(sorted(self.warnings, key=lambda notice: notice.index)),
            requests=requests,
            seconds=seconds,
            why_in_doubt=tuple(self._why),
            receipts=tuple(self.receipts),
        )
