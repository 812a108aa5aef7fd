"""A session of Spark for the tests of `format("sdir")`, which are left out without PySpark."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torture_spark
from on_loopback import is_alone

from sdir_async.sandbox import SandboxThread
from tests.postgres.conftest import dsn as dsn
from tests.postgres.conftest import server as server

collect_ignore = (
    [] if find_spec("pyspark") else ["test_source.py", "test_torture.py", "test_writer.py"]
)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One session for all tests; it knows the key of the sandbox, and no database."""
    from pyspark.sql import SparkSession

    from sdir_async.spark import SdirDataSource

    assert is_alone(), "run them by `make test-spark`: Spark listens on more than one address"
    settings = torture_spark.SETTINGS | {
        "spark.eventLog.enabled": "false",
        "spark.sql.streaming.stopTimeout": "60s",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in torture_spark.environment("127.0.0.1").items():
            patch.setenv(name, value)
        patch.setenv("SDIR_API_KEY", torture_spark.KEY)
        session = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    session.dataSource.register(SdirDataSource)
    yield session
    session.stop()


@pytest.fixture
def sandbox() -> Iterator[SandboxThread]:
    """The Sdir that rows are written to."""
    with SandboxThread(keys=[torture_spark.KEY]) as running:
        yield running


@pytest.fixture
def options(sandbox: SandboxThread, dsn: str, tmp_path: Path) -> dict[str, str]:
    """Options of a write; the database is named in a file."""
    (tmp_path / "dsn").write_text(dsn)
    where = {"base_url": sandbox.base_url, "dsn": str(tmp_path / "dsn"), "settle": "1"}
    return {"api": "course", "version": "v1", "upload": "u", **where}
