"""How requests travel: one module a library, each with one method that sends a request.

Each transport translates its library's errors in one place. It must be right about them: a create
is sent again if the transport says that nothing was sent.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Literal

from ..errors import ConfigurationError
from ..options import require_one_of

if TYPE_CHECKING:
    from typing import TypeAlias

    import httpx
    import httpx2

    from ..wire import Transport

    Client: TypeAlias = httpx.AsyncClient | httpx2.AsyncClient

TransportName = Literal["httpx", "httpx2", "fast"]
_MODULES: Final = {"httpx": ".httpx", "httpx2": ".httpx2", "fast": ".aiohttp"}


def open_transport(name: TransportName, client: Client | None) -> Transport:
    """Return a transport: over the user's client, if one is given, else the one of this name.

    Raises:
        ConfigurationError: No transport has this name, its extra is not installed, or the client is
            not one of httpx or httpx2.
    """
    require_one_of(_MODULES, "transport", name)
    wanted = name if client is None else _library_of(client)
    try:
        module = import_module(_MODULES[wanted], __name__)
    except ModuleNotFoundError as error:
        if error.name not in ("aiohttp", "yarl", "httpx2"):
            raise
        raise ConfigurationError(
            f"transport={name!r} needs an extra: pip install 'sdir-async[{name}]'"
        ) from None
    transport: Transport = module.over(client)
    return transport


def _library_of(client: Any) -> str:
    """Return the library of a client; one that was not imported yet has none."""
    for name in ("httpx", "httpx2"):
        if isinstance(client, getattr(sys.modules.get(name), "AsyncClient", ())):
            return name
    raise ConfigurationError(
        "http_client must be an httpx.AsyncClient or an httpx2.AsyncClient,"
        f" not {type(client).__name__}."
    )
