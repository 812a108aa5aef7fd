"""`Sdir`: settings, connection pool, and the APIs as attributes."""

from __future__ import annotations

import os
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, NoReturn, get_args

from attrs import evolve

from .api import Apis
from .auth import KeyRing
from .errors import ConfigurationError
from .frames import no_locals
from .hosts import Servers, parse_base_url
from .observe import OnAttempt, Watch, log_as_told
from .options import (
    Timeout,
    checked_headers,
    organization_number,
    require_kind,
    require_one_of,
    timeouts_of,
)
from .pacing import Pacer
from .privacy import mask_logs
from .retries import RetryPolicy
from .session import Session, Settings
from .tokens import tokens_of
from .transports import TransportName, open_transport
from .types import UNSET, Unset
from .versions import check_pins, versions_of
from .wire import LARGEST_ANSWER, Timeouts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from .auth import KeySource
    from .document import Document, Effect
    from .hosts import Origin
    from .raw import RawResponse
    from .telemetry import Telemetry
    from .tokens import TokenGiven, TokenSource
    from .transports import Client

Environment = Literal["development", "test", "production"]

DEFAULT_TIMEOUT: Final = Timeouts(connect=10.0, read=120.0, write=120.0, pool=60.0)
"""Reads for 120 s, since a sleeping database answers late."""


