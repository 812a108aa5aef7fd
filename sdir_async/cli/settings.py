"""Where to send, and with which key. The key is never an argument, and it is never shown."""

from __future__ import annotations

import os
import shlex
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies

from attrs import frozen

from ..auth import ENVIRONMENT_VARIABLE, SubscriptionKey
from ..errors import ConfigurationError
from ..modes import others_may_read
from ..privacy import printable
from .keyring import from_keyring, store_in_keyring
from .maskinporten import maskinporten_of
from .trouble import Trouble, reason_of
from .words import say, unsaid

if TYPE_CHECKING:
    from pathlib import Path

    from ..client import Environment, Sdir
    from ..transports import TransportName

_PROXIES: Final = ("http", "https", "all")
NO_KEY: Final = unsaid(
    "A subscription key is required. Set SDIR_API_KEY, give --key-file, or run `sdir login`."
)


@frozen
class Target:
    """The environment or the host to send to, and the file with the key."""

    environment: Environment = "test"
    base_url: str | None = None
    key_file: Path | None = None

    @property
    def label(self) -> str:
        """A short name for it, to be used in file names."""
        if self.base_url is None:
            return self.environment
        return urlsplit(self.base_url).netloc.rpartition("@")[2].replace(":", "-") or "elsewhere"

    @property
    def where(self) -> str:
        """Its name on a page: the environment or the base URL, without user and password."""
        if self.base_url is None:
            return self.environment
        parts = urlsplit(self.base_url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    def key(self) -> SubscriptionKey:
        """Return the key.

        Raises:
            Trouble: No key was found, or it can't be read.
        """
        found = find_key(self)
        if found is None:
            raise Trouble(NO_KEY)
        return found[0]

    def connect(self, **settings: Any) -> Sdir:
        """Return an `Sdir` for it, over the fast transport where that is installed.

        Raises:
            Trouble: No key was found, or a setting is wrong.
        """
        from ..client import Sdir

        try:
            return Sdir(
                self.key(),
                token=maskinporten_of(self.environment),
                environment=self.environment,
                base_url=self.base_url,
                transport=quickest_transport(),
                **settings,
            )
        except ConfigurationError as error:
            raise Trouble(str(error)) from None


def quickest_transport() -> TransportName:
    """Return `"fast"`, unless its extra is not installed or a proxy is set, which it can't use."""
    is_installed = find_spec("aiohttp") is not None
    is_proxied = not getproxies().keys().isdisjoint(_PROXIES)
    return "fast" if is_installed and not is_proxied else "httpx"


def find_key(target: Target) -> tuple[SubscriptionKey, str] | None:
    """Return the key and where it was found: `--key-file`, the environment or the keyring."""
    if target.key_file is not None:
        return _as_key(_read(target.key_file), str(target.key_file)), str(target.key_file)
    if given := os.environ.get(ENVIRONMENT_VARIABLE):
        return _as_key(given, ENVIRONMENT_VARIABLE), ENVIRONMENT_VARIABLE
    if stored := from_keyring(target.environment):
        return _as_key(stored, say("the keyring")), say("the keyring")
    return None


def _read(path: Path) -> str:
    if others_may_read(path):
        said = say(
            "{path}: others can read the key in it. Run: chmod 600 {quote}",
            path=path,
            quote=shlex.quote(str(path)),
        )
        sys.stderr.write(say("sdir: {said}\n", said=printable(said)))
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Trouble("{path}: can't be read: {why}.", path=path, why=reason_of(error)) from None
    except UnicodeDecodeError:
        raise Trouble("{path}: does not hold a key: it is not a text file.", path=path) from None


def _as_key(text: str, where: str) -> SubscriptionKey:
    """Return the key in a text: the primary one, and the secondary one if there are two."""
    lines = text.split()
    if not lines or len(lines) > 2:
        raise Trouble("{where}: must hold one key, or two keys on two lines.", where=where)
    try:
        return SubscriptionKey(*lines)
    except ConfigurationError as error:
        raise Trouble(f"{where}: {error}") from None


def store_key(environment: str, key: str) -> None:
    """Put a key into the system's keyring.

    Raises:
        Trouble: It is not a key, or no keyring was found, or it refused.
    """
    _as_key(key, say("the answer"))
    store_in_keyring(environment, "\n".join(key.split()))
