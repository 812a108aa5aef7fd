"""Files with keys or records in them are for their owner only."""

from __future__ import annotations

import os
import stat
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from sdir_async import JournalError
from sdir_async.cli.files import private_file
from sdir_async.cli.log import remember
from sdir_async.modes import others_may_read, tighten
from sdir_async.sandbox.store import Store
from sdir_async.upload.journal.sqlite import SqliteStore

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no modes.")


NOBODY: Any = None
"""Options that no line of a log needs, where there is none."""


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o666, 0o602])
def test_a_file_that_others_may_open_is_tightened(tmp_path: Path, mode: int) -> None:
    """What its owner may do stays."""
    path = tmp_path / "file"
    path.write_text("x")
    path.chmod(mode)
    assert others_may_read(path)
    tighten(path)
    assert not others_may_read(path)
    assert mode_of(path) == 0o600
    assert path.read_text() == "x"


def test_a_file_that_is_not_there_is_made_for_its_owner(tmp_path: Path) -> None:
    """Whatever the umask says."""
    before = os.umask(0)
    try:
        tighten(tmp_path / "file")
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "file") == 0o600
    assert not others_may_read(tmp_path / "missing")


@pytest.mark.parametrize("existed", [False, True])
def test_the_store_of_a_sandbox_is_for_its_owner(tmp_path: Path, existed: bool) -> None:
    """A new one and an old one, and what SQLite keeps beside it."""
    path = tmp_path / "store.db"
    if existed:
        path.touch(0o644)
        path.chmod(0o644)
    with closing(Store(str(path), {"/boats": []})) as store:
        store.add("/boats", [("1", "{}")])
        assert {mode_of(one) for one in tmp_path.iterdir()} == {0o600}


# Links, and files that are made


@pytest.fixture(params=["another file", "nothing"])
def link(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A link that somebody put where a file of ours is to be, named as the log."""
    target, link = tmp_path / "target", tmp_path / "sdir" / "log.jsonl"
    if request.param == "another file":
        target.write_text("precious")
        target.chmod(0o644)
    link.parent.mkdir()
    link.symlink_to(target)
    return link


def require_untouched(link: Path) -> None:
    """Require that what the link led to is as it was, and that nothing was made beside the link."""
    assert [one.name for one in link.parent.iterdir()] == [link.name]
    for target in set(link.parent.parent.iterdir()) - {link.parent}:
        assert (target.read_text(), mode_of(target)) == ("precious", 0o644)


def test_a_file_of_the_command_takes_the_place_of_a_link(link: Path) -> None:
    """That is how reports, receipts, rejected rows and templates are written."""
    with private_file(link) as file:
        file.write(b"rows")
    assert not link.is_symlink()
    assert link.read_text() == "rows"
    require_untouched(link)


async def test_a_journal_is_not_a_link(link: Path) -> None:
    """It is refused before anything is read, made or tightened."""
    store = SqliteStore(link, {"api": "course"})
    try:
        with pytest.raises(JournalError, match="is a link: give the path of the file itself"):
            await store.open()
    finally:
        await store.close()
    require_untouched(link)


@pytest.mark.parametrize("made", ["mkfifo", "mkdir"])
async def test_a_journal_is_a_regular_file(tmp_path: Path, made: str) -> None:
    """A pipe would wait forever for somebody who writes to it."""
    getattr(os, made)(tmp_path / "journal")
    store = SqliteStore(tmp_path / "journal", {"api": "course"})
    try:
        with pytest.raises(JournalError, match="journal is not a regular file"):
            await store.open()
    finally:
        await store.close()


def test_the_store_of_a_sandbox_is_not_a_link(link: Path) -> None:
    """As for a journal."""
    with pytest.raises(OSError, match="is a link"):
        Store(str(link), {"/boats": []})
    require_untouched(link)


def test_the_log_of_uploads_is_not_a_link(
    link: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """That is said, and does not stop an upload."""
    monkeypatch.setenv("XDG_STATE_HOME", str(link.parent.parent))
    remember([], NOBODY)
    assert "is a link" in capsys.readouterr().err
    require_untouched(link)


async def test_files_are_for_their_owner_from_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the umask: no moment passes between the making and a change of the mode."""
    for tightening in ("chmod", "fchmod", "lchmod"):
        monkeypatch.delattr(os, tightening, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    before = os.umask(0)
    try:
        store = SqliteStore(tmp_path / "journal", {"api": "course"})
        await store.open()
        with closing(Store(str(tmp_path / "store"), {})), private_file(tmp_path / "report"):
            remember([], NOBODY)
            made = {path.name: mode_of(path) for path in tmp_path.rglob("*") if path.is_file()}
        await store.close()
    finally:
        os.umask(before)
    assert {"journal", "store", "log.jsonl"} < made.keys()
    assert any(name.startswith(".report.sdir-") for name in made)
    assert set(made.values()) == {0o600}
