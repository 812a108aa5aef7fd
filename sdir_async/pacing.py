"""How many requests at once, how fast, and when to wait: shared by all calls of one `Sdir`."""

from __future__ import annotations

import asyncio
import math
from typing import Final

from .loops import PerLoop

_MARGIN: Final = 0.05
"""So much less than what was refused is sent: calls sent evenly arrive unevenly."""
_KNOWN: Final = (30.0, 3.0)
"""Seconds until a refused rate is tried again, and those in which the margin then doubles. Trying
costs a pause, mostly of a second: 3 %. A limit that doubled is found in 43 s, a lifted one in 56 s.
"""
_GUESSED: Final = (2.0, 1.0)
"""The same where few calls were let in: others may have used it up. Fourfold is found in 8 s."""
_FEW: Final = 10  # calls
_CUT: Final = 0.7
"""A refusal soon after a pause cuts the rate to no less than this part: it may be chance."""
_FORGOTTEN: Final = 20.0
"""A rate that grew so many times without a refusal is no limit any more."""
_IDLE: Final = 10.0
"""After so many seconds without a start, what was counted before says nothing any more."""
_LATE: Final = 0.02
"""Seconds that a start may come late without delaying those after it, since timers and a busy loop
are late: less than the margin leaves free in a second."""


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
        self._gate = PerLoop(_Gate)
        self._rate = _Rate()
        self._last_start = -math.inf
        self._paused_until = -math.inf
        self._slowed_at = -math.inf

    async def __aenter__(self) -> float:
        """Wait for a place, in the order of asking; return the time of the start."""
        gate = self._gate.get()
        async with gate.line:
            while gate.in_flight >= max(1.0, self._limit):
                gate.freed.clear()
                await gate.freed.wait()
            while (wait := self._wait()) > 0.0:  # noqa: ASYNC110
                await asyncio.sleep(wait)
            gate.in_flight += 1
            return self._start()

    def _wait(self) -> float:
        """Return how long to wait before looking again: meanwhile the rate may have grown."""
        now = _now()
        wait = max(self._paused_until, self._last_start + 1 / self._rate.at(now)) - now
        return min(wait, 1.0) if wait > 1e-4 else 0.0

    def _start(self) -> float:
        """Count a start; that it comes a little late does not delay those after it."""
        now = _now()
        self._last_start = max(self._last_start + 1 / self._rate.at(now), now - _LATE)
        self._rate.started(now)
        return now

    async def __aexit__(self, *_: object) -> None:
        gate = self._gate.get()
        gate.in_flight -= 1
        gate.freed.set()

    def succeeded(self) -> None:
        """An answer came: allow a little more."""
        self.successes += 1
        self._rate.successes += 1
        self._limit += 1.0 if self._limit < self._last_limit else 1 / self._limit
        self._gate.get().freed.set()

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
            self._limit = self._last_limit = max(
                1.0, min(self._limit, self._gate.get().in_flight + 1) / 2
            )

    def turned_away(self, started: float, seconds: float) -> None:
        """The server said no to a request that started then, and to wait: do, and send slower."""
        self._paused_until = max(self._paused_until, _now() + seconds)
        if started >= self._slowed_at:
            self.congested(started)
            self._rate.turned_away(_now(), seconds)


class _Gate:
    """The line of those who wait, and how many are on their way: it belongs to one event loop."""

    def __init__(self) -> None:
        self.line = asyncio.Lock()
        self.freed = asyncio.Event()
        self.in_flight = 0


class _Rate:
    """How many requests a second: no limit until one is turned away.

    Then what was let in is counted, over the time that it took and the pause that was asked for:
    together they are the limiter's window, rounded up by a second. A rate that lasted much longer
    than the pause is itself the one refused. From then on a little less is sent, and later tried.
    """

    def __init__(self) -> None:
        self.successes = 0
        self._begun = self._last_start = -math.inf
        self._news: tuple[float, float, float] | None = None
        self._refused = math.inf
        self._since = 0.0
        self._growth = _KNOWN

    def at(self, now: float) -> float:
        """Return the rate that is right at this time."""
        if self._refused == math.inf:
            return math.inf
        trusted, doubling = self._growth
        grown = 2 ** min((now - self._since - trusted) / doubling, 10.0)
        return self._refused * (1 - _MARGIN + _MARGIN * grown)

    def turned_away(self, now: float, wait: float) -> None:
        """Note which rate was refused, how long it had been taken, and the pause asked for."""
        if self._news is None:
            self._news = self.at(now), now - self._begun, wait

    def started(self, now: float) -> None:
        """Count a start; the first one after being turned away begins anew."""
        if self._news:
            self._learn(now, *self._news)
        forgotten = self.at(now) > _FORGOTTEN * self._refused
        if forgotten:
            self._refused = math.inf
        if self._news or forgotten or now - self._last_start > _IDLE:
            self._news, self._begun, self.successes = None, now, 0
        self._last_start = now

    def _learn(self, now: float, rate: float, lasted: float, wait: float) -> None:
        counted = max(1, self.successes) / max(1.0, lasted + wait - 1.0)
        if rate < math.inf:
            counted = rate if lasted >= 3 * wait else max(_CUT * rate, min(counted, rate))
        self._refused = counted
        self._since = now
        self._growth = _GUESSED if rate == math.inf and self.successes < _FEW else _KNOWN


def _now() -> float:
    return asyncio.get_running_loop().time()
