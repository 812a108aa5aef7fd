"""The database of the test environment, which sleeps when nobody asks it for a while."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Sleeper:
    """Tells whether the database sleeps. The first call wakes it, which takes a while.

    Example:
        ```python
        sleeper = Sleeper(after=3600, wake=60)
        sleeper.sleep()
        sleeper.sleeps()  # True, and from now on it wakes
        ```
    """

    def __init__(
        self, after: float | None, wake: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Say after how many idle seconds it sleeps (`None`: never by itself) and how it wakes."""
        self._after = after
        self._wake = wake
        self._clock = clock
        self._last = clock()
        self._asleep = False
        self._awake_at = 0.0

    def sleep(self) -> None:
        """Put it to sleep now."""
        self._asleep = True

    def wake(self) -> None:
        """Wake it at once."""
        self._asleep, self._awake_at, self._last = False, 0.0, self._clock()

    @property
    def state(self) -> str:
        """`awake`, `waking` or `asleep`, without waking it."""
        now = self._clock()
        if self._asleep or self._idle(now):
            return "asleep"
        return "waking" if now < self._awake_at else "awake"

    def sleeps(self) -> bool:
        """Say whether the database is still asleep or waking; called for each request."""
        state, now = self.state, self._clock()
        if state == "asleep":
            self._asleep, self._awake_at = False, now + self._wake
        self._last = now
        return state != "awake"

    def _idle(self, now: float) -> bool:
        return self._after is not None and now - self._last >= self._after
