"""How requests travel: over a client of httpx, straight over its transport, or over aiohttp."""

from __future__ import annotations

import asyncio
import logging
import select
from functools import lru_cache, partial
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args
from urllib.request import getproxies
from weakref import WeakSet

import httpcore
import httpx

from .answers import Answer
from .errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

Transport = Literal["auto", "httpx", "fast"]

Client: TypeAlias = "HttpxClient | LeanClient | FastClient"
"""What a session sends through. Its `prepare` returns what sends a request, follows no redirect and
reads the whole answer. What `prepare` raises was not sent; what comes later are errors of httpx.

`is_trusted` says whether it tells truly that nothing was sent, as our own do; `may_repeat` says
whether it may send a request again by itself.
"""

Sending: TypeAlias = "Callable[[], Awaitable[Answer]]"

LIMITS: Final = httpx.Limits(max_keepalive_connections=100)
_log: Final = logging.getLogger("httpx")
_SEEN_AT_ONCE: Final = 2
_SMALL: Final = 65_536
"""A body of so many bytes never waits for the server to read."""
_LONGEST_LINE: Final = 102_400
"""Bytes in a line of an answer's head, as httpx allows; aiohttp's own 8,190 lose such an answer."""
_PROXIES: Final = frozenset(["http", "https", "all"])


def open_client(wanted: Transport) -> Client:
    """Return a client of our own that uses this transport.

    `"auto"` takes the fast one where it is installed and where nothing counts on httpx's own: a
    proxy named in the environment, or a library that has put itself in its place to watch requests
    or to answer them, such as respx or OpenTelemetry.

    Raises:
        ConfigurationError: The fast one is wanted and can't be had.
    """
    if wanted not in get_args(Transport):
        known = ", ".join(get_args(Transport))
        raise ConfigurationError(f"There is no transport {wanted!r}; there is {known}.")
    proxied = not _PROXIES.isdisjoint(getproxies())
    if wanted == "fast" and proxied:
        raise ConfigurationError(
            "The fast transport goes through no proxy, and the environment names one."
            " Give transport='httpx', or unset HTTP_PROXY, HTTPS_PROXY and ALL_PROXY."
        )
    if wanted == "fast" or (wanted == "auto" and not (proxied or _httpx_is_watched())):
        try:
            return FastClient()
        except ModuleNotFoundError:
            if wanted == "fast":
                missing = "The fast transport is an extra: pip install 'sdir-async[fast]'"
                raise ConfigurationError(missing) from None
    return HttpxClient(httpx.AsyncClient(limits=LIMITS)) if proxied else LeanClient()


def _httpx_is_watched() -> bool:
    """Say whether something stands in the place of httpx's own transport or of its pool."""
    for owner in (httpx.AsyncHTTPTransport, httpcore.AsyncConnectionPool):
        method: object = owner.handle_async_request
        if not isinstance(method, FunctionType) or hasattr(method, "__wrapped__"):
            return True
        if method.__code__.co_qualname != f"{owner.__name__}.handle_async_request":
            return True
    return False


def _tell(method: str, url: object, version: str, status: int, reason: str | None) -> None:
    """Log a request as httpx does, whatever it travelled over."""
    if _log.isEnabledFor(logging.INFO):
        line = f"{version} {status} {reason or ''}"
        _log.info('HTTP Request: %s %s "%s"', method, url, line.rstrip())


class HttpxClient:
    """A client of httpx: the user's, with whatever it does, or one that goes through a proxy."""

    is_trusted = False

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    @property
    def may_repeat(self) -> bool:
        """Whether it may send a request again by itself: `auth` does, that renews a token."""
        return self._http.auth is not None

    @property
    def is_closed(self) -> bool:
        """Whether it sends nothing more."""
        return self._http.is_closed

    def prepare(self, method: str, url: str, **given: Any) -> Sending:
        """Return what sends a request and reads its whole answer."""
        return partial(self._send, self._http.build_request(method, url, **given))

    async def _send(self, request: httpx.Request) -> Answer:
        response = await self._http.send(request, follow_redirects=False)
        return Answer(response.status_code, response.headers, response.content)

    async def aclose(self) -> None:
        """Close it."""
        await self._http.aclose()


