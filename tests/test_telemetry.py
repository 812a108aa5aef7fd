"""Spans and metrics by OpenTelemetry, as its own exporter in memory sees them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import define
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, get_current_span

from sdir_async import ConfigurationError, NotFound, Sdir, Telemetry

from .scripted import KEY, OK, PERSON, SWIFT, Script, answer, lost, sdir_over
from .test_observe import COURSE, UID
from .virtual import run

BASE = "/aps-course-external/v1"
HOST = "sdir-t-apim-common.azure-api.net"


@define
class Seen:
    """What was exported."""

    telemetry: Telemetry
    exporter: InMemorySpanExporter
    reader: InMemoryMetricReader

    @property
    def spans(self) -> list[ReadableSpan]:
        """In the order of their beginnings."""
        return sorted(self.exporter.get_finished_spans(), key=lambda span: span.start_time or 0)

    @property
    def tree(self) -> list[str]:
        """Return the names of the spans, each after a dot for each span around it."""
        spans = {span.context.span_id: span for span in self.spans if span.context}

        def depth(span: ReadableSpan) -> int:
            return 1 + depth(spans[span.parent.span_id]) if span.parent else 0

        return [f"{'.' * depth(span)}{span.name}" for span in spans.values()]

    def points(self, name: str) -> dict[frozenset[tuple[str, Any]], Any]:
        """Return the values of a metric by its attributes; of a histogram, the counts."""
        data = self.reader.get_metrics_data()
        found: dict[frozenset[tuple[str, Any]], Any] = {}
        for resource in data.resource_metrics if data else ():
            for metric in resource.scope_metrics[0].metrics:
                for point in metric.data.data_points if metric.name == name else ():
                    value = getattr(point, "count", None)
                    plain = getattr(point, "value", None)
                    found[frozenset((point.attributes or {}).items())] = (
                        plain if value is None else value
                    )
        return found


@pytest.fixture
def seen() -> Iterator[Seen]:
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    traces, meters = TracerProvider(), MeterProvider([reader])
    traces.add_span_processor(SimpleSpanProcessor(exporter))
    yield Seen(Telemetry(tracer_provider=traces, meter_provider=meters), exporter, reader)
    traces.shutdown()
    meters.shutdown()


def sdir_with(seen: Seen, *lines: Any, **settings: Any) -> Sdir:
    return sdir_over(Script(*lines), telemetry=seen.telemetry, **settings)


def test_a_call_is_a_span_with_one_for_each_attempt(seen: Seen) -> None:
    """By the conventions for HTTP clients: a repeated one counts, a failed one says why."""
    sdir = sdir_with(seen, lost(httpx.ReadTimeout), answer(502), answer(200, COURSE), retry=SWIFT)
    run(sdir.course.v1.with_raw_response.get_course(UID))
    template = f"{BASE}/courses/{{uid}}"
    assert seen.tree == ["call course v1 getCourse", *[f".GET {template}"] * 3]
    call, *attempts = seen.spans
    assert call.attributes == {
        "sdir.api": "course",
        "sdir.version": "v1",
        "sdir.operation": "getCourse",
        "sdir.attempts": 3,
    }
    assert call.status.is_unset
    common = {
        "http.request.method": "GET",
        "server.address": HOST,
        "server.port": 443,
        "url.full": f"https://{HOST}{template}",
        "url.template": template,
    }
    assert [dict(span.attributes or {}) for span in attempts] == [
        {**common, "error.type": "ReadTimeout"},
        {
            **common,
            "http.request.resend_count": 1,
            "http.response.status_code": 502,
            "error.type": "502",
        },
        {**common, "http.request.resend_count": 2, "http.response.status_code": 200},
    ]
    assert {span.kind for span in attempts} == {SpanKind.CLIENT}
    assert [span.status.is_ok or span.status.is_unset for span in attempts] == [False, False, True]


def test_a_call_that_fails_is_a_span_that_says_so(seen: Seen) -> None:
    """With the status, or the type of what ended it, and no text of an error."""
    with pytest.raises(NotFound):
        run(sdir_with(seen, answer(404)).course.v1.list_codes())

    async def cancelled() -> None:
        sdir = sdir_over(Script(OK, takes=60), telemetry=seen.telemetry)
        async with asyncio.timeout(1):
            await sdir.course.v1.list_codes()

    with pytest.raises(TimeoutError):
        run(cancelled())
    told = [(span.name[:4], (span.attributes or {})["error.type"]) for span in seen.spans]
    assert told == [
        ("call", "404"),
        ("GET ", "404"),
        ("call", "CancelledError"),
        ("GET ", "CancelledError"),
    ]
    assert not any(span.events or span.status.description for span in seen.spans)
    assert not any(span.status.is_ok or span.status.is_unset for span in seen.spans)


def test_an_upload_is_a_tree_of_chunks_calls_and_attempts(seen: Seen) -> None:
    """With what became of the records, in the upload and in each chunk."""
    sdir = sdir_with(seen, answer(201, [COURSE]), answer(400, {"errors": {"[0].a": ["bad"]}}))

    async def main() -> None:
        await sdir.course.v1.upload([COURSE] * 2, chunk_size=1, concurrency=1, check=False)

    run(main())
    attempt = f"...POST {BASE}/courses/batch"
    one = [".chunk", "..call course v1 createCourses", attempt]
    assert seen.tree == ["upload course v1 createCourses", *one, *one]
    upload, first, *_ = seen.spans
    assert (upload.attributes or {}).items() >= {
        ("sdir.api", "course"),
        ("sdir.records.accepted", 1),
        ("sdir.records.rejected", 1),
        ("sdir.records.in_doubt", 0),
        ("sdir.requests", 2),
        ("sdir.upload.ended", "complete"),
    }
    assert upload.status.is_unset
    assert (first.attributes or {}).items() >= {("sdir.chunk.first", 0), ("sdir.chunk.size", 1)}
    assert [dict(event.attributes or {}) for event in first.events] == [
        {"sdir.state": "accepted", "sdir.records": 1}
    ]


def test_an_upload_that_is_not_complete_is_a_span_that_says_so(seen: Seen) -> None:
    """How it ended."""

    async def main() -> None:
        sdir = sdir_over(Script(OK, takes=60), telemetry=seen.telemetry)
        await sdir.course.v1.upload([COURSE], deadline=5, check=False, reconcile=None)

    run(main())
    upload = seen.spans[0]
    assert (upload.attributes or {})["error.type"] == "deadline"
    assert not upload.status.is_ok


def test_metrics_count_requests_records_and_pauses(seen: Seen) -> None:
    """By status, by state, and by what asked for them."""
    sdir = sdir_with(seen, answer(429, retry_after="3"), answer(201, [COURSE]), answer(400))

    async def main() -> None:
        await sdir.course.v1.upload([COURSE] * 2, chunk_size=1, concurrency=1, check=False)

    run(main())
    where = {("server.address", HOST), ("server.port", 443), ("http.request.method", "POST")}
    assert seen.points("http.client.request.duration") == {
        frozenset({*where, ("http.response.status_code", 429), ("error.type", "429")}): 1,
        frozenset({*where, ("http.response.status_code", 201)}): 1,
        frozenset({*where, ("http.response.status_code", 400), ("error.type", "400")}): 1,
    }
    assert seen.points("http.client.active_requests") == {frozenset(where): 0}
    names = {("sdir.api", "course"), ("sdir.version", "v1"), ("sdir.operation", "createCourses")}
    assert seen.points("sdir.records") == {
        frozenset({*names, ("sdir.state", "accepted")}): 1,
        frozenset({*names, ("sdir.state", "rejected")}): 1,
    }
    assert seen.points("sdir.pauses") == {frozenset(names): 1}
    assert seen.points("sdir.upload.duration") == {frozenset(names): 1}


def test_requests_under_way_are_counted_while_they_are(seen: Seen) -> None:
    """And the span of an attempt is the current one meanwhile, for what the library below notes."""
    inside: list[Any] = []

    def look(_: httpx.Request) -> httpx.Response:
        inside.extend(seen.points("http.client.active_requests").values())
        inside.append(getattr(get_current_span(), "name", ""))
        return httpx.Response(200, json=[])

    run(sdir_with(seen, look).course.v1.list_codes())
    assert inside == [1, f"GET {BASE}/codes"]
    assert get_current_span().get_span_context().is_valid is False


def test_a_cancelled_request_is_counted_and_no_longer_under_way(seen: Seen) -> None:
    """Whatever ends it."""

    async def main() -> None:
        sdir = sdir_over(Script(OK, takes=60), telemetry=seen.telemetry)
        task = asyncio.create_task(sdir.course.v1.list_codes())
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait([task])

    run(main())
    assert list(seen.points("http.client.active_requests").values()) == [0]
    (told,) = seen.points("http.client.request.duration")
    assert ("error.type", "cancelled") in told


def test_nothing_exported_is_about_a_person_or_holds_a_key(seen: Seen) -> None:
    """Wherever it stood: in a place of a path, a query, a body, an answer."""
    sdir = sdir_with(seen, answer(200, [COURSE], x_ms_request_id=PERSON))

    async def main() -> None:
        await sdir.course.v1.with_raw_response.list_courses(person_id=PERSON)
        await sdir.request("GET", "/{id}", api="course", path_params={"id": PERSON})
        await sdir.request("GET", f"/{PERSON}", api="course")
        await sdir.course.v1.upload([COURSE], check=False)

    run(main())
    exported = "".join(span.to_json() for span in seen.spans) + repr(seen.reader.get_metrics_data())
    assert PERSON not in exported
    assert KEY not in exported
    assert "?" not in exported


def test_what_is_traced_is_logged_and_hooked_too(
    seen: Seen, caplog: pytest.LogCaptureFixture
) -> None:
    """One does not stand in for the other; a copy is traced as well."""
    events: list[Any] = []
    caplog.set_level("INFO", "sdir_async")
    sdir = sdir_with(seen, OK, on_attempt=events.append).with_options(timeout=5)
    run(sdir.course.v1.list_codes())
    ours = [record for record in caplog.records if record.name == "sdir_async"]
    assert (len(events), len(ours), len(seen.spans)) == (1, 1, 2)


def test_another_object_is_refused() -> None:
    """At once."""
    wrong: Any = True
    with pytest.raises(ConfigurationError, match="telemetry must be a Telemetry"):
        sdir_over(Script(OK), telemetry=wrong)


def test_nothing_of_it_is_imported_where_it_is_not_used() -> None:
    """It costs nothing where it is installed, and says what to install where it is not."""
    code = (
        "import sys\n"
        "from sdir_async import ConfigurationError, Sdir, Telemetry; Sdir('k').course.v1\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]\n"
        "sys.modules['opentelemetry'] = None\n"
        "try: Telemetry()\n"
        "except ConfigurationError as error: print(error)"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "Telemetry needs an extra: pip install 'sdir-async[otel]'"


def test_without_an_sdk_it_does_nothing() -> None:
    """The API alone is enough for a call to go through."""
    assert run(sdir_over(Script(OK), telemetry=Telemetry()).course.v1.list_codes()) == []
