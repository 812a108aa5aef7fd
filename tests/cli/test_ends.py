"""An upload that did not read its input to the end is never shown as one that did."""

from __future__ import annotations

import os
import signal
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from sdir_async.cli.screen import Events, Plain
from sdir_async.sandbox import Fault

from .conftest import COURSE, COURSES, an_hour_passes, course, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import FileIO
    from pathlib import Path

    from sdir_async import Snapshot
    from sdir_async.sandbox import SandboxThread

    from .conftest import Done, Watch


def _page(folder: Path) -> str:
    return (folder / "report.html").read_text()


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileIO]:
    """The other end of standard input."""
    reading, writing = os.pipe()
    with open(reading, encoding="utf-8") as stdin, open(writing, "wb", buffering=0) as feed:
        monkeypatch.setattr("sys.stdin", stdin)
        yield feed


@pytest.mark.parametrize("as_json", [False, True])
def test_a_deadline_during_a_slow_input_is_told(
    sdir: Callable[..., Done],
    sandbox: SandboxThread,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    watch: Watch,
    pipe: FileIO,
    as_json: bool,
) -> None:
    """Of 600 rows 500 have come when the deadline passes: all of them saved, and exit code 4."""
    feeding = Thread(target=pipe.write, args=[lines_of([course(at) for at in range(500)])])
    feeding.start()

    def seen(snapshot: Snapshot) -> None:
        if snapshot.accepted == 500:
            an_hour_passes(monkeypatch)

    watch(seen)
    monkeypatch.setattr(Plain, "end", lambda _: pipe.close())
    monkeypatch.setattr(Events, "end", lambda _: pipe.close())
    arguments = ("upload", *COURSE, "-", "--deadline", 600, "--report", "report.html")
    done = sdir(*arguments, *(["--json"] if as_json else []))
    feeding.join()
    assert done.code == 4
    assert len(sandbox.records(COURSES)) == 500
    assert "Not complete:</b> the deadline passed." in _page(tmp_path)
    if as_json:
        end = done.end
        assert (end["ended"], end["complete"], end["begun"]) == ("deadline", False, True)
        assert (end["accepted"], end["unsent"], end["exit"]) == (500, 0, 4)
    else:
        assert "standard input: 500 accepted" in done.out
        assert "Not complete: the deadline passed." in done.out
        assert "Not sent: any line after line 500." in done.out


@pytest.mark.parametrize("as_json", [False, True])
def test_stopping_at_a_rejected_record_is_told(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path, as_json: bool
) -> None:
    """Of 100 records the second is rejected: the others are not sent, and the exit code is 4."""
    records = [course(at) for at in range(100)]
    records[1]["courseCode"] = ""
    (tmp_path / "a.jsonl").write_bytes(lines_of(records))
    (tmp_path / "b.jsonl").write_bytes(lines_of([course(100)]))
    arguments = ("--stop-on-rejected", "--chunk-size", 1, "--concurrency", 1)
    inputs = ("a.jsonl", "b.jsonl", "--report", "report.html")
    done = sdir("upload", *COURSE, *inputs, *arguments, *(["--json"] if as_json else []))
    assert done.code == 4
    assert len(sandbox.records(COURSES)) == 1
    page = _page(tmp_path)
    assert page.count("Not complete:</b> the upload stopped at a rejected record.") == 2
    if as_json:
        first, second = (one for one in done.events if one["event"] == "end")
        assert (first["ended"], first["complete"], first["exit"]) == ("rejected", False, 4)
        assert (first["accepted"], first["rejected"]) == (1, 1)
        assert (second["input"], second["begun"], second["exit"]) == ("b.jsonl", False, 4)
    else:
        assert "Not complete: the upload stopped at a rejected record." in done.out
        assert "Not sent: " in done.out
        assert "b.jsonl: not begun" in done.out


