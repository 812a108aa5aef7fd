"""A journal in PostgreSQL: one owner a part, whatever happens to workers and database."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from attrs import define
from local_postgres import LocalPostgres, free_port

import sdir_async.postgres.journal
from sdir_async import (
    ConfigurationError,
    JournalError,
    JournalInUse,
    JournalMismatch,
    RetryPolicy,
    UploadReport,
)
from sdir_async.postgres.journal import PostgresJournal, PostgresStore
from tests.upload.server import FATES, Fate, Record, Register, bad, client, record
from tests.upload.test_faults import judge

ROOT = Path(__file__).parents[2]
COUNT = 40
LOCKED = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2"
END = f"SELECT pg_terminate_backend(pid) FROM ({LOCKED}) AS owner"


def records(count: int = COUNT) -> list[Record]:
    return [bad(at) if at % 13 == 5 else record(at) for at in range(count)]


def part(dsn: str, name: str = "7", **settings: Any) -> PostgresJournal:
    return PostgresJournal(dsn, upload="2026-11", part=name, **settings)


async def upload(
    register: httpx.AsyncBaseTransport,
    journal: PostgresJournal,
    given: list[Record] | None = None,
    **options: Any,
) -> UploadReport:
    retry = RetryPolicy(attempts=50, settle=0.1, first_wait=0.01)
    async with client(register, retry=retry) as sdir:  # type: ignore[arg-type]
        options = {"check": False, "chunk_size": 6, "concurrency": 3, **options}
        return await sdir.course.v1.upload(given or records(), journal=journal, **options)


@define
class Interrupted(Register):
    """Runs something once, just before it answers a request."""

    at: int = 2
    work: Callable[[], Awaitable[object]] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        is_time = len(self.batches) >= self.at
        answer = await Register.handle_async_request(self, request)
        if is_time and self.work is not None:
            work, self.work = self.work, None
            await work()
        return answer


async def test_run_again_it_sends_nothing_twice(dsn: str) -> None:
    """An upload that ended early continues in another run; one that is complete sends nothing."""
    first = Register(fates=[FATES[-2], Fate("no", False, lambda _: httpx.Response(403))])
    with pytest.raises(Exception, match="403"):
        await upload(first, part(dsn), concurrency=1)
    second = Register(saved=first.saved)
    report = await upload(second, part(dsn))
    judge(second, records(), report)
    assert (report.accepted, report.rejected) == (COUNT - 3, 3)
    third = Register(saved=second.saved)
    assert (await upload(third, part(dsn))).accepted == COUNT - 3
    assert third.batches == []


async def test_a_cancelled_upload_goes_on(dsn: str) -> None:
    """What was on the wire then is asked for, and not sent again where it was saved."""
    first = Register(latency=0.2)
    task = asyncio.create_task(upload(first, part(dsn)))
    while not first.in_flight:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    second = Register(saved=first.saved)
    judge(second, records(), await upload(second, part(dsn)))


async def test_of_many_who_open_a_part_at_once_one_has_it(dsn: str) -> None:
    """The tables are made once, the others are told who has it, and nothing is sent twice."""
    register = Register(latency=0.05)
    ended = await asyncio.gather(
        *(upload(register, part(dsn)) for _ in range(6)), return_exceptions=True
    )
    refused = [one for one in ended if isinstance(one, JournalInUse)]
    assert ["is in use by another worker, " in str(one) for one in refused] == [True] * 5
    (report,) = (one for one in ended if isinstance(one, UploadReport))
    judge(register, records(), report)


async def test_parts_do_not_know_each_other(dsn: str) -> None:
    """Another part, or another upload, has a journal of its own."""
    register = Register()
    await asyncio.gather(*(upload(register, part(dsn, name)) for name in "123"))
    await upload(register, PostgresJournal(dsn, upload="2026-12", part="1"))
    assert len(register.saved) == 4 * (COUNT - 3)


async def test_a_part_that_moved_is_refused_with_advice(dsn: str) -> None:
    """Other records under the same name are an error that says how parts must be cut."""
    await upload(Register(), part(dsn))
    register = Register()
    with pytest.raises(JournalMismatch, match=r"records 0 to 5 differ.*hash of its key.*sort"):
        await upload(register, part(dsn), list(reversed(records())))
    with pytest.raises(JournalMismatch, match=r"its operation is 'create', not 'validate'"):
        await upload(register, part(dsn), operation="validate")
    assert register.batches == []


async def test_a_part_lost_while_it_was_told_to_wait(dsn: str) -> None:
    """Each attempt asks, repeats after a 429 included: the old owner sends nothing more."""
    first = Interrupted(fates=[Fate("429", False, too_many)], at=0)
    second = Register(saved=first.saved)

    async def take() -> None:
        await owner_session_ended(dsn)
        assert (await upload(second, part(dsn))).accepted == COUNT - 3

    first.work = take
    said = "now belongs to another worker, .*:\\d+, since this one was silent for too long"
    with pytest.raises(JournalError, match=said):
        await upload(first, part(dsn), concurrency=1)
    assert len(first.batches) == 1  # the one that was turned away
    judge(second, records(), await upload(Register(saved=second.saved), part(dsn)))


def too_many(request: httpx.Request) -> httpx.Response:
    return httpx.Response(429, headers={"retry-after": "1"})


async def owner_session_ended(dsn: str) -> None:
    """End the session of the owner, as a network or an operator does."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as session:
        await session.execute(END.encode())
        while await (await session.execute(LOCKED.encode())).fetchall():
            await asyncio.sleep(0.01)


