"""How many requests at once, and how all wait together: on virtual time."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable

import httpx
import pytest

import sdir_async
from sdir_async import Sdir
from sdir_async.pacing import Pacer

from .scripted import ASLEEP, GATEWAY_500, OK, SWIFT, Line, Script, answer, lost, sdir_over
from .virtual import run


class Busy:
    """Requests that take a second each; notes when they start."""

    def __init__(self, pacer: Pacer) -> None:
        self.starts: list[float] = []
        self._pacer = pacer

    async def one(self) -> float:
        async with self._pacer as started:
            self.starts.append(started)
            await asyncio.sleep(1)
        self._pacer.succeeded()
        return started

    async def waves(self, count: int) -> list[int]:
        """Run this many; return how many started together, time after time."""
        self.starts.clear()
        await asyncio.gather(*(self.one() for _ in range(count)))
        return [len(list(group)) for _, group in itertools.groupby(self.starts)]


async def _lose(pacer: Pacer, count: int) -> None:
    """Lose this many requests that were in flight together."""

    async def one() -> None:
        async with pacer as started:
            await asyncio.sleep(1)
        pacer.congested(started)

    await asyncio.gather(*(one() for _ in range(count)))


async def _turn_away(pacer: Pacer, count: int, seconds: float) -> None:
    """Send this many at once, all of which are told to wait."""

    async def one() -> None:
        async with pacer as started:
            await asyncio.sleep(0.1)
        pacer.turned_away(started, seconds)

    await asyncio.gather(*(one() for _ in range(count)))


def test_half_as_many_after_a_loss_and_one_more_each_round() -> None:
    """Sixteen were in flight and lost: eight at once, then nine, then ten."""

    async def main() -> list[int]:
        pacer = Pacer()
        await _lose(pacer, 16)
        return await Busy(pacer).waves(8 + 9 + 10)

    assert run(main()) == [8, 9, 10]


def test_what_was_in_flight_together_is_lost_together() -> None:
    """Halved once, not once for each; what is lost after that halves it again."""

    async def main() -> tuple[list[int], list[int]]:
        pacer = Pacer()
        await _lose(pacer, 64)
        first = (await Busy(pacer).waves(100))[:1]
        await _lose(pacer, 8)
        return first, (await Busy(pacer).waves(100))[:1]

    assert run(main()) == ([32], [4])


def test_there_is_always_room_for_one() -> None:
    """However often it is halved."""

    async def main() -> list[int]:
        pacer = Pacer()
        for _ in range(10):
            await _lose(pacer, 3)
        return await Busy(pacer).waves(3)

    assert run(main()) == [1, 2]


def test_more_come_in_as_soon_as_there_is_room() -> None:
    """Nobody waits for a whole round: places are given back one by one."""

    async def main() -> list[float]:
        pacer = Pacer()
        await _lose(pacer, 4)
        at = asyncio.get_running_loop().time()
        busy = Busy(pacer)
        await busy.waves(7)
        return [start - at for start in busy.starts]

    assert run(main()) == [0, 0, 1, 1, 1, 2, 2]


def test_who_asks_first_starts_first() -> None:
    """In the order of asking, whatever holds them up."""
    order: list[int] = []

    async def main() -> None:
        pacer = Pacer()
        pacer.pause(5)

        async def one(number: int) -> None:
            async with pacer:
                order.append(number)
                await asyncio.sleep(0.1)
            pacer.succeeded()

        await asyncio.gather(*map(one, range(30)))

    run(main())
    assert order == list(range(30))


def test_a_pause_holds_for_all_and_the_longer_one_wins() -> None:
    """Also for those who were waiting already."""

    async def main() -> float:
        pacer = Pacer()
        pacer.pause(5)
        waiting = asyncio.create_task(Busy(pacer).one())
        await asyncio.sleep(4)
        pacer.pause(10)
        pacer.pause(1)
        return await waiting

    assert run(main()) == 14


def test_after_a_pause_one_goes_first_then_twice_as_many_each_round() -> None:
    """A database that has just woken up is not run down by all who waited for it."""

    async def main() -> list[int]:
        pacer = Pacer()
        pacer.pause(15)
        return await Busy(pacer).waves(31)

    assert run(main()) == [1, 2, 4, 8, 16]


def test_after_being_turned_away_starts_are_spread() -> None:
    """Forty were waiting: no half second sees more than the server was seen to take."""

    async def main() -> list[float]:
        pacer = Pacer()
        busy = Busy(pacer)
        await busy.waves(20)
        await _turn_away(pacer, 8, 5)
        await busy.waves(40)
        return busy.starts

    starts = run(main())
    assert starts[0] >= 5
    assert len(set(starts)) == len(starts)
    assert max(sum(at <= other < at + 0.5 for other in starts) for at in starts) <= 20


def test_a_straggler_of_an_earlier_flight_says_nothing_new() -> None:
    """It was sent before anybody knew; only the wait that it asks for counts."""

    async def main() -> tuple[float, float]:
        pacer = Pacer()
        async with pacer as early:
            pass
        await Busy(pacer).waves(20)
        await _turn_away(pacer, 8, 5)
        await Busy(pacer).waves(3)
        limit, rate = pacer._limit, pacer._rate.at(20)
        pacer.turned_away(early, 50)
        assert await Busy(pacer).one() > 50
        return pacer._limit / limit, pacer._rate.at(20) / rate

    limits, rates = run(main())
    assert limits >= 1
    assert rates == 1


def _waiting_in_line(pacer: Pacer) -> None:
    pacer.pause(10)


def _waiting_for_a_place(pacer: Pacer) -> None:
    pacer.congested(0)


@pytest.mark.parametrize("hold", [_waiting_in_line, _waiting_for_a_place])
@pytest.mark.parametrize("after", [0.0, 0.5, 1.0, 10.0])
def test_who_is_cancelled_while_waiting_leaves_no_trace(
    hold: Callable[[Pacer], None], after: float
) -> None:
    """Neither a place that is taken forever, nor a line that stands still."""

    async def main() -> list[int]:
        pacer = Pacer()
        busy = Busy(pacer)
        await busy.one()
        hold(pacer)
        running = [asyncio.create_task(busy.one()) for _ in range(20)]
        await asyncio.sleep(after)
        for task in running[::2]:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        assert all(not task.cancelled() for task in running[1::2])
        assert pacer._gate.get().in_flight == 0
        pacer.pause(0)
        return await busy.waves(1 + 2 + 4)

    assert run(main()) == [1, 2, 4]


def test_an_error_inside_gives_the_place_back() -> None:
    """Whatever it is."""

    async def main() -> None:
        pacer = Pacer()
        await _lose(pacer, 2)
        for _ in range(5):
            with pytest.raises(ZeroDivisionError):
                async with pacer:
                    raise ZeroDivisionError

    run(main())


# Which answers do that


Call = Callable[[Sdir], Awaitable[object]]
CONGESTED: dict[str, Line] = {
    "time-out": lost(httpx.ReadTimeout),
    "reset": lost(httpx.ReadError),
    "502": answer(502),
    "503 without a time": answer(503),
    "504": answer(504),
    "500 of the gateway": answer(500, GATEWAY_500),
    "429": answer(429, retry_after="1"),
    "503 with a time": answer(503, retry_after="1"),
}
HARMLESS: dict[str, Line] = {
    "200": OK,
    "400": answer(400),
    "404": answer(404),
    "500 of the API": answer(500, {"title": "x", "status": 500, "traceId": "00-1-2-00"}),
    "refused": lost(httpx.ConnectError),
}


async def _at_once_after(line: Line) -> float:
    sdir = sdir_over(Script(line, OK, takes=1), retry=SWIFT)
    calls = (sdir.course.v1.list_codes() for _ in range(8))
    await asyncio.gather(*calls, return_exceptions=True)
    return sdir._session._pacer._limit


@pytest.mark.parametrize("line", CONGESTED.values(), ids=CONGESTED)
def test_a_server_in_trouble_gets_fewer_at_once(line: Line) -> None:
    """Being turned away, a time-out, or a gateway that lost its backend."""
    assert run(_at_once_after(line)) < 8


@pytest.mark.parametrize("line", HARMLESS.values(), ids=HARMLESS)
def test_an_answer_is_no_trouble(line: Line) -> None:
    """Nor is an error of one request, or a server that is not there."""
    assert run(_at_once_after(line)) == float("inf")


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        (answer(429, retry_after="30"), 30),
        (answer(503, retry_after="30"), 30),
        (answer(500, ASLEEP), 15),
    ],
    ids=["429", "503", "asleep"],
)
def test_when_one_call_is_told_to_wait_all_wait(line: Line, seconds: float) -> None:
    """Whatever they are about: the limit is the subscription's, and the database is one."""
    script = Script(line, OK)

    async def main() -> None:
        sdir = sdir_over(script)
        first = asyncio.create_task(sdir.course.v1.list_codes())
        await asyncio.sleep(1)
        await sdir.additional_competence.v2.list_codes()
        await first

    run(main())
    assert len(script.times) == 3
    assert min(script.times[1:]) >= seconds


