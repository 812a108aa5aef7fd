"""How much of an account's limit several processes use together: `make bench-pace`.

Each worker is a process that uploads single records for a minute, with a `PostgresPace` on a
database of this machine. The server has a limit for any window of time, and requests that it turns
away count too. With `--kill` one worker is killed every 5 s, and another one begins.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from attrs import Factory, define
from local_postgres import running_postgres
from torture import Judge, records, serving

from sdir_async.sandbox.limits import Rate, RateLimit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

SECONDS = 60.0
EARLY = 5.0
"""Seconds in which the limit may be learnt."""


@define
class Gateway(Judge):
    """Counts when a request came, and whether it was let in."""

    limiter: RateLimit = Factory(lambda: RateLimit(Rate(20, 1)))
    seen: list[tuple[float, bool]] = Factory(list)

    def refuse(self) -> int | None:
        """Ask the limiter."""
        wait = self.limiter.refuse()
        self.seen.append((time.monotonic(), wait is not None))
        return wait


class _Never(random.Random):
    """No request meets a fault."""

    def random(self) -> float:
        return 1.0


async def work(base_url: str, dsn: str, number: int, seconds: float) -> None:
    """Be a worker: upload until the time is over."""
    from sdir_async import Sdir
    from sdir_async.postgres import PostgresPace

    def own() -> Iterator[dict[str, Any]]:
        record = next(records(3, 1))
        for at in range(10**6):
            yield {**record, "personalIdentityNumber": f"0181{number}{at:06d}"}

    async with Sdir("key", base_url=base_url, pace=PostgresPace(dsn, account="bench")) as sdir:
        await sdir.course.v1.upload(own(), chunk_size=1, check=False, deadline=seconds)


async def measure(dsn: str, rate: Rate, workers: int, *, kill: bool) -> None:
    """Run this many workers, and print what they did."""
    gateway = Gateway(_Never(), limiter=RateLimit(rate))
    async with serving(gateway) as base_url:
        until = time.monotonic() + SECONDS

        async def start(number: int) -> asyncio.subprocess.Process:
            left = str(max(0.1, until - time.monotonic()))
            command = (__file__, "--child", base_url, dsn, str(number), left)
            return await asyncio.create_subprocess_exec(sys.executable, *command)

        running = [await start(number) for number in range(workers)]
        while kill and (left := until - time.monotonic()) > EARLY:
            await asyncio.sleep(min(left, EARLY))
            number = random.randrange(workers)
            running[number].send_signal(signal.SIGKILL)
            await running[number].wait()
            running[number] = await start(number)
        for process in running:
            await process.wait()
    _show(gateway, rate, workers, kill=kill)


def _show(gateway: Gateway, rate: Rate, workers: int, *, kill: bool) -> None:
    begun = gateway.seen[0][0]
    seen = [(at - begun, is_full) for at, is_full in gateway.seen]
    seconds = seen[-1][0]
    let_in = sum(not is_full for _, is_full in seen)
    late = [is_full for at, is_full in seen if at > EARLY]
    shares = Counter(person[4] for person in gateway.saved if person[4] < str(workers))
    least = min(shares.values()) * workers / sum(shares.values())
    print(
        f"{rate.calls:3} in {rate.seconds:2g} s, {workers} workers{', kills' if kill else '':7}: "
        f"{let_in / seconds / rate.calls * rate.seconds:.1%} of the limit,"
        f" {sum(late) / len(late):.1%} turned away after {EARLY:g} s,"
        f" the least had {least:.0%} of a fair share"
    )


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4, 8])
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        base_url, dsn, number, seconds = given.child
        asyncio.run(work(base_url, dsn, int(number), float(seconds)))
        return 0
    with running_postgres() as server:
        for workers in given.workers:
            rate = Rate(given.calls, given.seconds)
            asyncio.run(measure(server.database(), rate, workers, kill=given.kill))
    return 0


if __name__ == "__main__":
    sys.exit(main())
