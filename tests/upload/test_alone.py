"""With a journal, one request at a time until something is saved, and what that must not cost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdir_async import RetryPolicy, UploadReport
from sdir_async.upload import flow
from sdir_async.upload.journal.history import Past
from sdir_async.upload.saved import Saved
from tests.upload.by_hand import answer, chunk_of, driven, refusal, terms_of
from tests.upload.server import FATES, NORMAL, UNKNOWN, Fate, Record, Register, bad, client, record
from tests.upload.test_faults import judge
from tests.upload.test_journal import InMemory
from tests.virtual import run

BY_NAME = {fate.name: fate for fate in FATES}
BAD = answer(400)
LOST_FOR_GOOD = BY_NAME["504, before"]
FOREVER = 1e6
"""Seconds of virtual time; an upload that is not done by then never will be."""


def uploaded(register: Register, records: list[Record], **options: Any) -> UploadReport:
    """Upload, and return the report, whatever was raised; it must come to an end."""

    async def upload() -> UploadReport:
        retry = RetryPolicy(attempts=options.pop("attempts", 50), longest_wait=2.0)
        async with client(register, retry=retry) as sdir, asyncio.timeout(FOREVER):
            uploading = sdir.course.v1.upload(records, **{"check": False, **options})
            await asyncio.wait([asyncio.ensure_future(_quietly(uploading))])
        return uploading.report

    return run(upload())


async def _quietly(uploading: Any) -> None:
    try:
        await uploading
    except Exception:  # noqa: BLE001  the report says how it ended
        return


class Watched(Register):
    """Notes which batches began while another one was on the wire and nothing was accepted."""

    def watch(self) -> dict[str, Any]:
        self.on_the_wire, self.too_early, self.accepted = 0, 0, 0

        def progress(snapshot: Any) -> None:
            self.accepted = snapshot.accepted

        return {"progress": progress}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return await super().handle_async_request(request)
        self.too_early += self.on_the_wire > 0 and not self.accepted
        self.on_the_wire += 1
        try:
            return await super().handle_async_request(request)
        finally:
            self.on_the_wire -= 1


@settings(max_examples=80, deadline=None)
@given(
    fates=st.lists(st.sampled_from([*FATES, NORMAL]), max_size=14),
    list_fates=st.lists(st.sampled_from([*UNKNOWN, NORMAL]), max_size=6),
    bad_ones=st.sets(st.integers(0, 29), max_size=30),
    naming=st.sampled_from(["all", "first", "none"]),
    chunk_size=st.integers(1, 12),
    concurrency=st.integers(1, 8),
    attempts=st.sampled_from([2, 50]),
    largest=st.sampled_from([400, 30_000_000]),
    deadline=st.sampled_from([None, None, 40.0]),
)
def test_whatever_happens_it_ends_and_is_alone_until_something_is_saved(
    fates: list[Fate],
    list_fates: list[Fate],
    bad_ones: set[int],
    naming: str,
    chunk_size: int,
    concurrency: int,
    attempts: int,
    largest: int,
    deadline: float | None,
) -> None:
    """No turn is waited for in vain, none is lost or saved twice, and no two go out too early."""
    records = [bad(at) if at in bad_ones else record(at) for at in range(30)]
    register = Watched(fates, list_fates, naming=naming, latency=1.0, largest=largest)
    report = uploaded(
        register,
        records,
        journal=InMemory(),
        chunk_size=chunk_size,
        concurrency=concurrency,
        attempts=attempts,
        deadline=deadline,
        **register.watch(),
    )
    read = report.accepted + report.rejected + report.in_doubt + report.unsent
    judge(register, records[:read], report)
    assert register.too_early == 0


@pytest.mark.parametrize("naming", ["all", "first", "none"])
@pytest.mark.parametrize(
    ("refused", "count", "chunk_size"),
    [(12, 100, 1), (20, 100, 10), (70, 700, 100), (500, 4000, 500), (1000, 1000, 100)],
)
def test_a_journal_changes_nothing_of_what_is_accepted(
    naming: str, refused: int, count: int, chunk_size: int
) -> None:
    """However many bad records come first: the others are tried before everything is given up."""
    records = [bad(at) if at < refused else record(at) for at in range(count)]
    with_journal, without = (
        uploaded(Register(naming=naming, latency=1.0), records, chunk_size=chunk_size, journal=one)
        for one in (InMemory(), None)
    )
    assert with_journal.accepted == without.accepted == count - refused
    assert with_journal.ended == without.ended


@pytest.mark.parametrize("journal", [InMemory, lambda: None])
def test_an_outage_of_the_batches_alone_stops_the_upload(journal: Any) -> None:
    """The list answers, and shows nothing: no witness is waited for to the end of the input."""
    register = Register(fates=repeat(LOST_FOR_GOOD), latency=1.0)
    records = list(map(record, range(1000)))
    report = uploaded(register, records, chunk_size=5, journal=journal(), attempts=6)
    assert (report.ended, report.accepted) == ("error", 0)
    assert len(register.batches) <= 40
    assert report.seconds < 200


class Out(Register):
    """Loses every batch until a moment of the loop's time, and saves none of them."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and asyncio.get_running_loop().time() < 25.0:
            await request.aread()
            self.batches.append(0)
            raise httpx.ReadError("", request=request)
        return await super().handle_async_request(request)


