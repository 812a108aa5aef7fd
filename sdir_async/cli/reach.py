"""Checks whether the host can be reached, to warn early while the upload keeps trying."""

from __future__ import annotations

import socket
import urllib.request
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ..hosts import is_loopback
from .trouble import reason_of
from .words import say

if TYPE_CHECKING:
    from ..description import Description
    from .settings import Target

_PATIENCE: Final = 2.0
_PORTS: Final = {"https": 443, "http": 80}


def unreachable(version: Description, target: Target) -> str:
    """Return why the host can't be reached; `""` if it can, or if there is a proxy."""
    server = target.base_url or version.servers.get(target.environment, "")
    parts = urlsplit(server)
    if not parts.hostname or parts.scheme not in _PORTS or _by_proxy(parts.scheme, parts.hostname):
        return ""
    try:
        address = parts.hostname, parts.port or _PORTS[parts.scheme]
        socket.create_connection(address, _PATIENCE).close()
    except OSError as error:
        return say(
            "{host} can't be reached: {why}",
            host=parts.netloc.rpartition("@")[2],
            why=reason_of(error),
        )
    except ValueError:
        return ""
    return ""


def _by_proxy(scheme: str, host: str) -> bool:
    is_named = scheme in urllib.request.getproxies() and not urllib.request.proxy_bypass(host)
    return is_named and not is_loopback(host)
