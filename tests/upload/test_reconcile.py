"""Whether a batch was saved is found out by asking for a few of its records."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdir_async import ConfigurationError, RetryPolicy, UploadReport
from sdir_async.document import Listing, Operation
from sdir_async.upload.reconcile import Asking, _near, _same, _spread, value_at
from tests.upload.server import NORMAL, UNKNOWN, Fate, Record, Register, client, record
from tests.virtual import run

FATES = {fate.name: fate for fate in UNKNOWN}
BEFORE, AFTER, LATE = (FATES[f"lost connection, {when}"] for when in ("before", "after", "late"))


def records(count: int) -> list[Record]:
    return [record(at) for at in range(count)]


async def upload(register: Register, given: Any, **options: object) -> UploadReport:
    async with client(register, retry=RetryPolicy(settle=30.0)) as sdir:
        return await sdir.course.v1.upload(given, **{"check": False, **options})  # type: ignore[arg-type]


def test_found_means_accepted_at_once() -> None:
    """All asked for are there: no second request, and no waiting."""
    register = Register(fates=[AFTER])
    report = run(upload(register, records(20)))
    assert (report.accepted, len(register.saved), register.batches) == (20, 20, [20])
    assert 1 <= register.asked <= 5
    assert report.seconds < 1


def test_absent_is_believed_after_a_while() -> None:
    """One that is absent, and still is after `settle` seconds, proves that nothing was saved."""
    register = Register(fates=[NORMAL, BEFORE])
    report = run(upload(register, records(40), chunk_size=20, concurrency=1))
    assert (report.accepted, register.batches) == (40, [20, 20, 20])
    assert report.seconds >= 30


def test_absent_is_not_believed_of_a_list_that_showed_nothing() -> None:
    """Nothing was accepted before, so that nobody knows whether the list shows what is saved."""
    register = Register(fates=[BEFORE])
    report = run(upload(register, records(20)))
    assert (report.in_doubt, register.batches, report.ended) == (20, [20], "in_doubt")


def test_absent_is_not_believed_of_a_list_that_is_always_empty() -> None:
    """A key may have the right to write and none to read: the witness is not shown."""

    class Blind(Register):
        def _list(self, request: httpx.Request) -> httpx.Response:
            self.asked += 1
            return httpx.Response(200, json=[])

    register = Blind(fates=[NORMAL, AFTER])
    report = run(upload(register, records(60), chunk_size=20, concurrency=1))
    assert (report.accepted, report.in_doubt, register.batches) == (40, 20, [20, 20, 20])


def test_a_chunk_waits_for_a_witness_while_the_others_go_on() -> None:
    """The first chunk is lost, the second one accepted: then absence can be believed."""
    register = Register(fates=[BEFORE, NORMAL])
    report = run(upload(register, records(40), chunk_size=20, concurrency=1))
    assert (report.accepted, register.batches, report.complete) == (40, [20, 20, 20], True)


def test_a_record_does_not_vouch_for_its_equal_in_another_chunk() -> None:
    """The same file twice: the second answer was lost, and the first copy is in the register."""
    twice = [*records(20), *records(20)]
    register = Register(fates=[NORMAL, BEFORE])
    report = run(upload(register, twice, chunk_size=20, concurrency=1))
    assert (report.accepted, register.batches, len(register.saved)) == (40, [20, 20, 20], 40)


def test_a_backend_that_finishes_after_the_first_question() -> None:
    """What is saved late is found the second time, and not sent again."""
    register = Register(fates=[LATE])
    report = run(upload(register, records(20)))
    assert (report.accepted, register.batches, len(register.saved)) == (20, [20], 20)


def test_an_older_equal_record_is_not_mistaken_for_the_batch() -> None:
    """Records that were there before prove nothing; those far from them do."""
    older = [{**record(at), "uid": "older"} for at in (0, 1, 2)]
    register = Register(fates=[NORMAL, BEFORE], saved=list(older))
    given = [*(record(at) for at in range(50, 60)), *records(20)]
    report = run(upload(register, given, chunk_size=20, concurrency=1))
    assert (report.accepted, register.batches[1:]) == (30, [10, 10])


def test_equal_records_within_a_chunk_are_counted() -> None:
    """Two equal records are saved when two are found: one could be older."""
    twice = [record(1), record(2), record(0), record(0)]
    register = Register(fates=[NORMAL, BEFORE], saved=[{**record(0), "uid": "older"}])
    report = run(upload(register, twice, chunk_size=2, concurrency=1))
    assert (report.accepted, register.batches, len(register.saved)) == (4, [2, 2, 2], 5)


def test_all_pages_of_a_person_are_looked_at() -> None:
    """A seafarer with many courses fills more than a page."""
    others = [{**record(0), "courseCode": f"C{at}"} for at in range(1200)]
    register = Register(fates=[AFTER], saved=others)
    report = run(upload(register, records(1)))
    assert (report.accepted, register.batches, register.asked) == (1, [1], 3)


@pytest.mark.parametrize("fate", [Fate("403", False), FATES["502, before"]], ids=str)
def test_when_asking_fails_the_chunk_is_in_doubt(fate: Fate) -> None:
    """Nobody can say: the chunk is reported as in doubt, and neither sent again nor dropped."""
    failing = fate if fate.answer else Fate("403", False, lambda _: httpx.Response(403))
    register = Register(fates=[AFTER], list_fates=[failing] * 100)
    report = run(upload(register, records(20)))
    assert (report.in_doubt, report.doubts, register.batches) == (20, (range(20),), [20])


@pytest.mark.parametrize("answer", [True, False, None])
def test_a_function_of_the_users(answer: bool | None) -> None:
    """It is given the records as they were given, and its word counts."""
    asked: list[list[Any]] = []

    async def ask(chunk: list[Any]) -> bool | None:
        asked.append(chunk)
        return answer

    given = records(20)
    register = Register(fates=[AFTER if answer else BEFORE])
    report = run(upload(register, given, reconcile=ask))
    assert all(chunk == given for chunk in asked)
    assert asked[0][0] is given[0]
    assert register.asked == 0
    expected = {True: (20, 0, [20]), False: (20, 0, [20, 20]), None: (0, 20, [20])}
    assert (report.accepted, report.in_doubt, register.batches) == expected[answer]


def test_nobody_to_ask() -> None:
    """With reconcile=None an unknown fate is in doubt at once."""
    register = Register(fates=[AFTER])
    report = run(upload(register, records(20), reconcile=None))
    assert (report.in_doubt, register.batches, register.asked) == (20, [20], 0)


def test_a_record_without_the_field_to_ask_by() -> None:
    """Where the filter can't be filled there is nothing to ask for."""
    register = Register(fates=[AFTER])
    given = [{key: value for key, value in record(0).items() if key != "personalIdentityNumber"}]
    register.naming = "none"
    report = run(upload(register, given))
    assert report.in_doubt == 1


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ("2025-03-24T18:32:25+00:00", "2025-03-24T19:32:25+01:00"),
        ("2025-03-24T18:32:25Z", "2025-03-24T18:32:25.0000000+00:00"),
        ("2025-03-24", "2025-03-24T00:00:00"),
        ("BS0", "BS0"),
        (1, "1"),
        (1, 1.0),
    ],
)
def test_the_same_value_in_another_spelling(sent: object, found: object) -> None:
    """The server may write a moment or a number differently from what it was sent."""
    assert _same(sent, found)


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ("2025-03-24T18:32:25Z", "2025-03-24T18:32:26Z"),
        ("01810126000", "01810126001"),
        ("BS0", "BS1"),
        ("1", None),
        ("", None),
    ],
)
def test_another_value(sent: object, found: object) -> None:
    """Different is different, and absent too."""
    assert not _same(sent, found)


