"""What happened to a request, and what follows: was it applied, and what should be done next?

Everything here is a function of values. The facts about the answers of Azure API Management and
of ASP.NET Core come from their public documentation.
"""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

import orjson
from attrs import field, frozen

from .privacy import mask
from .wire import Answer, Lost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .document import Effect, Operation
    from .wire import Attempt, Happened

LONGEST_PAUSE: Final = 300.0
"""Seconds; a rate limit's window in Azure API Management is never longer, so no pause has to be."""

_WAKING: Final = 15.0
"""Seconds to wait for a database that wakes up; it takes about a minute."""

_ASLEEP: Final = b"is not currently available. Please retry"
"""From the message of SQL error 40613, as JSON, plain text or a page: the database sleeps."""


class Action(enum.Enum):
    """What to do next."""

    ACCEPT = "it was applied"
    SEARCH = "not applied: some of the records are bad; find them"
    HALVE = "not applied: too large; send less at a time"
    RENEW_KEY = "not applied: try another key"
    RENEW_TOKEN = "not applied: try another token"  # noqa: S105
    PAUSE = "not applied: every call waits, then again"
    QUOTA = "not applied: the quota is used up; wait if there is time for it"
    AGAIN = "send again"
    ASK = "find out whether it was applied, before anything else"
    STOP = "not applied: wrong for all requests alike"


@frozen
class Verdict:
    """The meaning of what happened.

    Attributes:
        action: What to do next.
        applied: Whether the server applied the request: `None` when nobody here can know.
        wait: Seconds that the server asks to wait, `None` when it names no time.
    """

    action: Action
    applied: bool | None = False
    wait: float | None = None


@frozen
class Exchange:
    """How a call ended.

    Attributes:
        operation: What was called.
        url: Where, without the query.
        happened: What happened last.
        verdict: What it means.
        maybe_applied: Whether the server may have applied the request, in this attempt or before.
        attempts: Every try.
        expired: Whether the deadline left no time for another attempt.
        sent: What was sent: the body, and the values of the query.
    """

    operation: Operation
    url: str = field(repr=False)
    happened: Happened
    verdict: Verdict
    maybe_applied: bool
    attempts: tuple[Attempt, ...] = ()
    expired: bool = False
    sent: tuple[Any, ...] = field(default=(), repr=False)


_ACCEPT = Verdict(Action.ACCEPT, applied=True)
_BY_STATUS: Final = {
    400: Action.SEARCH,
    401: Action.RENEW_KEY,
    408: Action.AGAIN,
    409: Action.SEARCH,
    413: Action.HALVE,
    422: Action.SEARCH,
}


def judge(effect: Effect, happened: Happened, *, trust_500: bool = False) -> Verdict:
    """Decide what the answer to a request with this effect means.

    With `trust_500`, any 500 but the gateway's means that nothing was saved.
    """
    if isinstance(happened, Lost):
        return _judge_loss(effect, happened)
    status = happened.status
    if 200 <= status < 300:
        return _ACCEPT if _understood(happened) else _unknown(effect)
    if status == 429 or (status == 503 and "retry-after" in happened.headers):
        return Verdict(Action.PAUSE, wait=_capped(retry_after(happened)))
    if status == 403 and is_quota(happened):
        return Verdict(Action.QUOTA, wait=retry_after(happened))
    if status == 401 and is_token(happened):
        return Verdict(Action.RENEW_TOKEN)
    if status >= 500:
        return _judge_failure(effect, happened, trust_500=trust_500)
    return Verdict(_BY_STATUS.get(status, Action.STOP))


def _judge_loss(effect: Effect, lost: Lost) -> Verdict:
    if lost.sent == "nothing":
        return Verdict(Action.AGAIN)
    if lost.sent == "part":
        return Verdict(Action.HALVE)
    return _unknown(effect)