class LeanClient:
    """Straight from the request to httpx's own transport.

    There are neither cookies nor hooks nor authentication nor redirects to look at, and the same
    URLs are built again and again.
    """

    is_trusted = True
    may_repeat = False

    def __init__(self) -> None:
        self.is_closed = False
        self._transport = httpx.AsyncHTTPTransport(limits=LIMITS)
        accepted = httpx.AsyncClient(transport=self._transport).headers["Accept-Encoding"]
        self._always = {"Accept-Encoding": accepted}
        self._known_url = lru_cache(64)(httpx.URL)

    def prepare(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None,
        headers: dict[str, str],
        content: Any,
        timeout: httpx.Timeout,
    ) -> Sending:
        """Return what sends a request and reads its whole answer."""
        request = httpx.Request(
            method,
            self._known_url(url),
            params=params,
            headers=self._always | headers,
            content=content,
            extensions={"timeout": timeout.as_dict()},
        )
        return partial(self._send, request)

    async def _send(self, request: httpx.Request) -> Answer:
        response = await self._transport.handle_async_request(request)
        response.request = request
        try:
            body = await response.aread()
        finally:
            await response.aclose()
        status, reason = response.status_code, response.reason_phrase
        _tell(request.method, request.url, response.http_version, status, reason)
        return Answer(status, response.headers, body)

    async def aclose(self) -> None:
        """Close the connections."""
        self.is_closed = True
        await self._transport.aclose()


