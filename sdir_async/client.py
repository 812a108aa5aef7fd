"""`Sdir`: settings, connection pool, and the APIs as attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NoReturn, get_args

from attrs import evolve

from .api import VERSIONS, Apis
from .auth import KeyRing
from .errors import ConfigurationError
from .hosts import origin_of, parse_base_url, require_secure
from .pacing import Pacer
from .privacy import mask_logs_of_httpx
from .retries import RetryPolicy
from .session import Session, Timeout, timeouts_of
from .transports import TransportName, open_transport
from .types import UNSET, Unset
from .versions import check_pins
from .wire import Timeouts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    import httpx

    from .auth import KeySource
    from .document import Document

Environment = Literal["development", "test", "production"]

DEFAULT_TIMEOUT: Final = Timeouts(connect=10.0, read=120.0, write=120.0, pool=60.0)
"""Reads for 120 s, since a sleeping database answers late."""


class Sdir(Apis):
    """The REST APIs of Sdir, the Norwegian Maritime Authority.

    Args:
        api_key: The subscription key: a string, a `SubscriptionKey`, or a function, plain or async,
            that returns one. Without it the key is read from `SDIR_API_KEY`.
        environment: `"development"`, `"test"` or `"production"`. Nothing is reported to production
            unless you say so.
        base_url: Scheme, host and port to use instead of Sdir's, such as `http://127.0.0.1:8400`;
            the paths stay as the documents say.
        versions: Which version `.selected` means, per API; the newest where nothing is said.
        timeout: Seconds, or an `httpx.Timeout`, for each part of an attempt: to connect, to send,
            to read, to get a connection. Reads wait for 120 s by default. All parts together bound
            an attempt as a whole.
        retry: How often and how long to try again, where that is safe.
        http_client: Your own `httpx.AsyncClient` (proxy, TLS, transport). It is not closed here. If
            its transport repeats requests by itself, it gets the body of a create only once all the
            same, unless the client has an `auth` that sends again after a 401.
        transport: How requests travel where no `http_client` is given: over `"httpx"`, or over
            aiohttp with `"fast"`, which needs `pip install 'sdir-async[fast]'`.
        insecure_http: Whether the key may go over plain http to another machine. By default it goes
            over https, or to this machine.

    Raises:
        ConfigurationError: There is no key, or a setting names what does not exist.

    Example:
        >>> async with Sdir(api_key="…", environment="test") as sdir:  # doctest: +SKIP
        ...     codes = await sdir.additional_competence.v1.list_codes()
    """

    def __init__(
        self,
        api_key: KeySource | None = None,
        *,
        environment: Environment = "test",
        base_url: str | None = None,
        versions: Mapping[str, str] | None = None,
        timeout: Timeout | Unset = UNSET,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008
        http_client: httpx.AsyncClient | None = None,
        transport: TransportName = "httpx",
        insecure_http: bool = False,
    ) -> None:
        keys, api_key = KeyRing(api_key), None  # a traceback shows what its frames hold
        keys.require_usable()
        if environment not in get_args(Environment):
            known = ", ".join(map(repr, get_args(Environment)))
            raise ConfigurationError(
                f"There is no environment {environment!r}. Give one of {known}."
            )
        check_pins(versions or {}, VERSIONS)
        self._environment = environment
        self._insecure_http = insecure_http
        self._origin = (
            None if base_url is None else parse_base_url(base_url, insecure_http=insecure_http)
        )
        self._session = Session(
            open_transport(transport, http_client),
            keys,
            Pacer(),
            retry,
            timeouts=_timeouts(timeout, http_client),
            versions=dict(versions or {}),
            base_url_of=self._base_url_of,
        )
        mask_logs_of_httpx()

    def __repr__(self) -> str:
        where = f", base_url={str(self._origin)!r}" if self._origin else ""
        return f"Sdir(environment={self._environment!r}{where})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("an Sdir can't be pickled or copied: it holds the key and open connections")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stop what is still running, and close the connections that were opened here."""
        await self._session.aclose()

    def _base_url_of(self, document: Document) -> str:
        servers = document.servers
        server = servers.get(self._environment)
        if server is None and self._origin:
            server = next(iter(servers.values()), "/")
        if server is None:
            known = ", ".join(filter(None, servers)) or "none"
            raise ConfigurationError(
                f"The document of {document.api} {document.version} names no server for"
                f" {self._environment!r}; it names: {known}. Give base_url, or another environment."
            )
        if self._origin:
            return self._origin.at(server)
        require_secure(origin_of(server), insecure_http=self._insecure_http)
        return server.rstrip("/")


def _timeouts(given: Timeout | Unset, http_client: httpx.AsyncClient | None) -> Timeouts:
    """Return the timeouts; where none are given, the user's client says how long its pool waits."""
    if not isinstance(given, Unset):
        return timeouts_of(given)
    pool = None if http_client is None else http_client.timeout.pool
    return DEFAULT_TIMEOUT if pool is None else evolve(DEFAULT_TIMEOUT, pool=pool)
