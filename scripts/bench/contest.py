"""Runs the contenders side by side: a process each, taking turns round by round."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import IO, TYPE_CHECKING, cast

from attrs import Factory, define, field

from .contenders import CONTENDERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SCRIPTS = Path(__file__).parent.parent
CLIENT_CORE, SERVER_CORE = 0, 1


def environment(*folders: Path) -> dict[str, str]:
    """Return the environment of a process that finds the benchmark and the generated clients."""
    found = os.pathsep.join(map(str, [SCRIPTS, SCRIPTS.parent, *folders]))
    return {**os.environ, "PYTHONPATH": found, "PYTHONWARNINGS": "ignore"}


@define
class Series:
    """What was measured of one contender, for each round.

    Attributes:
        title: For people.
        count: Records, or calls, in a round.
        cpu: Seconds of CPU.
        wall: Seconds of the clock.
        busy: The share of the time for which the server had something to do: at 1 it is the limit.
    """

    title: str
    count: int
    cpu: list[float] = Factory(list)
    wall: list[float] = Factory(list)
    busy: list[float] = Factory(list)

    @property
    def micros(self) -> float:
        """Microseconds of CPU for each record or call: the median of the rounds."""
        return median(self.cpu) / self.count * 1e6

    @property
    def rate(self) -> float:
        """Records or calls in a second of the clock: the median of the rounds."""
        return self.count / median(self.wall)


class Broken(Exception):
    """A contender did not do its work; the others can continue."""


def end(process: subprocess.Popen[str]) -> None:
    """End a process that ends by itself when its stdin does; kill it if it doesn't."""
    with contextlib.suppress(BrokenPipeError):
        cast("IO[str]", process.stdin).close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    cast("IO[str]", process.stdout).close()


@define
class Worker:
    """The process of one contender."""

    series: Series
    process: subprocess.Popen[str] = field(repr=False)

    @classmethod
    def start(cls, name: str, series: Series, urls: dict[str, str], env: dict[str, str]) -> Worker:
        """Start a contender and wait until it is warm."""
        command = [sys.executable, "-m", "bench.worker", name, json.dumps(urls), str(CLIENT_CORE)]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
        )
        worker = cls(series, process)
        try:
            if worker.read() != "ready":
                raise Broken(f"{name} did not start")
        except BaseException:
            worker.end()
            raise
        return worker

    def read(self) -> str:
        """Return the next line that it prints."""
        return cast("IO[str]", self.process.stdout).readline().strip()

    def round(self) -> None:
        """Let it run once."""
        try:
            commands = cast("IO[str]", self.process.stdin)
            commands.write("\n")
            commands.flush()
            used = json.loads(self.read())
        except (BrokenPipeError, json.JSONDecodeError):
            self.end()
            raise Broken(f"{self.series.title} broke down") from None
        self.series.cpu.append(used["cpu"])
        self.series.wall.append(used["wall"])
        self.series.busy.append(used["server"] / used["wall"])

    def end(self) -> None:
        """End it, with time to remove its journals."""
        end(self.process)


@contextlib.contextmanager
def serving(env: dict[str, str]) -> Iterator[dict[str, str]]:
    """Run the server; yield the URL of each way to answer."""
    command = [sys.executable, "-m", "bench.server", str(SERVER_CORE)]
    server = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
    )
    try:
        yield json.loads(cast("IO[str]", server.stdout).readline())
    finally:
        end(server)


def compete(
    names: Sequence[str], rounds: int, urls: dict[str, str], env: dict[str, str]
) -> tuple[dict[str, Series], list[str]]:
    """Run all contenders, round by round in turns; return what was measured, and who broke down.

    After half of the rounds each continues in a new process: one may be lucky with its memory.
    """
    found = {name: Series(CONTENDERS[name].title, CONTENDERS[name].count) for name in names}
    broken: list[str] = []
    halves = (rounds - rounds // 2, rounds // 2)
    for half in filter(None, halves):
        workers: list[Worker] = []
        try:
            for name, series in found.items():
                with _put_down(broken):
                    workers.append(Worker.start(name, series, urls, env))
            for _ in range(half):
                for worker in workers:
                    if worker.process.returncode is None:
                        with _put_down(broken):
                            worker.round()
        finally:
            for worker in workers:
                worker.end()
        most = max((len(each.cpu) for each in found.values()), default=0)
        found = {name: each for name, each in found.items() if each.cpu and len(each.cpu) == most}
    return found, broken


@contextlib.contextmanager
def _put_down(broken: list[str]) -> Iterator[None]:
    try:
        yield
    except Broken as error:
        broken.append(str(error))
