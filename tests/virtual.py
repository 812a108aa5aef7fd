"""An event loop whose clock jumps to the next timer whenever there is nothing else to do."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Hours of waiting take no time; what happens, and in which order, stays the same."""

    def __init__(self) -> None:
        super().__init__()
        self._virtual_now = 0.0

    def time(self) -> float:
        return self._virtual_now

    def _run_once(self) -> None:
        timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        if timers and not self._ready:  # type: ignore[attr-defined]
            self._jump(timers)
        super()._run_once()  # type: ignore[misc]

    def _jump(self, timers: list[asyncio.TimerHandle]) -> None:
        """Look at all timers only if the first was cancelled: there may be thousands."""
        due: asyncio.TimerHandle | None = timers[0]
        if timers[0].cancelled():
            due = min((timer for timer in timers if not timer.cancelled()), default=None)
        if due is not None:
            self._virtual_now = max(self._virtual_now, due.when())


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a loop with virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
