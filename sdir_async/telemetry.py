"""OpenTelemetry: spans and metrics, for those who give `Sdir(telemetry=Telemetry())`.

Only the API of OpenTelemetry is used, which does nothing until a program sets up its SDK. URLs are
templates: a value in a path or a query may be about a person. No text of an error and no header is
noted.

Source of the names that begin with `http`, `url`, `server` and `error`: OpenTelemetry's stable
semantic conventions for HTTP clients. Those that begin with `sdir` are ours.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from attrs import define, frozen

from ._version import __version__
from .errors import ConfigurationError
from .observe import Watch, counts_of
from .privacy import mask
from .session import Session
from .verdicts import Action
from .wire import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

    from .call import Call
    from .document import Document, Operation
    from .observe import OnAttempt
    from .upload.report import ChunkOutcome, UploadReport
    from .verdicts import Exchange, Verdict
    from .wire import Attempt, Happened, Lost, Request, Transport

_SCHEMA: Final = "https://opentelemetry.io/schemas/1.23.0"
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""The boundaries that the conventions advise."""
_MINUTES: Final = (1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 1800.0, 3600.0, 14400.0)

Attributes = dict[str, str | int]


@define
class _UnderWay:
    """A call, and how many requests it has sent."""

    call: Call
    requests: int = 0


_CALL: Final[ContextVar[_UnderWay]] = ContextVar("sdir_call")
_UPLOAD: Final[ContextVar[Attributes]] = ContextVar("sdir_upload")


@frozen
class _Place:
    """Where a request goes: the parts of its URL, as a template."""

    template: str
    full: str
    server: Mapping[str, str | int]


@lru_cache(maxsize=256)
def _place_of(url: str) -> _Place:
    parts = urlsplit(mask(url))
    port = parts.port or {"http": 80}.get(parts.scheme, 443)
    return _Place(
        parts.path, parts.geturl(), {"server.address": parts.hostname or "", "server.port": port}
    )


class Telemetry:
    """Spans of each upload, chunk, call and attempt, and metrics, by OpenTelemetry.

    The span of an attempt is the current span while its request is in progress, so the spans of an
    instrumented HTTP library become its children.

    Args:
        tracer_provider: Where spans go; by default to the global provider.
        meter_provider: Where metrics go; by default to the global provider.

    Raises:
        ConfigurationError: The extra is not installed.

    Example:
        >>> async with Sdir(telemetry=Telemetry()) as sdir:  # doctest: +SKIP
        ...     report = await sdir.course.v1.upload(records)
    """

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        try:
            from opentelemetry import metrics, trace
        except ModuleNotFoundError:
            raise ConfigurationError(
                "Telemetry needs an extra: pip install 'sdir-async[otel]'"
            ) from None
        self._trace = trace
        self._tracer = trace.get_tracer("sdir_async", __version__, tracer_provider, _SCHEMA)
        meter = metrics.get_meter("sdir_async", __version__, meter_provider, _SCHEMA)
        self._seconds = meter.create_histogram(
            "http.client.request.duration",
            "s",
            "Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._active = meter.create_up_down_counter(
            "http.client.active_requests", "{request}", "Requests under way."
        )
        self._records = meter.create_counter(
            "sdir.records", "{record}", "Records of uploads, by what became of them."
        )
        self._pauses = meter.create_counter(
            "sdir.pauses", "{pause}", "How often the server asked all calls to wait."
        )
        self._uploads = meter.create_histogram(
            "sdir.upload.duration",
            "s",
            "Duration of uploads.",
            explicit_bucket_boundaries_advisory=_MINUTES,
        )

    def session(self, transport: Transport, *given: Any, **settings: Any) -> Session:
        """Return a session whose calls and attempts are traced."""
        return _TracedSession(_TracedTransport(transport, self), *given, **settings)

    def watch(self, versions: Mapping[str, tuple[str, ...]], on_attempt: OnAttempt | None) -> Watch:
        """Return what traces uploads and chunks."""
        return _TracedWatch(versions, on_attempt, self)

    def paused(self, call: Call) -> None:
        """Count that the server asked to wait."""
        self._pauses.add(1, _names_of(call.document, call.operation))

    def finished(self, outcome: ChunkOutcome[Any]) -> None:
        """Count what became of records, and note it in the span of their chunk."""
        names = _UPLOAD.get({})
        for state, count in counts_of(outcome).items():
            if count:
                self._records.add(count, {**names, "sdir.state": state})
                told: Attributes = {"sdir.state": state, "sdir.records": count}
                self._trace.get_current_span().add_event("sdir.finished", told)

    @contextmanager
    def _span(self, name: str, attributes: Mapping[str, str | int], **more: Any) -> Iterator[Span]:
        """Surround something with a span; if an error ends it, note the type of the error."""
        span = self._tracer.start_span(name, attributes=attributes, **more)
        with self._trace.use_span(
            span, end_on_exit=True, record_exception=False, set_status_on_exception=False
        ):
            try:
                yield span
            except BaseException as error:
                self._failed(span, type(error).__name__)
                raise

    def _failed(self, span: Span, why: str) -> None:
        span.set_attribute("error.type", why)
        span.set_status(self._trace.Status(self._trace.StatusCode.ERROR))

    @contextmanager
    def upload(
        self, document: Document, operation: Operation, report: Callable[[], UploadReport]
    ) -> Iterator[None]:
        """Surround an upload."""
        names = _names_of(document, operation)
        token = _UPLOAD.set(names)
        started = time.monotonic()
        try:
            with self._span(f"upload {_name_of(names)}", names) as span:
                try:
                    yield
                finally:
                    self._told(span, report())
        finally:
            _UPLOAD.reset(token)
            self._uploads.record(time.monotonic() - started, names)

    def _told(self, span: Span, report: UploadReport) -> None:
        for state in ("accepted", "rejected", "in_doubt", "unsent"):
            span.set_attribute(f"sdir.records.{state}", getattr(report, state))
        span.set_attribute("sdir.requests", report.requests)
        span.set_attribute("sdir.upload.ended", report.ended or "")
        if not report.complete:
            self._failed(span, report.ended or "error")

    @contextmanager
    def chunk(self, first: int, size: int) -> Iterator[None]:
        """Surround the work on a chunk."""
        told = {"sdir.chunk.first": first, "sdir.chunk.size": size}
        with self._span("chunk", {**_UPLOAD.get({}), **told}):
            yield

    @contextmanager
    def call(self, call: Call) -> Iterator[Callable[[Exchange], None]]:
        """Surround a call, all its attempts included; yield what takes note of how it ended."""
        names = _names_of(call.document, call.operation)
        token = _CALL.set(_UnderWay(call))
        try:
            with self._span(f"call {_name_of(names)}", names) as span:

                def ended(exchange: Exchange) -> None:
                    span.set_attribute("sdir.attempts", len(exchange.attempts))
                    if exchange.verdict.action is not Action.ACCEPT:
                        self._failed(span, _type_of(exchange.happened))

                yield ended
        finally:
            _CALL.reset(token)

    @contextmanager
    def attempt(self, request: Request) -> Iterator[Callable[[Happened], None]]:
        """Surround a request; yield what takes note of its answer."""
        place, resent = _sent_now()
        told: Attributes = {"http.request.method": request.method, **place.server}
        of_span: Attributes = {**told, "url.full": place.full, "url.template": place.template}
        if resent:
            of_span["http.request.resend_count"] = resent
        name = f"{request.method} {place.template}"
        ended = {**told, "error.type": "cancelled"}
        self._active.add(1, told)
        started = time.perf_counter()
        try:
            with self._span(name, of_span, kind=self._trace.SpanKind.CLIENT) as span:

                def answered(happened: Happened) -> None:
                    ended.pop("error.type")
                    ended.update(_outcome_of(happened))
                    span.set_attributes(_outcome_of(happened))
                    if "error.type" in ended:
                        self._failed(span, str(ended["error.type"]))

                yield answered
        finally:
            self._active.add(-1, told)
            self._seconds.record(time.perf_counter() - started, ended)


