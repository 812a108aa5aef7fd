"""Limits that count calls: a rate, a quota, and a circuit that opens after failures."""

from __future__ import annotations

import math
import re
import time
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_RATE = re.compile(r"(?P<calls>\d+)/(?P<length>\d*)(?P<unit>[smhd])")
_DURATION = re.compile(r"(?P<length>\d+(?:\.\d+)?)(?P<unit>[smhd]?)")


@dataclass(frozen=True)
class Rate:
    """A number of calls in a number of seconds."""

    calls: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a gateway counts; `None` for what it doesn't.

    Attributes:
        rate: The calls that it lets pass in any window of this length.
        quota: The calls that it lets pass in a longer period.
        circuit: This many failures of an API within this time open its circuit for as long.
    """

    rate: Rate | None = None
    quota: Rate | None = None
    circuit: Rate | None = None


def read_limits(rate: str | None, quota: str | None, circuit: str | None) -> Limits:
    """Read each of the rates.

    Raises:
        ValueError: One is not a rate.
    """
    read = [read_rate(text) if text else None for text in (rate, quota, circuit)]
    return Limits(rate=read[0], quota=read[1], circuit=read[2])


def read_rate(text: str) -> Rate:
    """Read a rate such as `20/s`, `1000/h` or `100/30s`.

    Raises:
        ValueError: It isn't a rate, or lets nobody in.
    """
    found = _RATE.fullmatch(text.strip())
    if not found or not int(found["calls"]) or found["length"] == "0":
        raise ValueError(f"{text!r} is not a rate: write 20/s, 1000/h or 100/30s.")
    return Rate(int(found["calls"]), int(found["length"] or 1) * _UNITS[found["unit"]])


def read_seconds(text: str) -> float:
    """Read a length of time such as `60s`, `5m` or `2`, which is seconds.

    Raises:
        ValueError: It isn't one.
    """
    if not (found := _DURATION.fullmatch(text.strip())):
        raise ValueError(f"{text!r} is not a duration: write 60s, 5m or 1h.")
    return float(found["length"]) * _UNITS[found["unit"] or "s"]


class RateLimit:
    """Lets a number of calls pass in any window of time.

    Refused calls count, too: whoever asks without waiting is never let in again. So the limit
    remembers as many calls as it lets pass, and the oldest of them has to be old enough.
    """

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._calls: deque[float] = deque(maxlen=rate.calls)

    def refuse(self) -> int | None:
        """Count a call, and return the seconds to wait if it may not pass."""
        calls, now = self._calls, self._clock()
        full = len(calls) == self._rate.calls and now - calls[0] < self._rate.seconds
        calls.append(now)
        return _whole(calls[0] + self._rate.seconds - now) if full else None


class Quota:
    """Lets a number of calls pass in a period, which begins with the first of them."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._began = clock()
        self._used = 0

    def refuse(self) -> int | None:
        """Count a call, and return the seconds until the quota is filled again if it is used up."""
        now = self._clock()
        if not self._used or now - self._began >= self._rate.seconds:
            self._began, self._used = now, 0
        if self._used >= self._rate.calls:
            return _whole(self._began + self._rate.seconds - now)
        self._used += 1
        return None


class Circuit:
    """Opens after a number of failures of an API within a time, and stays open for as long."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._failures: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=rate.calls))
        self._closes: dict[str, float] = {}

    def refuse(self, api: str) -> int | None:
        """Return the seconds to wait if the circuit of this API is open."""
        left = self._closes.get(api, 0.0) - self._clock()
        return _whole(left) if left > 0 else None

    def failed(self, api: str) -> None:
        """Count a failure of this API."""
        failures, now = self._failures[api], self._clock()
        failures.append(now)
        if len(failures) == self._rate.calls and now - failures[0] < self._rate.seconds:
            self._closes[api] = now + self._rate.seconds
            failures.clear()


def _whole(seconds: float) -> int:
    return max(1, math.ceil(seconds))
