"""Every record is counted into exactly one state."""

from __future__ import annotations

import copy
import itertools
import pickle
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdir_async import ChunkOutcome, Reason, Rejection
from sdir_async.upload.ledger import Ledger, Rejections
from sdir_async.upload.report import RangeSet, State, runs


@given(st.sets(st.integers(0, 60)))
def test_runs_are_the_set_in_pieces(numbers: set[int]) -> None:
    """The runs of a set hold what it holds, and never touch."""
    found = list(runs(sorted(numbers)))
    assert {number for start, stop in found for number in range(start, stop)} == numbers
    assert all(stop < start for (_, stop), (start, _) in itertools.pairwise(found))


@given(st.permutations(range(12)), st.sets(st.integers(0, 11)))
def test_a_range_set_is_a_set(order: list[int], kept: set[int]) -> None:
    """Added in any order, the ranges are merged; what is missing is in the gaps."""
    ranges = RangeSet()
    for number in order:
        if number in kept:
            ranges.add(number, number + 1)
    assert [(one.start, one.stop) for one in ranges.ranges()] == list(runs(sorted(kept)))
    assert {number for gap in ranges.gaps(12) for number in gap} == set(range(12)) - kept


@given(st.integers(0, 9), st.integers(1, 5), st.integers(0, 9), st.integers(1, 5))
def test_nothing_is_settled_twice(first: int, length: int, second: int, other: int) -> None:
    """Ranges that overlap are refused, all others are not."""
    ranges = RangeSet()
    ranges.add(first, first + length)
    if first < second + other and second < first + length:
        with pytest.raises(AssertionError, match="counted twice"):
            ranges.add(second, second + other)
    else:
        ranges.add(second, second + other)
        assert sum(map(len, ranges.ranges())) == length + other


def test_no_person_is_in_a_pickle() -> None:
    """The report goes along with an error, and an error may go to another process."""
    person = "41814061033"
    rejection = Rejection(3, (Reason("It is bad.", "uid"),), {"id": person})
    outcome = ChunkOutcome(
        range(4), "accepted", (rejection,), answer=f'["{person}"]'.encode(), parse=list
    )
    error = ValueError("the user's own")
    ledger = Ledger()
    ledger.rejections.extend([rejection])
    error.report = ledger.report(1, 1.0)  # type: ignore[attr-defined]
    for value in (outcome, error):
        assert person.encode() not in pickle.dumps(value)
    again = pickle.loads(pickle.dumps(outcome))
    assert (again.rejections[0].index, again.rejections[0].record, again.saved) == (3, None, [])
    assert again.rejections[0].reasons == rejection.reasons
    assert copy.deepcopy(outcome) == copy.copy(outcome) == outcome
    assert copy.deepcopy(outcome).saved == [person]


states = st.sampled_from(["accepted", "rejected", "in_doubt", "unsent"])


@given(
    st.lists(st.tuples(states, st.integers(1, 4), st.booleans()), max_size=12), st.integers(0, 5)
)
def test_the_four_counts_add_up(pieces: list[tuple[State, int, bool]], unread: int) -> None:
    """The four counts add up to what was read, and each index is in exactly one state."""
    ledger, start = Ledger(), 0
    for state, length, with_rejection in pieces:
        indexes = range(start, start + length)
        refused = indexes if state == "rejected" else indexes[:1] if with_rejection else indexes[:0]
        rejections = tuple(Rejection(index, (Reason("no"),), None) for index in refused)
        ledger.enter(ChunkOutcome(indexes, state, rejections))
        start += length
    ledger.read = start + unread
    report = ledger.report(0, 0.0)
    assert report.accepted + report.rejected + report.in_doubt + report.unsent == ledger.read
    assert report.in_doubt == sum(map(len, report.doubts))
    assert report.unsent == sum(map(len, report.remaining))
    indexes_of = [
        *(one.index for one in report.rejections),
        *(index for doubt in (*report.doubts, *report.remaining) for index in doubt),
    ]
    assert len(set(indexes_of)) == len(indexes_of) == ledger.read - report.accepted


def test_a_report_reads_like_a_sentence() -> None:
    """What a person sees first are the four counts."""
    ledger = Ledger(read=3)
    ledger.enter(ChunkOutcome(range(2), "accepted"))
    assert str(ledger.report(4, 1.25)) == (
        "2 accepted, 0 rejected, 0 in doubt, 1 unsent; 4 requests in 1.2 s"
    )


def test_one_request_is_not_called_requests() -> None:
    """The words agree with the number."""
    assert "; 1 request in " in str(Ledger().report(1, 1.0))


def test_no_person_number_in_any_repr() -> None:
    """The record of a rejection is there to be used, and not to be shown."""
    record = {"personalIdentityNumber": "41814061033"}
    rejection = Rejection(0, (Reason("no"),), record)
    outcome: ChunkOutcome[object] = ChunkOutcome(
        range(1), "rejected", (rejection,), answer=b"41814061033"
    )
    ledger = Ledger(read=1)
    ledger.enter(outcome)
    assert "41814061033" not in repr((rejection, outcome, ledger, ledger.report(0, 0.0)))


def test_many_rejections_are_all_there_in_order() -> None:
    """Beyond the first ones they hold no record, and each has its place and its reasons."""
    found = Rejections()
    found.extend(
        Rejection(index, (Reason(f"reason {index % 3}"),), {"a": index})
        for index in reversed(range(12_000))
    )
    assert len(found) == 12_000
    assert [one.index for one in found] == list(range(12_000))
    assert [one.reasons[0].message[-1] for one in found] == [str(at % 3) for at in range(12_000)]
    assert sum(one.record is not None for one in found) == 10_000
    assert found[0].record is None
    assert found[-1].record == {"a": 11_999}


def test_beyond_the_first_ones_a_rejection_takes_a_few_bytes() -> None:
    """A million of them fit in memory."""
    found, why = Rejections(), (Reason("is bad"),)
    found.extend(Rejection(index, why, {"a": index}) for index in range(10_000))
    tracemalloc.start()
    try:
        found.extend(Rejection(index, why, {"a": index}) for index in range(10_000, 110_000))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found) == 110_000
    assert held / 100_000 < 40


def test_reasons_of_too_many_wordings_are_not_kept() -> None:
    """Memory stays bounded whatever a server says; the counts stay exact."""
    found = Rejections()
    found.extend(Rejection(index, (Reason(f"reason {index}"),), {}) for index in range(12_000))
    assert len(found) == 12_000
    assert "not kept" in found[11_999].reasons[0].message
