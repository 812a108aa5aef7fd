"""One pace for all processes of an account: what a server tells one of them holds for all."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import math
from collections import deque
from typing import TYPE_CHECKING, Final, Protocol

from attrs import Factory, define

from .loops import PerLoop, loop_time
from .pacing import LATE, Pacer, Rate

if TYPE_CHECKING:
    from typing import Self

logger = logging.getLogger("sdir_async")

_BLOCK: Final = 0.15
"""Seconds of starts that are reserved together, and the most that a worker wastes when it dies."""
_MOST: Final = 16
"""Starts reserved together where no limit is known."""
_STALE: Final = 0.25
"""Seconds after which a start that was not used is given up: others have started since."""
_SAME: Final = 0.05
"""Seconds: a pause that ends less than this much later is the same one."""
_EARLIER: Final = 0.002
"""Seconds by which two processes may see the same moment differently."""
_SOON: Final = 1e-4
"""Seconds that are not worth a timer."""
_ALONE: Final = 10.0
"""Seconds with a pace of our own until the store is tried again."""


@define
class Schedule:
    """When the requests of an account start, as a value. All times are by one clock.

    Attributes:
        rate: What was learnt of the limit.
        next: When the next start is free.
        paused: Until when nothing starts.
        pauses: How often the starts that were reserved became void.
    """

    rate: Rate = Factory(Rate)
    next: float = -math.inf
    paused: float = -math.inf
    pauses: int = 0

    @classmethod
    def of(cls, state: bytes) -> Self:
        """Return the schedule that was written as this state; `b""` is a new one."""
        if not state:
            return cls()
        rate, *others = json.loads(state)
        return cls(Rate.of_state(rate), *others)

    def state(self) -> bytes:
        """Return the schedule as bytes for the store."""
        return json.dumps([self.rate.state(), self.next, self.paused, self.pauses]).encode()

    def reserve(self, now: float, most: float) -> list[float]:
        """Return the next free starts: none in a pause, else at least one and at most `most`."""
        if self.paused > now:
            return []
        due, starts = max(self.next, now), list[float]()
        while not starts or len(starts) + 1 <= min(most, _MOST, self.rate.at(due) * _BLOCK):
            self.rate.started(due)
            starts.append(due)
            due += 1 / self.rate.at(due)
        self.next = due
        return starts

    def came_late(self, due: float, at: float) -> None:
        """Delay what follows a start that came late: a limiter counts when requests come."""
        self.next = max(self.next, at - LATE + self.rate.since(due) / self.rate.at(self.next))

    def pause(self, now: float, until: float) -> None:
        """Start nothing until then; what was reserved is void."""
        if until > self.paused + _SAME:
            self.rate.withdraw(now + _SAME)
            self.next = self.paused = until
            self.pauses += 1


class PaceStore(Protocol):
    """Keeps the schedule of an account for all of its processes."""

    name: str
    """Its name in messages."""

    async def read(self) -> tuple[int, bytes, float]:
        """Return the version of the state, the state, and the time by the store's clock.

        Raises:
            StoreLost: It can't be reached.
        """
        ...

    async def write(self, version: int, state: bytes) -> bool:
        """Write the next version; `False` if another process was quicker.

        Raises:
            StoreLost: It can't be reached.
        """
        ...

    async def aclose(self) -> None:
        """Close its session; it opens another one when it is needed."""
        ...


class StoreLost(Exception):
    """The store can't be reached. The message says why."""


