"""How many requests at once, how fast, and when to wait: shared by all calls of one `Sdir`."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from typing import Any, Final

from attrs import asdict, define

from .loops import PerLoop, loop_time

_MARGIN: Final = 0.04
"""The share by which we stay below a rate that was refused: even starts arrive unevenly."""
_TRUSTED: Final = 30.0
"""Seconds until more than a known rate is tried. That costs a pause, mostly of a second: 3 %."""
_CONFIRMED: Final = 60.0
"""The same for a rate that was tried and refused again."""
_KNOWN: Final = (_TRUSTED, 3.0)
"""Seconds until more is tried, and those in which the margin then doubles. A limit that doubled
is found in 44 s, a lifted one in 60 s; half a minute later if it was confirmed."""
_GUESSED: Final = (1.0, 0.5)
"""The same where few calls were let in: others may have used it up, or it is a small bucket that
fills fast. Fourfold is found in 4 s."""
_UNEVEN: Final = (1.0, 1.0)
"""The same where calls came for longer than the pause: before the last second they may have been
few, as when processes start one after another, so the limit can be far above what was let in."""
_FEW: Final = 10  # calls
_ALIKE: Final = 2
"""How many refusals in a row must count the same limit."""
_DOUBTED: Final = 5
"""After this many contradictions in a row, what was known is forgotten."""
_HELD: Final = 15.0
"""A rate that held for this many seconds is certain."""
_FORGOTTEN: Final = 40.0
"""A rate that grew this many times without a refusal is not a limit any more."""
_IDLE: Final = 10.0
"""After this many seconds without a start, earlier counts say nothing any more."""
LATE: Final = 0.02
"""Seconds that a start may come late without delaying those after it, since timers and a busy loop
are late: less than the margin leaves free in a second."""

_REFUSALS: Final = ("_last", "_news")
_KEPT: Final = 64
"""Starts of which a state knows when they were: more than are on their way at a time."""


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
        self._rate = Rate()
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
            started = await self._turn()
            gate.in_flight += 1
            return started

    async def _turn(self) -> float:
        """Wait until the next request may start; return the time of the start."""
        while (wait := self._wait()) > 0.0:  # noqa: ASYNC110
            await asyncio.sleep(wait)
        return self._start()

    def _wait(self) -> float:
        """Return how long to wait before looking again: meanwhile the rate may have grown."""
        now = loop_time()
        wait = max(self._paused_until, self._last_start + 1 / self._rate.at(now)) - now
        return min(wait, 1.0) if wait > 1e-4 else 0.0

    def _start(self) -> float:
        """Count a start; that it comes a little late does not delay those after it."""
        now = loop_time()
        due = self._last_start + 1 / self._rate.at(now)
        self._last_start = due if now - due < LATE else now
        self._rate.started(now)
        return now

    async def __aexit__(self, *_: object) -> None:
        gate = self._gate.get()
        gate.in_flight -= 1
        gate.freed.set()

    def succeeded(self) -> None:
        """An answer came: allow a little more."""
        self.successes += 1
        self._limit += 1.0 if self._limit < self._last_limit else 1 / self._limit
        self._gate.get().freed.set()

    def pause(self, seconds: float) -> None:
        """Start nothing for this many seconds; then one, and more as they succeed."""
        self._paused_until = max(self._paused_until, loop_time() + seconds)
        self._last_limit = max(self._last_limit, self._limit)
        self._limit = 1.0

    def congested(self, started: float) -> None:
        """A request that started then was lost or turned away: half as many at once.

        What was in flight together counts as one event.
        """
        if started >= self._slowed_at:
            self._slowed_at = loop_time()
            self._limit = self._last_limit = max(
                1.0, min(self._limit, self._gate.get().in_flight + 1) / 2
            )

    def turned_away(self, started: float, seconds: float) -> None:
        """Make all requests wait, since the server told one that started then to wait.

        Without a time to wait nothing can be learnt of a limit: only fewer are sent at once.
        """
        self._paused_until = max(self._paused_until, loop_time() + seconds)
        self.congested(started)
        if seconds > 0:
            self._rate.turned_away(started, seconds)

    async def aclose(self) -> None:
        """Close what was opened for it; it is opened again when it is needed."""


class _Gate:
    """The queue of waiting requests and the number in flight, for one event loop."""

    def __init__(self) -> None:
        self.line = asyncio.Lock()
        self.freed = asyncio.Event()
        self.in_flight = 0


@define
class _Refusal:
    """A request that was turned away, and what became of those that were sent with it.

    Attributes:
        wait: The pause asked for.
        sent: How many had started since the last pause when its answer came.
        later: How many of these had started after it.
        lasted: How long after the first of them it started.
        rate: The rate at which it was sent.
        tried: Whether that was to try more than is known.
        turned_away: How many of them were turned away, so far.
        lately: How many had started in the second before it; infinity if that is not known.
    """

    wait: float
    sent: int
    later: int
    lasted: float
    rate: float
    tried: bool
    turned_away: int = 1
    lately: float = math.inf

    @property
    def let_in(self) -> int:
        """How many came through, but at least one, so that a rate can be computed."""
        return max(1, self.sent - self.turned_away)

    @property
    def counted(self) -> float:
        """The limit in calls a second, if it is one.

        What was let in, over the time that it took and the pause: together they are the limiter's
        window, rounded up by a second.
        """
        return self.let_in / max(1.0, self.lasted + self.wait - 1.0)

    @property
    def is_shared(self) -> bool:
        """Whether those sent after it were turned away too: by chance few of them are."""
        return self.turned_away > 1 + (self.later + 2) // 4

    def agrees(self, other: _Refusal) -> bool:
        """Whether both count about the same limit: by chance, one pair in nine does."""
        return 0.8 <= self.counted / other.counted <= 1.25


class Rate:
    """How many requests a second: no limit until refusals behave like those of a rate limit.

    A rate limit also turns away what is sent after the first request that was too many; a chance
    refusal stands alone. If nothing was sent after it, three refusals in a row have to suggest the
    same limit. From then on the rate stays a little below the limit, and later a higher rate is
    tried. A refusal below the known limit contradicts it: the limit is lowered, and after a few
    contradictions it is forgotten.
    """

    def __init__(self) -> None:
        self._known = math.inf
        self._since = 0.0
        self._growth = _KNOWN
        self._doubts = 0
        self._alike = 0
        self._begun = -math.inf
        self._sent = 0
        self._recent: deque[float] = deque(maxlen=256)
        self._last: _Refusal | None = None
        self._news: _Refusal | None = None

    def at(self, now: float) -> float:
        """Return the rate that is right at this time."""
        if self._known == math.inf:
            return math.inf
        return self._known * (1 - _MARGIN + _MARGIN * 2 ** min(self._doubled(now), 12.0))

    def _doubled(self, now: float) -> float:
        """Return how often the margin has doubled; above 0, more is tried than is known."""
        trusted, doubling = self._growth
        return (now - self._since - trusted) / doubling

    def turned_away(self, started: float, wait: float) -> None:
        """Note that a request that started then was told to wait."""
        if started < self._begun or not self._sent:
            return  # it was sent before the last pause, or by another pacer
        if self._news:
            self._news.turned_away += 1
            return
        later = sum(other >= started for other in self._recent) - 1
        tried = self._doubled(started) > -1
        lately = sum(started - 1 <= other < started for other in self._recent)
        is_whole = self._recent[0] < started - 1 or self._sent <= len(self._recent)
        self._news = _Refusal(
            wait=wait,
            sent=self._sent,
            later=later,
            lasted=started - self._begun,
            rate=self.at(started),
            tried=tried,
            lately=lately if is_whole else math.inf,
        )

    def started(self, now: float) -> None:
        """Count a start; the first one after being turned away begins anew."""
        if self._news:
            self._conclude(self._news)
            self._last, self._since = self._news, now
        if self.at(now) > _FORGOTTEN * self._known:
            self._known = math.inf
        if self._news or not self._recent or now - self._recent[-1] > _IDLE:
            self._news, self._begun, self._sent = None, now, 0
        self._sent += 1
        self._recent.append(now)

    def since(self, due: float) -> int:
        """Return how many starts there are since the one that was due then, itself included."""
        return sum(other >= due for other in self._recent)

    def unused(self, due: float) -> None:
        """Forget a start that was due then, since nothing was sent."""
        if due in self._recent:
            self._recent.remove(due)
            self._sent -= 1

    def withdraw(self, now: float) -> None:
        """Forget the starts that were to come after this time."""
        while self._recent and self._recent[-1] > now:
            self._recent.pop()
            self._sent -= 1

    def state(self) -> dict[str, Any]:
        """Return all that was learnt, as values that JSON has, and infinity."""
        refusals = {name: asdict(one) for name in _REFUSALS if (one := getattr(self, name))}
        return {**vars(self), **refusals, "_recent": list(self._recent)[-_KEPT:]}

    @classmethod
    def of_state(cls, state: dict[str, Any]) -> Rate:
        """Return a rate with this state."""
        rate = cls()
        vars(rate).update(state, _growth=tuple(state["_growth"]))
        rate._recent = deque(state["_recent"], maxlen=256)
        for name in _REFUSALS:
            setattr(rate, name, _Refusal(**state[name]) if state[name] else None)
        return rate

    def _conclude(self, news: _Refusal) -> None:
        """Decide what a refusal says, once it is clear what became of those sent with it."""
        if self._known == math.inf:
            self._suspect(news)
        elif news.tried:
            self._confirm(news)
        else:
            self._doubt(news)

    def _suspect(self, news: _Refusal) -> None:
        """No limit is known: believe in one if the refusal behaves like one."""
        alike = news.later <= 0 and self._last is not None and news.agrees(self._last)
        self._alike = self._alike + 1 if alike else 0
        if news.is_shared or self._alike >= _ALIKE:
            self._known = news.counted
            is_even = news.lasted <= max(1.0, news.wait)
            self._growth = _GUESSED if news.let_in < _FEW else _KNOWN if is_even else _UNEVEN
            self._alike = self._doubts = 0

    def _confirm(self, news: _Refusal) -> None:
        """More was tried, and refused: a limit that soon lets in again is at the rate itself."""
        rate = news.rate
        if self._growth == _UNEVEN:  # it grew fast: the limit was passed a while before
            rate = min(rate, max(0.75 * self._known, news.lately))
        soon = news.wait <= max(1.0, news.lasted / 8)
        self._known = rate if soon else max(self._known, min(rate, news.counted))
        trusted, doubling = _KNOWN
        self._growth = (trusted if self._growth in (_GUESSED, _UNEVEN) else _CONFIRMED), doubling
        self._doubts = 0

    def _doubt(self, news: _Refusal) -> None:
        """The known rate was refused: the limit fell, others share it, or it isn't one."""
        if news.lasted >= _HELD:
            self._doubts = 0
        elif not news.is_shared:
            self._doubts += 1
        self._known = news.rate  # it lasted: a little less will hold
        if news.lasted < 3 * news.wait:
            most = 1.05 - 0.05 * self._doubts
            self._known *= max(0.75, min(most, news.counted / news.rate))
        if self._doubts >= _DOUBTED:
            self._known = math.inf
        if self._growth != _GUESSED:
            self._growth = _KNOWN
