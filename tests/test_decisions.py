"""The modules that decide do no I/O: they can be imported without asyncio and httpx."""

from __future__ import annotations

import subprocess
import sys

import pytest

DECISIONS = (
    "errors",
    "problems",
    "retries",
    "verdicts",
    "wire",
    "upload.check",
    "upload.chunks",
    "upload.encoding",
    "upload.fate",
    "upload.flow",
    "upload.journal",
    "upload.journal.history",
    "upload.ledger",
    "upload.reconcile",
    "upload.report",
    "upload.saved",
    "upload.search",
    "upload.steps",
)

IMPORT = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("asyncio", "httpx", "httpcore", "aiohttp"):
            raise ImportError(f"{name} is imported")

sys.meta_path.insert(0, Refuse())
import importlib
importlib.import_module(sys.argv[1])
"""


@pytest.mark.parametrize("name", DECISIONS)
def test_a_decision_needs_no_loop_and_no_network(name: str) -> None:
    """Alone, in a new process in which the import of either is an error."""
    command = [sys.executable, "-c", IMPORT, f"sdir_async.{name}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_refusal_works() -> None:
    """A module that does I/O fails this test: else it would show nothing."""
    command = [sys.executable, "-c", IMPORT, "sdir_async.session"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "asyncio is imported" in done.stderr
