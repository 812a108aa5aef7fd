"""The pace of an account in PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

import pytest
from local_postgres import LocalPostgres

from sdir_async import ConfigurationError
from sdir_async.postgres import PostgresPace

from .test_journal import answering, pooled

__all__ = ["pooled"]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no lost database."""
    monkeypatch.setattr("sdir_async.postgres.pace._PATIENCE", 60.0)


async def until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.01)


async def start(pace: PostgresPace) -> float:
    async with pace as started:
        return started


async def test_workers_of_an_account_wait_together_others_do_not(dsn: str) -> None:
    """What one is told holds for all who name the same account, by the database's clock."""
    async with contextlib.AsyncExitStack() as stack:
        first, second, other = (PostgresPace(dsn, account=name) for name in ("a", "a", "b"))
        for each in (first, second, other):
            stack.push_async_callback(each.aclose)
        started = await start(first)
        await asyncio.gather(start(second), start(other))
        first.turned_away(started, 3600)
        waiting = [asyncio.create_task(start(first))]
        await until(lambda: not first._news)
        waiting.append(asyncio.create_task(start(second)))
        assert await start(other)
        await until(lambda: second._paused_until > started + 3000)
        assert not any(task.done() for task in waiting)
        for task in waiting:
            task.cancel()


async def test_a_session_that_was_lost(
    server: LocalPostgres, dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It continues with a pace of its own for a while, and says so; nothing is raised."""
    pace = PostgresPace(dsn, account="a")
    await start(pace)
    server.execute(
        "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
        " WHERE application_name LIKE 'sdir%'"
    )
    with caplog.at_level(logging.WARNING, "sdir_async"):
        await start(pace)
    assert "a pace of its own" in caplog.text
    await pace.aclose()


async def test_it_may_go_through_a_pooler(
    pooled: str, server: LocalPostgres, dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It needs no session of its own."""
    await answering(pooled)
    pace = PostgresPace(pooled, account="a")
    with caplog.at_level(logging.WARNING, "sdir_async"):
        await start(pace)
    await pace.aclose()
    assert caplog.text == ""
    assert server.execute("SELECT account FROM sdir_pace", dsn) == [("a",)]


def test_an_account_is_a_name() -> None:
    """It is not empty, and does not name a person."""
    for account in ("", " ", "41814061033"):
        with pytest.raises(ConfigurationError, match="must be a name"):
            PostgresPace("", account=account)
