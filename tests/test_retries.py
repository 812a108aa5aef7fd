"""How often a request is repeated and how long to wait before: a policy, without a clock."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdir_async import ConfigurationError, RetryPolicy, SdirError
from sdir_async.retries import Retries
from sdir_async.verdicts import Action, Verdict

AGAIN, RENEW = Verdict(Action.AGAIN), Verdict(Action.RENEW_KEY)
RENEW_TOKEN, LOST = Verdict(Action.RENEW_TOKEN), Verdict(Action.AGAIN, applied=None)
REPEATED = (Action.AGAIN, Action.PAUSE, Action.QUOTA, Action.RENEW_KEY)
STEADY = RetryPolicy(attempts=4, first_wait=1.0, longest_wait=8.0)


def pause(wait: float | None = None) -> Verdict:
    """Being turned away, for this many seconds."""
    return Verdict(Action.PAUSE, wait=wait)


def quota(wait: float | None = None) -> Verdict:
    """The quota is used up, for this many seconds."""
    return Verdict(Action.QUOTA, wait=wait)


@pytest.mark.parametrize("attempts", [0, -3, 2.5, "3", None])
def test_attempts_must_be_a_whole_number_above_0(attempts: Any) -> None:
    """Anything else is a mistake, and an error says so, with the value."""
    said = f"attempts must be a whole number, at least 1, not {attempts!r}."
    with pytest.raises(ConfigurationError, match=f"^{re.escape(said)}$"):
        RetryPolicy(attempts=attempts)


@pytest.mark.parametrize("name", ["first_wait", "longest_wait", "settle"])
@pytest.mark.parametrize("value", [-0.1, math.inf, math.nan, "1", None])
def test_seconds_must_be_a_number_that_is_not_negative(name: str, value: Any) -> None:
    """To wait forever would be to hang."""
    said = f"{name} must be a number of seconds, at least 0, not {value!r}."
    with pytest.raises(ConfigurationError, match=f"^{re.escape(said)}$"):
        RetryPolicy(**{name: value})


def test_what_holds_unless_it_is_said() -> None:
    """As the documentation says."""
    policy = RetryPolicy()
    assert (policy.attempts, policy.first_wait) == (6, 0.5)
    assert (policy.longest_wait, policy.settle) == (60.0, 30.0)
    assert policy.trust_500 is False


def test_the_least_that_is_allowed() -> None:
    """One attempt and no wait; whole seconds are numbers too."""
    policy = RetryPolicy(attempts=1, first_wait=0, longest_wait=0, settle=0)
    assert (policy.wait(1), policy.wait(9)) == (0.0, 0.0)


def test_a_wrong_policy_is_one_of_our_errors() -> None:
    """README says that every error is an `SdirError`; it is a `ValueError` as well."""
    for kind in (SdirError, ValueError):
        with pytest.raises(kind):
            RetryPolicy(attempts=-3)


@given(st.integers(1, 5000))
def test_waits_double_up_to_the_longest(failures: int) -> None:
    """Less at most half of it, at random, so that many clients don't come back together."""
    longest = min(60.0, 0.5 * 2.0 ** min(failures - 1, 100))
    wait = RetryPolicy().wait(failures)
    assert isinstance(wait, float)
    assert longest / 2 <= wait <= longest


def test_waits_differ() -> None:
    """Two clients that failed together come back apart."""
    assert len({RetryPolicy().wait(3) for _ in range(20)}) > 1


def waits(verdict: Verdict, count: int, *, patient: bool = False, **given: Any) -> list[bool]:
    """Say after each of so many verdicts whether there is another attempt."""
    retries = Retries(given.get("policy", STEADY), 0, patient=patient)
    return [retries.wait_after(verdict, 0) is not None for _ in range(count)]


@pytest.mark.parametrize("verdict", [AGAIN, RENEW, pause(), pause(3.0), quota(3.0)], ids=repr)
def test_attempts_are_counted(verdict: Verdict) -> None:
    """Of four attempts three are followed by another; of one, none."""
    assert waits(verdict, 5) == [True, True, True, False, False]
    assert waits(verdict, 1, policy=RetryPolicy(attempts=1)) == [False]


@pytest.mark.parametrize(
    "action", [Action.ACCEPT, Action.SEARCH, Action.HALVE, Action.ASK, Action.STOP]
)
@pytest.mark.parametrize("patient", [True, False])
def test_what_is_clear_is_not_repeated(action: Action, patient: bool) -> None:
    """Nor is what has to be asked about first."""
    assert waits(Verdict(action), 1, patient=patient) == [False]


