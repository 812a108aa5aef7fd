"""Uploads one input, and keeps what the report needs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from attrs import Factory, define, field, frozen

from ..errors import AuthenticationError, ConfigurationError, JournalError, SdirError
from ..privacy import mask
from ..upload.report import UploadReport
from .rejected import rejected_of
from .stop import Stopped, pump
from .trouble import Exit, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ..upload.report import ChunkOutcome
    from ..upload.upload import Upload
    from ..wire import Attempt
    from .job import Job
    from .rejected import Rejected
    from .screen import Screen
    from .stop import Stop


@frozen
class Point:
    """One try to send a request; `records` counts what it settled as accepted, if it did."""

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
        earlier: How many were accepted in an earlier run, as the journal says.
        points: When requests were sent, for the plot.
        error: What ended it early.
        rejected_file: Where the rejected rows are.
        not_written: Why they could not be written.
    """

    job: Job
    report: UploadReport = field(factory=UploadReport)
    earlier: int = 0
    points: list[Point] = Factory(list)
    error: BaseException | None = None
    rejected_file: Path | None = None
    not_written: Trouble | None = None
    _rejected: list[Rejected] | None = None

    @property
    def said(self) -> str:
        """What is said of what ended it early."""
        if isinstance(self.error, SdirError | Trouble):
            return str(self.error)
        return mask(f"{type(self.error).__name__}: {self.error}") if self.error else ""

    @property
    def rejected(self) -> list[Rejected]:
        """The rejected records."""
        if self._rejected is None:
            lines = self.job.lines
            self._rejected = [rejected_of(one, lines[one.index]) for one in self.report.rejections]
        return self._rejected

    def take(self, outcome: ChunkOutcome[Any]) -> None:
        """Keep what the report needs of an outcome."""
        accepted = len(outcome.indexes) - len(outcome.rejections)
        if outcome.state != "accepted":
            accepted = 0
        elif not outcome.attempts:
            self.earlier += accepted
        self.points += _points(outcome.attempts, accepted)

    def line_ranges(self, ranges: Iterable[range]) -> list[tuple[int, int]]:
        """Return the first and the last line of each range of records."""
        lines = self.job.lines
        return [(lines[one.start], lines[one.stop - 1]) for one in ranges]


def _points(attempts: tuple[Attempt, ...], accepted: int) -> Iterable[Point]:
    for number, attempt in enumerate(attempts, 1):
        last = number == len(attempts)
        yield Point(attempt.at, attempt.seconds, attempt.result, accepted if last else 0, last)


@frozen
class Sending:
    """How to upload."""

    operations: Any
    kind: str
    settings: dict[str, Any]


async def send(
    job: Job, sending: Sending, journal: Path | None, screen: Screen, stop: Stop
) -> Result:
    """Upload an input; whatever ends it, the result says what became of its records."""
    result = Result(job)
    executor = ThreadPoolExecutor(1, "sdir input")
    screen.begin(job)
    upload: Upload[Any] = sending.operations.upload(
        pump(iter(job), stop, executor),
        operation=sending.kind,
        journal=journal,
        progress=screen.progress,
        **sending.settings,
    )
    try:
        async with stop.ending(upload):
            async for outcome in upload:
                result.take(outcome)
    except Exception as error:  # noqa: BLE001  whatever it is, the records are accounted for
        result.error = Stopped() if stop.asked.is_set() else error
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        await upload.aclose()
        result.report = upload.report
        screen.end()
    return result


_WRONG = (ConfigurationError, JournalError, AuthenticationError, Trouble)


def exit_of(result: Result) -> Exit:
    """Return the exit code that says what became of an input."""
    report, error = result.report, result.error
    if isinstance(error, Stopped):
        return Exit.INTERRUPTED
    sent = report.accepted or (report.in_doubt and report.requests)
    if isinstance(error, _WRONG) and not sent:
        return Exit.USAGE
    if error is not None or report.unsent:
        return Exit.STOPPED
    if report.in_doubt:
        return Exit.IN_DOUBT
    if result.not_written:
        return Exit.NOT_WRITTEN
    return Exit.REJECTED if report.rejected else Exit.DONE


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
    """Return the one exit code that says the worst of several."""
    return max(codes, key=_GRAVEST.index, default=Exit.DONE)
