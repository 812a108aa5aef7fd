"""Removes the journals of finished uploads from a PostgreSQL database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..errors import JournalError
from ..frames import no_locals
from .connection import rows
from .journal import LOCKS
from .status import asking, parts_of

if TYPE_CHECKING:
    from .connection import Connection

_IDLE: Final = """
    SELECT upload, count(DISTINCT sdir_part.id), coalesce(extract(epoch FROM
        clock_timestamp() - max(greatest(sdir_part.taken, sdir_event.at))), 0)::float8
    FROM sdir_part LEFT JOIN sdir_event ON sdir_event.part = sdir_part.id
    GROUP BY upload ORDER BY 3 DESC
"""
_TABLES_OF_SPARK: Final = "SELECT to_regclass('sdir_layout') IS NOT NULL"
_TAKEN: Final = """
    SELECT id, part, owner, pg_try_advisory_xact_lock(%s, id) FROM sdir_part WHERE upload = %s
"""


async def stored_uploads(dsn: str) -> list[tuple[str, int, float]]:
    """Return the uploads in a database: name, parts, and for how many seconds nothing was written.

    Raises:
        ConfigurationError: The dsn is not a connection string.
        JournalError: The database can't be asked.
    """
    with no_locals:
        async with asking(dsn) as session:
            found = [(name, parts, idle) for name, parts, idle in await rows(session, _IDLE)]
            named = {name for name, *_ in found}
            unopened = sorted(await _begun_by_spark(session) - named)
            return found + [(name, 0, 0.0) for name in unopened]


async def _begun_by_spark(session: Connection) -> set[str]:
    """Return the uploads of Spark, also those whose job was refused before it opened a part."""
    if await rows(session, _TABLES_OF_SPARK) != [(True,)]:
        return set()
    return {name for (name,) in await rows(session, "SELECT upload FROM sdir_layout")}


async def forget(dsn: str, *, upload: str, force: bool = False) -> None:
    """Remove the journals of an upload, and the outcomes that Spark's tasks stored.

    Without the journals, nothing shows what was sent: the same records, uploaded again, are saved
    twice. So forget an upload only if no job will run it again.

    Args:
        dsn: The connection string, as for `PostgresJournal`.
        upload: The name of the upload.
        force: Whether to remove the upload even if it is not finished.

    Raises:
        ConfigurationError: The dsn is not a connection string.
        JournalError: The upload does not exist, a worker has a part of it, or it is not finished:
            records are unsent or in doubt. Nothing was removed.

    Example:
        >>> await forget(dsn, upload="2026-08")  # doctest: +SKIP
    """
    with no_locals:
        async with asking(dsn) as session, session.transaction():
            parts = await _take(session, upload)
            is_of_spark = upload in await _begun_by_spark(session)
            if not (parts or is_of_spark):
                raise JournalError(f"This database has no upload {upload!r}.")
            if not force:
                await _require_finished(session, upload)
            await session.execute(
                "DELETE FROM sdir_event USING sdir_part WHERE upload = %s AND sdir_event.part = id",
                (upload,),
            )
            await session.execute("DELETE FROM sdir_part WHERE upload = %s", (upload,))
            if is_of_spark:
                await session.execute("DELETE FROM sdir_bucket WHERE upload = %s", (upload,))
                await session.execute("DELETE FROM sdir_layout WHERE upload = %s", (upload,))


async def _take(session: Connection, upload: str) -> int:
    """Lock each part until the end of the transaction, as a worker would; return how many."""
    parts = await rows(session, _TAKEN, LOCKS, upload)
    for _, part, owner, is_free in parts:
        if not is_free:
            raise JournalError(
                f"Upload {upload!r} can't be removed: part {part!r} is in use by {owner}."
            )
    return len(parts)


async def _require_finished(session: Connection, upload: str) -> None:
    for part in await parts_of(session, upload):
        if not part.is_finished:
            raise JournalError(
                f"Upload {upload!r} is not removed: records of part {part.name!r} are unsent or in"
                " doubt. Without its journal they can be lost or saved twice. Run it to its end."
            )
