"""`sdir clean` removes what uploads left, and nothing that is still needed."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from sdir_async.cli.clean import is_finished, leftovers
from sdir_async.cli.files import private_file

from .conftest import COURSE, KEY, PERSONS, course, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Done


@pytest.fixture
def uploaded(sdir: Callable[..., Done], tmp_path: Path) -> Path:
    """A folder after an upload with a rejected row and a report, beside files of others."""
    records = [course(1), course(2, courseCode="")]
    (tmp_path / "courses.jsonl").write_bytes(lines_of(records))
    assert sdir("upload", *COURSE, "courses.jsonl", "--report", "report.html").code == 1
    (tmp_path / "gone.jsonl").write_bytes(lines_of([course(3)]))
    assert sdir("upload", *COURSE, "gone.jsonl").code == 0
    (tmp_path / "gone.jsonl").unlink()
    (tmp_path / "other.html").write_text("<html></html>")
    (tmp_path / "other.journal").write_text("dear diary")
    (tmp_path / ".courses.rejected.jsonl.sdir-0123abcd").write_text("half")
    (tmp_path / ".settings.20241102").write_text("a backup")
    (tmp_path / "link.rejected.csv").symlink_to(tmp_path / "other.html")
    return tmp_path


KEPT = {
    "courses.jsonl",
    "other.html",
    "other.journal",
    ".settings.20241102",
    "link.rejected.csv",
}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def kept(folder: Path) -> set[str]:
    """Return what is never removed: a journal is, once its input is gone."""
    (journal,) = folder.glob("courses.jsonl.*.journal")
    return KEPT | {journal.name}


def test_what_an_upload_left_is_removed(sdir: Callable[..., Done], uploaded: Path) -> None:
    """The input stays with its journal, which keeps it from being saved twice."""
    done = sdir("clean", "--yes")
    assert done.code == 0
    assert names(uploaded) == kept(uploaded)
    for said in (
        "the journal of a finished upload. Without it, the same file can be sent again",
        "courses.rejected.jsonl: rejected rows",
        "report.html: the report of an upload",
        "a draft that an interrupted command left",
        "other.journal: kept",
        "kept while courses.jsonl is here",
    ):
        assert said in done.out
    assert sdir("clean", uploaded).out.endswith("Nothing to remove.\n")


@pytest.mark.skipif(os.name != "posix", reason="Windows has no modes.")
def test_what_an_upload_leaves_is_for_its_owner(uploaded: Path) -> None:
    """And the journal holds no number of a person, as docs/privacy.md says."""
    left = [
        one.path
        for one in leftovers(uploaded)
        if one.goes and not one.path.name.endswith("0123abcd")
    ]
    assert {path.stat().st_mode & 0o777 for path in left} == {0o600}
    (journal,) = uploaded.glob("courses*.journal")
    assert [one for one in PERSONS if one.encode() in journal.read_bytes()] == []
    report = (uploaded / "report.html").read_text()
    assert [one for one in PERSONS if one in report] == []


@pytest.mark.parametrize(("answer", "removed"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_it_asks_first(
    sdir: Callable[..., Done],
    uploaded: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    removed: bool,
) -> None:
    """Only a yes removes anything."""

    class Terminal:
        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            return answer

    before = names(uploaded)
    monkeypatch.setattr("sys.stdin", Terminal())
    done = sdir("clean")
    assert "can be sent and saved again.\nRemove these 4 files? [y/N]" in done.err
    assert names(uploaded) == (kept(uploaded) if removed else before)
    assert done.code == (0 if removed else 2)


def test_where_nobody_can_be_asked_it_needs_yes(
    sdir: Callable[..., Done], uploaded: Path, tmp_path: Path
) -> None:
    """A script says so in as many words."""
    before = names(uploaded)
    assert "only with --yes" in sdir("clean").err
    assert names(uploaded) == before
    assert "is not a folder" in sdir("clean", tmp_path / "courses.jsonl").err


def test_the_journal_of_an_upload_that_is_not_finished_stays(
    sdir: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it records could be sent twice; once the upload is whole, it may go."""
    (tmp_path / "courses.jsonl").write_bytes(lines_of([course(at) for at in range(20)]))
    command = ("upload", *COURSE, "courses.jsonl", "--chunk-size", 5)
    monkeypatch.setenv("SDIR_API_KEY", "not-the-key")
    assert sdir(*command).code == 2
    (journal,) = tmp_path.glob("*.journal")
    assert not is_finished(journal)
    assert f"{journal.name}: kept, since its upload is not finished" in sdir("clean", "-y").out
    assert journal.exists()
    monkeypatch.setenv("SDIR_API_KEY", KEY)
    assert sdir(*command).code == 0
    assert is_finished(journal)
    with closing(sqlite3.connect(journal)) as db:
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
        db.execute("BEGIN EXCLUSIVE")
        assert not is_finished(journal)


