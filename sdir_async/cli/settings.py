"""Which Sdir, and with which key; the key is never an argument, and never shown."""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from attrs import frozen

from ..auth import ENVIRONMENT_VARIABLE, SubscriptionKey
from ..errors import ConfigurationError
from ..modes import others_may_read
from ..privacy import printable
from .trouble import Trouble, reason_of

if TYPE_CHECKING:
    from pathlib import Path

    from ..client import Environment, Sdir

SERVICE: Final = "sdir-async"
NO_KEY: Final = (
    f"There is no key. Set {ENVIRONMENT_VARIABLE}, give --key-file, or run `sdir login` once."
)


@frozen
class Target:
    """Where to send to, and where the key is."""

    environment: Environment = "test"
    base_url: str | None = None
    key_file: Path | None = None

    @property
    def label(self) -> str:
        """A short name for it, that can stand in the name of a file."""
        if self.base_url is None:
            return self.environment
        return urlsplit(self.base_url).netloc.rpartition("@")[2].replace(":", "-") or "elsewhere"

    @property
    def where(self) -> str:
        """What to call it on a page: the environment or the host, without a password in it."""
        if self.base_url is None:
            return self.environment
        parts = urlsplit(self.base_url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    def key(self) -> SubscriptionKey:
        """Return the key.

        Raises:
            Trouble: There is none, or it can't be read.
        """
        found = find_key(self)
        if found is None:
            raise Trouble(NO_KEY)
        return found[0]

    def connect(self, **settings: Any) -> Sdir:
        """Return an `Sdir` for it.

        Raises:
            Trouble: There is no key, or a setting is wrong.
        """
        from ..client import Sdir

        try:
            return Sdir(
                self.key(), environment=self.environment, base_url=self.base_url, **settings
            )
        except ConfigurationError as error:
            raise Trouble(str(error)) from None


def find_key(target: Target) -> tuple[SubscriptionKey, str] | None:
    """Return the key and where it was found: a file that is named, the environment, the keyring."""
    if target.key_file is not None:
        return _as_key(_read(target.key_file), str(target.key_file)), str(target.key_file)
    if given := os.environ.get(ENVIRONMENT_VARIABLE):
        return _as_key(given, ENVIRONMENT_VARIABLE), ENVIRONMENT_VARIABLE
    if stored := from_keyring(target.environment):
        return _as_key(stored, "the keyring"), "the keyring"
    return None


def _read(path: Path) -> str:
    if others_may_read(path):
        said = f"{path}: others can read the key in it. Run: chmod 600 {shlex.quote(str(path))}"
        sys.stderr.write(f"sdir: {printable(said)}\n")
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Trouble(f"{path}: can't be read: {reason_of(error)}.") from None
    except UnicodeDecodeError:
        raise Trouble(f"{path}: holds no key: it is no text.") from None


def _as_key(text: str, where: str) -> SubscriptionKey:
    """Return the key in a text: the primary one, and a secondary one if there are two."""
    lines = text.split()
    if not lines or len(lines) > 2:
        raise Trouble(f"{where}: holds no key: a key, or two in two lines, are expected.")
    try:
        return SubscriptionKey(*lines)
    except ConfigurationError as error:
        raise Trouble(f"{where}: {error}") from None


def from_keyring(environment: str) -> str | None:
    """Return what the system's keyring holds for an environment, if there is one that answers."""
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(SERVICE, environment)
    except (KeyringError, OSError, RuntimeError):
        return None


def store_in_keyring(environment: str, key: str) -> None:
    """Put a key into the system's keyring.

    Raises:
        Trouble: There is no keyring, or it refuses.
    """
    import keyring
    from keyring.errors import KeyringError

    _as_key(key, "the answer")
    try:
        keyring.set_password(SERVICE, environment, "\n".join(key.split()))
    except (KeyringError, OSError, RuntimeError) as error:
        raise Trouble(_no_keyring(error)) from None


def remove_from_keyring(environment: str) -> bool:
    """Remove a key from the system's keyring; say whether there was one.

    Raises:
        Trouble: There is no keyring, or it refuses.
    """
    import keyring
    from keyring.errors import KeyringError, PasswordDeleteError

    try:
        keyring.delete_password(SERVICE, environment)
    except PasswordDeleteError:
        return False
    except (KeyringError, OSError, RuntimeError) as error:
        raise Trouble(_no_keyring(error)) from None
    return True


def _no_keyring(error: Exception) -> str:
    why = type(error).__name__
    return (
        f"The system's keyring can't be used ({why}). Set {ENVIRONMENT_VARIABLE} or give"
        " --key-file instead."
    )
