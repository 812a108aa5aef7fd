"""Equal records in one upload, and a list that lags: none vouches for another."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Iterable

from hypothesis import example, given, settings
from hypothesis import strategies as st

from sdir_async import RetryPolicy, UploadReport
from tests.upload.server import FATES, NORMAL, Fate, Record, Register, client, record
from tests.upload.test_journal import InMemory
from tests.virtual import run

BY_NAME = {fate.name: fate for fate in FATES}
LATE = BY_NAME["504, late"]


class Shown(list[Record]):
    """What the list shows: a record that is saved is there after some seconds, with its own uid."""

    def __init__(self, lag: float, older: Iterable[Record] = ()) -> None:
        super().__init__(older)
        self._lag = lag
        self._uids = map(str, itertools.count())

    def extend(self, records: Iterable[Record]) -> None:
        saved = [{**one, "uid": next(self._uids)} for one in records]
        asyncio.get_running_loop().call_later(self._lag, super().extend, saved)


@settings(max_examples=60, deadline=None)
@given(
    picks=st.lists(st.tuples(st.integers(0, 4), st.sampled_from([0.0, 0.0, 1.0, 9.0, 28.0, 31.0]))),
    fates=st.lists(st.sampled_from([*FATES, NORMAL]), max_size=10),
    lag=st.sampled_from([0.0, 5.0, 15.0]),
    chunk_size=st.integers(1, 3),
    concurrency=st.integers(1, 4),
    journal=st.booleans(),
)
@example(
    picks=[(0, 0.0), (1, 28.0), (1, 0.0)],
    fates=[NORMAL, LATE],
    lag=5.0,
    chunk_size=1,
    concurrency=8,
    journal=False,
)
def test_each_is_saved_as_often_as_it_was_accepted(
    picks: list[tuple[int, float]],
    fates: list[Fate],
    lag: float,
    chunk_size: int,
    concurrency: int,
    *,
    journal: bool,
) -> None:
    """Whenever they come, and whatever is lost: those in doubt may be there, too, and no others."""
    register = Register(fates, saved=Shown(lag))

    async def slowly() -> AsyncIterator[Record]:
        for number, pause in picks:
            yield record(number)
            await asyncio.sleep(pause)

    async def upload() -> UploadReport:
        async with client(register, retry=RetryPolicy(attempts=20)) as sdir:
            uploading = sdir.course.v1.upload(
                slowly(),
                check=False,
                chunk_size=chunk_size,
                concurrency=concurrency,
                journal=InMemory() if journal else None,
            )
            with contextlib.suppress(Exception):
                await uploading
            await asyncio.sleep(60)  # for what is saved late, and shown later
            return uploading.report

    report = run(upload())
    given_records = [record(number) for number, _ in picks]
    apart = {at for places in (*report.doubts, *report.remaining) for at in places}
    doubtful = {at for places in report.doubts for at in places}
    read = report.accepted + report.in_doubt + report.unsent
    persons = [one["personalIdentityNumber"] for one in given_records]
    accepted = Counter(persons[at] for at in range(read) if at not in apart)
    most = accepted + Counter(persons[at] for at in doubtful)
    saved = register.counts()
    assert all(accepted[one] <= saved[one] <= most[one] for one in {*persons, *saved})
