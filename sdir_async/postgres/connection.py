"""Sessions with PostgreSQL, over psycopg 3, in the event loop."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any, Final, LiteralString

from ..errors import ConfigurationError
from ..wire import Secret

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict
except ImportError:
    raise ConfigurationError(
        "PostgreSQL needs an extra: pip install 'sdir-async[postgres]'"
    ) from None

if TYPE_CHECKING:
    from collections.abc import Mapping

    Connection = psycopg.AsyncConnection[tuple[Any, ...]]

Error = psycopg.Error

_OLDEST: Final = 140000
"""PostgreSQL 14: older ones can't end a session that is silent for too long."""

_LOCK_OF_TABLES: Final = 0x53444952
_TABLES: Final = """
    CREATE TABLE IF NOT EXISTS sdir_part (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        upload text NOT NULL,
        part text NOT NULL,
        target jsonb NOT NULL,
        salt bytea NOT NULL,
        fence bigint NOT NULL DEFAULT 0,
        owner text NOT NULL DEFAULT '',
        taken timestamptz,
        UNIQUE (upload, part)
    );
    CREATE TABLE IF NOT EXISTS sdir_event (
        part integer NOT NULL,
        number bigint NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        chunk bigint NOT NULL,
        kind text NOT NULL,
        detail bytea NOT NULL,
        PRIMARY KEY (part, number)
    );
    CREATE TABLE IF NOT EXISTS sdir_pace (
        account text PRIMARY KEY,
        version bigint NOT NULL DEFAULT 0,
        state bytea NOT NULL DEFAULT ''
    );
"""


def checked_dsn(dsn: str) -> Secret:
    """Return the connection string as a secret: it may hold a password.

    Raises:
        ConfigurationError: It is not a connection string.
    """
    try:
        conninfo_to_dict(dsn)
    except (psycopg.ProgrammingError, AttributeError):  # the latter if it is not text
        raise ConfigurationError(
            "The dsn must be a connection string of PostgreSQL, such as"
            " postgresql://user@host/database."
        ) from None
    return Secret(dsn)


async def connected(dsn: Secret, seconds: float, settings: Mapping[str, str]) -> Connection:
    """Return a session that commits each statement, with these settings and our tables.

    Args:
        dsn: Where the database is.
        seconds: How long connecting may take; also how long the network may be silent.
        settings: Settings of PostgreSQL for this session.

    Raises:
        psycopg.Error: The database can't be reached, or is too old or read-only.
    """
    session = await psycopg.AsyncConnection.connect(
        dsn.reveal(),
        autocommit=True,
        prepare_threshold=None,
        application_name=f"sdir-async {here()}",
        connect_timeout=max(2, round(seconds)),
        target_session_attrs="read-write",
        tcp_user_timeout=round(1000 * seconds),
    )
    try:
        if session.info.server_version < _OLDEST:
            raise psycopg.NotSupportedError("PostgreSQL 14 or newer is required")
        for name, value in settings.items():
            await session.execute("SELECT set_config(%s, %s, false)", (name, value))
        if await rows(session, "SELECT to_regclass('sdir_pace') IS NULL") == [(True,)]:
            await make_tables(session, _TABLES)
    except BaseException:
        await session.close()
        raise
    return session


async def make_tables(session: Connection, tables: LiteralString) -> None:
    """Make tables, one session at a time."""
    async with session.transaction():
        await session.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK_OF_TABLES,))
        await session.execute(tables)


async def rows(session: Connection, query: LiteralString, *values: object) -> list[tuple[Any, ...]]:
    """Return what a query returns."""
    return await (await session.execute(query, values)).fetchall()


def here() -> str:
    """Return this process as people look for it: machine and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"


def words_of(error: psycopg.Error) -> str:
    """Return what a database says is wrong, in one line."""
    said = error.diag.message_primary or str(error).strip() or type(error).__name__
    return said.splitlines()[0].strip().rstrip(".:")
