"""Uploads one input, and keeps what the report needs."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve, frozen

from ..upload.report import UploadReport
from .result import Result
from .stop import Stopped, pump

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..upload.report import Ended
    from ..upload.upload import Upload
    from .ahead import Prepared
    from .job import Job
    from .screen import Screen
    from .stop import Stop


_LEAST: Final = 0.001


@frozen
class Sending:
    """How to upload the inputs of a command.

    Attributes:
        operations: The version to send to.
        kind: What to do: `create`, `update` or `validate`.
        settings: Other arguments of `upload`.
        until: When all of them must have ended, by the clock of the event loop.
    """

    operations: Any
    kind: str
    settings: dict[str, Any]
    until: float | None = None

    def time_left(self) -> float | None:
        """Return how many seconds are left for the next input."""
        if self.until is None:
            return None
        return max(_LEAST, self.until - asyncio.get_running_loop().time())


def ended_before_next(results: Sequence[Result], stop: Stop) -> Ended | None:
    """Return what stops the command from beginning another input, if anything."""
    if stop.asked.is_set():
        return "cancelled"
    ends = [result.report.ended for result in results]
    return next((end for end in ends if end in ("deadline", "rejected")), None)


def not_begun(job: Job, why: Ended) -> Result:
    """Return the result of an input that was never begun."""
    return Result(job, UploadReport(ended=why), begun=False)


async def send(prepared: Prepared, sending: Sending, screen: Screen, stop: Stop) -> Result:
    """Upload an input. However it ends, the result says what became of its records."""
    job, book = prepared.job, prepared.book
    result, interrupted = Result(job, journal=book.journal if book else None), False
    if book is not None:
        await book.begins(job, prepared.look, leaves=prepared.leaves)
    executor = ThreadPoolExecutor(1, "sdir input")
    asked = asyncio.ensure_future(stop.asked.wait())
    screen.begin(job)
    upload: Upload[Any] = sending.operations.upload(
        pump(iter(job), asked, executor),
        operation=sending.kind,
        journal=result.journal,
        progress=screen.progress,
        **{**sending.settings, "deadline": sending.time_left()},
    )
    try:
        async with stop.ending(upload):
            async for outcome in upload:
                result.take(outcome)
                if result.is_hopeless:
                    asked.cancel()
    except Stopped:
        interrupted = not result.is_hopeless
        result.error = result.hopeless()
    except Exception as error:  # noqa: BLE001  whatever it is, the records are accounted for
        result.error = error
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        await upload.aclose()
        result.report = upload.report
        result.reject_rest()
        screen.end()
    if interrupted:
        result.report = evolve(result.report, ended="cancelled")
    if result.report.ended == "cancelled":
        result.error = None
    return result
