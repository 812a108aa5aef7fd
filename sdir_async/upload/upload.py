"""What `upload` returns: await it for the report, or iterate over it for each chunk."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, TypeVar

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

    Leaving the loop early ends the upload as soon as the iterator is dropped; `async with` makes
    sure that it has ended when the block is left.
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
            await asyncio.shield(self._task)
        return self._run.report()

    async def __aiter__(self) -> AsyncIterator[ChunkOutcome[SavedT]]:
        """Yield what became of each chunk, or part of one, as it settles."""
        if self._run is not None:
            raise RuntimeError("an Upload can be iterated over once; make another one")
        outcomes: asyncio.Queue[ChunkOutcome[SavedT] | None] = asyncio.Queue()
        room = asyncio.Semaphore(self._plan.concurrency)

        async def emit(outcome: ChunkOutcome[Any]) -> None:
            await room.acquire()
            outcomes.put_nowait(outcome)

        self._run = Run(self._plan, emit)
        self._task = asyncio.create_task(self._run.run(), name="sdir upload")
        self._task.add_done_callback(lambda _: outcomes.put_nowait(None))
        running = self._plan.session.running
        running.add(self._task)
        self._task.add_done_callback(running.discard)
        try:
            while (outcome := await outcomes.get()) is not None:
                room.release()
                yield outcome
            await self._task
        finally:
            await self.aclose()

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
