"""`format("sdir")` with a real Spark: whatever it runs again or twice is sent once."""

from __future__ import annotations

import re
import shutil
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow
import pytest
import torture_spark
from local_postgres import LocalPostgres
from pyarrow import parquet

from sdir_async import ConfigurationError, JournalError, JournalMismatch, UnknownOutcome
from sdir_async.sandbox import Fault, SandboxThread
from sdir_async.spark import Outcome, SdirDataSource, bucketed, rejected, report
from tests.postgres.test_scale import OF_SPARK, PAGE
from tests.test_docs import _snippets

SNIPPETS = [snippet for _, snippet in _snippets(PAGE, "python") if snippet in OF_SPARK]
PLAN = torture_spark.Plan(2000, 4, 8, 0.0, seed=3)
KEY = torture_spark.NAMED_BY


@pytest.fixture(scope="session")
def frame(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The rows: 2,000 of which 4 are bad."""
    folder = tmp_path_factory.mktemp("rows")
    parquet.write_table(pyarrow.Table.from_pylist(torture_spark.rows(PLAN)), folder / "0.parquet")
    return spark.read.parquet(str(folder)).cache()


def write(rows: Any, options: dict[str, str], **more: str) -> None:
    rows.write.format("sdir").options(**options, **more).mode("append").save()


def saved(sandbox: SandboxThread) -> Counter[tuple[str, ...]]:
    return Counter(map(torture_spark._name_of, sandbox.records(torture_spark.COURSES)))


def sent(sandbox: SandboxThread) -> int:
    return len(sandbox.requests)


def test_the_programs_of_the_docs(
    frame: Any, sandbox: SandboxThread, server: LocalPostgres, options: dict[str, str],
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """A frame, what became of it, and a stream; run again, with other splits, they send nothing."""
    monkeypatch.setenv("SDIR_DATABASE", dsn)
    local = "".join(f".option({name!r}, {options[name]!r})" for name in ("base_url", "dsn"))
    batch, outcome, stream = (
        re.sub(r'"(courses|rejected|arriving|checkpoint)"', rf'"{tmp_path}/\1"', snippet).replace(
            '.format("sdir")', f'.format("sdir"){local}'
        )
        for snippet in SNIPPETS
    )
    frame.repartition(3).write.parquet(f"{tmp_path}/courses")
    names: dict[str, Any] = {}
    exec(batch, names)
    exec(outcome, names)
    assert len(capsys.readouterr().out.splitlines()) == 8
    assert (len(saved(sandbox)), set(saved(sandbox).values())) == (1996, {1})
    refused = names["spark"].read.parquet(f"{tmp_path}/rejected")
    assert [row.reasons[0].field for row in refused.collect()] == ["organizationNumber"] * 4
    assert server.execute("SELECT account FROM sdir_pace", dsn) == [("ship-office",)]

    before = sent(sandbox)
    frame.repartition(1).write.mode("overwrite").parquet(f"{tmp_path}/courses")
    exec(batch, names)
    assert sent(sandbox) == before
    assert [one.accepted + one.rejected for one in report(dsn, "2026-11")] == [
        one.size for one in report(dsn, "2026-11")
    ]
    assert rejected(names["rows"], dsn, "2026-11").count() == 4

    arrived = frame.where("courseCode = 'C00000'").limit(50).selectExpr("*")
    arrived = arrived.withColumn("courseCode", arrived.completedAt.substr(1, 7))
    arrived.repartition(1).write.parquet(f"{tmp_path}/arriving")
    _arrive(stream, names)
    assert len(saved(sandbox)) == 1996 + arrived.where("organizationNumber = '991825827'").count()
    before = sent(sandbox)
    shutil.rmtree(
        tmp_path / "checkpoint/commits"
    )  # as if the driver had died before it entered the batch
    _arrive(stream, names)
    assert sent(sandbox) == before


def _arrive(stream: str, names: dict[str, Any]) -> None:
    exec(stream, names)
    names["stream"].processAllAvailable()
    names["stream"].stop()


def test_two_jobs_at_once(
    frame: Any, sandbox: SandboxThread, options: dict[str, str], dsn: str
) -> None:
    """As with a task that runs twice at once: both come to their end, and each row is sent once."""
    rows = bucketed(frame, key=KEY, buckets=1)
    sandbox.faults.add(Fault("latency", seconds=1.0))

    def job() -> None:
        rows.sparkSession.createDataFrame([], "a int")  # makes it the session of this thread
        write(rows, options)

    with ThreadPoolExecutor(2) as threads:
        for each in [threads.submit(job) for _ in range(2)]:
            each.result()
    assert (len(saved(sandbox)), set(saved(sandbox).values())) == (1996, {1})
    assert sum(one.rejected for one in report(dsn, "u")) == 4


def test_rows_that_are_not_in_whole_buckets(
    frame: Any, sandbox: SandboxThread, options: dict[str, str], dsn: str
) -> None:
    """They are refused with the line to add; so are other buckets for the same upload."""
    rows = bucketed(frame, key=KEY, buckets=2)
    with pytest.raises(Exception, match=r"not in buckets.*bucketed\(rows, key="):
        write(frame, options)
    with pytest.raises(Exception, match=r"is incomplete.*bucketed\(rows, key="):
        write(rows.repartition(3), options)
    before, others = saved(sandbox), bucketed(frame, key=["courseCode"], buckets=3)
    with pytest.raises(Exception, match=r"begun with 2 buckets of .* not with 3 buckets of course"):
        write(others, options)
    with pytest.raises(JournalMismatch, match="not with 3 buckets"):
        rejected(others, dsn, "u")
    assert saved(sandbox) == before
    write(rows, options)
    assert (len(saved(sandbox)), set(saved(sandbox).values())) == (1996, {1})


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (["ship"], "no column 'ship'; they have"),
        (["when"], "'when' of the key is timestamp"),
        ("courseCode", "key must be a list"),
        ([], "at least one"),
    ],
    ids=["unknown", "timestamp", "text", "none"],
)
def test_a_key_whose_text_may_change(frame: Any, key: Any, message: str) -> None:
    """The buckets must be the same in each run, so it is refused."""
    rows = frame.selectExpr("*", "to_timestamp(completedAt) AS when")
    with pytest.raises(ConfigurationError, match=message):
        bucketed(rows, key=key, buckets=2)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("1.5 AS hours", r"'hours' is decimal\(2,1\), which Sdir can't take. Cast it"),
        ("map('a', 1) AS names", "'names' is map<string,int>"),
        ("array(struct(X'00' AS one)) AS deep", "'deep' is array<struct<one:binary>>"),
    ],
    ids=["decimal", "map", "bytes inside"],
)
def test_a_type_that_has_no_json_is_refused(frame: Any, column: str, message: str) -> None:
    """Otherwise each row would be rejected, one after another."""
    with pytest.raises(ConfigurationError, match=message):
        bucketed(frame.selectExpr("*", column), key=KEY, buckets=2)
    parts = "array(struct(1L AS a, 1d AS b, true AS c, now() AS d, current_date() AS e, null AS f))"
    bucketed(frame.selectExpr("*", f"{parts} AS fine"), key=KEY, buckets=2)


def test_buckets_follow_from_the_rows_alone(frame: Any) -> None:
    """Neither the order nor the splits of the input, nor the order of its columns, say where."""
    columns = ["_sdir_bucket", "_sdir_position", *KEY]
    one = bucketed(frame, key=KEY, buckets=5).select(columns)
    other = frame.select(sorted(frame.columns, reverse=True)).repartition(7).orderBy("courseCode")
    two = bucketed(other, key=KEY, buckets=5).select(columns)
    assert sorted(one.collect()) == sorted(two.collect())


def writer_of(options: dict[str, str], frame: Any) -> Any:
    rows = bucketed(frame, key=KEY, buckets=2)
    return SdirDataSource(options).writer(rows.schema, overwrite=False)


def told_of(*outcomes: Outcome) -> Any:
    from sdir_async.spark.source import _Told

    return _Told(outcomes)


def test_a_job_with_records_in_doubt_fails(frame: Any, options: dict[str, str]) -> None:
    """The error has the sums, and says why and what to do; a task without rows changes nothing."""
    doubt = told_of(Outcome(0, 9, 5, 1, 3, 0, 2, ("Nobody can say.",)))
    with pytest.raises(UnknownOutcome, match=r"7 accepted, 1 rejected, 3 in doubt, 0 unsent\. Nob"):
        writer_of(options, frame).commit([doubt, None, told_of(Outcome(1, 2, 2, 0, 0, 0, 1))])


def test_an_overwrite_or_a_stream_is_refused(frame: Any, options: dict[str, str]) -> None:
    """Sdir has no such thing; the error says what to do."""
    source = SdirDataSource(options)
    with pytest.raises(ConfigurationError, match="append"):
        source.writer(frame.schema, overwrite=True)
    with pytest.raises(ConfigurationError, match="foreachBatch"):
        source.streamWriter(frame.schema, overwrite=False)


def test_an_error_of_the_driver_holds_no_password() -> None:
    """Crash reporters send the locals of frames, in a notebook too."""
    with pytest.raises(JournalError) as caught:
        report("postgresql://sdir:hunter2@127.0.0.1:1/x", "u")
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in shown.stack if frame.filename != __file__]
    assert ours
    assert "hunter2" not in str([frame.locals for frame in ours])
