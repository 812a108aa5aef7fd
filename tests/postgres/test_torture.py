"""The torture run of a cluster in small: real processes, a real database, killed with -9."""

from __future__ import annotations

import asyncio

import pytest
import torture_cluster
from local_postgres import LocalPostgres


def test_nothing_lost_and_nothing_twice(
    server: LocalPostgres, capsys: pytest.CaptureFixture[str]
) -> None:
    """Workers are killed and frozen, the database crashes, each part is started twice at once."""
    plan = torture_cluster.Plan(1500, 3, 3, 2, 1, 30, 40, 1.0, seed=4)
    code = asyncio.run(torture_cluster.torture(plan, server))
    printed = capsys.readouterr().out
    assert code == 0, printed
    assert "2 kill, 1 freeze, 1 crash; lost 0, twice 0, bad ones saved 0" in printed
