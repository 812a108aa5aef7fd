"""What an answer says: its reasons and words; its value, or the error that it stands for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeVar

from . import errors
from .echoes import Echoes
from .errors import ApiError, ConnectionFailed, SdirError, UnknownOutcome
from .privacy import mask_json
from .upload.report import Reason
from .verdicts import Action, is_quota, is_token, parsed, request_id_of, retry_after
from .wire import NOT_BEGUN, UNANSWERED, Answer, Lost, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .verdicts import Exchange
    from .wire import Happened

T = TypeVar("T")

_LONGEST: Final = 256 * 1024
"""The longest answer, in bytes, whose message is read: masking a longer one would take seconds.
ASP.NET Core names 200 errors at most, unless it is told otherwise."""

_PAGE: Final = 2000  # letters


def problem_of(answer: Answer) -> dict[str, Any] | None:
    """Return the answer's JSON object, or `None` if it has none, or is very long.

    Person numbers are masked. So is the key, which ASP.NET's page for developers repeats together
    with the other headers of the request.
    """
    body = parsed(answer.body) if len(answer.body) <= _LONGEST else None
    return mask_json(body) if isinstance(body, dict) else None


_ITEM = re.compile(r"\$?\[(\d{1,9})\]\.?(.*)", re.DOTALL)


def reasons_of(answer: Answer, sent: Sequence[Any] = ()) -> tuple[Reason, ...]:
    """Return why a request was refused: the reasons for single items, and for the whole.

    What it repeats of `sent` is cut out.

    ASP.NET Core names an item of a list body as `[3].Competence.CompletionDate` when the value is
    bad and as `$[3].competence.completionDate` when the JSON can't be read into the type.
    """
    problem = problem_of(answer) or {}
    named, echoes = problem.get("errors"), Echoes(*sent)
    reasons = tuple(
        _reason(key, str(message), echoes)
        for key, messages in (named.items() if isinstance(named, dict) else ())
        for message in (messages if isinstance(messages, list) else [messages])
    )
    return reasons or (Reason(_words(problem, answer, echoes)),)


def _reason(key: str, message: str, echoes: Echoes) -> Reason:
    item = _ITEM.fullmatch(key)
    if item is None:
        field = "" if key == "$" else key.removeprefix("$.")
        return Reason(_shown(message, echoes, field), field)
    return Reason(_shown(message, echoes, item[2]), item[2], int(item[1]))


def _shown(words: str, echoes: Echoes, field: str = "") -> str:
    """Return a message of the server without what it repeats, cut to about a page."""
    return echoes.cut(words if len(words) <= _PAGE else f"{words[:_PAGE]}…", field)


def _words(problem: Mapping[str, Any], answer: Answer, echoes: Echoes) -> str:
    """Return the answer's message about the whole, without what it repeats: that can be a name."""
    said = [problem.get(name) for name in ("detail", "title", "message")]
    words = next((word for word in said if isinstance(word, str) and word), None)
    return f"HTTP {answer.status}" if words is None else _shown(words, echoes)


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
_ADVICE_ON_TOKENS: Final = (
    "It is about the token that Sdir requires in addition to the key. Give"
    " Sdir(token=Maskinporten(…)),"
    " with the scopes and the environment of this API."
)
_SHOWN: Final = 3
"""How many reasons a message shows; `reasons` has all."""


def error_of(answer: Answer, *, method: str, url: str, sent: Sequence[Any] = ()) -> ApiError:
    """Return the error that an answer stands for; what it repeats of `sent` is cut out."""
    problem = problem_of(answer)
    kind = _class_of(answer)
    reasons = reasons_of(answer, sent) if kind is errors.InvalidRequest else ()
    words = _words(problem or {}, answer, Echoes(*sent))
    error = kind(
        f"{_said(words, reasons)} {_advice(kind, answer)}",
        status=answer.status,
        method=method,
        url=url,
        problem=problem,
        request_id=request_id_of(answer, problem or {}),
        reasons=reasons,
        retry_after=retry_after(answer),
    )
    if isinstance(error, errors.AuthenticationError) and is_token(answer):
        error.source = "token"
    return error


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
    if answer.status == 403 and is_quota(answer):
        return errors.QuotaExceeded
    by_range = errors.ServerError if answer.status >= 500 else ApiError
    return _CLASSES.get(answer.status, by_range)


def _advice(kind: type[ApiError], answer: Answer) -> str:
    if 300 <= answer.status < 400:
        return "Redirects are not followed: the key goes to the configured host only. Set base_url."
    if answer.status == 408:
        return _ADVICE[errors.ServerError]
    if kind is errors.AuthenticationError and is_token(answer):
        return _ADVICE_ON_TOKENS
    return "Send less at a time." if answer.status == 413 else _ADVICE[kind]


def failure_of(exchange: Exchange, hint: str = "") -> SdirError:
    """Return the error of a call that got no acceptable answer."""
    operation, happened = exchange.operation, exchange.happened
    where = f"{operation.method} {exchange.url}"
    if exchange.maybe_applied and operation.effect == "create":
        return UnknownOutcome(
            f"{where}: the request was sent, but its outcome is unknown: {_result(happened)}. It"
            f" may have been saved. Sending it again could report it twice. {hint}"
        )
    if isinstance(happened, Answer) and not 200 <= happened.status < 300:
        return error_of(happened, method=operation.method, url=exchange.url, sent=exchange.sent)
    tried = f", after {counted(exchange.attempts)}" if exchange.attempts else ""
    advice = "Check the network and the host, then try again."
    if isinstance(happened, Answer):
        advice = "Check that base_url leads to Sdir, and that no proxy answers in its place."
    elif happened in (NOT_BEGUN, UNANSWERED):
        advice = "Allow more time, or try again later."
    return ConnectionFailed(f"{where}: {_result(happened)}{tried}. {advice}")


def _result(happened: Happened) -> str:
    if isinstance(happened, Lost):
        return happened.cause
    understood = ", but the answer can't be understood" if happened.status < 300 else ""
    return f"status {happened.status}{understood}"


def value_of(exchange: Exchange, read: Callable[[Answer], T], hint: Callable[[], str]) -> T:
    """Return what `read` makes of the answer.

    Raises:
        ApiError: The answer is an error; the subclass says which.
        ConnectionFailed: No usable answer came, and nothing can have been created.
        UnknownOutcome: A create was sent and its answer lost; `hint` says what to do.
    """
    answer = accepted(exchange, hint)
    try:
        return read(answer)
    except (ValueError, KeyError, TypeError, AttributeError):
        failure = failure_of(exchange, hint())
    raise failure  # no longer within `except`: the parser's error holds the answer


def accepted(exchange: Exchange, hint: Callable[[], str]) -> Answer:
    """Return the answer of a call that succeeded.

    Raises:
        ApiError: The answer is an error; the subclass says which.
        ConnectionFailed: No usable answer came, and nothing can have been created.
        UnknownOutcome: A create was sent and its answer lost; `hint` says what to do.
    """
    answer = exchange.happened
    if exchange.verdict.action is not Action.ACCEPT or isinstance(answer, Lost):
        raise failure_of(exchange, hint())
    return answer
