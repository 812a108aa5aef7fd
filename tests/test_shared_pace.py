"""One pace for the workers of an account, on virtual time: what they use of its limit."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
from typing import Any

import pytest
from attrs import define, field

from sdir_async.shared_pace import Schedule, SharedPacer, StoreLost

from .test_pacing import Limiter, sliding
from .virtual import VirtualTimeLoop, run


def _now() -> float:
    return asyncio.get_running_loop().time()


@define
class Row:
    """A store in memory, an answer of which takes a while; its clock is not that of the workers."""

    name: str = "The pace"
    takes: float = 0.001
    ahead: float = 1_000_000.0
    version: int = 0
    state: bytes = b""
    is_lost: bool = False
    asked: int = 0

    async def read(self) -> tuple[int, bytes, float]:
        await self._travel()
        answer = self.version, self.state, _now() + self.ahead
        await self._travel()
        return answer

    async def write(self, version: int, state: bytes) -> bool:
        await self._travel()
        is_next = version == self.version
        if is_next:
            self.version, self.state = version + 1, state
        await self._travel()
        return is_next

    async def aclose(self) -> None: ...

    async def _travel(self) -> None:
        self.asked += 1
        await asyncio.sleep(self.takes / 2)
        if self.is_lost:
            raise StoreLost("it is gone")


@define
class Account:
    """Workers that call without a break; notes when each call came, whose, and if it was let in."""

    limiter: Limiter
    row: Row = field(factory=Row)
    calls: list[tuple[float, int, bool]] = field(factory=list)
    chance: random.Random = field(factory=lambda: random.Random(7))

    async def work(self, number: int, end: float, at_once: int = 8, rest: float = 0.0) -> None:
        pacer = SharedPacer(self.row)

        async def one_after_another() -> None:
            while _now() < end:
                async with pacer as started:
                    await asyncio.sleep(self.chance.uniform(0.005, 0.015))
                    wait = self.limiter.refuse()
                    self.calls.append((_now(), number, wait is None))
                    await asyncio.sleep(self.chance.uniform(0.02, 0.1) + rest)
                    if wait is None:
                        pacer.succeeded()
                    else:
                        pacer.turned_away(started, wait)

        await asyncio.gather(*(one_after_another() for _ in range(at_once)))

    def share_used(self, rate: float, end: float, since: float = 0.0) -> float:
        let_in = sum(is_in for at, _, is_in in self.calls if since <= at < end)
        return let_in / (rate * (end - since))

    def turned_away(self, since: float = 5.0) -> float:
        later = [is_in for at, _, is_in in self.calls if at > since]
        return later.count(False) / len(later)

    def least(self, workers: int) -> float:
        """The share of the worker that had least, of a fair share."""
        counts = [0] * workers
        for _, number, is_in in self.calls:
            counts[number] += is_in
        return min(counts) * workers / sum(counts)


@pytest.mark.parametrize("workers", [1, 2, 4, 8])
@pytest.mark.parametrize(("calls", "seconds"), [(20, 1), (100, 10)])
def test_workers_share_a_limit(workers: int, calls: int, seconds: int) -> None:
    """Any number of them uses nine tenths of it, is hardly turned away, and none starves."""

    async def main() -> Account:
        account = Account(sliding(calls, seconds))
        await asyncio.gather(*(account.work(number, 60) for number in range(workers)))
        return account

    account = run(main())
    assert account.share_used(calls / seconds, 60) >= 0.9
    assert account.turned_away() <= 0.03
    assert account.least(workers) >= 0.5


def test_few_calls_at_first_say_little_of_a_limit() -> None:
    """One worker calls now and then; soon after the others began, they use nine tenths."""

    async def main() -> Account:
        account = Account(sliding(20, 1))
        await account.work(0, 5, at_once=2, rest=0.4)
        await asyncio.gather(*(account.work(number, 60) for number in range(4)))
        return account

    account = run(main())
    assert account.share_used(20, 60, since=15) >= 0.9


class _Busy(VirtualTimeLoop):
    """A busy machine: one timer in ten is late."""

    def __init__(self) -> None:
        super().__init__()
        self.chance = random.Random(1)

    def call_at(self, when: float, *args: Any, **more: Any) -> Any:  # type: ignore[override]
        late = 0.03 if self.chance.random() < 0.1 else 0.0
        return super().call_at(when + late, *args, **more)


def test_busy_workers_use_most_of_a_limit() -> None:
    """What comes late would meet what follows it in the server's window, so that is moved."""

    async def main() -> Account:
        account = Account(sliding(20, 1))
        await asyncio.gather(*(account.work(number, 60) for number in range(8)))
        return account

    with asyncio.Runner(loop_factory=_Busy) as runner:
        account = runner.run(main())
    assert account.share_used(20, 60) >= 0.82


def test_a_late_start_moves_the_free_ones() -> None:
    """By as much as it was late, except for what is always allowed; once, also if two were."""
    schedule = Schedule()
    schedule.rate._known, schedule.rate._since = 20.0, 100.0
    first, second = schedule.reserve(100.0, 16)
    free = schedule.next
    schedule.came_late(first, first + 0.12)
    assert schedule.next == pytest.approx(free + 0.1, abs=0.001)
    schedule.came_late(second, second + 0.12)
    assert schedule.next == pytest.approx(free + 0.1, abs=0.001)


