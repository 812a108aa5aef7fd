"""The benchmark cleans up behind itself, and one contender that breaks down stops no other."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from bench.contest import compete, environment, serving

if TYPE_CHECKING:
    from pathlib import Path

NOWHERE = "http://127.0.0.1:9"


def test_the_server_ends_with_whoever_started_it() -> None:
    """A benchmark that is killed can't end it."""
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.server", "0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
    )
    assert server.stdout
    assert server.stdout.readline()
    server.communicate(timeout=60)
    assert server.returncode == 0


def test_a_contender_that_breaks_down_stops_no_other() -> None:
    """It is named, and left out of what was measured."""
    env = environment()
    with serving(env) as urls:
        found, broken = compete(["httpx", "get httpx"], 1, {**urls, "empty": NOWHERE}, env)
    assert list(found) == ["get httpx"]
    assert broken == ["httpx did not start"]


def test_no_journal_is_left(tmp_path: Path) -> None:
    """Nor the folder that it was in."""
    env = {**environment(), "TMPDIR": str(tmp_path)}
    with serving(env) as urls:
        compete(["models journal"], 1, urls, env)
    assert not list(tmp_path.iterdir())