class FastClient:
    """Sends over aiohttp, and raises what httpx's own transport would.

    Whether a create is sent again hangs on the difference between an error before the request was
    sent and one after. Only what aiohttp raises while it connects becomes an `httpx.ConnectError`
    or `httpx.ConnectTimeout`.
    """

    is_trusted = True
    may_repeat = False

    def __init__(self) -> None:
        """Remember what is needed; connections belong to the loop that they are opened in.

        Raises:
            ModuleNotFoundError: aiohttp is not installed.
        """
        import aiohttp
        from yarl import URL

        self.is_closed = False
        self._aiohttp: Any = aiohttp
        self._session: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timeout = lru_cache(64)(self._timeout_of)
        self._errors = _errors_of(aiohttp)
        self._known_url = lru_cache(64)(lambda url: URL(str(httpx.URL(url)), encoded=True))

    def prepare(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None,
        headers: dict[str, str],
        content: Any,
        timeout: httpx.Timeout,
    ) -> Sending:
        """Return what sends a request and reads its whole answer."""
        target = self._known_url(url)
        if params is not None:  # not among the known ones: it may name a person
            target = target.with_query(httpx.QueryParams(params).multi_items())
        return partial(self._send, method, target, headers, content, timeout)

    async def _send(
        self,
        method: str,
        url: Any,
        headers: dict[str, str],
        content: Any,
        timeout: httpx.Timeout,  # noqa: ASYNC109
    ) -> Answer:
        session = self._session
        if session is None or self._loop is not asyncio.get_running_loop():
            session = self._open()
        bound = asyncio.timeout(None)  # aiohttp waits for ever for a server that stops reading
        try:
            async with bound:
                if isinstance(content, bytes):
                    if len(content) > _SMALL:
                        bound.reschedule(_end_of(timeout, timeout.connect))
                elif content is not None:
                    content = _watched(content, bound, timeout)
                answer = await session.request(
                    method,
                    url,
                    headers=headers,
                    data=content,
                    allow_redirects=False,
                    timeout=self._timeout(timeout.connect, timeout.read),
                )
            if answer.status < 200:  # 101, which was not asked for; aiohttp would leave it open
                answer.close()
                raise httpx.RemoteProtocolError(f"the server answered {answer.status}")
            body = await answer.read()
        except tuple(self._errors) as error:
            raise self._translated(error, stalled=bound.expired()) from error
        version = f"HTTP/{answer.version.major}.{answer.version.minor}"
        _tell(method, url, version, answer.status, answer.reason)
        return Answer(answer.status, answer.headers, body)

    def _open(self) -> Any:
        """Open a session that keeps nothing of an answer; one of another loop is of no use here."""
        aiohttp = self._aiohttp
        if self._session is not None:
            self._session.detach()
        self._loop = asyncio.get_running_loop()
        self._session = aiohttp.ClientSession(
            connector=_connector_of(aiohttp)(
                limit=0,
                keepalive_timeout=LIMITS.keepalive_expiry,
                ssl=httpx.create_ssl_context(),
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
        )
        # It sends a PUT again whose answer was lost, and tells of the second time only: that it
        # could not connect, though the first was applied. There is no public way to say so.
        self._session._retry_connection = False  # noqa: SLF001
        return self._session

    def _timeout_of(self, connect: float | None, read: float | None) -> Any:
        """Return aiohttp's timeouts; to connect is to resolve the name as well."""
        return self._aiohttp.ClientTimeout(total=None, connect=connect, sock_read=read)

    def _translated(self, error: Exception, *, stalled: bool) -> httpx.RequestError:
        if stalled:
            return httpx.WriteTimeout("the server stopped reading the request")
        kind = next(kind for known, kind in self._errors.items() if isinstance(error, known))
        return kind(str(error))

    async def aclose(self) -> None:
        """Close the connections."""
        self.is_closed = True
        if self._session is not None:
            await self._session.close()


def _connector_of(aiohttp: Any) -> Any:
    """Return aiohttp's connector, but one that looks before it uses a connection again."""

    class Connector(aiohttp.TCPConnector):  # type: ignore[misc]
        def __init__(self, **given: Any) -> None:
            super().__init__(**given)
            self._used: WeakSet[Any] = WeakSet()

        async def connect(self, *args: Any, **given: Any) -> Any:
            """Return a connection on which nothing waits to be read.

            What came before the request is no answer to it: a stray one, or the end, of which a
            busy loop has not heard yet. httpx looks, too.
            """
            while True:
                connection = await super().connect(*args, **given)
                protocol = connection.protocol
                if protocol not in self._used:
                    self._used.add(protocol)
                    return connection
                if not (protocol.should_close or _is_readable(protocol.transport)):
                    return connection
                connection.close()

    return Connector


def _is_readable(transport: asyncio.Transport) -> bool:
    sock = transport.get_extra_info("socket")
    if not hasattr(select, "poll"):
        return bool(select.select([sock], [], [], 0)[0])
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


async def _watched(
    stream: Any,
    bound: asyncio.Timeout,
    timeout: httpx.Timeout,  # noqa: ASYNC109
) -> AsyncIterator[bytes]:
    """Yield the pieces of a body, and watch that the server takes each.

    Between the many pieces of a very large one, the loop has a chance to see that the peer is gone.
    """
    now = asyncio.get_running_loop().time
    write = timeout.write
    pieces = 0
    async for piece in stream:
        pieces += 1
        if pieces > _SEEN_AT_ONCE:
            await asyncio.sleep(0)
        bound.reschedule(None if write is None else now() + write)
        yield piece
    bound.reschedule(_end_of(timeout))


def _end_of(timeout: httpx.Timeout, connect: float | None = 0.0) -> float | None:
    """Return the time at which a body that is sent from now on was taken, and the answer begun."""
    write, read = timeout.write, timeout.read
    if connect is None or write is None or read is None:
        return None
    return asyncio.get_running_loop().time() + connect + write + read


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
