"""Over httpx2, the maintained continuation of httpx: the transport of the extra `[httpx2]`.

Its pool gives back the place of a call that is cancelled while it waits for a connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import httpx2

from .httpx import ClientTransport, HttpxTransport, Library
from .httpx import over as over_httpx

if TYPE_CHECKING:
    from ..wire import Transport

_HTTPX2: Final = Library(httpx2)


class Httpx2Transport(HttpxTransport):
    """Straight over httpx2's own transport."""

    _library = _HTTPX2


class Httpx2ClientTransport(ClientTransport):
    """Over an `httpx2.AsyncClient`, with whatever it does."""

    _library = _HTTPX2


def over(client: Any) -> Transport:
    """Return a transport over the user's client; else one of ours, which goes through proxies."""
    return over_httpx(client, Httpx2Transport, Httpx2ClientTransport)
