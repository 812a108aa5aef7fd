"""A job of Spark uploads a data frame, under kills: `make torture-spark`.

A cluster of two executors writes rows from Parquet with `format("sdir")`, with speculation on. One
executor is killed with -9, then the driver. The job runs again, with other splits of the input. A
sandbox in this process keeps the register, and loses answers now and then. In the end the register
is compared with the input, and what Spark wrote is searched for person numbers.

Run it by `scripts/on_loopback.py`: Spark listens on more than one address.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
import pyarrow
from attrs import astuple, define, field, frozen
from local_postgres import free_port, running_postgres
from on_loopback import is_alone, listening_elsewhere
from pyarrow import parquet

from sdir_async.sandbox import Fault, SandboxThread
from sdir_async.upload.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_postgres import LocalPostgres

KEY: Final = "0123456789abcdef"
COURSES: Final = "/aps-course-external/v1/courses"
NAMED_BY: Final = ["personalIdentityNumber", "courseCode"]
_PERSONS: Final = 2000
_NUMBER: Final = re.compile(rb"(?<!\d)01[89]\d{8}(?!\d)")
"""What the person numbers of the input look like."""

LIGHT: Final = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""A Java that starts fast, and does not work hard."""

SHELL: Final = "pyspark-shell"
_SPECULATIVE: Final = re.compile(rb'TaskStart".*"Speculative":true')

SETTINGS: Final = {
    "spark.ui.enabled": "false",
    "spark.executor.memory": "512m",
    "spark.executor.extraJavaOptions": LIGHT,
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
    "spark.speculation": "true",
    "spark.speculation.interval": "100ms",
    "spark.speculation.quantile": "0.1",
    "spark.speculation.multiplier": "0.1",
    "spark.speculation.minTaskRuntime": "100ms",
    "spark.eventLog.enabled": "true",
    "spark.eventLog.compress": "false",
}


@frozen
class Plan:
    """The size of a run.

    Attributes:
        count: How many records there are.
        bad: How many of them are bad.
        buckets: How many buckets they are split into.
        latency: Seconds that Sdir takes for an answer.
        seed: The seed of everything random.
    """

    count: int
    bad: int
    buckets: int
    latency: float
    seed: int


def rows(plan: Plan) -> list[dict[str, str]]:
    """Return the input: courses of synthetic persons, in no order."""
    numbers = map("0181{:07}".format, range(10**6))
    persons = list(islice(filter(FORMATS["person-number"], numbers), _PERSONS))
    step = plan.count // plan.bad
    made = [
        {
            "personalIdentityNumber": persons[at % _PERSONS],
            "completedAt": "2025-03-24T18:32:25+00:00",
            "organizationNumber": "991825828" if at % step == step // 2 else "991825827",
            "courseCode": f"C{at // _PERSONS:05}",
        }
        for at in range(plan.count)
    ]
    random.Random(plan.seed).shuffle(made)
    return made


def environment(host: str) -> dict[str, str]:
    """Return what Spark's processes at an address need to know: no key, and no database."""
    return {
        **os.environ,
        "SPARK_LOCAL_IP": host,
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_DAEMON_MEMORY": "128m",
        "SPARK_DAEMON_JAVA_OPTS": LIGHT,
        "PYSPARK_SUBMIT_ARGS": f"--driver-memory 512m --driver-java-options '{LIGHT}' {SHELL}",
    }


def _spark() -> Path:
    found = find_spec("pyspark")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("PySpark is needed: make torture-spark")
    return Path(found.origin).parent


# The driver


def drive(base_url: str, folder: str, master: str, split: str, plan: Plan) -> None:
    """Be the driver: write the rows."""
    from pyspark.sql import SparkSession

    from sdir_async.spark import SdirDataSource, bucketed

    settings = {
        **SETTINGS,
        "spark.eventLog.dir": f"file:{folder}/events",
        "spark.sql.files.maxPartitionBytes": split,
    }
    spark = SparkSession.builder.master(master).config(map=settings).getOrCreate()
    spark.dataSource.register(SdirDataSource)
    frame = bucketed(spark.read.parquet(f"{folder}/rows"), key=NAMED_BY, buckets=plan.buckets)
    options = {"api": "course", "version": "v1", "upload": "torture", "account": "torture"}
    writer = frame.write.format("sdir").options(**options, base_url=base_url, settle="3")
    writer.mode("append").save()
    spark.stop()