def test_names_of_fields_in_any_case() -> None:
    """ASP.NET reads names in any case, so that a mapping may have them in any."""
    assert value_at({"Person": {"ID": "1"}}, "person.id") == "1"
    assert value_at({"person": None}, "person.id") is None
    assert value_at({"person": {"id": 0}}, "person.id") == 0


def test_the_records_asked_for_are_spread() -> None:
    """First, last, and evenly between."""
    assert list(_spread(range(500), 5)) == [0, 125, 250, 374, 499]
    assert list(_spread(range(2), 5)) == [0, 1]
    assert list(_spread(range(1), 5)) == [0]


def test_what_an_earlier_run_saved_does_not_vouch_for_its_equal(tmp_path: Path) -> None:
    """Of two equal records one is there: it is the one that was accepted then."""
    one = record(0)
    size = len(httpx.Response(200, json=one).content)
    register = Register(largest=size + 30, fates=[Fate("normal"), Fate("normal"), BEFORE])
    first = run(upload(register, [one, one], journal=tmp_path / "journal", reconcile=None))
    assert (first.accepted, first.in_doubt, len(register.saved)) == (1, 1, 1)
    second = run(upload(register, [one, one], journal=tmp_path / "journal"))
    assert (second.accepted, len(register.saved)) == (2, 2)


