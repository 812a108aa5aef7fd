"""The charts of the page: requests, failures and answer times of the last minutes."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .seen import SeenRequest

WIDTH: Final = 720
HEIGHT: Final = 110
SECONDS: Final = 300
_BINS: Final = 60
_EACH: Final = SECONDS / _BINS
_TOP: Final = 6
_SHARES: Final = {"half": 0.5, "most": 0.95}
_PRECISE: Final = 0.01
_MOST: Final = 50_000
"""At most this many requests are counted, so that a page is always drawn quickly."""


def draw(newest_first: Iterable[SeenRequest], now: float) -> dict[str, Any] | None:
    """Return what the charts show, `None` if nothing came in the last minutes."""
    bins: list[list[SeenRequest]] = [[] for _ in range(_BINS)]
    recent = takewhile(lambda each: each.at > now - SECONDS, newest_first)
    count = 0
    for count, each in enumerate(recent, 1):
        at = int((each.at - (now - SECONDS)) / _EACH)
        bins[min(max(at, 0), _BINS - 1)].append(each)
        if count == _MOST:
            break
    if not count:
        return None
    every = [each for some in bins for each in some]
    times, dots = _times(every), _dots(bins)
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "minutes": SECONDS // 60,
        "count": count,
        "failed": sum(map(_failed, every)),
        "half": _spoken(_share(times, 0.5)),
        "most": _spoken(_share(times, 0.95)),
        "bars": _bars(bins),
        "rate": f"{max(map(len, bins)) / _EACH:,.1f}",
        "dots": dots,
        "lines": _lines(dots),
    }


def _failed(request: SeenRequest) -> bool:
    return not 200 <= request.status < 400


def _bars(bins: list[list[SeenRequest]]) -> list[dict[str, Any]]:
    """Return a bar for all requests of each interval, and one before it for those that failed."""
    most = max(map(len, bins))
    bars = []
    for at, some in enumerate(bins):
        failed = sum(map(_failed, some))
        for kind, count in (("good", len(some)), ("bad", failed)):
            if count:
                high = (HEIGHT - _TOP) * count / most
                bars.append(
                    {
                        "kind": kind,
                        "x": round(WIDTH * at / _BINS, 1),
                        "y": round(HEIGHT - high, 1),
                        "width": round(WIDTH / _BINS - 1.5, 1),
                        "height": round(high, 1),
                        "said": f"{len(some):,} requests, {failed:,} failed",
                    }
                )
    return bars


def _dots(bins: list[list[SeenRequest]]) -> list[dict[str, Any]]:
    """Return for each interval the median answer time, and below which 95 % are."""
    slowest = max(_share(_times(some), 0.95) for some in bins) or 1.0
    dots = []
    for at, some in enumerate(bins):
        for kind, share in _SHARES.items():
            if some:
                seconds = _share(_times(some), share)
                dots.append(
                    {
                        "kind": kind,
                        "at": at,
                        "x": round(WIDTH * (at + 0.5) / _BINS, 1),
                        "y": round(HEIGHT - (HEIGHT - _TOP) * seconds / slowest, 1),
                        "said": f"{share:.0%} within {_spoken(seconds)}",
                    }
                )
    return dots


def _lines(dots: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Return the points of a line for each share; it breaks off where nothing came."""
    lines: dict[str, list[str]] = {}
    for kind in _SHARES:
        last, parts = -1, list[list[str]]()
        for dot in (each for each in dots if each["kind"] == kind):
            parts += [[]] if not parts or dot["at"] > last + 1 else []
            parts[-1].append(f"{dot['x']},{dot['y']}")
            last = dot["at"]
        lines[kind] = [" ".join(part) for part in parts if len(part) > 1]
    return lines


def _times(some: list[SeenRequest]) -> list[float]:
    return sorted(each.seconds for each in some)


def _share(ordered: list[float], share: float) -> float:
    """Return the value below which such a share of them is."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def _spoken(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.0f} ms" if seconds >= _PRECISE else f"{seconds * 1000:.1f} ms"
