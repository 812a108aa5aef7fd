"""Over httpx: straight over its transport, or over an `httpx.AsyncClient` of the user's."""

from __future__ import annotations

import asyncio
import logging
import ssl
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.request import getproxies

import httpx

from ..errors import ConfigurationError
from ..loops import PerLoop
from ..privacy import mask
from ..wire import Answer, Lost, too_long
from .body import LARGE, AlreadySentError, Body

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ..wire import Request, Timeouts, Transport

_log: Final = logging.getLogger("httpx")
_LIMITS: Final = httpx.Limits(max_keepalive_connections=100)
_PROXIES: Final = frozenset(["http", "https", "all"])
_ENCODINGS: Final = "gzip, deflate"
"""What an answer may be compressed with. A piece of these grows at most a thousandfold."""
_NOT_ENCODED: Final = ("", "identity")

NOTHING_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
BROKEN_OFF: Final = (httpx.NetworkError, httpx.RemoteProtocolError)


def over_httpx(client: httpx.AsyncClient | None) -> Transport:
    """Return a transport over the user's client; else one of ours, which goes through proxies."""
    if client is not None:
        return ClientTransport(client)
    if _PROXIES.isdisjoint(getproxies()):
        return HttpxTransport()
    return ClientTransport(httpx.AsyncClient(limits=_LIMITS), owned=True)


