"""How many requests at once, how fast, and when to wait: all on virtual time."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from attrs import define, field

from sdir_async.pacing import Pacer
from sdir_async.pacing import Rate as Learnt
from sdir_async.sandbox.limits import Rate, RateLimit

from .scripted import OK, Script, answer, sdir_over
from .virtual import VirtualTimeLoop, run


@define
class Bucket:
    """A token bucket: `rate` calls a second, and `capacity` at once after a rest."""

    rate: float
    capacity: float
    level: float = field(init=False)
    at: float = 0.0

    def __attrs_post_init__(self) -> None:
        self.level = self.capacity

    def refuse(self) -> int | None:
        """Take a call; return the whole seconds to wait if there is no token for it."""
        now = _now()
        self.level = min(self.capacity, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level < 1:
            return math.ceil((1 - self.level) / self.rate)
        self.level -= 1
        return None


@define
class Window:
    """A fixed window: `calls` in `seconds`, which begin with the first of them."""

    calls: int
    seconds: float
    began: float = -math.inf
    used: int = 0

    def refuse(self) -> int | None:
        """Take a call; return the whole seconds to wait if the window is used up."""
        now = _now()
        if now >= self.began + self.seconds:
            self.began, self.used = now, 0
        self.used += 1
        return None if self.used <= self.calls else math.ceil(self.began + self.seconds - now)


def sliding(calls: int, seconds: float) -> RateLimit:
    """The sandbox's limiter: `calls` in any `seconds`, and those turned away count too."""
    return RateLimit(Rate(calls, seconds), clock=_now)


@define
class Chance:
    """Turns some calls away that it draws, whatever the rate; the rest is up to a limiter."""

    share: float
    wait: int
    chance: random.Random
    limiter: Bucket | Window | None = None

    def refuse(self) -> int | None:
        """Take a call; return the seconds to wait if it is turned away."""
        if self.chance.random() < self.share:
            return self.wait
        return self.limiter.refuse() if self.limiter else None


Limiter = Bucket | Window | RateLimit | Chance


def _now() -> float:
    return asyncio.get_running_loop().time()


class Limited(httpx.AsyncBaseTransport):
    """A server behind a limiter; notes when a call came, and whether it was let in."""

    def __init__(self, limiter: Limiter, fastest: float = 0.03, slowest: float = 0.08):
        self.calls: list[tuple[float, bool]] = []
        self._limiter = limiter
        self._latency = (fastest, slowest)
        self._random = random.Random(7)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        now = asyncio.get_running_loop().time()
        wait = self._limiter.refuse()
        self.calls.append((now, wait is None))
        await asyncio.sleep(self._random.uniform(*self._latency))
        return (OK if wait is None else answer(429, retry_after=str(wait)))(request)


@pytest.fixture
def _seeded() -> Iterator[None]:
    """The waits of retries are random: the same ones each time."""
    state = random.getstate()
    random.seed(7)
    yield
    random.setstate(state)


@pytest.mark.usefixtures("_seeded")
def test_the_calls_of_an_sdir_keep_to_a_limit() -> None:
    """Eight who call without a break use most of it, and are hardly ever turned away."""
    server = Limited(sliding(20, 1))

    async def main() -> None:
        sdir = sdir_over(server)

        async def work() -> None:
            while _now() < 30:
                await sdir.course.v1.list_codes()

        await asyncio.gather(*(work() for _ in range(8)))

    run(main())
    assert _used(server.calls, 20, 0, 30) >= 0.92
    assert _refused(server.calls) <= 0.01


# The pacer alone, with nothing around it: long, and with many


async def _calls(
    limiter: Limiter, seconds: float, *, workers: int = 8, latency: float = 0.02
) -> list[tuple[float, bool]]:
    """Call without a break from now on; return when each call came, and whether it was let in."""
    calls: list[tuple[float, bool]] = []
    pacer, chance, end = Pacer(), random.Random(7), _now() + seconds

    async def work() -> None:
        while _now() < end:
            async with pacer as started:
                await asyncio.sleep(latency * chance.uniform(0.25, 0.75))
                wait = limiter.refuse()
                calls.append((_now(), wait is None))
                await asyncio.sleep(latency * chance.uniform(0.25, 0.75))
            if wait is None:
                pacer.succeeded()
            else:
                pacer.turned_away(started, wait)
                await asyncio.sleep(wait)

    await asyncio.gather(*(work() for _ in range(workers)))
    return calls


