"""How requests travel: over a client of httpx, straight over its transport, or over aiohttp."""

from __future__ import annotations

import logging
from functools import lru_cache, partial
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args
from urllib.request import getproxies

import httpcore
import httpx
from attrs import define, field

from .answers import Answer
from .errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable, Mapping

    from .fast import FastClient

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
_PROXIES: Final = frozenset(["http", "https", "all"])


@define
class Outgoing:
    """A request as it goes out: its URL is encoded, its body is bytes, or pieces of them."""

    method: str
    url: str
    params: Mapping[str, Any] | None = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    content: bytes | AsyncIterable[bytes] | None = field(repr=False)
    timeout: httpx.Timeout


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
            from .fast import FastClient
        except ModuleNotFoundError:
            if wanted == "fast":
                missing = "The fast transport is an extra: pip install 'sdir-async[fast]'"
                raise ConfigurationError(missing) from None
        else:
            return FastClient()
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


def tell(method: str, url: object, version: str, status: int, reason: str | None) -> None:
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

    def prepare(self, request: Outgoing) -> Sending:
        """Return what sends a request and reads its whole answer."""
        built = self._http.build_request(
            request.method,
            request.url,
            params=request.params,
            headers=request.headers,
            content=request.content,
            timeout=request.timeout,
        )
        return partial(self._send, built)

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

    def prepare(self, request: Outgoing) -> Sending:
        """Return what sends a request and reads its whole answer."""
        built = httpx.Request(
            request.method,
            self._known_url(request.url),
            params=request.params,
            headers=self._always | request.headers,
            content=request.content,
            extensions={"timeout": request.timeout.as_dict()},
        )
        return partial(self._send, built)

    async def _send(self, request: httpx.Request) -> Answer:
        response = await self._transport.handle_async_request(request)
        response.request = request
        try:
            body = await response.aread()
        finally:
            await response.aclose()
        status, reason = response.status_code, response.reason_phrase
        tell(request.method, request.url, response.http_version, status, reason)
        return Answer(status, response.headers, body)

    async def aclose(self) -> None:
        """Close the connections."""
        self.is_closed = True
        await self._transport.aclose()
