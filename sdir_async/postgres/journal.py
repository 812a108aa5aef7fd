"""A journal in PostgreSQL: several workers share an upload, and each works on its own parts."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import TYPE_CHECKING, Any, Final

import orjson

from ..errors import ConfigurationError, JournalError, JournalInUse, JournalMismatch
from ..frames import no_locals
from ..privacy import mask
from ..upload.journal.recorded import RecordedJournal
from .connection import Error, checked_dsn, connected, here, rows, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..upload.journal import Journal
    from ..upload.journal.recorded import Entry
    from .connection import Connection

LOCKS: Final = 0x53444952
"""The first half of the advisory lock of a part; the second is its id."""

_ADVICE: Final = (
    "A part must hold the same records in the same order each time: put each record into the part"
    " that a hash of its key names, and sort a part by that key. If the parts were cut anew, run"
    " this upload with the old ones; give a new upload name only to records that were never sent."
)
_PATIENCE: Final = 120.0
"""Seconds that an owner waits for a database that was restarted or fails over."""
_PAUSE: Final = 0.5

_PART: Final = "SELECT id, target, salt, owner FROM sdir_part WHERE upload = %s AND part = %s"
_MINE: Final = "SELECT fence, owner FROM sdir_part WHERE id = %s"
_TAKE: Final = """
    UPDATE sdir_part SET fence = fence + 1, owner = %s, taken = clock_timestamp() WHERE id = %s
    RETURNING fence
"""
_APPEND: Final = """
    WITH mine AS (SELECT id FROM sdir_part WHERE id = %s AND fence = %s FOR SHARE),
    added AS (
        INSERT INTO sdir_event (part, number, chunk, kind, detail)
        SELECT mine.id, event.* FROM mine,
            unnest(%s::bigint[], %s::bigint[], %s::text[], %s::bytea[]) AS event
        ON CONFLICT DO NOTHING
    )
    SELECT count(*) FROM mine
"""
_END_OLD: Final = """
    SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype = 'advisory' AND classid = %s AND objid = %s AND objsubid = 2 AND pid = %s
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_DURABLE: Final = """
    SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') IN ('off', 'local')
"""


def _require_name(what: str, name: object) -> None:
    if not (isinstance(name, str) and name.strip() and len(name) <= 200):
        raise ConfigurationError(
            f"PostgresJournal: {what} must be text of at most 200 characters, and not empty."
        )
    if mask(name) != name:
        raise ConfigurationError(f"PostgresJournal: {what} must not hold a person number or a key.")


class PostgresJournal:
    """A journal in PostgreSQL, for uploads that several workers or machines share.

    Each worker uploads a part. A part is a bucket of the records, such as those whose key has the
    same hash modulo 8, sorted by the key. A job that runs again with other splits of its input then
    finds the same parts. A part has one owner at a time. A worker that dies, or is silent for
    `lease` seconds, loses its part. The next worker that opens it continues where it stopped.

    Before each attempt to send, the owner asks the database whether the part is still its own.
    Without the database nothing is sent: an upload waits two minutes for a database that restarts.

    Args:
        dsn: The connection string, as for libpq: `postgresql://user@host/database`. Settings that
            it leaves out come from the environment (`PGHOST`, `PGPASSWORD`, …).
        upload: The name of the upload, the same for all its parts: `"2026-11"`.
        part: The name of the part. `upload` and `part` identify the records; digests only check
            that they are the same.
        lease: Seconds after which a worker that is frozen or unreachable loses its part.

    The tables `sdir_part` and `sdir_event` are created if they don't exist. They hold no personal
    data: only ranges, digests, states, identifiers that Sdir gave, and names of rejected fields.

    Raises:
        ConfigurationError: The extra `postgres` is not installed, or an argument is not valid.

    Example:
        >>> journal = PostgresJournal(dsn, upload="2026-11", part="7")  # doctest: +SKIP
        >>> report = await sdir.course.v1.upload(records, journal=journal)  # doctest: +SKIP
    """

    def __init__(self, dsn: str, *, upload: str, part: str, lease: float = 60.0) -> None:
        with no_locals:
            _require_name("upload", upload)
            _require_name("part", part)
            if not (isinstance(lease, int | float) and lease >= 1):
                raise ConfigurationError("PostgresJournal: lease must be at least 1 second.")
            self.dsn = checked_dsn(dsn)
            self.upload, self.part, self.lease = upload, part, lease

    def __repr__(self) -> str:
        return f"PostgresJournal(upload={self.upload!r}, part={self.part!r})"

    def journal_of(self, target: Mapping[str, str]) -> Journal:
        """Return the journal of this part of an upload to that target."""
        return RecordedJournal(PostgresStore(self, target))


