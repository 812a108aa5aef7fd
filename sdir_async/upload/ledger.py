"""Counts records into their states."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import Factory, define

from .refused import Rejections
from .report import RangeSet, Snapshot, UploadReport, runs, why

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .receipts import Receipt
    from .report import ChunkOutcome, Doubt, Notice, SavedT


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
        rest = len(outcome.indexes) - len(outcome.rejections)
        if outcome.state == "unsent":
            self._finish([rejection.index for rejection in outcome.rejections])
        else:
            self._finish(outcome.indexes)
        self.rejections.extend(outcome.rejections)
        if outcome.state == "accepted":
            self.accepted += rest
        elif outcome.state == "in_doubt":
            refused = {rejection.index for rejection in outcome.rejections}
            for start, stop in runs([index for index in outcome.indexes if index not in refused]):
                self._doubts.add(start, stop)
            self._in_doubt += rest

    def explain(self, doubt: Doubt | None) -> None:
        """Note why records are in doubt, if asking did not help."""
        if doubt is not None:
            self._why[why(doubt)] = None

    def _finish(self, indexes: Sequence[int]) -> None:
        for start, stop in runs(indexes):
            self._finished.add(start, stop)

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
