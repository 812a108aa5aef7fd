"""An upload under way: reads the input, has each chunk settled, counts, and knows when to stop."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterable, AsyncIterator
from typing import TYPE_CHECKING, Any

from ..errors import JournalMismatch
from ..session import cancel_once
from .chunks import Chunker, Piece
from .reconcile import Lister
from .report import ChunkOutcome, Ledger, Notice, Snapshot, State, UploadReport
from .search import Uniform
from .settling import Settling

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from ..session import Exchange, Request
    from .chunks import Chunk
    from .plan import Plan

_MOST_AT_ONCE = 5000
"""Records; to find only then that so many are too large would hold up all that is under way."""


class Run:
    """One upload under way.

    A reader makes chunks of the input; each chunk is settled by a task of its own, `concurrency` at
    a time. When something ends the upload early, nothing new is begun, and what is on its way to
    Sdir is still settled; only cancellation does not wait for it.
    """

    def __init__(
        self, plan: Plan, emit: Callable[[ChunkOutcome[Any]], Awaitable[None]] | None = None
    ) -> None:
        self.plan = plan
        self.uniform = Uniform()
        self.first_search = asyncio.Lock()
        self.deadline: float | None = None
        self.stopping = False
        self._emit = emit
        self._ledger = Ledger()
        self._chunker = Chunker(
            plan.chunk_size,
            plan.session.body_limit(plan.chunk_bytes),
            at_once=type(plan.records) in (list, tuple) and plan.chunk_size <= _MOST_AT_ONCE,
        )
        self._slots = asyncio.Semaphore(plan.concurrency)
        self._requests = 0
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()
        self._finished: float | None = None
        self._reader: asyncio.Task[None] | None = None
        self._error: BaseException | None = None
        self._open: set[Settling] = set()
        self.failure: BaseException | None = None

    @property
    def ended(self) -> bool:
        """Whether it has come to its end, one way or another."""
        return self._finished is not None

    def report(self) -> UploadReport:
        """Return what has become of the records by now."""
        return self._ledger.report(self._requests, self._seconds())

    def _seconds(self) -> float:
        finished = self._loop.time() if self._finished is None else self._finished
        return finished - self._started

    @property
    def read(self) -> int:
        """How many records were taken from the input so far."""
        return self._ledger.read

    async def run(self) -> None:
        """Read and send until everything is settled, or something ends it.

        Raises:
            BaseException: Whatever ended it early, with the report attached as `report`.
        """
        if self.plan.deadline is not None:
            self.deadline = self._started + self.plan.deadline
        try:
            async with self.plan.journal as journal:
                try:
                    async with asyncio.TaskGroup() as tasks:
                        self._chunker.plan(journal.planned())
                        tasks.create_task(self._read(tasks))
                finally:
                    self._account()
            if self._error is not None:
                raise self._error
        except BaseException as error:
            self._finished, self.failure = self._loop.time(), error
            _attach(self.report(), error)
            raise
        self._finished = self._loop.time()

    def _account(self) -> None:
        """Settle what no task came to, and what was read of a chunk that was not full."""
        for settling in list(self._open):
            settling.abandon()
        self._doubt(self._chunker.partial)

    def _doubt(self, chunk: Chunk) -> None:
        """An earlier run may have sent these records, or some: they are not unsent."""
        if self.plan.journal.knows(chunk):
            piece = Piece(chunk, range(len(chunk)), doubtful=True)
            self.enter(piece, "in_doubt", remember=False)

    def stop(self, error: BaseException | None = None) -> None:
        """Begin nothing new; the first error, if there is one, is raised at the end."""
        self._error = error if self._error is None else self._error
        if not self.stopping and self._reader and self._reader is not asyncio.current_task():
            cancel_once(self._reader)
        self.stopping = True

    async def _read(self, tasks: asyncio.TaskGroup) -> None:
        self._reader = asyncio.current_task()
        bound = asyncio.timeout_at(self.deadline)
        try:
            async with bound, _iterating(self.plan.records) as records:
                if isinstance(records, AsyncIterator):
                    async for record in records:
                        one = iter((record,))
                        while chunk := self._fill(one):
                            await self._start(chunk, tasks)
                else:
                    while chunk := self._fill(records):
                        await self._start(chunk, tasks)
                if chunk := self._chunker.flush():
                    await self._start(chunk, tasks)
                self.plan.journal.end(self._ledger.read)
        except BaseException as error:  # noqa: BLE001  the user's own, raised at the end
            self._raised(error, expired=bound.expired())

    def _raised(self, error: BaseException, *, expired: bool = False) -> None:
        """End the upload for an error in one of its tasks.

        A cancellation comes from whoever cancelled the upload, who hears of it in any case; from
        the user's own code; or, to the reader, from `stop`.
        """
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise error
        if not (self.stopping and isinstance(error, asyncio.CancelledError)):
            self.stop(None if expired else error)

    def _fill(self, records: Iterator[object]) -> Chunk | None:
        try:
            return self._chunker.fill(records, self.plan.encode)
        finally:
            self._ledger.read = self._chunker.read

    async def _start(self, chunk: Chunk, tasks: asyncio.TaskGroup) -> None:
        try:
            past = self.plan.journal.begin(chunk)
        except JournalMismatch:
            self._doubt(chunk)
            raise
        settling = Settling(self, chunk, past)
        self._open.add(settling)
        await self._slots.acquire()
        tasks.create_task(self._settle(settling))
        await asyncio.sleep(0)
        self._chunker.max_bytes = self.plan.session.body_limit(self.plan.chunk_bytes)

    async def _settle(self, settling: Settling) -> None:
        try:
            await settling.run()
        except BaseException as error:  # noqa: BLE001  raised at the end, after the others
            self._raised(error)
        finally:
            self._open.discard(settling)
            self._slots.release()

    def warn(self, notice: Notice) -> None:
        """Keep what looks wrong and is sent all the same."""
        self._ledger.warnings.append(notice)

    def enter(
        self, piece: Piece, state: State, answer: bytes = b"", *, remember: bool = True
    ) -> ChunkOutcome[Any]:
        """Settle a piece: from here on its records are counted, and the journal knows."""
        outcome = ChunkOutcome(
            piece.indexes, state, piece.rejections, piece.attempts, answer, self.plan.batch.parse
        )
        self._ledger.enter(outcome)
        if remember:
            self.plan.journal.settled(piece, state)
        return outcome

    async def tell(self, outcome: ChunkOutcome[Any]) -> None:
        """Tell whoever is interested of something settled."""
        if self.plan.progress is not None:
            self.plan.progress(self._snapshot())
        if self._emit is not None:
            await self._emit(outcome)

    def _snapshot(self) -> Snapshot:
        return self._ledger.snapshot(self._requests, self._seconds())

    async def exchange(self, request: Request) -> Exchange:
        """Send a request of this upload."""
        exchange = await self.plan.session.exchange(request, self.deadline)
        self._requests += len(exchange.attempts)
        return exchange

    async def was_applied(self, piece: Piece, saved: list[bytes]) -> bool | None:
        """Ask whether the server saved a piece: `None` when there is no way to know.

        `saved` are records of the same chunk that are known to be.
        """
        reconcile, listing = self.plan.reconcile, self.plan.batch.listing
        if callable(reconcile):
            return await self._asked(reconcile(piece.records))
        if reconcile != "list" or listing is None:
            return None
        lister = Lister(self.exchange, listing, self.plan.url_of(listing.operation))
        return await lister.was_applied(piece.bodies, saved)

    async def _asked(self, answer: Awaitable[bool | None]) -> bool | None:
        bound = asyncio.timeout_at(self.deadline)
        try:
            async with bound:
                known = await answer
                return None if known is None else bool(known)
        except TimeoutError:
            if bound.expired():
                return None
            raise


@contextlib.asynccontextmanager
async def _iterating(records: Any) -> AsyncIterator[Any]:
    """Iterate, and close a generator in the end: the loop would do it later, in its own task."""
    iterator = aiter(records) if isinstance(records, AsyncIterable) else iter(records)
    try:
        yield iterator
    finally:
        if inspect.isasyncgen(iterator):
            await iterator.aclose()
        elif inspect.isgenerator(iterator):
            iterator.close()


def _attach(report: UploadReport, error: BaseException) -> None:
    with contextlib.suppress(AttributeError):
        error.report = report  # type: ignore[attr-defined]
    error.add_note(f"The upload ended early: {report}")
