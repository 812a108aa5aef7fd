"""The pace of an account in PostgreSQL, for all processes that send for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from ..errors import ConfigurationError
from ..frames import no_locals
from ..privacy import mask
from ..shared_pace import SharedPacer, StoreLost
from .connection import Error, checked_dsn, connected, rows, words_of

if TYPE_CHECKING:
    from typing import LiteralString

    from ..wire import Secret
    from .connection import Connection

_PATIENCE: Final = 3.0
"""Seconds for a question; a process that waits longer for its turn goes on alone."""
_SETTINGS: Final = {"synchronous_commit": "off"}
"""What a crash takes with it is learnt again."""

_READ: Final = """
    SELECT version, state, extract(epoch FROM clock_timestamp())::float8 FROM sdir_pace
    WHERE account = %s
"""
_WRITE: Final = """
    UPDATE sdir_pace SET version = version + 1, state = %s WHERE account = %s AND version = %s
    RETURNING 1
"""


class PostgresPace(SharedPacer):
    """One pace for all workers and machines of an account, kept in PostgreSQL.

    An account has one rate limit, however many processes send for it. If the server asks one of
    them to wait, all of them do. Each request starts at its own time, by the clock of the database.
    Without the database, each process falls back to a pace of its own, with a warning in the log.

    Pass it as `Sdir(pace=…)`. Closing the `Sdir` closes its session too.

    Args:
        dsn: The connection string, as for libpq: `postgresql://user@host/database`.
        account: A name for the subscription, the same in all processes that use it. Not its key.

    The table `sdir_pace` is created if it does not exist. A pooler such as PgBouncer is allowed.

    Raises:
        ConfigurationError: The extra `postgres` is not installed, or an argument is not valid.

    Example:
        >>> pace = PostgresPace(dsn, account="ship-office")  # doctest: +SKIP
        >>> async with Sdir(pace=pace) as sdir: ...  # doctest: +SKIP
    """

    def __init__(self, dsn: str, *, account: str) -> None:
        with no_locals:
            if not (isinstance(account, str) and account.strip()) or mask(account) != account:
                raise ConfigurationError(
                    "PostgresPace: account must be a name, without a person number."
                )
            super().__init__(_Row(checked_dsn(dsn), account))


class _Row:
    """The row of an account."""

    def __init__(self, dsn: Secret, account: str) -> None:
        self.name = f"The shared pace of account {account!r}"
        self._dsn = dsn
        self._account = account
        self._session: Connection | None = None

    async def read(self) -> tuple[int, bytes, float]:
        found = await self._asked(_READ, self._account)
        if not found:
            query: LiteralString = (
                "INSERT INTO sdir_pace (account) VALUES (%s) ON CONFLICT DO NOTHING RETURNING 1"
            )
            await self._asked(query, self._account)
            found = await self._asked(_READ, self._account)
        ((version, state, now),) = found
        return version, bytes(state), now

    async def write(self, version: int, state: bytes) -> bool:
        return await self._asked(_WRITE, state, self._account, version) != []

    async def aclose(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _asked(self, query: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        try:
            async with asyncio.timeout(_PATIENCE):
                if self._session is None or self._session.closed:
                    self._session = await connected(self._dsn, _PATIENCE, _SETTINGS)
                return await rows(self._session, query, *values)
        except TimeoutError:
            await self.aclose()
            raise StoreLost("it does not answer") from None
        except Error as error:
            raise StoreLost(words_of(error)) from None
