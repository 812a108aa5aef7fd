"""The input is read as it is sent, and whoever is interested hears about it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import attrs
import httpx
import pytest

from sdir_async import RetryPolicy, Snapshot, UploadReport
from tests.upload.server import UNKNOWN, Fate, Record, Register, bad, client, pulled, record
from tests.virtual import run


def records(count: int) -> list[Record]:
    return [record(at) for at in range(count)]


@pytest.mark.parametrize("concurrency", [1, 2, 5])
def test_the_input_is_read_no_further_than_needed(concurrency: int) -> None:
    """While the server takes its time, at most concurrency + 1 chunks are read ahead."""

    async def main() -> None:
        register, taken = Register(latency=10.0), [0]
        async with client(register) as sdir:
            upload = asyncio.ensure_future(
                sdir.course.v1.upload(
                    pulled(records(1000), taken),
                    chunk_size=10,
                    concurrency=concurrency,
                    check=False,
                )
                .__aiter__()
                .__anext__()
            )
            for second in range(9):
                await asyncio.sleep(1)
                assert register.saved == [], second
                assert taken[0] <= (concurrency + 1) * 10
            assert register.in_flight == concurrency
            upload.cancel()

    run(main())


def test_a_slow_reader_of_outcomes_slows_the_upload() -> None:
    """Outcomes that nobody takes don't pile up without end."""

    async def main() -> None:
        register, taken = Register(), [0]
        async with client(register) as sdir:
            outcomes = aiter(
                sdir.course.v1.upload(
                    pulled(records(1000), taken), chunk_size=10, concurrency=2, check=False
                )
            )
            await anext(outcomes)
            await asyncio.sleep(100)
            assert taken[0] <= 80

    run(main())


def test_a_slow_source_does_not_hold_back_full_chunks() -> None:
    """A chunk is sent when it is full, though the next record is an hour away."""

    async def slow() -> AsyncIterator[Record]:
        for at in range(10):
            yield record(at)
        await asyncio.sleep(3600)
        yield record(10)

    async def main() -> None:
        register = Register()
        async with client(register) as sdir:
            upload = asyncio.ensure_future(
                sdir.course.v1.upload(slow(), chunk_size=10, check=False)
            )
            await asyncio.sleep(1)
            assert len(register.saved) == 10
            assert (await upload).accepted == 11

    run(main())


def test_an_async_source_is_read_to_its_end() -> None:
    """Sync and async inputs give the same report."""

    async def source() -> AsyncIterator[Record]:
        for one in records(25):
            await asyncio.sleep(0.01)
            yield one

    async def main() -> None:
        register = Register()
        async with client(register) as sdir:
            report = await sdir.course.v1.upload(source(), chunk_size=10, check=False)
        assert (report.accepted, report.requests) == (25, 3)

    run(main())


@pytest.mark.parametrize("input_", [[], iter(())], ids=["list", "iterator"])
def test_an_empty_input_sends_nothing(input_: list[Record]) -> None:
    """No records, no requests."""

    async def main() -> None:
        register = Register()
        async with client(register) as sdir:
            assert await sdir.course.v1.upload(input_) == UploadReport(ended="complete")
        assert register.batches == []

    run(main())


def test_progress_is_told_in_frozen_snapshots() -> None:
    """The counts only grow, end at the report's, and can't be changed by whoever gets them."""
    seen: list[Snapshot] = []

    async def main() -> UploadReport:
        async with client(Register()) as sdir:
            return await sdir.course.v1.upload(
                records(95), chunk_size=10, check=False, progress=seen.append
            )

    report = run(main())
    assert [one.accepted for one in seen] == sorted(one.accepted for one in seen)
    assert (seen[-1].accepted, seen[-1].requests) == (report.accepted, report.requests) == (95, 10)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        seen[0].accepted = 1  # type: ignore[misc]


