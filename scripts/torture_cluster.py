"""Several workers upload parts of an input, under faults and kills: `make torture-cluster`.

They share an account of 20 requests a second and a database, with `PostgresPace` and
`PostgresJournal`. Each worker starts each part twice at once, and is killed with -9 again and
again; one is frozen until it has lost its part, and woken; the database crashes and starts again. A
server in this process keeps the register, and meets one request in ten with a fault. In the end the
register is compared with the input.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import sys
import time
import zlib
from typing import TYPE_CHECKING, Any

import orjson
from attrs import Factory, astuple, define, frozen
from local_postgres import running_postgres
from torture import BAD, LATE, SETTLE, WITNESS, Judge, records, serving

from sdir_async.sandbox.limits import Rate, RateLimit

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_postgres import LocalPostgres


@frozen
class Plan:
    """The size of a run.

    Attributes:
        count: How many records there are.
        bad: How many of them are bad.
        parts: How many parts the input has.
        workers: How many processes run at a time.
        kills: How often each of them is killed.
        chunk: How many records a request has.
        calls: Requests a second that the account may send.
        lease: Seconds after which a silent worker loses its part.
        seed: The seed of everything random.
    """

    count: int
    bad: int
    parts: int
    workers: int
    kills: int
    chunk: int
    calls: int
    lease: float
    seed: int


def parts_of(plan: Plan) -> list[list[dict[str, Any]]]:
    """Return the parts: buckets of the person numbers' hash, each sorted by number."""
    parts: list[list[dict[str, Any]]] = [[] for _ in range(plan.parts)]
    for record in records(plan.count, plan.bad):
        parts[zlib.crc32(record["personalIdentityNumber"].encode()) % plan.parts].append(record)
    return [sorted(part, key=lambda record: record["personalIdentityNumber"]) for part in parts]


# A worker


async def work(base_url: str, dsn: str, plan: Plan, seed: int) -> None:
    """Be a worker: upload parts that nobody has until all are complete; print their reports."""
    from sdir_async import JournalError, RetryPolicy, Sdir, UploadReport
    from sdir_async.postgres import PostgresJournal, PostgresPace

    parts = list(enumerate(parts_of(plan)))
    random.Random(seed).shuffle(parts)
    retry = RetryPolicy(attempts=30, first_wait=0.02, longest_wait=0.5, settle=SETTLE)
    pace = PostgresPace(dsn, account="torture")
    async with Sdir("key", base_url=base_url, retry=retry, pace=pace) as sdir:

        async def upload(number: int, part: list[dict[str, Any]]) -> UploadReport:
            journal = PostgresJournal(dsn, upload="u", part=str(number), lease=plan.lease)
            return await sdir.course.v1.upload(
                part, witness=WITNESS, check=False, chunk_size=plan.chunk, journal=journal
            )

        reports: dict[int, UploadReport] = {}
        while parts:
            number, part = parts.pop(0)
            twice = asyncio.gather(
                *(upload(number, part) for _ in range(2)), return_exceptions=True
            )
            for ended in await twice:
                if isinstance(ended, UploadReport):
                    reports[number] = ended
                elif not isinstance(ended, JournalError):
                    raise ended
            if number not in reports:
                parts.append((number, part))
                await asyncio.sleep(0.1)
    told = [
        [number, one.accepted, [each.index for each in one.rejections], one.in_doubt, one.unsent]
        for number, one in sorted(reports.items())
    ]
    sys.stdout.buffer.write(orjson.dumps(told))


# All of them


@define
class Limited(Judge):
    """The register behind a gateway that limits the requests of an account."""

    limiter: RateLimit = Factory(lambda: RateLimit(Rate(20, 1)))
    turned_away: int = 0

    def refuse(self) -> int | None:
        """Count a request; those that are turned away count, too."""
        wait = self.limiter.refuse()
        self.turned_away += wait is not None
        return wait