def lost(error: Exception, body: Body | None) -> Lost:
    """Translate an error of httpx.

    What says that nothing was sent is believed only if no piece of the body was handed over.
    """
    cause = mask(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
    if isinstance(error, NOTHING_SENT) and not (body and body.begun):
        return Lost("nothing", cause)
    if body and not body.whole and isinstance(error, BROKEN_OFF):
        return Lost("part", cause)
    return Lost("all", cause)


class HttpxTransport:
    """Straight over httpx's own transport: no cookies, hooks, authentication or redirects."""

    def __init__(self) -> None:
        self._here = PerLoop(lambda: httpx.AsyncHTTPTransport(limits=_LIMITS))
        self._known_url = lru_cache(64)(httpx.URL)

    async def send(self, request: Request) -> Answer | Lost:
        """Send a request once."""
        here = self._here.get()
        body = _large_body(request)
        try:
            return await self._send(here, request, body)
        except Exception as error:  # noqa: BLE001  whatever it is, the request may have been sent
            return lost(error, body)

    async def _send(
        self, here: httpx.AsyncHTTPTransport, request: Request, body: Body | None
    ) -> Answer | Lost:
        built = httpx.Request(
            request.method,
            self._known_url(request.url),
            params=list(request.query) or None,
            headers=_headers(request, body),
            content=body or request.body,
            extensions={"timeout": _timeout_of(request.timeouts).as_dict()},
        )
        response = await here.handle_async_request(built)
        response.request = built
        answer = await _answer(response, request.largest)
        if _log.isEnabledFor(logging.INFO):
            version, reason = response.http_version, response.reason_phrase
            line = f"{version} {response.status_code} {reason}".rstrip()
            _log.info('HTTP Request: %s %s "%s"', built.method, built.url, line)
        return answer

    async def aclose(self) -> None:
        """Close the connections. Those of a loop that ended can't be closed any more."""
        here = self._here.current
        if here is not None and self._here.loop is asyncio.get_running_loop():
            await here.aclose()


class ClientTransport:
    """Over an `httpx.AsyncClient`, with whatever it does.

    What it says of an error is believed only where the body was not touched: a client's transport
    may call a reset that came after the request "could not connect". The body of a create is
    handed over once, since a client's transport may repeat requests by itself, unless the client
    has an `auth`, which sends again after a 401.
    """

    def __init__(self, client: httpx.AsyncClient, *, owned: bool = False) -> None:
        self._client = client
        self._owned = owned
        self._loop = PerLoop(object)
        self._first: object | None = None

    async def send(self, request: Request) -> Answer | Lost:
        """Send a request once.

        Raises:
            ConfigurationError: The client is closed, or belongs to another event loop.
        """
        self._require_usable()
        once = not request.repeatable and self._client.auth is None
        content = request.body or b""
        body = Body(content, once=once) if content or not request.repeatable else None
        try:
            return await self._send(request, body)
        except AlreadySentError:
            return Lost("all", "the client's transport sent it again by itself, and was stopped")
        except Exception as error:  # noqa: BLE001  whatever it is, the request may have been sent
            return lost(error, body)

    def _require_usable(self) -> None:
        here = self._loop.get()
        self._first = self._first or here
        if self._client.is_closed:
            raise ConfigurationError("The http_client is closed. Open another one.")
        if here is not self._first:
            raise ConfigurationError(
                "The http_client was used in another event loop, and its connections belong to it."
                " Make a client for each event loop."
            )

    async def _send(self, request: Request, body: Body | None) -> Answer | Lost:
        built = self._client.build_request(
            request.method,
            request.url,
            params=list(request.query) or None,
            headers=_headers(request, body),
            content=body,
            timeout=_timeout_of(request.timeouts),
        )
        response = await self._client.send(built, follow_redirects=False, stream=True)
        return await _answer(response, request.largest)

    async def aclose(self) -> None:
        """Close the client, if it is ours."""
        if self._owned:
            await self._client.aclose()


def _large_body(request: Request) -> Body | None:
    is_large = request.body is not None and len(request.body) > LARGE
    return Body(request.body or b"", copied=False) if is_large else None


def _headers(request: Request, body: Body | None) -> dict[str, str]:
    length = {} if body is None else {"Content-Length": str(body.size)}
    return {"Accept-Encoding": _ENCODINGS, **request.open_headers(), **length}


def _timeout_of(parts: Timeouts) -> httpx.Timeout:
    return httpx.Timeout(connect=parts.connect, read=parts.read, write=parts.write, pool=parts.pool)


async def _answer(response: httpx.Response, largest: int) -> Answer | Lost:
    """Read the whole answer, and let no connection be used again that holds more than it."""
    try:
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if encoding not in (*_NOT_ENCODED, *_ENCODINGS.split(", ")):
            return Lost(
                "all", f"the answer is encoded as {mask(encoding)!r}, which was not asked for"
            )
        response.stream = _Emptied(response.stream, response.extensions.get("network_stream"))
        pieces, size = [], 0
        async for piece in response.aiter_bytes():
            pieces.append(piece)
            size += len(piece)
            if size > largest:
                return too_long(largest)
        return Answer(response.status_code, response.headers, b"".join(pieces))
    finally:
        await response.aclose()


class _Emptied(httpx.AsyncByteStream):
    """The raw body of an answer. After it, the connection must hold nothing more.

    A surplus answer that arrived together with this one would be taken for the next request's.
    httpcore keeps such bytes in its parser, and looks at the socket alone before it uses a
    connection again. There is no public way to the parser; where it can't be reached, as with
    HTTP/2 or in tests, there is nothing to do.
    """

    def __init__(self, stream: Any, network: Any) -> None:
        self._stream = stream
        self._network = network

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            yield piece
        stream = getattr(self._stream, "_stream", self._stream)  # a client counts the time
        pooled = getattr(stream, "_httpcore_stream", None)
        connection = getattr(getattr(pooled, "_stream", pooled), "_connection", None)
        parser = getattr(connection, "_h11_state", None)
        if parser is not None and (parser.trailing_data[0] or _holds_more(self._network)):
            parser.send_failed()  # it is closed then, and not kept

    async def aclose(self) -> None:
        await self._stream.aclose()


def _holds_more(network: Any) -> bool:
    """Say whether TLS has decrypted, or can decrypt, more than was read."""
    tls = None if network is None else network.get_extra_info("ssl_object")
    try:
        return tls is not None and bool(tls.read(1))
    except ssl.SSLWantReadError:
        return False
    except ssl.SSLError:
        return True
