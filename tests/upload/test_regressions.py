"""What once went wrong, or would go wrong easily."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sdir_async import ConfigurationError, JournalError, RetryPolicy, UploadReport
from tests.upload.server import UNKNOWN, Fate, Record, Register, bad, client, record
from tests.upload.test_faults import judge
from tests.virtual import run

BEFORE = next(fate for fate in UNKNOWN if fate.name == "lost connection, before")
AFTER = next(fate for fate in UNKNOWN if fate.name == "lost connection, after")
FORBIDDEN = Fate("403", False, lambda _: httpx.Response(403))


def records(count: int) -> list[Record]:
    return [record(at) for at in range(count)]


async def upload(register: Register, given: Any, **options: Any) -> UploadReport:
    policy = options.pop("retry", RetryPolicy())
    async with client(register, retry=policy) as sdir:
        return await sdir.course.v1.upload(given, **{"check": False, **options})


# Ends


def test_leaving_the_loop_ends_the_upload_soon() -> None:
    """Without a block and long before the Sdir is closed."""

    async def main() -> None:
        register = Register(latency=1.0)
        async with client(register) as sdir:
            async for _ in sdir.course.v1.upload(records(900), chunk_size=10, check=False):
                break
            await asyncio.sleep(0.5)
            assert asyncio.all_tasks() == {asyncio.current_task()}
            assert len(register.saved) <= 80

    run(main())


def test_a_consumer_that_is_cancelled_ends_its_upload() -> None:
    """The loop is left by cancellation, too."""

    async def main() -> None:
        register = Register(latency=1.0)
        async with client(register) as sdir:

            async def consume() -> None:
                async for _ in sdir.course.v1.upload(records(900), chunk_size=10, check=False):
                    pass

            consumer = asyncio.create_task(consume())
            await asyncio.sleep(1.5)
            consumer.cancel()
            await asyncio.wait([consumer])
            del consumer
            gc.collect()
            await asyncio.sleep(0.5)
            assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main())


def test_awaiting_an_upload_whose_loop_stopped_taking() -> None:
    """Whoever took one outcome and then awaits gets the report."""

    async def main() -> None:
        async with client(Register()) as sdir:
            upload = sdir.course.v1.upload(records(300), chunk_size=10, check=False)
            outcomes = aiter(upload)
            await anext(outcomes)
            assert (await upload).accepted == 300

    run(main())


async def cancelled_source() -> AsyncIterator[Record]:
    for one in records(25):
        yield one
    raise asyncio.CancelledError


def test_a_cancellation_out_of_the_input_is_no_end_of_the_input() -> None:
    """The source's own cancellation is raised, and not taken as its end."""

    async def main() -> UploadReport:
        async with client(Register()) as sdir:
            upload = sdir.course.v1.upload(cancelled_source(), chunk_size=10, check=False)
            with pytest.raises(asyncio.CancelledError):
                await upload
            return upload.report

    report = run(main())
    assert (report.accepted, report.unsent) == (20, 5)


def test_a_failed_upload_fails_again() -> None:
    """Awaiting it a second time does not make it a success."""

    async def main() -> None:
        async with client(Register(fates=[FORBIDDEN])) as sdir:
            upload = sdir.course.v1.upload(records(5), check=False)
            for _ in range(2):
                with pytest.raises(Exception, match="403"):
                    await upload

    run(main())


class Outcome(BaseException):
    """As test frameworks have them."""


def test_a_base_exception_arrives_as_it_is() -> None:
    """Not in a group."""

    def fail(_: object) -> None:
        raise Outcome

    with pytest.raises(Outcome):
        run(upload(Register(), records(5), progress=fail))


