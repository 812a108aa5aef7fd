"""A journal in an SQLite file, for one process at a time. Entries are only ever appended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import sqlite3
import struct
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ...errors import JournalError, JournalInUse, JournalMismatch
from ...modes import tighten

try:
    import fcntl
except ModuleNotFoundError:  # Windows, where the locks of SQLite belong to one opening of a file
    fcntl: Any = None  # type: ignore[no-redef]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from .recorded import Entry

T = TypeVar("T")

_FORMAT: Final = 0x53444952  # "SDIR", as the application id of the file
_VERSION: Final = 2
_WHOLE: Final = "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
"""For a draft, which is made completely or not at all."""
_TABLES: Final = f"""
    PRAGMA application_id={_FORMAT};
    PRAGMA user_version={_VERSION};
    CREATE TABLE upload (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE event (
        id INTEGER PRIMARY KEY, chunk INTEGER NOT NULL, kind TEXT NOT NULL, detail BLOB NOT NULL
    );
"""
_AT_ONCE: Final = 200
"""How many entries one statement holds: four values each, and SQLite before 3.32 allows 999."""
_LOCKED_BYTE: Final = 2**62
"""Far behind the bytes that SQLite locks itself."""


def _salt_in(stored: dict[str, str]) -> bytes:
    try:
        return bytes.fromhex(stored["salt"])
    except (ValueError, LookupError, TypeError):
        raise OSError("it is damaged") from None


class SqliteStore:
    """The events of an upload in a file. What blocks is done in a thread of its own."""

    advice = "Give the same input again, or another journal for another upload."
    still_mine = None
    """Its lock is gone only with the process, or with the file, which `append` looks for."""

    def __init__(self, path: Path, upload: dict[str, str], salt: bytes = b"") -> None:
        """Name the file and the target of the upload; a new file gets this salt."""
        self.name = f"The journal {path}"
        self.salt = b""
        self._new_salt = salt or secrets.token_bytes(16)
        self._path = path
        self._upload = upload
        self._db: sqlite3.Connection | None = None
        self._lock: int | None = None
        self._thread = ThreadPoolExecutor(1, "sdir journal")

    async def open(self) -> list[Entry]:
        """Lock the file, and return its events."""
        return await self._in_thread(self._open)

    async def append(self, entries: Sequence[Entry]) -> None:
        """Write the events to the disk."""
        await self._in_thread(lambda: self._append(entries))

    async def close(self) -> None:
        """Close the file when the thread has finished its work, even if nobody waits for it."""
        closing = self._thread.submit(self._close)
        try:
            await self._in_thread(closing.result)
        except asyncio.CancelledError:
            await self._in_thread(closing.result)
            raise
        finally:
            self._thread.shutdown(wait=False)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _open(self) -> list[Entry]:
        with self._explained():
            if not self._path.exists():
                self._create()
            tighten(self._path)
            if not self._path.stat().st_size:
                raise OSError("the file is empty; if it never held a journal, remove it")
            self._lock = self._locked()
            self._db = db = self._connected()
            stored = dict(db.execute("SELECT name, value FROM upload"))
            self._require_same(stored)
            self.salt = _salt_in(stored)
            return db.execute("SELECT * FROM event ORDER BY id").fetchall()

    def _append(self, entries: Sequence[Entry]) -> None:
        """Write in one statement, which is one transaction: each one takes turns with the loop."""
        if self._db is None:
            return
        with self._explained():
            self._require_there()
            for start in range(0, len(entries), _AT_ONCE):
                some = entries[start : start + _AT_ONCE]
                places = ", ".join(["(?, ?, ?, ?)"] * len(some))
                statement = f"INSERT OR IGNORE INTO event VALUES {places}"  # noqa: S608
                self._db.execute(statement, list(chain.from_iterable(some)))

    def _close(self) -> None:
        """Close the file, and leave no other files beside it."""
        try:
            if self._db is not None:
                with contextlib.closing(self._db) as db, self._explained():
                    if self.salt:  # it is ours
                        db.execute("PRAGMA journal_mode=DELETE").fetchall()
        finally:
            if self._lock is not None:
                os.close(self._lock)
            self._db = self._lock = None

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn any error of a file or of SQLite into one that says what to do."""
        try:
            yield
        except (sqlite3.Error, OSError, ValueError) as error:
            busy = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if getattr(error, "sqlite_errorcode", None) in busy:
                raise self._in_use() from error
            why = getattr(error, "strerror", None) or error
            raise JournalError(
                f"{self.name} can't be used: {why}. Nothing is sent without it; make room, or"
                " give another path."
            ) from error

    def _in_use(self) -> JournalInUse:
        return JournalInUse(f"{self.name} is in use by another upload.")

    def _locked(self) -> int | None:
        """Lock the file for as long as this connection is open.

        The locks of SQLite are the process's: they are gone when anything in the process opens the
        file and closes it again, such as a backup.
        """
        if not hasattr(fcntl, "F_OFD_SETLK"):
            return None
        file = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        wanted = struct.pack("hhqqi0q", fcntl.F_WRLCK, os.SEEK_SET, _LOCKED_BYTE, 1, 0)
        try:
            fcntl.fcntl(file, fcntl.F_OFD_SETLK, wanted)
        except BlockingIOError:
            os.close(file)
            raise self._in_use() from None
        except OSError:  # a file system without such locks
            os.close(file)
            return None
        return file

    def _require_there(self) -> None:
        """Refuse to continue without the file: after a kill, everything would be sent again."""
        if self._lock is None:
            return
        try:
            there = os.path.samestat(os.fstat(self._lock), self._path.stat())
        except FileNotFoundError:
            there = False
        if not there:
            raise JournalError(
                f"{self.name} was removed or replaced while it was in use. Nothing more is sent."
                " Check what was saved before you send the rest."
            )

    def _connected(self) -> sqlite3.Connection:
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
        return db

    def _require_same(self, stored: dict[str, str]) -> None:
        for name, value in self._upload.items():
            if stored.get(name) != value:
                raise JournalMismatch(
                    f"{self.name} belongs to another upload: its {name} is"
                    f" {stored.get(name)!r}, not {value!r}. Give another journal."
                )

    def _create(self) -> None:
        """Write the file completely before it gets its name: an empty one is always a lost one."""
        draft = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}")
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        values = {**self._upload, "salt": self._new_salt.hex()}
        try:
            with contextlib.closing(sqlite3.connect(draft, isolation_level=None)) as db:
                db.executescript(f"{_WHOLE} BEGIN; {_TABLES}")
                db.executemany("INSERT INTO upload VALUES (?, ?)", values.items())
                db.execute("COMMIT")
            with draft.open("rb+") as made:
                os.fsync(made.fileno())
            self._name_it(draft)
        except FileExistsError:
            return  # another process was quicker, and has it now
        finally:
            draft.unlink(missing_ok=True)

    def _name_it(self, draft: Path) -> None:
        try:
            os.link(draft, self._path)
        except FileExistsError:
            raise
        except OSError:  # a file system without links: a stick, a share
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL, 0o600))
            draft.replace(self._path)
