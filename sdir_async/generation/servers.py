"""Which server a version is called at in which environment: the document names paths, not hosts.

A key goes to the host. So the host is Sdir's own, over https, or one that the project itself names
in `openapi/hosts.toml`. A document that names another one for an environment is refused.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..openapi.walk import url_of_server
from .failures import DocumentError, GenerationFailed
from .walk import operations

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .walk import Json, LeftOut

HOSTS = {
    "development": "https://sdir-d-apim-common.azure-api.net",
    "test": "https://sdir-t-apim-common.azure-api.net",
    "production": "https://api.sdir.no",
}
"""Sdir's own hosts, from its public developer pages."""

SETTINGS = "hosts.toml"


def read_hosts(folder: Path) -> dict[str, str]:
    """Return the host of each environment: Sdir's, unless the project's `hosts.toml` names another.

    Raises:
        GenerationFailed: The file does not parse, or an entry is not an environment with a host.
    """
    path = folder / SETTINGS
    if not path.exists():
        return dict(HOSTS)
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise GenerationFailed(f"{path}: {error}") from error
    for environment, host in given.items():
        if environment not in HOSTS:
            raise GenerationFailed(f"{path}: {environment!r} must be one of {', '.join(HOSTS)}")
        if not isinstance(host, str) or _origin(host) != host:
            raise GenerationFailed(f"{path}: {environment} is not of the form https://host:port")
    return {**HOSTS, **given}


def note_servers(document: Json, hosts: Mapping[str, str]) -> list[LeftOut]:
    """Write down the base URL of each environment, also for operations with other servers.

    Raises:
        DocumentError: As `servers_of`.
    """
    document["x-sdir-servers"] = servers_of(document, hosts)
    for each in operations(document):
        if each.node.get("servers"):
            each.node["x-sdir-servers"] = servers_of(each.node, hosts, each.pointer)
    return []


def servers_of(document: Json, hosts: Mapping[str, str] = HOSTS, place: str = "") -> dict[str, str]:
    """Return the base URL of each environment, for a document or an operation.

    A server belongs to the environment that its `x-sdir-environment` names, else to that of its
    host. One known host is enough to know the path under the others. A server that is neither
    labelled nor known belongs to no environment: it is stored under `""`, and only its path is
    used.

    Raises:
        DocumentError: A server is labelled as an environment and is not at that one's host.
    """
    paths: dict[str, str] = {}
    others: list[str] = []
    for number, server in enumerate(document.get("servers") or []):
        url = url_of_server(server)
        label = _labelled(server, f"{place}/servers/{number}", hosts)
        environment = label or _environment_at(url, hosts)
        if environment:
            paths.setdefault(environment, urlsplit(url).path)
        else:
            others.append(url)
    if not paths:
        return {"": _secure(others)}
    first = next(iter(paths.values()))
    return {env: host + paths.get(env, first) for env, host in hosts.items()}


def _labelled(server: Json, place: str, hosts: Mapping[str, str]) -> str | None:
    label = server.get("x-sdir-environment")
    if label is None:
        return None
    if label not in HOSTS:
        known = ", ".join(HOSTS)
        raise DocumentError(f"{place}/x-sdir-environment", f"{label!r} must be one of {known}")
    url = url_of_server(server)
    if not _is_at(url, hosts[label]):
        what = f"{label} is at {hosts[label]}, not at {_origin(url) or url!r}"
        raise DocumentError(f"{place}/url", f"{what}; {SETTINGS} can name another host")
    return str(label)


def _environment_at(url: str, hosts: Mapping[str, str]) -> str | None:
    return next((env for env, host in hosts.items() if _is_at(url, host)), None)


def _is_at(url: str, host: str) -> bool:
    """Say whether a URL is at a host; an export lists http beside https, and https is used."""
    return _origin(url) in (host, host.replace("https://", "http://", 1))


def _origin(url: str) -> str:
    """Return scheme, host and port as they stand: a name or password before the host is part."""
    parts = urlsplit(url)
    known = parts.scheme in ("http", "https") and parts.netloc
    return f"{parts.scheme}://{parts.netloc}" if known else ""


def _secure(urls: list[str]) -> str:
    """Return the first URL, as https where the same host is listed so."""
    first = urls[0] if urls else ""
    same = [
        u
        for u in urls
        if u.startswith("https:") and urlsplit(u).hostname == urlsplit(first).hostname
    ]
    return (same or [first])[0]


def named_servers(document: Json) -> dict[str, set[str]]:
    """Return the hosts that a document names, by environment, for people to compare."""
    found: dict[str, set[str]] = {}
    for server in document.get("servers") or []:
        url = url_of_server(server)
        at_sdirs = _environment_at(url, HOSTS)
        environment = str(server.get("x-sdir-environment") or at_sdirs or "")
        host = HOSTS[at_sdirs] if at_sdirs else _origin(url)
        found.setdefault(environment, set()).add(host)
    return found
