"""A local Sdir to develop and test against: `pip install "sdir-async[sandbox]"`.

Its names load when they are first used, so that the documents can be read without a web server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._lazy import lazy_names

if TYPE_CHECKING:
    from .assertions import TokenClient
    from .faults import Fault, Faults
    from .seen import SeenRequest
    from .server import Sandbox
    from .thread import SandboxThread
    from .token_server import TokenServer

_load, __dir__ = lazy_names(
    __name__,
    {
        "Fault": ".faults",
        "Faults": ".faults",
        "Sandbox": ".server",
        "SandboxThread": ".thread",
        "SeenRequest": ".seen",
        "TokenClient": ".assertions",
        "TokenServer": ".token_server",
    },
)


def __getattr__(name: str) -> Any:
    try:
        return _load(name)
    except ModuleNotFoundError as error:
        extras = "sandbox,maskinporten" if name.startswith("Token") else "sandbox"
        hint = f"{error}. The sandbox is an extra: pip install 'sdir-async[{extras}]'"
        raise ModuleNotFoundError(hint, name=error.name) from error


__all__ = [
    "Fault",
    "Faults",
    "Sandbox",
    "SandboxThread",
    "SeenRequest",
    "TokenClient",
    "TokenServer",
]
