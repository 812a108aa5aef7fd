"""What `upload` returns: await it for the report, or iterate over it for each chunk."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..errors import ConfigurationError
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
            await asyncio.wait([self._task])
            if not self._task.cancelled():
                self._task.result()
        elif not self._run.ended:
            raise RuntimeError("this Upload is being awaited already")
        return self._run.report()

    def __aiter__(self) -> AsyncIterator[ChunkOutcome[SavedT]]:
        """Yield what became of each chunk, or part of one, as it settles."""
        if self._run is not None:
            raise RuntimeError("an Upload can be iterated over once; make another one")
        outcomes = _Outcomes[SavedT](self._plan.concurrency)
        self._run = Run(self._plan, outcomes.put)
        self._task = asyncio.create_task(self._run.run(), name="sdir upload")
        self._plan.session.own(self._task)
        outcomes.follow(self._task)
        return outcomes

    async def aclose(self) -> None:
        """End the upload now; what was on its way is in doubt. The report says so."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
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


class _Outcomes(Generic[SavedT]):
    """Hands outcomes from the task of an upload to a loop; when dropped, it cancels the task."""

    def __init__(self, room: int) -> None:
        self._queue: asyncio.Queue[ChunkOutcome[SavedT] | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(room)
        self._task: asyncio.Task[None] | None = None

    def follow(self, task: asyncio.Task[None]) -> None:
        """End when the task ends."""
        queue, self._task = self._queue, task
        task.add_done_callback(lambda _: queue.put_nowait(None))

    async def put(self, outcome: ChunkOutcome[Any]) -> None:
        """Hand over an outcome; wait while the loop is that much behind."""
        await self._room.acquire()
        self._queue.put_nowait(outcome)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ChunkOutcome[SavedT]:
        outcome = await self._queue.get()
        if outcome is not None:
            self._room.release()
            return outcome
        self._queue.put_nowait(None)
        if self._task is not None and self._task.cancelled():
            raise ConfigurationError("The upload was ended, since it or its Sdir was closed.")
        if self._task is not None:
            await self._task
        raise StopAsyncIteration

    def __del__(self) -> None:
        if self._task is not None and not self._task.done():
            self._task.get_loop().call_soon_threadsafe(self._task.cancel)
