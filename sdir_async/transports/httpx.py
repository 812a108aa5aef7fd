"""Over httpx: straight over its transport, or over an `httpx.AsyncClient` of the user's.

httpx2 has the same interface: a `Library` says which of the two is meant.
"""

from __future__ import annotations

import logging
import ssl
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx

from ..errors import ConfigurationError
from ..hosts import is_loopback
from ..loops import PerLoop
from ..privacy import mask
from ..wire import Answer, Lost, too_long
from .body import AlreadySentError, Body, large_body
from .encodings import headers_of, refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ..wire import Request, Timeouts, Transport

_PROXIES: Final = frozenset(["http", "https", "all"])


class _Emptied:
    """The raw body of an answer. After it, the connection must hold nothing more.

    A surplus answer that arrived together with this one would be taken for the next request's.
    httpcore keeps such bytes in its parser, and looks at the socket alone before it uses a
    connection again. The parser is not public; where it can't be reached, as with HTTP/2 or in
    tests, nothing is checked.
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


class Library:
    """What is needed of httpx, or of httpx2.

    Attributes:
        module: The library; its types are those of httpx.
        log: Its logger.
        limits: How many connections are kept open; any number may be.
        nothing_sent: Errors that come before anything is sent.
        broken_off: Errors that can come while a body is sent.
        emptied: The class of streams that leave nothing in a connection.
    """

    def __init__(self, module: Any) -> None:
        self.module = module
        self.log = logging.getLogger(module.__name__)
        self.limits = module.Limits(max_keepalive_connections=100)
        self.nothing_sent = (
            module.ConnectError,
            module.ConnectTimeout,
            module.PoolTimeout,
            module.ProxyError,
            module.UnsupportedProtocol,
            module.InvalidURL,
        )
        self.broken_off = (module.NetworkError, module.RemoteProtocolError)
        self.emptied: Any = type("Emptied", (_Emptied, module.AsyncByteStream), {})


HTTPX: Final = Library(httpx)


def lost(error: Exception, body: Body | None, library: Library = HTTPX) -> Lost:
    """Translate an error of httpx, or of another library like it.

    An error that says that nothing was sent is believed only if no piece of the body was sent.
    """
    cause = mask(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
    if isinstance(error, library.nothing_sent) and not (body and body.begun):
        return Lost("nothing", cause)
    if body and not body.whole and isinstance(error, library.broken_off):
        return Lost("part", cause)
    return Lost("all", cause)


class HttpxTransport:
    """Straight over httpx's own transport: no cookies, hooks, authentication or redirects."""

    _library = HTTPX

    def __init__(self) -> None:
        library = self._library
        self._here: PerLoop[httpx.AsyncHTTPTransport] = PerLoop(
            lambda: library.module.AsyncHTTPTransport(limits=library.limits)
        )
        self._known_url = lru_cache(64)(library.module.URL)

    async def send(self, request: Request) -> Answer | Lost:
        """Send a request once."""
        here = self._here.get()
        body = large_body(request)
        try:
            return await self._send(here, request, body)
        except Exception as error:  # noqa: BLE001  whatever it is, the request may have been sent
            return lost(error, body, self._library)

    async def _send(
        self, here: httpx.AsyncHTTPTransport, request: Request, body: Body | None
    ) -> Answer | Lost:
        library = self._library
        built = library.module.Request(
            request.method,
            self._known_url(request.url),
            params=list(request.query) or None,
            headers=headers_of(request, body),
            content=body or request.body,
            extensions={"timeout": _parts(request.timeouts)},
        )
        response = await here.handle_async_request(built)
        response.request = built
        answer = await _answer(response, request.largest, library)
        if library.log.isEnabledFor(logging.INFO):
            version, reason = response.http_version, response.reason_phrase
            line = f"{version} {response.status_code} {reason}".rstrip()
            library.log.info('HTTP Request: %s %s "%s"', built.method, built.url, line)
        return answer

    async def aclose(self) -> None:
        """Close the connections. Those of a loop that ended can't be closed any more."""
        if (here := self._here.made()) is not None:
            await here.aclose()


class ClientTransport:
    """Over an `httpx.AsyncClient`, with whatever it does.

    It is believed that nothing was sent only if it did not read the body: a client's transport may
    call a reset that came after the request "could not connect". The body of a create is handed
    over once, since a client's transport may repeat requests by itself, unless the client has an
    `auth`, which sends again after a 401.
    """

    _library = HTTPX

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
            return lost(error, body, self._library)

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
            headers=headers_of(request, body),
            content=body,
            timeout=self._library.module.Timeout(**_parts(request.timeouts)),
        )
        response = await self._client.send(built, follow_redirects=False, stream=True)
        return await _answer(response, request.largest, self._library)

    async def aclose(self) -> None:
        """Close the client, if it is ours."""
        if self._owned:
            await self._client.aclose()


class ProxiedTransport:
    """Through the proxies of the environment, but straight to this machine.

    A proxy would read the key that goes over plain http, and is not this machine.
    """

    def __init__(self, straight: Transport, proxied: Transport) -> None:
        self._straight = straight
        self._proxied = proxied

    async def send(self, request: Request) -> Answer | Lost:
        """Send a request once."""
        is_here = is_loopback(urlsplit(request.url).hostname or "")
        return await (self._straight if is_here else self._proxied).send(request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._straight.aclose()
        await self._proxied.aclose()


def over(
    client: httpx.AsyncClient | None,
    straight: type[HttpxTransport] = HttpxTransport,
    over_client: type[ClientTransport] = ClientTransport,
) -> Transport:
    """Return a transport over the user's client; else one of ours, which goes through proxies."""
    if client is not None:
        return over_client(client)
    if _PROXIES.isdisjoint(getproxies()):
        return straight()
    library = over_client._library  # noqa: SLF001
    proxied = over_client(library.module.AsyncClient(limits=library.limits), owned=True)
    return ProxiedTransport(straight(), proxied)


def _parts(timeouts: Timeouts) -> dict[str, float | None]:
    """Return timeouts as httpx has them."""
    return {name: getattr(timeouts, name) for name in ("connect", "read", "write", "pool")}


async def _answer(response: httpx.Response, largest: int, library: Library) -> Answer | Lost:
    """Read the whole answer. If its connection holds more than that, don't use it again."""
    try:
        if not_read := refused(response.headers.get_list("content-encoding")):
            return not_read
        network = response.extensions.get("network_stream")
        response.stream = library.emptied(response.stream, network)
        pieces, size = [], 0
        async for piece in response.aiter_bytes():
            pieces.append(piece)
            size += len(piece)
            if size > largest:
                return too_long(largest)
        return Answer(response.status_code, response.headers, b"".join(pieces))
    finally:
        await response.aclose()