def _used(calls: list[tuple[float, bool]], rate: float, start: float, end: float) -> float:
    return sum(inside for at, inside in calls if start <= at < end) / rate / (end - start)


def _refused(calls: list[tuple[float, bool]], start: float = 5) -> float:
    late = [inside for at, inside in calls if at >= start]
    return late.count(False) / len(late)


LIMITERS: dict[str, tuple[Callable[[], Limiter], float]] = {
    "token bucket, 20 at once": (lambda: Bucket(20, 20), 0.95),
    "token bucket, 5 at once": (lambda: Bucket(20, 5), 0.8),
    "window of a second": (lambda: Window(20, 1), 0.9),
    "window of five seconds": (lambda: Window(100, 5), 0.9),
    "window of ten seconds": (lambda: Window(200, 10), 0.95),
    "any second": (lambda: sliding(20, 1), 0.9),
    "any ten seconds": (lambda: sliding(200, 10), 0.9),
}
"""Each lets in 20 calls a second; how much of that has to be used at least.

A bucket that holds few looks slower than it is until that is tried.
"""


@pytest.mark.parametrize(("limiter", "share"), LIMITERS.values(), ids=LIMITERS)
def test_a_limit_is_used_and_kept(limiter: Callable[[], Limiter], share: float) -> None:
    """Whatever its kind."""
    calls = run(_calls(limiter(), 60, latency=0.08))
    assert _used(calls, 20, 0, 60) >= share
    assert _refused(calls) <= 0.03


@pytest.mark.parametrize(
    ("rate", "workers", "latency"),
    [(20, 1, 0.005), (20, 8, 0.005), (20, 8, 0.05), (20, 32, 0.05), (5, 8, 0.05), (200, 8, 0.02)],
)
def test_half_a_minute_from_a_cold_start(rate: int, workers: int, latency: float) -> None:
    """Nothing is known about the limit, and nine tenths of it are used anyway."""
    calls = run(_calls(sliding(rate, 1), 30, workers=workers, latency=latency))
    assert _used(calls, rate, 0, 30) >= (0.92 if rate >= 20 else 0.88)
    assert _refused(calls) <= 0.01


class _Busy(VirtualTimeLoop):
    """A loop with other work to do: every timer is late."""

    def call_at(self, when: float, *args: Any, **more: Any) -> Any:  # type: ignore[override]
        return super().call_at(when + 0.012, *args, **more)


def test_a_busy_program_loses_nothing() -> None:
    """What starts late does not delay what comes after it."""
    with asyncio.Runner(loop_factory=_Busy) as runner:
        calls = runner.run(_calls(sliding(20, 1), 30))
    assert _used(calls, 20, 0, 30) >= 0.92
    assert _refused(calls) <= 0.01


@pytest.mark.parametrize("limiter", [lambda: sliding(20, 1), lambda: Bucket(20, 20)])
def test_five_minutes(limiter: Callable[[], Limiter]) -> None:
    """To try now and then whether more is possible costs little."""
    calls = run(_calls(limiter(), 300))
    assert _used(calls, 20, 0, 300) >= 0.92
    assert _refused(calls) <= 0.01


def test_one_call_a_second() -> None:
    """Each refusal is a large part of so few calls, and still they are rare."""
    calls = run(_calls(sliding(1, 1), 120))
    assert _used(calls, 1, 0, 120) >= 0.8
    assert _refused(calls) <= 0.05


@pytest.mark.parametrize("seconds", [60, 300])
@pytest.mark.parametrize("kind", [sliding, Window])
def test_long_windows(kind: Callable[[int, float], Limiter], seconds: int) -> None:
    """The first is used up at once; the pause tells how long it is, and the rest are even."""
    calls = run(_calls(kind(2 * seconds, seconds), 4 * seconds))
    assert _used(calls, 2, 0, 4 * seconds) >= 0.95
    assert _refused(calls, seconds) <= 0.05


def test_far_away() -> None:
    """Half a second there and back: calls arrive unevenly, and fewer of them can be let in."""
    calls = run(_calls(sliding(20, 1), 60, workers=32, latency=0.5))
    assert _used(calls, 20, 0, 60) >= 0.7
    assert _refused(calls) <= 0.05


