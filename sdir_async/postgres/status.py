"""What the journals in a PostgreSQL say of an upload, for people who look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

from ..errors import JournalError
from ..frames import no_locals
from .connection import Error, checked_dsn, connected, rows, words_of
from .journal import LOCKS

if TYPE_CHECKING:
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


async def stored_parts(dsn: str, upload: str) -> list[StoredPart]:
    """Return the parts of an upload.

    Raises:
        ConfigurationError: The dsn is not a connection string.
        JournalError: The database can't be asked.
    """
    with no_locals:
        try:
            session = await connected(checked_dsn(dsn), _PATIENCE, {})
            try:
                found = await rows(session, _PARTS, LOCKS, upload)
                return [await _part(session, *each) for each in found]
            finally:
                await session.close()
        except Error as error:
            raise JournalError(f"The database can't be asked: {words_of(error)}.") from error


async def _part(
    session: Connection, number: int, name: str, owner: str, is_owned: bool
) -> StoredPart:
    found = await rows(session, _EVENTS, number)
    entries = [(at, chunk, kind, bytes(detail)) for at, chunk, kind, detail, _ in found]
    return StoredPart(name, owner if is_owned else "", entries, [age for *_, age in found])