def test_a_server_that_refuses_page_0_counts_from_1() -> None:
    """Page 0 is requested before absence is believed; a refusal of page 0 proves nothing."""

    class CountsFromOne(Register):
        def _list(self, request: httpx.Request) -> httpx.Response:
            if request.url.params["page"] == "0":
                return httpx.Response(400, json={"title": "page must be at least 1"})
            return super()._list(request)

    register = CountsFromOne(fates=[NORMAL, BEFORE])
    report = run(upload(register, records(40), chunk_size=20, concurrency=1))
    assert (report.accepted, register.batches) == (40, [20, 20, 20])


def test_a_list_that_counts_pages_from_0_is_read_whole() -> None:
    """A record on page 0 is not absent."""

    class CountsFromZero(Register):
        def _list(self, request: httpx.Request) -> httpx.Response:
            page = int(request.url.params["page"])
            request.url = request.url.copy_set_param("page", str(page + 1))
            return super()._list(request)

    register = CountsFromZero(fates=[AFTER])
    report = run(upload(register, records(20)))
    assert (report.accepted, register.batches, len(register.saved)) == (20, [20], 20)


@pytest.mark.parametrize("count", [3, 8])
@pytest.mark.parametrize("start", [0, 1])
def test_a_list_that_shifts_while_it_is_looked_through(start: int, count: int) -> None:
    """The newest record comes first, and with each question a new one: no page is left out."""
    listing = Listing(Operation("list", "GET", "/", "read"), {"of": "of"}, ("id",), "page")
    found = [{"id": at, "of": "me"} for at in range(count)]  # 0 is the oldest
    questions = Asking(listing).was_applied([b'{"id": 0, "of": "me"}'])
    query = next(questions)
    with pytest.raises(StopIteration) as end:
        while True:
            page = (int(dict(query)["page"]) - start) * 3
            query = questions.send(found[::-1][page : page + 3] if page >= 0 else [])
            found.append({"id": len(found), "of": "me"})
    assert end.value.value is True


def test_a_list_that_shifts_by_a_page_is_looked_through() -> None:
    """The same page comes twice, since three new records were saved meanwhile."""
    listing = Listing(Operation("list", "GET", "/", "read"), {"of": "of"}, ("id",), "page")
    found = [{"id": at, "of": "me"} for at in range(5)]
    questions = Asking(listing).was_applied([b'{"id": 9, "of": "me"}'])
    query = next(questions)
    asked = []
    with pytest.raises(StopIteration) as end:
        while True:
            asked.append(page := int(dict(query)["page"]))
            at = (page - 1) * 3
            query = questions.send(found[at : at + 3] if page else [])
            found[:0] = [{"id": 10 + at, "of": "me"} for at in range(3)] if page == 1 else []
    assert end.value.value is False
    assert asked == [1, 2, 3, 0]


