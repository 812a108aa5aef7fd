"""What `upload` returns: await it for the report, or iterate over it for each chunk."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..errors import ConfigurationError
from ..session import cancel_once
from .engine import Run
from .report import ChunkOutcome, UploadReport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator
    from types import TracebackType
    from typing import Self

    from .plan import Plan

SavedT = TypeVar("SavedT")


class Upload(Generic[SavedT]):
    """An upload: nothing is read or sent before it is awaited or iterated over, once.

    Example:
        >>> report = await competences.upload(records)  # doctest: +SKIP
        >>> async for chunk in competences.upload(records):  # doctest: +SKIP
        ...     print(chunk.state, len(chunk.indexes))

    Leaving the loop early ends the upload; `async with` makes sure that nothing of it is left when
    the block is.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._run: Run | None = None
        self._task: asyncio.Task[None] | None = None
        self._channel: _Channel[SavedT] | None = None

    def __repr__(self) -> str:
        return f"<Upload: {self._run.report() if self._run else 'not begun'}>"

    @property
    def report(self) -> UploadReport:
        """What has become of the records by now, or by its end, however it ended."""
        return self._run.report() if self._run else UploadReport()

    def __await__(self) -> Generator[Any, None, UploadReport]:
        return self._wait().__await__()

    async def _wait(self) -> UploadReport:
        if self._run is None:
            self._run = Run(self._plan)
            await self._run.run()
        elif self._task is not None:
            await self._rest(self._task)
        elif not self._run.ended:
            raise RuntimeError("this Upload is being awaited already")
        failure = self._run.failure
        if failure is not None and not isinstance(failure, asyncio.CancelledError):
            raise failure
        return self._run.report()

    async def _rest(self, task: asyncio.Task[None]) -> None:
        """Wait for the end, whether or not somebody still takes the outcomes."""
        if self._channel is not None:
            self._channel.abandon()
        await asyncio.wait([task])

    def __aiter__(self) -> AsyncIterator[ChunkOutcome[SavedT]]:
        """Yield what became of each chunk, or part of one, as it settles."""
        if self._run is not None:
            raise RuntimeError("an Upload can be iterated over once; make another one")
        self._channel = _Channel[SavedT](self._plan.concurrency)
        self._run = Run(self._plan, self._channel.put)
        self._task = asyncio.create_task(self._run.run(), name="sdir upload")
        self._task.add_done_callback(self._channel.end)
        self._plan.session.own(self._task)
        return _Outcomes(self._channel, self._task)

    async def aclose(self) -> None:
        """End the upload now; what was on its way is in doubt. The report says so."""
        if self._task is not None:
            cancel_once(self._task)
            await asyncio.wait([self._task])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


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
        """Nothing more comes. The task's error is looked at, so that nobody has to."""
        if not task.cancelled():
            task.exception()
        self.queue.put_nowait(None)


class _Outcomes(Generic[SavedT]):
    """Iterates over the outcomes; when it is dropped before the end, the upload is cancelled."""

    def __init__(self, channel: _Channel[SavedT], task: asyncio.Task[None]) -> None:
        self._channel = channel
        self._task = task

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ChunkOutcome[SavedT]:
        outcome = await self._channel.get()
        if outcome is not None:
            return outcome
        if self._task.cancelled():
            raise ConfigurationError("The upload was ended, since it or its Sdir was closed.")
        await self._task
        raise StopAsyncIteration

    def __del__(self) -> None:
        if not self._task.done() and not self._task.get_loop().is_closed():
            self._task.get_loop().call_soon_threadsafe(cancel_once, self._task)
