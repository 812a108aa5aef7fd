"""How many requests at once, how fast, and when to wait: shared by all calls of one `Sdir`."""

from __future__ import annotations

import asyncio
import math
from typing import Final

_KEEP: Final = 0.95
"""After being turned away: the share of the rate that the server was seen to take."""
_GROWTH: Final = 0.005
"""Per second without being turned away, the rate grows by this share."""


class Pacer:
    """Lets requests start, one `async with pacer:` each.

    Nothing is limited until the server turns a request away or a request times out. Then the number
    of requests at once is halved, and grows by one for each round that succeeds. A server that
    turns requests away is also sent no more per second than it was seen to take, growing slowly.
    Requests that the gateway turned away count against its limit too, so waiting is cheaper than
    asking.
    """

    def __init__(self) -> None:
        self.successes = 0
        self._limit = math.inf
        self._in_flight = 0
        self._line = asyncio.Lock()
        self._freed = asyncio.Event()
        self._paused_until = 0.0
        self._rate = math.inf
        self._next_start = 0.0
        self._cycle_start: float | None = None
        self._cycle_successes = 0
        self._slowed_at = -math.inf
        self._last_success = 0.0

    async def __aenter__(self) -> float:
        """Wait for a place, in the order of asking; return the time of the start."""
        async with self._line:
            while self._in_flight >= max(1.0, self._limit):
                self._freed.clear()
                await self._freed.wait()
            loop = asyncio.get_running_loop()
            while (wait := max(self._paused_until, self._next_start) - loop.time()) > 0:  # noqa: ASYNC110
                await asyncio.sleep(wait)
            now = loop.time()
            self._next_start = max(now, self._next_start) + 1 / self._rate
            if self._cycle_start is None:
                self._cycle_start = now
            self._in_flight += 1
            return now

    async def __aexit__(self, *_: object) -> None:
        self._in_flight -= 1
        self._freed.set()

    def succeeded(self) -> None:
        """An answer came: allow a little more."""
        now = asyncio.get_running_loop().time()
        self.successes += 1
        self._cycle_successes += 1
        self._limit += 1 / self._limit
        self._rate *= 1 + _GROWTH * min(1.0, now - self._last_success)
        self._last_success = now
        self._freed.set()

    def pause(self, seconds: float) -> None:
        """Start nothing for this many seconds."""
        now = asyncio.get_running_loop().time()
        self._paused_until = max(self._paused_until, now + seconds)

    def congested(self, started: float) -> None:
        """A request that started then timed out or was turned away: half as many at once.

        What was in flight together counts as one event.
        """
        if started < self._slowed_at:
            return
        self._slowed_at = asyncio.get_running_loop().time()
        self._limit = max(1.0, min(self._limit, self._in_flight + 1) / 2)

    def turned_away(self, started: float, seconds: float) -> None:
        """The server said no to a request that started then, and to wait: do, and send slower."""
        self.pause(seconds)
        if started < self._slowed_at or self._cycle_start is None:
            return
        self.congested(started)
        cycle = self._paused_until - self._cycle_start
        if self._cycle_successes and cycle > 0:
            self._rate = max(_KEEP * self._cycle_successes / cycle, 1 / max(1.0, seconds))
        self._cycle_start, self._cycle_successes = None, 0
