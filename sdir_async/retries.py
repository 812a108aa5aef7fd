"""How often a request is repeated, and how long to wait before: a policy without I/O."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from attrs import field, frozen

from .errors import ConfigurationError
from .options import whole_number
from .verdicts import Action

if TYPE_CHECKING:
    from attrs import Attribute

    from .verdicts import Verdict


def _seconds(_: RetryPolicy, attribute: Attribute[float], value: float) -> None:
    if not (isinstance(value, int | float) and 0 <= value < math.inf):
        raise ConfigurationError(
            f"{attribute.name} must be a number of seconds, at least 0, not {value!r}."
        )


@frozen
class RetryPolicy:
    """How often a request is repeated, where that is safe, and how long to wait before.

    Attributes:
        attempts: How many attempts in all, at most.
        first_wait: Seconds before the second attempt; doubled each time, less a random part.
        longest_wait: The longest wait in seconds. A server may ask for a longer one.
        settle: Seconds after which a batch that is not found on the server counts as not saved: a
            backend may finish after the gateway gave up on it.
        trust_500: Whether any 500 but the gateway's own means that nothing was saved. By default
            only one with problem details and a `traceId` does: an empty one may come from a gateway
            that gave up on a backend which still works. If Sdir's API answers 500 with an empty
            body, each such batch costs a question and `settle` seconds.

    Raises:
        ConfigurationError: A number of seconds is negative, or `attempts` is below 1.

    Example:
        >>> RetryPolicy(attempts=3)
        RetryPolicy(attempts=3, first_wait=0.5, longest_wait=60.0, settle=30.0, trust_500=False)
    """

    attempts: int = field(default=6, validator=whole_number)
    first_wait: float = field(default=0.5, validator=_seconds)
    longest_wait: float = field(default=60.0, validator=_seconds)
    settle: float = field(default=30.0, validator=_seconds)
    trust_500: bool = False

    def wait(self, failures: int) -> float:
        """Return how many seconds to wait after this many failures, from 1."""
        longest = min(self.longest_wait, self.first_wait * 2 ** min(failures - 1, 30))
        return float(longest * random.uniform(0.5, 1.0))  # noqa: S311


class Retries:
    """Counts what one call has tried, and says how long to wait before it tries again."""

    def __init__(
        self, policy: RetryPolicy, successes: int, *, patient: bool, few: bool = False
    ) -> None:
        """Begin to count.

        Args:
            policy: How often, and how long.
            successes: How many calls of the same `Sdir` have come through so far.
            patient: Whether a deadline bounds the call, so that a long wait may be worth it.
            few: Whether a lost answer is worth only one more attempt.
        """
        self._few = few
        self._policy = policy
        self._successes = successes
        self._patient = patient
        self._failures = 0
        self._keys = 0
        self._tokens = 0
        self._pauses = 0
        self._quotas = 0

    def wait_after(self, verdict: Verdict, successes: int) -> float | None:
        """Return how many seconds to wait before the next attempt; `None` if that was the last."""
        self._tokens = self._tokens + 1 if verdict.action is Action.RENEW_TOKEN else 0
        match verdict.action:
            case Action.AGAIN:
                self._failures += 1
                enough = self._few and verdict.applied is None and self._failures > 1
                more = self._left(self._failures) and not enough
                return self._policy.wait(self._failures) if more else None
            case Action.PAUSE:
                return self._wait_after_pause(verdict.wait or 0.0, successes)
            case Action.QUOTA:
                return self._wait_for_quota(verdict.wait)
            case Action.RENEW_KEY:
                self._keys += 1
                return 0.0 if self._left(self._keys) else None
            case Action.RENEW_TOKEN:  # a new one that is refused at once would be again
                return 0.0 if self._tokens == 1 else None
        return None

    def _wait_after_pause(self, asked: float, successes: int) -> float | None:
        """Being turned away counts only while no other call comes through either."""
        if self._successes != successes:
            self._successes, self._pauses = successes, 0
        self._pauses += 1
        return max(asked, self._policy.wait(self._pauses)) if self._left(self._pauses) else None

    def _wait_for_quota(self, asked: float | None) -> float | None:
        """A quota may renew in days: without a deadline only a short wait is worth it."""
        self._quotas += 1
        wait = max(asked or 0.0, self._policy.wait(self._quotas))
        short = asked is not None and asked <= self._policy.longest_wait
        return wait if self._patient or (short and self._left(self._quotas)) else None

    def _left(self, used: int) -> bool:
        return used < self._policy.attempts
