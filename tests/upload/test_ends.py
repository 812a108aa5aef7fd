"""However an upload ends, each record is in one state, and nothing is left running."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from sdir_async import ConfigurationError, RetryPolicy, Sdir, Snapshot, UploadReport
from sdir_async.transports.httpx import ClientTransport
from sdir_async.upload.journal import Journal
from tests.upload.server import UNKNOWN, Fate, Record, Register, bad, client, pulled, record
from tests.virtual import run

LOST_AFTER = next(fate for fate in UNKNOWN if fate.name == "lost connection, after")
LOST_BEFORE = next(fate for fate in UNKNOWN if fate.name == "lost connection, before")
ONCE = RetryPolicy(attempts=1)


def whole(report: UploadReport, read: int) -> None:
    """Check the invariant."""
    assert report.accepted + report.rejected + report.in_doubt + report.unsent == read
    assert report.in_doubt == sum(map(len, report.doubts))
    assert report.unsent == sum(map(len, report.remaining))


def nothing_runs() -> None:
    assert asyncio.all_tasks() == {asyncio.current_task()}


def records(count: int) -> list[Record]:
    return [record(at) for at in range(count)]


def test_cancellation_leaves_what_was_on_the_wire_in_doubt() -> None:
    """Cancelled at any moment, the report tells saved from doubtful from never sent."""

    async def cancelled_after(seconds: float) -> None:
        register, taken = Register(latency=1.0), [0]
        async with client(register) as sdir:
            upload = sdir.course.v1.upload(
                pulled(records(100), taken), chunk_size=10, concurrency=2, check=False
            )
            task = asyncio.ensure_future(upload)
            await asyncio.sleep(seconds)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            nothing_runs()
            whole(upload.report, taken[0])
            assert upload.report.accepted == len(register.saved)
            assert upload.report.in_doubt == 20

    for tenths in range(1, 40, 7):
        run(cancelled_after(tenths / 10))


def test_a_chunk_that_waits_to_be_sent_again_is_unsent_when_cancelled() -> None:
    """What was certainly not applied is not in doubt."""

    async def main() -> None:
        register = Register(fates=[Fate("429", False, _too_many)] * 9)
        async with client(register) as sdir:
            upload = sdir.course.v1.upload(records(10), check=False)
            task = asyncio.ensure_future(upload)
            await asyncio.sleep(30)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (upload.report.unsent, upload.report.in_doubt) == (10, 0)

    run(main())


def _too_many(_: object) -> Any:
    return httpx.Response(429, headers={"Retry-After": "60"})


def test_leaving_the_loop_ends_the_upload() -> None:
    """After `break` the tasks are gone, and the report accounts for all that was read."""

    async def main() -> None:
        register, taken = Register(latency=1.0), [0]
        async with client(register) as sdir:
            async with sdir.course.v1.upload(
                pulled(records(200), taken), chunk_size=10, concurrency=2, check=False
            ) as upload:
                async for chunk in upload:
                    assert chunk.state == "accepted"
                    break
            nothing_runs()
            whole(upload.report, taken[0])
            assert upload.report.accepted == len(register.saved)

    run(main())


def test_leaving_the_loop_without_a_block_ends_it_too() -> None:
    """Dropping the iterator is enough; closing the Sdir waits for it."""

    async def main() -> None:
        register = Register(latency=1.0)
        async with client(register) as sdir:
            async for _ in sdir.course.v1.upload(records(200), chunk_size=10, check=False):
                break
        nothing_runs()

    run(main())


def test_closing_the_client_ends_uploads_in_the_background() -> None:
    """No task outlives the Sdir that it belongs to."""

    async def main() -> None:
        register = Register(latency=1.0)
        sdir = client(register)
        upload = sdir.course.v1.upload(records(200), chunk_size=10, check=False)
        outcomes = aiter(upload)
        await anext(outcomes)
        await sdir.aclose()
        nothing_runs()
        assert upload.report.accepted == len(register.saved)
        with pytest.raises(ConfigurationError, match="closed"):
            while True:
                await anext(outcomes)

    run(main())


class Broken(Exception):
    """The user's own error."""


