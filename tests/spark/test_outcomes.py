"""The tables beside the journals: one layout an upload, and what became of each bucket."""

from __future__ import annotations

import asyncio

import pytest
from local_postgres import LocalPostgres

from sdir_async import JournalError, JournalMismatch, Reason, Rejection, UploadReport
from sdir_async.spark.outcomes import Outcomes, outcome_of
from tests.postgres.conftest import dsn as dsn
from tests.postgres.conftest import server as server

LAYOUT = {"buckets": 8, "key": ["courseCode"]}
REPORT = UploadReport(accepted=5, rejected=1, in_doubt=2, requests=3, why_in_doubt=("Nobody.",))


def rejection(index: int, message: str) -> Rejection:
    return Rejection(index, (Reason(message, "courseCode"),), {"name": "Ola Nordmann"})


async def test_the_first_run_decides_on_the_buckets(dsn: str) -> None:
    """Also if several begin at once; other buckets would hold records that were sent already."""
    one, two, other = Outcomes(dsn, "u"), Outcomes(dsn, "u"), Outcomes(dsn, "v")
    await one.require_known({**LAYOUT, "buckets": 9})  # it is not begun
    await asyncio.gather(one.require(LAYOUT), two.require(LAYOUT))
    await other.require({**LAYOUT, "buckets": 9})
    for require in (two.require, two.require_known):
        with pytest.raises(JournalMismatch, match="begun with 8 buckets of courseCode, not with 9"):
            await require({**LAYOUT, "buckets": 9})


async def test_a_later_run_keeps_the_reasons_of_the_first(dsn: str) -> None:
    """It has other counts, and knows about a rejected record, but no longer why."""
    first = outcome_of(3, 10, REPORT)
    again = outcome_of(3, 10, UploadReport(accepted=8, rejected=2))
    outcomes = Outcomes(dsn, "u")
    await outcomes.keep(first, [rejection(4, "No such code.")])
    assert await outcomes.all() == [first]
    await outcomes.keep(again, [rejection(4, "Earlier."), rejection(7, "Too long.")])
    assert await outcomes.all() == [again]
    assert sorted(await outcomes.rejected()) == [
        (3, 4, [("courseCode", "No such code.")]),
        (3, 7, [("courseCode", "Too long.")]),
    ]


async def test_no_rejected_record_is_left_out(dsn: str) -> None:
    """However many they are; beyond the first 10,000 of a bucket the reasons are."""
    outcomes = Outcomes(dsn, "u")
    await outcomes.keep(
        outcome_of(0, 10_002, REPORT), [rejection(at, "No.") for at in range(10_002)]
    )
    found = {position: reasons for _, position, reasons in await outcomes.rejected()}
    assert found.keys() == {*range(10_002)}
    assert (found[9_999], found[10_000]) == ([("courseCode", "No.")], [])


def test_what_was_not_read_is_unsent() -> None:
    """The size of a bucket is known before it is read."""
    assert outcome_of(3, 10, REPORT).unsent == 2


async def test_no_record_is_in_the_database(dsn: str, server: LocalPostgres) -> None:
    """Only places, fields and reasons."""
    await Outcomes(dsn, "u").keep(outcome_of(0, 9, REPORT), [rejection(0, "No such code.")])
    assert "Nordmann" not in str(server.execute("SELECT * FROM sdir_bucket", dsn))


async def test_a_database_that_is_not_there_is_an_error_of_ours() -> None:
    """It says what to do; nothing is sent without it."""
    with pytest.raises(JournalError, match=r"can't be used.*Write the same rows again"):
        await Outcomes("postgresql://sdir@127.0.0.1:1/x", "u").all()
