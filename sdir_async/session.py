"""One call: send it, repeat it where that is safe, and say how it ended."""

from __future__ import annotations

import asyncio
import threading
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, NoReturn

from attrs import define, field, frozen

from ._version import __version__
from .errors import ConfigurationError, ConnectionFailed, SdirError
from .loops import by, loop_time
from .options import of_kind, seconds_or_none, whole_number
from .retries import Retries, RetryPolicy
from .verdicts import Action, Exchange, judge
from .wire import (
    BEARER_HEADER,
    KEY_HEADER,
    NOT_BEGUN,
    UNANSWERED,
    Answer,
    Attempt,
    Lost,
    Request,
    Secret,
    result_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .auth import KeyRing
    from .call import Call
    from .hosts import Servers
    from .observe import Watch
    from .pacing import Pacer
    from .tokens import TokenSource
    from .verdicts import Verdict
    from .wire import Happened, Timeouts, Transport

_USER_AGENT: Final = f"sdir-async/{__version__}"
_BEARER: Final = "Bearer "
_UPLOAD: Final[ContextVar[asyncio.Task[None] | None]] = ContextVar("sdir upload", default=None)
"""The upload that the current task is part of."""
_TOO_SLOW: Final = Lost("all", "the attempt took longer than its timeouts allow in all")


@frozen
class Settings:
    """Settings of all calls, unless a call has its own.

    Attributes:
        retry: How often to try again, and how long to wait.
        timeouts: How long each part of an attempt may take.
        largest_answer: How many bytes of an answer are read at most.
        headers: Headers of the user's own.
        deadline: Seconds for each call and each upload as a whole.
        customer: The organization number of the customer on whose behalf they are.
    """

    retry: RetryPolicy = field(validator=of_kind(RetryPolicy, "a RetryPolicy"))
    timeouts: Timeouts
    largest_answer: int = field(validator=whole_number)
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    deadline: float | None = field(default=None, validator=seconds_or_none)
    customer: str | None = None


@define(eq=False, repr=False, slots=False)
class Session:
    """Sends the requests of one `Sdir`."""

    _transport: Transport
    _keys: KeyRing
    _pacer: Pacer
    settings: Settings
    versions: Mapping[str, str]
    servers: Servers
    watch: Watch
    tokens: TokenSource | None
    _owned: set[asyncio.Task[None]] = field(factory=set, init=False)
    _closed: threading.Event = field(factory=threading.Event, init=False)

    def with_settings(self, settings: Settings) -> Session:
        """Return one with other settings; all else is shared, its end included."""
        session = object.__new__(type(self))
        vars(session).update(vars(self), settings=settings)
        return session

    def __reduce__(self) -> NoReturn:
        raise TypeError("an Sdir can't be pickled or copied: it holds the key and open connections")

    async def aclose(self) -> None:
        """Send nothing more; cancel the uploads under way, and wait until they are gone.

        An upload whose input or callback closes the session is not waited for: it waits for them.
        """
        self._closed.set()
        owned = list(self._owned)
        for task in owned:
            cancel_once(task)
        try:
            await until_gone([task for task in owned if task is not _UPLOAD.get()])
        finally:
            await self._transport.aclose()
            await self._pacer.aclose()

    def own(self, task: asyncio.Task[None]) -> None:
        """Let no task outlive this session."""
        self._owned.add(task)
        task.add_done_callback(self._owned.discard)

    @staticmethod
    def enter() -> None:
        """Remember that what runs from here on is part of the current task, which is an upload."""
        _UPLOAD.set(asyncio.current_task())

    async def exchange(self, call: Call, deadline: float | None = None) -> Exchange:
        """Send until it is clear what became of the request, or nothing more may be done.

        Args:
            call: What to send; `maybe_applied` is kept true to what is known at any moment.
            deadline: The loop's time after which nothing is begun or waited for.

        Raises:
            ConfigurationError: The `Sdir`, or the user's client, is closed.
        """
        began = loop_time()
        attempts: list[Attempt] = []
        refused: set[Secret] = set()
        retries = Retries(
            call.retry or self.settings.retry,
            self._pacer.successes,
            patient=deadline is not None,
            few=call.few,
        )
        while True:
            happened, verdict = await self._attempt(call, refused, attempts, deadline)
            wait = retries.wait_after(verdict, self._pacer.successes)
            if verdict.action is Action.RENEW_KEY:
                renewed = await by(deadline, self._keys.renew(refused), late=False)
                wait = wait if renewed else None
            if verdict.action is Action.RENEW_TOKEN and self.tokens is None:
                wait = None
            no_time = deadline is not None and loop_time() + (wait or 0.0) >= deadline
            if wait is None or no_time:
                ended = Exchange(
                    call.operation,
                    call.url,
                    happened,
                    verdict,
                    maybe_applied=call.maybe_applied,
                    attempts=tuple(attempts),
                    expired=no_time and verdict.action is not Action.QUOTA,
                    sent=(call.body, dict(call.query)),
                )
                self.watch.ended(call, ended, loop_time() - began)
                return ended
            await asyncio.sleep(wait)

    async def _attempt(
        self,
        call: Call,
        refused: set[Secret],
        attempts: list[Attempt],
        deadline: float | None,
    ) -> tuple[Happened, Verdict]:
        """Send once, and draw the conclusions: for the call, the key, the pace, the attempts."""
        at, started = time.time(), loop_time()
        known = call.maybe_applied
        happened: Happened = NOT_BEGUN
        key: Secret | None = None
        token: Secret | Lost | None = None
        bound = asyncio.timeout_at(deadline)
        try:
            async with bound:
                key = await self._keys.key()
                async with self._pacer as started:
                    self._require_open()
                    token = await self._ready(call)  # only now: it would age in the queue
                    if isinstance(token, Lost):
                        happened = token
                    elif deadline is None or started < deadline:
                        request = self._request(call, key, token)
                        call.maybe_applied, happened = True, UNANSWERED
                        bound.reschedule(_end_of(request.timeouts, loop_time(), deadline))
                        happened = await self._transport.send(request)
        except TimeoutError:
            if not bound.expired():
                raise
            if happened is UNANSWERED and (deadline is None or loop_time() < deadline):
                happened = _TOO_SLOW
        except SdirError:
            call.maybe_applied = known  # ours come before anything is sent
            raise
        retry = call.retry or self.settings.retry
        verdict = judge(call.operation.effect, happened, trust_500=retry.trust_500)
        call.maybe_applied = known if verdict.applied is False else True
        if verdict.action is Action.RENEW_KEY and key is not None:
            refused.add(key)
        self._note_token(token, verdict)
        if happened is not NOT_BEGUN:
            attempts.append(Attempt(at, loop_time() - started, result_of(happened)))
            self.watch.attempted(call, attempts, happened, verdict)
        self._pace(started, happened, verdict)
        return happened, verdict

    async def _ready(self, call: Call) -> Secret | Lost | None:
        """Return the token to send. The last check before sending is made here."""
        token = await self._token(call)
        if call.before_attempt is not None:
            await call.before_attempt()
        return token

    async def _token(self, call: Call) -> Secret | Lost | None:
        """Return the token to send, if any; `Lost` if its server was not reached.

        Raises:
            ConfigurationError: No scope is known that it needs.
            TokenError: Maskinporten refuses to give one.
        """
        if self.tokens is None:
            return None
        scopes = call.operation.scopes or self.tokens.scopes
        if not scopes and self.tokens.needs_scopes:
            raise ConfigurationError(
                f"{call.operation.name}: the document names no scope for the token. Give"
                " Maskinporten(scopes=…)."
            )
        try:
            token = await self.tokens.token(scopes, self.settings.customer)
            return Secret(_BEARER + token)
        except ConnectionFailed as error:
            return Lost("nothing", str(error))

    def _note_token(self, token: Secret | Lost | None, verdict: Verdict) -> None:
        refused = verdict.action is Action.RENEW_TOKEN
        if refused and self.tokens is not None and isinstance(token, Secret):
            self.tokens.refuse(token.reveal().removeprefix(_BEARER))

    def _require_open(self) -> None:
        if self._closed.is_set():
            raise ConfigurationError("This Sdir is closed. Open another one.")

    def _request(self, call: Call, key: Secret, token: Secret | None) -> Request:
        beside = {} if token is None else {BEARER_HEADER: token}
        operation = call.operation
        ours = {
            "Accept": operation.accept,
            "Content-Type": operation.content_type,
            "User-Agent": _USER_AGENT,
        }
        return Request(
            operation.method,
            call.url,
            call.query,
            {**ours, **self.settings.headers, **call.headers, KEY_HEADER: key, **beside},
            call.body,
            call.timeouts or self.settings.timeouts,
            repeatable=operation.effect != "create",
            largest=self.settings.largest_answer,
        )

    def _pace(self, started: float, happened: Happened, verdict: Verdict) -> None:
        status = happened.status if isinstance(happened, Answer) else 0
        if verdict.action is Action.PAUSE:
            wait = self.settings.retry.first_wait if verdict.wait is None else verdict.wait
            if status == 500:
                self._pacer.pause(wait)
            else:
                self._pacer.turned_away(started, wait)
        elif verdict.applied is None:
            self._pacer.congested(started)
        elif 0 < status < 500:
            self._pacer.succeeded()


def cancel_once(task: asyncio.Task[None]) -> None:
    """Cancel a task, but don't disturb it while it ends: it closes its journal."""
    if not task.cancelling():
        task.cancel()


async def until_gone(tasks: Collection[asyncio.Task[None]]) -> None:
    """Wait until tasks have ended. If the wait is cancelled, cancel them once, and wait for them.

    An upload that is cancelled closes its journal. Some libraries cancel a task again and again
    until it ends, and would interrupt that.
    """
    cancelled: asyncio.CancelledError | None = None
    while left := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(left)
        except asyncio.CancelledError as error:
            cancelled = error
            for task in left:
                cancel_once(task)
    if cancelled is not None:
        raise cancelled


def _end_of(timeouts: Timeouts, started: float, deadline: float | None) -> float | None:
    """Return when an attempt that started then must be over."""
    if timeouts.total is None:
        return deadline
    end = started + timeouts.total
    return end if deadline is None else min(end, deadline)