def breaking(count: int) -> Iterator[Record]:
    yield from records(count)
    raise Broken


async def breaking_late(count: int) -> AsyncIterator[Record]:
    for one in records(count):
        yield one
    await asyncio.sleep(0.5)
    raise Broken


@pytest.mark.parametrize("source", [breaking, breaking_late])
def test_an_error_in_the_input_lets_what_is_on_its_way_settle(source: Any) -> None:
    """The error reaches the caller as it is, with the report, after the chunks that were sent."""

    async def main() -> None:
        register = Register(latency=1.0)
        async with client(register) as sdir:
            upload = sdir.course.v1.upload(source(25), chunk_size=10, check=False)
            with pytest.raises(Broken) as caught:
                await upload
            nothing_runs()
            report: UploadReport = caught.value.report  # type: ignore[attr-defined]
            assert report == upload.report
            assert (report.accepted, report.in_doubt, report.unsent) == (20, 0, 5)
            assert report.remaining == (range(20, 25),)
            assert "20 accepted" in caught.value.__notes__[0]

    run(main())


def test_an_error_in_the_callback_lets_what_is_on_its_way_settle() -> None:
    """A callback that fails ends the upload; what it was told about stays settled."""

    async def main() -> None:
        def fail(snapshot: Snapshot) -> None:
            raise Broken

        register, taken = Register(latency=1.0), [0]
        async with client(register) as sdir:
            with pytest.raises(Broken) as caught:
                await sdir.course.v1.upload(
                    pulled(records(500), taken), chunk_size=10, check=False, progress=fail
                )
            report: UploadReport = caught.value.report  # type: ignore[attr-defined]
            whole(report, taken[0])
            assert report.accepted == len(register.saved) > 0
            assert report.in_doubt == 0

    run(main())


def test_an_error_in_the_users_reconcile_leaves_the_chunk_in_doubt() -> None:
    """Whoever was to find out failed, so nobody knows."""

    async def main() -> None:
        async def fail(_: list[Any]) -> bool | None:
            raise Broken

        register = Register(fates=[LOST_AFTER])
        async with client(register) as sdir:
            with pytest.raises(Broken) as caught:
                await sdir.course.v1.upload(records(10), check=False, reconcile=fail)
            report: UploadReport = caught.value.report  # type: ignore[attr-defined]
            assert (report.in_doubt, report.accepted) == (10, 0)

    run(main())


def test_a_wrong_record_stops_with_the_place_it_stands() -> None:
    """A thing that is not a record is a mistake in the program: it is raised, not swallowed."""

    async def main() -> None:
        async with client(Register()) as sdir:
            with pytest.raises(TypeError, match="int is not a record here") as caught:
                await sdir.course.v1.upload([record(0), 3], check=False)  # type: ignore[list-item]
            assert caught.value.report.remaining == (range(2),)  # type: ignore[attr-defined]
            assert "It is record 1 of the input." in caught.value.__notes__

    run(main())


async def cancel_here(_: object = None) -> bool:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)
    return True


async def cancelling(count: int) -> AsyncIterator[Record]:
    for one in records(count):
        yield one
    await cancel_here()


@pytest.mark.parametrize("where", ["input", "reconcile"])
def test_users_code_that_cancels_the_task_it_runs_in(where: str) -> None:
    """The upload is cancelled; it does not end as if all were well."""

    async def main() -> None:
        register = Register(latency=1.0, fates=[LOST_AFTER] if where == "reconcile" else [])
        source: Any = cancelling(25) if where == "input" else records(25)
        async with client(register) as sdir:
            upload = sdir.course.v1.upload(
                source, chunk_size=10, check=False, reconcile=cancel_here
            )
            with pytest.raises(asyncio.CancelledError):
                await upload
            nothing_runs()
            report = upload.report
            assert report.accepted + report.in_doubt == len(register.saved)

    run(main())