# The cluster, and what is done to the job


class Cluster:
    """A master and two workers, each at an address of its own: Spark runs no task twice on one."""

    def __init__(self, folder: Path, dsn: str, port: int) -> None:
        """Start them; only they know the key and the database."""
        self.master = f"spark://127.0.0.1:{port}"
        self._folder = folder
        secret = {"SDIR_API_KEY": KEY, "SDIR_DATABASE": dsn, "SDIR_LOG": "debug"}
        self._processes = [
            self._start("master.Master", "127.0.0.1", {}, "--port", str(port)),
            *(
                self._start(
                    "worker.Worker", f"127.0.0.{number}", secret, "--cores", "1", "--memory", "1g",
                    "--work-dir", str(folder / "logs" / str(number)), self.master,
                ) for number in (1, 2)
            ),
        ]  # fmt: skip

    def executors(self) -> list[int]:
        """Return the processes of executors."""
        workers = [process.pid for process in self._processes]
        return [pid for one in workers for pid in _below(one, b"CoarseGrainedExecutorBackend")]

    def stop(self) -> None:
        """Kill all of it."""
        for process in self._processes:
            _end_session(process.pid)
            process.wait()

    def _start(
        self, name: str, host: str, more: dict[str, str], *given: str
    ) -> subprocess.Popen[bytes]:
        command = [str(_spark() / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}"]
        with (self._folder / "logs" / f"{name}.{host}").open("wb") as said:
            return subprocess.Popen(
                [*command, "--host", host, "--webui-port", "0", *given],
                env=environment(host) | more, stdout=said, stderr=said, start_new_session=True,
            )  # fmt: skip


@define
class Job:
    """The job, and what is done to it."""

    plan: Plan
    server: LocalPostgres
    dsn: str
    base_url: str
    folder: Path
    chance: random.Random
    elsewhere: list[str] = field(factory=list)

    def run(self) -> bool:
        """Run it twice, with kills; say whether the second run came to its end."""
        with free_port() as port:
            cluster = Cluster(self.folder, self.dsn, port)
            try:
                return self._run(cluster)
            finally:
                cluster.stop()

    def _run(self, cluster: Cluster) -> bool:
        with self._driver(cluster, "128k") as first:
            chunks = self.plan.count // 500
            self._wait_for(self.chance.randint(1, max(1, chunks // 4)), first)
            self.elsewhere = listening_elsewhere()
            _kill(self.chance.choice(cluster.executors()))
            self._wait_for(self.chance.randint(chunks // 2, chunks * 3 // 4), first)
        with self._driver(cluster, "1m") as second:
            return second.wait(600) == 0

    @contextlib.contextmanager
    def _driver(self, cluster: Cluster, split: str) -> Iterator[subprocess.Popen[bytes]]:
        """Start the driver, and kill it at the end."""
        settings = orjson.dumps(astuple(self.plan)).decode()
        given = (self.base_url, str(self.folder), cluster.master, split, settings)
        with (self.folder / "logs" / f"driver.{split}").open("wb") as said:
            driver = subprocess.Popen(
                [sys.executable, __file__, "--child", *given],
                env=environment("127.0.0.1"), stdout=said, stderr=said, start_new_session=True,
            )  # fmt: skip
        try:
            yield driver
        finally:
            _end_session(driver.pid)
            driver.wait()

    def _wait_for(self, chunks: int, driver: subprocess.Popen[bytes]) -> None:
        """Wait until that many chunks are saved."""
        until = time.monotonic() + 600
        while self._saved() < chunks:
            if driver.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the driver ended, or saved nothing for too long")
            time.sleep(0.05)

    def _saved(self) -> int:
        ((is_there,),) = self.server.execute("SELECT to_regclass('sdir_event') NOTNULL", self.dsn)
        if not is_there:
            return 0
        query = "SELECT count(*) FROM sdir_event WHERE kind = 'accepted'"
        ((count,),) = self.server.execute(query, self.dsn)
        return int(str(count))


def _processes() -> Iterator[tuple[int, int, int, bytes]]:
    """Yield id, parent, session and command of each process."""
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state = (path / "stat").read_text().rpartition(")")[2].split()
            yield int(path.name), int(state[1]), int(state[3]), (path / "cmdline").read_bytes()


def _below(pid: int, name: bytes) -> list[int]:
    """Return the descendants of a process whose command names this."""
    known = list(_processes())
    wanted = {pid}
    while more := {one for one, parent, *_ in known if parent in wanted} - wanted:
        wanted |= more
    return [one for one, _, _, command in known if one in wanted and name in command]


def _kill(*pids: int) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def _end_session(leader: int) -> None:
    """Kill what is left of what a driver started."""
    for pid, _, session, _ in list(_processes()):
        if session == leader:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


# Comparing


def torture(plan: Plan, server: LocalPostgres) -> int:
    """Run it all; return 0 if nothing was lost, nothing doubled, and no number shown."""
    dsn, started = server.database(), time.perf_counter()
    with tempfile.TemporaryDirectory() as name, SandboxThread(keys=[KEY]) as sandbox:
        folder = Path(name)
        wanted = _prepare(plan, folder)
        sandbox.faults.add(Fault("latency", seconds=plan.latency))
        sandbox.faults.add(Fault("lost", saves=True, probability=0.05, operation="createCourses"))
        sandbox.faults.add(Fault("429", probability=0.05, retry_after=1))
        job = Job(plan, server, dsn, sandbox.base_url, folder, random.Random(plan.seed))
        came_to_end = job.run()
        saved = Counter(map(_name_of, sandbox.records(COURSES)))
        seconds = time.perf_counter() - started
        return _compare(plan, job, came_to_end, wanted, saved, seconds)


def _prepare(plan: Plan, folder: Path) -> set[tuple[str, ...]]:
    """Write the input; return the names of the good records."""
    made = rows(plan)
    for name in ("rows", "events", "logs"):
        (folder / name).mkdir()
    for at in range(4):
        table = pyarrow.Table.from_pylist(made[at::4])
        parquet.write_table(table, folder / "rows" / f"{at}.parquet")
    return {_name_of(one) for one in made if one["organizationNumber"] == "991825827"}


def _name_of(record: dict[str, Any]) -> tuple[str, ...]:
    return tuple(record[name] for name in NAMED_BY)


def _compare(
    plan: Plan,
    job: Job,
    came_to_end: bool,
    wanted: set[tuple[str, ...]],
    saved: Counter[tuple[str, ...]],
    seconds: float,
) -> int:
    events, logs = _content(job.folder / "events"), _content(job.folder / "logs")
    shown = len(_NUMBER.findall(events + logs))
    speculative = len(_SPECULATIVE.findall(events))
    query = "SELECT sum((outcome->>{})::int) FROM sdir_bucket"
    told = [
        int(str(job.server.execute(query.format(f"'{name}'"), job.dsn)[0][0]))
        for name in ("accepted", "rejected", "in_doubt", "unsent")
    ]
    lost, twice = len(wanted - saved.keys()), sum(times > 1 for times in saved.values())
    foreign = len(saved.keys() - wanted)
    print(
        f"seed {plan.seed}: {plan.count} records, {plan.bad} bad, {plan.buckets} buckets;"
        f" an executor and the driver killed; {speculative} speculative tasks, {seconds:.0f} s"
    )
    print(f"lost {lost}, twice {twice}, bad ones saved {foreign}; told {told}")
    print(f"person numbers in {len(events + logs):,} bytes of logs: {shown}")
    print(f"listening outside loopback: {job.elsewhere}")
    if not came_to_end:
        sys.stdout.write((job.folder / "logs/driver.1m").read_text()[-4000:])
    right = came_to_end and told == [len(wanted), plan.count - len(wanted), 0, 0]
    return 0 if right and not (lost or twice or foreign or shown or job.elsewhere) else 1


def _content(folder: Path) -> bytes:
    """Return what the files of a folder hold."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".jar")
    return b"\n".join(path.read_bytes() for path in files)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(2**31))
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--child", nargs=5, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.child:
        base_url, folder, master, split, settings = given.child
        drive(base_url, folder, master, split, Plan(*orjson.loads(settings)))
        return 0
    if not is_alone():
        parser.error("run it by scripts/on_loopback.py")
    print(f"seed {given.seed}")
    with running_postgres(durable=True) as server:
        return torture(Plan(given.records, given.records // 1000, 8, 0.3, given.seed), server)


if __name__ == "__main__":
    sys.exit(main())