def test_a_generator_is_closed_in_the_end() -> None:
    """Whatever ended the upload, the input's own clean-up has run, and was not disturbed."""
    closed = []

    def source() -> Iterator[Record]:
        try:
            yield from records(500)
        finally:
            closed.append("sync")

    class Source:
        async def __aiter__(self) -> AsyncIterator[Record]:
            try:
                for one in records(500):
                    yield one
            finally:
                await asyncio.sleep(1)
                closed.append("async")

    for given in (source(), Source()):
        with pytest.raises(Exception, match="403"):
            run(upload(Register(fates=[FORBIDDEN] * 9), given, chunk_size=10, concurrency=3))
    assert closed == ["sync", "async"]


def test_a_deadline_bounds_the_users_own_question() -> None:
    """Whoever never answers doesn't know."""

    async def never(_: list[Any]) -> bool | None:
        await asyncio.sleep(1e6)
        return True

    report = run(upload(Register(fates=[AFTER]), records(5), reconcile=never, deadline=60))
    assert (report.in_doubt, report.seconds) == (5, 60.0)


# Answers


def test_a_2xx_that_is_no_list_of_records_is_not_believed() -> None:
    """A maintenance notice with status 200 saves nothing; the register is asked."""
    notice = Fate("notice", False, lambda _: httpx.Response(200, json={"status": "maintenance"}))
    register = Register(fates=[Fate("normal"), notice])
    report = run(upload(register, records(10), chunk_size=5, concurrency=1))
    assert (report.accepted, register.batches, len(register.saved)) == (10, [5, 5, 5], 10)


def test_notices_for_ever_end_the_upload() -> None:
    """And not in an endless loop."""
    notice = Fate("notice", False, lambda _: httpx.Response(200, json={"status": "maintenance"}))
    with pytest.raises(Exception, match="status 200") as caught:
        fates = [Fate("normal"), *[notice] * 99]
        run(upload(Register(fates=fates), records(2), chunk_size=1, concurrency=1))
    assert caught.value.report.unsent == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("spelling", ["capitals", "seconds", "small pages"])
def test_a_server_that_writes_differently(spelling: str) -> None:
    """Codes in capitals, moments with fewer digits, smaller pages: the record is there."""

    class Writing(Register):
        def _list(self, request: httpx.Request) -> httpx.Response:
            if spelling == "small pages":
                request.url = request.url.copy_set_param("pageSize", "100")
            answer = super()._list(request)
            items = answer.json()
            for item in items:
                if spelling == "capitals":
                    item["courseCode"] = f" {item['courseCode'].upper()} "
                if spelling == "seconds":
                    item["completedAt"] = "2025-03-24T18:32:25Z"
            return httpx.Response(200, json=items)

    given = [
        {**record(0), "courseCode": "hsclc", "completedAt": "2025-03-24T18:32:25.123456+00:00"}
    ]
    others = [{**record(0), "courseCode": f"C{at}"} for at in range(130)]
    register = Writing(fates=[AFTER], saved=others)
    report = run(upload(register, given))
    assert (report.accepted, register.batches) == (1, [1])


def test_equal_records_in_halves_of_a_chunk() -> None:
    """What the first half saved does not vouch for the second one."""
    one = record(0)
    size = len(httpx.Response(200, json=one).content)
    register = Register(largest=size + 30, fates=[Fate("normal"), BEFORE])
    report = run(upload(register, [one, one]))
    assert (report.accepted, len(register.saved)) == (2, 2)


# Search


def test_one_bad_record_in_each_chunk_costs_two_requests_each() -> None:
    """Also when many chunks are refused at once: that alone is no reason for suspicion."""
    given = [bad(at) if at % 500 == 250 else record(at) for at in range(4000)]
    report = run(upload(Register(latency=0.1), given))
    assert (report.rejected, report.requests) == (8, 16)


def test_small_chunks_that_all_fail_alike_stop_early_too() -> None:
    """It is the input that is large, not the chunk."""
    register = Register(naming="none")
    with pytest.raises(Exception, match="Bad request") as caught:
        run(upload(register, [bad(at) for at in range(5000)], chunk_size=50))
    assert caught.value.report.requests < 40  # type: ignore[attr-defined]


