"""Over httpx2, the maintained continuation of httpx: the transport of the extra `[httpx2]`.

Its pool gives back the place of a call that is cancelled while it waits for a connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import httpx2

from .httpx import ClientTransport, HttpxTransport, Library, goes_through_proxy

if TYPE_CHECKING:
    from ..wire import Transport

HTTPX2: Final = Library(httpx2)


class Httpx2Transport(HttpxTransport):
    """Straight over httpx2's own transport."""

    def __init__(self) -> None:
        super().__init__(HTTPX2)


class Httpx2ClientTransport(ClientTransport):
    """Over an `httpx2.AsyncClient`, with whatever it does."""

    def __init__(self, client: Any, *, owned: bool = False) -> None:
        super().__init__(client, HTTPX2, owned=owned)


def over_httpx2(client: httpx2.AsyncClient | None) -> Transport:
    """Return a transport over the user's client; else one of ours, which goes through proxies."""
    if client is not None:
        return Httpx2ClientTransport(client)
    if goes_through_proxy():
        return Httpx2ClientTransport(httpx2.AsyncClient(limits=HTTPX2.limits), owned=True)
    return Httpx2Transport()
