"""`sdir status` says how far an upload is, from its journal in a file."""

from __future__ import annotations

import asyncio
import re
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from itertools import count
from typing import TYPE_CHECKING

import httpx
import pytest

from sdir_async import PermissionDenied, Sdir
from sdir_async.cli import parts
from sdir_async.sandbox import Fault
from tests.upload.server import Fate, Register, bad, client, record

from .conftest import COURSE, COURSES, course, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from sdir_async.sandbox import SandboxThread

    from .conftest import Done


def interrupted(sdir: Sdir, journal: Path) -> None:
    """An upload of 30 in three chunks: 9 and 1 rejected, then refused."""

    async def main() -> None:
        records = [bad(at) if at == 3 else record(at) for at in range(30)]
        with pytest.raises(PermissionDenied):
            await sdir.course.v1.upload(
                records, chunk_size=10, concurrency=1, check=False, journal=journal
            )

    asyncio.run(main())


def status_of(done: Done) -> dict[str, Any]:
    assert done.code == 0, done.err
    (found,) = (event for event in done.events if event["event"] == "status")
    return found


def test_an_upload_that_was_interrupted(sdir: Callable[..., Done], tmp_path: Path) -> None:
    """What is saved, refused, unsent, and that nobody has it."""
    fates = [Fate("ok"), Fate("ok"), Fate("no", False, lambda _: httpx.Response(403))]
    interrupted(client(Register(fates=fates)), tmp_path / "a.journal")
    found = status_of(sdir("status", "a.journal", "--json"))
    names = ("parts", "owned", "read", "accepted", "rejected", "in_doubt", "sending", "complete")
    assert [found[name] for name in names] == [1, 0, 30, 9, 1, 0, 0, False]
    shown = sdir("status", "a.journal").out.splitlines()
    heading = ["part", "accepted", "rejected", "in doubt", "being sent", "unsent", "owner"]
    assert re.split("  +", shown[0]) == heading
    assert shown[1].split() == ["a.journal", "9", "1", "0", "0", "20", "nobody"]
    assert shown[2] == "1 part"


