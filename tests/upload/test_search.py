"""Bad records are found with few requests, and named with the server's own words."""

from __future__ import annotations

import math
import random
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sdir_async import InvalidRequest, Reason, UploadReport
from sdir_async.upload.chunks import Chunk, Piece
from sdir_async.upload.search import Uniform, named_in, near_half, singled_out
from tests.upload.server import Record, Register, bad, client, record
from tests.virtual import run


async def upload(register: Register, records: list[Record], **options: object) -> UploadReport:
    async with client(register) as sdir:
        return await sdir.course.v1.upload(records, **{"check": False, **options})  # type: ignore[arg-type]


def bound(n: int, k: int) -> float:
    return 2 * k * (1 + math.log2(n / k)) + 2


@settings(max_examples=30)
@given(
    n=st.integers(1, 200),
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


@cache
def refusals(n: int, k: int) -> tuple[int, int]:
    """The most pieces of two and more that k bad records of n can spoil, and how many are left."""
    if k == 0 or n == 1:
        return 0, 0
    left = near_half(n)
    ways = range(max(0, k - (n - left)), min(k, left) + 1)
    most = max(ways, key=lambda at: refusals(left, at)[0] + refusals(n - left, k - at)[0])
    return 1 + refusals(left, most)[0] + refusals(n - left, k - most)[0], most


def worst(n: int, k: int, start: int = 0) -> list[int]:
    """The places of bad records that make the search longest."""
    if n == 1 or k == 0:
        return list(range(start, start + k))
    left, share = near_half(n), refusals(n, k)[1]
    return [*worst(left, share, start), *worst(n - left, k - share, start + left)]


def test_no_places_cost_more_than_the_bound() -> None:
    """In a tree cut at powers of two; cut in the middle, 40 % of these numbers could."""
    for n in range(2, 130):
        for k in range(1, n + 1):
            assert 1 + 2 * refusals(n, k)[0] <= bound(n, k), (n, k)


@pytest.mark.parametrize(
    ("n", "k"), [(76, 10), (97, 5), (100, 1), (127, 12), (128, 16), (96, 24), (65, 3)]
)
def test_the_worst_places_stay_within_the_bound(n: int, k: int) -> None:
    """Seen from outside: the requests of an upload."""
    places = worst(n, k)
    records = [bad(at) if at in set(places) else record(at) for at in range(n)]
    report = run(upload(Register(naming="none"), records, chunk_size=n))
    assert [rejection.index for rejection in report.rejections] == places
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


@pytest.mark.parametrize(("chunk_size", "last"), [(2, 2), (3, 1), (4, 4), (8, 1)])
def test_suspicion_ends_with_single_records(chunk_size: int, last: int) -> None:
    """They are taken out of what is left, be it two records or none, and then it is over."""
    register = Register(naming="none")
    options = {"chunk_size": chunk_size, "concurrency": 1}
    with pytest.raises(InvalidRequest):
        run(upload(register, [bad(at) for at in range(200)], **options))
    assert register.batches[-2:] == [last, 1]


def test_what_was_found_here_is_no_refusal_by_the_server() -> None:
    """Chunks with a bad record of either kind run side by side: each is sent twice."""
    given_records = [{**record(at), "personalIdentityNumber": "41814061033"} for at in range(20)]
    for at in (0, 10):
        given_records[at]["completedAt"] = "yesterday"
        given_records[at + 1]["courseCode"] = "BAD"
    register = Register(latency=1.0)
    report = run(upload(register, given_records, chunk_size=10, check=True))
    assert (report.accepted, report.rejected) == (16, 4)
    assert (register.batches, report.seconds) == ([9, 9, 8, 8], 2.0)


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
    from sdir_async.problems import reasons_of
    from sdir_async.wire import Answer

    body = b'{"errors": {"%s": ["no"], "": ["general"], "body": ["required"]}}' % key.encode()
    reasons = reasons_of(Answer(400, {}, body))
    assert named_in(reasons, 2) == {1: (Reason("no", field),)}


def test_an_item_that_was_not_sent_is_not_named() -> None:
    """An index beyond the request is not a record of ours."""
    assert named_in((Reason("no", "x", 5),), 5) == {}


def test_all_that_is_said_of_an_item_is_kept() -> None:
    """In its order, and apart from what is said about others."""
    said = (Reason("no", "x", 1), Reason("never", "x", 0), Reason("nor", "y", 1))
    assert named_in(said, 2) == {
        1: (Reason("no", "x"), Reason("nor", "y")),
        0: (Reason("never", "x"),),
    }


def after(*refusals: tuple[str, int], read: int = 64) -> Uniform:
    """So many records refused at a time, for these reasons."""
    uniform = Uniform()
    for message, records in refusals:
        uniform.refused((Reason(message),), records, read)
    return uniform


def test_six_refusals_alike_are_suspicious() -> None:
    """Places differ from one request to the next, also in the words."""
    alike = [(f"Line {at * 9} is bad", 2) for at in range(6)]
    assert not after(*alike[:5]).suspected
    assert after(*alike).suspected
    assert not after(*alike).proved


def test_six_single_records_refused_alike_are_proof() -> None:
    """However many larger requests were refused before; they are taken far apart until then."""
    pairs, singles = [("bad", 2)] * 9, [("bad", 1)] * 6
    assert not after(*pairs, *singles[:5]).proved
    assert not after(pairs[0], *singles[:5]).proved
    assert after(*pairs, *singles).proved
    shares = [round(after(*pairs, *singles[:at]).share * 12) for at in range(6)]
    assert shares == [1, 3, 5, 7, 9, 11]


@pytest.mark.parametrize(
    "refusals",
    [
        [("bad", 1), ("worse", 1)] * 20,
        [("bad", 1)] * 5 + [("worse", 1)] * 5 + [("bad", 1)] * 5,
    ],
    ids=["in turn", "one after the other"],
)
def test_other_reasons_begin_a_new_count(refusals: list[tuple[str, int]]) -> None:
    """Records that are bad each in its own way are just bad records."""
    assert not after(*refusals).suspected


def test_a_small_input_is_never_suspected() -> None:
    """Fewer than 64 records are searched to the end."""
    refusals = [("bad", 1)] * 20
    assert not after(*refusals, read=63).suspected
    assert after(*refusals, read=64).proved


def test_one_accepted_record_ends_the_suspicion() -> None:
    """For good."""
    uniform = after(*[("bad", 1)] * 20)
    uniform.accepted()
    assert not uniform.suspected
    assert not uniform.proved


@pytest.mark.parametrize(
    ("share", "single", "others"),
    [
        (0.0, 0, [[1, 2, 3], [4, 5], [6, 7, 8, 9]]),
        (0.35, 3, [[0, 1, 2], [4, 5], [6, 7, 8, 9]]),
        (0.45, 4, [[0, 1, 2, 3], [5], [6, 7, 8, 9]]),
        (0.75, 6, [[0, 1, 2, 3], [4, 5], [7, 8, 9]]),
        (0.95, 9, [[0, 1, 2, 3], [4, 5], [6, 7, 8]]),
    ],
)
def test_a_single_record_is_taken_from_anywhere(
    share: float, single: int, others: list[list[int]]
) -> None:
    """From an end of its piece; it comes first, and the others stay in their order."""
    chunk = Chunk(0, list(range(10)), [b"%d" % at for at in range(10)])
    pieces = [Piece(chunk, range(*ends)) for ends in ((0, 4), (4, 6), (6, 10))]
    assert [list(piece.positions) for piece in singled_out(pieces, share)] == [[single], *others]


def test_what_was_refused_is_not_lost_when_a_single_record_is_taken() -> None:
    """A piece that has nothing but rejections left stays for them."""
    chunk = Chunk(0, [1, 2, 3], [b"1", b"2", b"3"])
    refused = Piece(chunk, [0]).without({0: (Reason("bad"),)})
    pieces = singled_out([refused, Piece(chunk, [1, 2])], 0.9)
    assert [list(piece.positions) for piece in pieces] == [[2], [], [1]]
    assert sorted(index for piece in pieces for index in piece.indexes) == [0, 1, 2]