@pytest.mark.parametrize("as_json", [False, True])
def test_files_that_ctrl_c_left_unread_are_named(
    sdir: Callable[..., Done],
    sandbox: SandboxThread,
    tmp_path: Path,
    watch: Watch,
    as_json: bool,
) -> None:
    """The first file is complete when Ctrl-C comes, the others are not begun: exit code 130."""
    for at, name in enumerate(("a", "b", "c")):
        (tmp_path / f"{name}.jsonl").write_bytes(lines_of([course(at)]))
    watch(lambda _: signal.raise_signal(signal.SIGINT))
    inputs = ("a.jsonl", "b.jsonl", "c.jsonl", "--report", "report.html")
    done = sdir("upload", *COURSE, *inputs, *(["--json"] if as_json else []))
    assert done.code == 130
    assert len(sandbox.records(COURSES)) == 1
    page = _page(tmp_path)
    assert ("the upload is not complete" in page, page.count("not begun")) == (True, 2)
    if as_json:
        ends = [one for one in done.events if one["event"] == "end"]
        assert [(one["input"], one["begun"], one["complete"], one["exit"]) for one in ends] == [
            ("a.jsonl", True, True, 0),
            ("b.jsonl", False, False, 130),
            ("c.jsonl", False, False, 130),
        ]
        assert {one["ended"] for one in ends} == {"complete", "cancelled"}
    else:
        assert "a.jsonl: 1 accepted" in done.out
        assert "b.jsonl: not begun\n  Not complete: the upload was interrupted." in done.out
        assert "c.jsonl: not begun" in done.out
        assert done.out.count("To continue, run the same command again") == 1


def test_the_deadline_is_for_all_files_together(
    sdir: Callable[..., Done],
    sandbox: SandboxThread,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    watch: Watch,
) -> None:
    """It passes while the first file ends: nothing of the second is sent, the third not begun."""
    for at, name in enumerate(("a", "b", "c")):
        (tmp_path / f"{name}.jsonl").write_bytes(lines_of([course(at)]))
    watch(lambda _: an_hour_passes(monkeypatch))
    sandbox.faults.add(Fault("latency", seconds=1, nth=2))
    inputs = ("a.jsonl", "b.jsonl", "c.jsonl")
    done = sdir("upload", *COURSE, *inputs, "--deadline", 600, "--json")
    assert done.code == 4
    first, second, third = (one for one in done.events if one["event"] == "end")
    assert (first["complete"], second["complete"], third["complete"]) == (True, False, False)
    assert (second["ended"], second["accepted"]) == ("deadline", 0)
    assert (third["ended"], third["begun"]) == ("deadline", False)


def test_a_complete_upload_is_told_as_such(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """Rejected records do not make it incomplete; nor is a check of an input."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(1), course(2, courseCode="")]))
    for more in ([], ["--dry-run"]):
        end = sdir("upload", *COURSE, "a.jsonl", "--json", *more).end
        assert (end["ended"], end["complete"], end["exit"]) == ("complete", True, 1)
    done = sdir("upload", *COURSE, "a.jsonl", "--report", "report.html")
    assert done.code == 1
    assert "ot complete" not in done.out + _page(tmp_path)


def test_an_input_that_breaks_off_is_not_complete(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """What came before is saved; the error is named, and the exit code is 4."""
    (tmp_path / "a.json").write_bytes(
        b"[" + b",".join(lines_of([course(at)]) for at in range(600)) + b', {"broken'
    )
    done = sdir("upload", *COURSE, "a.json", "--json")
    assert (done.code, done.end["ended"], done.end["complete"]) == (4, "error", False)
    assert done.end["accepted"] == len(sandbox.records(COURSES)) > 0


def test_nothing_was_saved_is_said_only_where_it_holds(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """The second file breaks off after a record: alone, the code is 2; after another file, 4."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(1)]))
    (tmp_path / "b.json").write_bytes(b"[" + lines_of([course(2)]) + b', {"broken')
    assert sdir("upload", *COURSE, "b.json").code == 2
    assert sdir("upload", *COURSE, "a.jsonl", "b.json").code == 4
