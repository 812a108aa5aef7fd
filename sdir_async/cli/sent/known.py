"""Rows by a digest of their content: what a row says, and where rows of earlier runs are."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import orjson
from attrs import frozen

from ...types import jsonable
from ..columns import is_ours
from ..inputs.objects import parsed
from ..records import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ...upload.receipts import Uids

SIZE: Final = 16
"""Bytes of a digest: no two rows of a register have the same by chance."""

_SORTED: Final = orjson.OPT_SORT_KEYS


def digester(key: bytes) -> Callable[[Row | bytes], bytes]:
    """Return a function that makes a digest of a record. Without the key, nobody can try values."""
    begun = hashlib.blake2b(key=key, digest_size=SIZE)

    def digest(record: Row | bytes) -> bytes:
        made = begun.copy()
        made.update(content_of(record))
        return made.digest()

    return digest


def content_of(record: Row | bytes) -> bytes:
    """Return what a record says: its values by name, however its columns are sorted.

    A row that can't be sent is known by its cells. The columns that a file of rejected rows adds do
    not count: a row that was not corrected is the same row there.
    """
    if isinstance(record, Row):
        if not record.refusals:
            return orjson.dumps(record, default=jsonable, option=_SORTED)
        return b"\0" + _own(record)
    try:
        return orjson.dumps(orjson.loads(record), option=_SORTED)
    except orjson.JSONDecodeError:
        return b"\0" + record


def _own(row: Row) -> bytes:
    """Return what stands in the input's own columns, or in its own names."""
    cells = row.cells
    if not isinstance(cells, bytes):
        own = ((one.field.name, repr(cells[one.at])) for one in row.columns if one.at < len(cells))
        return repr(sorted(own)).encode()
    with suppress(orjson.JSONDecodeError, orjson.JSONEncodeError):
        value = parsed(cells)
        if isinstance(value, dict):
            kept = {name: one for name, one in value.items() if not is_ours(name)}
            return orjson.dumps(kept, option=_SORTED) if kept else cells
    return cells


@frozen
class Found:
    """A row of an earlier run.

    Attributes:
        number: Its number in the journal.
        uid: The identifier that Sdir gave it, if that is known.
        time: When Sdir's answer came, if it did.
    """

    number: int
    uid: str | None
    time: float | None


class Known:
    """The rows of earlier runs, in a temporary file of SQLite: memory does not grow with them.

    Equal rows are different ones: each is found once in a pass over an input.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN;"
            "CREATE TABLE row (number INTEGER PRIMARY KEY, digest BLOB NOT NULL,"
            " uid TEXT, time REAL, pass INTEGER NOT NULL DEFAULT 0);"
        )
        self._count = 0
        self._is_indexed = False

    def __len__(self) -> int:
        return self._count

    def add(self, first: int, digests: bytes) -> None:
        """Add rows, which are numbered from `first` on."""
        each = (digests[at : at + SIZE] for at in range(0, len(digests), SIZE))
        self._db.executemany(
            "INSERT INTO row (number, digest) VALUES (?, ?)", enumerate(each, first)
        )
        self._count += len(digests) // SIZE

    def save(self, numbers: Sequence[int], time: float | None, uids: Uids) -> None:
        """Enter what Sdir gave for rows."""
        given = zip(uids or [None] * len(numbers), [time] * len(numbers), numbers, strict=True)
        self._db.executemany("UPDATE row SET uid = ?, time = ? WHERE number = ?", given)

    def find(self, digests: Sequence[bytes], number: int, since: int = 0) -> list[Found | None]:
        """Find a row for each digest, in the pass of this number; passes are numbered from 1.

        `since` is the number of the first row to be considered.
        """
        if not self._count:
            return [None] * len(digests)
        self._index()
        found = {
            digest: self._equals(digest, count, number, since)
            for digest, count in Counter(digests).items()
        }
        self._db.executemany(
            "UPDATE row SET pass = ? WHERE number = ?",
            [(number, one.number) for some in found.values() for one in some],
        )
        return [found[digest].pop() if found[digest] else None for digest in digests]

    def _equals(self, digest: bytes, count: int, number: int, since: int) -> list[Found]:
        """Return rows with this digest that were not found in this pass, the first one last."""
        rows = self._db.execute(
            "SELECT number, uid, time FROM row WHERE digest = ? AND pass < ? AND number >= ?"
            " ORDER BY number LIMIT ?",
            (digest, number, since, count),
        )
        return [Found(*row) for row in rows][::-1]

    def holds(self, digest: bytes) -> int | None:
        """Return the number of the first row with this digest, if there is one."""
        if not self._count:
            return None
        self._index()
        found = self._db.execute("SELECT min(number) FROM row WHERE digest = ?", (digest,))
        number: int | None = found.fetchone()[0]
        return number

    def row(self, number: int) -> Found:
        """Return a row by its number."""
        ask = "SELECT number, uid, time FROM row WHERE number = ?"
        return Found(*self._db.execute(ask, (number,)).fetchone())

    def digests(self, numbers: Iterable[int]) -> list[bytes]:
        """Return the digests of rows."""
        ask = "SELECT digest FROM row WHERE number = ?"
        return [row[0] for one in numbers for row in self._db.execute(ask, (one,))]

    def _index(self) -> None:
        """Make the index once all rows are there, which is quicker."""
        if not self._is_indexed:
            self._db.execute("CREATE INDEX by_digest ON row (digest, pass, number)")
            self._is_indexed = True

    def close(self) -> None:
        """Remove everything."""
        self._db.close()
