"""What can't go well is given up early: every row is bad, or nothing comes through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sdir_async import RetryPolicy
from sdir_async.cli import result, spool
from sdir_async.cli.rejected import Rejected
from sdir_async.cli.spool import RejectedRows
from sdir_async.sandbox import Fault

from .conftest import COURSE, COURSES, course, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sdir_async.sandbox import SandboxThread

    from .conftest import Done

QUICK = ("--attempts", 1, "--settle", 0)


def test_nothing_more_is_tried_when_no_row_is_good(
    sdir: Callable[..., Done],
    sandbox: SandboxThread,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The rows that were looked at are in the file of rejected rows; the exit code is 4."""
    monkeypatch.setattr(result, "_HOPELESS", 100)
    given = [course(at, courseCode="") for at in range(5000)]
    (tmp_path / "a.jsonl").write_bytes(lines_of(given))
    done = sdir("upload", *COURSE, "a.jsonl", "--chunk-size", 50)
    assert (done.code, sandbox.requests) == (4, [])
    assert "rows was accepted, so the rest was not tried." in done.out
    assert "To continue" not in done.out
    rejected = (tmp_path / "a.rejected.jsonl").read_bytes().splitlines()
    assert 100 <= len(rejected) < 2000
    assert f"Not sent: any line after line {len(rejected)}." in done.out
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(at) for at in range(200)]))
    assert sdir("upload", *COURSE, "a.jsonl").code == 0
    assert len(sandbox.records(COURSES)) == 200


@pytest.mark.parametrize("earlier", [False, True])
def test_one_good_row_is_reason_enough_to_go_on(
    sdir: Callable[..., Done],
    sandbox: SandboxThread,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    earlier: bool,
) -> None:
    """Also one that an earlier run sent."""
    monkeypatch.setattr(result, "_HOPELESS", 100)
    given = [course(0), *(course(at, courseCode="") for at in range(1, 1000))]
    if earlier:
        (tmp_path / "a.jsonl").write_bytes(lines_of(given[:1]))
        assert sdir("upload", *COURSE, "a.jsonl").code == 0
    (tmp_path / "a.jsonl").write_bytes(lines_of(given))
    done = sdir("upload", *COURSE, "a.jsonl", "--chunk-size", 50, "--concurrency", 1)
    assert (done.code, len(sandbox.records(COURSES))) == (1, 1)
    assert len((tmp_path / "a.rejected.jsonl").read_bytes().splitlines()) == 999


def test_a_total_outage_ends_the_upload_soon(
    sdir: Callable[..., Done],
    sandbox: SandboxThread,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 60 requests some are lost, then one at a time; the rest of the rows is unsent: 4."""
    monkeypatch.setattr(RetryPolicy, "wait", lambda *_: 0.0)
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(at) for at in range(600)]))
    sandbox.faults.add(Fault("lost"))
    done = sdir("upload", *COURSE, "a.jsonl", "--chunk-size", 10, *QUICK, "--json")
    end = done.end
    assert (done.code, end["ended"], end["accepted"]) == (4, "error", 0)
    assert end["in_doubt"] <= 200
    assert end["in_doubt"] + end["unsent"] < 600
    assert end["resume"]
    sandbox.faults.clear()
    done = sdir("upload", *COURSE, "a.jsonl", "--chunk-size", 10, *QUICK)
    assert (done.code, len(sandbox.records(COURSES))) == (0, 600)


def test_rejected_rows_are_kept_in_the_order_of_the_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """On disk, however they come; they can be read again and again."""
    monkeypatch.setattr(spool, "_IN_MEMORY", 100)
    rows = RejectedRows()
    for index in (5, 1, 3):
        rows.add(index, Rejected(index, ("x" * 50,), (("code", "is wrong"),), {}))
    for _ in range(2):
        assert [row.line for row in rows] == [1, 3, 5]
    rows.add(2, Rejected(2, (), (), None))
    assert [row.line for row in rows] == [1, 2, 3, 5]
    assert len(rows) == 4