@pytest.mark.parametrize("journal", [InMemory, lambda: None])
def test_an_outage_shorter_than_a_late_save_costs_no_doubt(journal: Any) -> None:
    """Chunks that come through after it are witnesses for all that was lost before."""
    register, records = Out(), list(map(record, range(300)))
    report = uploaded(register, records, chunk_size=5, journal=journal(), attempts=6)
    judge(register, records, report)
    assert (report.accepted, report.in_doubt) == (300, 0)
    assert register.batches.count(0) >= 5


def test_nothing_is_sent_after_the_deadline_by_those_who_waited_for_the_turn() -> None:
    """The one that has it is cut off at the deadline; the others are unsent."""
    register = Watched(latency=50.0)
    records = list(map(record, range(40)))
    report = uploaded(register, records, chunk_size=5, journal=InMemory(), deadline=10.0)
    assert report.ended == "deadline"
    assert (len(register.batches), report.in_doubt, report.accepted) == (0, 5, 0)
    assert report.seconds <= 10.0


@pytest.mark.parametrize("function", [None, "asked"])
def test_where_no_list_is_asked_nothing_is_sent_alone(function: str | None) -> None:
    """No witness is ever needed: a function of the user's knows, and without one nobody does."""

    async def was_saved(_: list[Any]) -> bool:
        return False

    reconcile = function and was_saved
    register = Register(latency=1.0)
    records = list(map(record, range(40)))
    report = uploaded(
        register, records, chunk_size=5, concurrency=8, journal=InMemory(), reconcile=reconcile
    )
    assert (report.accepted, register.most_in_flight) == (40, 8)


@settings(max_examples=50, deadline=None)
@given(
    seconds=st.floats(0.0, 60.0),
    fates=st.lists(st.sampled_from([*FATES, NORMAL]), max_size=8),
    naming=st.sampled_from(["all", "first", "none"]),
    concurrency=st.integers(1, 8),
    iterated=st.booleans(),
)
def test_cancelled_at_any_moment_and_run_again(
    seconds: float, fates: list[Fate], naming: str, concurrency: int, *, iterated: bool
) -> None:
    """Whoever waits for the turn then was not sent, and the next run finishes the upload."""
    records = [bad(at) if at in (3, 11) else record(at) for at in range(30)]
    register, journal = Watched(fates, naming=naming, latency=1.0), InMemory()
    options: dict[str, Any] = {"check": False, "chunk_size": 4, "concurrency": concurrency}

    async def cancelled() -> UploadReport:
        async with client(register) as sdir:
            upload = sdir.course.v1.upload
            uploading = upload(records, journal=journal, **options, **register.watch())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    if iterated:
                        async for _ in uploading:
                            await asyncio.sleep(3.0)
                    else:
                        await uploading
            await uploading.aclose()
            await asyncio.sleep(60)  # for what the register saves late
            return uploading.report

    report = run(cancelled())
    read = report.accepted + report.rejected + report.in_doubt + report.unsent
    judge(register, records[:read], report)
    assert register.too_early == 0
    final = Register(naming=naming, saved=register.saved)
    report = uploaded(final, records, journal=InMemory(journal.entries), **options)
    judge(final, records, report)
    assert report.unsent == 0
    assert report.in_doubt == 0 or not final.vouched


# By hand


def test_a_search_lets_the_others_go_first() -> None:
    """Whether they are refused, too, says more than the search of one chunk."""
    terms = terms_of(careful=True, saved=Saved(repr))
    lines = driven(flow.settle(chunk_of(4), None, terms), terms, BAD, BAD, BAD)
    assert lines[:5] == ["turn", "send 10-13", "end turn", "turn", "send 10-11"]
    assert lines[5:7] == ["send 12-13", "send 10"]
    assert lines.count("turn") == 2


def test_answers_that_name_bad_records_are_no_search_in_a_chunk_that_is_sent_alone() -> None:
    """However many there are, they do not mean that everything is refused."""
    terms = terms_of(careful=True, saved=Saved(repr), read=100)
    lines = driven(flow.settle(chunk_of(40), None, terms), terms, *[refusal(0, 1)] * 19)
    assert lines[-1] == "48-49 accepted, 10-47 rejected"
    assert [one for one in lines if one.startswith("send")] == [
        f"send {at}-49" for at in range(10, 49, 2)
    ]


def test_a_witness_that_tells_nothing_is_replaced_by_what_is_sent_next() -> None:
    """A chunk of unknown fate asks no more often than it has pieces to send: it never loops."""
    terms = terms_of(careful=True, saved=Saved(repr))

    def asked() -> Iterator[bool | None]:
        while True:
            yield from (False, False, None)

    past = Past(unknown=[[0]], rest=[1, 2, 3])
    lines = driven(flow.settle(chunk_of(4), past, terms), terms, BAD, asked=asked())
    assert lines.count("10 in_doubt") == 1
    assert sum(one.startswith("send") for one in lines) == 3
    assert sum(one.startswith("ask") for one in lines) < 16


def test_what_is_too_large_is_halved_in_the_same_turn() -> None:
    """A half that is saved is the first that is known to be, and others need not wait any more."""
    terms = terms_of(careful=True, saved=Saved(repr))
    lines = driven(flow.settle(chunk_of(4), None, terms), terms, answer(413))
    assert lines == [
        *["turn", "send 10-13", "send 10-11", "10-11 accepted", "end turn"],
        *["send 12-13", "12-13 accepted"],
    ]
