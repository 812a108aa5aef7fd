"""What has become of an upload, on disk, so that it survives its process.

A journal is an SQLite database that is only ever appended to. It knows ranges of the input,
digests, states, and the fields for which records were rejected: nothing that could name a person.

Before a piece of a chunk is written to the wire, that is on disk; when it is settled, the outcome
follows, at the latest with the next piece. Of one chunk only one piece is on the wire at a time,
so the last one that was begun and not settled is the one whose fate is unknown.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, Self

import orjson
from attrs import define, field, frozen

from ..errors import JournalError, JournalMismatch, Reason
from ..privacy import mask
from .report import runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from .chunks import Chunk, Piece
    from .report import ChunkOutcome, Rejection

_FORMAT: Final = 0x53444952  # "SDIR", as the application id of the file
_TABLES: Final = """
    CREATE TABLE upload (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE chunk (start INTEGER PRIMARY KEY, length INTEGER NOT NULL, digest BLOB NOT NULL);
    CREATE TABLE event (
        id INTEGER PRIMARY KEY, chunk INTEGER NOT NULL, kind TEXT NOT NULL, detail BLOB NOT NULL
    );
"""
_VERSION: Final = 1
_KINDS: Final = frozenset(["sending", "accepted", "rejected", "in_doubt", "unsent"])
_FIELD: Final = re.compile(r"[A-Za-z_$][\w.$\[\]]{0,120}", re.ASCII)
_LATER: Final = (
    "It was refused in an earlier run, whose journal keeps no words that could name a person."
)


@frozen
class Past:
    """What an earlier run left of a chunk; all by position.

    Attributes:
        accepted: The records that are saved.
        rejected: Those that were refused, and why.
        unknown: Pieces that were on the wire, each sent whole; Sdir is to be asked about them.
        rest: The records that are still to be sent.
    """

    accepted: list[int] = field(factory=list)
    rejected: dict[int, tuple[Reason, ...]] = field(factory=dict)
    unknown: list[list[int]] = field(factory=list)
    rest: list[int] = field(factory=list)


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

    def settled(self, chunk: Chunk, outcome: ChunkOutcome[Any]) -> None:
        """Enter what became of records of a chunk."""

    def end(self, read: int) -> None:
        """Enter that the input ended after so many records.

        Raises:
            JournalMismatch: It ended elsewhere in an earlier run.
        """


@define
class _History:
    """The events of one chunk, replayed."""

    accepted: set[int] = field(factory=set)
    rejected: dict[int, tuple[Reason, ...]] = field(factory=dict)
    unknown: list[list[int]] = field(factory=list)
    wire: list[int] | None = None

    def replay(self, kind: str, detail: Any) -> None:
        """Take the next event into account.

        Raises:
            ValueError: It is none of ours.
        """
        if kind not in _KINDS:
            raise ValueError(f"unknown event {kind!r}")
        if kind == "rejected":
            found = {int(at): (Reason(_LATER, str(said)),) for at, said in detail.items()}
            self.rejected.update(found)
            self._settle(set(found))
            return
        positions = [position for start, stop in detail for position in range(start, stop)]
        if kind == "sending":  # what is sent again, or a part of it, was not applied before
            self.unknown = [one for one in self.unknown if set(positions).isdisjoint(one)]
            self.wire = positions
            return
        self._settle(set(positions))
        if kind == "accepted":
            self.accepted.update(positions)
        elif kind == "in_doubt":
            self.unknown.append(positions)

    def _settle(self, positions: set[int]) -> None:
        """These records are no longer on the wire, nor was what was sent with them."""
        left = ([at for at in one if at not in positions] for one in self.unknown)
        self.unknown = [one for one in left if one]
        if self.wire is not None and not positions.isdisjoint(self.wire):
            self.wire = None


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
        self._chunks: dict[int, tuple[int, bytes]] = {}
        self._history: dict[int, _History] = {}
        self._last_event = 0
        self._entries: list[tuple[str, tuple[Any, ...]]] = []
        self._entered = self._written = 0
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
        return [length for _, (length, _) in sorted(self._chunks.items())]

    def begin(self, chunk: Chunk) -> Past | None:
        digest = hashlib.sha256(self._salt)
        digest.update(chunk.body)
        entry = (len(chunk), digest.digest())
        if chunk.start in self._chunks:
            if self._chunks[chunk.start] != entry:
                raise self._changed(
                    f"records {chunk.start} to {chunk.start + len(chunk) - 1} differ"
                )
            return self._past(chunk)
        if self._total is not None:
            raise self._changed(f"it ended after {self._total} records then, and goes on now")
        self._enter("INSERT OR IGNORE INTO chunk VALUES (?, ?, ?)", (chunk.start, *entry))
        return None

    def _past(self, chunk: Chunk) -> Past:
        history = self._history.pop(chunk.start, _History())
        if history.wire is not None:  # remember it as unknown, whatever is sent next
            self._enter_event(chunk.start, "in_doubt", _ranges(history.wire))
            history.unknown.append(history.wire)
        settled = {
            *history.accepted,
            *history.rejected,
            *(p for one in history.unknown for p in one),
        }
        rest = [position for position in range(len(chunk)) if position not in settled]
        return Past(sorted(history.accepted), history.rejected, history.unknown, rest)

    def knows(self, chunk: Chunk) -> bool:
        return len(chunk) > 0 and chunk.start in self._chunks

    async def sending(self, piece: Piece) -> None:
        self._enter_event(piece.chunk.start, "sending", _ranges(piece.positions))
        await self._flush()

    def settled(self, chunk: Chunk, outcome: ChunkOutcome[Any]) -> None:
        rejected = {rejection.index - chunk.start: rejection for rejection in outcome.rejections}
        if rejected:
            why = {str(at): _field_of(rejected[at]) for at in rejected}
            self._enter_event(chunk.start, "rejected", why)
        covered = outcome.indexes
        if rejected:
            covered = [index for index in covered if index - chunk.start not in rejected]
        if covered and outcome.state != "rejected":
            ranges = [(start - chunk.start, stop - chunk.start) for start, stop in _ranges(covered)]
            self._enter_event(chunk.start, outcome.state, ranges)

    def end(self, read: int) -> None:
        before = sum(self.planned()) if self._total is None else self._total
        if read < before or self._total not in (None, read):
            raise self._changed(f"it has {read} records, and had {before} or more")
        self._enter("INSERT OR IGNORE INTO upload VALUES ('total', ?)", (str(read),))

    def _changed(self, how: str) -> JournalMismatch:
        return JournalMismatch(
            f"The input is not the one that {self._path} was written for: {how}. Give the same"
            " input again, or another journal for another upload."
        )

    # Writing

    def _enter_event(self, chunk: int, kind: str, detail: object) -> None:
        self._last_event += 1
        values = (self._last_event, chunk, kind, orjson.dumps(detail))
        self._enter("INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?)", values)

    def _enter(self, statement: str, values: tuple[Any, ...]) -> None:
        self._entries.append((statement, values))
        self._entered += 1

    async def _flush(self) -> None:
        """Return when all that was entered by now is on disk; who waits together writes together.

        An entry leaves the list when it was written. Interrupted, it may be written twice, which
        changes nothing.
        """
        wanted = self._entered
        async with self._turn:
            if self._written < wanted:
                entries = list(self._entries)
                await self._in_thread(self._write, entries)
                del self._entries[: len(entries)]
                self._written += len(entries)

    def _write(self, entries: Iterable[tuple[str, tuple[Any, ...]]]) -> None:
        db = self._db
        if db is not None:
            with db:
                db.execute("BEGIN")
                for statement, values in entries:
                    db.execute(statement, values)

    async def _in_thread(self, work: Any, *args: Any) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, work, *args)
        except (sqlite3.Error, OSError) as error:
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
        for setting in ("journal_mode=TRUNCATE", "synchronous=FULL"):
            db.execute(f"PRAGMA {setting}").fetchall()
        db.executescript("BEGIN IMMEDIATE; COMMIT;")
        self._load(db)

    def _create(self) -> None:
        """Make the file whole before it has its name: an empty one is then always a lost one."""
        draft = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}")
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        try:
            db = sqlite3.connect(draft, isolation_level=None)
            settings = f"PRAGMA application_id={_FORMAT}; PRAGMA user_version={_VERSION};"
            db.executescript(f"{settings} BEGIN; {_TABLES} COMMIT;")
            values = {**self._upload, "salt": secrets.token_hex(16)}
            db.executemany("INSERT INTO upload VALUES (?, ?)", values.items())
            db.close()
            os.link(draft, self._path)
        except FileExistsError:
            return  # another process was quicker, and has it now
        finally:
            draft.unlink()

    def _load(self, db: sqlite3.Connection) -> None:
        try:
            self._read_tables(db)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise OSError("it is damaged") from error

    def _read_tables(self, db: sqlite3.Connection) -> None:
        stored = dict(db.execute("SELECT name, value FROM upload"))
        for name, value in self._upload.items():
            if stored.get(name) != value:
                raise JournalMismatch(
                    f"The journal {self._path} belongs to another upload: its {name} is"
                    f" {stored.get(name)!r}, not {value!r}. Give another journal."
                )
        self._salt = bytes.fromhex(stored["salt"])
        self._total = int(stored["total"]) if "total" in stored else None
        for start, length, digest in db.execute("SELECT start, length, digest FROM chunk"):
            self._chunks[start] = (length, digest)
        for last, chunk, kind, detail in db.execute("SELECT * FROM event ORDER BY id"):
            self._history.setdefault(chunk, _History()).replay(kind, orjson.loads(detail))
            self._last_event = last

    async def _close(self) -> None:
        """Close the file, after whatever the thread is still at, even if nobody waits for it."""
        closing = asyncio.ensure_future(self._in_thread(self._close_db))
        try:
            await asyncio.shield(closing)
        finally:
            self._thread.shutdown(wait=False)

    def _close_db(self) -> None:
        if self._db is not None:
            self._db.close()


def _ranges(positions: Sequence[int]) -> list[tuple[int, int]]:
    if isinstance(positions, range):
        return [(positions.start, positions.stop)]
    return list(runs(positions))


def _field_of(rejection: Rejection) -> str:
    """Return the field that was named first, if it can be nothing but the name of a field."""
    field_name = rejection.reasons[0].field if rejection.reasons else ""
    return field_name if _FIELD.fullmatch(field_name) and mask(field_name) == field_name else ""
