"""One request: send it, repeat it where that is safe, turn the answer into a value or an error."""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from typing import TYPE_CHECKING, Any, Final, TypeVar

import httpx
from attrs import define, field, frozen

from . import auth
from ._version import __version__
from .answers import Action, Answer, Happened, Lost, Verdict, error_of, judge
from .errors import ConfigurationError, ConnectionFailed, SdirError, UnknownOutcome
from .privacy import mask
from .transport import Outgoing
from .types import UNSET, Unset

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from .auth import KeyRing
    from .document import Document, Operation
    from .pacing import Pacer
    from .transport import Client, Sending

T = TypeVar("T")
Timeout = float | httpx.Timeout | None

logger = logging.getLogger("sdir_async")

_LARGE: Final = 262_144
"""Bytes; whether the peer broke off within a body is told of larger ones."""
_LAST_PIECE: Final = 65_536
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_HEADERS: Final = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "User-Agent": f"sdir-async/{__version__}",
}
_NOT_BEGUN: Final = Lost("connect", "the deadline passed before it was sent")
_BROKEN_OFF: Final = (httpx.NetworkError, httpx.RemoteProtocolError)


@frozen
class RetryPolicy:
    """How often a request is repeated, where that is safe, and how long to wait before.

    Attributes:
        attempts: At most this many in all.
        first_wait: Seconds before the second attempt; doubled each time, less a random part.
        longest_wait: Seconds that no wait exceeds, but one that the server asks for.
        settle: Seconds after which a batch that is not found on the server is taken as not saved:
            a backend may finish after the gateway gave up on it.

    Example:
        >>> RetryPolicy(attempts=3)
        RetryPolicy(attempts=3, first_wait=0.5, longest_wait=60.0, settle=30.0)
    """

    attempts: int = 6
    first_wait: float = 0.5
    longest_wait: float = 60.0
    settle: float = 30.0

    def wait(self, failures: int) -> float:
        """Return how many seconds to wait after this many failures, from 1."""
        longest = min(self.longest_wait, self.first_wait * 2 ** min(failures - 1, 30))
        return float(longest * random.uniform(0.5, 1.0))  # noqa: S311


@frozen
class Attempt:
    """One try to send a request.

    Attributes:
        at: When it started, in seconds since the epoch.
        seconds: How long it took.
        result: The status of the answer, or what happened instead.
    """

    at: float
    seconds: float
    result: str


@define
class Request:
    """What to send, and whether the server may have applied it, so far as is known."""

    operation: Operation
    url: str
    params: Mapping[str, Any] | None = field(default=None, repr=False)
    headers: Mapping[str, str] | None = None
    body: bytes | None = field(default=None, repr=False)
    timeout: Timeout | Unset = UNSET
    maybe_applied: bool = False


@frozen
class Exchange:
    """How a request ended: what happened last, what it means, and whether time ran out."""

    happened: Happened
    verdict: Verdict
    attempts: tuple[Attempt, ...]
    expired: bool = False


class _Body:
    """A body in pieces, that knows whether the peer can have received any of it, or all.

    It can as soon as the first, or the last, piece is handed to the transport, whatever is raised
    after that: the peer may have read it, applied the request and broken off before we hear of it.

    That of a create is handed over `once`. A transport of the user's that sends again by itself
    what it thinks was lost would report it twice.
    """

    def __init__(self, content: bytes, *, copied: bool, once: bool) -> None:
        self.content: Any = content if copied else memoryview(content)
        self.begun = self.whole = False
        self._once = once

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self.begun and self._once:
            raise httpx.StreamConsumed
        self.begun, self.whole = True, False
        end = max(0, len(self.content) - _LAST_PIECE)
        for start in range(0, end, _LARGE):
            yield self.content[start : min(start + _LARGE, end)]
        self.whole = True
        yield self.content[end:]


