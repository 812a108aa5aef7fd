"""How many requests at once, how fast, and when to wait: all on virtual time."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable, Iterator

import httpx
import pytest
from attrs import define, field

from sdir_async.pacing import _Rate

from .scripted import OK, Script, answer, sdir_over
from .virtual import run


@define
class Bucket:
    """A token bucket: so many calls a second, and so many at once after a rest."""

    rate: float
    capacity: float
    level: float = field(init=False)
    at: float = 0.0

    def __attrs_post_init__(self) -> None:
        self.level = self.capacity

    def refuse(self, now: float) -> int | None:
        """Take a call; return the whole seconds to wait if there is no token for it."""
        self.level = min(self.capacity, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level < 1:
            return math.ceil((1 - self.level) / self.rate)
        self.level -= 1
        return None


@define
class Window:
    """A fixed window: so many calls in so many seconds, which begin with the first of them."""

    calls: int
    seconds: float
    began: float = -math.inf
    used: int = 0

    def refuse(self, now: float) -> int | None:
        """Take a call; return the whole seconds to wait if the window is used up."""
        if now >= self.began + self.seconds:
            self.began, self.used = now, 0
        self.used += 1
        return None if self.used <= self.calls else math.ceil(self.began + self.seconds - now)


class Limited(httpx.AsyncBaseTransport):
    """A server behind a limiter; notes when a call came, and whether it was let in."""

    def __init__(self, limiter: Bucket | Window, fastest: float = 0.03, slowest: float = 0.08):
        self.calls: list[tuple[float, bool]] = []
        self._limiter = limiter
        self._latency = (fastest, slowest)
        self._random = random.Random(7)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        now = asyncio.get_running_loop().time()
        wait = self._limiter.refuse(now)
        self.calls.append((now, wait is None))
        await asyncio.sleep(self._random.uniform(*self._latency))
        return (OK if wait is None else answer(429, retry_after=str(wait)))(request)

    def let_in(self, start: float, end: float) -> list[bool]:
        return [inside for at, inside in self.calls if start <= at < end]


@pytest.fixture
def _seeded() -> Iterator[None]:
    """The waits of retries are random: the same ones each time."""
    state = random.getstate()
    random.seed(7)
    yield
    random.setstate(state)


LIMITERS: dict[str, tuple[Callable[[], Bucket | Window], float]] = {
    "token bucket, 20 at once": (lambda: Bucket(20, 20), 0.95),
    "token bucket, 5 at once": (lambda: Bucket(20, 5), 0.9),
    "window of a second": (lambda: Window(20, 1), 0.85),
    "window of five seconds": (lambda: Window(100, 5), 0.9),
    "window of ten seconds": (lambda: Window(200, 10), 0.95),
}
"""Each lets in 20 calls a second; how much of that has to be used at least.

Waiting is asked for in whole seconds: that costs a window of one second the most.
"""


@pytest.mark.usefixtures("_seeded")
@pytest.mark.parametrize(("limiter", "share"), LIMITERS.values(), ids=LIMITERS)
def test_a_limit_is_used_and_kept(limiter: Callable[[], Bucket | Window], share: float) -> None:
    """Eight who call without a break use most of it, and are hardly ever turned away."""
    server = Limited(limiter())

    async def main() -> None:
        sdir = sdir_over(server)
        now = asyncio.get_running_loop().time

        async def work() -> None:
            while now() < 60:
                await sdir.course.v1.list_codes()

        await asyncio.gather(*(work() for _ in range(8)))

    run(main())
    assert sum(server.let_in(0, 60)) / (20 * 60) >= share
    later = server.let_in(5, 60)
    assert later.count(False) / len(later) <= 0.03


def test_a_fast_server_is_never_slowed() -> None:
    """Nothing is limited until there is a reason."""
    script = Script(OK, takes=0.1)

    async def main() -> float:
        course = sdir_over(script).course.v1
        for _ in range(3):
            await asyncio.gather(*(course.list_codes() for _ in range(300)))
        return asyncio.get_running_loop().time()

    assert run(main()) == pytest.approx(0.3)


# The rate, a function of times


def refused_after(calls: int, seconds: float, pause: float) -> tuple[_Rate, float]:
    """A rate after so many calls in so long, then one that was turned away, then a pause."""
    rate = _Rate()
    for call in range(calls):
        rate.started(call * seconds / calls)
        rate.successes += 1
    rate.turned_away(seconds)
    rate.started(seconds + pause)
    return rate, seconds + pause


def test_there_is_no_rate_until_a_call_is_turned_away() -> None:
    """However many there are."""
    rate = _Rate()
    for call in range(1000):
        rate.started(call / 1000)
    assert rate.at(1) == math.inf


def test_the_rate_lies_between_what_was_taken_and_what_was_refused() -> None:
    """Ten a second came through, the pause included; fifty a second were tried."""
    rate, now = refused_after(calls=50, seconds=1, pause=4)
    assert 10 < rate.at(now) < 50


def test_the_rate_grows_slowly_then_fast() -> None:
    """So that a limit is not overrun at once, and none is believed in for ever."""
    rate, now = refused_after(calls=50, seconds=1, pause=4)
    steps = [rate.at(now + seconds) for seconds in range(0, 600, 10)]
    assert steps == sorted(steps)
    assert rate.at(now + 15) < 75
    assert rate.at(now + 300) > 1000


@pytest.mark.parametrize("pause", [1, 57, 300])
def test_a_budget_that_others_had_used_up_is_soon_forgotten(pause: float) -> None:
    """One call came through and then, for long, none: that is no rate to go by."""
    rate, now = refused_after(calls=1, seconds=0.1, pause=pause)
    assert rate.at(now) > 0
    assert rate.at(now + 60) > 20


def test_being_turned_away_at_once_makes_no_standstill() -> None:
    """There is a rate even if nothing came through."""
    rate = _Rate()
    rate.started(0)
    rate.turned_away(0)
    rate.started(57)
    assert 0 < rate.at(57) < math.inf
    assert rate.at(120) > 1


def test_what_was_long_ago_says_nothing_about_a_burst() -> None:
    """A call an hour, then fifty in a second: it was the fifty that were too many."""
    rate = _Rate()
    for hour in range(10):
        rate.started(hour * 3600.0)
    for call in range(50):
        rate.started(40_000 + call / 50)
        rate.successes += 1
    rate.turned_away(40_001)
    rate.started(40_002)
    assert rate.at(40_002) > 20


def test_a_second_refusal_in_the_same_flight_changes_nothing() -> None:
    """They were sent together."""
    once, now = refused_after(calls=50, seconds=1, pause=4)
    twice = _Rate()
    for call in range(50):
        twice.started(call / 50)
        twice.successes += 1
    twice.turned_away(1)
    twice.turned_away(1.5)
    twice.started(5)
    assert twice.at(now + 7) == once.at(now + 7)
