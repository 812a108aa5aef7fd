"""What Azure API Management answers by itself, in front of the APIs."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.responses import Response

from ..wire import KEY_HEADER
from .limits import Circuit, Limits, Quota, RateLimit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from starlette.requests import Request

    from .token_server import TokenServer

TIMEOUT = 240.0
"""Seconds after which the gateway gives up on a backend."""

_MISSING = (
    "Access denied due to missing subscription key. "
    "Make sure to include subscription key when making requests to an API."
)
_INVALID = (
    "Access denied due to invalid subscription key. "
    "Make sure to provide a valid key for an active subscription."
)
_KEY_NAMES = ("primary", "secondary")


class Gateway:
    """Accepts requests with a valid key, a valid token if required, and within its limits.

    Both keys belong to one subscription, which is what is counted.

    Example:
        ```python
        gateway = Gateway(["primary", "secondary"], Limits(rate=Rate(20, 1)))
        refusal = gateway.refuse(request, "/base")
        ```
    """

    def __init__(
        self,
        keys: Sequence[str],
        limits: Limits = Limits(),  # noqa: B008 - it is frozen
        clock: Callable[[], float] = time.monotonic,
        tokens: TokenServer | None = None,
    ) -> None:
        self._keys = tuple(keys)
        self._tokens = tokens
        self._rate = RateLimit(limits.rate, clock) if limits.rate else None
        self._quota = Quota(limits.quota, clock) if limits.quota else None
        self._circuit = Circuit(limits.circuit, clock) if limits.circuit else None

    def refuse(self, request: Request, base: str, scopes: Collection[str] = ()) -> Response | None:
        """Return the answer to a request that is refused, `None` if it may pass."""
        key = request.headers.get(KEY_HEADER)
        if key not in self._keys:
            return _denied(_INVALID if key else _MISSING, request, base)
        if self._tokens and (wrong := self._wrong_token(self._tokens, request, scopes)):
            return _answer(401, wrong)
        if self._rate and (wait := self._rate.refuse()):
            return too_many(wait)
        if self._quota and (wait := self._quota.refuse()):
            return _out_of_quota(wait)
        if self._circuit and (wait := self._circuit.refuse(base)):
            return unavailable(wait)
        return None

    def _wrong_token(self, tokens: TokenServer, request: Request, scopes: Collection[str]) -> str:
        """Say what is wrong with the token, and remember whose it is."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return "JWT not present."
        wrong, consumer = tokens.read(token.strip(), scopes)
        request.scope.setdefault("sdir.told", {})["consumer"] = consumer
        return wrong

    def note(self, base: str, status: int) -> None:
        """Remember whether the backend failed."""
        if self._circuit and status >= 500:
            self._circuit.failed(base)

    def name_of(self, request: Request) -> str:
        """Return which key a request brought, without the key."""
        key = request.headers.get(KEY_HEADER)
        if key not in self._keys:
            return "wrong" if key else "none"
        index = self._keys.index(key)
        return _KEY_NAMES[index] if index < len(_KEY_NAMES) else f"key {index + 1}"


def not_found() -> Response:
    """Return the answer where no operation has this path and method."""
    return _answer(404, "Resource not found")


def too_many(wait: int) -> Response:
    """Return the answer to one call too many."""
    text = f"Rate limit is exceeded. Try again in {wait} seconds."
    return _answer(429, text, {"Retry-After": str(wait)})


def failed() -> Response:
    """Return the answer if the backend gave none: it may still be working."""
    body = '{ "statusCode": 500, "message": "Internal server error", "activityId": "%s" }'
    return Response(body % uuid4(), 500, media_type="application/json")


def unavailable(wait: int | None = None) -> Response:
    """Return the answer if the circuit is open. Its body is not documented anywhere."""
    headers = {} if wait is None else {"Retry-After": str(wait)}
    return _answer(503, "Service unavailable", headers)


def _denied(message: str, request: Request, base: str) -> Response:
    realm = f"{request.url.scheme}://{request.url.netloc}{base}"
    challenge = f'AzureApiManagementKey realm="{realm}",name="{KEY_HEADER}",type="header"'
    return _answer(401, message, {"WWW-Authenticate": challenge})


def _out_of_quota(wait: int) -> Response:
    text = f"Out of call volume quota. Quota will be replenished in {_clock_time(wait)}."
    return _answer(403, text, {"Retry-After": str(wait)})


def _clock_time(seconds: int) -> str:
    """Return a length of time as .NET writes it: `03:14:17`, `1.03:14:17`."""
    left = timedelta(seconds=seconds)
    minutes, rest = divmod(left.seconds, 60)
    days = f"{left.days}." if left.days else ""
    return f"{days}{minutes // 60:02}:{minutes % 60:02}:{rest:02}"


def _answer(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    body = f'{{ "statusCode": {status}, "message": "{message}" }}'
    return Response(body, status, headers, media_type="application/json")