class Session:
    """Sends the requests of one `Sdir`."""

    def __init__(
        self,
        client: Client,
        keys: KeyRing,
        pacer: Pacer,
        retry: RetryPolicy,
        *,
        timeout: Timeout,
        versions: Mapping[str, str],
        base_url_of: Callable[[Document], str],
    ) -> None:
        self.retry = retry
        self.versions = versions
        self.base_url_of = base_url_of
        self._owned: set[asyncio.Task[None]] = set()
        self._largest_body = math.inf
        self._client = client
        self._keys = keys
        self._pacer = pacer
        self._timeout = httpx.Timeout(timeout)
        self._closed = False

    async def aclose(self) -> None:
        """Send nothing more; cancel the uploads in the background, and wait until they are gone."""
        self._closed = True
        owned = list(self._owned)
        for task in owned:
            cancel_once(task)
        await asyncio.gather(*owned, return_exceptions=True)

    def own(self, task: asyncio.Task[None]) -> None:
        """Let no task outlive this session."""
        self._owned.add(task)
        task.add_done_callback(self._owned.discard)

    def _require_open(self) -> None:
        if self._closed or self._client.is_closed:
            raise ConfigurationError("This Sdir is closed; open another one.")

    def is_too_large(self, size: int) -> bool:
        """Say whether a body of so many bytes is larger than what was refused before allows."""
        return size > self._largest_body

    def refused_size(self, size: int, records: int) -> None:
        """Remember that a body of so many bytes, with so many records, was too large."""
        self._largest_body = min(self._largest_body, (size + 1) // 2 if records > 1 else size - 1)

    def body_limit(self, wanted: int) -> int:
        """Return how many bytes a body should have at most, given how many it might have."""
        return int(min(wanted, self._largest_body))

    async def call(
        self, request: Request, read: Callable[[bytes], T], deadline: float | None, hint: str
    ) -> T:
        """Return what `read` makes of the answer; raise an error if there is none or it is no.

        Raises:
            ApiError: The answer is an error; the subclass says which.
            ConnectionFailed: There is no answer, and nothing was changed by asking.
            UnknownOutcome: A create was sent and its answer lost; `hint` says what to do.
        """
        exchange = await self.exchange(request, deadline)
        answer = exchange.happened
        if exchange.verdict.action is not Action.ACCEPT or isinstance(answer, Lost):
            raise failure_of(request, exchange, hint)
        try:
            return read(answer.body)
        except (ValueError, KeyError, TypeError, AttributeError):
            failure = failure_of(request, exchange, hint)
        raise failure  # no longer within `except`: the parser's error holds the answer

    async def exchange(self, request: Request, deadline: float | None = None) -> Exchange:
        """Send until it is clear what became of the request, or nothing more may be done.

        Args:
            request: What to send; `maybe_applied` is kept true to what is known at any moment.
            deadline: The loop's time after which nothing is begun or waited for.
        """
        attempts: list[Attempt] = []
        refused: set[str] = set()
        retries = _Retries(self.retry, self._pacer, patient=deadline is not None)
        while True:
            happened, verdict = await self._attempt(request, refused, attempts, deadline)
            wait = retries.wait_after(verdict)
            if verdict.action is Action.RENEW_KEY and not await self._renew(refused, deadline):
                wait = None
            if wait is None:
                return Exchange(happened, verdict, tuple(attempts))
            if deadline is not None and _now() + wait >= deadline:
                expired = verdict.action is not Action.QUOTA
                return Exchange(happened, verdict, tuple(attempts), expired=expired)
            await asyncio.sleep(wait)

    async def _renew(self, refused: set[str], deadline: float | None) -> bool:
        bound = asyncio.timeout_at(deadline)
        try:
            async with bound:
                return await self._keys.renew(refused)
        except TimeoutError:
            if bound.expired():
                return False
            raise

    async def _attempt(
        self, request: Request, refused: set[str], attempts: list[Attempt], deadline: float | None
    ) -> tuple[Happened, Verdict]:
        """Send once, and draw the conclusions: for the request, the key, the pace, the attempts."""
        at, started = time.time(), _now()
        known = request.maybe_applied
        happened: Happened = _NOT_BEGUN
        key = ""
        bound = asyncio.timeout_at(deadline)
        try:
            async with bound:
                key = await self._keys.key()
                send, body = self._prepare(request, key)
                async with self._pacer as started:
                    self._require_open()
                    if deadline is None or started < deadline:
                        request.maybe_applied = True
                        happened = Lost("answer", "the deadline passed before it was answered")
                        happened = await _sent(send, body)
        except TimeoutError:
            if not bound.expired():
                raise
        verdict = judge(request.operation.effect, happened)
        request.maybe_applied = known if verdict.applied is False else True
        if verdict.action is Action.RENEW_KEY:
            refused.add(key)
        result = happened.cause if isinstance(happened, Lost) else str(happened.status)
        if happened is not _NOT_BEGUN:
            attempts.append(Attempt(at, _now() - started, result))
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("%s %s: %s", request.operation.method, mask(request.url), mask(result))
        self._pace(started, happened, verdict)
        return happened, verdict

    def _prepare(self, request: Request, key: str) -> tuple[Sending, _Body | None]:
        """Return what sends it, and its body where we have to know how far it came.

        That is a large one, and each one that goes through a client that we don't know: of a
        create even an empty one.
        """
        content, client = request.body or b"", self._client
        creates = request.operation.effect == "create"
        body = None
        if len(content) > _LARGE or (not client.is_trusted and (content or creates)):
            once = creates and not client.may_repeat
            body = _Body(content, copied=not client.is_trusted, once=once)
        headers = {**_HEADERS, **(request.headers or {}), auth.HEADER: key}
        if body:
            headers["Content-Length"] = str(len(content))
        given = request.timeout
        outgoing = Outgoing(
            request.operation.method,
            request.url,
            request.params,
            headers,
            content=body or request.body,
            timeout=self._timeout if isinstance(given, Unset) else httpx.Timeout(given),
        )
        return client.prepare(outgoing), body

    def _pace(self, started: float, happened: Happened, verdict: Verdict) -> None:
        status = happened.status if isinstance(happened, Answer) else 0
        if verdict.action is Action.PAUSE:
            wait = self.retry.first_wait if verdict.wait is None else verdict.wait
            if status == 500:
                self._pacer.pause(wait)
            else:
                self._pacer.turned_away(started, wait)
        elif verdict.applied is None:
            self._pacer.congested(started)
        elif 0 < status < 500:
            self._pacer.succeeded()


class _Retries:
    """Counts what an exchange has tried, and says how long to wait before it tries again."""

    def __init__(self, policy: RetryPolicy, pacer: Pacer, *, patient: bool) -> None:
        self._policy = policy
        self._pacer = pacer
        self._patient = patient
        self._failures = 0
        self._keys = 0
        self._pauses = 0
        self._quotas = 0
        self._successes = pacer.successes

    def wait_after(self, verdict: Verdict) -> float | None:
        """Return how many seconds to wait before the next attempt; `None` if that was the last."""
        match verdict.action:
            case Action.AGAIN:
                self._failures += 1
                return self._policy.wait(self._failures) if self._left(self._failures) else None
            case Action.PAUSE:
                return self._wait_after_pause(verdict.wait or 0.0)
            case Action.QUOTA:
                return self._wait_for_quota(verdict.wait)
            case Action.RENEW_KEY:
                self._keys += 1
                return 0.0 if self._left(self._keys) else None
        return None

    def _wait_after_pause(self, asked: float) -> float | None:
        """Being turned away counts only while no other call comes through either."""
        if self._successes != self._pacer.successes:
            self._successes, self._pauses = self._pacer.successes, 0
        self._pauses += 1
        return max(asked, self._policy.wait(self._pauses)) if self._left(self._pauses) else None

    def _wait_for_quota(self, asked: float | None) -> float | None:
        """A quota may renew in days: without a deadline only a short wait is worth it."""
        self._quotas += 1
        wait = max(asked or 0.0, self._policy.wait(self._quotas))
        short = asked is not None and asked <= self._policy.longest_wait
        return wait if self._patient or (short and self._left(self._quotas)) else None

    def _left(self, used: int) -> bool:
        return used < self._policy.attempts


async def _sent(send: Sending, body: _Body | None) -> Happened:
    try:
        return await send()
    except Exception as error:  # noqa: BLE001  whatever a transport raises, it may have been sent
        if isinstance(error, _NOT_SENT) and not (body and body.begun):
            return Lost("connect", _cause(error))
        broken_off = body is not None and not body.whole and isinstance(error, _BROKEN_OFF)
        return Lost("body" if broken_off else "answer", _cause(error))


def cancel_once(task: asyncio.Task[None]) -> None:
    """Cancel a task, but don't disturb it while it ends: its journal is to be closed."""
    if not task.cancelling():
        task.cancel()


def failure_of(request: Request, exchange: Exchange, hint: str = "") -> SdirError:
    """Return the error that an exchange without an acceptable answer ends in."""
    operation, happened = request.operation, exchange.happened
    where = f"{operation.method} {request.url}"
    if request.maybe_applied and operation.effect == "create":
        return UnknownOutcome(
            f"{where}: sent, but what came of it is unknown: {_result(happened)}. It may be saved"
            f" or not, and sending it again could report it twice. {hint}"
        )
    if isinstance(happened, Answer) and not 200 <= happened.status < 300:
        return error_of(happened, method=operation.method, url=request.url)
    count = len(exchange.attempts)
    tried = f", after {count} attempt{'s' if count > 1 else ''}" if count else ""
    advice = "Check the network and the host, then try again."
    if isinstance(happened, Answer):
        advice = "Make sure that base_url leads to Sdir, and that nothing answers in its place."
    return ConnectionFailed(f"{where}: {_result(happened)}{tried}. {advice}")


def _result(happened: Happened) -> str:
    if isinstance(happened, Lost):
        return happened.cause
    understood = ", but the answer can't be understood" if happened.status < 300 else ""
    return f"status {happened.status}{understood}"


def _cause(error: Exception) -> str:
    """Say what a transport raised. Its text may name hosts and files, never what was sent."""
    return mask(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def _now() -> float:
    return asyncio.get_running_loop().time()
