"""Journals in PostgreSQL are removed when nothing of their upload is left to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from sdir_async import ConfigurationError, JournalError, PermissionDenied
from sdir_async.postgres import PostgresJournal, forget
from tests.upload.server import Fate, Register

from .test_journal import COUNT, part, upload

if TYPE_CHECKING:
    from local_postgres import LocalPostgres

ROWS = "SELECT upload FROM sdir_part"
EVENTS_OF_NOBODY = "SELECT count(*) FROM sdir_event WHERE part NOT IN (SELECT id FROM sdir_part)"
ALL_EVENTS = "SELECT count(*) FROM sdir_event"


async def interrupted(dsn: str, name: str) -> None:
    refusing = Register(fates=[Fate("ok"), Fate("no", False, lambda _: httpx.Response(403))])
    with pytest.raises(PermissionDenied):
        await upload(refusing, part(dsn, name), concurrency=1)


async def test_a_finished_upload_is_forgotten(server: LocalPostgres, dsn: str) -> None:
    """Its rows are gone, those of another upload stay, and it can be run anew."""
    await upload(Register(), part(dsn, "1"))
    await upload(Register(), PostgresJournal(dsn, upload="2026-12", part="1"))
    await forget(dsn, upload="2026-11")
    assert {name for (name,) in server.execute(ROWS, dsn)} == {"2026-12"}
    assert server.execute(EVENTS_OF_NOBODY, dsn) == [(0,)]
    assert server.execute(ALL_EVENTS, dsn) != [(0,)]
    assert (await upload(Register(), part(dsn, "1"))).accepted == COUNT - 3
    with pytest.raises(JournalError, match="There is no upload '2027'"):
        await forget(dsn, upload="2027")
    with pytest.raises(ConfigurationError):
        await forget("host=x oops", upload="2027")


async def test_one_that_is_not_finished_is_kept(server: LocalPostgres, dsn: str) -> None:
    """Unless it is forced; then no part of it is left, the finished ones included."""
    await upload(Register(), part(dsn, "1"))
    await interrupted(dsn, "2")
    before = server.execute(ROWS, dsn)
    with pytest.raises(JournalError, match="records of part '2' are unsent or in doubt"):
        await forget(dsn, upload="2026-11")
    assert server.execute(ROWS, dsn) == before
    assert server.execute(ALL_EVENTS, dsn) != [(0,)]
    await forget(dsn, upload="2026-11", force=True)
    assert server.execute(ROWS, dsn) == []
    assert server.execute(ALL_EVENTS, dsn) == [(0,)]


async def test_one_that_is_in_use_is_kept(server: LocalPostgres, dsn: str) -> None:
    """Even if it is forced: its owner goes on."""
    async with part(dsn, "1").journal_of({"api": "x"}) as journal:
        with pytest.raises(JournalError, match=r"part '1' is in use by .*:\d+"):
            await forget(dsn, upload="2026-11", force=True)
        assert journal.before_attempt is not None
        await journal.before_attempt()


async def test_an_owner_whose_journal_was_removed(server: LocalPostgres, dsn: str) -> None:
    """It sends nothing more, though it lost its session before."""
    async with part(dsn, "1").journal_of({"api": "x"}) as journal:
        server.execute("DELETE FROM sdir_part", dsn)
        assert journal.before_attempt is not None
        with pytest.raises(JournalError, match="now belongs to another worker"):
            await journal.before_attempt()
