"""The subscription key: given, fetched, renewed, and never shown."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Awaitable, Callable, Collection
from typing import Final, NoReturn

from .errors import ConfigurationError
from .frames import no_locals
from .loops import PerLoop
from .privacy import keep_secret
from .wire import Secret, is_visible

ENVIRONMENT_VARIABLE: Final = "SDIR_API_KEY"


class SubscriptionKey:
    """The keys of a subscription. Sdir gives two: one works while you replace the other.

    Args:
        primary: The key to send.
        secondary: The key to send if the primary key is refused.

    Raises:
        ConfigurationError: A key is empty, or not printable ASCII without spaces.

    Example:
        >>> SubscriptionKey("0123456789abcdef", "fedcba9876543210")
        SubscriptionKey('***', '***')

    Source: Sdir's REST API description (the header) and Azure API Management (the pair).
    """

    __slots__ = ("_keys",)

    def __init__(self, primary: str, secondary: str | None = None) -> None:
        with no_locals:
            self._keys = tuple(Secret(key) for key in (primary, secondary) if key is not None)
            self._require_usable()

    def _require_usable(self) -> None:
        """Refuse what can't be sent in a header: the transport's own error would show it."""
        for key in self._keys:
            if not is_visible(key.reveal()):
                raise ConfigurationError("A key must be printable ASCII without spaces.")

    @property
    def primary(self) -> str:
        """The key to send."""
        return self._keys[0].reveal()

    @property
    def secondary(self) -> str | None:
        """The key to send when the primary one is refused."""
        return self._keys[1].reveal() if len(self._keys) > 1 else None

    def __repr__(self) -> str:
        return f"SubscriptionKey({', '.join(repr('***') for _ in self._keys)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SubscriptionKey) and self._keys == other._keys

    def __hash__(self) -> int:
        return hash(self._keys)

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a SubscriptionKey can't be pickled or copied: it would carry the key along"
        )


Key = str | SubscriptionKey
KeySource = Key | Callable[[], Key | Awaitable[Key]]
"""What `Sdir(api_key=…)` takes: the key, or a function, plain or async, that returns it."""


class KeyRing:
    """Knows which key to send now, and which to try when that one is refused.

    Raises:
        ConfigurationError: No key is given, or one that can't be sent.
    """

    def __init__(self, source: KeySource | None) -> None:
        self._lock = PerLoop(asyncio.Lock)
        self._ask: Callable[[], Key | Awaitable[Key]] | None = None
        self._keys: list[Secret] = []
        if callable(source):
            self._ask = source
        else:
            given = os.environ.get(ENVIRONMENT_VARIABLE) if source is None else source
            self._take(given or None)

    def __repr__(self) -> str:
        return "KeyRing('***')"

    async def key(self) -> Secret:
        """Return the key to send."""
        lock = self._lock.get()
        if self._keys and not lock.locked():  # the way of nearly every call
            return self._keys[0]
        async with lock:
            if not self._keys:
                await self._fetch()
            return self._keys[0]

    async def renew(self, refused: Collection[Secret]) -> bool:
        """Say whether a key is left to try that this call was not refused with.

        If the source is a function, it is called once more for each call; then the secondary key is
        tried. When several calls are refused together, the first one renews the key for all. A
        refused key is tried again in later calls: a new key takes minutes to work everywhere.
        """
        async with self._lock.get():
            if self._keys[0] in refused and self._ask is not None and len(refused) == 1:
                await self._fetch()
            self._keys.sort(key=refused.__contains__)
            return self._keys[0] not in refused

    async def _fetch(self) -> None:
        """Ask the user's function."""
        asked = self._ask() if self._ask is not None else None
        self._take(await asked if inspect.isawaitable(asked) else asked)

    def _take(self, given: Key | None) -> None:
        """Keep the keys."""
        if given is None:
            raise ConfigurationError(
                "A subscription key is required. Give Sdir(api_key=…) or set"
                f" {ENVIRONMENT_VARIABLE}. Sdir issues keys on request."
            )
        pair = given if isinstance(given, SubscriptionKey) else SubscriptionKey(given)
        self._keys = [Secret(key) for key in (pair.primary, pair.secondary) if key is not None]
        for key in self._keys:
            keep_secret(key.reveal())
