"""What the journals in a PostgreSQL database say about an upload."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

import orjson
from attrs import frozen

from ..errors import JournalError
from ..frames import no_locals
from ..upload.journal.history import History
from .connection import Error, checked_dsn, connected, rows, words_of
from .journal import LOCKS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ..upload.journal.recorded import Entry
    from .connection import Connection

_PATIENCE: Final = 10.0
_PARTS: Final = """
    SELECT id, part, owner, EXISTS (
        SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = sdir_part.id
        AND objsubid = 2 AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    )
    FROM sdir_part WHERE upload = %s ORDER BY length(part), part
"""
_EVENTS: Final = """
    SELECT number, chunk, kind, detail, extract(epoch FROM clock_timestamp() - at)::float8
    FROM sdir_event WHERE part = %s ORDER BY number
"""


@frozen
class StoredPart:
    """A part of an upload as the database has it.

    Attributes:
        name: Its name.
        owner: Machine and process of the worker that has it now; empty if nobody has.
        entries: Its events.
        ages: How many seconds ago each of them was written.
    """

    name: str
    owner: str
    entries: list[Entry]
    ages: list[float]

    @property
    def is_finished(self) -> bool:
        """Whether its input was read to its end, and each record is accepted or rejected."""
        chunks: dict[int, History] = {}
        is_read = False
        for _, start, kind, detail in self.entries:
            if kind == "read":
                chunks[start] = History(*orjson.loads(detail))
            elif kind == "end":
                is_read = True
            else:
                chunks[start].replay(kind, orjson.loads(detail))
        pasts = [history.past() for history in chunks.values()]
        return is_read and not any(past.unknown or past.rest for past in pasts)


async def stored_parts(dsn: str, upload: str) -> list[StoredPart]:
    """Return the parts of an upload.

    Raises:
        ConfigurationError: The dsn is not a connection string.
        JournalError: The database can't be asked.
    """
    with no_locals:
        async with asking(dsn) as session:
            return await parts_of(session, upload)


@contextlib.asynccontextmanager
async def asking(dsn: str) -> AsyncIterator[Connection]:
    """Open a session for a question or for removal."""
    try:
        session = await connected(checked_dsn(dsn), _PATIENCE, {})
        try:
            yield session
        finally:
            await session.close()
    except Error as error:
        raise JournalError(f"The database can't be used: {words_of(error)}.") from error


async def parts_of(session: Connection, upload: str) -> list[StoredPart]:
    """Return the parts of an upload, over a session."""
    return [await _part(session, *one) for one in await rows(session, _PARTS, LOCKS, upload)]


async def _part(
    session: Connection, number: int, name: str, owner: str, is_owned: bool
) -> StoredPart:
    found = await rows(session, _EVENTS, number)
    entries = [(at, chunk, kind, bytes(detail)) for at, chunk, kind, detail, _ in found]
    return StoredPart(name, owner if is_owned else "", entries, [age for *_, age in found])
