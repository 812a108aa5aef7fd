"""The subscription key: given, fetched, renewed, and never shown."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn

from attrs import field, frozen, validators

from .errors import ConfigurationError

HEADER: Final = "Ocp-Apim-Subscription-Key"
ENVIRONMENT_VARIABLE: Final = "SDIR_API_KEY"


def _check(_: object, __: object, key: str) -> None:
    if not (isinstance(key, str) and key and key.isascii() and key.isprintable()):
        raise ConfigurationError("The key is not usable: a key is printable ASCII and not empty.")


@frozen(repr=False)
class SubscriptionKey:
    """The keys of a subscription. Sdir's gateway gives two, so that one can be replaced in use.

    Args:
        primary: The key to send.
        secondary: The key to send when the primary one is refused.

    Raises:
        ConfigurationError: A key is empty or not printable ASCII.

    Example:
        >>> SubscriptionKey("0123456789abcdef", "fedcba9876543210")
        SubscriptionKey('***', '***')

    Source: Sdir's REST API description (the header) and Azure API Management (the pair).
    """

    primary: str = field(validator=_check)
    secondary: str | None = field(default=None, validator=validators.optional(_check))

    def __repr__(self) -> str:
        return (
            "SubscriptionKey('***')" if self.secondary is None else "SubscriptionKey('***', '***')"
        )

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a SubscriptionKey can't be pickled or copied: it would carry the key along"
        )


Key = str | SubscriptionKey
KeySource = Key | Callable[[], Key | Awaitable[Key]]
"""What `Sdir(api_key=…)` takes: the key, or a function, plain or async, that returns it."""


class KeyRing:
    """Knows which key to send now, and which to try when that one is refused."""

    def __init__(self, source: KeySource | None) -> None:
        given = source if source is not None else os.environ.get(ENVIRONMENT_VARIABLE)
        if not given:
            raise ConfigurationError(
                f"There is no key. Give Sdir(api_key=…) or set {ENVIRONMENT_VARIABLE};"
                " Sdir hands out keys on request."
            )
        self._source = given
        self._lock = asyncio.Lock()
        self._keys: list[str] = [] if callable(given) else _listed(given)
        self._refused: set[str] = set()

    def __repr__(self) -> str:
        return "KeyRing('***')"

    async def key(self) -> str:
        """Return the key to send."""
        async with self._lock:
            if not self._keys:
                self._keys = await self._ask()
            return self._keys[0]

    async def renew(self, refused: str) -> bool:
        """Say whether, after this key was refused, there is another one to try.

        The source is asked once more, then the secondary key is tried. Of calls that were refused
        together, the first one renews the key for all.
        """
        async with self._lock:
            self._refused.add(refused)
            if callable(self._source) and self._keys[:1] == [refused]:
                self._keys = [*await self._ask(), *self._keys[1:]]
            self._keys = [key for key in self._keys if key not in self._refused] or self._keys[-1:]
            return self._keys[0] not in self._refused

    def accepted(self, key: str) -> None:
        """Forget that this key was refused: a rotated key takes minutes to work everywhere."""
        self._refused.discard(key)

    async def _ask(self) -> list[str]:
        source = self._source
        answer = source() if callable(source) else source
        return _listed(await answer if inspect.isawaitable(answer) else answer)


def _listed(key: Key) -> list[str]:
    pair = key if isinstance(key, SubscriptionKey) else SubscriptionKey(key)
    return [one for one in (pair.primary, pair.secondary) if one is not None]