class SdirBase:
    """Settings, connections and calls; a generated package adds its APIs as attributes."""

    _versions: ClassVar[Mapping[str, tuple[str, ...]]]
    _package: ClassVar[str]

    def __init__(
        self,
        api_key: KeySource | None = None,
        *,
        environment: Environment = "test",
        token: TokenGiven | None = None,
        base_url: str | None = None,
        versions: Mapping[str, str] | None = None,
        timeout: Timeout | Unset = UNSET,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008
        http_client: Client | None = None,
        transport: TransportName = "httpx",
        largest_answer: int = LARGEST_ANSWER,
        pace: Pacer | None = None,
        insecure_http: bool = False,
        on_attempt: OnAttempt | None = None,
        telemetry: Telemetry | None = None,
    ) -> None:
        with no_locals:
            log_as_told()
            keys = KeyRing(api_key)
            require_one_of(get_args(Environment), "environment", environment)
            require_kind(bool, "True or False", "insecure_http", insecure_http)
            pins = {} if versions is None else versions
            check_pins(pins, self._versions)
            shared = Pacer() if pace is None else pace
            require_kind(Pacer, "a Pacer", "pace", shared)
            self._is_whole = True
            traced = _telemetry(telemetry)
            open_session, watch = (traced.session, traced.watch) if traced else (Session, Watch)
            self._session = open_session(
                open_transport(transport, http_client),
                keys,
                shared,
                Settings(retry, _timeouts(timeout, http_client), largest_answer),
                versions=dict(pins),
                servers=Servers(environment, _origin(base_url, insecure_http), insecure_http),
                watch=watch(self._versions, _callable(on_attempt)),
                tokens=_tokens(token, environment),
            )
            mask_logs()

    def __repr__(self) -> str:
        if not hasattr(self, "_session"):  # its settings were refused
            return "Sdir(…)"
        servers, customer = self._session.servers, self._session.settings.customer
        where = f", base_url={str(servers.origin)!r}" if servers.origin else ""
        told = f", on behalf of {customer}" if customer else ""
        return f"Sdir(environment={servers.environment!r}{where}{told})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("an Sdir can't be pickled or copied: it holds the key and open connections")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stop what is still running, and close the connections that this `Sdir` opened.

        Copies that `on_behalf_of` and `with_options` returned are closed with the original.
        """
        with no_locals:
            if self._is_whole:
                await self._session.aclose()

    def on_behalf_of(self, customer: str) -> Self:
        """Return an `Sdir` that reports on behalf of a customer who delegated that to you.

        It shares connections, keys and pace. It has its own tokens, journals and reports.

        Args:
            customer: The customer's organization number.

        Raises:
            ConfigurationError: The number does not have 9 digits, or this `Sdir` has no token.

        Example:
            >>> customer = sdir.on_behalf_of("991825827")  # doctest: +SKIP
            >>> report = await customer.course.v1.upload(records)  # doctest: +SKIP
        """
        with no_locals:
            settings = evolve(self._session.settings, customer=organization_number(customer))
            if self._session.tokens is None:
                raise ConfigurationError(
                    "on_behalf_of needs a token, which names the customer. Give Sdir(token=…)."
                )
            return self._with(settings)

    def with_options(
        self,
        *,
        timeout: Timeout | Unset = UNSET,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
        deadline: float | None = None,
    ) -> Self:
        """Return a copy with other settings; settings that you leave out stay the same.

        The copy shares connections, keys, tokens and pace. Closing the copy closes nothing.

        Args:
            timeout: As for `Sdir`.
            retry: As for `Sdir`.
            headers: Headers to send with each request, in addition to those of this `Sdir`.
            deadline: Seconds for each call and each upload as a whole, including waits and retries,
                unless the call has a deadline of its own.

        Raises:
            ConfigurationError: A setting is not valid, or a header is one that sdir-async sets
                itself, for the key, the token, the body or the connection.

        Example:
            >>> patient = sdir.with_options(timeout=300, headers={"X-Trace": "…"})  # doctest: +SKIP
            >>> report = await patient.course.v1.upload(records)  # doctest: +SKIP
        """
        with no_locals:
            now = self._session.settings
            return self._with(
                evolve(
                    now,
                    timeouts=now.timeouts if isinstance(timeout, Unset) else timeouts_of(timeout),
                    retry=now.retry if retry is None else retry,
                    headers={**now.headers, **checked_headers(headers)},
                    deadline=now.deadline if deadline is None else deadline,
                )
            )

    def _with(self, settings: Settings) -> Self:
        """Return a copy with other settings; all else is shared."""
        other = object.__new__(type(self))
        other._is_whole = False
        other._session = self._session.with_settings(settings)
        return other

    async def request(
        self,
        method: str,
        path: str,
        *,
        api: str,
        version: str | None = None,
        path_params: Mapping[str, object] | None = None,
        params: Mapping[str, object] | None = None,
        body: object = UNSET,
        effect: Effect | None = None,
        timeout: Timeout | Unset = UNSET,  # noqa: ASYNC109
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> RawResponse[Any]:
        """Call an operation that the document of a version does not have yet.

        Key, token, pace, retries, errors and host are the same as for any call.

        Args:
            method: The HTTP method.
            path: The path below the server's URL of this version, such as `/courses/{uid}`.
            api: The API, as the attribute of `Sdir`.
            version: The version; by default, the version of `.selected`.
            path_params: The values for the placeholders in the path. Put identifiers here, not in
                the path itself, which appears in logs and errors.
            params: The query; a list becomes a repeated parameter.
            body: What to send as JSON: a model, a mapping or a list.
            effect: What a request does to the register: `"read"`, `"create"`, `"update"` or
                `"validate"`. A `"create"` is not sent again if it may have been saved. By default,
                POST and PATCH are creates.
            timeout: As for `Sdir`, for this call.
            deadline: Seconds for the call as a whole.
            retry: As for `Sdir`, for this call.
            headers: More headers to send.

        Returns:
            The answer; its `value` is the parsed JSON.

        Raises:
            ConfigurationError: The API or the version was not found, or the path leads elsewhere.
            SdirError: As for any call.

        Example:
            >>> raw = await sdir.request(  # doctest: +SKIP
            ...     "GET", "/codes", api="course", version="v1", params={"active": True}
            ... )
            >>> raw.value  # doctest: +SKIP
        """
        from .request import operation_of, scopes_of
        from .variants import anything

        with no_locals:
            versions_of(api, self._versions)
            versions = getattr(self, api)
            operations = versions.selected if version is None else versions[version]
            document: Document = operations._document  # noqa: SLF001
            scopes = scopes_of(api, document.version, self._package)
            operation = operation_of(method, path, effect, places=path_params or (), scopes=scopes)
            answer: RawResponse[Any] = await operations.with_raw_response._call(  # noqa: SLF001
                operation,
                anything,
                path=path_params,
                params=params,
                body=body,
                timeout=timeout,
                deadline=deadline,
                retry=retry,
                more_headers=headers,
            )
            return answer


class Sdir(Apis, SdirBase):
    """The REST APIs of Sdir, the Norwegian Maritime Authority.

    Args:
        api_key: The subscription key: a string, a `SubscriptionKey`, or a function, plain or async,
            that returns one. Without it, the key is read from `SDIR_API_KEY`.
        token: The source of the token that Sdir requires in addition to the key: a `Maskinporten`,
            or a function, plain or async, that takes the scopes and returns a token. Without it, a
            `Maskinporten` is made from the environment if `SDIR_MASKINPORTEN_CLIENT_ID` is set;
            otherwise no token is sent. Closing the `Sdir` does not close it.
        environment: `"development"`, `"test"` (the default) or `"production"`.
        base_url: Scheme, host and port to use instead of Sdir's, such as `http://127.0.0.1:8400`;
            the paths stay those of the documents.
        versions: The version that `.selected` returns, for each API; by default the newest.
        timeout: Seconds, or an `httpx.Timeout`, for each part of an attempt: to connect, to send,
            to read, to get a connection. By default, reads wait for 120 s. The sum of all parts
            is the limit for an attempt as a whole.
        retry: How often to retry, where that is safe, and how long to wait.
        http_client: Your own `httpx.AsyncClient` (proxy, TLS, transport), or one of httpx2. Closing
            the `Sdir` does not close it. If its transport repeats requests by itself, it still gets
            the body of a create only once, unless the client has an `auth`, which may send again
            after a 401. Its pool timeout is used, or 60 s if it has none. With a limit on
            connections, httpx can permanently lose some when calls are cancelled; httpx2 does not.
        transport: The HTTP library to use if there is no `http_client`: `"httpx"`; `"httpx2"`,
            which needs `pip install 'sdir-async[httpx2]'`; or `"fast"`, which uses aiohttp and
            needs `pip install 'sdir-async[fast]'`.
        largest_answer: The largest answer to read, in bytes after decompression: 64 MiB by default.
            A longer answer counts as lost.
        pace: A `Pacer` that several `Sdir` share because they send for the same account, which has
            one rate limit; or a `PostgresPace` if other processes send for it too. Without it, this
            `Sdir` has a pace of its own.
        insecure_http: Whether the key may be sent over plain http to another machine. By default,
            http is allowed only to this machine.
        on_attempt: Called with an `AttemptEvent` after each attempt to send a request. It must not
            block.
        telemetry: A `Telemetry`, for spans and metrics by OpenTelemetry. It needs
            `pip install 'sdir-async[otel]'`.

    Raises:
        ConfigurationError: No key was given, or a setting is not valid.

    Example:
        >>> async with Sdir(api_key="…", environment="test") as sdir:  # doctest: +SKIP
        ...     codes = await sdir.additional_competence.v1.list_codes()
    """


def _origin(base_url: str | None, insecure_http: bool) -> Origin | None:
    return None if base_url is None else parse_base_url(base_url, insecure_http=insecure_http)


def _callable(on_attempt: OnAttempt | None) -> OnAttempt | None:
    if on_attempt is not None and (not callable(on_attempt) or iscoroutinefunction(on_attempt)):
        raise ConfigurationError("on_attempt must be a plain function that takes an AttemptEvent.")
    return on_attempt


def _telemetry(given: Telemetry | None) -> Telemetry | None:
    if given is None:
        return None
    from .telemetry import Telemetry

    if not isinstance(given, Telemetry):
        raise ConfigurationError("telemetry must be a Telemetry.")
    return given


def _tokens(given: TokenGiven | None, environment: str) -> TokenSource | None:
    """Return what gives tokens, for this environment."""
    if given is None:
        if not os.environ.get("SDIR_MASKINPORTEN_CLIENT_ID"):
            return None
        from .maskinporten import Maskinporten

        given = Maskinporten.from_environment()
    source = tokens_of(given)
    source.bind(environment)
    return source


def _timeouts(given: Timeout | Unset, http_client: Client | None) -> Timeouts:
    """Return the timeouts; where none are given, the user's client says how long its pool waits."""
    if not isinstance(given, Unset):
        return timeouts_of(given)
    pool = None if http_client is None else http_client.timeout.pool
    return DEFAULT_TIMEOUT if pool is None else evolve(DEFAULT_TIMEOUT, pool=pool)
