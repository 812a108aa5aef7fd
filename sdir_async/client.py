"""`Sdir`: settings, connection pool, and the APIs as attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, get_args

import httpx

from .api import VERSIONS, Apis
from .auth import KeyRing
from .errors import ConfigurationError
from .pacing import Pacer
from .privacy import mask_logs_of_httpx
from .session import RetryPolicy, Session, Timeout
from .transport import HttpxClient, Transport, open_client
from .versions import check_pins

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    from .auth import KeySource
    from .document import Document

Environment = Literal["development", "test", "production"]

DEFAULT_TIMEOUT: Final = httpx.Timeout(120.0, connect=10.0, pool=None)
"""Reads for 120 s, since a sleeping database answers late."""
_LAST_PORT: Final = 65_535


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
        timeout: Seconds, or an `httpx.Timeout`, for each attempt; reads wait for 120 s by default.
        retry: How often and how long to try again, where that is safe.
        http_client: Your own `httpx.AsyncClient` (proxy, TLS, transport). It is not closed here. If
            its transport repeats requests by itself, it gets the body of a create only once all the
            same, unless the client has an `auth` that sends again after a 401.
        transport: How requests travel where no `http_client` is given. `"fast"` needs
            `pip install 'sdir-async[fast]'`; `"auto"` takes it where it is installed and no proxy
            is set; `"httpx"` is httpx's own.

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
        timeout: Timeout = DEFAULT_TIMEOUT,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008
        http_client: httpx.AsyncClient | None = None,
        transport: Transport = "auto",
    ) -> None:
        if environment not in get_args(Environment):
            known = ", ".join(get_args(Environment))
            raise ConfigurationError(f"There is no environment {environment!r}; there is {known}.")
        check_pins(versions or {}, VERSIONS)
        self._environment = environment
        self._base_url = None if base_url is None else _origin(base_url)
        keys = KeyRing(api_key)
        self._client = HttpxClient(http_client) if http_client else open_client(transport)
        self._owns_client = http_client is None
        self._session = Session(
            self._client,
            keys,
            Pacer(),
            retry,
            timeout=timeout,
            versions=dict(versions or {}),
            base_url_of=self._base_url_of,
        )
        mask_logs_of_httpx()

    def __repr__(self) -> str:
        where = f", base_url={str(httpx.URL(**self._base_url))!r}" if self._base_url else ""
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
        if self._owns_client:
            await self._client.aclose()

    def _base_url_of(self, document: Document) -> str:
        servers = document.servers
        server = servers.get(self._environment)
        if server is None and self._base_url:
            server = next(iter(servers.values()), "/")
        if server is None:
            known = ", ".join(filter(None, servers)) or "none"
            raise ConfigurationError(
                f"The document of {document.api} {document.version} names no server for"
                f" {self._environment!r}; it names: {known}. Give base_url, or another environment."
            )
        return str(httpx.URL(server).copy_with(**(self._base_url or {}))).rstrip("/")


def _origin(base_url: str) -> dict[str, Any]:
    """Return scheme, host and port of a base URL."""
    try:
        url = httpx.URL(base_url)
        url.host.encode("idna")  # no part of it may be empty, or longer than a name can have
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ConfigurationError(f"base_url is not a URL: {error}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigurationError("base_url needs a scheme and a host, such as https://host:8400.")
    if (url.port or 0) > _LAST_PORT:
        raise ConfigurationError(f"base_url names port {url.port}; {_LAST_PORT} is the last.")
    return {"scheme": url.scheme, "host": url.host, "port": url.port}