def test_the_saved_records_come_with_their_chunk() -> None:
    """What Sdir saved is parsed when asked for, in the order of the accepted records."""

    async def main() -> None:
        async with client(Register()) as sdir:
            given = [record(0), record(1, "BAD"), record(2)]
            async for chunk in sdir.course.v1.upload(given, check=False):
                persons = [one.personal_identity_number for one in chunk.saved]
                assert persons == [
                    given[0]["personalIdentityNumber"],
                    given[2]["personalIdentityNumber"],
                ]
                assert [attempt.result for attempt in chunk.attempts] == ["400", "201"]

    run(main())


def test_a_chunk_that_was_found_by_asking_has_nothing_saved_to_show() -> None:
    """Its answer was lost; a chunk without a good record has its own state."""

    async def main() -> None:
        lost = next(fate for fate in UNKNOWN if fate.name == "lost connection, after")
        register = Register(fates=[lost])
        async with client(register) as sdir:
            upload = sdir.course.v1.upload(
                [record(0), record(1), bad(2), bad(3)], chunk_size=2, concurrency=1, check=False
            )
            seen = [(chunk.indexes, chunk.state, chunk.saved) async for chunk in upload]
        assert sorted(seen, key=lambda one: one[0][0]) == [
            (range(2), "accepted", []),
            ([2, 3], "rejected", []),
        ]

    run(main())


def test_an_empty_success_is_one() -> None:
    """A server need not repeat what it saved."""
    register = Register(fates=[Fate("201 empty", True, lambda _: httpx.Response(201))])

    async def main() -> None:
        async with client(register) as sdir:
            report = await sdir.course.v1.upload(records(3), check=False)
        assert (report.accepted, register.batches, register.asked) == (3, [3], 0)

    run(main())


def test_other_chunks_go_on_while_one_is_asked_about() -> None:
    """The wait for a backend that may finish late holds back one chunk, not the upload."""

    async def main() -> None:
        lost = next(fate for fate in UNKNOWN if fate.name == "lost connection, before")
        register = Register(fates=[lost])
        async with client(register) as sdir:
            upload = asyncio.ensure_future(
                sdir.course.v1.upload(records(100), chunk_size=10, concurrency=3, check=False)
            )
            await asyncio.sleep(20)
            assert len(register.saved) == 90
            assert (await upload).accepted == 100

    run(main())


def test_everyone_waits_when_the_server_says_so() -> None:
    """After a 429 no request of this Sdir starts before its Retry-After is over."""
    starts: list[float] = []

    def too_many(_: httpx.Request) -> httpx.Response:
        return httpx.Response(429, headers={"RETRY-AFTER": "30"})

    @attrs.define
    class Clocked(Register):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            starts.append(asyncio.get_running_loop().time())
            return await Register.handle_async_request(self, request)

    async def main() -> UploadReport:
        register = Clocked(fates=[Fate("normal")] * 3 + [Fate("429", False, too_many)], latency=0.1)
        async with client(register) as sdir:
            return await sdir.course.v1.upload(
                records(400), chunk_size=10, concurrency=4, check=False
            )

    assert run(main()).accepted == 400
    refused = 0.1
    assert not [start for start in starts if refused < start < refused + 30]
    after = sorted(start for start in starts if start >= refused + 30)
    assert after[3] - after[0] > 0.1, "they don't all start again at once"


def test_concurrency_is_the_most_at_once() -> None:
    """Never more requests at a time than asked for, and that many when there is work."""

    async def main() -> None:
        register = Register(latency=0.2)
        async with client(register) as sdir:
            await sdir.course.v1.upload(records(300), chunk_size=10, concurrency=5, check=False)
        assert register.most_in_flight == 5

    run(main())


def test_a_sleeping_database_is_waited_for() -> None:
    """The first calls fail for a minute; the upload continues with the default policy."""

    async def main() -> UploadReport:
        asleep = {"detail": "Database 'x' on server 'y' is not currently available. Please retry."}
        fates = [Fate("asleep", False, lambda _: httpx.Response(500, json=asleep))] * 4
        async with client(Register(fates=fates), retry=RetryPolicy()) as sdir:
            return await sdir.course.v1.upload(records(10), check=False)

    report = run(main())
    assert report.accepted == 10
    assert 45 <= report.seconds <= 90