def _judge_failure(effect: Effect, answer: Answer, *, trust_500: bool) -> Verdict:
    """A 5xx: only a 500 of the API itself says that nothing was saved."""
    if answer.status == 500 and _ASLEEP in answer.body:
        return Verdict(Action.PAUSE, wait=_WAKING)
    from_the_api = _perhaps_from_the_api if trust_500 else _from_the_api
    if answer.status != 500 or not from_the_api(answer):
        return _unknown(effect)
    return Verdict(Action.ASK if effect == "create" else Action.AGAIN)


def _unknown(effect: Effect) -> Verdict:
    return Verdict(Action.ASK if effect == "create" else Action.AGAIN, applied=None)


def _understood(answer: Answer) -> bool:
    """Whether a 2xx is Sdir's and complete: not a login page, not JSON that was cut off."""
    body = answer.body.strip()
    media_type = answer.headers.get("content-type", "").lower()
    if not body:  # compressed and cut to its head, an answer decompresses to nothing
        compressed = answer.headers.get("content-encoding", "identity").lower() != "identity"
        return not compressed or answer.headers.get("content-length") == "0"
    if "html" in media_type or body[:1] == b"<":
        return False
    if body[:1] in (b"[", b"{"):
        return body[-1:] == (b"]" if body[:1] == b"[" else b"}")
    return "json" not in media_type or parsed(body) is not NOT_JSON


def _from_the_api(answer: Answer) -> bool:
    """Only problem details with the id of a trace are surely those of ASP.NET Core.

    An empty body, or one that an operator wrote, may be the gateway's, which gave up on a backend
    that still works.
    """
    body = parsed(answer.body)
    return isinstance(body, dict) and "traceId" in body and "activityId" not in body


def _perhaps_from_the_api(answer: Answer) -> bool:
    """An unhandled error of ASP.NET Core may be empty, too; the gateway's own has an id."""
    body = parsed(answer.body)
    return not answer.body.strip() or (isinstance(body, dict) and "activityId" not in body)


def is_quota(answer: Answer) -> bool:
    """Say whether a 403 means that the quota is used up."""
    return "retry-after" in answer.headers or b"quota" in answer.body.lower()


def is_token(answer: Answer) -> bool:
    """Say whether a 401 is about the token, and not about the key.

    The gateway's is a message that begins with JWT or Claim; the API's own is a challenge.
    """
    if answer.headers.get("www-authenticate", "").lower().startswith("bearer"):
        return True
    body = parsed(answer.body)
    message = body.get("message") if isinstance(body, dict) else None
    return isinstance(message, str) and message.startswith(("JWT", "Claim "))


def retry_after(answer: Answer) -> float | None:
    """Return how many seconds the server asks to wait; it may say so in seconds or as a date."""
    value = answer.headers.get("retry-after", "").strip()
    try:
        return float(value) if value[:1].isdigit() else _seconds_until(value, answer)
    except ValueError:
        return None


def _seconds_until(date: str, answer: Answer) -> float | None:
    """Count from the server's own clock, where it tells it: ours may be wrong."""
    until, now = http_date(date), http_date(answer.headers.get("date", ""))
    if until is None:
        return None
    return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())


def http_date(text: str) -> datetime | None:
    """Return the moment that a header tells, `None` if it tells none."""
    try:
        found = parsedate_to_datetime(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _capped(wait: float | None) -> float | None:
    return None if wait is None else min(wait, LONGEST_PAUSE)


NOT_JSON: Final = object()


def parsed(body: bytes) -> Any:
    """Return the JSON of a body, `NOT_JSON` if it isn't JSON."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return NOT_JSON


_IDS: Final = ("activityId", "traceId", "requestId")
_ID_HEADERS: Final = ("x-ms-request-id", "apim-request-id", "request-context")


def request_id_of(answer: Answer, problem: Mapping[str, Any] = {}) -> str | None:
    """Return what Sdir's support needs to find the request, if the answer says it."""
    found = [problem.get(name) for name in _IDS] + [
        answer.headers.get(name) for name in _ID_HEADERS
    ]
    value = next((value for value in found if isinstance(value, str)), None)
    return None if value is None else mask(value)
