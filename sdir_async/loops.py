"""Values of one event loop, for an `Sdir` that is used in several, one after the other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

from .errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")


def loop_time() -> float:
    """Return the time of the running event loop, in seconds."""
    return asyncio.get_running_loop().time()


async def by(deadline: float | None, awaitable: Awaitable[T], late: T) -> T:
    """Return the result of an awaitable, or `late` if the deadline, in loop time, passes first."""
    bound = asyncio.timeout_at(deadline)
    try:
        async with bound:
            return await awaitable
    except TimeoutError:
        if not bound.expired():
            raise
    return late


class PerLoop(Generic[T]):
    """A value of the running event loop: locks, events and connections can't move to another.

    A script that calls `asyncio.run` once for each step moves on to another loop. Two loops at
    once, in two threads, are refused.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._loop: asyncio.AbstractEventLoop | None = None
        self._value: T

    def get(self) -> T:
        """Return the value of this loop, made on first use.

        Raises:
            ConfigurationError: Another loop, which is still running, uses it.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            if self._loop is not None and self._loop.is_running():
                raise ConfigurationError(
                    "This Sdir is in use in another thread. Open one Sdir in each thread."
                )
            self._value, self._loop = self._make(), loop
        return self._value

    def made(self) -> T | None:
        """Return the value of this loop, `None` if none was made."""
        return self._value if self._loop is asyncio.get_running_loop() else None