@pytest.mark.parametrize("limiter", [lambda: sliding(10, 1), lambda: Bucket(10, 10)])
@pytest.mark.parametrize("factor", [0.1, 0.5, 2, 5])
def test_a_limit_that_changes_is_found_again(limiter: Callable[[], Limiter], factor: float) -> None:
    """Within a minute: a lower one sooner, a higher one when it is time to see."""
    before, after = limiter(), sliding(int(10 * factor), 1)

    class Both(Bucket):
        def refuse(self) -> int | None:
            return (before if _now() < 60 else after).refuse()

    calls = run(_calls(Both(1, 1), 180))
    assert _used(calls, 10 * factor, 120, 180) >= 0.88
    assert _refused(calls, 120) <= 0.05


def test_several_that_know_nothing_of_each_other() -> None:
    """Programs that share a subscription: together they use what one would."""
    limiter = sliding(20, 1)

    async def main() -> list[list[tuple[float, bool]]]:
        return await asyncio.gather(*(_calls(limiter, 120) for _ in range(3)))

    each = run(main())
    together = [call for calls in each for call in calls]
    assert _used(together, 20, 0, 120) >= 0.88
    assert _refused(together) <= 0.03
    assert min(len(calls) for calls in each) >= 0.5 * max(len(calls) for calls in each)


def test_what_others_had_used_up_is_found_soon() -> None:
    """The first call is turned away, or the second: that says nothing about the limit."""
    limiter = sliding(20, 1)

    async def main() -> list[tuple[float, bool]]:
        for _ in range(19):
            limiter.refuse()
        return await _calls(limiter, 60)

    assert _used(run(main()), 20, 30, 60) >= 0.88


def test_bursts_with_a_rest_between_them() -> None:
    """A rate that was not used has not been tried: it never makes a crowd of refusals."""
    limiter = sliding(20, 1)

    async def main() -> int:
        refused = 0
        for _ in range(10):
            calls = await _calls(limiter, 5)
            refused += [inside for _, inside in calls].count(False)
            await asyncio.sleep(50)
        return refused

    assert run(main()) <= 10 * 8


def test_a_fast_server_is_never_slowed() -> None:
    """Nothing is limited until there is a reason."""
    script = Script(OK, takes=0.1)

    async def main() -> float:
        course = sdir_over(script).course.v1
        for _ in range(3):
            await asyncio.gather(*(course.list_codes() for _ in range(300)))
        return asyncio.get_running_loop().time()

    assert run(main()) == pytest.approx(0.3)


# Being turned away by chance


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("share", [0.01, 0.03])
@pytest.mark.parametrize(("workers", "latency"), [(1, 0.005), (1, 0.05), (4, 0.05), (8, 0.028)])
def test_chance_costs_the_pauses_and_little_more(
    share: float, workers: int, latency: float, seed: int
) -> None:
    """Calls that are turned away now and then, with a second to wait, teach no rate."""
    limiter = Chance(share, 1, random.Random(seed))
    calls = run(_calls(limiter, 120, workers=workers, latency=latency))
    allowed = 1 / (latency / workers + share)
    assert _used(calls, allowed, 0, 120) >= 0.6


@pytest.mark.parametrize("workers", [1, 8])
@pytest.mark.parametrize("share", [0.01, 0.03])
def test_no_wait_teaches_no_rate(share: float, workers: int) -> None:
    """`Retry-After: 0` is no window; only fewer are sent at once for a while."""
    limiter = Chance(share, 0, random.Random(7))
    calls = run(_calls(limiter, 60, workers=workers, latency=0.05))
    assert _used(calls, workers / 0.05, 0, 60) >= 0.8


@pytest.mark.parametrize("share", [0.01, 0.03])
@pytest.mark.parametrize("limiter", [lambda: Bucket(20, 20), lambda: Window(20, 1)])
def test_a_limit_and_chance_together(limiter: Callable[[], Bucket | Window], share: float) -> None:
    """The limit is found anyway, and the rest costs pauses."""
    both = Chance(share, 1, random.Random(7), limiter())
    calls = run(_calls(both, 120))
    assert _used(calls, 1 / (1 / 20 + share), 0, 120) >= 0.6
    assert _refused(calls) <= 0.08


@pytest.mark.parametrize("seconds", [30, 300])
@pytest.mark.parametrize("limiter", [lambda: sliding(20, 1), lambda: Window(20, 1)])
@pytest.mark.parametrize("workers", [1, 4, 8])
def test_nearly_all_of_a_limit_is_used(
    limiter: Callable[[], Limiter], workers: int, seconds: float
) -> None:
    """Soon, and for long."""
    calls = run(_calls(limiter(), seconds, workers=workers, latency=0.005))
    assert _used(calls, 20, 0, seconds) >= 0.945
    assert _refused(calls) <= 0.005


