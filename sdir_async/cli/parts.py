"""What journals say about an upload: its parts, their owners, and what became of their records."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import time
from glob import escape
from typing import TYPE_CHECKING, Final

import orjson
from attrs import field, frozen

from ..upload.journal.history import History
from .journals import UNREADABLE, journal_in
from .sent.history import ACCEPTED, REJECTED, UNKNOWN
from .sent.history import History as RowHistory
from .sent.known import Known
from .trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ..upload.journal.recorded import Entry
    from ..upload.receipts import Uids

_LATELY: Final = 60.0
"""Seconds over which the rate is counted."""
IN_USE: Final = "in use"
"""The owner of a journal in a file: nothing else is known about it."""
_TRIES: Final = 50
_SENT: Final = (ACCEPTED, REJECTED, UNKNOWN)
_COUNTER: Final = slice(24, 28)
"""Where SQLite counts the changes of a file."""


@frozen
class Earlier:
    """What became of the rows of earlier uploads, which the last one does not send again."""

    uploads: int = 0
    accepted: int = 0
    rejected: int = 0
    in_doubt: int = 0


@frozen
class Part:
    """A part of an upload; of several from files of one name, the last one.

    Attributes:
        name: Its name, or the file's.
        owner: Who has it now; empty if nobody has.
        read: How many records were read.
        is_read: Whether the input was read to its end.
        accepted: How many are saved.
        rejected: How many were refused.
        in_doubt: How many may be saved or not.
        sending: How many its owner waits for.
        rate: How many were finished a second lately; `None` where nobody knows.
        earlier: What the journal says about uploads before this one.
    """

    name: str
    owner: str
    read: int
    is_read: bool
    accepted: int
    rejected: int
    in_doubt: int
    sending: int
    rate: float | None = None
    earlier: Earlier = field(factory=Earlier)

    @property
    def finished(self) -> int:
        """How many are finished, those of earlier uploads included."""
        return self.accepted + self.rejected + self.earlier.accepted + self.earlier.rejected

    @property
    def left(self) -> int:
        """How many of those that were read are not finished."""
        return self.read - self.accepted - self.rejected


def parts_in_database(dsn: str, upload: str) -> list[Part]:
    """Return the parts of an upload in a PostgreSQL.

    Raises:
        Trouble: The upload does not exist.
        JournalError: The database can't be asked.
    """
    from ..postgres.status import stored_parts

    found = asyncio.run(stored_parts(dsn, upload))
    if not found:
        raise Trouble("This database has no upload {name!r}.", name=upload)
    return [
        counted(one.name, one.owner, one.entries, _rate(one.entries, one.ages)) for one in found
    ]


def journals_of(path: Path) -> list[Path]:
    """Return the journals that uploads of a file keep beside it; of a journal, itself."""
    beside = sorted(path.parent.glob(f"{escape(path.name)}.*.journal"))
    return beside or [path]


def part_in_file(path: Path) -> Part:
    """Return what the journal of a file says, also while it is in use.

    Raises:
        Trouble: It is not a journal, or can't be read.
    """
    if not path.exists():
        raise Trouble("{path}: file not found.", path=path)
    try:
        try:
            return counted(path.name, "", _entries(path))
        except sqlite3.OperationalError:
            return counted(path.name, IN_USE, _entries_in_use(path))
    except UNREADABLE:
        raise Trouble("{path}: is not a journal, or is damaged.", path=path) from None


def _entries_in_use(path: Path) -> list[Entry]:
    """Read a file without its lock, until one reading was not disturbed by a write."""
    for _ in range(_TRIES):
        before = _changes(path)
        try:
            entries = _entries(path, "mode=ro&immutable=1")
        except sqlite3.Error:
            if before is not None and before == _changes(path):
                raise  # it is damaged; otherwise half of a change was read
        else:
            if before is not None and before == _changes(path):
                return entries
        time.sleep(0.01)
    raise Trouble("{path}: is being written to, and can't be read now. Try again.", path=path)


def _entries(path: Path, how: str = "mode=ro") -> list[Entry]:
    with journal_in(path, how) as db:
        return db.execute("SELECT id, chunk, kind, detail FROM event ORDER BY id").fetchall()


def _changes(path: Path) -> bytes | None:
    """Return SQLite's count of changes; `None` while one is under way."""
    with path.open("rb") as file:
        counter = file.read(_COUNTER.stop)[_COUNTER]
    rollback = path.with_name(f"{path.name}-journal")
    with contextlib.suppress(FileNotFoundError), rollback.open("rb") as file:
        if any(file.read(8)):
            return None
    return counter + os.fsencode(str(path.stat().st_size))


def counted(name: str, owner: str, entries: Sequence[Entry], rate: float | None = None) -> Part:
    """Return the counts of a journal's events, whoever wrote them: an upload or the command."""
    if any(kind in ("rows", "run") for _, _, kind, _ in entries):
        return _of_rows(name, owner, entries)
    chunks: dict[int, History] = {}
    is_read = False
    for _, chunk, kind, detail in entries:
        if kind == "read":
            chunks[chunk] = History(*orjson.loads(detail))
        elif kind == "end":
            is_read = True
        else:
            chunks[chunk].replay(kind, orjson.loads(detail))
    pasts = [history.past() for history in chunks.values()]
    unknown = sum(len(piece) for past in pasts for piece in past.unknown)
    sending = sum(len(history.wire or ()) for history in chunks.values()) if owner else 0
    return Part(
        name,
        owner,
        sum(history.length for history in chunks.values()),
        is_read,
        sum(len(past.accepted) for past in pasts),
        sum(len(past.rejected) for past in pasts),
        unknown - sending,
        sending,
        rate,
    )


class _Unknown(Known):
    """Keeps no digests: only states are counted."""

    def __init__(self) -> None:
        """Nothing has to be opened."""

    def add(self, first: int, digests: bytes) -> None:
        """Digests are not needed."""

    def save(self, numbers: Sequence[int], time: float | None, uids: Uids) -> None:
        """Identifiers are not needed."""


def _of_rows(name: str, owner: str, entries: Iterable[Entry]) -> Part:
    history = RowHistory(_Unknown())
    for _, chunk, kind, detail in entries:
        history.replay(chunk, kind, detail)
    states = history.states
    now = states[history.since :] + bytes(states[one] for one in history.resent)
    before = (states.count(state) - now.count(state) for state in _SENT)
    earlier = Earlier(max(0, len(history.uploads) - 1), *before)
    accepted, rejected, unknown = map(now.count, _SENT)
    is_read = history.run is not None and history.run.is_read
    doubt, sending = (0, unknown) if owner else (unknown, 0)
    return Part(name, owner, len(now), is_read, accepted, rejected, doubt, sending, earlier=earlier)


def _rate(entries: Sequence[Entry], ages: Sequence[float]) -> float | None:
    """Return how many records a second were finished lately."""
    if not ages:
        return None
    finished = 0
    for (_, _, kind, detail), age in zip(entries, ages, strict=True):
        if age <= _LATELY and kind == "accepted":
            finished += sum(stop - start for start, stop in orjson.loads(detail))
        elif age <= _LATELY and kind == "rejected":
            finished += len(orjson.loads(detail))
    return finished / max(1.0, min(_LATELY, ages[0]))