def test_starts_that_a_pause_made_void_do_not_count() -> None:
    """Their worker says that it did not use them, so that the limit is not counted too high."""
    schedule = Schedule()
    schedule.rate._known = 5.0

    async def main() -> tuple[int, int]:
        row = Row(state=schedule.state(), ahead=0.0)
        first, second = SharedPacer(row), SharedPacer(row)
        started = await _start(first)
        waiting = asyncio.create_task(_start(second))
        await asyncio.sleep(0.18)
        before = Schedule.of(row.state).rate._sent
        first.turned_away(started, 5)
        told = asyncio.create_task(_start(first))
        await asyncio.sleep(1)
        after = Schedule.of(row.state).rate._sent
        await asyncio.gather(told, waiting)
        return before, after

    assert run(main()) == (2, 1)


@pytest.mark.parametrize(("calls", "seconds"), [(20, 1), (100, 10)])
def test_a_worker_that_dies_takes_little_with_it(calls: int, seconds: int) -> None:
    """One is killed every 5 s and another one begins: still nine tenths are used."""

    async def main() -> Account:
        account = Account(sliding(calls, seconds))
        async with asyncio.TaskGroup() as tasks:
            alive = [tasks.create_task(account.work(number, 60)) for number in range(4)]
            while _now() < 55:
                await asyncio.sleep(5)
                number = account.chance.randrange(4)
                alive[number].cancel()
                alive[number] = tasks.create_task(account.work(number, 60))
        return account

    account = run(main())
    assert account.share_used(calls / seconds, 60) >= 0.9
    assert account.turned_away() <= 0.03


async def _start(pacer: SharedPacer) -> float:
    async with pacer as started:
        return started


def test_a_pause_that_one_is_told_holds_for_all() -> None:
    """Also for starts that others reserved before; a second answer of the same flight adds none."""

    async def main() -> tuple[float, float, int]:
        row = Row()
        first, second = SharedPacer(row), SharedPacer(row)
        started = await _start(first)
        await _start(second)
        first.turned_away(started, 7)
        first.turned_away(started, 7)
        told = asyncio.create_task(_start(first))
        await asyncio.sleep(1)
        begun = await _start(second)
        return await told, begun, Schedule.of(row.state).pauses

    told, begun, pauses = run(main())
    assert min(told, begun) == pytest.approx(7, abs=0.1)
    assert pauses == 1


def test_a_pause_of_a_waking_database_is_shared_too() -> None:
    """It teaches nothing about a limit."""

    async def main() -> tuple[float, Schedule]:
        row = Row()
        first, second = SharedPacer(row), SharedPacer(row)
        await _start(first)
        first.pause(3)
        _, begun = await asyncio.gather(_start(first), _later(second))
        return begun, Schedule.of(row.state)

    async def _later(pacer: SharedPacer) -> float:
        await asyncio.sleep(0.5)
        return await _start(pacer)

    begun, schedule = run(main())
    assert begun >= 3
    assert schedule.rate.at(begun) == float("inf")


def test_without_the_store_each_has_a_pace_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    """It is said once in a while, and the store is used again when it is back."""

    async def main() -> tuple[list[float], int]:
        row = Row(is_lost=True)
        pacer = SharedPacer(row)
        alone = [await _start(pacer) for _ in range(3)]
        pacer.turned_away(alone[-1], 2)
        alone.append(await _start(pacer))
        row.is_lost = False
        await asyncio.sleep(10)
        asked = row.asked
        await _start(pacer)
        return alone, row.asked - asked

    with caplog.at_level(logging.WARNING, "sdir_async"):
        alone, asked = run(main())
    assert alone[-1] >= 2
    assert asked > 0
    assert [record.getMessage() for record in caplog.records] == [
        "The pace can't be used: it is gone. For 10 seconds this process has a pace of its own, so"
        " more calls may be turned away."
    ]


def test_what_was_sent_with_the_other_pace_teaches_nothing() -> None:
    """Neither a pacer of its own nor the row knows what was sent with it."""

    async def main() -> list[float]:
        row = Row()
        pacer = SharedPacer(row)
        shared = await _start(pacer)
        row.is_lost = True
        pacer._starts.clear()
        alone = await _start(pacer)
        pacer.turned_away(shared, 1)
        row.is_lost, row.state = False, b""
        await asyncio.sleep(11)
        pacer.turned_away(alone, 1)
        await _start(pacer)
        return [pacer._rate.at(_now()), Schedule.of(row.state).rate.at(_now())]

    assert run(main()) == [float("inf")] * 2


def test_a_start_that_came_too_late_is_given_up() -> None:
    """A process that was frozen does not send at once all that it reserved."""
    schedule = Schedule()
    schedule.rate._known, schedule.rate._since = 20.0, 1_000_000.0

    async def main() -> list[float]:
        row = Row(state=schedule.state())
        pacer = SharedPacer(row)
        starts = asyncio.gather(*(_start(pacer) for _ in range(6)))
        await asyncio.sleep(0.06)
        asyncio.get_running_loop()._virtual_now += 5.0  # type: ignore[attr-defined]
        return await starts

    starts = sorted(run(main()))
    late = [start for start in starts if start > 1]
    assert len(late) >= 3
    assert all(after - before >= 0.04 for before, after in itertools.pairwise(late))


def test_what_was_learnt_survives_the_row() -> None:
    """Refusals, starts and infinity included."""
    schedule = Schedule()
    schedule.reserve(0.0, 16)
    schedule.rate.turned_away(0.0, 2.0)
    again = Schedule.of(schedule.state())
    assert again.state() == schedule.state()
    assert again.rate._news == schedule.rate._news is not None
