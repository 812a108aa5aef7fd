"""A token endpoint like Maskinporten's, and what the gateway knows about its tokens."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs
from uuid import uuid4

import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from .assertions import ALGORITHMS, Assertions, Granted, RefusedError, TokenClient
from .faults import Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from .faults import Fault, Faults

PREFIX = "/maskinporten"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUTHORITY = "iso6523-actorid-upis"
_MOST_REMEMBERED = 100_000


@dataclass(frozen=True)
class TokenRequest:
    """A question for a token that was answered; neither the assertion nor the token is in it.

    Attributes:
        status: Of the answer.
        code: Maskinporten's code, `""` where a token was given.
        client_id: Who asked, as far as that was understood.
        consumer: The organization that the token is for.
        scopes: What was asked for.
        fault: The fault that it met, `""` if none.
    """

    status: int
    code: str = ""
    client_id: str = ""
    consumer: str = ""
    scopes: tuple[str, ...] = ()
    fault: str = ""


class TokenServer:
    """Gives tokens for assertions, and says what is wrong with a token.

    Attributes:
        issuer: Its address, which assertions are addressed to; known once the sandbox runs.
        requests: The questions answered so far, of very many the latest.

    Example:
        ```python
        tokens = TokenServer(
            TokenClient(client_id="ours", scopes={"sdir:seafarer.course.write"}, keys={"k": pem})
        )
        async with Sandbox(maskinporten=tokens) as sandbox:
            source = Maskinporten("ours", "sdir.pem", kid="k", issuer=tokens.issuer)
        ```
    """

    def __init__(
        self,
        *clients: TokenClient,
        lifetime: float = 120,
        issuer: str | None = None,
        keys: Mapping[str, Any] | None = None,
    ) -> None:
        """Take the clients that may ask.

        Args:
            clients: The clients; without any, one is made with a key of its own: see `settings`.
            lifetime: Seconds that a token lives.
            issuer: Another server whose tokens the gateway takes in place of ours.
            keys: That server's public keys, a JWK set.
        """
        self._key = RSAKey.import_key(_key_of("server"), {"kid": str(uuid4())})
        self._known = KeySet([self._key])
        if keys is not None:
            self._known = KeySet([RSAKey.import_key(each) for each in keys["keys"]])
        self._made = None if clients or issuer else _key_of("client")
        self._clients = clients
        self._lifetime = lifetime
        self._elsewhere = self._issuer = issuer
        self._ended: dict[str, float] = {}
        self._faults: Faults | None = None
        self._stopped = asyncio.Event()
        self.requests: deque[TokenRequest] = deque(maxlen=_MOST_REMEMBERED)

    @property
    def issuer(self) -> str:
        """Its address; the slash at the end is part of it."""
        if self._issuer is None:
            raise RuntimeError("The token server has no address before the sandbox runs.")
        return self._issuer

    @property
    def settings(self) -> dict[str, Any]:
        """The settings for a `Maskinporten` of the client that was made, its key among them."""
        if self._made is None:
            raise RuntimeError("The clients are yours: so are their keys.")
        return {
            "client_id": "sandbox",
            "key": self._made.decode(),
            "kid": "sandbox-key",
            "issuer": self.issuer,
        }

    def begin(self, base_url: str, scopes: Collection[str], faults: Faults) -> None:
        """Remember where the sandbox runs, what its documents require, and its faults."""
        self._issuer = self._elsewhere or f"{base_url}{PREFIX}/"
        self._faults = faults
        self._stopped = asyncio.Event()
        if self._made is not None:
            public = RSAKey.import_key(self._made).as_pem(private=False)
            made = TokenClient(
                client_id="sandbox", scopes=frozenset(scopes), keys={"sandbox-key": public}
            )
            self._clients = (made,)

    def stop(self) -> None:
        """Let nobody wait for a slow answer any more."""
        self._stopped.set()

    @cached_property
    def _assertions(self) -> Assertions:
        return Assertions(self._clients, lambda: self.issuer)

    @property
    def prefix(self) -> str:
        """Where it is served, beside the APIs."""
        return PREFIX

    def app(self) -> ASGIApp:
        """Return the endpoints: tokens, keys, and where both are."""
        return Starlette(
            routes=[
                Route(f"{PREFIX}/token", self._token, methods=["POST"]),
                Route(f"{PREFIX}/jwk", self._keys),
                Route(f"{PREFIX}/.well-known/oauth-authorization-server", self._metadata),
            ]
        )

    def rotate(self) -> None:
        """Sign with a new key from now on; tokens signed with the old one stay good."""
        self._key = RSAKey.import_key(_new_key(), {"kid": str(uuid4())})
        self._known = KeySet([*self._known.keys, self._key])

    def end_all(self) -> None:
        """Let every token given so far be refused by the gateway."""
        self._known = KeySet([])
        self.rotate()

    async def _token(self, request: Request) -> Response:
        met = self._faults.meet(None) if self._faults else None
        fault = met.fault if met else None
        if fault and fault.kind is Kind.TOKEN_SLOW:
            await self._wait(fault.seconds)
        if fault and fault.kind is Kind.TOKEN_503:
            self._note(503, fault=fault)
            return Response("Service Unavailable", 503, media_type="text/plain")
        granted: Granted | None = None
        try:
            granted = self._granted(await request.body())
            _meet(fault, granted)
        except RefusedError as error:
            self._note(error.status, error.code or "", granted, fault)
            return _refusal(error)
        self._note(200, "", granted, fault)
        return _json(self._answer(granted, fault))

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)

    def _granted(self, body: bytes) -> Granted:
        form = parse_qs(body.decode(errors="replace"))
        if form.get("grant_type") != [GRANT_TYPE]:
            raise RefusedError("The grant type is not JWT bearer", error="unsupported_grant_type")
        if form.keys() != {"grant_type", "assertion"} or len(form["assertion"]) != 1:
            raise RefusedError("One assertion is required", error="invalid_request")
        return self._assertions.check(form["assertion"][0], time.time())

    def _answer(self, granted: Granted, fault: Fault | None) -> dict[str, Any]:
        now = time.time()
        claims = _claims(granted, self.issuer, now, self._lifetime)
        header = {"alg": "RS256", "kid": self._key.kid}
        token = jwt.encode(header, claims, self._key, algorithms=ALGORITHMS)
        if fault and fault.kind is Kind.TOKEN_EARLY:
            self._ended = {jti: end for jti, end in self._ended.items() if end > now - 3600}
            self._ended[claims["jti"]] = now + fault.seconds
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": _whole(self._lifetime),
            "scope": " ".join(granted.scopes),
        }

    def _note(
        self,
        status: int,
        code: str = "",
        granted: Granted | None = None,
        fault: Fault | None = None,
    ) -> None:
        kind = fault.kind.value if fault else ""
        request = TokenRequest(status, code, fault=kind)
        if granted:
            request = replace(
                request,
                client_id=granted.client.client_id,
                consumer=granted.consumer,
                scopes=granted.scopes,
            )
        self.requests.append(request)

    async def _keys(self, _: Request) -> Response:
        return _json(self._known.as_dict(private=False))

    async def _metadata(self, _: Request) -> Response:
        issuer = self.issuer
        return _json(
            {
                "issuer": issuer,
                "token_endpoint": f"{issuer}token",
                "jwks_uri": f"{issuer}jwk",
                "token_endpoint_auth_methods_supported": ["private_key_jwt"],
                "grant_types_supported": [GRANT_TYPE],
                "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
            }
        )

    def read(self, token: str, scopes: Collection[str]) -> tuple[str, str]:
        """Return what is wrong with a token, in the gateway's words, and whose it is.

        The first is `""` for a valid token. The second is an organization number, `""` if the token
        can't be trusted.
        """
        try:
            claims = jwt.decode(token, self._known, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError):
            return "JWT is not valid: its signature can't be verified. Access denied.", ""
        if claims.get("iss") != self.issuer:
            return "Claim iss value is not allowed. Access denied.", ""
        end = min(claims.get("exp", 0), self._ended.get(claims.get("jti", ""), float("inf")))
        if end <= time.time():
            return "JWT has expired. Access denied.", ""
        allowed = str(claims.get("scope", "")).split()
        if any(scope not in allowed for scope in scopes):
            return f"Claim scope value of {' '.join(allowed)} is not allowed. Access denied.", ""
        consumer = claims.get("consumer")
        number = str(consumer.get("ID", "")) if isinstance(consumer, dict) else ""
        return "", number.removeprefix("0192:")


def _whole(seconds: float) -> int | float:
    return int(seconds) if seconds == int(seconds) else seconds


def _claims(granted: Granted, issuer: str, now: float, lifetime: float) -> dict[str, Any]:
    """Return the claims of a token, like those of Maskinporten's."""
    claims: dict[str, Any] = {
        "iss": issuer,
        "client_id": granted.client.client_id,
        "scope": " ".join(granted.scopes),
        "token_type": "Bearer",
        "iat": now,
        "exp": now + lifetime,
        "jti": str(uuid4()),
        "consumer": {"authority": _AUTHORITY, "ID": f"0192:{granted.consumer}"},
    }
    if granted.is_delegated:
        owner = granted.client.organization
        claims["supplier"] = {"authority": _AUTHORITY, "ID": f"0192:{owner}"}
    return claims