@pytest.mark.parametrize(
    ("capacity", "latency", "share"),
    [(5, 0.005, 0.93), (5, 0.05, 0.92), (1, 0.005, 0.86), (1, 0.05, 0.6)],
)
@pytest.mark.parametrize("workers", [1, 4, 8])
def test_small_buckets(capacity: int, workers: int, latency: float, share: float) -> None:
    """They look slower than they are, until that is tried."""
    calls = run(_calls(Bucket(20, capacity), 300, workers=workers, latency=latency))
    assert _used(calls, 20, 0, 300) >= share
    assert _refused(calls) <= 0.005


@pytest.mark.parametrize("limiter", [lambda: Window(20, 1), lambda: Bucket(20, 5)])
@pytest.mark.parametrize("sharing", [2, 3])
@pytest.mark.parametrize("workers", [1, 8])
def test_several_with_one_key(limiter: Callable[[], Limiter], sharing: int, workers: int) -> None:
    """None of them collapses, nor does what they do together."""
    shared = limiter()

    async def main() -> list[list[tuple[float, bool]]]:
        return await asyncio.gather(*(_calls(shared, 120, workers=workers) for _ in range(sharing)))

    each = run(main())
    together = [call for calls in each for call in calls]
    assert _used(together, 20, 0, 120) >= 0.75
    assert _refused(together) <= 0.05
    assert min(len(calls) for calls in each) >= 0.3 * max(len(calls) for calls in each)


# The rate, a function of times


def _take(rate: Learnt, start: float, calls: int, seconds: float) -> None:
    for call in range(calls):
        rate.started(start + call * seconds / calls)


def _refuse(rate: Learnt, now: float, pause: float, *, of: int = 8, all_but: int = 0) -> float:
    """Start some at once, all turned away but a few; return when the pause is over."""
    for _ in range(of):
        rate.started(now)
    for _ in range(of - all_but):
        rate.turned_away(now, pause)
    rate.started(now + pause)
    return now + pause


def refused_after(calls: int, seconds: float, pause: float) -> tuple[Learnt, float]:
    """A rate after calls that were let in, then eight that were turned away, then a pause."""
    rate = Learnt()
    _take(rate, 0, calls, seconds)
    return rate, _refuse(rate, seconds, pause)


def test_there_is_no_rate_until_a_call_is_turned_away() -> None:
    """However many there are."""
    rate = Learnt()
    _take(rate, 0, 1000, 1)
    assert rate.at(1) == math.inf


@pytest.mark.parametrize(
    ("seconds", "pause", "limit"),
    [(0.1, 1, 20), (0.9, 1, 20), (5, 56, 20 / 60), (1, 300, 20 / 300)],
)
def test_the_pause_tells_the_window(seconds: float, pause: float, limit: float) -> None:
    """Twenty came through in it, and it ends a second before the pause does, or later."""
    rate, now = refused_after(20, seconds, pause)
    assert rate.at(now) == pytest.approx(0.96 * limit, rel=0.01)


@pytest.mark.parametrize("others", [3, 7])
def test_what_comes_through_after_it_makes_a_refusal_chance(others: int) -> None:
    """A limit would have turned them away too."""
    rate = Learnt()
    _take(rate, 0, 20, 1)
    now = _refuse(rate, 1, 1, of=1 + others, all_but=others)
    assert rate.at(now) == math.inf


def test_refusals_with_nothing_after_them_have_to_agree() -> None:
    """One call at a time: only the third that counts the same limit makes it one."""
    rate, now = Learnt(), 0.0
    rates = []
    for count in (20, 21, 20):
        _take(rate, now, count, 0.5)
        now = _refuse(rate, now + 0.5, 1, of=1)
        rates.append(rate.at(now))
    assert rates[:2] == [math.inf, math.inf]
    assert 19 < rates[2] < 21


def test_refusals_that_count_different_limits_are_chance() -> None:
    """However many there are."""
    rate, now = Learnt(), 0.0
    for count in (20, 60, 5, 30, 12, 80):
        _take(rate, now, count, 0.5)
        now = _refuse(rate, now + 0.5, 1, of=1)
        assert rate.at(now) == math.inf