async def test_what_an_old_owner_writes_is_refused(dsn: str) -> None:
    """By its number, though its session is a new one and the part is free again."""
    target = {"api": "x"}
    async with part(dsn).journal_of(target) as old:
        await owner_session_ended(dsn)
        async with part(dsn).journal_of(target):
            pass
        old.end(7)
        with pytest.raises(JournalError, match="now belongs to another worker"):
            await old._flush()  # type: ignore[attr-defined]
        old._entries.clear()  # type: ignore[attr-defined]
    async with part(dsn).journal_of(target) as new:
        assert new._total is None  # type: ignore[attr-defined]


async def test_an_answer_that_waited_for_a_frozen_process(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is as old as the freeze was long: the owner asks again before it sends."""
    target = {"api": "x"}
    asked = PostgresStore._asked
    answers: list[object] = []

    async def and_freeze(store: PostgresStore, query: Any, *values: object) -> Any:
        answer = await asked(store, query, *values)
        if not answers:
            answers.append(answer)
            await owner_session_ended(dsn)
            async with part(dsn).journal_of(target):
                pass
            await asyncio.sleep(0.6)
        return answer

    async with part(dsn, lease=1.0).journal_of(target) as journal:
        assert journal.before_attempt is not None
        monkeypatch.setattr(PostgresStore, "_asked", and_freeze)
        with pytest.raises(JournalError, match="now belongs to another worker"):
            await journal.before_attempt()
    assert len(answers) == 1


async def test_a_lost_connection_is_opened_anew(dsn: str) -> None:
    """If nobody else had the part meanwhile, its owner continues."""
    register = Interrupted()
    register.work = lambda: owner_session_ended(dsn)
    judge(register, records(), await upload(register, part(dsn)))
    assert register.work is None


async def test_the_database_restarts(server: LocalPostgres, dsn: str) -> None:
    """The upload waits for it, and continues."""
    register = Interrupted()

    async def restart() -> None:
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)

    register.work = restart
    judge(register, records(), await upload(register, part(dsn)))
    assert register.work is None


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdir_async.postgres.journal, "_PATIENCE", 0.2)
    monkeypatch.setattr(sdir_async.postgres.journal, "_PAUSE", 0.1)


@pytest.mark.usefixtures("_impatient")
async def test_a_database_made_read_only(server: LocalPostgres, dsn: str) -> None:
    """Nothing more is sent, the error says why, and what was sent is known afterwards."""
    name = dsn.rpartition("/")[2]
    register = Interrupted()

    async def make_read_only() -> None:
        server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        await owner_session_ended(dsn)

    register.work = make_read_only
    with pytest.raises(JournalError, match=r"can't be used: .*read-only.*can be written to"):
        await upload(register, part(dsn), concurrency=1)
    sent = len(register.batches)
    with pytest.raises(JournalError, match="read-only"):
        await upload(register, part(dsn))
    assert len(register.batches) == sent
    server.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    judge(register, records(), await upload(register, part(dsn)))


@pytest.mark.usefixtures("_impatient")
async def test_a_database_that_is_gone(dsn: str) -> None:
    """Before the first request it is an error at once."""
    register = Register()
    with free_port() as port:
        nowhere = f"postgresql://sdir:geheim@127.0.0.1:{port}/x"
        with pytest.raises(JournalError, match=r"can't be used: .*refused") as caught:
            await upload(register, part(nowhere))
    assert register.batches == []
    shown = "".join(traceback.TracebackException.from_exception(caught.value).format())
    assert "geheim" not in shown + repr(part(nowhere))


@pytest.fixture
def full_disk(server: LocalPostgres, dsn: str, tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Fills the disk of the events: a small one of its own where we may mount it."""
    disk = Path(tempfile.mkdtemp(prefix="sdir-disk-", dir="/tmp"))  # PostgreSQL may enter it
    options = f"size=256k,mode=700,uid={server.uid}"
    size = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)]
    may_mount = os.getuid() == 0 and shutil.which("mount") is not None
    mounted = may_mount and not subprocess.run(size, capture_output=True).returncode

    def fill() -> None:
        if mounted:
            server.execute(f"CREATE TABLESPACE small LOCATION '{disk}'")
            server.execute("ALTER TABLE sdir_event SET TABLESPACE small", dsn)
            with pytest.raises(psycopg.errors.DiskFull):
                server.execute("CREATE TABLE filler TABLESPACE small AS SELECT repeat('x', 900)"
                    " FROM generate_series(1, 100000)", dsn)  # fmt: skip
            server.execute("INSERT INTO sdir_event SELECT -1, number, now(), 0, '', ''"
                " FROM generate_series(1, 2000) AS number", dsn)  # fmt: skip
        else:
            server.execute(
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$"
                " BEGIN RAISE 'No space left on device' USING ERRCODE = '53100'; END $$",
                dsn,
            )
            server.execute("CREATE TRIGGER full_disk BEFORE INSERT ON sdir_event"
                " EXECUTE FUNCTION full_disk()", dsn)  # fmt: skip

    yield fill
    if mounted:
        server.execute("DROP TABLE sdir_event", dsn)
        server.execute("DROP TABLESPACE small")
        subprocess.run(["umount", str(disk)], check=True)
    disk.rmdir()


