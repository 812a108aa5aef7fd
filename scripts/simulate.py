"""A thousand workers on virtual time: `make simulate`.

What runs is the real thing: uploads, journals and paces of the package. Only the server, the store
and the clock are simulated, and no socket is opened. A record stands for 500, so that a request
with one is a request with 500. Workers are killed, as -9 does, and frozen past their lease;
answers are lost, before or after the server saved; the store is gone for a while. In the end the
register is compared with the input, and the load on the store is shown.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import orjson
from attrs import Factory, define

from sdir_async import JournalError, RetryPolicy, Sdir, UploadReport
from sdir_async.sandbox.limits import Rate, RateLimit
from sdir_async.shared_pace import SharedPacer, StoreLost
from sdir_async.upload.journal.recorded import RecordedJournal
from sdir_async.wire import Answer, Happened, Lost, Request
from tests.virtual import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sdir_async.upload.journal import Journal
    from sdir_async.upload.journal.recorded import Entry

EACH: Final = 500
"""Records that one of the simulation stands for."""
LEASE: Final = 60.0
LATENCY: Final = 0.2
"""Seconds of a request, on average."""
TRIP: Final = 0.001
"""Seconds to the store and back."""
ROW: Final = 70
"""Bytes of a row beside its detail: its header, its numbers, its time, and its index entry."""


def now() -> float:
    """Return the virtual time."""
    return asyncio.get_running_loop().time()


class Dead(BaseException):
    """The process is gone: nothing that it does reaches anybody."""


@define(eq=False)
class Process:
    """A worker's process, as a kill or a freeze finds it."""

    is_dead: bool = False
    awake: asyncio.Event = Factory(asyncio.Event)
    silent_since: float = -1.0

    def __attrs_post_init__(self) -> None:
        self.awake.set()

    async def runs(self) -> None:
        """Return when the process runs; never if it is dead."""
        await self.awake.wait()
        if self.is_dead:
            raise Dead

    def has_lost_its_sessions(self) -> bool:
        """Say whether the store has ended them: it was silent for too long."""
        return self.is_dead or (not self.awake.is_set() and now() - self.silent_since > LEASE)


@define
class Part:
    """The rows of a part."""

    fence: int = 0
    owner: Process | None = None
    entries: dict[int, Entry] = Factory(dict)


@define
class Database:
    """The store: what is in it, and what it is asked for."""

    parts: dict[str, Part] = Factory(dict)
    paces: dict[str, tuple[int, bytes]] = Factory(dict)
    is_gone: bool = False
    commits: Counter[int] = Factory(Counter)
    reads: Counter[int] = Factory(Counter)
    bytes_written: Counter[int] = Factory(Counter)

    def committed(self, size: int) -> None:
        """Count a transaction that writes."""
        self.commits[int(now())] += 1
        self.bytes_written[int(now())] += size

    def read(self) -> None:
        """Count one that reads."""
        self.reads[int(now())] += 1


@define
class Store:
    """A part in the store, as one process has it: what `PostgresStore` is to PostgreSQL."""

    name: str
    database: Database
    process: Process
    advice: str = ""
    salt: bytes = b"salt"
    _fence: int = 0

    @property
    def _part(self) -> Part:
        return self.database.parts.setdefault(self.name, Part())

    async def _travel(self) -> None:
        await self.process.runs()
        await asyncio.sleep(TRIP / 2)
        while self.database.is_gone:  # noqa: ASYNC110
            await asyncio.sleep(0.5)

    async def open(self) -> Iterable[Entry]:
        """Take it, if nobody has it."""
        await self._travel()
        await self.process.runs()
        part = self._part
        if part.owner is not None and not part.owner.has_lost_its_sessions():
            raise JournalError("in use")
        part.owner = self.process
        part.fence += 1
        self._fence = part.fence
        self.database.committed(ROW)
        self.database.read()
        return list(part.entries.values())

    async def append(self, entries: Sequence[Entry]) -> None:
        """Commit, unless somebody else has it."""
        await self._travel()
        self._require_mine()
        self._part.entries.update({entry[0]: entry for entry in entries})
        self.database.committed(sum(ROW + len(entry[3]) for entry in entries))
        await asyncio.sleep(TRIP / 2)
        await self.process.runs()

    async def still_mine(self) -> None:
        """Ask before an attempt; again, if the answer may be old since the process was frozen."""
        took = LEASE
        while took > LEASE / 2:
            asked = now()
            await self._travel()
            self.database.read()
            self._require_mine()
            await asyncio.sleep(TRIP / 2)
            await self.process.runs()
            took = now() - asked

    def _require_mine(self) -> None:
        if self._part.fence != self._fence:
            raise JournalError("lost")
        self._part.owner = self.process  # over a new session, if the old one was ended

    async def close(self) -> None:
        """Give it back."""
        if not self.process.is_dead and self._fence and self._part.fence == self._fence:
            self._part.owner = None


