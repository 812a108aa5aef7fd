from __future__ import annotations

import pytest

from sdir_async.sandbox.limits import Circuit, Quota, Rate, RateLimit, read_rate, read_seconds
from sdir_async.sandbox.sleeping import Sleeper


class Clock:
    """Time that a test moves by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("20/s", Rate(20, 1)),
        ("1000/h", Rate(1000, 3600)),
        ("100/30s", Rate(100, 30)),
        ("5/2m", Rate(5, 120)),
        ("9/d", Rate(9, 86400)),
    ],
)
def test_a_rate_is_calls_in_a_while(text: str, rate: Rate) -> None:
    """The length of the while may be left out."""
    assert read_rate(text) == rate


@pytest.mark.parametrize("text", ["", "20", "0/s", "20/0s", "-1/s", "20/y", "1.5/s"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    """The message shows how one is written."""
    with pytest.raises(ValueError, match="write 20/s"):
        read_rate(text)


def test_lengths_of_time_are_seconds_without_a_unit() -> None:
    """And half ones are fine."""
    assert [read_seconds(text) for text in ("60s", "1.5m", "2", "1h")] == [60, 90, 2, 3600]
    with pytest.raises(ValueError, match="write 60s"):
        read_seconds("soon")


def test_the_rate_holds_in_any_window(clock: Clock) -> None:
    """As the oldest call leaves the window, one more may pass."""
    limit = RateLimit(Rate(2, 10), clock)
    assert limit.refuse() is None
    clock.now += 6
    assert limit.refuse() is None
    clock.now += 3
    assert limit.refuse() == 7
    clock.now += 8
    assert limit.refuse() is None


def test_calls_that_are_turned_away_count_too(clock: Clock) -> None:
    """Who keeps asking is never let in; who waits as told is."""
    limit = RateLimit(Rate(1, 10), clock)
    assert limit.refuse() is None
    for _ in range(5):
        clock.now += 9
        assert limit.refuse() == 10
    clock.now += 10
    assert limit.refuse() is None


def test_a_quota_is_filled_again_when_its_period_ends(clock: Clock) -> None:
    """The period begins with its first call, and what is turned away doesn't count."""
    quota = Quota(Rate(2, 3600), clock)
    clock.now += 100
    assert [quota.refuse() for _ in range(4)] == [None, None, 3600, 3600]
    clock.now += 3599.5
    assert quota.refuse() == 1
    clock.now += 0.5
    assert [quota.refuse() for _ in range(3)] == [None, None, 3600]


def test_a_circuit_opens_after_failures_and_closes_by_itself(clock: Clock) -> None:
    """Of one API; failures far apart don't add up."""
    circuit = Circuit(Rate(2, 10), clock)
    circuit.failed("a")
    clock.now += 10
    circuit.failed("a")
    assert circuit.refuse("a") is None
    clock.now += 1
    circuit.failed("a")
    assert circuit.refuse("a") == 10
    assert circuit.refuse("b") is None
    clock.now += 10
    assert circuit.refuse("a") is None


def test_an_idle_database_sleeps_and_the_first_call_wakes_it(clock: Clock) -> None:
    """Calls keep it awake; waking takes its time, however often it is called."""
    sleeper = Sleeper(60, 30, clock)
    for _ in range(3):
        clock.now += 59
        assert not sleeper.sleeps()
    clock.now += 60
    assert sleeper.state == "asleep"
    assert sleeper.sleeps()
    assert sleeper.state == "waking"
    clock.now += 29
    assert sleeper.sleeps()
    clock.now += 1
    assert not sleeper.sleeps()


def test_it_sleeps_and_wakes_on_demand(clock: Clock) -> None:
    """Also one that never sleeps by itself."""
    sleeper = Sleeper(None, 30, clock)
    clock.now += 1e6
    assert sleeper.state == "awake"
    sleeper.sleep()
    assert sleeper.sleeps()
    sleeper.wake()
    assert not sleeper.sleeps()
