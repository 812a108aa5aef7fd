"""What `upload` returns: await it for the report, or iterate over it for each chunk."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..errors import ConfigurationError
from ..frames import no_locals
from ..session import cancel_once, until_gone
from .engine import Engine, attach
from .report import ChunkOutcome, UploadReport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator
    from typing import Self

    from .plan import Plan

SavedT = TypeVar("SavedT")


class Upload(Generic[SavedT]):
    """An upload. It starts when you await it or iterate over it, which you can do once.

    Example:
        >>> report = await competences.upload(records)  # doctest: +SKIP
        >>> async for chunk in competences.upload(records):  # doctest: +SKIP
        ...     print(chunk.state, len(chunk.indexes))

    Leaving the loop early ends the upload. With `async with`, the upload has ended when the block
    ends.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._engine: Engine | None = None
        self._task: asyncio.Task[None] | None = None
        self._channel: _Channel[SavedT] | None = None

    def __repr__(self) -> str:
        return f"<Upload: {self.report if self._engine else 'not begun'}>"

    @property
    def report(self) -> UploadReport:
        """The report so far; after the upload ended, the final report, however it ended."""
        return self._engine.report() if self._engine else UploadReport()

    def __await__(self) -> Generator[Any, None, UploadReport]:
        return self._wait().__await__()

    async def _wait(self) -> UploadReport:
        with no_locals:
            task = self._task or self._begin()
            if self._channel is not None:
                self._channel.abandon()
            try:
                if not _was_closed(task):
                    await _ended(task, self._engine)
            except asyncio.CancelledError as error:
                attach(self.report, error)
                raise
            return self.report

    def __aiter__(self) -> AsyncIterator[ChunkOutcome[SavedT]]:
        """Yield what became of each chunk, or part of one, as it is finished."""
        if self._task is not None:
            raise ConfigurationError("An upload can be iterated over only once. Call upload again.")
        self._channel = _Channel[SavedT](self._plan.concurrency)
        task = self._begin(self._channel)
        return _Outcomes(self._channel, task, self._engine)

    def _begin(self, channel: _Channel[SavedT] | None = None) -> asyncio.Task[None]:
        self._engine = Engine(self._plan, channel.put if channel else None)
        self._task = task = asyncio.create_task(self._run(self._engine), name="sdir upload")
        task.add_done_callback(channel.end if channel else _look)
        self._plan.session.own(task)
        return task

    async def _run(self, engine: Engine) -> None:
        plan = self._plan
        plan.session.enter()
        with plan.session.watch.upload(plan.document, plan.batch.operation, engine.report):
            await engine.run()

    async def aclose(self) -> None:
        """End the upload now. Records that were being sent are in doubt."""
        with no_locals:
            if self._task is not None:
                cancel_once(self._task)
                await asyncio.wait([self._task])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


async def _ended(task: asyncio.Task[None], engine: Engine | None) -> None:
    """Wait for the end of an upload. If the wait is cancelled, so is the upload, once.

    Raises:
        BaseException: What ended the upload early.
    """
    try:
        await until_gone([task])
    except asyncio.CancelledError:
        _look(task)
        raise
    if _was_closed(task):
        closed = ConfigurationError("The upload ended because it or its Sdir was closed.")
        if engine is not None:
            attach(engine.report(), closed)
        raise closed
    task.result()


def _was_closed(task: asyncio.Task[None]) -> bool:
    """Say whether somebody ended the upload; code of the user's may also have cancelled it."""
    return task.done() and task.cancelled() and task.cancelling() > 0


def _look(task: asyncio.Task[None]) -> None:
    """Look at the task's error, so that nobody else has to."""
    if not task.cancelled():
        task.exception()


class _Channel(Generic[SavedT]):
    """Carries outcomes from the task of an upload to a loop, and makes it wait for a slow one."""

    def __init__(self, room: int) -> None:
        self.queue: asyncio.Queue[ChunkOutcome[SavedT] | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(room)
        self._abandoned = False

    async def put(self, outcome: ChunkOutcome[Any]) -> None:
        """Hand over an outcome; wait while the loop is that much behind."""
        await self._room.acquire()
        if self._abandoned:
            self._room.release()  # for the next one that waits
        else:
            self.queue.put_nowait(outcome)

    async def get(self) -> ChunkOutcome[SavedT] | None:
        """Return the next outcome, `None` after the last."""
        outcome = await self.queue.get()
        if outcome is None:
            self.queue.put_nowait(None)
        else:
            self._room.release()
        return outcome

    def abandon(self) -> None:
        """Nobody takes outcomes any more: let the upload run on."""
        self._abandoned = True
        self._room.release()

    def end(self, task: asyncio.Task[None]) -> None:
        """Nothing more comes."""
        _look(task)
        self.queue.put_nowait(None)


class _Outcomes(Generic[SavedT]):
    """Iterates over the outcomes; when it is dropped before the end, the upload is cancelled."""

    def __init__(
        self, channel: _Channel[SavedT], task: asyncio.Task[None], engine: Engine | None
    ) -> None:
        self._channel = channel
        self._task = task
        self._engine = engine

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ChunkOutcome[SavedT]:
        with no_locals:
            outcome = await self._channel.get()
            if outcome is not None:
                return outcome
            await _ended(self._task, self._engine)
        raise StopAsyncIteration

    def __del__(self) -> None:
        if not self._task.done() and not self._task.get_loop().is_closed():
            self._task.get_loop().call_soon_threadsafe(cancel_once, self._task)
