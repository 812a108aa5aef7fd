"""Bad records are found with few requests, and named with the server's own words."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sdir_async import InvalidRequest, Reason, UploadReport
from sdir_async.upload.search import named_in
from tests.upload.server import Record, Register, bad, client, record
from tests.virtual import run


async def upload(register: Register, records: list[Record], **options: object) -> UploadReport:
    async with client(register) as sdir:
        return await sdir.course.v1.upload(records, **{"check": False, **options})  # type: ignore[arg-type]


def bound(n: int, k: int) -> float:
    return 2 * k * (1 + math.log2(n / k)) + 2


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 300),
    share=st.floats(0, 1),
    seed=st.randoms(use_true_random=False),
    clustered=st.booleans(),
)
@example(n=500, share=0.002, seed=None, clustered=True)
@example(n=272, share=0.01953125, seed=random.Random(0), clustered=False)
def test_halving_stays_within_its_bound(
    n: int, share: float, seed: object, clustered: bool
) -> None:
    """When nothing is named, k bad records of n cost at most 2k(1 + log2(n/k)) + 2 requests."""
    k = max(1, min(n - 1, round(share * n))) if n > 1 else 1
    places = list(range(k)) if clustered else sorted(seed.sample(range(n), k))  # type: ignore[attr-defined]
    records = [bad(at) if at in set(places) else record(at) for at in range(n)]
    register = Register(naming="none")
    try:
        report = run(upload(register, records, chunk_size=n))
    except InvalidRequest as error:
        assert k >= n / 3, "only where much is bad may it look as if everything were"
        assert error.report is not None
        return
    assert [rejection.index for rejection in report.rejections] == places
    assert report.accepted == n - k
    assert report.requests <= bound(n, k)


def test_named_records_cost_one_request_more() -> None:
    """When the server names all bad records, their chunk is sent twice in all."""
    records = [bad(at) if at % 50 == 0 else record(at) for at in range(500)]
    register = Register()
    report = run(upload(register, records))
    assert register.batches == [500, 490]
    assert report.rejected == 10


def test_more_than_the_server_names_at_once() -> None:
    """After 200 errors the server stops naming; what it left out is found in the next round."""
    records = [bad(at) if at < 450 else record(at) for at in range(500)]
    register = Register()
    report = run(upload(register, records))
    assert register.batches == [500, 300, 100, 50]
    assert (report.accepted, report.rejected) == (50, 450)


def test_a_server_that_names_only_the_first() -> None:
    """A server that names one bad record at a time is asked once for each."""
    records = [bad(at) if at in (3, 9) else record(at) for at in range(20)]
    register = Register(naming="first")
    report = run(upload(register, records))
    assert register.batches == [20, 19, 18]
    assert [rejection.index for rejection in report.rejections] == [3, 9]


def test_a_rejection_has_the_words_about_that_very_record() -> None:
    """The reasons are the record's own, without its place in the request or its person number."""
    given_record = bad(7)
    register = Register()
    report = run(upload(register, [record(0), given_record]))
    (rejection,) = report.rejections
    assert rejection.record is given_record
    assert rejection.reasons == (Reason("The code of *********** is bad.", "CourseCode"),)
    assert str(rejection) == "record 1: CourseCode: The code of *********** is bad."
    assert given_record["personalIdentityNumber"] not in repr(report)


def test_everything_refused_for_one_reason_stops_early() -> None:
    """A missing right or a wrong schema is noticed after a few requests."""
    records = [bad(at) for at in range(20_000)]
    register = Register(naming="none")
    with pytest.raises(InvalidRequest, match="Bad request") as caught:
        run(upload(register, records))
    report = caught.value.report
    assert report is not None
    assert report.requests <= 8 + 13
    assert register.saved == []
    assert report.rejected + report.unsent == sum(map(len, report.remaining)) + report.rejected


def test_everything_refused_one_by_one_stops_early() -> None:
    """A server that names only the first one is not asked once for each of them either."""
    register = Register(naming="first")
    with pytest.raises(InvalidRequest) as caught:
        run(upload(register, [bad(at) for at in range(20_000)]))
    assert caught.value.report is not None
    assert caught.value.report.requests <= 2 * 8 + 13
    assert register.saved == []


def test_many_named_one_by_one_are_no_reason_to_stop() -> None:
    """Twenty unreadable records at the start of the input are twenty rejections."""
    records = [bad(at) if at < 20 else record(at) for at in range(500)]
    report = run(upload(Register(naming="first"), records))
    assert (report.accepted, report.rejected) == (480, 20)
    assert report.requests <= 20 + 20


def test_a_small_input_is_searched_to_the_end() -> None:
    """Ten records that are all bad are ten rejections, not an error."""
    report = run(upload(Register(naming="none"), [bad(at) for at in range(10)]))
    assert report.rejected == 10


def test_stop_sends_nothing_more() -> None:
    """With on_rejected="stop" the named records are rejected and the rest is unsent."""
    records = [bad(at) if at == 13 else record(at) for at in range(100)]
    register = Register()
    report = run(upload(register, records, chunk_size=10, concurrency=1, on_rejected="stop"))
    assert [rejection.index for rejection in report.rejections] == [13]
    assert (report.accepted, report.in_doubt) == (10, 0)
    assert report.unsent >= 9
    assert len(register.saved) == 10


def test_stop_after_the_check_before_sending() -> None:
    """With on_rejected="stop" a record that is refused here stops the upload too."""
    register = Register()
    given_records = [{**record(at), "personalIdentityNumber": "41814061033"} for at in range(30)]
    given_records[15]["completedAt"] = "yesterday"
    options = {"chunk_size": 10, "concurrency": 1, "on_rejected": "stop", "check": True}
    report = run(upload(register, given_records, **options))
    assert [rejection.index for rejection in report.rejections] == [15]
    assert (report.accepted, len(register.saved), report.requests) == (10, 10, 1)


def test_stop_without_names_raises() -> None:
    """With on_rejected="stop" and nothing named, the server's refusal is raised with the report."""
    with pytest.raises(InvalidRequest) as caught:
        run(upload(Register(naming="none"), [record(0), bad(1)], on_rejected="stop"))
    assert caught.value.report is not None
    assert caught.value.report.unsent == 2


@pytest.mark.parametrize(
    ("key", "field"),
    [
        ("[1].Competence.CompletionDate", "Competence.CompletionDate"),
        ("$[1].competence.completionDate", "competence.completionDate"),
        ("[1]", ""),
        ("$[1]", ""),
    ],
)
def test_both_ways_to_name_an_item(key: str, field: str) -> None:
    """Bad values and unreadable JSON name their item differently, in any case of letters."""
    from sdir_async.answers import Answer, reasons_of

    body = b'{"errors": {"%s": ["no"], "": ["general"], "body": ["required"]}}' % key.encode()
    reasons = reasons_of(Answer(400, {}, body))
    assert named_in(reasons, 2) == {1: (Reason("no", field),)}


def test_an_item_that_was_not_sent_is_not_named() -> None:
    """An index beyond the request is no record of ours."""
    assert named_in((Reason("no", "x", 5),), 5) == {}
