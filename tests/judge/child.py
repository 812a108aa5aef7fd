"""An upload in a process of its own, with a journal: it can be killed, and run again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

from attrs import evolve

from .judge import Outcome, Verdict, failures, upload
from .scenario import Scenario, draw
from .server import Server

_ROOT = Path(__file__).parents[2]


def journaled(seed: int) -> Scenario:
    """Return the scenario of a seed, with a journal, and with nothing of its own that ends it."""
    return evolve(draw(seed), journal=True, ending="natural")


async def start(seed: int, url: str, journal: Path) -> Process:
    """Start a process that uploads the records of a seed and prints its outcome."""
    command = [sys.executable, "-m", "tests.judge.child", str(seed), url, str(journal)]
    return await asyncio.create_subprocess_exec(*command, stdout=PIPE, cwd=_ROOT)


async def outcome_of(child: Process) -> Outcome | None:
    """Wait for a process; return what it printed, `None` if it was killed."""
    printed, _ = await child.communicate()
    if child.returncode == -signal.SIGKILL:
        return None
    *places, error, wrong = json.loads(printed)
    accepted, rejected, in_doubt, unsent = map(frozenset, places)
    return Outcome(accepted, rejected, in_doubt, unsent, error, tuple(wrong))


async def killed(seed: int, folder: Path, kills: int) -> Verdict:
    """Run an upload that is killed a few times and run again with its journal until it ends."""
    scenario, chance = journaled(seed), Random(seed)
    server = Server(scenario)
    outcome: Outcome | None = None
    begun = 0
    async with server.serving():
        while outcome is None:
            begun = len(server.taken)
            child = await start(seed, server.url, folder / f"journal-{seed}")
            until = server.requests + chance.randint(1, 6) if kills > 0 else sys.maxsize
            kills -= 1
            async with _killing(child, server, until, chance.random() * 0.01):
                outcome = await outcome_of(child)
    del server.taken[:begun]  # what an earlier run had answered, this one may not know
    return Verdict(scenario, tuple(failures(scenario, server, outcome)), "killed")


@contextlib.asynccontextmanager
async def _killing(child: Process, server: Server, until: int, later: float) -> AsyncIterator[None]:
    """Kill a process at an instant after the server has seen so many requests."""

    async def kill() -> None:
        while server.requests < until:
            await asyncio.sleep(0.002)
        await asyncio.sleep(later)
        with contextlib.suppress(ProcessLookupError):
            child.kill()

    killing = asyncio.create_task(kill())
    try:
        yield
    finally:
        killing.cancel()


async def at_once(seed: int, folder: Path) -> Verdict:
    """Run two processes with one journal: one is refused, or comes when the other is done."""
    scenario = journaled(seed)
    server = Server(scenario)
    async with server.serving():
        journal = folder / f"journal-{seed}"
        children = [await start(seed, server.url, journal) for _ in range(2)]
        outcomes = [await outcome_of(child) for child in children]
    whole = [one for one in outcomes if one and not one.error.startswith("Journal")]
    if not whole:
        return Verdict(scenario, ("refused: neither of two processes could upload",))
    server.taken.clear()  # of two that came one after the other, the second asks nothing
    return Verdict(scenario, tuple(failures(scenario, server, whole[-1])), "two at once")


async def judged(first: int, count: int, folder: Path, at_a_time: int = 4) -> list[Verdict]:
    """Kill some uploads and run others twice at once; return those in which something is wrong."""
    places = asyncio.Semaphore(at_a_time)

    async def one(seed: int) -> Verdict:
        async with places:
            return await (at_once(seed, folder) if seed % 3 == 0 else killed(seed, folder, kills=3))

    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(one(seed)) for seed in range(first, first + count)]
    return [task.result() for task in running if task.result().failures]


def main() -> None:
    """Upload the records of a seed, and print what was reported."""
    seed, url, journal = sys.argv[1:]
    outcome = asyncio.run(upload(journaled(int(seed)), url, Path(journal)))
    places = (outcome.accepted, outcome.rejected, outcome.in_doubt, outcome.unsent)
    sys.stdout.write(json.dumps([*map(sorted, places), outcome.error, outcome.wrong]))


if __name__ == "__main__":
    main()
