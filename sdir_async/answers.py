"""What an answer means: was the request applied, and what is to be done next?

Everything here is a function of values. The facts about the answers of Azure API Management and
of ASP.NET Core come from their public documentation.
"""

from __future__ import annotations

import enum
import re
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, Literal

import orjson
from attrs import field, frozen

from . import auth, errors
from .errors import ApiError, Reason
from .privacy import mask

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .document import Effect

LONGEST_PAUSE: Final = 300.0
"""Seconds; a rate limit's window in Azure API Management is no longer, so no pause has to be."""

_WAKING: Final = 15.0
"""Seconds to wait for a database that wakes up; it takes about a minute."""

_ASLEEP: Final = b"is not currently available. Please retry"
"""From the message of SQL error 40613, as JSON, plain text or a page: the database sleeps."""


@frozen
class Answer:
    """An answer that arrived whole: `headers` with lower-case names, `body` as bytes."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@frozen
class Lost:
    """There is no answer.

    Attributes:
        stage: How far the request came: `"connect"`, nothing of it was sent; `"body"`, the peer
            broke off before all of it was sent; `"answer"`, it was sent, or may have been.
        cause: What happened, for people.
    """

    stage: Literal["connect", "body", "answer"]
    cause: str


Happened = Answer | Lost


class Action(enum.Enum):
    """What to do next."""

    ACCEPT = "it was applied"
    SEARCH = "not applied: some of the records are bad; find them"
    HALVE = "not applied: too large; send less at a time"
    RENEW_KEY = "not applied: try another key"
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


_ACCEPT = Verdict(Action.ACCEPT, applied=True)
_BY_STATUS: Final = {
    400: Action.SEARCH,
    401: Action.RENEW_KEY,
    408: Action.AGAIN,
    409: Action.SEARCH,
    413: Action.HALVE,
    422: Action.SEARCH,
}


def judge(effect: Effect, happened: Happened) -> Verdict:
    """Decide what the answer to a request with this effect means."""
    if isinstance(happened, Lost):
        return _judge_loss(effect, happened)
    status = happened.status
    if 200 <= status < 300:
        return _ACCEPT if _understood(happened) else _unknown(effect)
    if status == 429 or (status == 503 and "retry-after" in happened.headers):
        return Verdict(Action.PAUSE, wait=_capped(retry_after(happened)))
    if status == 403 and _quota_exhausted(happened):
        return Verdict(Action.QUOTA, wait=retry_after(happened))
    if status >= 500:
        return _judge_failure(effect, happened)
    return Verdict(_BY_STATUS.get(status, Action.STOP))


def _judge_loss(effect: Effect, lost: Lost) -> Verdict:
    if lost.stage == "connect":
        return Verdict(Action.AGAIN)
    if lost.stage == "body":
        return Verdict(Action.HALVE)
    return _unknown(effect)


def _judge_failure(effect: Effect, answer: Answer) -> Verdict:
    """A 5xx: only a 500 of the API itself says that nothing was saved."""
    if answer.status == 500 and _ASLEEP in answer.body:
        return Verdict(Action.PAUSE, wait=_WAKING)
    if answer.status != 500 or not _from_the_api(answer):
        return _unknown(effect)
    return Verdict(Action.ASK if effect == "create" else Action.AGAIN)


def _unknown(effect: Effect) -> Verdict:
    return Verdict(Action.ASK if effect == "create" else Action.AGAIN, applied=None)


def _understood(answer: Answer) -> bool:
    """Whether a 2xx is Sdir's, and whole: not a login page, not JSON that was cut."""
    body = answer.body.strip()
    media_type = answer.headers.get("content-type", "").lower()
    if not body:
        return True
    if "html" in media_type or body[:1] == b"<":
        return False
    if body[:1] in (b"[", b"{"):
        return body[-1:] == (b"]" if body[:1] == b"[" else b"}")
    return "json" not in media_type or _parsed(body) is not _NOT_JSON


def _from_the_api(answer: Answer) -> bool:
    """An unhandled error of ASP.NET Core is empty or problem details; the gateway's has an id."""
    if not answer.body.strip():
        return True
    body = _parsed(answer.body)
    return isinstance(body, dict) and "activityId" not in body


def _quota_exhausted(answer: Answer) -> bool:
    return "retry-after" in answer.headers or b"quota" in answer.body.lower()


def retry_after(answer: Answer) -> float | None:
    """Return how many seconds the server asks to wait; it may say so in seconds or as a date."""
    value = answer.headers.get("retry-after", "").strip()
    try:
        return float(value) if value[:1].isdigit() else _seconds_until(value, answer)
    except ValueError:
        return None


def _seconds_until(date: str, answer: Answer) -> float | None:
    """Count from the server's own clock, where it tells it: ours may be wrong."""
    until, now = _timestamp(date), _timestamp(answer.headers.get("date", ""))
    return None if until is None else max(0.0, until - (time.time() if now is None else now))


