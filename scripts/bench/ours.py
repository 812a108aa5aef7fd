"""Our own contenders: models, mappings, bytes; each transport; with check, with journal."""

from __future__ import annotations

import contextlib
import tempfile
from itertools import count as numbers
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from .peers import CONCURRENCY, KEY, in_turns
from .records import mappings, record, valid

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from .peers import Run, Urls


def models(count: int) -> list[Any]:
    """Return records as models."""
    from sdir_async.api.additional_competence.v1 import AdditionalCompetence

    return [AdditionalCompetence.from_dict(valid(each)) for each in range(count)]


def dicts(count: int) -> list[Any]:
    """Return records as mappings."""
    return list(mappings(count))


def lines(count: int) -> list[Any]:
    """Return records as JSON."""
    return [orjson.dumps(record(each)) for each in range(count)]


def upload(
    kind: Callable[[int], list[Any]],
    *,
    transport: Any = "httpx",
    way: str = "empty",
    journal: bool = False,
    streamed: bool = False,
    **settings: Any,
) -> Callable[[Urls, int], Any]:
    """Return a contender that uploads records of a kind, from a list or one by one."""

    @contextlib.asynccontextmanager
    async def contender(urls: Urls, count: int) -> AsyncIterator[Run]:
        from sdir_async import Sdir

        records = kind(count)
        given = {"check": False, "concurrency": CONCURRENCY, **settings}
        with tempfile.TemporaryDirectory() as folder:
            paths = (Path(folder, f"journal-{number}") for number in numbers())
            async with Sdir(KEY, base_url=urls[way], transport=transport) as sdir:

                async def run(count: int) -> None:
                    path = next(paths) if journal else None
                    some: Any = islice(records, count) if streamed else records[:count]
                    report = await sdir.additional_competence.v1.upload(some, journal=path, **given)
                    if report.accepted != count:
                        raise RuntimeError(str(report))

                yield run

    return contender


def gets(*, transport: Any, traced: bool = False) -> Callable[[Urls, int], Any]:
    """Return a contender that gets single records; a traced one keeps its spans in memory."""

    @contextlib.asynccontextmanager
    async def contender(urls: Urls, _: int) -> AsyncIterator[Run]:
        from sdir_async import Sdir

        telemetry = _telemetry() if traced else None
        given: Any = {"transport": transport, "telemetry": telemetry}
        async with Sdir(KEY, base_url=urls["get"], **given) as sdir:
            version = sdir.additional_competence.v1

            async def send(number: int) -> None:
                await version.get_additional_competence(UUID(int=number))

            async def run(count: int) -> None:
                await in_turns(send, range(count), 2 * CONCURRENCY)

            yield run

    return contender


def _telemetry() -> Any:
    """Return a telemetry with OpenTelemetry's SDK behind it, as a program has that exports."""
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from sdir_async import Telemetry

    traces = TracerProvider()
    traces.add_span_processor(SimpleSpanProcessor(InMemorySpanExporter()))
    meters = MeterProvider([InMemoryMetricReader()])
    return Telemetry(tracer_provider=traces, meter_provider=meters)
