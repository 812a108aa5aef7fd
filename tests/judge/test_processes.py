"""The same uploads in processes of their own: killed and run again, and two at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from .child import at_once, killed


async def test_killed_and_run_again(tmp_path: Path) -> None:
    """Whenever it is killed, the upload continues with its journal: nothing lost, nothing twice."""
    runs = (killed(seed, tmp_path, kills=2) for seed in range(1000, 1003))
    failed = [verdict for verdict in await asyncio.gather(*runs) if verdict.failures]
    assert not failed, "\n".join(map(str, failed))


async def test_two_processes_with_one_journal(tmp_path: Path) -> None:
    """One of them is refused or has nothing left to do: nothing lost, nothing twice."""
    runs = (at_once(seed, tmp_path) for seed in range(2000, 2002))
    failed = [verdict for verdict in await asyncio.gather(*runs) if verdict.failures]
    assert not failed, "\n".join(map(str, failed))
