"""What became of an input: its report, its rejected rows, its files, and the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import Factory, define, field, frozen

from ..errors import AuthenticationError, ConfigurationError, JournalError, SdirError
from ..privacy import mask, printable
from ..upload.report import UploadReport
from .rejected import file_with, rejected_of
from .spool import RejectedRows
from .trouble import Exit, Trouble
from .words import recast, say, unsaid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from ..upload.report import ChunkOutcome, Ended, Rejection
    from ..wire import Attempt
    from .job import Job
    from .sent import RowJournal

_HOPELESS: Final = 10_000
"""After this many rejected rows, if none was accepted, an upload stops."""

_ENDS: Final[Mapping[Ended, str]] = {
    "deadline": unsaid("the deadline passed"),
    "rejected": unsaid("the upload stopped at a rejected record"),
    "in_doubt": unsaid("some records are in doubt"),
    "cancelled": unsaid("the upload was interrupted"),
    "error": unsaid("an error ended the upload"),
}


@frozen
class Point:
    """One attempt to send a request; `records` counts the records that it got accepted."""

    at: float
    seconds: float
    result: str
    records: int = 0
    last: bool = True


@define
class Result:
    """What became of an input.

    Attributes:
        job: The input.
        report: What became of its records.
        begun: Whether it was begun; if not, `report.ended` says what came first.
        earlier: How many were accepted in an earlier run, as the journal says.
        points: When requests were sent, for the plot.
        error: The error that ended it early.
        rejected_file: Where the rejected rows are.
        changed_file: A file of rejected rows that somebody changed and did not upload: it is kept.
        uncorrected: Whether that is the input: it has rejected rows, and none was corrected.
        not_written: Why they could not be written.
        receipt: Where the receipt is.
        receipt_not_written: Why it could not be written.
        journal: What remembers what was sent.
        rejected: The rejected rows.
    """

    job: Job
    report: UploadReport = field(factory=UploadReport)
    begun: bool = True
    earlier: int = 0
    points: list[Point] = Factory(list)
    error: BaseException | None = None
    rejected_file: Path | None = None
    changed_file: Path | None = None
    uncorrected: bool = False
    not_written: Trouble | None = None
    receipt: Path | None = None
    receipt_not_written: Trouble | None = None
    journal: RowJournal | None = None
    rejected: RejectedRows = Factory(RejectedRows)
    _accepted: int = 0

    @property
    def said(self) -> str:
        """The message of the error that ended it early."""
        if isinstance(self.error, SdirError | Trouble):
            return recast(str(self.error))
        return mask(f"{type(self.error).__name__}: {self.error}") if self.error else ""

    @property
    def why_not_complete(self) -> str:
        """Why it is not complete, as a sentence; `""` if it is."""
        if self.report.complete:
            return ""
        why = say(_ENDS[self.report.ended or "error"])
        return (f"{why}: {self.said}" if self.said else why).rstrip(". ") + "."

    @property
    def is_hopeless(self) -> bool:
        """Whether so many rows were rejected, and none accepted, that the rest is not tried."""
        return len(self.rejected) >= _HOPELESS and not self._accepted

    def hopeless(self) -> Trouble | None:
        """Return what is said if it is."""
        if not self.is_hopeless:
            return None
        return Trouble(
            "none of the first {count:,} rows was accepted, so the rest was not tried",
            Exit.STOPPED,
            count=len(self.rejected),
        )

    def reject(self, rejection: Rejection) -> None:
        """Keep a rejected record."""
        line = self.job.lines[rejection.index]
        self.rejected.add(rejection.index, rejected_of(rejection, line))

    def reject_rest(self) -> None:
        """Keep the rejected records that no outcome contained, because the upload ended early."""
        if len(self.rejected) < self.report.rejected:
            told = set(self.rejected.indexes())
            for rejection in self.report.rejections:
                if rejection.index not in told:
                    self.reject(rejection)

    def remember_rejected(self) -> None:
        """Enter into the journal which rows are in the file of rejected rows."""
        if self.journal is not None and self.rejected_file is not None:
            lines = self.job.lines
            places = ((lines[index], index) for index in sorted(self.rejected.indexes()))
            self.journal.rejected_rows(printable(self.rejected_file.name), places)

    def file_with_rejected(self, path: Path) -> Path | None:
        """Return the file of rejected rows that has all that were rejected now, if there is one."""
        if self.journal is None:
            return None
        numbers = self.journal.numbers_of(self.rejected.indexes())
        return file_with(numbers, path, self.job.reader, self.journal.history)

    def has_the_same_rejected(self) -> bool:
        """Return whether the input is a file of rejected rows, and all of it was rejected again."""
        place, report = self.job.beside(), self.report
        if self.journal is None or place is None or not report.complete or report.accepted:
            return False
        return self.journal.is_as_it_was(printable(place.name), self.rejected.indexes())

    def take(self, outcome: ChunkOutcome[Any]) -> None:
        """Keep what the report needs of an outcome."""
        for rejection in outcome.rejections:
            self.reject(rejection)
        accepted = len(outcome.indexes) - len(outcome.rejections)
        if outcome.state != "accepted":
            accepted = 0
        elif not outcome.attempts:
            self.earlier += accepted
        self._accepted += accepted
        self.points += _points(outcome.attempts, accepted)

    def line_ranges(self, ranges: Iterable[range]) -> list[tuple[int, int]]:
        """Return the first and the last line of each range of records."""
        lines = self.job.lines
        return [(lines[one.start], lines[one.stop - 1]) for one in ranges]


def _points(attempts: tuple[Attempt, ...], accepted: int) -> Iterable[Point]:
    for number, attempt in enumerate(attempts, 1):
        last = number == len(attempts)
        yield Point(attempt.at, attempt.seconds, attempt.result, accepted if last else 0, last)


_WRONG = (ConfigurationError, JournalError, AuthenticationError, Trouble)


def exit_of(result: Result) -> Exit:
    """Return the exit code that says what became of an input."""
    report = result.report
    if report.complete:
        done = Exit.REJECTED if report.rejected else Exit.DONE
        lost = result.not_written or result.receipt_not_written
        return Exit.NOT_WRITTEN if lost else done
    if report.ended == "cancelled":
        return Exit.INTERRUPTED
    sent = report.accepted or (report.in_doubt and report.requests)
    if isinstance(result.error, _WRONG) and not sent:
        return result.error.code if isinstance(result.error, Trouble) else Exit.USAGE
    return Exit.IN_DOUBT if report.ended == "in_doubt" else Exit.STOPPED


_GRAVEST = (
    Exit.DONE,
    Exit.REJECTED,
    Exit.NOT_WRITTEN,
    Exit.IN_DOUBT,
    Exit.USAGE,
    Exit.STOPPED,
    Exit.INTERRUPTED,
)


def gravest(codes: Iterable[Exit]) -> Exit:
    """Return the worst of several exit codes."""
    return max(codes, key=_GRAVEST.index, default=Exit.DONE)


def exit_of_all(results: Sequence[Result]) -> Exit:
    """Return the exit code of a command; `USAGE` only if no input was sent."""
    codes = [exit_of(result) for result in results]
    worst = gravest(codes)
    return Exit.STOPPED if worst is Exit.USAGE and len(set(codes)) > 1 else worst
