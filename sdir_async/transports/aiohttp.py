"""Over aiohttp: the transport of the extra `[fast]`."""

from __future__ import annotations

import asyncio
import select
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.request import getproxies
from weakref import WeakSet

import aiohttp
import httpx
from yarl import URL

from ..errors import ConfigurationError
from ..loops import PerLoop
from ..privacy import mask
from ..wire import Answer, Lost, too_long
from .body import large_body
from .encodings import headers_of, refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection

    from ..wire import Request, Timeouts
    from .body import Body

_NEVER_STALLS: Final = 65_536
"""A body of at most this many bytes never waits for the server to read."""
_SEEN_AT_ONCE: Final = 2
"""Pieces of a body that are sent before the loop is asked whether the server is still there."""
_LONGEST_LINE: Final = 102_400
"""Bytes in a line of an answer's head, as httpx allows; aiohttp's own limit is 8,190."""
_INFLATES: Final = 1032
"""A byte of gzip or deflate becomes at most this many."""
_KEPT_ALIVE: Final = 5.0
"""Seconds, as with httpx."""
_PROXIES: Final = frozenset(["http", "https", "all"])

ERRORS: Final[tuple[tuple[type[Exception], Literal["connecting", "broken", "slow"], str], ...]] = (
    (aiohttp.ConnectionTimeoutError, "connecting", "ConnectTimeout"),
    (aiohttp.InvalidURL, "connecting", "InvalidURL"),
    (aiohttp.ClientConnectorError, "connecting", "ConnectError"),
    (aiohttp.ServerTimeoutError, "slow", "ReadTimeout"),
    (aiohttp.ServerDisconnectedError, "broken", "RemoteProtocolError"),
    (aiohttp.ClientConnectionError, "broken", "ReadError"),
    (aiohttp.ClientError, "broken", "RemoteProtocolError"),
    (TimeoutError, "slow", "ReadTimeout"),
    (OSError, "broken", "ReadError"),
)
"""What an error says of the connection, and its name in messages; the special before the general.

A create is sent again if nothing was sent. Only what aiohttp raises while it connects, or of a URL
that can't be, says so. A `ClientConnectionError` comes before the request was sent and after it:
it is taken for after.
"""


class AiohttpTransport:
    """Sends over aiohttp.

    Raises:
        ConfigurationError: The environment names a proxy, which this transport can't go through.
    """

    def __init__(self) -> None:
        if not _PROXIES.isdisjoint(getproxies()):
            raise ConfigurationError(
                "transport='fast' can't go through a proxy, and the environment names one."
                " Use transport='httpx', or unset HTTP_PROXY, HTTPS_PROXY and ALL_PROXY."
            )
        self._here = PerLoop(_open)
        self._used: tuple[aiohttp.ClientSession, asyncio.AbstractEventLoop] | None = None
        self._timeout = lru_cache(64)(_timeout_of)

    async def send(self, request: Request) -> Answer | Lost:
        """Send a request once."""
        session = self._here.get()
        if self._used is None or self._used[0] is not session:
            await self._move(session)
        body = large_body(request)
        bound = asyncio.timeout(None)
        try:
            async with bound:
                return await self._send(session, request, body, bound)
        except (aiohttp.ClientError, OSError) as error:
            return _lost(error, body, stalled=bound.expired())
        except Exception as error:  # noqa: BLE001  whatever it is, the request may have been sent
            return Lost("all", _cause(type(error).__name__, error))

    async def _send(
        self,
        session: aiohttp.ClientSession,
        request: Request,
        body: Body | None,
        bound: asyncio.Timeout,
    ) -> Answer | Lost:
        timeouts = request.timeouts
        url = URL(request.url, encoded=True)
        answer = await session.request(
            request.method,
            url.with_query(list(request.query)) if request.query else url,
            headers=headers_of(request, body),
            data=_bounded(request.body, body, bound, timeouts),
            allow_redirects=False,
            timeout=self._timeout(timeouts.connect, timeouts.read),
        )
        bound.reschedule(None)
        if answer.status < 200:  # 101, which was not asked for; aiohttp would leave it open
            answer.close()
            return Lost("all", f"the server answered {answer.status}")
        if not_read := refused(answer.headers.getall("Content-Encoding", ())):
            answer.close()
            return not_read
        length = answer.content_length
        if length is not None and length <= request.largest // _INFLATES:
            return Answer(answer.status, answer.headers, await answer.read())
        async with answer:
            pieces, size = [], 0
            async for piece in answer.content.iter_any():
                pieces.append(piece)
                size += len(piece)
                if size > request.largest:
                    answer.close()
                    return too_long(request.largest)
        return Answer(answer.status, answer.headers, b"".join(pieces))

    async def _move(self, here: aiohttp.ClientSession) -> None:
        """Move to another loop: the session of the earlier one is useless there."""
        before, self._used = self._used, (here, asyncio.get_running_loop())
        if before is not None:
            await _forget(*before)

    async def aclose(self) -> None:
        """Close the connections. Those of a loop that ended can't be closed any more."""
        if self._used is not None:
            session, its_loop = self._used
            if its_loop is asyncio.get_running_loop():
                await session.close()
            else:
                await _forget(session, its_loop)