@define
class Parts:
    """What `PostgresJournal` is to `upload`."""

    store: Store

    def journal_of(self, target: Mapping[str, str]) -> Journal:  # noqa: ARG002
        """Return the journal."""
        return RecordedJournal(self.store)


@define
class Row:
    """The pace of an account in the store, as one process has it."""

    name: str
    database: Database
    process: Process

    async def _travel(self) -> None:
        await self.process.runs()
        await asyncio.sleep(TRIP)
        await self.process.runs()
        if self.database.is_gone:
            raise StoreLost("it is gone")

    async def read(self) -> tuple[int, bytes, float]:
        """Return version, state and time."""
        await self._travel()
        self.database.read()
        version, state = self.database.paces.get(self.name, (0, b""))
        return version, state, now()

    async def write(self, version: int, state: bytes) -> bool:
        """Write the next version."""
        await self._travel()
        before, _ = self.database.paces.get(self.name, (0, b""))
        self.database.committed(ROW + len(state))
        if before == version:
            self.database.paces[self.name] = version + 1, state
        return before == version

    async def aclose(self) -> None:
        """Nothing has to be closed."""


@define
class Register:
    """The server of an account: a limit, faults, and what is saved."""

    chance: random.Random
    faults: float
    saved: Counter[str] = Factory(Counter)
    limiter: RateLimit = Factory(lambda: RateLimit(Rate(20, 1), clock=now))
    requests: int = 0
    refused: int = 0
    lost: int = 0

    async def answer(self, request: Request) -> Happened:
        """Answer a request, or lose it."""
        await asyncio.sleep(self.chance.uniform(0.25, 0.75) * LATENCY)
        self.requests += 1
        if (wait := self.limiter.refuse()) is not None:
            self.refused += 1
            return Answer(429, {"retry-after": str(wait)}, b"")
        if request.body is None:
            person = dict(request.query)["personId"]
            found = [{**record(0), "personalIdentityNumber": person}] * self.saved[person]
            return Answer(200, {}, orjson.dumps(found))
        fault = self.chance.random() < self.faults
        self.lost += fault
        if not fault or self.chance.random() < 0.5:
            self.saved.update(one["personalIdentityNumber"] for one in orjson.loads(request.body))
        await asyncio.sleep(self.chance.uniform(0.25, 0.75) * LATENCY)
        return Lost("all", "lost") if fault else Answer(201, {}, request.body)


@define
class Wire:
    """How the requests of a process travel; one that was sent arrives, whatever happens to it."""

    register: Register
    process: Process
    _sent: set[asyncio.Task[Happened]] = Factory(set)

    async def send(self, request: Request) -> Happened:
        """Send a request once."""
        await self.process.runs()
        arriving = asyncio.ensure_future(self.register.answer(request))
        self._sent.add(arriving)
        arriving.add_done_callback(self._sent.discard)
        happened = await asyncio.shield(arriving)
        await self.process.runs()
        return happened

    async def aclose(self) -> None:
        """Nothing has to be closed."""


def record(at: int) -> dict[str, Any]:
    """Return a record of a synthetic person."""
    return {
        "personalIdentityNumber": f"0181{at:07d}",
        "completedAt": "2025-03-24T18:32:25+00:00",
        "organizationNumber": "991825827",
        "courseCode": "HSCLC",
    }


WITNESS: Final = record(9_999_999)


