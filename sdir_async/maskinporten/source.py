"""`Maskinporten`: gets tokens, keeps them while they live, and shows them to nobody."""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn
from urllib.parse import urlsplit

import httpx
from attrs import define

from ..errors import ConfigurationError, ConnectionFailed, SdirError
from ..frames import no_locals
from ..options import organization_number
from .grant import GRANT_TYPE, NoToken, Token, Wanted, encoded, read_answer
from .keys import read_signer
from .refusals import Refusal

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Mapping
    from typing import Self

    from .keys import Certificate, Certificates, Key

logger = logging.getLogger("sdir_async")

ISSUERS: Final = {
    "development": "https://test.maskinporten.no/",
    "test": "https://test.maskinporten.no/",
    "production": "https://maskinporten.no/",
}
VARIABLE: Final = "SDIR_MASKINPORTEN_"
_TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0)
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")

Outcome = Token | Refusal | NoToken


@define
class _Fetch:
    """A question under way, and how many wait for its answer."""

    task: asyncio.Task[Outcome]
    waiting: int = 0


class Maskinporten:
    """Gets the token that Sdir requires in addition to the subscription key.

    One token is fetched for each set of scopes and each customer, however many calls wait for it.
    It is kept in memory only, until shortly before it expires.

    Args:
        client_id: The client's id, as Digdir's portal shows it.
        key: The private RSA key: PEM, PKCS#12 or JWK, as a path or as content. Or a function, plain
            or async, that takes bytes and returns their signature (RSASSA-PKCS1-v1_5), such as a
            vault's. If it raises an error, the call raises it too. It should raise
            `ConnectionFailed` if the failure may be temporary.
        kid: The name of the key, if its public half is registered on the client.
        certificates: The organization's certificate and its chain, PEM or DER, if the client uses
            a certificate. A PKCS#12 file contains them already.
        password: The password of `key`, if it is encrypted.
        algorithm: `"RS256"`, `"RS384"` or `"RS512"`. Default: that of the JWK, or RS256.
        scopes: The scopes to request if the API's document names none.
        consumer_org: The organization number of the customer on whose behalf you report.
        resource: The resources that the token is for.
        system_user: The organization number of the customer whose system user in Altinn you use.
        environment: `"test"` or `"production"`; by default that of the `Sdir`.
        issuer: The URL of another server than Maskinporten, such as a sandbox. The assertion is
            addressed to exactly this text, so the slash at the end matters.
        proxy: The URL of a proxy for Maskinporten. Default: the proxy of the environment.

    Raises:
        ConfigurationError: The key can't be read, there is neither a `kid` nor a certificate, or
            another setting is wrong.

    Example:
        >>> Maskinporten("4f3c…", "sdir.pem", kid="sdir-2026")  # doctest: +SKIP
        Maskinporten('4f3c…', kid='sdir-2026')

    Source: Digdir's documentation of Maskinporten, and Sdir's public developer pages.
    """

    needs_scopes = True

    def __init__(
        self,
        client_id: str,
        key: Key,
        *,
        kid: str | None = None,
        certificates: Certificates | None = None,
        password: str | bytes | None = None,
        algorithm: str | None = None,
        scopes: str | Iterable[str] = (),
        consumer_org: str | None = None,
        resource: str | Iterable[str] = (),
        system_user: str | None = None,
        environment: str | None = None,
        issuer: str | None = None,
        proxy: str | None = None,
    ) -> None:
        with no_locals:
            self._signer = read_signer(
                key, kid=kid, certificates=certificates, password=password, algorithm=algorithm
            )
            if not (isinstance(client_id, str) and client_id.strip()):
                raise ConfigurationError(
                    "client_id must be text: the id that Digdir's portal shows."
                )
            self.client_id = client_id.strip()
            self.consumer_org = None if consumer_org is None else organization_number(consumer_org)
            self.scopes = _listed(scopes)
            self._resource = _listed(resource)
            self._system_user = None if system_user is None else organization_number(system_user)
            self._proxy = None if proxy is None else _proxy(proxy)
            self._given_issuer = None if issuer is None else _checked_issuer(issuer)
            self._issuer: str | None = None
            self._tls: ssl.SSLContext | None = None
            self._kept: dict[tuple[tuple[str, ...], str | None], Token] = {}
            self._fetches: dict[tuple[tuple[str, ...], str | None], _Fetch] = {}
            if environment is not None:
                self.bind(environment)

    @classmethod
    def from_environment(
        cls, variables: Mapping[str, str] | None = None, *, environment: str | None = None
    ) -> Self:
        """Make one from `SDIR_MASKINPORTEN_CLIENT_ID`, `…_KEY_FILE` and others.

        The others are `…_KEY_PASSWORD`, `…_KID`, `…_CERTIFICATES_FILE`, `…_SCOPES` (separated by
        spaces), `…_CONSUMER_ORG`, `…_SYSTEM_USER`, `…_ISSUER` and `…_PROXY`.

        Args:
            variables: Where to look instead of the environment's variables.
            environment: As for the class.

        Raises:
            ConfigurationError: One that is needed is not set, or one is wrong.
        """
        with no_locals:
            told = os.environ if variables is None else variables
            for name in ("CLIENT_ID", "KEY_FILE"):
                if not told.get(VARIABLE + name):
                    raise ConfigurationError(f"{VARIABLE}{name} is not set.")
            return cls(**_settings(told), environment=environment)

    def __repr__(self) -> str:
        if not hasattr(self, "_signer"):  # its settings were refused
            return "Maskinporten(…)"
        how = f"kid={self._signer.kid!r}" if self._signer.kid else "certificates=…"
        told = "" if self.consumer_org is None else f", consumer_org={self.consumer_org!r}"
        return f"Maskinporten({self.client_id!r}, {how}{told})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Maskinporten can't be pickled or copied: it would carry the key along")

    @property
    def issuer(self) -> str:
        """The server that is asked; test, unless something else was said."""
        return self._issuer or self._given_issuer or ISSUERS["test"]

    @property
    def kid(self) -> str | None:
        """The name of the registered key; `None` where the certificate is sent."""
        return self._signer.kid

    @property
    def certificate(self) -> Certificate | None:
        """The organization's certificate, if one was given."""
        return self._signer.certificate

    def bind(self, environment: str) -> None:
        """Take note of the environment whose tokens are wanted. `Sdir` calls it.

        Raises:
            ConfigurationError: It is used for another one already.
        """
        if environment not in ISSUERS:
            known = ", ".join(ISSUERS)
            raise ConfigurationError(f"environment must be one of {known}, not {environment!r}.")
        issuer = self._given_issuer or ISSUERS[environment]
        if self._issuer not in (None, issuer):
            raise ConfigurationError(
                f"This Maskinporten gets tokens from {self._issuer}; {environment} needs tokens"
                f" from"
                f" {issuer}. Make one for each environment."
            )
        self._issuer = issuer

    async def token(self, scopes: tuple[str, ...] = (), consumer_org: str | None = None) -> str:
        """Return a token that is good for a while.

        Args:
            scopes: What it must allow; if empty, those of the constructor.
            consumer_org: The customer; `None` for that of the constructor.

        Raises:
            ConfigurationError: No scope is known to ask for, or the customer is not a number.
            TokenError: Maskinporten refuses. Asking again won't help.
            ConnectionFailed: Maskinporten was not reached, or gave no answer that can be used.
        """
        with no_locals:
            which = (scopes or self.scopes, consumer_org or self.consumer_org)
            kept = self._kept.get(which)
            if kept is not None and time.monotonic() < kept.fresh_until:
                return kept.value
            outcome = await self._outcome(which)
            if isinstance(outcome, Token):
                return outcome.value
            raise self._error(outcome)

    def refuse(self, token: str) -> None:
        """Drop a token that Sdir refused, if it is the one that is kept."""
        for which in [each for each, kept in self._kept.items() if kept.value == token]:
            del self._kept[which]

    async def aclose(self) -> None:
        """End the questions under way; a call that waits for one gets `ConnectionFailed`."""
        with no_locals:
            here = asyncio.get_running_loop()
            tasks = [each.task for each in self._fetches.values() if each.task.get_loop() is here]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _error(self, outcome: Refusal | NoToken) -> SdirError:
        if isinstance(outcome, Refusal):
            return outcome.error()
        return ConnectionFailed(
            f"No token from {self.issuer}: {outcome.cause}. Nothing was sent to Sdir. Check the"
            " issuer, the network and the proxy, then try again."
        )

    async def _outcome(self, which: tuple[tuple[str, ...], str | None]) -> Outcome:
        """Return the answer to one question for all who wait for it.

        It is asked in a task of its own, so that one who is cancelled takes it from nobody else;
        the last one who goes ends it.
        """
        fetch = self._fetches.get(which)
        if fetch is None or fetch.task.get_loop() is not asyncio.get_running_loop():
            task = asyncio.get_running_loop().create_task(self._fetch(which, self._wanted(which)))
            fetch = self._fetches[which] = _Fetch(task)
            task.add_done_callback(lambda _: self._forget(which, fetch))
        fetch.waiting += 1
        try:
            return await asyncio.shield(fetch.task)
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if not fetch.task.cancelled() or (current is not None and current.cancelling()):
                raise
        finally:
            fetch.waiting -= 1
            if not fetch.waiting and not fetch.task.done():
                self._forget(which, fetch)
                fetch.task.cancel()
        return NoToken("it was closed before the answer came")

    def _forget(self, which: tuple[tuple[str, ...], str | None], fetch: _Fetch) -> None:
        if self._fetches.get(which) is fetch:
            del self._fetches[which]

    def _wanted(self, which: tuple[tuple[str, ...], str | None]) -> Wanted:
        scopes, customer = which
        if self._issuer is None:
            self.bind("test")
        if not scopes:
            raise ConfigurationError(
                "No scope is known for the token: the API's document names none. Give"
                " Maskinporten(scopes=…)."
            )
        return Wanted(
            self.issuer,
            self.client_id,
            scopes,
            self._resource,
            None if customer is None else organization_number(customer),
            self._system_user,
        )

    async def _fetch(self, which: tuple[tuple[str, ...], str | None], wanted: Wanted) -> Outcome:
        """Ask; once more where a fresh assertion may be taken. What comes is kept."""
        outcome = await self._ask(wanted)
        if isinstance(outcome, Refusal) and outcome.is_momentary:
            outcome = await self._ask(wanted)
        if isinstance(outcome, Token):
            now = time.monotonic()
            fresh = {each: kept for each, kept in self._kept.items() if now < kept.fresh_until}
            self._kept = {**fresh, which: outcome}
            logger.debug("a token for %s lives %s s", " ".join(wanted.scopes), outcome.life)
        return outcome

    async def _ask(self, wanted: Wanted) -> Outcome:
        """Ask once, over a client of its own: the user's may carry what must not go there."""
        form = {"grant_type": GRANT_TYPE, "assertion": await self._assertion(wanted)}
        if self._tls is None:
            self._tls = httpx.create_ssl_context()
        url = f"{wanted.issuer.rstrip('/')}/token"
        try:
            async with httpx.AsyncClient(
                verify=self._tls,
                proxy=self._proxy,
                timeout=_TIMEOUT,
                trust_env=url.startswith("https:"),  # else a proxy would read the assertion
            ) as http:
                asked = time.monotonic()
                answer = await http.post(url, data=form)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return NoToken(f"{type(error).__name__}: {error}".rstrip(": "))
        return read_answer(answer.status_code, answer.headers, answer.content, asked)

    async def _assertion(self, wanted: Wanted) -> str:
        unsigned = wanted.unsigned(self._signer.header, time.time())
        signing = self._signer.sign(unsigned)
        signature = await signing if inspect.isawaitable(signing) else signing
        if isinstance(signature, bytes | bytearray):
            return b".".join((unsigned, encoded(bytes(signature)))).decode()
        raise ConfigurationError("The function given as key must return the signature as bytes.")


