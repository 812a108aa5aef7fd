"""The subscription key: given, fetched, renewed, and never shown."""

from __future__ import annotations

import asyncio
import inspect
import os
import re
from collections.abc import Awaitable, Callable, Collection
from typing import Final, NoReturn

from attrs import field, frozen, validators

from .errors import ConfigurationError
from .privacy import keep_secret

HEADER: Final = "Ocp-Apim-Subscription-Key"
ENVIRONMENT_VARIABLE: Final = "SDIR_API_KEY"


_KEY = re.compile(r"[!-~]+")


def _check(_: object, __: object, key: str) -> None:
    """Refuse what can't stand in a header: the transport's own error would show it."""
    if not (isinstance(key, str) and _KEY.fullmatch(key)):
        raise ConfigurationError("The key is not usable: a key is printable ASCII without spaces.")


@frozen(repr=False)
class SubscriptionKey:
    """The keys of a subscription. Sdir's gateway gives two, so that one can be replaced in use.

    Args:
        primary: The key to send.
        secondary: The key to send when the primary one is refused.

    Raises:
        ConfigurationError: A key is empty, or not printable ASCII without spaces.

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

    def __repr__(self) -> str:
        return "KeyRing('***')"

    async def key(self) -> str:
        """Return the key to send."""
        async with self._lock:
            if not self._keys:
                self._keys = await self._ask()
            return self._keys[0]

    async def renew(self, refused: Collection[str]) -> bool:
        """Say whether there is a key to try, other than those that one call was refused with.

        A source that is a function is asked once more for a call, then the secondary key is tried.
        Of calls that were refused together, the first one renews the key for all. No key is given
        up for good: a rotated key takes minutes to work everywhere.
        """
        async with self._lock:
            if self._keys[0] in refused and callable(self._source) and len(refused) == 1:
                self._keys = await self._ask()
            self._keys.sort(key=refused.__contains__)
            return self._keys[0] not in refused

    async def _ask(self) -> list[str]:
        source = self._source
        answer = source() if callable(source) else source
        return _listed(await answer if inspect.isawaitable(answer) else answer)


def _listed(key: Key) -> list[str]:
    pair = key if isinstance(key, SubscriptionKey) else SubscriptionKey(key)
    keys = [one for one in (pair.primary, pair.secondary) if one is not None]
    for one in keys:
        keep_secret(one)
    return keys
