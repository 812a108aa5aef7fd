"""How requests travel: one module a library, each with one method that sends a request.

A transport translates its library's errors at one place, and answers for what it says of them: a
create is sent again if a transport says that nothing of it was sent.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Literal, get_args

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from typing import TypeAlias

    import httpx
    import httpx2

    from ..wire import Transport

    Client: TypeAlias = httpx.AsyncClient | httpx2.AsyncClient

TransportName = Literal["httpx", "httpx2", "fast"]


def open_transport(name: TransportName, client: Client | None) -> Transport:
    """Return a transport: over the user's client, if one is given, else the one of this name.

    Raises:
        ConfigurationError: No transport has this name, its extra is not installed, or the client is
            not one of httpx or httpx2.
    """
    if name not in get_args(TransportName):
        known = ", ".join(map(repr, get_args(TransportName)))
        raise ConfigurationError(f"transport must be one of {known}, not {name!r}.")
    if client is not None:
        return _over_client(client)
    try:
        return _of_name(name)
    except ModuleNotFoundError as error:
        if error.name not in ("aiohttp", "yarl", "httpx2"):
            raise
    raise ConfigurationError(f"transport={name!r} needs an extra: pip install 'sdir-async[{name}]'")


def _of_name(name: TransportName) -> Transport:
    if name == "fast":
        from .aiohttp import AiohttpTransport

        return AiohttpTransport()
    if name == "httpx2":
        from .httpx2 import over_httpx2

        return over_httpx2(None)
    from .httpx import over_httpx

    return over_httpx(None)


def _over_client(client: Any) -> Transport:
    """Return a transport over a client, by the library that it is of.

    A library that was not imported yet has no client.
    """
    for name in ("httpx", "httpx2"):
        library = sys.modules.get(name)
        if library is not None and isinstance(client, library.AsyncClient):
            if name == "httpx2":
                from .httpx2 import over_httpx2

                return over_httpx2(client)
            from .httpx import over_httpx

            return over_httpx(client)
    raise ConfigurationError(
        "http_client must be an httpx.AsyncClient or an httpx2.AsyncClient,"
        f" not {type(client).__name__}."
    )