def test_a_journal_that_is_written_to_all_the_time(
    sdir: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not said to be damaged; one that lacks a table is."""
    refused = Fate("no", False, lambda _: httpx.Response(403))
    interrupted(client(Register(fates=[refused])), tmp_path / "a.journal")
    monkeypatch.setattr(parts, "_TRIES", 3)
    with closing(sqlite3.connect(tmp_path / "a.journal", isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        with monkeypatch.context() as busy:
            changes = map(str.encode, map(str, count()))
            busy.setattr(parts, "_changes", lambda _: next(changes))
            done = sdir("status", "a.journal")
        assert (done.code, "is being written to" in done.err) == (2, True)
        assert status_of(sdir("status", "a.journal", "--json"))["owned"] == 1
    with closing(sqlite3.connect(tmp_path / "a.journal")) as db:
        db.execute("DROP TABLE event")
    done = sdir("status", "a.journal")
    assert (done.code, "is not a journal, or is damaged" in done.err) == (2, True)


def test_an_upload_that_runs(
    process: Callable[..., subprocess.Popen[bytes]],
    sdir: Callable[..., Done],
    sandbox: SandboxThread,
    tmp_path: Path,
) -> None:
    """The file is read while it is in use, and again after the process was killed.

    The status of one that came to its end is complete.
    """
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(at) for at in range(2000)]))
    sandbox.faults.add(Fault("latency", seconds=0.3))
    arguments = ("upload", *COURSE, "a.jsonl", "--chunk-size", "50", "--journal", "a.journal")
    with process(*arguments) as started:
        while len(sandbox.records(COURSES)) < 400:
            assert started.poll() is None
            time.sleep(0.01)
        sandbox.faults.add(Fault("latency", seconds=3600))  # it is not to end before we look
        found = status_of(sdir("status", "a.journal", "--json"))
        while not (found["accepted"] and found["sending"]):  # they are written a little later
            assert started.poll() is None
            found = status_of(sdir("status", "a.journal", "--json"))
        started.send_signal(signal.SIGKILL)
    assert found["owned"] == 1
    after = status_of(sdir("status", "a.journal", "--json"))
    assert (after["owned"], after["sending"], after["complete"]) == (0, 0, False)
    assert after["in_doubt"] > 0
    sandbox.faults.clear()
    (tmp_path / "b.jsonl").write_bytes(lines_of([course(at) for at in range(3000, 3100)]))
    assert sdir("upload", *COURSE, "b.jsonl", "--journal", "b.journal").code == 0
    watched = sdir("status", "b.journal", "--watch", "0.1", "--json")
    assert status_of(watched)["complete"]
    assert status_of(watched)["accepted"] == 100


def test_another_file_every_night(sdir: Callable[..., Done], tmp_path: Path) -> None:
    """The counts are those of the last upload; those before it have a line of their own."""
    for night, codes in enumerate(("ABC", "DE-", "FGHI")):
        records = [course(night, courseCode=code.strip("-")) for code in codes]
        (tmp_path / "a.jsonl").write_bytes(lines_of(records))
        assert sdir("upload", *COURSE, "a.jsonl").code == (1 if "-" in codes else 0)
    journal = next(tmp_path.glob("*.journal")).rename(tmp_path / "a.journal")
    shown = sdir("status", journal).out.splitlines()
    assert shown[1].split() == ["a.journal", "4", "0", "0", "0", "0", "complete"]
    assert shown[2:] == ["1 part", "earlier: 2 uploads, 5 accepted, 1 rejected"]
    shown = sdir("status", journal, journal, "--language", "nb").out.splitlines()
    assert shown[-1] == "tidligere: 4 opplastinger, 10 godtatt, 2 avvist"
    part, whole = sdir("status", journal, "--json").events
    assert (whole["read"], whole["accepted"], whole["complete"]) == (4, 4, True)
    counts = {"uploads": 2, "accepted": 5, "rejected": 1, "in_doubt": 0}
    assert part["earlier"] == whole["earlier"] == counts


def test_rejected_rows_that_are_sent_again(sdir: Callable[..., Done], tmp_path: Path) -> None:
    """They are rows of each upload that sends them, and of none before it."""
    for codes, earlier in (("A-", (0, 0)), ("A-B", (1, 0)), ("A-B", (2, 0)), ("C", (2, 1))):
        records = [course(courseCode=code.strip("-")) for code in codes]
        (tmp_path / "a.jsonl").write_bytes(lines_of(records))
        sdir("upload", *COURSE, "a.jsonl", "--force")
        found = status_of(sdir("status", *tmp_path.glob("*.journal"), "--json"))
        assert (found["earlier"]["accepted"], found["earlier"]["rejected"]) == earlier
        assert found["rejected"] == codes.count("-")
        assert found["complete"]


def test_what_is_not_a_journal(sdir: Callable[..., Done], tmp_path: Path) -> None:
    """It is said in one line, and the exit code is that of a wrong argument."""
    (tmp_path / "a.txt").write_text("dear diary")
    done = sdir("status", "a.txt")
    assert (done.code, done.err) == (2, "sdir: a.txt: is not a journal, or is damaged.\n")
    done = sdir("status", "missing")
    assert (done.code, done.err) == (2, "sdir: missing: file not found.\n")
    assert "Give the files that were uploaded" in sdir("status").err


def test_the_status_of_a_file_that_was_uploaded(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """Nobody has to know what its journal is called; counts are written as in the language."""
    (tmp_path / "a[1].jsonl").write_bytes(lines_of([course(at) for at in range(1001)]))
    assert sdir("upload", *COURSE, "a[1].jsonl").code == 0
    assert len(sandbox.records(COURSES)) == 1001
    shown = sdir("status", "a[1].jsonl", "--language", "nb").out.splitlines()
    assert shown[1].startswith("a[1].jsonl.course-v1-create-")
    assert "1\u00a0001" in shown[1]