def test_what_is_contradicted_again_and_again_is_forgotten() -> None:
    """A known rate should hold: where it does not, however low it gets, it isn't one."""
    rate, now = refused_after(50, 0.5, 1)
    rates = []
    for _ in range(5):
        _take(rate, now, 10, 0.3)
        now = _refuse(rate, now + 0.3, 1, of=1)
        rates.append(rate.at(now))
    assert rates[:4] == sorted(rates[:4], reverse=True)
    assert rates[4] == math.inf


def test_a_known_rate_is_kept_for_half_a_minute_then_grows_then_is_forgotten() -> None:
    """So that a limit is not overrun at once, and none is believed in forever."""
    rate, now = refused_after(50, 0.5, 1)
    steps = [rate.at(now + seconds) for seconds in range(60)]
    assert steps == sorted(steps)
    assert rate.at(now + 25) < 50
    assert rate.at(now + 30) == pytest.approx(50)
    assert rate.at(now + 44.1) == pytest.approx(100, rel=0.01)
    rate.started(now + 60)
    assert rate.at(now + 60) == math.inf


def test_a_rate_that_is_confirmed_is_tried_half_as_often() -> None:
    """Each try costs a pause."""
    rate, now = refused_after(50, 0.5, 1)
    _take(rate, now, 1600, 33)
    refused = rate.at(now + 33)
    now = _refuse(rate, now + 33, 1, of=1)
    assert rate.at(now + 55) < refused
    assert rate.at(now + 60) == pytest.approx(refused, rel=0.01)


@pytest.mark.parametrize("pause", [1, 57, 300])
def test_what_a_few_calls_say_is_soon_tried(pause: float) -> None:
    """One call came through and then, for long, none: that is no rate to go by."""
    rate, now = refused_after(1, 0.1, pause)
    assert rate.at(now) > 0
    assert rate.at(now + 5) >= 4 / pause
    rate.started(now + 6.5)
    assert rate.at(now + 6.5) == math.inf


def test_what_was_forgotten_is_learnt_anew() -> None:
    """From a first call on, as if none had ever been turned away."""
    rate, now = refused_after(5, 0.1, 1)
    _take(rate, now, 50, 10)
    _take(rate, now + 21, 40, 0.1)
    now = _refuse(rate, now + 21.1, 1)
    assert rate.at(now) == pytest.approx(0.96 * 40, rel=0.01)


def test_one_refusal_by_chance_costs_less_than_a_third() -> None:
    """Right after a pause one call was let in, and the next one wasn't."""
    rate, now = refused_after(50, 0.5, 1)
    before = rate.at(now)
    now = _refuse(rate, now + 0.02, 1, of=1)
    assert 0.67 * before < rate.at(now) < 0.75 * before


def test_a_rate_that_lasted_is_itself_the_one_refused() -> None:
    """Far more were let in than fit into one pause: only the pace was too high."""
    rate, now = refused_after(50, 0.5, 1)
    _take(rate, now, 1600, 33)
    refused = rate.at(now + 33)
    now = _refuse(rate, now + 33, 1, of=1)
    assert rate.at(now) == pytest.approx(0.96 * refused, rel=0.01)


def test_being_turned_away_at_once_makes_no_standstill() -> None:
    """There is a rate even if nothing came through."""
    rate = Learnt()
    now = _refuse(rate, 0, 57)
    assert 0 < rate.at(now) < math.inf
    rate.started(now + 60)
    assert rate.at(now + 60) == math.inf


def test_what_was_long_ago_says_nothing_about_a_burst() -> None:
    """A call an hour, then fifty in a second: it was the fifty that were too many."""
    rate = Learnt()
    _take(rate, 0, 10, 36_000)
    _take(rate, 40_000, 50, 1)
    now = _refuse(rate, 40_001, 1)
    assert rate.at(now) > 20


def test_a_rest_after_the_pause_counts_for_nothing() -> None:
    """Nobody had anything to send for an hour."""
    rate = Learnt()
    _take(rate, 0, 50, 1)
    for _ in range(2):
        rate.started(1)
    for _ in range(2):
        rate.turned_away(1, 1)
    rate.started(3600)
    assert 40 < rate.at(3600) < 60


def test_a_refusal_that_comes_after_the_pause_changes_nothing() -> None:
    """It was sent before anybody knew."""
    rate, now = refused_after(50, 1, 4)
    before = rate.at(now)
    rate.turned_away(1, 4)
    rate.started(now + 0.1)
    assert rate.at(now) == before
