"""The plot of an upload: throughput and latency over time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from attrs import frozen

from ..words import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..result import Point

WIDTH, HEIGHT = 760, 160
LEFT, RIGHT, TOP, BOTTOM = 84, 12, 14, 30
_BINS = 60
_MOST_DOTS = 2500
_SHORTEST_PAUSE = 0.5
_PAUSE_SHARE = 0.02
_SMALLEST = 0.0001


@frozen
class Bar:
    """The records accepted in one interval."""

    x: float
    y: float
    width: float
    height: float
    said: str


@frozen
class Dot:
    """One request; `kind` is `good`, `again` for one that was retried, or `bad`."""

    x: float
    y: float
    kind: str
    said: str


@frozen
class Tick:
    """A mark on an axis."""

    at: float
    said: str


@frozen
class Band:
    """An interval without requests."""

    x: float
    width: float
    said: str


@frozen
class Plot:
    """Everything that is drawn, in the units of the drawing."""

    bars: tuple[Bar, ...]
    dots: tuple[Dot, ...]
    bands: tuple[Band, ...]
    seconds: tuple[Tick, ...]
    rates: tuple[Tick, ...]
    latencies: tuple[Tick, ...]
    repeated: int
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def draw(points: Sequence[Point]) -> Plot | None:
    """Place the requests of an upload; `None` if there were none."""
    if not points:
        return None
    start = min(point.at for point in points)
    length = max(0.001, max(point.at + point.seconds for point in points) - start)
    across = _Scale(length, LEFT, WIDTH - RIGHT)
    rates = _rates(points, start, length)
    upwards = _Scale(_round_up(max(rates)), HEIGHT - BOTTOM, TOP)
    slowest = _Scale(_round_up(max(point.seconds for point in points)), HEIGHT - BOTTOM, TOP)
    return Plot(
        tuple(_bars(rates, length, across, upwards)),
        tuple(_dot(point, start, across, slowest) for point in _thinned(points)),
        tuple(_bands(points, start, length, across)),
        tuple(Tick(across(one), _seconds(one)) for one in ticks(length)),
        tuple(Tick(upwards(one), say("{count:,g}", count=one)) for one in ticks(upwards.most, 3)),
        tuple(Tick(slowest(one), _seconds(one)) for one in ticks(slowest.most, 3)),
        sum(not point.last for point in points),
    )


def _seconds(value: float) -> str:
    return say("{seconds:g} s", seconds=value)


@frozen
class _Scale:
    most: float
    first: float
    last: float

    def __call__(self, value: float) -> float:
        """Return the position of a value."""
        return round(self.first + (self.last - self.first) * value / self.most, 1)


def _round_up(value: float) -> float:
    """Return the value at which an axis ends."""
    if value < _SMALLEST:
        return 1.0
    step = ticks(value, 3)[1]
    return math.ceil(value / step - 1e-9) * step


def ticks(most: float, about: int = 6) -> list[float]:
    """Return about this many round values from 0 to at most `most`."""
    rough = most / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(one * power for one in (1, 2, 5, 10) if one * power >= rough * 0.999)
    return [round(number * step, 10) for number in range(int(most / step + 1e-9) + 1)]


def _rates(points: Sequence[Point], start: float, length: float) -> list[float]:
    """Return how many records per second were accepted in each interval."""
    counts = [0.0] * _BINS
    for point in points:
        at = min(_BINS - 1, int((point.at + point.seconds - start) / length * _BINS))
        counts[at] += point.records
    return [count * _BINS / length for count in counts]


def _bars(rates: Sequence[float], length: float, across: _Scale, upwards: _Scale) -> list[Bar]:
    each = length / _BINS
    return [
        Bar(
            across(at * each),
            upwards(rate),
            round(across(each) - across(0) - 1, 1),
            round(upwards(0) - upwards(rate), 1),
            say("{rate:,.0f} records per second at {at:.1f} s", rate=rate, at=at * each),
        )
        for at, rate in enumerate(rates)
        if rate
    ]


def _dot(point: Point, start: float, across: _Scale, upwards: _Scale) -> Dot:
    good = point.result.startswith("2")
    kind = "again" if not point.last else "good" if good else "bad"
    then = say(", then retried") if not point.last else ""
    said = say(
        "{result} after {seconds:.2f} s, at {at:.1f} s{then}",
        result=point.result,
        seconds=point.seconds,
        at=point.at - start,
        then=then,
    )
    return Dot(across(point.at - start), upwards(point.seconds), kind, said)


def _thinned(points: Sequence[Point]) -> list[Point]:
    """Return few enough to draw: all that failed, and some of the others."""
    every = math.ceil(len(points) / _MOST_DOTS)
    odd = [point for point in points if not point.last or not point.result.startswith("2")]
    even = [point for point in points if point.last and point.result.startswith("2")]
    return even[::every] + odd[:_MOST_DOTS]


def _bands(points: Sequence[Point], start: float, length: float, across: _Scale) -> list[Band]:
    """Return the pauses: the server asked for a wait, or the pace allowed no request."""
    bands, busy_until = [], start
    for point in sorted(points, key=lambda point: point.at):
        gap = point.at - busy_until
        if gap > max(_SHORTEST_PAUSE, _PAUSE_SHARE * length):
            x = across(busy_until - start)
            bands.append(
                Band(
                    x,
                    round(across(point.at - start) - x, 1),
                    say("paused for {gap:.1f} s", gap=gap),
                )
            )
        busy_until = max(busy_until, point.at + point.seconds)
    return bands
