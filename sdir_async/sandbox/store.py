"""Keeps records in SQLite."""

# ruff: noqa: S608 - SQL is made of names that documents give, all of them quoted; never of values

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from ..modes import tighten

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_IN_MEMORY = ":memory:"
Row = tuple[str, str]
"""The identifier of a record and its JSON."""


class Store:
    """The records of all collections, each in a table of its own, in order of creation.

    Filters are answered from indexes on expressions: SQLite itself takes the fields out of the
    JSON as it is saved. All calls run on the event loop. They take microseconds per record, and
    one after the other is what makes a batch atomic without a lock; a worker thread would spend
    its time waiting for the same interpreter lock. A file survives the end of the program at any
    moment, though not a power cut, which nobody tests against and everybody would wait for.

    Example:
        ```python
        store = Store(":memory:", {"/base/things": {"owner.id"}})
        store.add("/base/things", [("1", '{"owner": {"id": "a"}}')])
        store.find("/base/things", {"owner.id": "a"})
        ```
    """

    def __init__(self, path: str, collections: Mapping[str, Iterable[str]]) -> None:
        """Open a store; `collections` gives the dotted paths of the fields to filter by.

        A file is for its owner only: records of persons are in it.
        """
        if path != _IN_MEMORY:
            tighten(Path(path))
        self._db = sqlite3.connect(path)
        self._db.text_factory = bytes
        self._collections = collections
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("PRAGMA cache_size = -65536")
        with self._db:
            for collection, fields in collections.items():
                self._create(collection, fields)

    def add(self, collection: str, rows: Sequence[Row]) -> None:
        """Save new records: all of them, or none."""
        with self._db:
            self._db.executemany(f"INSERT INTO {_name(collection)} (uid, body) VALUES (?, ?)", rows)

    def replace(self, collection: str, rows: Sequence[Row]) -> None:
        """Replace saved records: all of them, or none."""
        with self._db:
            bodies = [(body, uid) for uid, body in rows]
            self._db.executemany(f"UPDATE {_name(collection)} SET body = ? WHERE uid = ?", bodies)

    def unknown(self, collection: str, uids: Sequence[str]) -> set[str]:
        """Return those of the identifiers that no record has."""
        found = self._db.execute(
            f"SELECT uid FROM {_name(collection)} WHERE uid IN (SELECT value FROM json_each(?))",
            (orjson.dumps(uids).decode(),),
        )
        return set(uids) - {uid.decode() for (uid,) in found}

    def get(self, collection: str, uid: str) -> bytes | None:
        """Return the JSON of one record, `None` if it does not exist."""
        row = self._db.execute(
            f"SELECT body FROM {_name(collection)} WHERE uid = ?", (uid,)
        ).fetchone()
        return row[0] if row else None

    def find(
        self,
        collection: str,
        where: Mapping[str, object] | None = None,
        *,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[bytes]:
        """Return the JSON of the records with these values at these dotted paths."""
        where = where or {}
        tests = " AND ".join(f"{_field(path)} = ?" for path in where) or "TRUE"
        query = (
            f"SELECT body FROM {_name(collection)} WHERE {tests} ORDER BY number LIMIT ? OFFSET ?"
        )
        page = (-1 if limit is None else limit, offset)
        return [body for (body,) in self._db.execute(query, (*where.values(), *page))]

    @property
    def collections(self) -> list[str]:
        """The names of all collections."""
        return sorted(self._collections)

    def count(self, collection: str) -> int:
        """Return how many records there are."""
        row = self._db.execute(f"SELECT count(*) FROM {_name(collection)}").fetchone()
        return int(row[0])

    def newest(self, collection: str, count: int) -> list[bytes]:
        """Return the JSON of the newest records, the newest first."""
        query = f"SELECT body FROM {_name(collection)} ORDER BY number DESC LIMIT ?"
        return [body for (body,) in self._db.execute(query, (count,))]

    def last_number(self, collection: str) -> int:
        """Return the number of the newest record, 0 without records; numbers grow by one."""
        row = self._db.execute(f"SELECT max(number) FROM {_name(collection)}").fetchone()
        return row[0] or 0

    def clear(self) -> None:
        """Forget all records."""
        with self._db:
            for collection in self._collections:
                self._db.execute(f"DELETE FROM {_name(collection)}")

    def close(self) -> None:
        """Close the database; its file stays."""
        self._db.close()

    def _create(self, collection: str, fields: Iterable[str]) -> None:
        self._db.execute(
            f"CREATE TABLE IF NOT EXISTS {_name(collection)}"
            " (number INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, body TEXT NOT NULL)"
        )
        for path in fields:
            index = _name(f"{collection} {path}")
            self._db.execute(
                f"CREATE INDEX IF NOT EXISTS {index} ON {_name(collection)} ({_field(path)})"
            )


def _name(text: str) -> str:
    """Return a name as SQL: collections and fields are named by documents, not by us."""
    return '"' + text.replace('"', '""') + '"'


def _field(path: str) -> str:
    """Return the value at a dotted path as SQL, letter by letter the same as in the index."""
    steps = "".join(f'."{step}"' for step in path.replace("'", "''").split("."))
    return f"json_extract(body, '${steps}')"