def over(_: None) -> AiohttpTransport:
    """Return a transport; a client of the user's is never one of aiohttp."""
    return AiohttpTransport()


async def _forget(session: aiohttp.ClientSession, its_loop: asyncio.AbstractEventLoop) -> None:
    """Give up a session of another loop."""
    if its_loop.is_closed():
        await session.close()  # only forgets; detached, it would log that nobody closed it
    else:
        session.detach()


def _lost(error: Exception, body: Body | None, *, stalled: bool) -> Lost:
    if stalled:
        return Lost("all", "WriteTimeout: the server stopped reading the request")
    kind, name = next((kind, name) for known, kind, name in ERRORS if isinstance(error, known))
    if kind == "connecting" and not (body and body.begun):
        return Lost("nothing", _cause(name, error))
    if kind == "broken" and body and not body.whole:
        return Lost("part", _cause(name, error))
    return Lost("all", _cause(name, error))


def _cause(name: str, error: Exception) -> str:
    return mask(f"{name}: {error}" if str(error) else name)


def _open() -> aiohttp.ClientSession:
    """Open a session that keeps nothing of an answer."""
    session = aiohttp.ClientSession(
        connector=_Connector(
            limit=0, keepalive_timeout=_KEPT_ALIVE, ssl=httpx.create_ssl_context()
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        max_line_size=_LONGEST_LINE,
        max_field_size=_LONGEST_LINE,
    )
    # What instruments aiohttp notes the whole URL, and a list has a person number in it.
    session.trace_configs.clear()
    # It sends a PUT again whose answer was lost, and tells of the second time only: that it could
    # not connect, though the first was applied. aiohttp has no public setting for it.
    session._retry_connection = False  # noqa: SLF001
    return session


class _Connector(aiohttp.TCPConnector):
    """Checks an idle connection before it uses it again, as httpx does."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._used: WeakSet[ResponseHandler] = WeakSet()

    async def connect(self, *args: Any, **given: Any) -> Connection:
        """Return a connection on which nothing waits to be read.

        What came before the request can't answer it: a surplus answer, or the end of the
        connection, which a busy loop has not seen yet.
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
    """Return aiohttp's timeouts; the time to connect includes resolving the name."""
    return aiohttp.ClientTimeout(total=None, connect=connect, sock_read=read)


def _bounded(
    content: bytes | None, body: Body | None, bound: asyncio.Timeout, timeouts: Timeouts
) -> bytes | AsyncIterator[bytes] | None:
    """Return the body, sent in bounded time: aiohttp has no limit if the server stops reading."""
    if body is not None:
        return _watched(body, bound, timeouts)
    if content and len(content) > _NEVER_STALLS:
        bound.reschedule(_end_of(timeouts, timeouts.connect))
    return content


async def _watched(body: Body, bound: asyncio.Timeout, timeouts: Timeouts) -> AsyncIterator[bytes]:
    """Yield the pieces of a body, and watch that the server takes each.

    Between the many pieces of a very large one, the loop has a chance to see that the peer is gone.
    """
    now = asyncio.get_running_loop().time
    pieces = 0
    async for piece in body:
        pieces += 1
        if pieces > _SEEN_AT_ONCE:
            await asyncio.sleep(0)
        bound.reschedule(None if timeouts.write is None else now() + timeouts.write)
        yield piece
    bound.reschedule(_end_of(timeouts))


def _end_of(timeouts: Timeouts, connect: float | None = 0.0) -> float | None:
    """Return the time at which a body that is sent from now on was taken, and the answer begun.

    A body in one piece is handed over before there is a connection: add the time to `connect`.
    """
    write, read = timeouts.write, timeouts.read
    if connect is None or write is None or read is None:
        return None
    return asyncio.get_running_loop().time() + connect + write + read