class Lazy(Mapping[str, Any]):
    """A record whose own code fails."""

    def __getitem__(self, name: str) -> Any:
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        raise Broken

    def __len__(self) -> int:
        return 1


@pytest.mark.parametrize("kind", [list, iter])
def test_a_record_whose_own_code_fails(kind: Any) -> None:
    """Its error is raised, and the record was read."""

    async def main() -> None:
        async with client(Register()) as sdir:
            with pytest.raises(Broken) as caught:
                await sdir.course.v1.upload(kind([record(0), Lazy()]), check=False)
            assert caught.value.report.remaining == (range(2),)  # type: ignore[attr-defined]

    run(main())


def test_awaited_twice_it_is_sent_once() -> None:
    """An Upload is one upload: awaiting it again gives the same report."""

    async def main() -> None:
        register = Register()
        async with client(register) as sdir:
            upload = sdir.course.v1.upload(records(10), check=False)
            first = await upload
            assert await upload == first
            assert len(register.saved) == 10

    run(main())


def test_awaited_by_two_at_once() -> None:
    """Both get the whole report."""

    async def main() -> None:
        async with client(Register(latency=1.0)) as sdir:
            upload = sdir.course.v1.upload(records(10), check=False)
            first = asyncio.ensure_future(upload)
            await asyncio.sleep(0.5)
            assert (await upload).accepted == 10
            assert (await first).accepted == 10

    run(main())


def test_awaited_after_the_loop_was_left() -> None:
    """The report of an upload that was ended by `break` is there for the asking."""

    async def main() -> None:
        register = Register(latency=1.0)
        async with client(register) as sdir:
            async with sdir.course.v1.upload(records(100), chunk_size=10, check=False) as upload:
                async for _ in upload:
                    break
            assert (await upload).accepted == len(register.saved)

    run(main())


def test_iterated_then_awaited_gives_the_report() -> None:
    """After the loop the report is there for the asking."""

    async def main() -> None:
        register = Register()
        async with client(register) as sdir:
            upload = sdir.course.v1.upload(records(25), chunk_size=10, check=False)
            seen = [index async for chunk in upload for index in chunk.indexes]
            assert sorted(seen) == list(range(25))
            assert (await upload).accepted == 25
            with pytest.raises(ConfigurationError, match="once"):
                await anext(aiter(upload))

    run(main())


def test_awaited_when_everything_waits_for_the_reader() -> None:
    """Whoever took one outcome, was slow, and then awaits gets the report, too."""

    async def main() -> None:
        async with client(Register()) as sdir:
            upload = sdir.course.v1.upload(records(300), chunk_size=10, check=False)
            outcomes = aiter(upload)
            await anext(outcomes)
            await asyncio.sleep(60)
            async with asyncio.timeout(60):
                assert (await upload).accepted == 300

    run(main())


def test_nothing_more_is_read_after_a_refusal_by_the_check() -> None:
    """With on_rejected="stop" the rest of a long input is left where it is."""

    async def main() -> None:
        taken = [0]
        async with client(Register()) as sdir:
            report = await sdir.course.v1.upload(
                pulled([{}] * 1000, taken), chunk_size=10, concurrency=2, on_rejected="stop"
            )
        assert taken[0] <= 30
        whole(report, taken[0])
        assert report.rejected > 0

    run(main())


@pytest.mark.parametrize("steps", range(1, 40, 2))
def test_cancelled_with_a_journal_nothing_stays(tmp_path: Path, steps: int) -> None:
    """The file is closed by its own thread, not a task, before the upload has ended."""

    async def main() -> None:
        async with client(Register()) as sdir:
            options: Any = {"journal": tmp_path / "j", "chunk_size": 5, "check": False}
            task = asyncio.ensure_future(sdir.course.v1.upload(records(10), **options))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            nothing_runs()
            again = await sdir.course.v1.upload(records(10), **options)
            assert again.accepted == 10

    run(main())