@define
class Cluster:
    """The workers, and what is done to them."""

    plan: Plan
    server: LocalPostgres
    judge: Limited
    command: list[str]
    chance: random.Random
    running: dict[int, asyncio.subprocess.Process] = Factory(dict)
    frozen: set[int] = Factory(set)
    done: list[str] = Factory(list)

    async def keep(self, number: int) -> list[Any]:
        """Run a worker, again each time it is killed; return what it says in the end."""
        while True:
            seed = str(self.chance.randrange(2**31))
            process = await asyncio.create_subprocess_exec(
                sys.executable, *self.command, seed, stdout=asyncio.subprocess.PIPE
            )
            self.running[number] = process
            try:
                said, _ = await process.communicate()
            finally:
                if process.returncode is None:
                    process.kill()
            del self.running[number]
            if process.returncode != -signal.SIGKILL:
                if process.returncode:
                    raise RuntimeError(f"worker {number} failed: {process.returncode}")
                return list(orjson.loads(said))

    async def kill(self, number: int) -> None:
        """Kill a worker when it runs."""
        while number not in self.running or number in self.frozen:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        self.running[number].kill()
        self.done.append("kill")

    async def freeze(self) -> None:
        """Stop a worker until its sessions have ended, and somebody may have its part."""
        while not (free := sorted(self.running)):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        number = self.chance.choice(free)
        self.frozen.add(number)
        self.running[number].send_signal(signal.SIGSTOP)
        await asyncio.sleep(self.plan.lease + 1.5)
        self.running[number].send_signal(signal.SIGCONT)
        self.frozen.discard(number)
        self.done.append("freeze")

    async def crash(self) -> None:
        """Let the database crash, and start it again."""
        await asyncio.to_thread(self.server.stop, signal.SIGQUIT)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(self.server.start)
        self.done.append("crash")

    async def torment(self) -> None:
        """Do it all, each at a random place of the work."""
        plan = self.plan
        expected = plan.count // plan.chunk
        victims = [number for number in range(plan.workers) for _ in range(plan.kills)]
        deeds: list[Callable[[], Any]] = [
            *(lambda number=number: self.kill(number) for number in victims),
            self.freeze,
            self.crash,
        ]
        places = sorted(
            self.chance.sample(range(2, max(expected * 4 // 5, len(deeds) + 3)), len(deeds))
        )
        self.chance.shuffle(deeds)
        async with asyncio.TaskGroup() as tasks:
            for place, deed in zip(places, deeds, strict=True):
                while self.judge.requests - self.judge.turned_away < place:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
                tasks.create_task(deed())


async def torture(plan: Plan, server: LocalPostgres) -> int:
    """Run it all; return 0 if nothing was lost, nothing doubled, and every bad record named."""
    chance = random.Random(plan.seed)
    judge = Limited(random.Random(plan.seed + 1), limiter=RateLimit(Rate(plan.calls, 1)))
    dsn, started = server.database(), time.perf_counter()
    settings = orjson.dumps(astuple(plan))
    async with serving(judge) as base_url:
        command = [__file__, "--child", base_url, dsn, settings.decode()]
        cluster = Cluster(plan, server, judge, command, chance)
        async with asyncio.TaskGroup() as tasks:
            workers = [tasks.create_task(cluster.keep(number)) for number in range(plan.workers)]
            tasks.create_task(cluster.torment())
        await asyncio.sleep(LATE)
    seconds = time.perf_counter() - started
    return compare(plan, cluster, [worker.result() for worker in workers], seconds)


def compare(plan: Plan, cluster: Cluster, told: list[list[Any]], seconds: float) -> int:
    """Compare the register with the input and the reports, print, and return the exit code."""
    judge, parts = cluster.judge, parts_of(plan)
    good = {
        one["personalIdentityNumber"] for part in parts for one in part if one["courseCode"] != BAD
    }
    lost = len(good - judge.saved.keys())
    twice = sum(times > 1 for times in judge.saved.values())
    foreign = len(judge.saved.keys() - good - {WITNESS["personalIdentityNumber"]})
    print(
        f"seed {plan.seed}: {plan.count} records, {plan.bad} bad, {plan.parts} parts,"
        f" {plan.workers} workers; {judge.requests} requests, {judge.faulty} faulty,"
        f" {judge.turned_away} turned away"
    )
    deeds = [f"{cluster.done.count(deed)} {deed}" for deed in ("kill", "freeze", "crash")]
    print(f"{', '.join(deeds)}; lost {lost}, twice {twice}, bad ones saved {foreign}")
    print(f"{seconds:.1f} s, {plan.count / plan.chunk / plan.calls:.1f} s at the limit")
    right = all(_is_right(plan, parts, reports) for reports in told)
    print(f"each worker's reports of all parts are right: {right}")
    planned = len(cluster.done) == plan.workers * plan.kills + 2
    return 0 if right and planned and not lost and not twice and not foreign else 1


def _is_right(plan: Plan, parts: list[list[dict[str, Any]]], reports: list[Any]) -> bool:
    for number, accepted, rejected, in_doubt, unsent in reports:
        bad = [at for at, one in enumerate(parts[number]) if one["courseCode"] == BAD]
        if rejected != bad or accepted != len(parts[number]) - len(bad) or in_doubt or unsent:
            return False
    return len(reports) == plan.parts


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(2**31))
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.child:
        base_url, dsn, settings, seed = given.child
        asyncio.run(work(base_url, dsn, Plan(*orjson.loads(settings)), int(seed)))
        return 0
    print(f"seed {given.seed}")
    plan = Plan(200_000, 40, 8, 4, 3, 500, 20, 3.0, given.seed)
    with running_postgres(durable=True) as server:
        return asyncio.run(torture(plan, server))


if __name__ == "__main__":
    sys.exit(main())
