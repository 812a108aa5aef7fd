"""How many requests at once, how fast, and when to wait: shared by all calls of one `Sdir`."""

from __future__ import annotations

import asyncio
import math
from typing import Final

_PLATEAU: Final = 15.0
"""Seconds after which a rate that was cut stands midway between what was taken and refused."""
_MEMORY: Final = 0.95
"""What was known of a rate counts this much less with each time that the server refuses one."""
_IDLE: Final = 10.0
"""After so many seconds without a start, what was counted before says nothing any more."""
_BLINK: Final = 0.001
"""Seconds; timers are no finer, and no time measured is taken as shorter."""


class Pacer:
    """Lets requests start, one `async with pacer:` each.

    Nothing is limited until the server turns a request away or a request is lost. Then the number
    of requests at once is halved, and grows by one for each round that succeeds. A server that
    turns requests away is also sent fewer per second. Requests that the gateway turned away count
    against its limit too, so waiting is cheaper than asking.
    """

    def __init__(self) -> None:
        self.successes = 0
        self._limit = self._last_limit = math.inf
        self._in_flight = 0
        self._line = asyncio.Lock()
        self._freed = asyncio.Event()
        self._rate = _Rate()
        self._last_start = -math.inf
        self._paused_until = -math.inf
        self._slowed_at = -math.inf

    async def __aenter__(self) -> float:
        """Wait for a place, in the order of asking; return the time of the start."""
        async with self._line:
            while self._in_flight >= max(1.0, self._limit):
                self._freed.clear()
                await self._freed.wait()
            while (wait := self._wait()) > 0.0:  # noqa: ASYNC110
                await asyncio.sleep(wait)
            self._in_flight += 1
            return self._start()

    def _wait(self) -> float:
        """Return how long to wait before looking again: meanwhile the rate may have grown."""
        now = _now()
        wait = max(self._paused_until, self._last_start + 1 / self._rate.at(now)) - now
        return min(wait, 1.0) if wait > _BLINK / 10 else 0.0

    def _start(self) -> float:
        """Count a start; that it comes a little late does not delay those after it."""
        now = _now()
        self._last_start = max(self._last_start + 1 / self._rate.at(now), now - _BLINK)
        self._rate.started(now)
        return now

    async def __aexit__(self, *_: object) -> None:
        self._in_flight -= 1
        self._freed.set()

    def succeeded(self) -> None:
        """An answer came: allow a little more."""
        self.successes += 1
        self._rate.successes += 1
        self._limit += 1.0 if self._limit < self._last_limit else 1 / self._limit
        self._freed.set()

    def pause(self, seconds: float) -> None:
        """Start nothing for this many seconds; then one, and more as they succeed."""
        self._paused_until = max(self._paused_until, _now() + seconds)
        self._last_limit = max(self._last_limit, self._limit)
        self._limit = 1.0

    def congested(self, started: float) -> None:
        """A request that started then was lost or turned away: half as many at once.

        What was in flight together counts as one event.
        """
        if started >= self._slowed_at:
            self._slowed_at = _now()
            self._limit = self._last_limit = max(1.0, min(self._limit, self._in_flight + 1) / 2)

    def turned_away(self, started: float, seconds: float) -> None:
        """The server said no to a request that started then, and to wait: do, and send slower."""
        self._paused_until = max(self._paused_until, _now() + seconds)
        if started >= self._slowed_at:
            self.congested(started)
            self._rate.turned_away(_now())


class _Rate:
    """How many requests a second: no limit until one is turned away.

    From then on it lies between the rate that the server took and the one that it refused. Each may
    be far off: a server that allows bursts took more than it will, and a pause in whole seconds
    makes it look slower than it is. So the rate starts at their geometric mean, and grows along a
    cubic: slowly between the two, then fast, so that no mistake and no change of limit lasts long.
    """

    def __init__(self) -> None:
        self.successes = 0
        self._starts = 0
        self._begun = self._last_start = -math.inf
        self._refused: float | None = None
        self._taken = 0.0
        self._low = self._high = math.inf
        self._since = 0.0

    def at(self, now: float) -> float:
        """Return the rate that is right at this time."""
        if self._high == math.inf:
            return math.inf
        middle = (self._low + self._high) / 2
        return middle + (middle - self._low) * (max(0.0, now - self._since) / _PLATEAU - 1) ** 3

    def turned_away(self, now: float) -> None:
        """Remember which rate was refused: no burst counts for much more than what was sent."""
        if self._refused is None:
            sent = self._starts / max(now - self._begun, _BLINK)
            self._refused = min(self.at(now), 1.5 * sent)

    def started(self, now: float) -> None:
        """Count a start; the first one after being turned away begins anew."""
        if self._refused is not None:
            self._learn(now, self._refused)
        if self._refused is not None or now - self._last_start > _IDLE:
            self._refused, self._begun, self._starts, self.successes = None, now, 0, 0
        self._last_start = now
        self._starts += 1

    def _learn(self, now: float, refused: float) -> None:
        taken = max(1, self.successes) / max(now - self._begun, _BLINK)
        self._taken = max(taken, _MEMORY * self._taken)
        self._low = min(math.sqrt(self._taken * refused), _MEMORY * refused)
        self._high, self._since = refused, now


def _now() -> float:
    return asyncio.get_running_loop().time()