def test_an_upload_is_not_disturbed_while_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaving the loop ends it, and so does closing the Sdir; its journal is still closed."""
    closed = []

    async def close(*_: object) -> None:
        try:
            await asyncio.sleep(10)
        finally:
            await asyncio.sleep(10)
            closed.append(True)

    async def main() -> None:
        monkeypatch.setattr(Journal, "__aexit__", close)
        async with client(Register()) as sdir:
            async for _ in sdir.course.v1.upload(records(5), check=False):
                await asyncio.sleep(5)
                break
            await asyncio.sleep(5)
        assert closed

    run(main())


def test_the_end_of_the_loop_itself() -> None:
    """When the event loop shuts down under an upload, nothing warns and nothing stays."""
    register = Register(latency=1.0)
    uploads = []

    async def main() -> None:
        sdir: Sdir = client(register)
        uploads.append(sdir.course.v1.upload(records(100), chunk_size=10, check=False))
        asyncio.ensure_future(_consume(uploads[0]))  # noqa: RUF006
        await asyncio.sleep(1.5)

    run(main())
    report = uploads[0].report
    assert report.accepted == len(register.saved)
    whole(report, report.accepted + report.in_doubt + report.unsent)


async def _consume(upload: Any) -> None:
    async for _ in upload:
        pass


# How it ended


async def slowly(count: int) -> AsyncIterator[Record]:
    for one in records(count):
        yield one
    await asyncio.sleep(60)
    yield record(count)


async def reported(register: Register, given: Any, **options: Any) -> UploadReport:
    """Upload, and return the report, which an error has too."""
    settings = {"retry": options.pop("retry")} if "retry" in options else {}
    async with client(register, **settings) as sdir:
        upload = sdir.course.v1.upload(given, **{"check": False, **options})
        try:
            report = await upload
        except Exception as error:  # noqa: BLE001
            report = error.report  # type: ignore[attr-defined]
            assert report == upload.report
        nothing_runs()
    whole(report, report.accepted + report.rejected + report.in_doubt + report.unsent)
    assert report.complete == (report.ended == "complete") == ("Not complete" not in str(report))
    return report


def counts(report: UploadReport) -> tuple[int, int, int, int]:
    return report.accepted, report.rejected, report.in_doubt, report.unsent


def forbidden(_: object) -> Any:
    return httpx.Response(403)


ONE_BY_ONE = {"chunk_size": 1, "concurrency": 1}
WITH_BAD = [*records(1), bad(1), *records(100)[2:]]
ENDS: list[tuple[str, Register, Any, dict[str, Any], tuple[int, int, int, int]]] = [
    ("complete", Register(), [], {}, (0, 0, 0, 0)),
    ("complete", Register(), records(10), {"deadline": 60.0}, (10, 0, 0, 0)),
    ("complete", Register(), WITH_BAD, {}, (99, 1, 0, 0)),
    (
        "complete",
        Register(),
        [*records(1), bad(1)],
        {**ONE_BY_ONE, "on_rejected": "stop"},
        (1, 1, 0, 0),
    ),
    ("deadline", Register(), slowly(2), {**ONE_BY_ONE, "deadline": 20.0}, (2, 0, 0, 0)),
    ("deadline", Register(), slowly(2), {"deadline": 20.0}, (0, 0, 0, 2)),
    ("deadline", Register(latency=60.0), records(2), {"deadline": 20.0}, (0, 0, 2, 0)),
    (
        "deadline",
        Register(latency=60.0),
        records(2),
        {"deadline": 20.0, "retry": ONCE},
        (0, 0, 2, 0),
    ),
    (
        "deadline",
        Register(latency=15.0),
        records(4),
        {**ONE_BY_ONE, "deadline": 20.0, "retry": ONCE},
        (1, 0, 1, 1),
    ),
    (
        "deadline",
        Register(fates=[Fate("429", False, _too_many)] * 9),
        records(2),
        {"deadline": 20.0},
        (0, 0, 0, 2),
    ),
    (
        "deadline",
        Register(latency=60.0),
        records(2),
        {"operation": "validate", "deadline": 20.0, "retry": ONCE},
        (0, 0, 2, 0),
    ),
    ("rejected", Register(), WITH_BAD, {**ONE_BY_ONE, "on_rejected": "stop"}, (1, 1, 0, 1)),
    ("rejected", Register(), WITH_BAD, {"on_rejected": "stop"}, (0, 1, 0, 99)),
    (
        "rejected",
        Register(naming="none"),
        WITH_BAD,
        {**ONE_BY_ONE, "on_rejected": "stop"},
        (1, 1, 0, 1),
    ),
    ("rejected", Register(naming="none"), WITH_BAD, {"on_rejected": "stop"}, (0, 0, 0, 100)),
    ("in_doubt", Register(fates=[LOST_AFTER]), records(10), {"reconcile": None}, (0, 0, 10, 0)),
    (
        "in_doubt",
        Register(fates=[LOST_AFTER]),
        records(10),
        {**ONE_BY_ONE, "reconcile": None, "deadline": 60.0},
        (9, 0, 1, 0),
    ),
    ("error", Register(), breaking(25), {"chunk_size": 10}, (20, 0, 0, 5)),
    ("error", Register(), [record(0), 3], {}, (0, 0, 0, 2)),
    ("error", Register(fates=[Fate("403", False, forbidden)]), WITH_BAD, {}, (0, 0, 0, 100)),
]


@pytest.mark.parametrize(
    ("ended", "given", "expected"),
    [(end[0], end[1:4], end[4]) for end in ENDS],
    ids=[f"{at} {end[0]}" for at, end in enumerate(ENDS)],
)
def test_the_report_says_how_it_ended(
    ended: str, given: tuple[Register, Any, dict[str, Any]], expected: tuple[int, int, int, int]
) -> None:
    """An upload that did not read its input to the end can't be taken for one that did."""
    register, source, options = given
    report = run(reported(copy.copy(register), source, **options))
    assert (report.ended, counts(report)) == (ended, expected)


