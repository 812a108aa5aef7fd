"""What has become of an upload, on disk, so that it survives its process.

A journal is an SQLite database that is only ever appended to. It knows ranges of the input,
digests, states, and the fields for which records were rejected: nothing that could name a person.

Before a piece of a chunk is written to the wire, that is on disk; when it is settled, the outcome
follows, at the latest with the next piece. Of one chunk only one piece is on the wire at a time,
so the last one that was begun and not settled is the one whose fate is unknown.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import secrets
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Self

import orjson

from ..errors import JournalError, JournalMismatch
from .history import History, sending, settled
from .report import runs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .chunks import Chunk, Piece
    from .history import Past
    from .report import State

_FORMAT: Final = 0x53444952  # "SDIR", as the application id of the file
_VERSION: Final = 2
_WHOLE: Final = "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
"""For a draft, which is made whole or not at all."""
_TABLES: Final = f"""
    PRAGMA application_id={_FORMAT};
    PRAGMA user_version={_VERSION};
    CREATE TABLE upload (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE event (
        id INTEGER PRIMARY KEY, chunk INTEGER NOT NULL, kind TEXT NOT NULL, detail BLOB NOT NULL
    );
"""
_AT_ONCE: Final = 200
"""So many entries in one statement: four values each, of which SQLite before 3.32 allows 999."""


class Journal:
    """No journal: an upload that ends with its process."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """There is nothing to close."""

    def planned(self) -> Sequence[int]:
        """Return the lengths of the chunks that an earlier run made, in order."""
        return ()

    def begin(self, chunk: Chunk) -> Past | None:
        """Enter a chunk; return what is known of it from an earlier run, if it is.

        Raises:
            JournalMismatch: It is not what the earlier run read at this place.
        """

    def knows(self, chunk: Chunk) -> bool:  # noqa: ARG002
        """Say whether an earlier run may have sent some of this part of a chunk."""
        return False

    async def sending(self, piece: Piece) -> None:
        """Return when it is on disk that this piece is about to be written to the wire."""

    def settled(self, piece: Piece, state: State) -> None:
        """Enter what became of a piece."""

    def end(self, read: int) -> None:
        """Enter that the input ended after so many records.

        Raises:
            JournalMismatch: It ended elsewhere in an earlier run.
        """


class SqliteJournal(Journal):
    """A journal in a file, used by one process at a time."""

    def __init__(self, path: Path, upload: dict[str, str]) -> None:
        """Name the file, and what tells this upload from others."""
        self._path = path
        self._upload = upload
        self._thread = ThreadPoolExecutor(1, "sdir journal")
        self._db: sqlite3.Connection | None = None
        self._salt = b""
        self._total: int | None = None
        self._chunks: dict[int, History] = {}
        self._last = 0
        self._entries: list[tuple[int, int, str, bytes]] = []
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        try:
            await self._in_thread(self._open)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._flush()
        finally:
            await self._close()

    def planned(self) -> Sequence[int]:
        return [history.length for _, history in sorted(self._chunks.items())]

    def begin(self, chunk: Chunk) -> Past | None:
        digest = hashlib.sha256(self._salt)
        digest.update(chunk.body)
        known = self._chunks.get(chunk.start)
        if known is None:
            if self._total is not None:
                raise self._changed(f"it ended after {self._total} records then, and goes on now")
            self._enter(chunk.start, "read", [len(chunk), digest.hexdigest()])
            return None
        if (known.length, known.digest) != (len(chunk), digest.hexdigest()):
            raise self._changed(f"records {chunk.start} to {chunk.start + len(chunk) - 1} differ")
        if known.wire:  # remember it as unknown, whatever is sent next
            self._enter(chunk.start, "in_doubt", list(runs(known.wire)))
        return known.past()

    def knows(self, chunk: Chunk) -> bool:
        return len(chunk) > 0 and chunk.start in self._chunks

    async def sending(self, piece: Piece) -> None:
        self._enter(piece.chunk.start, *sending(piece))
        await self._flush()

    def settled(self, piece: Piece, state: State) -> None:
        for kind, detail in settled(piece, state):
            self._enter(piece.chunk.start, kind, detail)

    def end(self, read: int) -> None:
        before = sum(self.planned()) if self._total is None else self._total
        if read < before or self._total not in (None, read):
            raise self._changed(f"it has {read} records, and had {before} or more")
        if self._total is None:
            self._enter(read, "end", None)

    def _changed(self, how: str) -> JournalMismatch:
        return JournalMismatch(
            f"The input is not the one that {self._path} was written for: {how}. Give the same"
            " input again, or another journal for another upload."
        )

    # Writing

    def _enter(self, chunk: int, kind: str, detail: object) -> None:
        self._last += 1
        self._entries.append((self._last, chunk, kind, orjson.dumps(detail)))

    async def _flush(self) -> None:
        """Return when all that was entered by now is on disk; who waits together writes together.

        An entry leaves the list when it was written. Interrupted, it may be written twice, which
        changes nothing.
        """
        wanted = self._last
        async with self._turn:
            if self._entries and self._entries[0][0] <= wanted:
                entries = self._entries.copy()
                await self._in_thread(self._write, entries)
                del self._entries[: len(entries)]

    def _write(self, entries: Sequence[tuple[int, int, str, bytes]]) -> None:
        """Write in one statement, which is one transaction: each takes turns with the loop."""
        db = self._db
        if db is None:
            return
        for start in range(0, len(entries), _AT_ONCE):
            some = entries[start : start + _AT_ONCE]
            places = ", ".join(["(?, ?, ?, ?)"] * len(some))
            statement = f"INSERT OR IGNORE INTO event VALUES {places}"  # noqa: S608
            db.execute(statement, list(chain.from_iterable(some)))

    async def _in_thread(self, work: Any, *args: Any) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, work, *args)
        except (sqlite3.Error, OSError, ValueError) as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> JournalError:
        if getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return JournalError(f"The journal {self._path} is in use by another upload.")
        return JournalError(
            f"The journal {self._path} can't be used: {error}. Nothing is sent without it; make"
            " room, or give another path."
        )

    # Opening

    def _open(self) -> None:
        if not self._path.exists():
            self._create()
        if not self._path.stat().st_size:
            raise OSError("the file is empty; if it never held a journal, remove it")
        db = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=0,
            isolation_level=None,
            check_same_thread=False,
        )
        self._db = db
        db.execute("PRAGMA locking_mode=EXCLUSIVE").fetchall()
        if db.execute("PRAGMA application_id").fetchone() != (_FORMAT,):
            raise OSError("the file is a database, but not a journal")
        if db.execute("PRAGMA user_version").fetchone() != (_VERSION,):
            raise OSError("another version of this library wrote it")
        for setting in ("journal_mode=PERSIST", "synchronous=FULL"):
            db.execute(f"PRAGMA {setting}").fetchall()
        db.executescript("BEGIN IMMEDIATE; COMMIT;")
        self._load(db)

    def _create(self) -> None:
        """Make the file whole before it has its name: an empty one is then always a lost one."""
        draft = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}")
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        values = {**self._upload, "salt": secrets.token_hex(16)}
        try:
            with contextlib.closing(sqlite3.connect(draft, isolation_level=None)) as db:
                db.executescript(f"{_WHOLE} BEGIN; {_TABLES}")
                db.executemany("INSERT INTO upload VALUES (?, ?)", values.items())
                db.execute("COMMIT")
            with draft.open("rb+") as made:
                os.fsync(made.fileno())
            self._name(draft)
        except FileExistsError:
            return  # another process was quicker, and has it now
        finally:
            draft.unlink(missing_ok=True)

    def _name(self, draft: Path) -> None:
        try:
            os.link(draft, self._path)
        except FileExistsError:
            raise
        except OSError:  # a file system without links: a stick, a share
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL, 0o600))
            draft.replace(self._path)

    def _load(self, db: sqlite3.Connection) -> None:
        stored = dict(db.execute("SELECT name, value FROM upload"))
        for name, value in self._upload.items():
            if stored.get(name) != value:
                raise JournalMismatch(
                    f"The journal {self._path} belongs to another upload: its {name} is"
                    f" {stored.get(name)!r}, not {value!r}. Give another journal."
                )
        try:
            self._salt = bytes.fromhex(stored["salt"])
            for event in db.execute("SELECT * FROM event ORDER BY id"):
                self._replay(*event)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise OSError("it is damaged") from error

    def _replay(self, last: int, chunk: int, kind: str, detail: bytes) -> None:
        self._last = last
        if kind == "end":
            self._total = chunk
        elif kind == "read":
            self._chunks[chunk] = History(*orjson.loads(detail))
        else:
            self._chunks[chunk].replay(kind, orjson.loads(detail))

    async def _close(self) -> None:
        """Close the file, after whatever the thread is still at, even if nobody waits for it."""
        closing = self._thread.submit(self._close_db)
        try:
            await self._in_thread(closing.result)
        except asyncio.CancelledError:
            await self._in_thread(closing.result)
            raise
        finally:
            self._thread.shutdown(wait=False)

    def _close_db(self) -> None:
        if self._db is not None:
            with contextlib.closing(self._db) as db:
                if self._salt:  # it is ours, so that nothing is left beside it
                    db.execute("PRAGMA journal_mode=DELETE").fetchall()