def _meet(fault: Fault | None, granted: Granted) -> None:
    """Refuse a valid assertion, as the fault says."""
    match fault.kind if fault else None:
        case Kind.TOKEN_REPLAYED:
            raise RefusedError("The jti has been used before", "MP-012")
        case Kind.TOKEN_CLOCK:
            raise RefusedError("Issue time is after now", "MP-130")
        case Kind.TOKEN_KEY:
            raise RefusedError("Expired key", "MP-121")
        case Kind.TOKEN_SCOPE if granted.is_delegated:
            text = f"{granted.consumer} has not delegated {granted.scopes[0]}"
            raise RefusedError(text, "MP-251", status=403)
        case Kind.TOKEN_SCOPE:
            text = f"The client may not ask for {granted.scopes[0]}"
            raise RefusedError(text, "MP-200", "invalid_scope")


def _refusal(error: RefusedError) -> Response:
    body = {
        "error": error.error,
        "error_description": f"Invalid assertion. {error}. (trace_id: {uuid4()})",
    }
    if error.code:
        body["error_uri"] = f"https://maskinporten.no/errors/{error.code}"
    return _json(body, error.status)


def _json(value: object, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(orjson.dumps(value), status, headers, media_type="application/json")


@cache
def _key_of(_who: str) -> bytes:
    """Return the key of this process: to make one takes longer than most tests."""
    return _new_key()


def _new_key() -> bytes:
    private = generate_private_key(public_exponent=65537, key_size=2048)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
