"""How requests travel: httpx's own transport, or the faster one of the extra `[fast]`."""

from __future__ import annotations

import asyncio
import logging
from functools import lru_cache
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final, Literal, cast, get_args
from urllib.request import getproxies

import httpcore
import httpx

from .errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator

Transport = Literal["auto", "httpx", "fast"]

LIMITS: Final = httpx.Limits(max_keepalive_connections=100)
_log: Final = logging.getLogger("httpx")
_SEEN_AT_ONCE: Final = 2
_SMALL: Final = 65_536
"""A body of so many bytes never waits for the server to read."""
_PROXIES: Final = frozenset(["http", "https", "all"])


def open_client(wanted: Transport, timeout: Any) -> httpx.AsyncClient:
    """Return a client of our own that uses this transport.

    Raises:
        ConfigurationError: The fast one is wanted and can't be had.
    """
    transport = transport_for(wanted)
    if transport is None and _behind_proxy():
        return httpx.AsyncClient(timeout=timeout, limits=LIMITS)
    return LeanClient(transport or httpx.AsyncHTTPTransport(limits=LIMITS), timeout)


def transport_for(wanted: Transport) -> httpx.AsyncBaseTransport | None:
    """Return the transport for a client that is opened here; `None` stands for httpx's own.

    `"auto"` takes the fast one where it is installed and where nothing counts on httpx's own: a
    proxy named in the environment, or a library that has put itself in its place to watch requests
    or to answer them, such as respx or OpenTelemetry.

    Raises:
        ConfigurationError: The fast one is wanted and can't be had.
    """
    if wanted not in get_args(Transport):
        known = ", ".join(get_args(Transport))
        raise ConfigurationError(f"There is no transport {wanted!r}; there is {known}.")
    if wanted == "httpx" or (wanted == "auto" and (_behind_proxy() or _httpx_is_watched())):
        return None
    if _behind_proxy():
        raise ConfigurationError(
            "The fast transport goes through no proxy, and the environment names one."
            " Give transport='httpx', or unset HTTP_PROXY, HTTPS_PROXY and ALL_PROXY."
        )
    try:
        return FastTransport(LIMITS)
    except ModuleNotFoundError:
        if wanted == "auto":
            return None
        raise ConfigurationError(
            "The fast transport is an extra: pip install 'sdir-async[fast]'"
        ) from None


def _behind_proxy() -> bool:
    return not _PROXIES.isdisjoint(getproxies())


def _httpx_is_watched() -> bool:
    """Say whether something stands in the place of httpx's own transport or of its pool."""
    for owner in (httpx.AsyncHTTPTransport, httpcore.AsyncConnectionPool):
        method: object = owner.handle_async_request
        if not isinstance(method, FunctionType) or hasattr(method, "__wrapped__"):
            return True
        if method.__code__.co_qualname != f"{owner.__name__}.handle_async_request":
            return True
    return False


class FastTransport(httpx.AsyncBaseTransport):
    """Sends over aiohttp, and raises what httpx's own transport would.

    Whether a create is sent again hangs on the difference between an error before the request was
    sent and one after. Only what aiohttp raises while it connects becomes an `httpx.ConnectError`
    or `httpx.ConnectTimeout`.
    """

    def __init__(self, limits: httpx.Limits) -> None:
        """Remember the limits; the connections belong to the loop of the first request.

        Raises:
            ModuleNotFoundError: aiohttp is not installed.
        """
        import aiohttp
        from yarl import URL

        self._aiohttp: Any = aiohttp
        self._url: Any = URL
        self._limits = limits
        self._session: Any = None
        self._timeouts: dict[tuple[float | None, ...], Any] = {}
        self._errors = _errors_of(aiohttp)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and read the whole answer."""
        session = self._session or self._open()
        timeout = request.extensions.get("timeout", {})
        bound = asyncio.timeout(None)
        try:
            async with bound:
                answer = await session.request(
                    request.method,
                    self._url(str(request.url), encoded=True),
                    headers=[
                        (name.decode("latin-1"), value.decode("latin-1"))
                        for name, value in request.headers.raw
                    ],
                    data=self._content(request, bound, timeout),
                    allow_redirects=False,
                    timeout=self._timeout(timeout),
                )
            body = await answer.read()
        except tuple(self._errors) as error:
            raise self._translated(error, request, stalled=bound.expired()) from error
        headers = answer.raw_headers
        return httpx.Response(answer.status, headers=headers, content=body, request=request)

    def _open(self) -> Any:
        """Open a session that adds nothing to a request and keeps nothing of an answer."""
        aiohttp, limits = self._aiohttp, self._limits
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=limits.max_connections or 0,
                keepalive_timeout=limits.keepalive_expiry,
                ssl=httpx.create_ssl_context(),
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            auto_decompress=False,
        )
        return self._session

    def _content(
        self, request: httpx.Request, bound: asyncio.Timeout, timeout: dict[str, float | None]
    ) -> Any:
        """Return the body; aiohttp itself waits for ever for a server that stops reading."""
        try:
            content = request.content
        except httpx.RequestNotRead:
            return _watched(cast("AsyncIterable[bytes]", request.stream), bound, timeout)
        if len(content) > _SMALL:
            bound.reschedule(_end_of(timeout))
        return content or None

    def _timeout(self, timeout: dict[str, float | None]) -> Any:
        """Return aiohttp's timeouts; its `connect` counts the wait for a place too."""
        connect, read, pool = (timeout.get(name) for name in ("connect", "read", "pool"))
        known = self._timeouts.get((connect, read, pool))
        if known is None:
            whole = None if pool is None else pool + (connect or 0.0)
            known = self._timeouts[connect, read, pool] = self._aiohttp.ClientTimeout(
                total=None, connect=whole, sock_connect=connect, sock_read=read
            )
        return known

    def _translated(
        self, error: Exception, request: httpx.Request, *, stalled: bool
    ) -> httpx.RequestError:
        if stalled:
            return httpx.WriteTimeout("the server stopped reading the request", request=request)
        kind = next(kind for known, kind in self._errors.items() if isinstance(error, known))
        return kind(str(error), request=request)


