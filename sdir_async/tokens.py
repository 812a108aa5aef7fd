"""The source of the bearer token that Sdir requires in addition to the key."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias, runtime_checkable

from .errors import ConfigurationError
from .frames import no_locals
from .wire import is_visible

TokenFunction: TypeAlias = Callable[..., str | Awaitable[str]]
"""A function, plain or async, that takes the scopes and returns a token.

With `on_behalf_of`, it gets the organization number of the customer as a second argument.
"""


@runtime_checkable
class TokenSource(Protocol):
    """Returns the token for each call, and is told if Sdir refused a token."""

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes to request if the API's document names none."""
        ...

    @property
    def needs_scopes(self) -> bool:
        """Whether it needs a scope to return a token."""
        ...

    def bind(self, environment: str) -> None:
        """Take note of the environment of the calls; a token of another one never goes there."""

    async def token(self, scopes: tuple[str, ...], consumer_org: str | None = None) -> str:
        """Return a token for these scopes, for the customer with this organization number."""
        ...

    def refuse(self, token: str) -> None:
        """Drop a token that Sdir refused, so that the next call gets another one."""

    async def aclose(self) -> None:
        """Stop requests in progress."""


TokenGiven: TypeAlias = TokenSource | TokenFunction
"""What `Sdir(token=…)` takes."""


def tokens_of(given: TokenGiven) -> TokenSource:
    """Return a source of tokens: the one given, or one that asks the function given.

    Raises:
        ConfigurationError: It is neither.
    """
    if isinstance(given, TokenSource):
        return given
    if callable(given):
        return _FromFunction(given)
    raise ConfigurationError(
        "token must be a Maskinporten, or a function that takes the scopes and returns a token."
    )


class _FromFunction:
    """Asks the user's function for every call; the function keeps tokens itself."""

    scopes: tuple[str, ...] = ()
    needs_scopes = False

    def __init__(self, function: TokenFunction) -> None:
        self._function = function

    def bind(self, environment: str) -> None:
        pass

    async def token(self, scopes: tuple[str, ...], consumer_org: str | None = None) -> str:
        customer = () if consumer_org is None else (consumer_org,)
        with no_locals:
            answer = self._function(scopes, *customer)
            token = await answer if inspect.isawaitable(answer) else answer
            if not is_visible(token):
                raise ConfigurationError(
                    "The function given as token must return a token: text in ASCII."
                )
            return token

    def refuse(self, token: str) -> None:
        pass

    async def aclose(self) -> None:
        pass