@pytest.mark.parametrize(("keeps_to_size", "accepted"), [(False, 40), (True, 20)])
def test_a_list_that_knows_no_pages(keeps_to_size: bool, accepted: int) -> None:
    """It is whole if it ignores the size of a page, too. Else nobody knows what it hides."""

    class Unpaged(Register):
        def _list(self, request: httpx.Request) -> httpx.Response:
            size = int(request.url.params["pageSize"]) if keeps_to_size else 500
            return httpx.Response(200, json=self.saved[:size])

    register = Unpaged(fates=[NORMAL, BEFORE])
    report = run(upload(register, records(40), chunk_size=20, concurrency=1))
    assert (report.accepted, report.in_doubt) == (accepted, 40 - accepted)
    assert len(register.saved) == accepted


def test_a_record_of_which_nothing_can_be_said_leaves_it_to_the_others() -> None:
    """The list shows a report that resembles one of those in doubt, and none of the others."""
    without = {key: value for key, value in record(20).items() if key != "completedAt"}
    register = Register(fates=[NORMAL, BEFORE])
    given = [*records(19), without, *(record(at) for at in range(20, 40))]
    report = run(upload(register, given, chunk_size=20, concurrency=1))
    assert (report.accepted, register.batches) == (40, [20, 20, 20])


def test_a_file_of_which_the_first_half_was_reported_before() -> None:
    """Records at both ends of a batch are asked for: those that are absent decide."""
    older = [{**record(at), "uid": "older"} for at in range(25)]
    register = Register(fates=[NORMAL, BEFORE], saved=list(older))
    report = run(upload(register, records(40)[::-1], chunk_size=10, concurrency=1))
    assert (report.accepted, register.batches) == (40, [10] * 5)
    register = Register(fates=[NORMAL, NORMAL, BEFORE], saved=list(older))
    report = run(upload(register, records(40), chunk_size=10, concurrency=1))
    assert (report.accepted, register.batches) == (40, [10] * 5)


def test_of_a_small_batch_all_records_are_asked_for() -> None:
    """Nine of ten were reported before, and the one that was not decides, wherever it stands."""
    for new in range(10):
        older = [{**record(at), "uid": "older"} for at in range(10) if at != new]
        register = Register(fates=[BEFORE], saved=[*older, {**record(99), "uid": "older"}])
        report = run(upload(register, records(10), witness=record(99)))
        assert (report.accepted, register.batches) == (10, [10, 10])


def test_an_equal_record_that_is_saved_while_the_list_is_asked_does_not_vouch() -> None:
    """The list was asked, and only then a later chunk with an equal record was sent."""

    class Slow(Register):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "GET":
                await asyncio.sleep(10)
            return await super().handle_async_request(request)

    async def given() -> AsyncIterator[Record]:
        for at in range(8):
            yield record(at)
        await asyncio.sleep(5)
        yield record(7)

    register = Slow(fates=[*[NORMAL] * 7, BEFORE], latency=1.0)
    report = run(upload(register, given(), chunk_size=1))
    assert report.accepted == len(register.saved)
    assert (report.accepted, report.in_doubt) == (8, 1)


def test_an_equal_record_that_an_earlier_run_saved_further_on_does_not_vouch(
    tmp_path: Path,
) -> None:
    """What is in doubt is asked for when all that was sent then has been read."""
    given = [record(0), record(1), *records(40)[10:], record(1)]
    fates = [NORMAL, BEFORE, *[NORMAL] * 31]
    register, journal = Register(fates=fates), tmp_path / "journal"
    options: dict[str, Any] = {"chunk_size": 1, "concurrency": 1, "journal": journal}
    first = run(upload(register, given, reconcile=None, **options))
    assert (first.accepted, first.in_doubt) == (32, 1)
    second = run(upload(register, given, **options))
    assert (second.accepted, len(register.saved), register.counts()["01810000001"]) == (33, 33, 2)


async def never(_: list[Any]) -> bool:
    """A user's own function that is not asked."""
    raise AssertionError


def test_a_record_that_the_user_names_is_a_witness() -> None:
    """Nothing was accepted, and yet absence is believed: the list shows what is saved."""
    older = [{**record(99), "uid": "older"}]
    register = Register(fates=[BEFORE], saved=list(older))
    report = run(upload(register, records(20), witness=record(99)))
    assert (report.accepted, register.batches) == (20, [20, 20])
    assert report.seconds >= 30