def test_a_search_that_has_to_wait_lets_others_search() -> None:
    """A chunk whose answer was lost sleeps without holding up the rest."""

    async def main() -> None:
        given = [bad(at) if at % 100 == 5 else record(at) for at in range(800)]
        lost = [Fate("normal")] * 8 + [BEFORE]
        register = Register(naming="none", fates=lost, latency=0.1)
        async with client(register) as sdir:
            task = asyncio.ensure_future(sdir.course.v1.upload(given, chunk_size=100, check=False))
            await asyncio.sleep(25)
            assert len(register.saved) > 500
            assert (await task).accepted == 792

    run(main())


# Journal


@pytest.mark.parametrize("reconcile", ["list", None])
def test_what_was_certainly_not_saved_is_sent_by_the_next_run(
    tmp_path: Path, reconcile: Any
) -> None:
    """The journal remembers that a refusal was a refusal, and nobody has to be asked."""
    register = Register(fates=[FORBIDDEN] * 9)
    options = {"journal": tmp_path / "j", "chunk_size": 10, "reconcile": reconcile}
    with pytest.raises(Exception, match="403"):
        run(upload(register, records(40), **options))
    register.fates = iter(())
    report = run(upload(register, records(40), **options))
    assert (report.accepted, register.asked) == (40, 0)
    judge(register, records(40), report)


def test_what_an_earlier_run_saved_is_never_called_unsent(tmp_path: Path) -> None:
    """Neither when the new run ends before it comes to it, nor when it ends while telling of it."""
    register = Register(fates=[Fate("normal")] * 2 + [AFTER])
    options: dict[str, Any] = {"journal": tmp_path / "j", "chunk_size": 5, "reconcile": None}
    first = run(upload(register, records(15), concurrency=1, **options))
    assert (first.accepted, first.in_doubt) == (10, 5)

    def fail(_: object) -> None:
        raise Outcome

    def broken() -> Iterator[Record]:
        yield from records(13)
        raise Outcome

    for given, more in ((records(15), {"progress": fail}), (broken(), {})):
        with pytest.raises(Outcome) as caught:
            run(upload(register, given, concurrency=1, **options, **more))
        report = caught.value.report  # type: ignore[attr-defined]
        saved = {at for at in range(15) if at < 10}
        unsent = {at for rest in report.remaining for at in rest}
        assert not unsent & (saved | set(range(10, 13)))