def _timestamp(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def _capped(wait: float | None) -> float | None:
    return None if wait is None else min(wait, LONGEST_PAUSE)


_NOT_JSON: Final = object()


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _NOT_JSON


def problem_of(answer: Answer) -> dict[str, Any] | None:
    """Return the answer's JSON object, or `None` if it has none.

    Person numbers are starred out. So is the key, which ASP.NET's page for developers repeats
    together with the other headers of the request.
    """
    body = _parsed(answer.body)
    try:
        return _masked(body) if isinstance(body, dict) else None
    except RecursionError:
        return None


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            mask(name): "***" if name.lower() == auth.HEADER.lower() else _masked(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_masked(inner) for inner in value]
    shown = str(value)
    masked = mask(shown)
    return value if masked == shown else masked


_ITEM = re.compile(r"\$?\[(\d{1,9})\]\.?(.*)", re.DOTALL)


def reasons_of(answer: Answer) -> tuple[Reason, ...]:
    """Return why a request was refused: what the answer says of single items, and of the whole.

    ASP.NET Core names an item of a list body as `[3].Competence.CompletionDate` when the value is
    bad and as `$[3].competence.completionDate` when the JSON can't be read into the type.
    """
    problem = problem_of(answer) or {}
    named = problem.get("errors")
    reasons = tuple(
        _reason(key, str(message))
        for key, messages in (named.items() if isinstance(named, dict) else ())
        for message in (messages if isinstance(messages, list) else [messages])
    )
    return reasons or (Reason(_words(problem, answer)),)


def _reason(key: str, message: str) -> Reason:
    item = _ITEM.fullmatch(key)
    if item is None:
        return Reason(message, "" if key == "$" else key.removeprefix("$."))
    return Reason(message, item[2], int(item[1]))


def _words(problem: Mapping[str, Any], answer: Answer) -> str:
    said = [problem.get(name) for name in ("detail", "title", "message")]
    return next((word for word in said if isinstance(word, str) and word), f"HTTP {answer.status}")


_IDS: Final = ("activityId", "traceId", "requestId")
_ID_HEADERS: Final = ("x-ms-request-id", "apim-request-id", "request-context")
_CLASSES: Final[Mapping[int, type[ApiError]]] = {
    400: errors.InvalidRequest,
    401: errors.AuthenticationError,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    409: errors.InvalidRequest,
    422: errors.InvalidRequest,
    429: errors.RateLimited,
}
_ADVICE: Final[Mapping[type[ApiError], str]] = {
    errors.InvalidRequest: "Correct it and send it again.",
    errors.NotFound: "Check the identifier, the version and the environment.",
    errors.AuthenticationError: "Check the key, and that it is meant for this environment.",
    errors.PermissionDenied: "Ask Sdir whether the subscription covers this API.",
    errors.QuotaExceeded: "Wait until the quota renews, or give a deadline that allows waiting.",
    errors.RateLimited: "Send later, or less at once.",
    errors.ServerError: "Try later; tell Sdir the request id if it goes on.",
    ApiError: "Sdir does not take such requests: check the version and the environment.",
}
_SHOWN: Final = 3
"""So many reasons stand in a message; `reasons` has all."""


def error_of(answer: Answer, *, method: str, url: str) -> ApiError:
    """Return the error that an answer stands for."""
    problem = problem_of(answer)
    kind = _class_of(answer)
    reasons = reasons_of(answer) if kind is errors.InvalidRequest else ()
    return kind(
        f"{_said(_words(problem or {}, answer), reasons)} {_advice(kind, answer)}",
        status=answer.status,
        method=method,
        url=url,
        problem=problem,
        request_id=_request_id(answer, problem or {}),
        reasons=reasons,
        retry_after=retry_after(answer),
    )


def _said(words: str, reasons: Sequence[Reason]) -> str:
    """Return the answer's words in one sentence, with the first reasons."""
    if reasons in ((), (Reason(words),)):
        return words if words[-1] in ".!?" else f"{words}."
    shown = [
        f"{reason}" if reason.index is None else f"[{reason.index}] {reason}"
        for reason in reasons[:_SHOWN]
    ]
    more = f"; and {len(reasons) - _SHOWN} more" if len(reasons) > _SHOWN else ""
    return f"{words.rstrip('.')}: {'; '.join(shown).rstrip('.')}{more}."


def _class_of(answer: Answer) -> type[ApiError]:
    if answer.status == 403 and _quota_exhausted(answer):
        return errors.QuotaExceeded
    by_range = errors.ServerError if answer.status >= 500 else ApiError
    return _CLASSES.get(answer.status, by_range)


def _advice(kind: type[ApiError], answer: Answer) -> str:
    if 300 <= answer.status < 400:
        return "Redirects are not followed: the key goes to the configured host only. Set base_url."
    if answer.status == 408:
        return _ADVICE[errors.ServerError]
    return "Send less at a time." if answer.status == 413 else _ADVICE[kind]


def _request_id(answer: Answer, problem: Mapping[str, Any]) -> str | None:
    found = [problem.get(name) for name in _IDS] + [
        answer.headers.get(name) for name in _ID_HEADERS
    ]
    value = next((value for value in found if isinstance(value, str)), None)
    return None if value is None else value.encode(errors="backslashreplace").decode()
