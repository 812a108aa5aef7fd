"""What a task does with its buckets, without the Java of Spark."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow
import pytest
import torture_spark
from local_postgres import LocalPostgres

from sdir_async import ConfigurationError, JournalInUse, JournalMismatch
from sdir_async.postgres import PostgresJournal
from sdir_async.sandbox import SandboxThread
from sdir_async.spark import Outcome, SdirDataSource, report, source
from sdir_async.spark.buckets import ADDED, BUCKET, POSITION, SIZE
from sdir_async.upload.journal import Journal
from tests.spark.test_buckets import schema_of

LAYOUT = {"sdir": {"buckets": 1, "key": ["courseCode"]}}
SESSIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE application_name LIKE 'sdir-async%' AND datname = current_database()"
)
PLAN = torture_spark.Plan(40, 1, 1, 0.0, seed=3)


def batches() -> Iterator[pyarrow.RecordBatch]:
    """The rows of one bucket, in batches of ten."""
    rows = torture_spark.rows(PLAN)
    placed = [{**row, BUCKET: 0, POSITION: at, SIZE: len(rows)} for at, row in enumerate(rows)]
    for first in range(0, len(placed), 10):
        yield pyarrow.RecordBatch.from_pylist(placed[first : first + 10])


@pytest.fixture
def writer(sandbox: SandboxThread, options: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("SDIR_API_KEY", torture_spark.KEY)
    schema = schema_of(LAYOUT, *torture_spark.rows(PLAN)[0], *ADDED)
    return SdirDataSource(options).writer(schema, overwrite=False)


def test_a_task_outlives_its_sessions(
    writer: Any, sandbox: SandboxThread, server: LocalPostgres, dsn: str
) -> None:
    """A database that restarts while a bucket is uploaded costs neither task nor reasons."""

    def interrupted() -> Iterator[pyarrow.RecordBatch]:
        for batch in batches():
            server.execute(SESSIONS, dsn)
            yield batch

    (outcome,) = writer.write(interrupted()).outcomes
    assert (outcome.accepted, outcome.rejected) == (39, 1)
    assert len(sandbox.records(torture_spark.COURSES)) == 39
    assert report(dsn, "u") == [outcome]


def test_rows_that_changed_leave_the_report_alone(
    writer: Any, sandbox: SandboxThread, dsn: str
) -> None:
    """A run that is refused tells nothing new about a bucket that was sent."""
    (outcome,) = writer.write(batches()).outcomes
    sent = len(sandbox.requests)
    first, *_ = batches()
    changed = first.set_column(
        0, first.schema.names[0], first.column(0).take([1, 0, *range(2, 10)])
    )
    with pytest.raises(JournalMismatch):
        writer.write(iter([changed, *list(batches())[1:]]))
    with pytest.raises(ConfigurationError, match="is incomplete"):
        writer.write(iter([first]))
    assert report(dsn, "u") == [outcome]
    assert len(sandbox.requests) == sent


def test_a_task_that_waits_for_a_bucket_says_so_once(
    writer: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log of a job that seems to hang names who has the bucket; then the task sends it."""
    busy = iter([True, True, True])

    class Busy(PostgresJournal):
        def journal_of(self, target: Mapping[str, str]) -> Journal:
            if next(busy, False):
                raise JournalInUse("It is in use by ship:7.")
            return super().journal_of(target)

    monkeypatch.setattr(source, "_PAUSE", 0.001)
    monkeypatch.setattr(source, "PostgresJournal", Busy)
    (outcome,) = writer.write(batches()).outcomes
    assert outcome.accepted == 39
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert said == ["It is in use by ship:7. This task waits for it."]


def test_the_sums_of_a_job_are_shown(writer: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Where nobody set up logging, as in Spark's process, only warnings are; else it says INFO."""
    told = writer.write(batches())
    good = source._Told((Outcome(0, 40, 40, 0, 0, 0, 1),))
    caplog.clear()
    writer.commit([told, good])
    writer.commit([good])
    with caplog.at_level(logging.INFO, "sdir_async"):
        writer.commit([good])
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "Upload 'u': 2 buckets, 79 accepted, 1 rejected, 0 in doubt, 0 unsent."),
        ("WARNING", "Upload 'u': 1 bucket, 40 accepted, 0 rejected, 0 in doubt, 0 unsent."),
        ("INFO", "Upload 'u': 1 bucket, 40 accepted, 0 rejected, 0 in doubt, 0 unsent."),
    ]