def test_an_update_in_doubt_stays_in_doubt(tmp_path: Path) -> None:
    """A later refusal says nothing about an earlier request whose answer was lost."""

    def lose(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("", request=request)

    lost = httpx.MockTransport(lose)
    refused = httpx.MockTransport(lambda _: httpx.Response(403))
    uid = "e21a0166-909a-4c7d-9f7e-4cb89404c4f7"

    async def update(transport: httpx.AsyncBaseTransport) -> UploadReport:
        from sdir_async import Sdir

        http = httpx.AsyncClient(transport=transport)
        async with Sdir("key", http_client=http, retry=RetryPolicy(attempts=2)) as sdir:
            task = sdir.additional_competence.v1.upload(
                [{"uid": uid}], operation="update", check=False, journal=tmp_path / "j"
            )
            with pytest.raises(Exception, match=r"ReadError|403"):
                await task
            return task.report

    assert run(update(lost)).in_doubt == 1
    assert run(update(refused)).in_doubt == 1


def test_a_doubt_that_is_resolved_in_halves_is_resolved_for_good(tmp_path: Path) -> None:
    """The next runs don't find the whole and its halves in the journal."""
    options: dict[str, Any] = {"journal": tmp_path / "j"}
    register = Register(fates=[Fate("normal"), BEFORE])
    first = run(
        upload(register, records(20), chunk_size=10, concurrency=1, reconcile=None, **options)
    )
    assert first.in_doubt == 10
    register.largest = 700
    for _ in range(3):
        report = run(upload(register, records(20), chunk_size=10, concurrency=1, **options))
        assert (report.accepted, len(register.saved)) == (20, 20)


def test_a_journal_cut_anywhere_is_refused(tmp_path: Path) -> None:
    """With a clear error, and without a request."""
    journal = tmp_path / "j"
    run(upload(Register(), records(40), journal=journal, chunk_size=3))
    whole = journal.read_bytes()
    for length in range(0, len(whole), 509):
        journal.write_bytes(whole[:length])
        register = Register()
        with pytest.raises(JournalError):
            run(upload(register, records(40), journal=journal))
        assert register.batches == []


@pytest.mark.parametrize("name", ["Connor O'Connor", "Ola Nordmann", "«Kari»"])
def test_no_words_about_a_person_are_in_the_journal(tmp_path: Path, name: str) -> None:
    """Whatever the server says about a record, and in whatever field."""

    class Naming(Register):
        def _refusal(self, records: list[Record]) -> httpx.Response | None:
            named = super()._refusal(records)
            said = f"{name}, born 18.06.1981, is unknown."
            errors = {"errors": {f"[0].Extra['{name}']": [said]}}
            return named and httpx.Response(400, json=errors)

    journal = tmp_path / "j"
    for _ in range(2):
        report = run(upload(Naming(), [bad(0)], journal=journal))
        assert report.rejected == 1
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for word in (*name.split(), "18.06.1981"):  # the year alone can be in a digest
        assert word.encode() not in content


# Settings and records


@pytest.mark.parametrize(
    "options",
    [
        {"concurrency": 1.5},
        {"chunk_size": 0},
        {"chunk_bytes": -1},
        {"reconcile": "lst"},
        {"reconcile": True},
        {"on_rejected": "ignore"},
        {"deadline": 0},
        {"deadline": float("nan")},
    ],
    ids=str,
)
def test_parameters_that_make_no_sense(options: dict[str, Any]) -> None:
    """They are refused before anything is read."""
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        run(upload(Register(), records(5), **options))


def test_bytes_that_hold_two_records_without_the_check() -> None:
    """One record of bytes can't shift the places of the others, checked or not.

    They are looked at when Sdir refuses them, before the places that it names are believed.
    """
    two = b'{"courseCode":"x"},{"courseCode":"BAD","personalIdentityNumber":"41814061033"}'
    good = httpx.Response(200, json=record(1)).content
    register = Register()
    report = run(upload(register, [good, two, good]))
    assert [rejection.index for rejection in report.rejections] == [1]
    assert (report.accepted, register.batches) == (2, [4, 2])


@pytest.mark.parametrize("before", [0, 1])
def test_a_huge_record_does_not_wait_for_the_next_one(before: int) -> None:
    """It fills its chunk alone, and whatever was taken before it goes first."""

    async def slow() -> AsyncIterator[Record]:
        for one in records(before):
            yield one
        yield {**record(before), "comment": "x" * 5000}
        await asyncio.sleep(3600)
        yield record(before + 1)

    async def main() -> None:
        register = Register()
        async with client(register) as sdir:
            task = asyncio.ensure_future(
                sdir.course.v1.upload(slow(), chunk_bytes=2000, check=False)
            )
            await asyncio.sleep(1)
            assert len(register.saved) == before + 1
            await task

    run(main())


def test_no_person_in_the_reprs_of_what_is_under_way() -> None:
    """Tracebacks may show local variables."""
    from sdir_async.document import Operation
    from sdir_async.wire import Answer

    from ..scripted import call_of

    operation = Operation("list", "GET", "/x", "read")
    person = "41814061033"
    shown = repr(call_of(operation, "http://x", (("personId", person),), body=person.encode()))
    assert person not in shown + repr(Answer(200, {"x": person}, person.encode()))