def test_a_record_that_the_user_names_and_the_list_does_not_show() -> None:
    """The list proves nothing, also if it later shows what this upload saved."""
    register = Register(fates=[BEFORE])
    report = run(upload(register, records(40), witness=record(99), chunk_size=20, concurrency=1))
    assert (report.accepted, report.in_doubt, register.batches) == (20, 20, [20, 20])


def test_a_record_that_the_user_names_does_not_vouch_for_its_equal_in_the_upload() -> None:
    """It is known to be saved once, so that the list must show it twice."""
    older = [{**record(0), "uid": "older"}]
    register = Register(fates=[BEFORE], saved=list(older))
    report = run(upload(register, records(1), witness=record(0)))
    assert (report.accepted, register.batches, len(register.saved)) == (1, [1, 1], 2)


@pytest.mark.parametrize(
    ("witness", "options"),
    [
        (record(1), {"operation": "validate"}),
        (record(1), {"reconcile": None}),
        (record(1), {"reconcile": never}),
        ("{}", {}),
        (b"[]", {}),
        ({"personalIdentityNumber": object()}, {}),
        ({"courseCode": "HSCLC"}, {}),
    ],
)
def test_a_witness_that_can_not_be_used_is_refused(witness: Any, options: dict[str, Any]) -> None:
    """The call fails before anything is read or sent, and says why."""
    register = Register()
    with pytest.raises(ConfigurationError, match="upload: witness"):
        run(upload(register, records(1), witness=witness, **options))
    assert register.batches == []


@pytest.mark.parametrize("first", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
def test_a_moment_that_no_other_zone_can_hold(first: str) -> None:
    """The first and the last moment are compared as they are written, without an error."""
    assert _same(first, first)
    assert not _same(first, "2025-03-24T18:32:25Z")


def shown_as(change: Callable[[Record], Record]) -> type[Register]:
    """A register whose list shows each record in another way."""

    class Otherwise(Register):
        def _list(self, request: httpx.Request) -> httpx.Response:
            shown: list[Record] = super()._list(request).json()
            return httpx.Response(200, json=[change(one) for one in shown])

    return Otherwise


def _without_uid(shown: Record) -> Record:
    return {name: value for name, value in shown.items() if name != "uid"}


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        ("2025-03-24T18:32:25+00:00", "2025-03-24T18:32:00+00:00"),
        ("2025-03-24T18:32:45+00:00", "2025-03-24T18:33:00+00:00"),
        ("2025-03-24T18:32:25.700+01:00", "2025-03-24T18:32:26"),
        ("2025-03-24T18:32:25.700+01:00", "2025-03-24T17:32:26"),
    ],
)
def test_a_moment_that_is_shown_rounded_is_not_absent(moment: str, shown: str) -> None:
    """The witness has a moment that rounding does not change; the saved batch has others."""

    def rounded(one: Record) -> Record:
        return {**one, "completedAt": {moment: shown}.get(one["completedAt"], one["completedAt"])}

    given = [*records(20), *({**record(at), "completedAt": moment} for at in range(20, 40))]
    given[:20] = [{**one, "completedAt": "2025-03-24T08:00:00+00:00"} for one in given[:20]]
    register = shown_as(rounded)(fates=[NORMAL, AFTER])
    report = run(upload(register, given, chunk_size=20, concurrency=1))
    assert (report.accepted, report.in_doubt, len(register.saved)) == (20, 20, 40)


def test_a_text_that_is_shown_cut_is_not_absent() -> None:
    """The witness has a short one, which was not cut; the saved batch has longer ones."""

    def cut(one: Record) -> Record:
        return {**one, "courseCode": one["courseCode"][:5]}

    given = [*records(20), *(record(at, "HSCLC-LONG") for at in range(20, 40))]
    register = shown_as(cut)(fates=[NORMAL, AFTER])
    report = run(upload(register, given, chunk_size=20, concurrency=1))
    assert (report.accepted, report.in_doubt, len(register.saved)) == (20, 20, 40)


