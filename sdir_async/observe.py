"""What the logger `sdir_async` writes about calls, chunks and uploads; and the hook `on_attempt`.

Paths are shown as templates, such as `/courses/{uid}`: a value in a path or a query may be about a
person.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from .deprecations import Deprecations
from .errors import ConfigurationError
from .privacy import mask
from .verdicts import request_id_of
from .wire import Answer, counted, result_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .call import Call
    from .document import Document, Operation
    from .upload.report import ChunkOutcome, UploadReport
    from .verdicts import Exchange, Verdict
    from .wire import Attempt, Happened

ENVIRONMENT_VARIABLE: Final = "SDIR_LOG"
_LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO}

logger: Final = logging.getLogger("sdir_async")


@frozen
class AttemptEvent:
    """One attempt to send a request, as passed to `Sdir(on_attempt=…)`.

    Attributes:
        api: The API, such as `"course"`.
        version: The version, such as `"v1"`.
        operation: The `operationId` of the operation in the document.
        method: The HTTP method.
        path: The path as a template, such as `/courses/{uid}`.
        number: The number of the attempt within the call, from 1.
        status: The HTTP status; `None` if no complete answer came.
        result: The status, or what happened instead, in words.
        seconds: How long it took.
        request_id: What Sdir's support needs to find the request, if the answer says.
        pause: Seconds that the server asks to wait, if it does.
    """

    api: str
    version: str
    operation: str
    method: str
    path: str
    number: int
    status: int | None
    result: str
    seconds: float
    request_id: str | None
    pause: float | None


OnAttempt = Callable[[AttemptEvent], object]
"""What `Sdir(on_attempt=…)` takes: it is called in the event loop, and must not block."""


class Watch:
    """Follows what happens in one `Sdir`: writes the log, calls the hook, warns of old versions."""

    def __init__(
        self,
        versions: Mapping[str, tuple[str, ...]],
        on_attempt: OnAttempt | None = None,
    ) -> None:
        self._deprecations = Deprecations(versions)
        self._on_attempt = on_attempt

    def attempted(
        self, call: Call, attempts: Sequence[Attempt], happened: Happened, verdict: Verdict
    ) -> None:
        """Take note of a try to send, the last of these."""
        if logger.isEnabledFor(logging.DEBUG):
            last, number = attempts[-1], len(attempts)
            took = f"{last.result} in {last.seconds:.3f} s"
            logger.debug("%s: attempt %d: %s", _name(call), number, took)
        if self._on_attempt is not None:
            try:
                self._on_attempt(event_of(call, attempts, happened, verdict))
            except Exception:
                logger.exception("on_attempt raised an error. The call goes on.")

    def ended(self, call: Call, exchange: Exchange, seconds: float) -> None:
        """Take note of the end of a call, all attempts included."""
        answer = exchange.happened
        if logger.isEnabledFor(logging.INFO):
            found = request_id_of(answer) if isinstance(answer, Answer) else None
            took = f"{result_of(answer)} in {seconds:.3f} s, {counted(exchange.attempts)}"
            told = "" if found is None else f", request id {found}"
            logger.info("%s: %s%s", _name(call), took, told)
        if isinstance(answer, Answer):
            self._deprecations.heed(call.document, call.operation, answer.headers)

    def finished(self, outcome: ChunkOutcome[Any]) -> None:
        """Take note of what became of a chunk, or of a part of one."""
        if logger.isEnabledFor(logging.INFO):
            counts = ", ".join(
                f"{count} {state.replace('_', ' ')}"
                for state, count in counts_of(outcome).items()
                if count
            )
            first, last = outcome.indexes[0], outcome.indexes[-1]
            which = f"record {first}" if first == last else f"records {first} to {last}"
            logger.info("%s: %s, %s", which, counts, counted(outcome.attempts))

    def chunk(self, first: int, size: int) -> AbstractContextManager[object]:  # noqa: ARG002
        """Surround the work on a chunk, from its first record on."""
        return nullcontext()

    @contextmanager
    def upload(
        self, document: Document, operation: Operation, report: Callable[[], UploadReport]
    ) -> Iterator[None]:
        """Surround an upload; `report` says how it ended."""
        try:
            yield
        finally:
            if logger.isEnabledFor(logging.INFO):
                name = f"{document.api} {document.version} {operation.name}"
                logger.info("%s: upload ended: %s", name, report())


def counts_of(outcome: ChunkOutcome[Any]) -> dict[str, int]:
    """Return how many records of an outcome ended in each state."""
    rejected = len(outcome.rejections)
    counts = {"rejected": rejected}
    counts[outcome.state] = counts.get(outcome.state, 0) + len(outcome.indexes) - rejected
    return counts


def event_of(
    call: Call, attempts: Sequence[Attempt], happened: Happened, verdict: Verdict
) -> AttemptEvent:
    """Return the event of the last attempt."""
    answer = happened if isinstance(happened, Answer) else None
    return AttemptEvent(
        call.document.api,
        call.document.version,
        call.operation.name,
        call.operation.method,
        mask(call.operation.path),
        len(attempts),
        None if answer is None else answer.status,
        attempts[-1].result,
        attempts[-1].seconds,
        None if answer is None else request_id_of(answer),
        verdict.wait,
    )


def _name(call: Call) -> str:
    document, operation = call.document, call.operation
    return f"{document.api} {document.version} {operation.method} {mask(operation.path)}"


def log_as_told() -> None:
    """Let the logger write to standard error, if `SDIR_LOG` says so.

    Raises:
        ConfigurationError: `SDIR_LOG` is neither `debug` nor `info`.
    """
    told = os.environ.get(ENVIRONMENT_VARIABLE, "")
    if not told:
        return
    if told.lower() not in _LEVELS:
        raise ConfigurationError(f"{ENVIRONMENT_VARIABLE} must be debug or info.")
    logger.setLevel(_LEVELS[told.lower()])
    if not logger.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger.addHandler(handler)
