"""The bars of the project, and what a run has to say to each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .contest import Series


@frozen
class Bar:
    """A ratio, and how large or small it should be.

    Attributes:
        text: What is compared.
        limit: The bar.
        over: The contender whose CPU is looked at, or the name of a figure.
        under: The contender that it is compared with; `""` for a figure.
        least: Whether the figure must be at least that large, not at most.
    """

    text: str
    limit: float
    over: str
    under: str = ""
    least: bool = False

    def figure(self, found: Mapping[str, Series], figures: Mapping[str, float]) -> float | None:
        """Return the figure, if all that it takes was measured."""
        if not self.under:
            return figures.get(self.over)
        if self.over in found and self.under in found:
            return found[self.over].micros / found[self.under].micros
        return None

    def met(self, figure: float) -> bool:
        """Say whether the figure meets the bar."""
        return figure >= self.limit if self.least else figure <= self.limit


BARS: Final = (
    Bar("models, `201 []`: against the stock client", 0.30, "models", "stock"),
    Bar("the same with [fast]", 0.20, "models fast", "stock"),
    Bar("models, batch echoed: against the stock client", 0.13, "models echo", "stock echo"),
    Bar("the same with [fast]", 0.09, "models echo fast", "stock echo"),
    Bar("mappings: against httpx + orjson by hand", 1.10, "mappings", "httpx"),
    Bar("mappings, [fast]: against aiohttp + orjson by hand", 1.25, "mappings fast", "aiohttp"),
    Bar("bytes, [fast]: against aiohttp, prebuilt bodies", 2.5, "bytes fast", "aiohttp bytes"),
    Bar("models: against one record a request", 0.01, "models", "stock single"),
    Bar("single GET: against bare httpx", 1.15, "get", "get httpx"),
    Bar("single GET, [fast]: against bare httpx", 0.35, "get fast", "get httpx"),
    Bar("peak memory, 1,000,000 against 10,000", 1.15, "memory ratio"),
    Bar("peak memory, MiB", 120, "memory"),
    Bar("CPU per record, 1,000,000 against 10,000", 1.1, "volume ratio"),
    Bar("from sdir_async import Sdir: against import asyncio, httpx, wall", 1.2, "import"),
    Bar("the same, and Sdir(api_key=…): against httpx.AsyncClient()", 1.2, "import and open"),
    Bar("journal on against off, CPU", 1.15, "models journal", "models"),
    Bar("journal on against off, CPU, [fast]", 1.15, "models journal fast", "models fast"),
    Bar("the same, check on", 1.10, "models check journal", "models check"),
    Bar("the same, check on, [fast]", 1.10, "models check journal fast", "models check fast"),
    Bar("models, check on: against the stock client", 1.0, "models check", "stock"),
    Bar("models, check on, [fast]: against the stock client", 1.0, "models check fast", "stock"),
    Bar("200 ms latency: throughput of what can be had", 0.95, "latency", least=True),
    Bar("20 requests/s: throughput of the limit", 0.9, "limited", least=True),
    Bar("20 requests/s: turned away after 5 s", 0.05, "limited refused"),
)


def judged(found: Mapping[str, Series], figures: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return each bar with its figure and whether it is met."""
    rows = []
    for bar in BARS:
        figure = bar.figure(found, figures)
        met = None if figure is None else bar.met(figure)
        rows.append({"bar": bar.text, "limit": bar.limit, "figure": figure, "met": met})
    return rows