def _rejected(sdir: Callable[..., Done], folder: Path) -> Path:
    """Upload a file of which two rows are rejected."""
    records = [course(1), course(2, courseCode=""), course(3, courseCode="")]
    (folder / "a.jsonl").write_bytes(lines_of(records))
    assert sdir("upload", *COURSE, "a.jsonl").code == 1
    return folder / "a.rejected.jsonl"


def _correct(rejected: Path, count: int) -> None:
    text = rejected.read_text(encoding="utf-8")
    rejected.write_text(text.replace('"courseCode":""', '"courseCode":"C"', count), "utf-8")


@pytest.mark.parametrize(("corrected", "is_sent"), [(0, False), (1, False), (2, False), (1, True)])
@pytest.mark.parametrize("is_replaced", [False, True])
def test_rejected_rows_that_are_not_saved_yet_stay(
    sdir: Callable[..., Done], tmp_path: Path, corrected: int, is_sent: bool, is_replaced: bool
) -> None:
    """And so does the journal that knows them; only what stands in the input as it is may go."""
    rejected = _rejected(sdir, tmp_path)
    _correct(rejected, corrected)
    if is_sent:
        assert sdir("upload", *COURSE, rejected).code == 1
    if is_replaced:
        (tmp_path / "a.jsonl").write_bytes(lines_of([course(4)]))
        assert sdir("upload", *COURSE, "a.jsonl").code == 0
    done = sdir("clean", "--yes")
    stays = corrected > 0 or is_replaced
    assert rejected.exists() == stays
    assert len(list(tmp_path.glob("*.journal"))) == 1
    assert ("kept while a.jsonl is here" in done.out) != stays
    assert ("may have rejected rows that were not corrected and accepted yet" in done.out) == stays
    assert ("since it records which rows of a.rejected." in done.out) == stays


def test_rejected_rows_that_were_corrected_and_accepted_may_go(
    sdir: Callable[..., Done], tmp_path: Path
) -> None:
    """Each of them is saved, whatever became of the input; a row that was added stays."""
    rejected = _rejected(sdir, tmp_path)
    _correct(rejected, 2)
    assert sdir("upload", *COURSE, rejected).code == 0
    (tmp_path / "a.jsonl").unlink()
    with rejected.open("ab") as file:
        file.write(lines_of([course(9)]))
    assert sdir("clean", "--yes").code == 0
    assert rejected.exists()
    rejected.write_bytes(b"".join(rejected.read_bytes().splitlines(keepends=True)[:2]))
    assert sdir("clean", "--yes").code == 0
    assert names(tmp_path) == set()


def test_what_a_draft_is_called_is_what_is_removed(tmp_path: Path) -> None:
    """The name that a file has until it is whole."""
    with private_file(tmp_path / "courses.rejected.csv"):
        (found,) = leftovers(tmp_path)
        assert found.what.startswith("a draft")


def test_a_key_file_that_others_can_read_is_warned_about(
    sdir: Callable[..., Done], tmp_path: Path
) -> None:
    """The command continues: a file may be mounted that way."""
    key = tmp_path / "key"
    key.write_text("0123456789abcdef")
    key.chmod(0o644)
    done = sdir("doctor", "--key-file", key)
    assert done.code == 0
    assert ("others can read the key in it. Run: chmod 600" in done.err) == (os.name == "posix")
    key.chmod(0o600)
    assert sdir("doctor", "--key-file", key).err == ""
