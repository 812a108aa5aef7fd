"""Too large is found out once, and remembered."""

from __future__ import annotations

import httpx
import pytest

from sdir_async import Sdir, UploadReport
from tests.upload.server import Fate, Record, Register, client, record
from tests.virtual import run

ONE = len(b'{"personalIdentityNumber":"01810000000","completedAt":"2025-03-24T18:32:25+00:00",')


def records(count: int) -> list[Record]:
    return [record(at) for at in range(count)]


def test_a_refused_size_is_halved_and_remembered() -> None:
    """After a 413 the chunk is sent in halves, and no later request of this Sdir is as large."""

    async def main() -> None:
        register = Register(largest=2_000)
        async with client(register) as sdir:
            first = await sdir.course.v1.upload(records(100), concurrency=1, check=False)
            assert first.accepted == 100
            tried = len(register.batches)
            second = await sdir.course.v1.upload(records(100), concurrency=1, check=False)
            assert second.requests == len(register.batches) - tried
            assert second.requests <= 100 * (ONE + 60) / 1_000 + 1
        assert len(register.saved) == 200

    run(main())


def test_a_limit_that_was_lifted_is_found_out() -> None:
    """After a while of bodies that are taken a larger one is tried: it grows again."""

    async def main() -> None:
        register = Register(largest=2_000)
        async with client(register) as sdir:
            upload = sdir.course.v1.upload
            await upload(records(100), concurrency=1, chunk_size=20, check=False)
            assert max(register.batches[1:]) < 20
            register.largest = 30_000_000
            await upload(records(2_000), concurrency=1, chunk_size=20, check=False)
        assert register.batches[-2] == 20
        assert len(register.saved) == 2_100

    run(main())


def test_a_single_record_too_large_is_rejected_with_its_size() -> None:
    """Others continue; the one that no request can hold is named."""

    async def main() -> UploadReport:
        huge = {**record(7), "comment": "x" * 5_000}
        async with client(Register(largest=2_000)) as sdir:
            return await sdir.course.v1.upload([*records(5), huge], check=False)

    report = run(main())
    assert (report.accepted, [rejection.index for rejection in report.rejections]) == (5, [5])
    size = len(httpx.Response(200, json=report.rejections[0].record).content)
    assert f"too large for Sdir: {size} bytes" in str(report.rejections[0])


def test_each_record_too_large_is_sent_once_and_no_more() -> None:
    """What was refused of one record is no reason to leave out another of its size."""

    async def main() -> None:
        register = Register(largest=2_000)
        async with client(register) as sdir:
            huge = [{**record(at), "comment": "x" * 5_000} for at in range(2)]
            report = await sdir.course.v1.upload([*huge, record(2)], chunk_size=2, check=False)
        assert ([one.index for one in report.rejections], report.accepted) == ([0, 1], 1)
        assert sorted(register.batches) == [1, 1, 1, 2]

    run(main())


def test_what_is_known_to_be_too_large_is_not_tried() -> None:
    """Also where it is two records of a chunk that was cut before."""

    async def main() -> None:
        register = Register(largest=ONE + 100)
        async with client(register) as sdir:
            report = await sdir.course.v1.upload(records(4), check=False)
        assert (report.accepted, len(register.saved)) == (4, 4)
        assert register.batches.count(2) <= 1

    run(main())


@pytest.mark.parametrize("text", ["x", "ø", "😀"])
def test_the_limit_counts_bytes_of_the_real_body(text: str) -> None:
    """chunk_bytes counts UTF-8, brackets and commas included."""
    sizes: list[int] = []

    class Measuring(Register):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            sizes.append(len(await request.aread()))
            return await Register.handle_async_request(self, request)

    async def main() -> None:
        async with client(Measuring()) as sdir:
            given = [{**record(at), "comment": text * (at % 37)} for at in range(200)]
            report = await sdir.course.v1.upload(given, chunk_bytes=3_000, check=False)
            assert report.accepted == 200

    run(main())
    assert max(sizes) <= 3_000
    assert sorted(sizes)[1] > 2_000, "all but the last chunk are nearly full"


def test_a_connection_reset_while_a_large_body_is_sent() -> None:
    """The peer can't have read all of it: the halves are sent, and nobody is asked."""

    class Resetting(Register):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if int(request.headers.get("content-length", 0)) > 150_000:
                async for _ in request.stream:  # type: ignore[union-attr]
                    raise httpx.WriteError("", request=request)
            return await Register.handle_async_request(self, request)

    async def main() -> None:
        register = Resetting()
        async with client(register) as sdir:
            given = [{**record(at), "comment": "x" * 900} for at in range(200)]
            report = await sdir.course.v1.upload(given, check=False)
        assert (report.accepted, report.in_doubt) == (200, 0)
        assert register.asked == 0
        assert len(register.saved) == 200

    run(main())


def test_a_lost_answer_to_a_large_body_is_not_a_refused_size() -> None:
    """Once all of it was sent, a lost connection says nothing about its size."""

    async def main() -> None:
        def lost(request: httpx.Request) -> httpx.Response:
            raise httpx.ReadError("", request=request)

        register = Register(fates=[Fate("lost after", True, lost)])
        async with client(register) as sdir:
            given = [{**record(at), "comment": "x" * 900} for at in range(200)]
            report = await sdir.course.v1.upload(given, check=False)
        assert (report.accepted, len(register.saved)) == (200, 200)
        assert register.asked > 0

    run(main())


def test_the_limit_is_shared_by_all_uploads_of_a_client() -> None:
    """What one upload learnt, another one of the same Sdir needs not learn again."""

    async def main() -> None:
        register = Register(largest=2_000)
        sdir: Sdir
        async with client(register) as sdir:
            await sdir.course.v1.upload(records(50), check=False)
            before = len(register.batches)
            report = await sdir.course.v1.upload(records(50), check=False)
            assert report.requests == len(register.batches) - before
            assert report.accepted == 50
            assert [attempt for attempt in register.batches[before:] if attempt == 50] == []

    run(main())
