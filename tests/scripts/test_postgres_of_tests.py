"""The PostgreSQL of the tests: how it is installed, and that nothing of it stays."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = """
import local_postgres
with local_postgres._folder() as folder:
    (folder / "data").touch()
    print(folder, flush=True)
    input()
"""


@pytest.mark.parametrize(("in_ci", "code"), [("", 0), ("true", 1)])
@pytest.mark.parametrize("user", ["0", "1000"])
def test_it_can_not_be_installed(tmp_path: Path, user: str, in_ci: str, code: int) -> None:
    """The tests continue without it, and it is tried again next time; in CI that is a failure."""
    for name, text in {"id": f"echo {user}", "apt-get": "exit 100", "python": "exit 1"}.items():
        command = tmp_path / name
        command.write_text(f"#!/bin/sh\n{text}\n")
        command.chmod(0o755)
    done = subprocess.run(
        ["sh", "scripts/install_postgres.sh", tmp_path / "installed"], cwd=ROOT,
        env={"BIN": str(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}", "CI": in_ci},
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, (tmp_path / "installed").exists()) == (code, False)
    assert "PostgreSQL can't be installed here." in done.stderr
    assert ("The tests that need it are skipped." in done.stderr) == (not in_ci)


def test_its_folder_is_removed_though_the_tests_are_killed() -> None:
    """By a process that waits for their end."""
    command = [sys.executable, "-c", FOLDER]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=ROOT / "scripts", stdin=pipe, stdout=pipe, text=True
    ) as tests:
        assert tests.stdout is not None
        folder = Path(tests.stdout.readline().strip())
        assert (folder / "data").exists()
        tests.kill()
    for _ in range(6000):
        if not folder.exists():
            return
        time.sleep(0.01)
    pytest.fail(f"{folder} is still there")
