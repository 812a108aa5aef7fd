"""A receipt says about each record what became of it, and which identifier Sdir gave it."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from sdir_async import RecordOutcome, UploadReport
from sdir_async.upload.receipts import Receipt, Uids, in_order, uids_in
from tests.upload.server import UNKNOWN, Register, bad, client, record
from tests.virtual import run

if TYPE_CHECKING:
    from pathlib import Path

ONE = "3fa85f64-5717-4562-b3fc-2c963f66afa6"


@given(st.lists(st.uuids().map(str) | st.text(max_size=40), max_size=9))
def test_identifiers_are_kept_as_they_were(given_uids: list[str]) -> None:
    """UUIDs are packed into 16 bytes; anything else stays text."""
    uids = Uids(given_uids)
    assert list(uids) == given_uids
    assert list(pickle.loads(pickle.dumps(uids))) == given_uids


def test_a_uuid_in_another_spelling_is_not_changed() -> None:
    """Packing would lose capitals and missing hyphens."""
    for one in (ONE.upper(), ONE.replace("-", ""), f"{{{ONE}}}"):
        assert list(Uids([one])) == [one]
    assert Uids([ONE]).packed == UUID(ONE).bytes


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ([{"uid": ONE}, {"uid": ONE}], [ONE, ONE]),
        ([{"uid": 7}, {"uid": 8}], ["7", "8"]),
        ([{"uid": ONE, "part": {"uid": "x"}}, {"uid": ONE}], [ONE, ONE]),
        ([{"name": f'"uid":"{ONE}"', "uid": ONE}, {"uid": "é"}], [ONE, "é"]),
        ([{"uid": ONE}, {}], []),
        ([{"part": {"uid": ONE}}, {"part": {"uid": ONE}}], []),
        ([{"uid": ONE, "part": {"uid": ONE}}, {}], []),
        ([{"uid": ONE, "part": {"uid": ONE}}], []),
        ([{"uid": ONE}], []),
        ({"uid": ONE}, []),
    ],
)
def test_identifiers_are_taken_only_if_each_record_has_one(answer: Any, found: list[str]) -> None:
    """Two records were sent: the answer has two, or none is believed."""
    assert list(uids_in(orjson.dumps(answer), "uid", 2)) == found


@pytest.mark.parametrize("answer", [b"", b"  ", b"[{", b"<html>"])
def test_an_answer_that_is_not_json_has_no_identifiers(answer: bytes) -> None:
    """An update can be answered with nothing at all."""
    assert list(uids_in(answer, "uid", 1)) == []
    assert list(uids_in(b'[{"uid": "x"}]', None, 1)) == []


@given(st.lists(st.sampled_from("ab"), max_size=20))
def test_receipts_are_put_in_order(owners: list[str]) -> None:
    """Whichever requests were answered first, the rows come as in the input."""
    places = {one: [at for at, owner in enumerate(owners) if owner == one] for one in "ab"}
    receipts = [Receipt(found, 1.0, Uids(map(str, found))) for found in places.values()]
    assert list(in_order(receipts)) == [(at, str(at), 1.0) for at in range(len(owners))]


def _uid(number: int) -> str:
    return f"00000000-0000-4000-8000-{record(number)['personalIdentityNumber'][4:]:0>12}"


async def _upload(register: Register, records: list[Any], **options: Any) -> UploadReport:
    async with client(register) as sdir:
        options = {"check": False, "chunk_size": 2, "concurrency": 1, **options}
        return await sdir.course.v1.upload(records, **options)


def test_each_record_has_a_row() -> None:
    """Accepted records have the identifier and the time, rejected ones neither."""
    report = run(_upload(Register(), [record(0), bad(1), record(2), bad(3)]))
    rows = list(report.rows())
    assert [(one.index, one.state, one.uid) for one in rows] == [
        (0, "accepted", _uid(0)),
        (1, "rejected", None),
        (2, "accepted", _uid(2)),
        (3, "rejected", None),
    ]
    assert all((one.time is not None) == (one.state == "accepted") for one in rows)
    assert [one.uid for one in pickle.loads(pickle.dumps(report)).rows()] == [
        one.uid for one in rows
    ]


def test_what_is_not_accepted_has_its_state() -> None:
    """A record in doubt and one that was not read to its end are told apart."""
    lost = next(fate for fate in UNKNOWN if fate.name == "lost connection, after")
    report = run(_upload(Register(fates=[lost]), [record(0), record(1)], reconcile=None))
    assert list(report.rows()) == [RecordOutcome(0, "in_doubt"), RecordOutcome(1, "in_doubt")]
    report = UploadReport(accepted=1, in_doubt=1, unsent=2, doubts=(range(3, 4),))
    report = evolve(report, remaining=(range(2),))
    states = [one.state for one in report.rows()]
    assert states == ["unsent", "unsent", "accepted", "in_doubt"]


def test_a_record_that_was_found_by_asking_has_no_identifier() -> None:
    """Its answer was lost; the time is that of the request."""
    lost = next(fate for fate in UNKNOWN if fate.name == "lost connection, after")
    report = run(_upload(Register(fates=[lost]), [record(0), record(1), record(2)]))
    assert [one.uid for one in report.rows()] == [None, None, _uid(2)]
    assert None not in [one.time for one in report.rows()]


def test_a_receipt_is_whole_after_an_upload_that_went_on(tmp_path: Path) -> None:
    """What an earlier run sent has the identifier and the time of then."""
    records = [record(0), bad(1), record(2), record(3), record(4)]
    journal = tmp_path / "journal"
    first = run(_upload(Register(), records, journal=journal))
    again = Register()
    second = run(_upload(again, records, journal=journal))
    assert again.batches == []
    assert list(second.rows()) == list(first.rows())
    assert [one.uid for one in second.rows()] == [_uid(0), None, _uid(2), _uid(3), _uid(4)]


def test_a_journal_keeps_identifiers_as_they_were() -> None:
    """UUIDs as digits alone, anything else as text."""
    assert Uids([ONE]).written() == ONE.replace("-", "")
    for uids in (Uids([ONE, ONE]), Uids(["7", "x"]), Uids()):
        assert Uids.read(uids.written()) == uids


def test_a_number_of_a_person_is_never_taken_for_an_identifier() -> None:
    """A server that leaves out the identifier may have a field of that name further down."""
    answer = orjson.dumps([{"person": {"id": "41814061033"}}, {"person": {"id": "41810021827"}}])
    assert list(uids_in(answer, "id", 2)) == []


_UUIDS = [f"{number:08x}-0000-4000-8000-00000000abcd" for number in range(4)]
_DEEP: object = {"uid": _UUIDS[2]}
for _ in range(6):
    _DEEP = {"in": [_DEEP, {}]}


@pytest.mark.parametrize("spaced", [False, True])
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"a": {}, "b": {"c": {"d": {}}}, "e": [{"f": 1}, {"f": 2}]},
        {"name": "}{"},
        {"name": "{"},
        {"name": '"uid":"'},
        {"ship": {"uid": _UUIDS[2]}},
        {"ships": [{"uid": _UUIDS[2]}, {"uid": _UUIDS[3]}]},
        {"deep": _DEEP},
    ],
)
def test_identifiers_are_those_of_the_records_themselves(more: Any, *, spaced: bool) -> None:
    """However a record is nested, it has the identifier that parsing the answer finds, or none."""
    own = [{"uid": one} for one in _UUIDS[:2]]
    first, last = [{**one, **more} for one in own], [{**more, **one} for one in own]
    for saved in (first, last, [first[0], own[1]], [more, last[1]], [more, more], [more], own[:1]):
        answer = json.dumps(saved).encode() if spaced else orjson.dumps(saved)
        found = list(uids_in(answer, "uid", 2))
        wanted = [one.get("uid") for one in saved]
        assert found == ([] if None in wanted or len(saved) != 2 else wanted)
