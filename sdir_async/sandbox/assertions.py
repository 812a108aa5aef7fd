"""Checks an assertion as Maskinporten does: its signature, its claims, and what it asks for."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import orjson
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry, extract_compact

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

ALGORITHMS = ["RS256", "RS384", "RS512"]
SKEW = 10
LONGEST = 120
_REQUIRED = ("aud", "iss", "scope", "iat", "exp", "jti")
_KNOWN = {*_REQUIRED, "resource", "consumer_org", "authorization_details"}
_SYSTEM_USER = "urn:altinn:systemuser"
_PEM = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
_LONGEST_HEADER = 32_000
_OWNER = re.compile(r"0192:\d{9}")


@dataclass(frozen=True, kw_only=True)
class TokenClient:
    """A client that is registered at the token endpoint.

    Attributes:
        client_id: Its id.
        scopes: What it may ask for.
        keys: Its public keys in PEM, by `kid`. With one of these it may not send a certificate.
        authorities: The certificates in PEM that its own certificate must lead to.
        organization: The number of the organization that owns it.
        customers: The organizations that delegated scopes to it, each with those scopes.
        expired: The names of those keys that have expired.
    """

    client_id: str
    scopes: Collection[str]
    keys: Mapping[str, str | bytes] = field(default_factory=dict)
    authorities: Sequence[str | bytes] = ()
    organization: str = "991825827"
    customers: Mapping[str, Collection[str]] = field(default_factory=dict)
    expired: Collection[str] = ()


@dataclass(frozen=True)
class Granted:
    """What an assertion grants."""

    client: TokenClient
    scopes: tuple[str, ...]
    consumer: str

    @property
    def is_delegated(self) -> bool:
        """Whether the client asks for another organization than its own."""
        return self.consumer != self.client.organization


class RefusedError(Exception):
    """The token is refused.

    Attributes:
        code: Maskinporten's code, `None` where we know none.
        error: The error as OAuth names it.
        status: The HTTP status.
    """

    def __init__(
        self, text: str, code: str | None = None, error: str = "invalid_grant", status: int = 400
    ) -> None:
        super().__init__(text)
        self.code = code
        self.error = error
        self.status = status


class _Registry(JWSRegistry):
    """Takes headers in which a chain of certificates has room."""

    max_header_length = _LONGEST_HEADER


_REGISTRY = _Registry(algorithms=ALGORITHMS)


class Assertions:
    """Checks assertions, and remembers which were used.

    Example:
        ```python
        granted = Assertions([client], lambda: "https://issuer/").check(text, time.time())
        ```
    """

    def __init__(self, clients: Collection[TokenClient], issuer: Callable[[], str]) -> None:
        self._clients = {each.client_id: each for each in clients}
        self._issuer = issuer
        self._used: dict[str, float] = {}

    def check(self, assertion: str, now: float) -> Granted:
        """Return what the token is for.

        Raises:
            RefusedError: The assertion is not accepted.
        """
        header, told = _read(assertion)
        client = self._clients.get(str(told.get("iss")))
        if client is None:
            raise RefusedError("The client is not known", "MP-100")
        claims = _verified(assertion, _key(client, header, now))
        self._check_claims(claims, now)
        return _granted(client, claims)

    def _check_claims(self, claims: dict[str, Any], now: float) -> None:
        if missing := [name for name in _REQUIRED if not claims.get(name)]:
            raise RefusedError(f"The claim {missing[0]} is missing")
        if unknown := sorted(claims.keys() - _KNOWN):
            raise RefusedError(f"The claim {unknown[0]} is not known")
        if claims["aud"] != self._issuer():
            raise RefusedError("The audience is not this server", "MP-110")
        _check_times(claims, now)
        self._used = {jti: end for jti, end in self._used.items() if end > now}
        if claims["jti"] in self._used:
            raise RefusedError("The jti has been used before", "MP-012")
        self._used[claims["jti"]] = claims["exp"] + SKEW


def _read(assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims before anything is verified."""
    try:
        parts = extract_compact(assertion.encode(), registry=_REGISTRY)
        header, claims = parts.headers(), orjson.loads(parts.payload)
    except (JoseError, ValueError):
        raise RefusedError("It is not a signed JWT") from None
    if not isinstance(claims, dict) or header.get("alg") not in ALGORITHMS:
        raise RefusedError(f"The algorithm must be one of {', '.join(ALGORITHMS)}")
    return header, claims