def test_a_number_is_not_taken_for_one_that_was_cut() -> None:
    """A number that begins like another is another: the record is absent, not nearly there."""
    listing = Listing(Operation("list", "GET", "/", "read"), {"of": "of"}, ("id",))
    questions = Asking(listing).was_applied([b'{"id": 10, "of": "me"}'])
    next(questions)
    with pytest.raises(StopIteration) as end:
        questions.send([{"id": 1, "of": "me"}])
    assert end.value.value is False


@pytest.mark.parametrize("repeated", [[20, 20, 21, 21], [19, 18]])
def test_equal_records_that_can_not_be_told_apart_are_not_absent(repeated: list[int]) -> None:
    """Where the list shows no identifiers, one line twice may be two records, or one."""
    given = [*records(20), *map(record, repeated)]
    register = shown_as(_without_uid)(fates=[NORMAL, AFTER])
    report = run(upload(register, given, chunk_size=20, concurrency=1))
    assert (report.accepted, report.in_doubt) == (20, len(repeated))
    assert len(register.saved) == len(given)


def test_equal_records_on_two_pages_that_can_not_be_told_apart_are_not_absent() -> None:
    """Both are saved, and without identifiers they look like one that moved to the next page."""

    class SmallPages(Register):
        def _list(self, request: httpx.Request) -> httpx.Response:
            request.url = request.url.copy_set_param("pageSize", "2")
            shown: list[Record] = super()._list(request).json()
            return httpx.Response(200, json=[_without_uid(one) for one in shown])

    given = [*records(20), record(20), record(20)]
    other = {**record(20), "courseCode": "OTHER"}
    register = SmallPages(fates=[NORMAL, AFTER], saved=[other])
    report = run(upload(register, given, chunk_size=20, concurrency=1))
    assert (report.accepted, report.in_doubt) == (20, 2)
    assert len(register.saved) == len(given) + 1


@pytest.mark.parametrize(
    ("pages", "answer"),
    [
        ([[{"id": 9}, {"id": 1}], [{"id": 9}]], None),
        ([[{"id": 9}, {"id": 1}], [{"id": 9}, {"id": 1}], [{"id": 2}]], None),
        ([[{"id": 9, "uid": 1}, {"id": 1}], [{"id": 9, "uid": 1}, {"id": 9, "uid": 2}]], True),
        ([[{"id": 9}, {"id": 1}], [{"id": 2}]], False),
    ],
)
def test_an_equal_record_that_is_shown_again_on_a_later_page(
    pages: list[list[Record]], answer: bool | None
) -> None:
    """It may be the same or another one, unless both have an identifier of their own."""
    listing = Listing(Operation("list", "GET", "/", "read"), {"of": "of"}, ("id",), "page")
    shown = dict(enumerate(pages, 1))
    questions = Asking(listing).was_applied([b'{"id": 9, "of": "me"}'] * 2)
    query = next(questions)
    with pytest.raises(StopIteration) as end:
        while True:
            query = questions.send(shown.get(int(dict(query)["page"]), []))
    assert end.value.value is answer


@pytest.mark.parametrize(("shown", "answer"), [(0, False), (1, False), (2, None), (3, None)])
def test_what_the_list_does_not_show_is_absent_whatever_became_of_its_equals(
    shown: int, answer: bool | None
) -> None:
    """An equal record is in doubt or being sent, so what is shown may be that one."""
    listing = Listing(Operation("list", "GET", "/", "read"), {"of": "of"}, ("id",))
    questions = Asking(listing).was_applied([b'{"id": 9, "of": "me"}'] * 2, (), lambda _: None)
    next(questions)
    with pytest.raises(StopIteration) as end:
        while True:
            questions.send([{"id": 9, "uid": at} for at in range(shown)])
    assert end.value.value is answer


class Lagging(list[Record]):
    """What the list shows: a record that is saved is there five seconds later."""

    def extend(self, records: Iterable[Record]) -> None:
        asyncio.get_running_loop().call_later(5, super().extend, list(records))


