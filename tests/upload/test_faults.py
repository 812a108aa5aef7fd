"""Nothing lost, nothing twice, whatever happens: the register itself is the judge."""

from __future__ import annotations

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sdir_async import UploadReport
from tests.upload.server import (
    BAD,
    FATES,
    NOT_APPLIED,
    UNKNOWN,
    Fate,
    Record,
    Register,
    bad,
    client,
    record,
)
from tests.virtual import run

COUNT = 23


async def upload(register: Register, records: list[Record], **options: object) -> UploadReport:
    random.seed(0)
    async with client(register) as sdir:
        return await sdir.course.v1.upload(records, **{"check": False, **options})  # type: ignore[arg-type]


def judge(register: Register, records: list[Record], report: UploadReport) -> None:
    """Compare what the report says about every record with what is in the register."""
    counts = register.counts()
    rejected = {rejection.index for rejection in report.rejections}
    doubtful = {index for doubt in report.doubts for index in doubt}
    unsent = {index for rest in report.remaining for index in rest}
    assert report.accepted + report.rejected + report.in_doubt + report.unsent == len(records)
    assert len(rejected | doubtful | unsent) == len(rejected) + len(doubtful) + len(unsent)
    for index, one in enumerate(records):
        times = counts[one["personalIdentityNumber"]]
        if index in rejected:
            assert (one["courseCode"], times) == (BAD, 0)
        elif index in unsent:
            assert times == 0
        elif index in doubtful:
            assert times <= 1
        else:
            assert times == 1, index


def input_with(bad_ones: set[int], count: int = COUNT) -> list[Record]:
    return [bad(at) if at in bad_ones else record(at) for at in range(count)]


@pytest.mark.parametrize("naming", ["all", "first", "none"])
@pytest.mark.parametrize("fate", FATES, ids=str)
def test_every_fault_alone(fate: Fate, naming: str) -> None:
    """Whatever one request meets, each good record is saved once and each bad one is named."""
    register = Register(fates=[fate], naming=naming)
    records = input_with({3, 11})
    report = run(upload(register, records, chunk_size=8))
    judge(register, records, report)
    assert (report.accepted, report.rejected, report.in_doubt) == (COUNT - 2, 2, 0)


@settings(max_examples=150)
@given(
    fates=st.lists(st.sampled_from([*FATES, Fate("normal")]), max_size=12),
    bad_ones=st.sets(st.integers(0, COUNT - 1), max_size=4),
    naming=st.sampled_from(["all", "first", "none"]),
    chunk_size=st.integers(1, COUNT + 1),
    concurrency=st.integers(1, 4),
)
def test_any_schedule_of_faults(
    fates: list[Fate], bad_ones: set[int], naming: str, chunk_size: int, concurrency: int
) -> None:
    """A mixture of faults ends in accepted and rejected alone, if the list could show a witness."""
    register = Register(fates=fates, naming=naming, latency=0.05)
    records = input_with(bad_ones)
    report = run(upload(register, records, chunk_size=chunk_size, concurrency=concurrency))
    judge(register, records, report)
    assert report.unsent == 0
    assert report.rejected == len(bad_ones) or report.in_doubt
    assert report.in_doubt == 0 or not register.vouched


@settings(max_examples=80)
@given(
    fates=st.lists(st.sampled_from(FATES), max_size=8),
    list_fates=st.lists(st.sampled_from(FATES), max_size=30),
    bad_ones=st.sets(st.integers(0, COUNT - 1), max_size=3),
)
def test_any_schedule_of_faults_while_asking(
    fates: list[Fate], list_fates: list[Fate], bad_ones: set[int]
) -> None:
    """When asking fails too, a chunk may stay in doubt, and the report is still true."""
    register = Register(fates=fates, list_fates=list_fates, latency=0.05)
    records = input_with(bad_ones)
    report = run(upload(register, records, chunk_size=6))
    judge(register, records, report)
    assert report.unsent == 0


@settings(max_examples=60)
@given(fates=st.lists(st.sampled_from(FATES), max_size=6))
@example(fates=[UNKNOWN[0]])
def test_any_schedule_of_faults_without_asking(fates: list[Fate]) -> None:
    """With nobody to ask, a create of unknown fate is in doubt, and never sent again."""
    register = Register(fates=fates)
    records = input_with({7})
    report = run(upload(register, records, chunk_size=6, reconcile=None))
    judge(register, records, report)
    unknown = sum(fate in UNKNOWN for fate in fates)
    assert (report.in_doubt > 0) <= (unknown > 0)


@settings(max_examples=60)
@given(
    fates=st.lists(st.sampled_from(FATES), max_size=8),
    deadline=st.floats(0.01, 90.0),
    latency=st.floats(0.0, 3.0),
)
def test_any_schedule_of_faults_within_a_deadline(
    fates: list[Fate], deadline: float, latency: float
) -> None:
    """However short the time, each record read is in exactly one state, and the state is true."""
    register = Register(fates=fates, latency=latency)
    records = input_with(set())

    async def timed() -> UploadReport:
        report = await upload(register, records, chunk_size=5, concurrency=2, deadline=deadline)
        assert report.seconds <= deadline + 1e-6
        return report

    report = run(timed())
    judge(register, records[: report.accepted + report.in_doubt + report.unsent], report)


def test_an_outage_ends_the_upload_with_everything_accounted_for() -> None:
    """When nothing but refusals to connect comes, the upload stops; all that was read is unsent."""
    register = Register(fates=[NOT_APPLIED[0]] * 100)
    records = input_with(set())
    with pytest.raises(Exception, match="ConnectError") as caught:
        run(upload(register, records, chunk_size=5, concurrency=2))
    report = caught.value.report  # type: ignore[attr-defined]
    assert (report.accepted, report.unsent) == (0, sum(map(len, report.remaining)))
    assert register.saved == []
