"""Issue 13, point 6: an upload stops where it should, and continues where it should."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from random import Random
from uuid import UUID

import httpx
import pytest

from sdir_async import RetryPolicy, Sdir, UploadReport
from tests.virtual import run

from .points import RIGHT, record, report_of, server, times
from .scenario import Record
from .wire import raw


def _refusing(said: str, *, after: int = 0) -> Callable[[list[Record]], bytes | None]:
    """Return what refuses all batches but the first, each with an identifier of its own."""
    chance, count = Random(1), itertools.count()

    def refuse(_: list[Record]) -> bytes | None:
        if next(count) < after:
            return None
        case = UUID(int=chance.getrandbits(128), version=4)
        return raw(400, {"title": said.format(uuid=case, hex=case.hex[:12]), "status": 400})

    return refuse


@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize("said", ["No right. Case {uuid}.", "No right (id {hex})."])
async def test_what_refuses_everything_stops_the_upload_early(said: str, after: int) -> None:
    """Reasons are the same whatever identifiers they hold, and one success is soon forgotten."""
    sdir = server()
    sdir.refuses = _refusing(said, after=after)
    report = await report_of(sdir, [record(number) for number in range(600)], chunk_size=100)
    assert sdir.requests <= 40
    assert report.accepted == 100 * after
    assert report.rejected < 20


async def test_a_single_record_that_is_too_large_bounds_no_other() -> None:
    """A firewall refuses one record for what it holds: the others are sent as before."""
    records = [record(number) for number in range(300)]
    sdir = server()
    sdir.refuses = lambda batch: raw(413) if records[70] in batch else None
    report = await report_of(sdir, records, chunk_size=50)
    assert (report.accepted, report.rejected) == (299, 1)
    assert sdir.requests <= 40


async def test_what_is_too_large_for_one_operation_is_not_for_another() -> None:
    """The largest body of a create says nothing about an update."""
    records = [record(number) for number in range(20)]
    sdir_server = server()
    sdir_server.refuses = lambda batch: raw(413) if batch == records[:1] else None
    async with (
        sdir_server.serving(),
        Sdir("key", base_url=sdir_server.url, transport="httpx") as sdir,
    ):
        upload = sdir.additional_competence.v2.upload
        report = await upload(records[:1], check=False)
        assert report.rejected == 1
        await upload(records, check=False, reconcile=None)
        before = sdir_server.requests
        updates = [one.record | {"uid": one.uid} for one in sdir_server.saved]
        report = await upload(updates, operation="update", check=False)
    assert report.accepted == len(updates) > 0
    assert sdir_server.requests - before == 1


async def test_an_update_that_is_too_slow_in_one_piece_is_halved() -> None:
    """The gateway gives up on 40 records at once, and not on 10."""
    records = [record(number, uid=str(UUID(int=number))) for number in range(40)]
    sdir = server(beforehand=records)
    sdir.refuses = lambda batch: raw(504) if len(batch) > 10 else None
    report = await report_of(sdir, records, chunk_size=40, operation="update")
    assert report.accepted == 40
    assert sdir.requests < 40


async def test_a_total_outage_stops_the_upload() -> None:
    """When several chunks in a row are lost and nothing comes through, the rest is unsent."""
    records = [record(number) for number in range(60)]
    sdir = server(itertools.chain([RIGHT], itertools.repeat(("504", "never"))))
    sdir._list_faults = itertools.repeat(("502", "never"))
    retry = RetryPolicy(attempts=3, first_wait=0.005, longest_wait=0.02, settle=0.05)
    report = await report_of(sdir, records, client={"retry": retry})
    assert times(sdir, records[0]) == [1]
    assert report.accepted == 1
    assert 0 < report.in_doubt <= 10
    assert (report.ended, report.accepted + report.in_doubt + report.unsent < 20) == ("error", True)
    assert sdir.requests < 100


class TurnsAway(httpx.AsyncBaseTransport):
    """Takes 10 ms for each request, and turns some away by chance, for a second."""

    def __init__(self, share: float, status: int) -> None:
        self.requests = self.turned_away = 0
        self._chance = Random(13)
        self._share = share
        self._status = status

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests += 1
        await asyncio.sleep(0.01)
        if self._chance.random() < self._share:
            self.turned_away += 1
            return httpx.Response(self._status, headers={"Retry-After": "1"})
        return httpx.Response(201, json=[])


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("share", [0.01, 0.03])
def test_a_server_that_turns_away_by_chance_costs_its_pauses_and_little_more(
    share: float, status: int
) -> None:
    """Of what the pauses alone would allow, at least 60 % is sent."""
    turning = TurnsAway(share, status)

    def records() -> Iterator[Record]:
        return map(record, range(2000))

    async def upload() -> UploadReport:
        client = httpx.AsyncClient(transport=turning)
        async with client, Sdir("key", http_client=client) as sdir:
            return await sdir.additional_competence.v2.upload(
                records(), chunk_size=1, check=False, deadline=1000
            )

    report = run(upload())
    assert report.accepted == 2000
    assert report.seconds <= (turning.turned_away * 1.0 + turning.requests * 0.01 / 8) / 0.6