def test_a_database_that_woke_up_is_not_taken_for_a_limit() -> None:
    """Sixty calls go through in six rounds: one, two, four, and so on."""
    script = Script(answer(500, ASLEEP), OK, takes=1)

    async def main() -> None:
        course = sdir_over(script).course.v1
        await course.list_codes()
        await asyncio.gather(*(course.list_codes() for _ in range(60)))

    run(main())
    assert script.times[-1] - script.times[1] <= 6


def test_another_sdir_does_not_wait() -> None:
    """It may have another subscription."""

    async def main() -> float:
        waiting = sdir_over(Script(answer(429, retry_after="30"), OK))
        first = asyncio.create_task(waiting.course.v1.list_codes())
        await asyncio.sleep(1)
        await sdir_over(Script(OK)).course.v1.list_codes()
        first.cancel()
        return asyncio.get_running_loop().time()

    assert run(main()) == 1


def test_those_that_were_given_one_pace_wait_together() -> None:
    """Several `Sdir` of one account share what a server told one of them."""
    script = Script(answer(429, retry_after="8"), OK, takes=0.1)

    async def main() -> None:
        pace = Pacer()
        first, second = (sdir_over(script, pace=pace) for _ in range(2))

        async def later() -> None:
            await asyncio.sleep(1)
            await second.course.v1.list_codes()

        await asyncio.gather(first.course.v1.list_codes(), later())

    run(main())
    assert min(script.times[1:]) >= 8


def test_a_429_without_a_time_pauses_all_for_a_moment() -> None:
    """As long as the policy's first wait."""
    script = Script(answer(429), OK)
    policy = sdir_async.RetryPolicy(first_wait=8)

    async def main() -> None:
        sdir = sdir_over(script, retry=policy)
        await asyncio.gather(sdir.course.v1.list_codes(), _later(sdir))

    async def _later(sdir: Sdir) -> None:
        await asyncio.sleep(1)
        await sdir.course.v1.list_codes()

    run(main())
    assert min(script.times[1:]) >= 8


def test_who_waited_in_one_loop_may_wait_in_another() -> None:
    """A script may run one for each step, and be limited in more than one."""
    pacer = Pacer()
    starts: list[float] = []

    async def start() -> None:
        async with pacer as started:
            starts.append(started)
            await asyncio.sleep(0)

    async def crowd() -> None:
        pacer.pause(0.01)
        await asyncio.gather(*(start() for _ in range(5)))

    for _ in range(2):
        asyncio.run(crowd())
    assert len(starts) == 10
