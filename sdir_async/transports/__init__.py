"""How requests travel: one module a library, each with one method that sends a request.

A transport translates its library's errors at one place, and answers for what it says of them: a
create is sent again if a transport says that nothing of it was sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from ..errors import ConfigurationError

if TYPE_CHECKING:
    import httpx

    from ..wire import Transport

TransportName = Literal["httpx", "fast"]


def open_transport(name: TransportName, http_client: httpx.AsyncClient | None) -> Transport:
    """Return a transport: over the user's client, if there is one, else the one of this name.

    Raises:
        ConfigurationError: There is none of this name, or its extra is not installed.
    """
    if name not in get_args(TransportName):
        known = ", ".join(map(repr, get_args(TransportName)))
        raise ConfigurationError(f"There is no transport {name!r}. Give one of {known}.")
    if http_client is None and name == "fast":
        try:
            from .aiohttp import AiohttpTransport
        except ModuleNotFoundError:
            raise ConfigurationError(
                "transport='fast' needs an extra: pip install 'sdir-async[fast]'"
            ) from None
        return AiohttpTransport()
    from .httpx import over_httpx

    return over_httpx(http_client)