@define
class Account:
    """The workers of an account, their parts, and what happens to them."""

    name: str
    database: Database
    chance: random.Random
    register: Register
    workers: int
    parts: list[range]
    deaths: float
    freezes: float
    killed: int = 0
    frozen: int = 0
    done: set[int] = Factory(set)

    async def run(self) -> None:
        """Run all workers to their end."""
        await asyncio.gather(*(self._keep() for _ in range(self.workers)))

    async def _keep(self) -> None:
        """Run a worker, and another one each time that it is killed."""
        while True:
            process = Process()
            working = asyncio.create_task(self._work(process))
            trouble = asyncio.create_task(self._trouble(process, working))
            await asyncio.wait([working])
            trouble.cancel()
            if not process.is_dead:
                working.result()
                return
            await asyncio.sleep(self.chance.uniform(1, 20))

    async def _trouble(self, process: Process, working: asyncio.Task[None]) -> None:
        """Freeze a worker for a while, or kill it."""
        while True:
            await asyncio.sleep(self.chance.expovariate(self.deaths + self.freezes))
            if self.chance.random() < self.freezes / (self.deaths + self.freezes):
                self.frozen += 1
                process.silent_since = now()
                process.awake.clear()
                await asyncio.sleep(self.chance.uniform(0.5, 2) * LEASE)
                process.awake.set()
            else:
                self.killed += 1
                process.is_dead = True
                working.cancel()

    async def _work(self, process: Process) -> None:
        parts = [*enumerate(self.parts)]
        self.chance.shuffle(parts)
        pace = SharedPacer(Row(self.name, self.database, process))
        retry = RetryPolicy(attempts=20, settle=5.0)
        async with Sdir("key", base_url="http://localhost", retry=retry, pace=pace) as sdir:
            sdir._session._transport = Wire(self.register, process)
            while parts:
                number, part = parts.pop(0)
                if number in self.done:
                    continue
                store = Store(f"{self.name}/{number}", self.database, process)
                try:
                    report = await sdir.course.v1.upload(
                        map(record, part),
                        chunk_size=1, check=False, witness=WITNESS, journal=Parts(store),
                    )  # fmt: skip
                except JournalError:
                    parts.append((number, part))
                    await asyncio.sleep(5)
                else:
                    _require_complete(report, part)
                    self.done.add(number)


def _require_complete(report: UploadReport, part: range) -> None:
    if report.accepted != len(part) or not report.complete:
        raise AssertionError(f"{report}: {len(part)} were given")


async def simulate(given: argparse.Namespace) -> int:
    """Run it all, compare, print, and return the exit code."""
    random.seed(given.seed)  # the waits before a retry are random, too
    chance, database = random.Random(given.seed), Database()
    each = given.records // EACH // given.accounts
    size = max(1, each // (2 * given.workers // given.accounts))
    accounts = [
        Account(
            f"account {number}", database, random.Random(chance.random()),
            Register(random.Random(chance.random()), given.faults),
            given.workers // given.accounts,
            [range(first, min(first + size, each)) for first in range(0, each, size)],
            given.deaths, given.freezes,
        )
        for number in range(given.accounts)
    ]  # fmt: skip
    for account in accounts:
        account.register.saved[WITNESS["personalIdentityNumber"]] = 1
    outage = asyncio.create_task(_outage(database, given.outage))
    await asyncio.gather(*(account.run() for account in accounts))
    outage.cancel()
    return _show(given, accounts, database, each, now())


async def _outage(database: Database, seconds: float) -> None:
    await asyncio.sleep(30)
    database.is_gone = True
    await asyncio.sleep(seconds)
    database.is_gone = False


def _show(
    given: argparse.Namespace,
    accounts: Sequence[Account],
    database: Database,
    each: int,
    seconds: float,
) -> int:
    wanted = {record(at)["personalIdentityNumber"] for at in range(each)}
    lost = sum(len(wanted - account.register.saved.keys()) for account in accounts)
    twice = sum(count > 1 for account in accounts for count in account.register.saved.values())

    def summed(of: Callable[[Account], int]) -> int:
        return sum(map(of, accounts))

    requests = summed(lambda one: one.register.requests)
    print(
        f"seed {given.seed}: {each * EACH * len(accounts):,} records, {given.workers} workers,"
        f" {len(accounts)} accounts, {len(accounts) * len(accounts[0].parts)} parts;"
        f" {seconds:.0f} s on virtual time"
    )
    print(
        f"{summed(lambda one: one.killed)} killed, {summed(lambda one: one.frozen)} frozen,"
        f" {summed(lambda one: one.register.lost)} answers lost,"
        f" {summed(lambda one: one.register.refused) / requests:.1%} of {requests:,} turned away"
    )
    print(f"lost {lost * EACH}, twice {twice * EACH}")
    for what, counts in (
        ("transactions that write", database.commits),
        ("transactions that read", database.reads),
        ("bytes written", database.bytes_written),
    ):
        most = max(counts.values())
        print(f"{what}: {counts.total() / seconds:,.0f} a second, at most {most:,}")
    return int(bool(lost or twice))


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000_000)
    parser.add_argument("--accounts", type=int, default=100)
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--faults", type=float, default=0.01)
    parser.add_argument("--deaths", type=float, default=1 / 120, help="a second and worker")
    parser.add_argument("--freezes", type=float, default=1 / 1200, help="a second and worker")
    parser.add_argument("--outage", type=float, default=10.0, help="seconds without the store")
    parser.add_argument("--seed", type=int, default=random.randrange(2**31))
    given = parser.parse_args(arguments)
    started = time.perf_counter()
    code = run(simulate(given))
    print(f"{time.perf_counter() - started:.0f} s of real time")
    return code


if __name__ == "__main__":
    sys.exit(main())
