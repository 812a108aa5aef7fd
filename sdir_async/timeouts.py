"""Timeouts as a user gives them."""

from __future__ import annotations

from typing import Any, Protocol

from .errors import ConfigurationError
from .wire import Timeouts


class TimeoutParts(Protocol):
    """Seconds for each part of an attempt, such as an `httpx.Timeout`."""

    @property
    def connect(self) -> float | None: ...  # noqa: D102
    @property
    def read(self) -> float | None: ...  # noqa: D102
    @property
    def write(self) -> float | None: ...  # noqa: D102
    @property
    def pool(self) -> float | None: ...  # noqa: D102


Timeout = float | TimeoutParts | None
"""Seconds for each part of an attempt, or an `httpx.Timeout` that names the parts; `None`: no
limit.
"""


def timeouts_of(given: Timeout) -> Timeouts:
    """Return the timeouts of each part of an attempt.

    Raises:
        ConfigurationError: They are not numbers above 0.
    """
    if given is None or isinstance(given, int | float):
        parts: list[Any] = [given] * 4
    else:
        names = ("connect", "read", "write", "pool")
        parts = [getattr(given, name, "missing") for name in names]
    for part in parts:
        if part is not None and not (isinstance(part, int | float) and part > 0):
            raise ConfigurationError(
                "timeout must be a number of seconds above 0, an httpx.Timeout, or None."
            )
    return Timeouts(*parts)
