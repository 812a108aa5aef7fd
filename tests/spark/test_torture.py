"""The torture run of Spark in small: a real cluster, an executor and the driver killed with -9."""

from __future__ import annotations

import pytest
import torture_spark
from local_postgres import LocalPostgres


def test_nothing_lost_and_nothing_twice(
    server: LocalPostgres, capsys: pytest.CaptureFixture[str]
) -> None:
    """No number is shown either, and nothing listens outside loopback."""
    plan = torture_spark.Plan(10_000, 10, 7, 0.2, seed=19)
    code = torture_spark.torture(plan, server)
    printed = capsys.readouterr().out
    assert code == 0, printed
    assert "lost 0, twice 0, bad ones saved 0" in printed
