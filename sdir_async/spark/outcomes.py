"""What became of the buckets of an upload: two tables beside the journals of its parts."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final, LiteralString

import orjson
from attrs import asdict, frozen

from ..errors import JournalError, JournalMismatch
from ..postgres.connection import Error, checked_dsn, connected, make_tables, rows, words_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from ..postgres.connection import Connection
    from ..upload.report import Rejection, UploadReport

_PATIENCE: Final = 60.0
_MOST: Final = 10_000
"""Rejected records of a bucket whose reasons are kept; of the others, their places."""

_TABLES: Final = """
    CREATE TABLE IF NOT EXISTS sdir_layout (upload text PRIMARY KEY, layout jsonb NOT NULL);
    CREATE TABLE IF NOT EXISTS sdir_bucket (
        upload text NOT NULL,
        bucket integer NOT NULL,
        outcome jsonb NOT NULL,
        rejected jsonb NOT NULL,
        PRIMARY KEY (upload, bucket)
    );
"""
_MISSING: Final = "SELECT to_regclass('sdir_bucket') IS NULL"
_KEEP: Final = """
    INSERT INTO sdir_bucket (upload, bucket, outcome, rejected) VALUES (%s, %s, %s, %s)
    ON CONFLICT (upload, bucket) DO UPDATE
    SET outcome = EXCLUDED.outcome, rejected = EXCLUDED.rejected || sdir_bucket.rejected
"""
"""A later run knows that a record was rejected, but no longer why: the first reasons are kept."""


@frozen
class Outcome:
    """What became of the records of a bucket.

    Attributes:
        bucket: Its number, from 0; the name of the part in the journal.
        size: How many records it has.
        accepted: How many Sdir saved, or changed, or found good.
        rejected: How many were refused; `rejected` of this package says which and why.
        in_doubt: How many may or may not be saved.
        unsent: How many were not sent, since the upload of the bucket ended early.
        requests: How many requests the last run of it sent.
        why_in_doubt: Why asking did not help and what you can do, one sentence per reason.
    """

    bucket: int
    size: int
    accepted: int
    rejected: int
    in_doubt: int
    unsent: int
    requests: int
    why_in_doubt: tuple[str, ...] = ()


def outcome_of(bucket: int, size: int, report: UploadReport) -> Outcome:
    """Return what the report of a bucket's upload says; what was not read was not sent."""
    return Outcome(
        bucket,
        size,
        report.accepted,
        report.rejected,
        report.in_doubt,
        size - report.accepted - report.rejected - report.in_doubt,
        report.requests,
        report.why_in_doubt,
    )


class Outcomes:
    """The tables, for one upload.

    Each question has a session of its own: between two of them lies the upload of a bucket, which
    may take hours and survives a database that restarts.
    """

    def __init__(self, dsn: str, upload: str) -> None:
        self._dsn = checked_dsn(dsn)
        self._upload = upload

    async def require(self, layout: Mapping[str, Any]) -> None:
        """Make sure that all runs of the upload make the same buckets; the first one decides.

        Raises:
            JournalMismatch: It was begun with others.
        """
        async with self._session() as session:
            await session.execute(
                "INSERT INTO sdir_layout (upload, layout) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                (self._upload, orjson.dumps(layout).decode()),
            )
        await self.require_known(layout)

    async def require_known(self, layout: Mapping[str, Any]) -> None:
        """Make sure that these are the buckets of the upload, if it was begun.

        Raises:
            JournalMismatch: It was begun with others.
        """
        for (begun,) in await self._asked("SELECT layout FROM sdir_layout WHERE upload = %s"):
            if begun != layout:
                raise JournalMismatch(
                    f"Upload {self._upload!r} was begun with {_in_words(begun)}, not with"
                    f" {_in_words(layout)}. Use the same buckets. Use a new name only for records"
                    f" that were never sent."
                )

    async def keep(self, outcome: Outcome, rejections: Sequence[Rejection]) -> None:
        """Enter what became of a bucket, and why records of it were rejected."""
        reasons = {
            str(one.index): [[why.field, why.message] for why in one.reasons if at < _MOST]
            for at, one in enumerate(rejections)
        }
        told = orjson.dumps(asdict(outcome)).decode(), orjson.dumps(reasons).decode()
        async with self._session() as session:
            await session.execute(_KEEP, (self._upload, outcome.bucket, *told))

    async def all(self) -> list[Outcome]:
        """Return what became of each bucket, in order."""
        found = await self._asked(
            "SELECT outcome FROM sdir_bucket WHERE upload = %s ORDER BY bucket"
        )
        return [Outcome(**{**one, "why_in_doubt": tuple(one["why_in_doubt"])}) for (one,) in found]

    async def rejected(self) -> list[tuple[int, int, list[tuple[str, str]]]]:
        """Return bucket, position and reasons of each record that was rejected."""
        found = await self._asked(
            "SELECT bucket, rejected FROM sdir_bucket WHERE upload = %s ORDER BY bucket"
        )
        return [
            (bucket, int(position), [(name, message) for name, message in reasons])
            for bucket, rejected in found
            for position, reasons in rejected.items()
        ]

    async def _asked(self, query: LiteralString) -> list[tuple[Any, ...]]:
        async with self._session() as session:
            return await rows(session, query, self._upload)

    @contextlib.asynccontextmanager
    async def _session(self) -> AsyncIterator[Connection]:
        """Connect for a question, and make the tables when they are missing."""
        try:
            session = await connected(self._dsn, _PATIENCE, {})
            try:
                if await rows(session, _MISSING) == [(True,)]:
                    await make_tables(session, _TABLES)
                yield session
            finally:
                await session.close()
        except Error as error:
            raise JournalError(
                f"The database can't be used: {words_of(error)}. Write the same rows again when"
                f" the database is back."
            ) from error


def _in_words(layout: Mapping[str, Any]) -> str:
    return f"{layout['buckets']} buckets of {', '.join(layout['key'])}"
