"""How often a request is repeated, and how long to wait before: a policy without I/O."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from typing import TYPE_CHECKING

from attrs import field, frozen

from .errors import ConfigurationError
from .options import of_kind, whole_number
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
    """How often to retry a request, where that is safe, and how long to wait before each retry.

    Attributes:
        attempts: The maximum number of attempts, including the first.
        first_wait: Seconds before the second attempt. Doubled each time, minus a random part.
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
    trust_500: bool = field(default=False, validator=of_kind(bool, "True or False"))

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
        self._counts: dict[Action, int] = defaultdict(int)

    def wait_after(self, verdict: Verdict, successes: int) -> float | None:
        """Return how many seconds to wait before the next attempt; `None` if that was the last."""
        if verdict.action is Action.ACCEPT:
            return None
        count = self._count(verdict.action, successes)
        more = count < self._policy.attempts
        match verdict.action:
            case Action.AGAIN:
                enough = self._few and verdict.applied is None and count > 1
                return self._policy.wait(count) if more and not enough else None
            case Action.PAUSE:
                return max(verdict.wait or 0.0, self._policy.wait(count)) if more else None
            case Action.QUOTA:
                return self._wait_for_quota(verdict.wait, count, more=more)
            case Action.RENEW_KEY:
                return 0.0 if more else None
            case Action.RENEW_TOKEN:  # a new one that is refused at once would be again
                return 0.0 if count == 1 else None
        return None

    def _count(self, action: Action, successes: int) -> int:
        """Count one more, and return how many there were.

        Being turned away counts only while no other call comes through either, and a refused token
        only while nothing else happens.
        """
        if action is Action.PAUSE and self._successes != successes:
            self._successes, self._counts[action] = successes, 0
        if action is not Action.RENEW_TOKEN:
            self._counts[Action.RENEW_TOKEN] = 0
        self._counts[action] += 1
        return self._counts[action]

    def _wait_for_quota(self, asked: float | None, count: int, *, more: bool) -> float | None:
        """A quota may renew in days: without a deadline only a short wait is worth it."""
        wait = max(asked or 0.0, self._policy.wait(count))
        short = asked is not None and asked <= self._policy.longest_wait
        return wait if self._patient or (short and more) else None