@pytest.mark.parametrize("moment", [0.0, 1.0, 24.0, 26.0, 29.0, 40.0])
def test_an_equal_record_that_the_list_does_not_show_yet_makes_none_absent(moment: float) -> None:
    """The one that it shows may be the one whose answer was lost: nothing is sent again."""

    async def given() -> AsyncIterator[Record]:
        yield record(0)
        yield record(1)
        await asyncio.sleep(moment)
        yield record(1)

    async def main() -> UploadReport:
        report = await upload(register, given(), chunk_size=1)
        await asyncio.sleep(60)
        return report

    register = Register(fates=[NORMAL, LATE], saved=Lagging())
    report = run(main())
    assert report.accepted + report.in_doubt == 3
    assert register.counts()[record(1)["personalIdentityNumber"]] == 2


def test_a_record_that_is_shown_otherwise_each_time_counts_once() -> None:
    """The first page answers to 0, too, with the time of the answer in each record."""
    listing = Listing(Operation("list", "GET", "/", "read"), {"of": "of"}, ("id",), "page")
    questions = Asking(listing).was_applied([b'{"id": 9, "of": "me"}'], (), lambda _: 1)
    query = next(questions)
    with pytest.raises(StopIteration) as end:
        for time in range(99):
            first = int(dict(query)["page"]) <= 1
            query = questions.send([{"id": 9, "uid": 1, "shownAt": time}] if first else [])
    assert end.value.value is False


@settings(max_examples=300, deadline=None)
@given(
    own=st.integers(1, 3),
    others=st.integers(0, 2),
    fresh=st.lists(st.booleans(), max_size=2),
    fillers=st.integers(0, 9),
    saved=st.booleans(),
    identified=st.booleans(),
    paged=st.sampled_from(["from 0", "from 1", "not at all", "same again"]),
    cap=st.integers(2, 5),
    order=st.randoms(use_true_random=False),
)
def test_however_a_list_is_paged_what_is_saved_is_not_absent(
    own: int,
    others: int,
    fresh: list[bool],
    fillers: int,
    *,
    saved: bool,
    identified: bool,
    paged: str,
    cap: int,
    order: Random,
) -> None:
    """With identifiers and pages that work the answer is known; else it may not be.

    Nor may it where an equal one was saved only now: the list may show it, or not yet.
    """
    equal = others + sum(fresh) + (own if saved else 0)
    shown = [{"id": 9}] * equal + [{"id": at % 3} for at in range(fillers)]
    shown = [{**one, "uid": at} if identified else one for at, one in enumerate(shown)]
    order.shuffle(shown)

    def listed(query: dict[str, str]) -> list[Record]:
        size, page = min(cap, int(query["size"])), int(query["page"])
        if paged == "not at all":
            return shown
        at = {"from 0": page, "from 1": page - 1, "same again": 0}[paged] * size
        return shown[at : at + size] if at >= 0 else []

    operation = Operation("list", "GET", "/", "read")
    listing = Listing(operation, {"of": "of"}, ("id",), "page", ("size", 100))
    bodies, before = [b'{"id": 9, "of": "me"}'] * own, dict.fromkeys(range(own), others)
    questions = Asking(listing).was_applied(bodies, (), lambda _: others + len(fresh), before)
    query = next(questions)
    with pytest.raises(StopIteration) as end:
        while True:
            query = questions.send(listed(dict(query)))
    answer = end.value.value
    assert answer in (saved, None)
    if identified and paged != "same again" and not fresh:
        assert answer is saved


@pytest.mark.parametrize(
    ("sent", "found", "near"),
    [
        (12.3456, 12.35, True),
        (12.3456, 12.34, True),
        (12.9, 12, True),
        (12.35, 12.4, True),
        (12.3, 12.5, False),
        (5, 6, False),
        (5, 5.0, True),
        ("0012", "12", True),
        ("12", "13", False),
        ("Tromsø", "Troms\u00f8", True),
        ("Ås", "A\u030as", True),
        ("Ås", "Os", False),
    ],
)
def test_a_value_that_may_be_written_otherwise_is_no_proof_of_absence(
    sent: object, found: object, near: bool
) -> None:
    """A database may round a number, drop the first zeros of a code, or decompose a letter."""
    assert _near(sent, found) is near