class _TracedSession(Session):
    """One that tells about each call when it begins and when it ends."""

    async def exchange(self, call: Call, deadline: float | None = None) -> Exchange:
        telemetry = cast("_TracedWatch", self.watch).telemetry
        with telemetry.call(call) as ended:
            exchange = await super().exchange(call, deadline)
            ended(exchange)
            return exchange


class _TracedTransport:
    """Tells of each request when it begins and when it ends."""

    def __init__(self, inner: Transport, telemetry: Telemetry) -> None:
        self._inner = inner
        self._telemetry = telemetry

    async def send(self, request: Request) -> Answer | Lost:
        with self._telemetry.attempt(request) as answered:
            happened = await self._inner.send(request)
            answered(happened)
            return happened

    async def aclose(self) -> None:
        await self._inner.aclose()


class _TracedWatch(Watch):
    """Tells of uploads, chunks and pauses, beside what every `Watch` does."""

    def __init__(
        self,
        versions: Mapping[str, tuple[str, ...]],
        on_attempt: OnAttempt | None,
        telemetry: Telemetry,
    ) -> None:
        super().__init__(versions, on_attempt)
        self.telemetry = telemetry

    def chunk(self, first: int, size: int) -> AbstractContextManager[object]:
        return self.telemetry.chunk(first, size)

    def attempted(
        self, call: Call, attempts: Sequence[Attempt], happened: Happened, verdict: Verdict
    ) -> None:
        super().attempted(call, attempts, happened, verdict)
        if verdict.action is Action.PAUSE:
            self.telemetry.paused(call)

    def finished(self, outcome: ChunkOutcome[Any]) -> None:
        super().finished(outcome)
        self.telemetry.finished(outcome)

    @contextmanager
    def upload(
        self, document: Document, operation: Operation, report: Callable[[], UploadReport]
    ) -> Iterator[None]:
        with (
            self.telemetry.upload(document, operation, report),
            super().upload(document, operation, report),
        ):
            yield


def _sent_now() -> tuple[_Place, int]:
    """Return where the current request goes, and how many of its call came before it."""
    under_way = _CALL.get()
    under_way.requests += 1
    call = under_way.call
    return _place_of(call.template or call.url), under_way.requests - 1


def _names_of(document: Document, operation: Operation) -> Attributes:
    return {
        "sdir.api": document.api,
        "sdir.version": document.version,
        "sdir.operation": operation.name,
    }


def _name_of(names: Attributes) -> str:
    return " ".join(map(str, names.values()))


def _outcome_of(happened: Happened) -> Attributes:
    """Return the attributes of an answer, or of why none came."""
    if not isinstance(happened, Answer):
        return {"error.type": _type_of(happened)}
    told: Attributes = {"http.response.status_code": happened.status}
    return told | ({"error.type": str(happened.status)} if happened.status >= 400 else {})


def _type_of(happened: Happened) -> str:
    """Return the status of an answer, or a name for why none came: one of few."""
    if isinstance(happened, Answer):
        return str(happened.status)
    name = happened.cause.partition(":")[0]
    return name if name.isidentifier() else "lost"
