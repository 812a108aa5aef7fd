"""An upload under way: reads the input, carries out the steps of each chunk, and counts.

It decides nothing about a record: that is what `flow` is for.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterable, AsyncIterator
from typing import TYPE_CHECKING, Any

from ..call import Call
from ..errors import JournalMismatch
from ..frames import forget_locals
from ..session import cancel_once
from .asking import saved_of, was_applied
from .chunks import Piece
from .encoding import Chunker
from .flow import settle
from .ledger import Ledger
from .receipts import Receipt, shifted, uids_in
from .report import ChunkOutcome, UploadReport
from .steps import Ask, EndTurn, Finished, Postpone, Send, Stop, Terms, Turn, Until, Wait, Warn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from ..verdicts import Exchange
    from .chunks import Chunk
    from .flow import Flow
    from .plan import Plan
    from .report import Ended
    from .steps import Step

_MOST_AT_ONCE = 5000
"""Records. Larger chunks are not written in one go, because that would block the loop for too
long."""


class Engine:
    """One upload under way.

    A reader makes chunks of the input; each chunk is brought to its end by a task of its own,
    `concurrency` at a time. When something ends the upload early, nothing new is begun, and what is
    on its way to Sdir is still finished; only cancellation does not wait for it.
    """

    def __init__(
        self, plan: Plan, emit: Callable[[ChunkOutcome[Any]], Awaitable[None]] | None = None
    ) -> None:
        self._plan = plan
        self._emit = emit
        self._terms = Terms(
            plan.batch.operation.effect,
            answers_list=plan.batch.parse is not None,
            isolate=plan.on_rejected == "isolate",
            check=plan.check,
            retry=plan.session.settings.retry,
            limit=plan.limit,
            saved=saved_of(plan),
            sample=plan.witness,
            careful=plan.journal.outlives_process,
        )
        self._ledger = Ledger()
        self._chunker = Chunker(
            plan.chunk_size,
            plan.limit(plan.chunk_bytes),
            at_once=type(plan.records) in (list, tuple) and plan.chunk_size <= _MOST_AT_ONCE,
        )
        self._slots = asyncio.Semaphore(plan.concurrency)
        self._turn = asyncio.Lock()
        self._in_turn: Flow | None = None
        self._open: set[Flow] = set()
        self._waiting: set[Flow] = set()
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()
        self._finished: float | None = None
        self._deadline = None if plan.deadline is None else self._started + plan.deadline
        self._reader: asyncio.Task[None] | None = None
        self._requests = 0
        self._whole = False
        self._why: Ended | None = None
        self._error: BaseException | None = None

    def report(self) -> UploadReport:
        """Return what has become of the records by now."""
        report = self._ledger.report(self._requests, self._seconds())
        return report if self._finished is None else report.with_end(self._why, whole=self._whole)

    def _seconds(self) -> float:
        finished = self._loop.time() if self._finished is None else self._finished
        return finished - self._started

    async def run(self) -> None:
        """Read and send until every record has come to its end, or something ends it.

        Raises:
            BaseException: What ended it early, with the report attached as `report`.
        """
        try:
            async with self._plan.journal as journal:
                try:
                    async with asyncio.TaskGroup() as tasks:
                        planned = journal.planned()
                        self._chunker.plan(planned)
                        self._terms.earlier = sum(planned)
                        tasks.create_task(self._read(tasks))
                finally:
                    self._account()
            if self._error is not None:
                raise self._error
        except BaseException as error:
            cancelled = isinstance(error, asyncio.CancelledError)
            stopped = self._why if self._why == "rejected" else "error"
            self._why = "cancelled" if cancelled else stopped
            self._whole, self._finished = False, self._loop.time()
            attach(self.report(), error)
            forget_locals(error)
            raise
        self._finished = self._loop.time()
        if self._deadline is not None and self._finished >= self._deadline:
            self._why = self._why or "deadline"

    def _account(self) -> None:
        """Count chunks that no task began, and records of a chunk that was not full."""
        for flow in list(self._open):
            self._break_off(flow)
        self._recall(self._chunker.partial)

    def _recall(self, chunk: Chunk) -> None:
        """Count records that were read and not begun: an earlier run may have sent some."""
        if (past := self._plan.journal.recall(chunk)) is None:
            return
        receipts = tuple(one.shifted(chunk.start) for one in past.receipts)
        if past.accepted:
            saved = Piece(chunk, past.accepted)
            self._enter(Finished(saved, "accepted", known=True, receipts=receipts))
        for unknown in past.unknown:
            self._enter(Finished(Piece(chunk, unknown), "in_doubt", known=True))

    def _break_off(self, flow: Flow) -> None:
        for finished in flow.rest():
            self._enter(finished)

    def _stop(self, why: Ended, error: BaseException | None = None) -> None:
        """Begin nothing new; the first error, if there is one, is raised at the end."""
        self._why = self._why or why
        self._error = self._error or error
        if not self._terms.stopping and self._reader not in (None, asyncio.current_task()):
            cancel_once(self._reader)
        self._terms.stopping = True
        self._changed.set()

    # Reading

    async def _read(self, tasks: asyncio.TaskGroup) -> None:
        self._reader = asyncio.current_task()
        bound = asyncio.timeout_at(self._deadline)
        try:
            async with bound, _iterating(self._plan.records) as records:
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
                self._plan.journal.end(self._ledger.read)
                self._whole = True
        except BaseException as error:  # noqa: BLE001  the user's own, raised at the end
            self._raised(error, expired=bound.expired())
        finally:
            self._changed.set()

    def _raised(self, error: BaseException, *, expired: bool = False) -> None:
        """End the upload for an error in one of its tasks.

        A cancellation comes from the caller, who hears of it in any case, from the user's own code,
        or, to the reader, from `_stop`.
        """
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise error
        if expired:
            self._stop("deadline")
        elif not (self._terms.stopping and isinstance(error, asyncio.CancelledError)):
            self._stop("error", error)

    def _fill(self, records: Iterator[object]) -> Chunk | None:
        try:
            return self._chunker.fill(records, self._plan.encode)
        finally:
            self._ledger.read = self._terms.read = self._chunker.read

    async def _start(self, chunk: Chunk, tasks: asyncio.TaskGroup) -> None:
        try:
            past = self._plan.journal.begin(chunk)
        except JournalMismatch:
            self._recall(chunk)
            raise
        flow = settle(chunk, past, self._terms)
        self._open.add(flow)
        self._changed.set()
        await self._slots.acquire()
        tasks.create_task(self._watched(chunk, flow))
        await asyncio.sleep(0)
        self._chunker.max_bytes = self._plan.limit(self._plan.chunk_bytes)

    # Carrying out

    async def _watched(self, chunk: Chunk, flow: Flow) -> None:
        with self._plan.session.watch.chunk(chunk.start, len(chunk)):
            await self._drive(flow)

    async def _drive(self, flow: Flow) -> None:
        """Carry out the steps of a chunk; if they are interrupted, no record is forgotten."""
        result: Exchange | bool | None = None
        try:
            while True:
                try:
                    step = flow.send(result)
                except StopIteration:
                    break
                result = await self._carry_out(step, flow)
        except BaseException as error:  # noqa: BLE001  raised at the end, after the others
            self._raised(error)
        finally:
            self._end_turn(flow)
            self._break_off(flow)
            self._open.discard(flow)
            if flow not in self._waiting:
                self._slots.release()
            self._waiting.discard(flow)
            self._changed.set()

    async def _carry_out(self, step: Step, flow: Flow) -> Exchange | bool | None:
        match step:
            case Send(piece):
                return await self._send(piece)
            case Finished():
                await self._tell(self._enter(step))
            case Wait(seconds):
                return await self._wait(seconds)
            case Ask():
                return await was_applied(step, self._plan, self._exchange, self._deadline)
            case Until(holds):
                return await self._until(holds, flow)
            case Turn():
                await self._turn.acquire()
                self._in_turn = flow
            case _:
                self._note(step, flow)
        return None

    def _note(self, step: Step, flow: Flow) -> None:
        """Carry out a step that takes no time."""
        match step:
            case EndTurn():
                self._end_turn(flow)
            case Postpone(piece):
                self._plan.journal.finished(piece, "in_doubt")
            case Warn(notice):
                self._ledger.warnings.append(notice)
            case Stop(why, error):
                self._stop(why, error)

    def _end_turn(self, flow: Flow) -> None:
        if self._in_turn is flow:
            self._in_turn = None
            self._turn.release()

    async def _send(self, piece: Piece) -> Exchange:
        operation = self._plan.batch.operation
        await self._plan.journal.sending(piece)
        call = Call(
            operation,
            self._plan.document,
            self._plan.url_of(operation),
            body=piece.body(),
            few=len(piece) > 1,
            before_attempt=self._plan.journal.before_attempt,
            maybe_applied=piece.maybe_applied,
        )
        try:
            return await self._exchange(call)
        finally:
            piece.maybe_applied = call.maybe_applied

    async def _exchange(self, call: Call) -> Exchange:
        exchange = await self._plan.session.exchange(call, self._deadline)
        self._requests += len(exchange.attempts)
        return exchange

    async def _wait(self, seconds: float) -> bool:
        if self._deadline is not None and self._loop.time() + seconds >= self._deadline:
            return False
        await asyncio.sleep(seconds)
        return True

    async def _until(self, holds: Callable[[], bool], flow: Flow) -> bool:
        """Wait until something holds, but only while anything else is in progress.

        A chunk that waits gives its place to another.
        """
        self._waiting.add(flow)
        self._slots.release()
        self._changed.set()
        try:
            async with asyncio.timeout_at(self._deadline):
                while not holds() and self._goes_on():
                    self._changed.clear()
                    await self._changed.wait()
                await self._slots.acquire()
        except TimeoutError:
            return False
        self._waiting.discard(flow)
        return holds()

    def _goes_on(self) -> bool:
        """Say whether something may still be read or accepted."""
        under_way = len(self._open) > len(self._waiting)
        return not self._terms.stopping and (not self._whole or under_way)

    # Counting

    def _enter(self, finished: Finished) -> ChunkOutcome[Any]:
        """Count a piece: from here on its records are in the report, and in the journal."""
        piece, state = finished.piece, finished.state
        outcome = ChunkOutcome(
            piece.indexes,
            state,
            piece.rejections,
            piece.attempts,
            finished.answer,
            self._plan.batch.parse,
        )
        receipt = self._receipt(finished)
        self._ledger.enter(outcome)
        self._ledger.explain(finished.doubt)
        self._plan.session.watch.finished(outcome)
        self._ledger.receipts += finished.receipts if receipt is None else (receipt,)
        self._changed.set()
        if finished.late:
            self._why = self._why or "deadline"
        if not finished.known:
            self._plan.journal.finished(piece, state, receipt)
        return outcome

    def _receipt(self, finished: Finished) -> Receipt | None:
        """Return what was given for the records of a piece, if they were accepted now."""
        piece = finished.piece
        if finished.known or finished.state != "accepted" or not piece.positions:
            return None
        last = piece.attempts[-1] if piece.attempts else None
        answered = last.seconds if last and finished.answer else 0.0
        return Receipt(
            shifted(piece.positions, piece.chunk.start),
            last.at + answered if last else None,
            uids_in(finished.answer, self._plan.batch.identifier, len(piece)),
        )

    async def _tell(self, outcome: ChunkOutcome[Any]) -> None:
        """Report a finished piece to the callback and to the loop."""
        if self._plan.progress is not None:
            self._plan.progress(self._ledger.snapshot(self._requests, self._seconds()))
        if self._emit is not None:
            await self._emit(outcome)


@contextlib.asynccontextmanager
async def _iterating(records: Any) -> AsyncIterator[Any]:
    """Iterate, and close a generator at the end: the loop would do it later, in another task."""
    iterator = aiter(records) if isinstance(records, AsyncIterable) else iter(records)
    try:
        yield iterator
    finally:
        if inspect.isasyncgen(iterator):
            await iterator.aclose()
        elif inspect.isgenerator(iterator):
            iterator.close()


def attach(report: UploadReport, error: BaseException) -> None:
    """Let an error that ends an upload carry its report."""
    with contextlib.suppress(AttributeError):
        error.report = report  # type: ignore[attr-defined]
    error.add_note(f"The upload ended early: {report}")