def test_while_it_is_under_way_it_has_not_ended() -> None:
    """The report can be looked at any time."""

    async def main() -> None:
        async with client(Register(latency=1.0)) as sdir:
            upload = sdir.course.v1.upload(records(10), check=False)
            assert (upload.report.ended, upload.report.complete) == (None, False)
            task = asyncio.ensure_future(upload)
            await asyncio.sleep(0.5)
            assert (upload.report.ended, upload.report.complete) == (None, False)
            assert (await task).complete

    run(main())


def test_a_wait_that_one_chunk_can_not_afford_ends_that_chunk_alone() -> None:
    """Its answer was lost, and to ask again takes longer than there is time; the others go on."""
    register, taken = Register(fates=[LOST_BEFORE], latency=1.0), [0]
    options: dict[str, Any] = {"chunk_size": 1, "concurrency": 4, "deadline": 20.0}
    report = run(reported(register, pulled(records(20), taken), **options))
    assert taken == [20]
    assert (report.ended, counts(report)) == ("deadline", (19, 0, 1, 0))
    assert report.doubts == (range(1),)


@pytest.mark.parametrize("what", ["upload", "Sdir"])
def test_closed_while_it_is_awaited(what: str, tmp_path: Path) -> None:
    """Whoever awaits it hears about it, and can tell it from a cancellation of their own."""

    async def main() -> None:
        register = Register(latency=1.0)
        sdir = client(register)
        options: dict[str, Any] = {"chunk_size": 10, "concurrency": 2, "journal": tmp_path / "j"}
        upload = sdir.course.v1.upload(records(100), check=False, **options)
        task = asyncio.ensure_future(upload)
        while not upload.report.accepted:
            await asyncio.sleep(0.3)
        await (upload.aclose() if what == "upload" else sdir.aclose())
        with pytest.raises(
            ConfigurationError, match="ended because it or its Sdir was closed"
        ) as it:
            await task
        assert it.value.report == upload.report
        nothing_runs()
        assert upload.report.ended == "cancelled"
        assert upload.report.accepted == len(register.saved)
        await upload.aclose()
        await sdir.aclose()

    run(main())