class SharedPacer(Pacer):
    """A pacer whose rate and pauses are those of all processes of an account.

    In its line, a call waits for a start that was reserved for it in the store, with a few more for
    those behind it. Before a start that was reserved a while ago, it asks again: a pause may have
    made it void. It tells the store which starts came late or were not used. How many are on their
    way at once, each process learns for itself. Without the store, each has a pace of its own.
    """

    def __init__(self, store: PaceStore) -> None:
        super().__init__()
        self._store = store
        self._waiting = 0
        self._starts: deque[float] = deque()
        self._pauses = 0
        self._looked = self._alone_until = -math.inf
        self._ahead = -math.inf
        self._late: list[tuple[float, float]] = []
        self._unused: list[float] = []
        self._news: list[tuple[float | None, float, float]] = []
        self._told = PerLoop(asyncio.Event)

    async def __aenter__(self) -> float:
        """Wait for a place, in the order of asking; return the time of the start."""
        self._waiting += 1
        try:
            return await super().__aenter__()
        finally:
            self._waiting -= 1

    def pause(self, seconds: float) -> None:
        """Start nothing for this many seconds, in any process."""
        super().pause(seconds)
        self._tell(None, seconds)

    def turned_away(self, started: float, seconds: float) -> None:
        """Make all processes wait, since the server told a request that started then to wait."""
        if self._is_alone():
            super().turned_away(started, seconds)
        else:
            super().turned_away(started, 0.0)
            self._paused_until = max(self._paused_until, loop_time() + seconds)
            self._tell(started, seconds)

    async def aclose(self) -> None:
        """Close the session with the store; another one is opened when it is needed."""
        await self._store.aclose()

    def _tell(self, started: float | None, seconds: float) -> None:
        if seconds > 0 and not self._is_alone():
            self._news.append((started, loop_time() + seconds, seconds))
            self._told.get().set()

    def _is_alone(self) -> bool:
        return loop_time() < self._alone_until

    async def _turn(self) -> float:
        while not self._is_alone():
            try:
                if (start := await self._shared()) is not None:
                    return start
            except StoreLost as error:
                self._go_alone(error)
        return await super()._turn()

    def _go_alone(self, error: StoreLost) -> None:
        logger.warning(
            "%s can't be used: %s. For %g seconds this process has a pace of its own, so more calls"
            " may be turned away.",
            self._store.name,
            error,
            _ALONE,
        )
        for told in (self._starts, self._news, self._late, self._unused):
            told.clear()
        self._alone_until = loop_time() + _ALONE

    async def _shared(self) -> float | None:
        """Return the next start when its time has come; `None`: look again."""
        now = loop_time()
        due = self._starts[0] - self._ahead if self._starts else now
        if due < now - _STALE:
            self._unused.append(self._starts.popleft())
        elif self._news or self._unused or not (self._starts or self._paused_until > now + _SOON):
            await self._update()
        elif (wait := max(self._paused_until, due) - now) > _SOON:
            await self._sleep(wait)
        elif now - self._looked > _BLOCK:
            await self._look()
        else:
            if now - due > LATE:
                self._late.append((self._starts[0], now + self._ahead))
            self._starts.popleft()
            return due
        return None

    async def _sleep(self, seconds: float) -> None:
        """Sleep, unless the server tells something meanwhile."""
        told = self._told.get()
        told.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await told.wait()

    async def _look(self) -> None:
        """See whether what we reserved still holds."""
        self._learn((await self._read())[1])

    async def _update(self) -> None:
        """Tell what the server told us and which starts came late, and reserve more."""
        news, late, unused = self._news.copy(), self._late.copy(), self._unused.copy()
        while True:
            version, schedule = await self._read()
            ahead, now = self._ahead, loop_time() + self._ahead
            for due in unused:
                schedule.rate.unused(due)
            for started, until, seconds in news:
                schedule.pause(now, until + ahead)
                if started is not None:
                    schedule.rate.turned_away(started + ahead - _EARLIER, seconds)
            for due, at in late:
                schedule.came_late(due, at)
            starts = [] if self._starts else schedule.reserve(now, self._places())
            if await self._store.write(version, schedule.state()):
                break
        del self._news[: len(news)], self._late[: len(late)], self._unused[: len(unused)]
        self._learn(schedule)
        self._starts.extend(starts)

    def _places(self) -> float:
        """Return how many calls could start now, if their time had come."""
        return min(self._waiting, self._limit - self._gate.get().in_flight)

    async def _read(self) -> tuple[int, Schedule]:
        """Return the version of the schedule and the schedule, and compare the clocks.

        How far the store's clock is ahead stays as it was, if this answer allows that: most
        answers take longer than the quickest so far, and say less.
        """
        asked = loop_time()
        version, state, there = await self._store.read()
        self._looked = loop_time()
        self._ahead = min(max(self._ahead, there - self._looked), there - asked)
        return version, Schedule.of(state)

    def _learn(self, schedule: Schedule) -> None:
        if schedule.pauses != self._pauses:
            self._unused.extend(self._starts)
            self._starts.clear()
            self._pauses = schedule.pauses
        self._paused_until = max(self._paused_until, schedule.paused - self._ahead)
