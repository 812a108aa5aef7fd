"""Journals in PostgreSQL are removed when nothing of their upload is left to do."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from sdir_async import ConfigurationError, JournalError, PermissionDenied
from sdir_async.postgres import PostgresJournal, forget
from sdir_async.postgres.removal import stored_uploads
from sdir_async.spark.outcomes import Outcome, Outcomes
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
    with pytest.raises(JournalError, match="This database has no upload '2027'"):
        await forget(dsn, upload="2027")
    with pytest.raises(ConfigurationError):
        await forget("host=x oops", upload="2027")


async def test_what_spark_told_of_it_is_forgotten_too(dsn: str) -> None:
    """Its buckets and the reasons of Sdir go; those of another upload stay."""
    layout = {"buckets": 8, "key": ["courseCode"]}
    outcome = Outcome(0, 9, 9, 0, 0, 0, 1)
    for name in ("2026-11", "2026-12"):
        await upload(Register(), PostgresJournal(dsn, upload=name, part="1"))
        await Outcomes(dsn, name).require(layout)
        await Outcomes(dsn, name).keep(outcome, [])
    await forget(dsn, upload="2026-11")
    assert await Outcomes(dsn, "2026-11").all() == []
    assert await Outcomes(dsn, "2026-12").all() == [outcome]
    await Outcomes(dsn, "2026-11").require({**layout, "buckets": 2})


async def test_an_upload_of_spark_without_a_part_is_forgotten(dsn: str) -> None:
    """Its job was refused before it opened a bucket; other buckets can be made then."""
    await Outcomes(dsn, "2026-11").require({"buckets": 8, "key": ["courseCode"]})
    assert await stored_uploads(dsn) == [("2026-11", 0, 0.0)]
    code, said = clean(dsn, "--upload", "2026-11", "--yes")
    assert (code, "2026-11: 0 parts" in said) == (0, True)
    await Outcomes(dsn, "2026-11").require({"buckets": 2, "key": ["courseCode"]})
    with pytest.raises(JournalError, match="This database has no upload '2027'"):
        await forget(dsn, upload="2027")


async def test_an_upload_that_was_never_taken_is_listed(server: LocalPostgres, dsn: str) -> None:
    """Its worker died between the row and the lock, so nobody knows when that was."""
    await upload(Register(), part(dsn, "1"))
    server.execute("DELETE FROM sdir_event", dsn)
    server.execute("UPDATE sdir_part SET taken = NULL", dsn)
    assert await stored_uploads(dsn) == [("2026-11", 1, 0.0)]


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
    """Even if it is forced: its owner continues."""
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


def clean(dsn: str, *arguments: str) -> tuple[int, str]:
    """Run the command as a process: it has an event loop of its own."""
    command = [sys.executable, "-m", "sdir_async.cli", "clean", "--database", dsn, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


async def test_the_command_removes_what_is_old_and_finished(
    server: LocalPostgres, dsn: str
) -> None:
    """It says which uploads go and which stay, and asks before."""
    await upload(Register(), part(dsn, "1"))
    await interrupted(dsn, "2")
    for name in ("old", "new"):
        await upload(Register(), PostgresJournal(dsn, upload=name, part="1"))
    for table, column in (("sdir_part", "taken"), ("sdir_event", "at")):
        server.execute(
            f"UPDATE {table} SET {column} = {column} - interval '100 days'"
            f" WHERE {'id' if table == 'sdir_part' else 'part'} IN"
            " (SELECT id FROM sdir_part WHERE upload <> 'new')", dsn)  # fmt: skip
    code, said = clean(dsn, "--older-than", "90")
    assert (code, "old: 1 part, idle for 100 days" in said) == (2, True)
    assert "only with --yes" in said
    code, said = clean(dsn, "--older-than", "90", "--yes")
    assert (code, "records of part '2' are unsent or in doubt" in said) == (0, True)
    assert {name for (name,) in server.execute(ROWS, dsn)} == {"2026-11", "new"}
    code, said = clean(dsn, "--upload", "2026-11", "--yes")
    assert (code, "part '2'" in said) == (4, True)
    assert clean(dsn, "--upload", "2026-11", "--yes", "--force")[0] == 0
    assert {name for (name,) in server.execute(ROWS, dsn)} == {"new"}