@pytest.mark.parametrize("how", ["cancel", "break", "close before", "close"])
def test_a_cancelled_upload_says_so(how: str) -> None:
    """However it was cancelled; closed before it began, it has not begun."""

    async def main() -> None:
        async with client(Register(latency=1.0)) as sdir:
            upload = sdir.course.v1.upload(records(100), chunk_size=10, check=False)
            if how == "cancel":
                task = asyncio.ensure_future(upload)
                await asyncio.sleep(0.5)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            elif how == "break":
                async with upload:
                    async for _ in upload:
                        break
            elif how == "close":
                await anext(aiter(upload))
                await upload.aclose()
            else:
                await upload.aclose()
            nothing_runs()
            assert upload.report.ended == (None if how == "close before" else "cancelled")
            assert not upload.report.complete

    run(main())


@pytest.mark.parametrize("tenths", [0, 1, 3, 9, 11])
def test_repeated_cancellation_leaves_the_journal_free(tenths: int, tmp_path: Path) -> None:
    """Anyio cancels again and again until whoever is cancelled is gone."""

    async def main() -> None:
        register = Register(latency=0.4)
        options: dict[str, Any] = {"chunk_size": 5, "concurrency": 2, "journal": tmp_path / "j"}
        async with client(register) as sdir:
            upload = sdir.course.v1.upload(records(40), check=False, **options)
            with anyio.move_on_after(tenths / 10) as scope:
                await upload
            assert scope.cancelled_caught
            nothing_runs()
            if tenths:
                assert upload.report.ended == "cancelled"
            again = await sdir.course.v1.upload(records(40), check=False, **options)
            assert (again.accepted, again.ended) == (40, "complete")
        assert set(register.counts().values()) == {1}

    run(main())


def test_an_upload_that_its_sdir_closes_ends_undisturbed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancelled again and again, `Sdir` waits for its journal, and then closes the connections."""
    ended = []

    async def close_journal(*_: object) -> None:
        for _step in range(50):
            await asyncio.sleep(0)
        ended.append("journal")

    async def close_connections(_: ClientTransport) -> None:
        ended.append("connections")

    async def main() -> None:
        monkeypatch.setattr(Journal, "__aexit__", close_journal)
        monkeypatch.setattr(ClientTransport, "aclose", close_connections)
        with anyio.move_on_after(1.5):
            async with client(Register(latency=1.0)) as sdir:
                options: dict[str, Any] = {"chunk_size": 5, "concurrency": 1, "check": False}
                async for _ in sdir.course.v1.upload(records(40), **options):
                    pass
        nothing_runs()
        assert ended == ["journal", "connections"]

    run(main())


@pytest.mark.parametrize("where", ["input", "reconcile"])
def test_an_upload_can_close_its_own_sdir(where: str) -> None:
    """Its input or its callback closes the `Sdir`: the upload ends, and nobody waits forever."""

    async def main() -> None:
        sdir = client(Register(fates=[] if where == "input" else [LOST_AFTER]))

        async def source() -> AsyncIterator[Record]:
            for one in records(25):
                yield one
            await sdir.aclose()

        async def reconcile(_: object) -> bool:
            await sdir.aclose()
            return True

        given: Any = source() if where == "input" else records(25)
        upload = sdir.course.v1.upload(given, chunk_size=10, check=False, reconcile=reconcile)
        with pytest.raises(ConfigurationError, match="closed"):
            await asyncio.wait_for(upload, 60)
        assert upload.report.ended == "cancelled"
        nothing_runs()

    run(main())
