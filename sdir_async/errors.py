"""Every error a user can meet.

    SdirError
    ├── ConfigurationError          a setting or an argument is wrong; nothing was sent
    ├── TokenError                  Maskinporten gave no token; nothing was sent to Sdir
    ├── ConnectionFailed            no connection, or every answer to a safe call was lost
    ├── PageRepeated                a list returns the same page again and again
    ├── UnknownOutcome              a create was sent and its answer lost: it may be saved or not
    ├── JournalError                the journal can't be used: locked, full, read-only, foreign
    │   ├── JournalInUse            another upload has it now; nothing was sent
    │   └── JournalMismatch         it belongs to another upload, or the input changed
    └── ApiError                    Sdir or its gateway answered with an error
        ├── AuthenticationError     401
        ├── PermissionDenied        403
        │   └── QuotaExceeded       403, the subscription's quota is used up
        ├── NotFound                404
        ├── InvalidRequest          400, 409, 422
        ├── RateLimited             429
        └── ServerError             5xx

No message, attribute or `repr` of an error holds a key or a person number. An error that ends an
upload has a `report`: what had happened to the records by then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from .privacy import mask

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .upload.report import Reason, UploadReport


class SdirError(Exception):
    """The root of all errors of this library.

    Attributes:
        report: If the error ended an upload, what had happened to the records by then.
    """

    report: UploadReport | None = None

    def __init__(self, message: str) -> None:
        super().__init__(mask(message))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without `report`, which holds records of persons."""
        state = {name: value for name, value in self.__dict__.items() if name != "report"}
        return _rebuild, (type(self), self.args, state)


def _rebuild(cls: type[SdirError], args: tuple[Any, ...], state: dict[str, Any]) -> SdirError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    return error


class ConfigurationError(SdirError, ValueError):
    """A setting or an argument is missing or wrong. Nothing was sent."""


class TokenError(SdirError):
    """Maskinporten refused to give a token. Nothing was sent to Sdir.

    Attributes:
        code: Maskinporten's code, such as `MP-121`; `None` if its answer has none.
        advice: What to do about it.
        trace_id: What Digdir's support needs to find the request in its logs, if the answer says.
        clock_skew: How many seconds this machine's clock is ahead of Maskinporten's, if that is
            more than 10 s either way.
        status: The HTTP status of the answer.

    Source: Digdir's documentation of Maskinporten.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        advice: str = "",
        trace_id: str | None = None,
        clock_skew: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.advice = advice
        self.trace_id = trace_id
        self.clock_skew = clock_skew
        self.status = status


class ConnectionFailed(SdirError):
    """No connection, or no whole answer to a call that may be repeated, after all attempts."""


class PageRepeated(SdirError):
    """A list returned the same page as before, so it would never end."""


class UnknownOutcome(SdirError):
    """A create was sent and its answer was lost: it may be saved or not.

    Sending it again could report it twice. Look for it with the list operation first.
    """


class JournalError(SdirError):
    """The journal of an upload can't be used: in use, full disk, no rights, or not a journal."""


class JournalInUse(JournalError):
    """Another upload has the journal now. Nothing was sent; retry later."""


class JournalMismatch(JournalError):
    """The journal belongs to another upload, or the input changed since it was written."""


class ApiError(SdirError):
    """Sdir, or the gateway before it, answered with an error.

    Attributes:
        status: The HTTP status.
        problem: The parsed JSON body of the answer, `None` if it had none. It is the server's
            text, with person numbers masked.
        request_id: What Sdir's support needs to find the request in its logs, if the answer says.
        method: The HTTP method.
        url: Where it was sent, without the query.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        method: str,
        url: str,
        problem: Mapping[str, Any] | None = None,
        request_id: str | None = None,
        reasons: Sequence[Reason] = (),
        retry_after: float | None = None,
    ) -> None:
        where = f"{method} {url} answered {status}"
        trace = f" (request id {request_id})" if request_id else ""
        super().__init__(f"{message} [{where}{trace}]")
        self.message = mask(message)
        self.status = status
        self.method = method
        self.url = mask(url)
        self.problem = problem
        self.request_id = request_id
        self.reasons = tuple(reasons)
        self.retry_after = retry_after


class AuthenticationError(ApiError):
    """401: the key or the token is missing, wrong or expired.

    Attributes:
        source: `"key"` or `"token"`: which of the two was refused. The secondary key, if given,
            or a new token was refused too.
    """

    source: Literal["key", "token"] = "key"


class PermissionDenied(ApiError):
    """403: the key is valid, but does not allow this."""


class QuotaExceeded(PermissionDenied):
    """403: the subscription's quota is used up; it renews in `retry_after` seconds."""


class NotFound(ApiError):
    """404: the record or the operation was not found."""


class InvalidRequest(ApiError):
    """400, 409 or 422: Sdir did not accept the request. `reasons` says why, item by item."""


class RateLimited(ApiError):
    """429: too many calls, even after waiting. `retry_after` is in seconds."""


class ServerError(ApiError):
    """5xx: Sdir or its gateway failed, even after every attempt that is safe."""
