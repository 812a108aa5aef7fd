"""The file of a journal: what is not a journal, who may have it, and where it can be."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
import sqlite3
import stat
from pathlib import Path
from typing import Any

import httpx
import pytest

from sdir_async import JournalError, JournalInUse
from sdir_async.upload.journal.sqlite import SqliteStore
from tests.upload.server import Register
from tests.upload.test_faults import judge
from tests.upload.test_journal import COUNT, records, upload
from tests.virtual import run


def spoil_directory(path: Path) -> None:
    path.mkdir()


def spoil_foreign(path: Path) -> None:
    path.write_bytes(b"This is no database, but a letter to a friend." * 40)


def spoil_database(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE t (x)")


def spoil_version(path: Path) -> None:
    run(upload(Register(), records(1), path))
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version=1")


def spoil_empty(path: Path) -> None:
    path.touch()


def spoil_truncated(path: Path) -> None:
    run(upload(Register(), records(), path))
    path.write_bytes(path.read_bytes()[:5000])


def spoil_event(path: Path) -> None:
    run(upload(Register(), records(), path))
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE event SET detail = '[]' WHERE kind = 'rejected'")


def spoil_missing_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


SPOILERS = [
    spoil_directory,
    spoil_foreign,
    spoil_database,
    spoil_version,
    spoil_empty,
    spoil_truncated,
    spoil_event,
    spoil_missing_folder,
]


@pytest.mark.parametrize("spoil", SPOILERS, ids=lambda spoil: spoil.__name__.removeprefix("spoil_"))
def test_what_is_no_journal_is_refused_before_the_first_request(tmp_path: Path, spoil: Any) -> None:
    """A file that can't be a journal is left as it is, and nothing is sent."""
    journal = tmp_path / "folder" / "journal"
    journal.parent.mkdir()
    spoil(journal)
    before = journal.read_bytes() if journal.is_file() else None
    register = Register()
    with pytest.raises(JournalError, match="can't be used"):
        run(upload(register, records(), journal))
    assert register.batches == []
    assert before is None or journal.read_bytes() == before


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (spoil_empty, "the file is empty; if it never held a journal, remove it."),
        (spoil_database, "the file is a database, but not a journal."),
        (spoil_version, "another version of this library wrote it."),
    ],
)
def test_what_is_no_journal_is_told_why(tmp_path: Path, spoil: Any, words: str) -> None:
    """So that nobody removes what is another's."""
    spoil(tmp_path / "journal")
    with pytest.raises(JournalError, match=f"journal can't be used: {words}"):
        run(upload(Register(), records(), tmp_path / "journal"))


def test_two_uploads_on_one_journal(tmp_path: Path) -> None:
    """The second one is refused while the first one runs, and sends nothing."""

    async def main() -> None:
        register, second = Register(latency=0.5), Register()
        first = asyncio.create_task(upload(register, records(), tmp_path / "journal"))
        while not register.batches:
            await asyncio.sleep(0.01)
        with pytest.raises(JournalInUse, match="in use by another upload"):
            await upload(second, records(), tmp_path / "journal")
        assert second.batches == []
        assert (await first).accepted == COUNT - 3

    asyncio.run(main())


def test_only_the_owner_may_read_it_and_no_person_is_in_it(tmp_path: Path) -> None:
    """Mode 0600, with ranges, digests and states inside: no number, no name, no key."""
    journal = tmp_path / "journal"

    class Left(Register):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            for file in tmp_path.iterdir():
                assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
            return await super().handle_async_request(request)

    given_records = [{**one, "name": "Nordmann"} for one in records()]
    given_records[5]["courseCode"] = "BAD"
    run(upload(Left(), given_records, journal))
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for one in given_records:
        assert one["personalIdentityNumber"].encode() not in content
    assert b"Nordmann" not in content


def test_a_file_system_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stick or a share holds a journal, too."""

    def link(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    first, again = Register(), Register()
    for register in (first, again):
        report = run(upload(register, records(), tmp_path / "journal"))
        assert report.accepted == COUNT - 3
    assert again.batches == []
    assert [file.name for file in tmp_path.iterdir()] == ["journal"]
    assert stat.S_IMODE((tmp_path / "journal").stat().st_mode) == 0o600


def test_a_path_that_can_not_be(tmp_path: Path) -> None:
    """It is an error of the journal, before anything is sent."""
    with pytest.raises(JournalError, match="can't be used"):
        run(upload(Register(), records(), tmp_path / "jour\0nal"))


NO_ROOM = r"disk is full\. Nothing is sent without it; make room, or give another path\."


def test_a_full_disk_stops_cleanly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the journal can't be written any more, nothing more is sent; the report is true."""
    append, room = SqliteStore._append, [3]

    def fill(self: SqliteStore, entries: Any) -> None:
        room[0] -= 1
        with self._explained():
            if room[0] < 0:
                raise sqlite3.OperationalError("database or disk is full")
        append(self, entries)

    monkeypatch.setattr(SqliteStore, "_append", fill)
    register = Register()
    with pytest.raises(JournalError, match=NO_ROOM) as caught:
        run(upload(register, records(), tmp_path / "journal", concurrency=1))
    assert caught.value.report is not None
    assert 0 < len(register.saved) == caught.value.report.accepted
    monkeypatch.undo()
    report = run(upload(register, records(), tmp_path / "journal"))
    judge(register, records(), report)
    assert report.accepted == COUNT - 3