class PostgresStore:
    """The events of a part, behind a session that holds its lock and knows its fencing number.

    The lock says whether somebody has the part. The number says who: it grows with each owner, and
    what an earlier owner writes is refused. A session that was lost is opened anew; if the number
    is still ours then, nobody else had the part meanwhile.
    """

    advice = _ADVICE

    def __init__(self, journal: PostgresJournal, target: Mapping[str, str]) -> None:
        self.name = f"The journal of upload {journal.upload!r}, part {journal.part!r},"
        self.salt = b""
        self._given = journal
        self._target = dict(target)
        self._session: Connection | None = None
        self._id = self._fence = self._pid = 0
        self._turn = asyncio.Lock()
        self._staying: asyncio.Task[None] | None = None

    async def open(self) -> list[Entry]:
        """Take the part, and return its events."""
        with self._explained():
            self._session = session = await self._connected()
            await self._require_no_pooler(session)
            await self._take(session)
            found = await rows(
                session,
                "SELECT number, chunk, kind, detail FROM sdir_event WHERE part = %s ORDER BY 1",
                self._id,
            )
        self._staying = asyncio.create_task(self._stay(), name="sdir journal")
        return [(number, chunk, kind, bytes(detail)) for number, chunk, kind, detail in found]

    async def append(self, entries: Sequence[Entry]) -> None:
        """Commit the events in one statement, unless the part has another owner."""
        if not self._fence:
            return
        columns = [list(column) for column in zip(*entries, strict=True)]
        found = await self._asked(_APPEND, self._id, self._fence, *columns)
        if found != [(1,)]:
            await self.still_mine()

    async def still_mine(self) -> None:
        """Ask the database, over the session that holds the lock.

        A process that was frozen meanwhile finds an answer that is as old: it asks again.
        """
        clock = asyncio.get_running_loop().time
        took = self._given.lease
        while took > self._given.lease / 2:
            asked = clock()
            self._require_mine(await self._asked(_MINE, self._id))
            took = clock() - asked

    async def close(self) -> None:
        """Give the part back, with the session."""
        if self._staying is not None:
            self._staying.cancel()
            await asyncio.gather(self._staying, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    # Taking it

    async def _connected(self) -> Connection:
        lease = self._given.lease
        settings = {"idle_session_timeout": f"{round(lease * 1000)}ms"}
        session = await connected(self._given.dsn, lease, settings)
        await session.execute(_DURABLE)
        return session

    async def _require_no_pooler(self, session: Connection) -> None:
        """A pooler hands sessions, and their locks, to others; it makes up process ids."""
        if await rows(session, "SELECT pg_backend_pid()") != [(session.info.backend_pid,)]:
            raise JournalError(
                f"{self.name} needs its own session, but something in between, such as PgBouncer,"
                f" shares sessions. Give the address of PostgreSQL itself."
            )

    async def _take(self, session: Connection) -> None:
        place = (self._given.upload, self._given.part)
        values = (*place, orjson.dumps(self._target).decode(), secrets.token_bytes(16))
        await session.execute(
            "INSERT INTO sdir_part (upload, part, target, salt) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            values,
        )
        ((self._id, target, self.salt, owner),) = await rows(session, _PART, *place)
        self._require_same(target)
        if not await self._locked(session):
            raise self._in_use(owner)
        found = await rows(session, _TAKE, here(), self._id)
        if not found:
            raise JournalError(f"{self.name} was removed just now. Nothing was sent.")
        ((self._fence,),) = found

    def _in_use(self, owner: str) -> JournalInUse:
        return JournalInUse(
            f"{self.name} is in use by another worker, {owner or 'just now'}. If that worker's"
            f" machine died, the part is free {self._given.lease:g} seconds later."
        )

    async def _locked(self, session: Connection) -> bool:
        query = "SELECT pg_try_advisory_lock(%s, %s), pg_backend_pid()"
        ((is_ours, pid),) = await rows(session, query, LOCKS, self._id)
        if is_ours:
            self._pid = pid
        return bool(is_ours)

    def _require_same(self, stored: Mapping[str, str]) -> None:
        for name in {**self._target, **stored}:
            if stored.get(name) != self._target.get(name):
                raise JournalMismatch(
                    f"{self.name} belongs to another upload: its {name} is {stored.get(name)!r},"
                    f" not {self._target.get(name)!r}. Give another upload name."
                )

    # Keeping it

    async def _stay(self) -> None:
        """Let the database hear from this owner often enough, however long Sdir lets it wait."""
        while True:
            await asyncio.sleep(self._given.lease / 3)
            with contextlib.suppress(JournalError):  # the next attempt says so
                await self.still_mine()

    async def _asked(self, query: Any, *values: object) -> list[tuple[Any, ...]]:
        """Return what a query returns; over a new session, if ours was lost and the part was not.

        Raises:
            JournalError: The part has another owner, or the database can't do it.
        """
        async with self._turn:
            with self._explained():
                while True:
                    session = self._session
                    if session is None or session.closed:
                        session = self._session = await self._regained()
                    try:
                        async with asyncio.timeout(self._given.lease):
                            return await rows(session, query, *values)
                    except TimeoutError:
                        await session.close()
                    except Error:
                        if not session.closed:
                            raise

    async def _regained(self) -> Connection:
        """Return a new session that holds the lock again, if nobody had it meanwhile."""
        until = asyncio.get_running_loop().time() + _PATIENCE
        while True:
            is_last = asyncio.get_running_loop().time() >= until
            try:
                session = await self._connected()
            except Error:
                if is_last:
                    raise
            else:
                if await self._has_lock_again(session):
                    return session
                if is_last:
                    raise self._in_use(here())
            await asyncio.sleep(_PAUSE)

    async def _has_lock_again(self, session: Connection) -> bool:
        has_it = False
        try:
            self._require_mine(await rows(session, _MINE, self._id))
            has_it = await self._locked(session)
            if has_it:
                self._require_mine(await rows(session, _MINE, self._id))
            else:  # by our own old session, which the server has not missed yet
                await session.execute(_END_OLD, (LOCKS, self._id, self._pid))
        finally:
            if not has_it:
                await session.close()
        return has_it

    def _require_mine(self, found: list[tuple[Any, ...]]) -> None:
        if not found or found[0][0] != self._fence:
            owner = f", {found[0][1]}," if found else ""
            raise JournalError(
                f"{self.name} now belongs to another worker{owner} since this one was silent for"
                " too long. Nothing more is sent from here."
            )

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except Error as error:
            raise JournalError(
                f"{self.name} can't be used: {words_of(error)}. Nothing is sent without it. Run the"
                " upload again when the database is there and can be written to."
            ) from error
