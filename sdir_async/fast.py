"""The transport of the extra `[fast]`: over aiohttp, with the errors of httpx."""

from __future__ import annotations

import asyncio
import select
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

import aiohttp
import httpx
from yarl import URL

from .answers import Answer
from .transport import LIMITS, Outgoing, Sending, tell

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator

    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection

_NEVER_STALLS: Final = 65_536
"""A body of so many bytes never waits for the server to read."""
_SEEN_AT_ONCE: Final = 2
"""Pieces of a body that are sent before the loop is asked whether the peer is still there."""
_LONGEST_LINE: Final = 102_400
"""Bytes in a line of an answer's head, as httpx allows; aiohttp's own 8,190 lose such an answer."""

ERRORS: Final[tuple[tuple[type[Exception], type[httpx.RequestError]], ...]] = (
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.InvalidURL, httpx.ConnectError),
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    (aiohttp.ServerTimeoutError, httpx.ReadTimeout),
    (aiohttp.ServerDisconnectedError, httpx.RemoteProtocolError),
    (aiohttp.ClientConnectionError, httpx.ReadError),
    (aiohttp.ClientError, httpx.RemoteProtocolError),
    (TimeoutError, httpx.ReadTimeout),
    (OSError, httpx.ReadError),
)
"""What aiohttp raises as httpx has it, the special before the general. A `ClientConnectionError`
comes before the request was sent and after it: it is taken for after.
"""


class FastClient:
    """Sends over aiohttp, and raises what httpx's own transport would.

    Whether a create is sent again hangs on the difference between an error before the request was
    sent and one after. Only what aiohttp raises while it connects, or of a URL that can't be,
    becomes an `httpx.ConnectError` or `httpx.ConnectTimeout`.
    """

    is_trusted = True
    may_repeat = False

    def __init__(self) -> None:
        self.is_closed = False
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timeout = lru_cache(64)(_timeout_of)

    def prepare(self, request: Outgoing) -> Sending:
        """Return what sends a request and reads its whole answer."""
        url = URL(request.url, encoded=True)
        if request.params is not None:
            given = httpx.QueryParams(request.params).multi_items()
            "".join(map("".join, given)).encode()  # yarl drops what can't be encoded
            url = url.with_query(given)
        return partial(self._send, request, url)

    async def _send(self, request: Outgoing, url: URL) -> Answer:
        bound = asyncio.timeout(None)
        try:
            async with bound:
                session = await self._here()
                answer = await session.request(
                    request.method,
                    url,
                    headers=request.headers,
                    data=_bounded(request.content, bound, request.timeout),
                    allow_redirects=False,
                    timeout=self._timeout(request.timeout.connect, request.timeout.read),
                )
            if answer.status < 200:  # 101, which was not asked for; aiohttp would leave it open
                answer.close()
                raise httpx.RemoteProtocolError(f"the server answered {answer.status}")
            body = await answer.read()
        except (aiohttp.ClientError, OSError) as error:
            if bound.expired():
                raise httpx.WriteTimeout("the server stopped reading the request") from error
            kind = next(kind for known, kind in ERRORS if isinstance(error, known))
            raise kind(str(error)) from error
        version = f"HTTP/{answer.version.major}.{answer.version.minor}" if answer.version else ""
        tell(request.method, url, version, answer.status, answer.reason)
        return Answer(answer.status, answer.headers, body)

    async def _here(self) -> aiohttp.ClientSession:
        """Return the session of the running loop; one of another loop is of no use here."""
        loop, before, its_loop = asyncio.get_running_loop(), self._session, self._loop
        if before is not None and its_loop is loop:
            return before
        here = _session()
        self._session, self._loop = here, loop
        if before is not None and its_loop is not None:
            if its_loop.is_closed():
                await before.close()  # only forgets; detached, it would log that nobody closed it
            else:
                before.detach()
        return here

    async def aclose(self) -> None:
        """Close the connections."""
        self.is_closed = True
        if self._session is not None:
            await self._session.close()


def _session() -> aiohttp.ClientSession:
    """Return a session that keeps nothing of an answer."""
    session = aiohttp.ClientSession(
        connector=_Connector(
            limit=0, keepalive_timeout=LIMITS.keepalive_expiry, ssl=httpx.create_ssl_context()
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        max_line_size=_LONGEST_LINE,
        max_field_size=_LONGEST_LINE,
    )
    # It sends a PUT again whose answer was lost, and tells of the second time only: that it could
    # not connect, though the first was applied. There is no public way to say so.
    session._retry_connection = False  # noqa: SLF001
    return session


class _Connector(aiohttp.TCPConnector):
    """Looks before it uses a connection again, as httpx does."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._used: WeakSet[ResponseHandler] = WeakSet()

    async def connect(self, *args: Any, **given: Any) -> Connection:
        """Return a connection on which nothing waits to be read.

        What came before the request is no answer to it: a stray one, or the end, of which a busy
        loop has not heard yet.
        """
        while True:
            connection = await super().connect(*args, **given)
            protocol = connection.protocol
            if protocol is None:
                return connection
            is_new = protocol not in self._used
            if is_new or not (protocol.should_close or _is_readable(protocol.transport)):
                self._used.add(protocol)
                return connection
            connection.close()


def _is_readable(transport: Any) -> bool:
    sock = transport.get_extra_info("socket")
    if not hasattr(select, "poll"):
        return bool(select.select([sock], [], [], 0)[0])
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


def _timeout_of(connect: float | None, read: float | None) -> aiohttp.ClientTimeout:
    """Return aiohttp's timeouts; to connect is to resolve the name as well."""
    return aiohttp.ClientTimeout(total=None, connect=connect, sock_read=read)


def _bounded(
    content: bytes | AsyncIterable[bytes] | None, bound: asyncio.Timeout, timeout: httpx.Timeout
) -> bytes | AsyncIterator[bytes] | None:
    """Return the body, whose sending is bounded: aiohttp waits for ever for who stops reading."""
    if content is not None and not isinstance(content, bytes):
        return _watched(content, bound, timeout)
    if content and len(content) > _NEVER_STALLS:
        bound.reschedule(_end_of(timeout, timeout.connect))
    return content


async def _watched(
    stream: AsyncIterable[bytes],
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
    """Return the time at which a body that is sent from now on was taken, and the answer begun.

    A body in one piece is handed over before there is a connection: add the time to `connect`.
    """
    write, read = timeout.write, timeout.read
    if connect is None or write is None or read is None:
        return None
    return asyncio.get_running_loop().time() + connect + write + read
