"""Which server of a document belongs to which environment."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sdir_async.openapi.walk import url_of_server

from .failures import DocumentError

if TYPE_CHECKING:
    from .walk import Json

HOSTS = {
    "development": "sdir-d-apim-common.azure-api.net",
    "test": "sdir-t-apim-common.azure-api.net",
    "production": "api.sdir.no",
}
"""Sdir's own hosts, from its public developer pages."""

_ENVIRONMENTS = {host: environment for environment, host in HOSTS.items()}


def servers_of(document: Json) -> dict[str, str]:
    """Return the base URL of each environment.

    A server belongs to the environment that its `x-sdir-environment` names, else to that of its
    host. One of Sdir's hosts is enough to know the path under the others. A server that is neither
    labelled nor Sdir's is no environment at all: it stands under `""`, and only its path is used.
    """
    urls = [
        (number, url_of_server(server), server)
        for number, server in enumerate(document.get("servers") or [])
    ]
    labelled: dict[str, str] = {}
    for number, url, server in urls:
        label = server.get("x-sdir-environment")
        if label is not None and label not in HOSTS:
            place = f"/servers/{number}/x-sdir-environment"
            raise DocumentError(place, f"{label!r} is none of {', '.join(HOSTS)}")
        if label and not (label in labelled and url.startswith("http:")):
            labelled[label] = url
    plain = [url for _, url, server in urls if "x-sdir-environment" not in server]
    known = [url for url in [*labelled.values(), *plain] if urlsplit(url).hostname in _ENVIRONMENTS]
    if known:
        return {env: labelled.get(env) or _at(host, env, known) for env, host in HOSTS.items()}
    return labelled or {"": _secure(plain)}


def _at(host: str, environment: str, known: list[str]) -> str:
    """Return the environment's own URL if it is listed, else the first path under its host."""
    own = [url for url in known if _ENVIRONMENTS[str(urlsplit(url).hostname)] == environment]
    return f"https://{host}{urlsplit([*own, *known][0]).path}"


def _secure(urls: list[str]) -> str:
    """Return the first URL, as https where the same host is listed so."""
    first = urls[0] if urls else ""
    same = [
        u
        for u in urls
        if u.startswith("https:") and urlsplit(u).hostname == urlsplit(first).hostname
    ]
    return (same or [first])[0]
