"""Narrow places: consoles without letters, odd file names, terminals, hosts that don't answer."""

from __future__ import annotations

import errno
import os
import socket
import sys
from typing import TYPE_CHECKING, Any

import pytest

from sdir_async.cli.apis import find_version
from sdir_async.cli.reach import unreachable
from sdir_async.cli.settings import Target

from .conftest import COURSE, COURSES, course, lines_of

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from sdir_async.sandbox import SandboxThread

    from .conftest import Done

NAMES = ["Łódź 🚢", "100% #1?", "a [1] *", "ö", "-n", ".skjult", os.fsdecode(b"k\xe5rs")]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows refuses some of these names.")
@pytest.mark.parametrize(
    ("name", "as_json"), [*((name, []) for name in NAMES), (NAMES[-1], ["--json"])], ids=ascii
)
def test_a_file_can_have_any_name(
    sdir: Callable[..., Done],
    sandbox: SandboxThread,
    tmp_path: Path,
    name: str,
    as_json: list[str],
) -> None:
    """It is uploaded, its rejected rows are corrected, and it continues with its journal."""
    (tmp_path / f"{name}.jsonl").write_bytes(lines_of([course(1), course(2, courseCode="")]))
    arguments = ("--receipt", "csv", "--report", f"{name}.html", *as_json)
    done = sdir("upload", *COURSE, *arguments, "--", f"{name}.jsonl")
    assert done.code == 1, done
    rejected = tmp_path / f"{name}.rejected.jsonl"
    rejected.write_bytes(rejected.read_bytes().replace(b'"courseCode":""', b'"courseCode":"C2"'))
    assert sdir("upload", *COURSE, "--", rejected.name).code == 0
    assert sdir("upload", *COURSE, *arguments, "--", f"{name}.jsonl").code == 0
    assert len(sandbox.records(COURSES)) == 2
    assert (tmp_path / f"{name}.receipt.csv").exists()


@pytest.mark.parametrize("encoding", ["cp1252"])
def test_a_console_without_letters_ends_nothing(
    process: Callable[..., subprocess.Popen[bytes]],
    sandbox: SandboxThread,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    encoding: str,
) -> None:
    """What it can't show is an escape, on both streams; the exit code is that of the upload."""
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    records = [course(1), course(2, courseCode="")]
    (tmp_path / "Łódź 🚢.jsonl").write_bytes(lines_of(records + records[:1]))
    with process("upload", *COURSE, "Łódź 🚢.jsonl", "--receipt", "csv") as started:
        out, err = started.communicate(timeout=60)
    assert started.returncode == 1
    assert rb"\u0141" in out
    assert rb"\U0001f6a2" in err
    assert b"Traceback" not in err
    assert len(sandbox.records(COURSES)) == 2


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="There are no terminals to be had.")
def test_a_dry_run_shows_how_far_it_is(
    process: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    """A bar in a terminal, which is gone afterwards."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(at) for at in range(3000)]))
    reading, writing = os.openpty()
    with process("upload", *COURSE, "a.jsonl", "--dry-run", stderr=writing) as started:
        os.close(writing)
        started.communicate(timeout=60)
        shown = _all_of(reading)
    assert started.returncode == 0
    assert b"3,000 checked" in shown


def _all_of(terminal: int) -> bytes:
    """Return what was written to a terminal whose other end is closed."""
    shown = b""
    try:
        while piece := os.read(terminal, 65_536):
            shown += piece
    except OSError as error:
        assert error.errno == errno.EIO  # the end of a terminal
    finally:
        os.close(terminal)
    return shown


def test_a_host_that_does_not_answer_is_said_after_two_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The connection is given that long and no longer."""
    waited = []

    def connect(_: Any, patience: float) -> None:
        waited.append(patience)
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", connect)
    said = unreachable(find_version("course", "v1"), Target(base_url="http://192.0.2.1"))
    assert (waited, said) == ([2.0], "192.0.2.1 can't be reached: timed out")