async def test_a_full_disk(dsn: str, full_disk: Callable[[], None]) -> None:
    """Nothing is sent that the journal does not know; the error is the database's, with advice."""
    register = Interrupted(at=1)

    async def fill() -> None:
        await asyncio.to_thread(full_disk)

    register.work = fill
    with pytest.raises(JournalError, match=r"can't be used: .*No space left on device"):
        await upload(register, part(dsn), [record(at) for at in range(3000)], chunk_size=1)
    assert register.work is None
    assert len(register.saved) < 3000


@pytest.fixture
def pooled(server: LocalPostgres, dsn: str, tmp_path: Path) -> Iterator[str]:
    """The database behind a PgBouncer that shares sessions between transactions."""
    with free_port() as port, _pooling(server, port, tmp_path):
        yield server.dsn_of(dsn.rpartition("/")[2], port)


@contextlib.contextmanager
def _pooling(server: LocalPostgres, port: int, tmp_path: Path) -> Iterator[None]:
    settings = tmp_path / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n* = host=127.0.0.1 port={server.port} user=sdir\n[pgbouncer]\n"
        f"listen_addr=127.0.0.1\nlisten_port={port}\nunix_socket_dir=\nauth_type=any\n"
        "pool_mode=transaction\n"
    )
    settings.chmod(0o644)
    if os.getuid() == 0:
        for folder in (tmp_path, *tmp_path.parents[:3]):
            folder.chmod(folder.stat().st_mode | 0o555)
    user = "nobody" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    command = ["pgbouncer", "-q", "-u", user, str(settings)]
    try:
        bouncer = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        if os.environ.get("CI"):
            raise
        pytest.skip("No PgBouncer found. Install Debian's `pgbouncer`.")
    try:
        yield
    finally:
        bouncer.terminate()
        bouncer.wait(60)


