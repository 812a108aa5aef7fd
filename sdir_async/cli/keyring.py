"""The system's keyring: where `sdir login` keeps keys and passwords."""

from __future__ import annotations

from typing import Final

from ..auth import ENVIRONMENT_VARIABLE
from .trouble import Trouble

SERVICE: Final = "sdir-async"


def from_keyring(entry: str) -> str | None:
    """Return the entry of the keyring, or `None` if the entry or the keyring is missing.

    Raises:
        Trouble: The keyring refuses, for example because it is locked.
    """
    import keyring
    from keyring.errors import KeyringError, NoKeyringError

    try:
        return keyring.get_password(SERVICE, entry)
    except NoKeyringError:
        return None
    except (KeyringError, OSError, RuntimeError) as error:
        raise _no_keyring(error) from None


def store_in_keyring(entry: str, secret: str) -> None:
    """Put a secret into the keyring.

    Raises:
        Trouble: No keyring was found, or it refused.
    """
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(SERVICE, entry, secret)
    except (KeyringError, OSError, RuntimeError) as error:
        raise _no_keyring(error) from None


def remove_from_keyring(entry: str) -> bool:
    """Remove a secret from the keyring; return whether there was one.

    Raises:
        Trouble: No keyring was found, or it refused.
    """
    import keyring
    from keyring.errors import KeyringError, PasswordDeleteError

    try:
        keyring.delete_password(SERVICE, entry)
    except PasswordDeleteError:
        return False
    except (KeyringError, OSError, RuntimeError) as error:
        raise _no_keyring(error) from None
    return True


def _no_keyring(error: Exception) -> Trouble:
    return Trouble(
        "The system's keyring can't be used ({why}). Set {environment_variable} or give "
        "--key-file instead.",
        why=type(error).__name__,
        environment_variable=ENVIRONMENT_VARIABLE,
    )