async def _watched(
    stream: AsyncIterable[bytes],
    bound: asyncio.Timeout,
    timeout: dict[str, float | None],  # noqa: ASYNC109
) -> AsyncIterator[bytes]:
    """Yield the pieces of a body, and watch that the server takes each.

    Between the many pieces of a very large one, the loop has a chance to see that the peer is gone.
    """
    now = asyncio.get_running_loop().time
    write = timeout.get("write")
    pieces = 0
    async for piece in stream:
        pieces += 1
        if pieces > _SEEN_AT_ONCE:
            await asyncio.sleep(0)
        bound.reschedule(None if write is None else now() + write)
        yield piece
    bound.reschedule(_end_of(timeout))


def _end_of(timeout: dict[str, float | None]) -> float | None:
    """Return the time at which a body that is sent from now on was taken, and the answer begun."""
    write, read = timeout.get("write"), timeout.get("read")
    if write is None or read is None:
        return None
    return asyncio.get_running_loop().time() + write + read


def _errors_of(aiohttp: Any) -> dict[type[Exception], type[httpx.RequestError]]:
    """Return what aiohttp raises as httpx has it, the special before the general.

    A `ClientConnectionError` comes before the request was sent and after it: it is taken for after.
    """
    return {
        aiohttp.ConnectionTimeoutError: httpx.ConnectTimeout,
        aiohttp.ClientConnectorError: httpx.ConnectError,
        aiohttp.ServerTimeoutError: httpx.ReadTimeout,
        aiohttp.ServerDisconnectedError: httpx.RemoteProtocolError,
        aiohttp.ClientConnectionError: httpx.ReadError,
        aiohttp.ClientError: httpx.RemoteProtocolError,
        TimeoutError: httpx.ReadTimeout,
        OSError: httpx.ReadError,
    }


class LeanClient(httpx.AsyncClient):
    """A client of our own: straight from the request to its transport.

    It has neither cookies nor hooks nor authentication nor redirects to look at, and builds the
    same URLs again and again.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport, timeout: Any) -> None:
        super().__init__(transport=transport, timeout=timeout)
        self._straight = transport
        self._always = {"Accept-Encoding": self.headers["Accept-Encoding"]}
        self._known_url = lru_cache(64)(httpx.URL)

    def build_request(self, method: str, url: Any, **given: Any) -> httpx.Request:
        """Return a request; `given` are those of its parameters that we use."""
        timeout = httpx.Timeout(given.pop("timeout"))
        headers = {**self._always, **given.pop("headers")}
        extensions = {"timeout": timeout.as_dict()}
        return httpx.Request(
            method, self._known_url(url), headers=headers, extensions=extensions, **given
        )

    async def send(self, request: httpx.Request, **_: Any) -> httpx.Response:
        """Send a request, and read the whole answer."""
        if self.is_closed:
            raise RuntimeError("the client is closed")
        response = await self._straight.handle_async_request(request)
        response.request = request
        try:
            await response.aread()
        finally:
            await response.aclose()
        if _log.isEnabledFor(logging.INFO):
            line = f"{response.http_version} {response.status_code} {response.reason_phrase}"
            _log.info('HTTP Request: %s %s "%s"', request.method, request.url, line)
        return response
