"""Issue 13, points 1 to 3: nothing is believed that was not seen."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from attrs import evolve

from .judge import RETRY
from .points import LOST, RIGHT, SAVED_AND_LOST, record, report_of, server, times
from .scenario import Lists
from .server import Fault

UNSEEN = [
    Lists(access="empty"),
    Lists(dates="without time"),
    Lists(dates="next second"),
    Lists(codes="number"),
]
WHEN = {"completedAt": "2025-03-24T18:32:25.600+00:00"}


@pytest.mark.parametrize("lists", UNSEEN, ids=str)
async def test_absence_counts_only_from_a_list_that_showed_a_saved_record(lists: Lists) -> None:
    """A chunk is in doubt where the list shows not even what was accepted before."""
    first, second = record(1, **WHEN), record(2, **WHEN)
    sdir = server([RIGHT, SAVED_AND_LOST], lists)
    report = await report_of(sdir, [first, second])
    assert times(sdir, first, second) == [1, 1]
    assert (report.accepted, report.in_doubt) == (1, 1)


async def test_a_list_that_counts_pages_from_0_is_understood() -> None:
    """Page 0 is asked for, too, before a record counts as absent."""
    first, second = record(1, **WHEN), record(2, **WHEN)
    sdir = server([RIGHT, SAVED_AND_LOST], Lists(pages="0"))
    report = await report_of(sdir, [first, second])
    assert times(sdir, first, second) == [1, 1]
    assert (report.accepted, report.in_doubt) == (2, 0)


async def test_absence_counts_only_once_something_is_known_to_be_saved() -> None:
    """A chunk is in doubt where nothing was accepted, since the list was never seen to work."""
    sdir = server([SAVED_AND_LOST], Lists(access="empty"))
    report = await report_of(sdir, [record(1)])
    assert times(sdir, record(1)) == [1]
    assert (report.accepted, report.in_doubt) == (0, 1)


@pytest.mark.parametrize(
    ("lists", "faults", "options", "why"),
    [
        (Lists(), [LOST], {}, "`witness`"),
        (Lists(access="empty"), [RIGHT, SAVED_AND_LOST], {}, "does not show"),
        (Lists(access="forbidden"), [RIGHT, SAVED_AND_LOST], {}, "could not be read"),
        (
            Lists(),
            [RIGHT, SAVED_AND_LOST],
            {"reconcile": None},
            "could not check whether",
        ),
    ],
)
async def test_the_report_says_why_records_are_in_doubt(
    lists: Lists, faults: list[Fault], options: dict[str, Any], why: str
) -> None:
    """It names what would help, once, and `str(report)` says it too."""
    records = [record(number) for number in range(len(faults))]
    report = await report_of(server(faults, lists), records, **options)
    assert (report.in_doubt, len(report.why_in_doubt)) == (1, 1)
    assert why in report.why_in_doubt[0]
    assert report.why_in_doubt[0] in str(report)


async def test_a_witness_that_the_user_names() -> None:
    """Each answer is lost, and nothing was accepted: the record that is known to be saved tells."""
    older, records = record(9), [record(1), record(2)]
    sdir = server([LOST, SAVED_AND_LOST, LOST, LOST], beforehand=[older])
    report = await report_of(sdir, records, witness=older)
    assert times(sdir, older, *records) == [1, 1, 1]
    assert (report.accepted, report.in_doubt) == (2, 0)


@pytest.mark.parametrize("lists", UNSEEN, ids=str)
async def test_a_witness_that_the_list_does_not_show(lists: Lists) -> None:
    """What the user says about the record does not make the list any better."""
    older = record(9, **WHEN)
    sdir = server([SAVED_AND_LOST], lists, beforehand=[older])
    report = await report_of(sdir, [record(1, **WHEN)], witness=older)
    assert times(sdir, record(1, **WHEN)) == [1]
    assert (report.accepted, report.in_doubt) == (0, 1)


async def test_a_chunk_waits_for_a_witness_that_comes_later() -> None:
    """The others continue meanwhile; when one of them shows that the list works, it is decided."""
    records = [record(number) for number in range(4)]
    sdir = server([SAVED_AND_LOST, LOST])
    report = await report_of(sdir, records)
    assert times(sdir, *records) == [1, 1, 1, 1]
    assert (report.accepted, report.in_doubt) == (4, 0)


async def test_absence_counts_from_a_list_that_showed_a_saved_record() -> None:
    """Where the list works, nothing is left in doubt."""
    records = [record(number) for number in range(3)]
    sdir = server([RIGHT, LOST, SAVED_AND_LOST], Lists(lag=0.05))
    report = await report_of(sdir, records)
    assert times(sdir, *records) == [1, 1, 1]
    assert (report.accepted, report.in_doubt) == (3, 0)


async def test_a_record_that_is_found_but_differs_is_no_absence() -> None:
    """The list rounds moments: the witness looks as it was sent, and the lost record does not."""
    first, second = record(1), record(2, **WHEN)
    sdir = server([RIGHT, SAVED_AND_LOST], Lists(dates="next second"))
    report = await report_of(sdir, [first, second])
    assert times(sdir, first, second) == [1, 1]
    assert (report.accepted, report.in_doubt) == (1, 1)


async def test_a_record_does_not_vouch_for_its_equal_in_another_chunk() -> None:
    """Of two equal records one was saved, so that the other is known to be absent."""
    sdir = server([RIGHT, RIGHT, LOST])
    report = await report_of(sdir, [record(9), record(1), record(1)])
    assert times(sdir, record(1)) == [report.accepted - 1]


async def test_a_file_that_is_concatenated_with_itself() -> None:
    """Each half is saved once: what was accepted is there that often, and nothing is lost."""
    half = [record(number) for number in range(6)]
    sdir = server([RIGHT] * 6 + [LOST, RIGHT, LOST, RIGHT, LOST])
    report = await report_of(sdir, half * 2)
    assert sum(times(sdir, *half)) == report.accepted
    assert report.accepted + report.in_doubt == 12


async def test_a_record_that_leaves_a_field_out_is_not_vouched_for_by_one_that_has_it() -> None:
    """The list shows the one that was saved, and a comparison takes it for the other."""
    whole, bare = record(1, vesselImoNumber="9074729"), record(1)
    sdir = server([RIGHT, RIGHT, LOST])
    report = await report_of(sdir, [record(9), whole, bare])
    assert times(sdir, whole) == [1]
    assert times(sdir, bare) == [report.accepted - 2]


@pytest.mark.parametrize("lists", [Lists(pages="none"), Lists(pages="ignored", cap=3)], ids=str)
async def test_a_list_that_ignores_the_page_is_not_asked_again_and_again(lists: Lists) -> None:
    """The same page three times ends the asking."""
    others = [record(2, competenceCode=code) for code in ("MV", "BV", "BUNK3", "GOIGF")]
    sdir = server([RIGHT, LOST], lists, others)
    await report_of(sdir, [record(1), record(2)])
    assert sdir.requests < 20


async def test_a_record_on_a_page_that_comes_again_counts_once() -> None:
    """Two equal records were sent together, none was saved, and an equal one was there before."""
    equal = [record(1), record(1), record(2)]
    sdir = server([RIGHT, LOST], Lists(pages="ignored", cap=2), [record(1), record(2), record(2)])
    report = await report_of(sdir, [record(5), record(6), record(7), *equal], chunk_size=3)
    assert times(sdir, record(1)) in ([1], [3])
    assert report.accepted == (6 if times(sdir, record(1)) == [3] else 3)


@pytest.mark.parametrize("answer", ["500 empty", "500 custom"])
async def test_a_500_of_unknown_origin_is_an_unknown_fate(answer: str) -> None:
    """The backend may still be at work behind it, and save a little later."""
    fault: Fault = (answer, "late")
    sdir = server([RIGHT, fault])
    report = await report_of(sdir, [record(1), record(2)])
    assert times(sdir, record(1), record(2)) == [1, 1]
    assert report.accepted == 2


async def test_a_500_of_the_api_is_sent_again() -> None:
    """Problem details with a `traceId` are the API's own: nothing was saved, and no one waits."""
    sdir = server([RIGHT, ("500 own", "never")])
    patient = {"retry": evolve(RETRY, settle=3600.0)}
    async with asyncio.timeout(60):
        report = await report_of(sdir, [record(1), record(2)], client=patient)
    assert times(sdir, record(1), record(2)) == [1, 1]
    assert report.accepted == 2