async def test_a_pooler_is_refused(pooled: str) -> None:
    """PgBouncer gives a session to others after each transaction, and the lock with it."""
    await answering(pooled)
    register = Register()
    with pytest.raises(JournalError, match=r"PgBouncer, shares sessions\. Give the address"):
        await upload(register, part(pooled))
    assert register.batches == []


async def answering(dsn: str) -> None:
    for _ in range(6000):
        with contextlib.suppress(psycopg.OperationalError):
            await (await psycopg.AsyncConnection.connect(dsn)).close()
            return
        await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def worker(
    base_url: str, dsn: str, lease: float
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.postgres.worker", base_url, dsn, str(lease),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_frozen_worker_loses_its_part_and_wakes(dsn: str) -> None:
    """It was told to wait, was frozen past its lease, and woke: it sends nothing more."""
    sent: list[str] = []
    seen = asyncio.Event()

    async def turn_away(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                await reader.readexactly(int(head.lower().split("content-length: ")[1].split()[0]))
                sent.append(head.split()[0])
                writer.write(b"HTTP/1.1 429 x\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n")
                seen.set()
        writer.close()

    listening = await asyncio.start_server(turn_away, "127.0.0.1", 0)
    base_url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening, worker(base_url, dsn, 3.0) as process:
        await seen.wait()
        process.send_signal(signal.SIGSTOP)
        sessions = await psycopg.AsyncConnection.connect(dsn, autocommit=True)
        async with sessions:
            while await (await sessions.execute(LOCKED.encode())).fetchall():
                await asyncio.sleep(0.05)
        async with part_of(dsn, base_url) as other:
            assert len(other.planned()) > 0
        process.send_signal(signal.SIGCONT)
        said, _ = await process.communicate()
    assert b"now belongs to another worker" in said
    assert sent == ["POST"]


@contextlib.asynccontextmanager
async def part_of(dsn: str, base_url: str) -> AsyncIterator[Any]:
    """Take the part of the worker over, as another upload would."""
    async with await psycopg.AsyncConnection.connect(dsn) as session:
        found = await (await session.execute("SELECT target FROM sdir_part")).fetchone()
    assert found is not None
    assert found[0]["url"].startswith(base_url)
    async with PostgresJournal(dsn, upload="u", part="7").journal_of(found[0]) as journal:
        yield journal


async def test_no_person_is_in_it(server: LocalPostgres, dsn: str) -> None:
    """Ranges, digests, states and names of fields: no number, no name, no key."""
    await upload(Register(), part(dsn), [{**one, "name": "Nordmann"} for one in records()])
    tables = ("sdir_part", "sdir_event")
    held = [
        server.execute(f"SELECT t::text, convert_from(detail, 'UTF8') FROM {name} AS t", dsn)
        if name == "sdir_event"
        else server.execute(f"SELECT t::text FROM {name} AS t", dsn)
        for name in tables
    ]
    assert "accepted" in str(held)
    assert "01810000" not in str(held)
    assert "Nordmann" not in str(held)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"part": ""}, "part must be text"),
        ({"part": 7}, "part must be text"),
        ({"upload": "of 41814061033"}, "upload must not hold a person number"),
        ({"lease": 0}, "lease must be at least 1 second"),
        ({"dsn": "host=x password=geheim oops"}, "must be a connection string"),
        ({"dsn": 5}, "must be a connection string"),
    ],
)
def test_settings_that_make_no_sense(settings: dict[str, Any], words: str) -> None:
    """Each is refused when it is given, and no message shows the password."""
    given = {"dsn": "", "upload": "u", "part": "1", **settings}
    with pytest.raises(ConfigurationError, match=words) as caught:
        PostgresJournal(given.pop("dsn"), **given)
    assert "geheim" not in "".join(traceback.format_exception(caught.value))