_VARIABLES: Final = {
    "CLIENT_ID": "client_id",
    "KEY_FILE": "key",
    "KEY_PASSWORD": "password",
    "KID": "kid",
    "CERTIFICATES_FILE": "certificates",
    "SCOPES": "scopes",
    "CONSUMER_ORG": "consumer_org",
    "SYSTEM_USER": "system_user",
    "ISSUER": "issuer",
    "PROXY": "proxy",
}
"""The variables, each with the parameter that it stands for."""


def _settings(variables: Mapping[str, str]) -> dict[str, Any]:
    given = {name: variables.get(VARIABLE + name) for name in _VARIABLES}
    settings: dict[str, Any] = {_VARIABLES[name]: text for name, text in given.items() if text}
    files = {name: Path(settings[name]) for name in ("key", "certificates") if name in settings}
    return settings | files


def _listed(given: str | Iterable[str]) -> tuple[str, ...]:
    return tuple(given.split() if isinstance(given, str) else given)


def _checked_issuer(issuer: str) -> str:
    parts = urlsplit(issuer)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return issuer
    raise ConfigurationError("issuer must be an https URL, such as https://test.maskinporten.no/.")


def _proxy(url: str) -> httpx.Proxy:
    try:
        return httpx.Proxy(url)
    except (ValueError, TypeError, httpx.InvalidURL):
        raise ConfigurationError(
            "proxy must be a URL, such as http://proxy.example.com:8080."
        ) from None