def test_failures_pauses_keys_and_quotas_are_counted_apart() -> None:
    """A call that was turned away three times has not failed three times."""
    retries = Retries(RetryPolicy(attempts=2, first_wait=0), 0, patient=False)
    kinds = (AGAIN, RENEW, pause(), quota(1.0))
    assert all(retries.wait_after(kind, 0) is not None for kind in kinds)
    assert all(retries.wait_after(kind, 0) is None for kind in kinds)


def test_each_failure_waits_longer_than_the_one_before() -> None:
    """The first wait is that of one failure."""
    retries = Retries(STEADY, 0, patient=False)
    found = [retries.wait_after(AGAIN, 0) for _ in range(3)]
    for wait, longest in zip(found, (1.0, 2.0, 4.0), strict=True):
        assert wait is not None
        assert longest / 2 <= wait <= longest


def test_another_key_is_tried_at_once() -> None:
    """There is nothing to wait for."""
    assert Retries(STEADY, 0, patient=False).wait_after(RENEW, 0) == 0.0


def test_a_pause_lasts_as_long_as_the_server_asks() -> None:
    """At least; where it names no time, as long as after a failure."""
    assert Retries(STEADY, 0, patient=False).wait_after(pause(57.0), 0) == 57.0
    retries = Retries(STEADY, 0, patient=False)
    for longest in (1.0, 2.0, 4.0):
        wait = retries.wait_after(pause(), 0)
        assert wait is not None
        assert longest / 2 <= wait <= longest
    busy = Retries(RetryPolicy(first_wait=10.0), 0, patient=False).wait_after(pause(0.1), 0)
    assert busy is not None
    assert busy >= 5.0


@pytest.mark.parametrize("verdict", [pause(), quota()], ids=["pause", "quota"])
def test_where_the_server_names_no_time_the_policy_does(verdict: Verdict) -> None:
    """However short that is."""
    swift = RetryPolicy(first_wait=0.01)
    wait = Retries(swift, 0, patient=True).wait_after(verdict, 0)
    assert wait is not None
    assert 0.005 <= wait <= 0.01


def test_pauses_count_only_while_no_other_call_comes_through() -> None:
    """Where others succeed, the server is there, and it is a matter of waiting in line."""
    retries = Retries(STEADY, 7, patient=False)
    assert [retries.wait_after(pause(), 7) is not None for _ in range(3)] == [True] * 3
    assert [retries.wait_after(pause(), 8) is not None for _ in range(4)] == [True] * 3 + [False]
    assert retries.wait_after(pause(), 9) is not None


def test_other_calls_that_succeed_don_t_excuse_a_failure() -> None:
    """Only being turned away is a matter of waiting in line."""
    retries = Retries(RetryPolicy(attempts=2), 0, patient=False)
    assert retries.wait_after(AGAIN, 1) is not None
    assert retries.wait_after(AGAIN, 2) is None


@pytest.mark.parametrize(
    ("asked", "patient", "again"),
    [
        (8.0, False, True),
        (8.1, False, False),
        (None, False, False),
        (86_400.0, False, False),
        (8.1, True, True),
        (None, True, True),
        (86_400.0, True, True),
    ],
)
def test_a_quota_is_waited_for_where_that_is_short_or_a_deadline_allows_it(
    asked: float | None, patient: bool, again: bool
) -> None:
    """Short is what the policy itself would wait; without a time it may be days."""
    wait = Retries(STEADY, 0, patient=patient).wait_after(quota(asked), 0)
    assert (wait is not None) == again
    if wait is not None:
        assert wait >= (asked or 0.5)


def test_with_a_deadline_a_quota_is_asked_for_without_a_count() -> None:
    """The deadline is the bound; it stands in the place of the number of attempts."""
    assert waits(quota(), 99, patient=True) == [True] * 99


def test_a_token_is_renewed_once_at_a_time() -> None:
    """A new one that is refused at once ends the call; after anything else, another may be got."""
    retries = Retries(STEADY, 0, patient=False)
    asked = [RENEW_TOKEN, RENEW_TOKEN, pause(), RENEW_TOKEN, AGAIN, RENEW_TOKEN, RENEW_TOKEN]
    again = [retries.wait_after(verdict, 0) for verdict in asked]
    assert [wait is not None for wait in again] == [True, False, True, True, True, True, False]
    assert again[0] == again[3] == again[5] == 0.0


def test_a_batch_whose_answer_is_lost_gets_one_more_attempt() -> None:
    """Then it is halved: it may take too long as it is. What was not applied is no such sign."""
    retries = Retries(STEADY, 0, patient=False, few=True)
    assert [retries.wait_after(LOST, 0) is not None for _ in range(2)] == [True, False]
    retries = Retries(STEADY, 0, patient=False, few=True)
    assert [retries.wait_after(AGAIN, 0) is not None for _ in range(4)] == [True] * 3 + [False]
    assert waits(LOST, 4) == [True] * 3 + [False]
