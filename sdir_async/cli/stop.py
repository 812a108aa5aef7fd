"""Ctrl-C: the first one stops an upload cleanly, the second one ends the process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, TypeVar

from .trouble import Exit
from .words import say

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from concurrent.futures import Executor

    from ..upload.upload import Upload

T = TypeVar("T")

_AT_ONCE = 500
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(Exception):
    """The upload was asked to stop."""


class Stop:
    """Whether the command was asked to stop. Make it in the event loop that it stops."""

    def __init__(self, grace: float) -> None:
        self.asked = asyncio.Event()
        self._heard = False
        self._grace = grace
        self._loop = asyncio.get_running_loop()
        self._ending: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Handle Ctrl-C and SIGTERM while the block runs."""
        before = {number: signal.signal(number, self._hear) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hear(self, *_: object) -> None:
        if self._heard:
            _say(say("stopped immediately. Run the same command again to continue."))
            os._exit(Exit.INTERRUPTED)
        self._heard = True
        _say(
            say("stopping after the requests in progress; press Ctrl-C again to stop immediately.")
        )
        self._loop.call_soon_threadsafe(self.asked.set)

    @contextlib.asynccontextmanager
    async def ending(self, upload: Upload[Any]) -> AsyncIterator[None]:
        """Cancel an upload if its requests take longer than `grace` after it was asked to stop."""
        task = asyncio.create_task(self._end(upload))
        try:
            yield
        finally:
            task.cancel()

    async def _end(self, upload: Upload[Any]) -> None:
        await self.asked.wait()
        await asyncio.sleep(self._grace)
        await upload.aclose()


def _say(text: str) -> None:
    """Write to standard error from a signal handler, which may have interrupted another write."""
    with contextlib.suppress(OSError):
        os.write(sys.stderr.fileno(), f"\nsdir: {text}\n".encode())


async def pump(
    records: Iterator[T], asked: asyncio.Future[Any], executor: Executor
) -> AsyncIterator[T]:
    """Yield records that another thread reads, so that a slow input does not block the loop.

    Raises:
        Stopped: It was asked to stop: `asked` is done.
    """
    loop = asyncio.get_running_loop()
    try:
        while True:
            some = loop.run_in_executor(executor, _take, records)
            either: set[asyncio.Future[Any]] = {some, asked}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if asked.done():
                raise Stopped
            found, error = some.result()
            for record in found:
                if asked.done():
                    raise Stopped
                yield record
            if error is not None:
                raise error
            if len(found) < _AT_ONCE:
                return
    finally:
        asked.cancel()


def _take(records: Iterator[T]) -> tuple[list[T], Exception | None]:
    """Return the next records, and what went wrong after them."""
    found: list[T] = []
    try:
        for record in records:
            found.append(record)
            if len(found) == _AT_ONCE:
                break
    except Exception as error:  # noqa: BLE001  raised after what was read before it
        return found, error
    return found, None
