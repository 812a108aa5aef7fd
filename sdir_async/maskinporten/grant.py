"""What is asked of Maskinporten, and what its answer is: values, without I/O."""

from __future__ import annotations

import base64
import json
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from attrs import field, frozen

from ..wire import is_visible
from .refusals import Refusal, read_refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE: Final = 100
"""Seconds that an assertion lives; Maskinporten takes at most 120."""
_MARGIN: Final = 10.0
_REFUSED: Final = frozenset({400, 401, 403})


@frozen
class Wanted:
    """What a token is for."""

    issuer: str
    client_id: str
    scopes: tuple[str, ...]
    resource: tuple[str, ...] = ()
    consumer_org: str | None = None
    system_user: str | None = None

    def claims(self, now: float) -> dict[str, Any]:
        """Return the claims of an assertion; no two have the same `jti`."""
        claims: dict[str, Any] = {
            "aud": self.issuer,
            "iss": self.client_id,
            "scope": " ".join(self.scopes),
            "iat": int(now),
            "exp": int(now) + _LIFE,
            "jti": str(uuid4()),
        }
        if self.resource:
            claims["resource"] = list(self.resource)
        if self.consumer_org:
            claims["consumer_org"] = self.consumer_org
        if self.system_user:
            owner = {"authority": "iso6523-actorid-upis", "ID": f"0192:{self.system_user}"}
            detail = {"type": "urn:altinn:systemuser", "systemuser_org": owner}
            claims["authorization_details"] = [detail]
        return claims

    def unsigned(self, header: Mapping[str, Any], now: float) -> bytes:
        """Return the bytes to sign."""
        return encoded(_dump(header)) + b"." + encoded(_dump(self.claims(now)))


@frozen
class Token:
    """A token, and until when it is sent; by a clock that nobody sets."""

    value: str = field(repr=False)
    fresh_until: float
    life: float


@frozen
class NoToken:
    """No answer came, or it can't be understood; asking again may help."""

    cause: str


def read_answer(
    status: int, headers: Mapping[str, str], body: bytes, asked: float
) -> Token | Refusal | NoToken:
    """Return what an answer is.

    Args:
        status: Its status.
        headers: Its headers.
        body: Its body.
        asked: When it was asked for, by the clock that the token's life is counted on.
    """
    told = _load(body)
    if status == 200:
        return _token(told, asked)
    if status in _REFUSED:
        return read_refusal(status, told, _skew(headers))
    return NoToken(f"it answered {status}")


def _token(told: Any, asked: float) -> Token | NoToken:
    told = told if isinstance(told, dict) else {}
    life, value = told.get("expires_in"), told.get("access_token")
    if isinstance(life, bool) or not isinstance(life, int | float) or not 0 < life < 1e9:
        return NoToken("it answered 200, but not how long the token lives")
    if not is_visible(value):
        return NoToken("it answered 200, but with no token that can be sent")
    return Token(value, asked + life - min(_MARGIN, life / 4), life)


def _load(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _skew(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds this machine's clock is ahead of the server's."""
    try:
        return time.time() - parsedate_to_datetime(headers["Date"]).timestamp()
    except (KeyError, ValueError, OverflowError):
        return None


def encoded(content: bytes) -> bytes:
    """Return bytes as they stand in a JWT."""
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def _dump(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
