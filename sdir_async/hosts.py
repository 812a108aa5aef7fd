"""Which host requests go to. They carry a key, so nothing about the host is guessed or ignored."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from attrs import frozen

from ._lazy import pattern
from .errors import ConfigurationError

if TYPE_CHECKING:
    from .document import Document

_LAST_PORT: Final = 65_535
_NAME = pattern(
    r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?"
)
_LONGEST_NAME: Final = 253


@frozen
class Origin:
    """Scheme, host and port of a server.

    Attributes:
        scheme: `"http"` or `"https"`.
        host: A name in ASCII, or an IP address; one of version 6 without brackets.
        port: `None` where it is the scheme's own.
    """

    scheme: str
    host: str
    port: int | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    def at(self, server: str) -> str:
        """Return the URL of a server, moved here: the path stays.

        Example:
            >>> Origin("http", "127.0.0.1", 8400).at("https://api.sdir.no/course/v1")
            'http://127.0.0.1:8400/course/v1'
        """
        return f"{self}{urlsplit(server).path}".rstrip("/")


@frozen
class Servers:
    """Which of a document's servers calls go to.

    Attributes:
        environment: `"development"`, `"test"` or `"production"`.
        origin: What replaces their scheme, host and port, if anything does.
        insecure_http: Whether the key may go over plain http to another machine.
    """

    environment: str
    origin: Origin | None
    insecure_http: bool

    def base_url_of(self, document: Document) -> str:
        """Return the base URL of a version.

        Raises:
            ConfigurationError: Its document names no server for the environment, or an insecure
                one.
        """
        servers = document.servers
        server = servers.get(self.environment)
        if server is None and self.origin:
            server = next(iter(servers.values()), "/")
        if server is None:
            named = (environment or url for environment, url in servers.items())
            known = ", ".join(filter(None, named)) or "none"
            raise ConfigurationError(
                f"The document of {document.api} {document.version} names no server for"
                f" {self.environment!r}; it names: {known}. Give base_url, or another environment."
            )
        if self.origin:
            return self.origin.at(server)
        require_secure(origin_of(server), insecure_http=self.insecure_http)
        return server.rstrip("/")


def parse_base_url(base_url: str, *, insecure_http: bool = False) -> Origin:
    """Return what a base URL names.

    Args:
        base_url: Scheme, host and port, such as `http://127.0.0.1:8400`.
        insecure_http: Whether the key may go over plain http to another machine.

    Raises:
        ConfigurationError: It is not a URL, has more than scheme, host and port, or would send the
            key over plain http to another machine.

    Example:
        >>> parse_base_url("https://gateway.example.com:8443")
        Origin(scheme='https', host='gateway.example.com', port=8443)
    """
    parts = _split(base_url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ConfigurationError("base_url needs a scheme and a host, such as https://host:8400.")
    _require_only_an_origin(parts)
    origin = Origin(parts.scheme, _host_of(parts), _port_of(parts))
    require_secure(origin, insecure_http=insecure_http)
    return origin


def origin_of(server: str) -> Origin:
    """Return the origin of a server's URL, which a document names."""
    parts = urlsplit(server)
    return Origin(parts.scheme, parts.hostname or "", parts.port)


def require_secure(origin: Origin, *, insecure_http: bool = False) -> None:
    """Check that a key may be sent there: over https, or without leaving this machine.

    Raises:
        ConfigurationError: It would go over plain http to another machine.
    """
    if origin.scheme == "http" and not insecure_http and not is_loopback(origin.host):
        raise ConfigurationError(
            f"{origin} would send the key over plain http, where others can read it. Use https,"
            " or set insecure_http=True if the network is your own."
        )


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine: `localhost`, 127.0.0.0/8, `::1`.

    A name below `localhost` should be as well (RFC 6761, section 6.3), but many resolvers ask the
    network for it.
    """
    if host.rstrip(".") == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _split(base_url: str) -> SplitResult:
    if not isinstance(base_url, str):
        raise ConfigurationError("base_url must be text, such as https://host:8400.")
    if not base_url.isprintable() or " " in base_url or "\\" in base_url:
        raise ConfigurationError(
            "base_url must not contain a space, a backslash or a control character."
        )
    try:
        return urlsplit(base_url)
    except ValueError as error:
        raise ConfigurationError(f"base_url is not a URL: {error}.") from None


def _require_only_an_origin(parts: SplitResult) -> None:
    """Refuse a path, a query or a user: it would be dropped, and nobody would notice."""
    given = {
        "a user or a password": "@" in parts.netloc,
        "a path": parts.path not in ("", "/"),
        "a query": bool(parts.query),
        "a fragment": bool(parts.fragment),
    }
    for what, is_given in given.items():
        if is_given:
            raise ConfigurationError(
                f"base_url has {what}; give scheme, host and port only, such as https://host:8400."
                " The paths come from the documents."
            )


def _host_of(parts: SplitResult) -> str:
    host = parts.hostname or ""
    try:
        if ":" in host:
            return str(ipaddress.IPv6Address(host))
        name = host.encode("idna").decode()
    except (UnicodeError, ValueError):
        name = ""
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        raise ConfigurationError(f"base_url is not a URL: {host!r} can't be the name of a host.")
    return name


def _port_of(parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ConfigurationError(f"base_url: the port must be a number from 1 to {_LAST_PORT}.")
    return None if port == {"http": 80, "https": 443}[parts.scheme] else port
