"""An event loop whose clock jumps to the next timer whenever there is nothing else to do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

import pytest

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Hours of waiting take no time; what happens, and in which order, stays the same.

    The clock stands still while a thread works for the loop, as a journal's does: a slow thread
    would let a deadline pass.
    """

    def __init__(self) -> None:
        super().__init__()
        self._virtual_now = 0.0
        self._in_threads = 0

    def time(self) -> float:
        return self._virtual_now

    def _run_once(self) -> None:
        timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        if timers and not self._ready and not self._in_threads:  # type: ignore[attr-defined]
            self._jump(timers)
        super()._run_once()  # type: ignore[misc]

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self._in_threads += 1
        future.add_done_callback(self._left_thread)
        return future

    def _left_thread(self, _: object) -> None:
        self._in_threads -= 1

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


def passes(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the clock of the running loop, a real one, forward."""
    loop = asyncio.get_running_loop()
    now = loop.time
    monkeypatch.setattr(loop, "time", lambda: now() + seconds)