def _verified(assertion: str, key: RSAKey) -> dict[str, Any]:
    try:
        return jwt.decode(assertion, key, registry=_REGISTRY).claims
    except JoseError:
        raise RefusedError("Bad signature", "MP-124") from None


def _key(client: TokenClient, header: dict[str, Any], now: float) -> RSAKey:
    if ("kid" in header) == ("x5c" in header):
        raise RefusedError("The header must have either kid or x5c")
    if "x5c" in header:
        return _key_of_certificate(client, header["x5c"], now)
    kid = header["kid"]
    if kid not in client.keys:
        raise RefusedError("The client has no key with this kid", "MP-124")
    if kid in client.expired:
        raise RefusedError("Expired key", "MP-121")
    return RSAKey.import_key(client.keys[kid])


def _key_of_certificate(client: TokenClient, x5c: object, now: float) -> RSAKey:
    if not isinstance(x5c, list) or not x5c:
        raise RefusedError("x5c is not a list", "MP-123")
    if client.keys:
        raise RefusedError("The client has a registered key and must use it", "MP-120")
    try:
        chain = [x509.load_der_x509_certificate(base64.b64decode(each)) for each in x5c]
    except (ValueError, TypeError):
        raise RefusedError("x5c holds no certificates", "MP-120") from None
    _check_chain(chain, client, now)
    numbers = [str(each.value) for each in chain[0].subject if each.value]
    if not any(text.endswith(client.organization) for text in numbers):
        raise RefusedError("The certificate belongs to another organization", "MP-122")
    return RSAKey.import_key(chain[0].public_key().public_bytes(*_PEM))


def _check_chain(chain: list[x509.Certificate], client: TokenClient, now: float) -> None:
    """Check that the next one issued each, an authority the last, and that none has expired."""
    authorities = [x509.load_pem_x509_certificate(_bytes(each)) for each in client.authorities]
    at = datetime.fromtimestamp(now, UTC)
    if any(not each.not_valid_before_utc <= at <= each.not_valid_after_utc for each in chain):
        raise RefusedError("A certificate has ended, or has not begun", "MP-120")
    if not all(_issued(above, below) for below, above in pairwise(chain)):
        raise RefusedError("The certificates are not a chain", "MP-120")
    if chain[-1] not in authorities and not any(_issued(each, chain[-1]) for each in authorities):
        raise RefusedError("The certificate leads to no known authority", "MP-120")


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _check_times(claims: dict[str, Any], now: float) -> None:
    issued, ends = claims["iat"], claims["exp"]
    if not isinstance(issued, int) or not isinstance(ends, int):
        raise RefusedError("iat and exp must be whole seconds")
    if issued > now + SKEW:
        raise RefusedError("Issue time is after now", "MP-130")
    if issued < now - SKEW - LONGEST or ends < now - SKEW:
        raise RefusedError("The assertion has expired", "MP-130")
    if not 0 < ends - issued <= LONGEST:
        raise RefusedError(f"exp must be at most {LONGEST} s after iat", "MP-130")


def _granted(client: TokenClient, claims: dict[str, Any]) -> Granted:
    scopes = tuple(str(claims["scope"]).split())
    if lost := [scope for scope in scopes if scope not in client.scopes]:
        raise RefusedError(f"The client may not ask for {lost[0]}", "MP-200", "invalid_scope")
    consumer = claims.get("consumer_org") or _system_user(client, claims) or client.organization
    if consumer != client.organization:
        delegated = client.customers.get(consumer, ())
        if lost := [scope for scope in scopes if scope not in delegated]:
            text = f"{consumer} has not delegated {lost[0]}"
            raise RefusedError(text, "MP-251", status=403)
    return Granted(client, scopes, consumer)


def _system_user(client: TokenClient, claims: dict[str, Any]) -> str | None:
    details = claims.get("authorization_details")
    if details is None:
        return None
    if not isinstance(details, list) or len(details) != 1 or not isinstance(details[0], dict):
        raise RefusedError("authorization_details must be a list of one object", "MP-301")
    owner = details[0].get("systemuser_org")
    number = owner.get("ID") if isinstance(owner, dict) else None
    if details[0].get("type") != _SYSTEM_USER or not _OWNER.fullmatch(str(number)):
        raise RefusedError("authorization_details name no system user", "MP-302")
    found = str(number).removeprefix("0192:")
    if found not in {client.organization, *client.customers}:
        raise RefusedError("There is no such system user", "MP-303")
    return found


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
