"""Runs the programs of docs/engines.md for real, and kills them: `make try-engines`.

python scripts/try_engines.py dask ray

Each engine gets a virtual environment, and a folder with its program, the records and nothing else.
A worker is killed when a fifth of the records are saved, then all processes at three fifths; then
the program runs again until it succeeds. The register of a sandbox is compared with the input. With
`--without` the programs run without a journal, to see what it is for.

All of it runs in a network namespace that has only loopback, so that nothing an engine starts can
be reached from elsewhere. That takes Linux, root, and `unshare`, `nsenter` and `ip`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson
from attrs import frozen
from local_postgres import running_postgres

from sdir_async import Sdir
from sdir_async.sandbox import Fault, SandboxThread
from sdir_async.upload.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_postgres import LocalPostgres

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "engines.md"
KEY: Final = "0123456789abcdef"
COUNT: Final = 16_000
PERSONS: Final = 400
LATENCY: Final = 0.7
SETTLE: Final = 2.0
PATIENCE: Final = 300.0
RUNS: Final = 6
WITNESS: Final = "SAVED"
COURSES: Final = "/aps-course-external/v1/courses"
CUSTOM: Final = f"""\
import os
import sdir_async
import sdir_async.postgres
Sdir = sdir_async.Sdir
def local(**settings):
    with open(os.environ["TRIAL"] + "/pids", "a") as pids:
        pids.write(str(os.getpid()) + "\\n")
    retry = sdir_async.RetryPolicy(settle={SETTLE})
    return Sdir(base_url=os.environ["SDIR_BASE_URL"], retry=retry, **settings)
sdir_async.Sdir = local
"""
"""`sitecustomize` of each process: `Sdir` goes to the sandbox, and says which process made it."""
NO_JOURNAL: Final = "sdir_async.postgres.PostgresJournal = lambda *_, **__: None\n"


@frozen
class Engine:
    """How an engine is installed and run.

    Attributes:
        package: What to install; its version is shown.
        command: A line for the shell that runs `job.py` to its end.
        also: What is needed beside the package.
    """

    package: str
    command: str = "python job.py"
    also: tuple[str, ...] = ()


AIRFLOW: Final = """
airflow standalone > airflow.log 2>&1 &
until airflow dags list 2> /dev/null | grep -q '^upload '; do sleep 1; done
airflow dags unpause upload > /dev/null
airflow dags trigger upload --run-id once || true
while sleep 1; do
    state=$(airflow dags state upload once | tail -n 1)
    case $state in success*) exit 0;; failed*) airflow tasks clear --yes upload; exit 1;; esac
done
"""
IMPATIENT: Final = {
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
}
"""Airflow misses a task that was killed after five minutes; here, after 20 seconds."""
ENGINES: Final = {
    "Dask": Engine("distributed"),
    "Ray": Engine("ray"),
    "Beam": Engine("apache-beam"),
    "Airflow": Engine("apache-airflow", AIRFLOW),
    "Dagster": Engine("dagster", "dagster job execute -f job.py -j upload"),
    "Prefect": Engine("prefect"),
    "dlt": Engine("dlt", also=("duckdb",)),
    "DBOS": Engine("dbos"),
}


# Installing


def install(name: str, venvs: Path) -> str:
    """Make an engine's virtual environment if it is missing; return the engine's version."""
    engine, venv = ENGINES[name], venvs / name.lower()
    python = venv / "bin" / "python"
    if not (venv / ".made").exists():
        print(f"Installing {engine.package}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        wanted = [engine.package, *engine.also, "--editable", f"{ROOT}[postgres]"]
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        subprocess.run([*pip, *wanted], check=True)
        (venv / ".made").touch()
    ask = f"import importlib.metadata as it; print(it.version({engine.package!r}))"
    asked = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True)
    return asked.stdout.strip()


def into_namespace(arguments: list[str]) -> int:
    """Run this script again where loopback is all of the network; return its exit code."""
    inside = f'ip link set lo up && exec "{sys.executable}" "{__file__}" --inside "$@"'
    command = ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    done = subprocess.run([*command, "sh", "-c", inside, "sh", *arguments], check=False)
    return done.returncode


# Trying


def snippets(section: str) -> list[str]:
    """Return the programs of a section of the page."""
    rest = PAGE.read_text().partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return re.findall(r"^```python\n(.*?)^```$", rest, re.MULTILINE | re.DOTALL)


def prepare(folder: Path, name: str, *, without: bool) -> Counter[str]:
    """Write the programs and the records; return what must be in the register."""
    (folder / "courses.py").write_text(snippets("The task")[0])
    (folder / "job.py").write_text(snippets(name)[0])
    (folder / "sitecustomize.py").write_text(CUSTOM + NO_JOURNAL * without)
    numbers = filter(FORMATS["person-number"], map("0181{:07}".format, range(10_000_000)))
    persons = [next(numbers) for _ in range(PERSONS)]
    records = [
        {
            "personalIdentityNumber": persons[at % PERSONS],
            "completedAt": "2025-03-24T18:32:25+00:00",
            "organizationNumber": "991825827",
            "courseCode": f"C{at:05}",
        }
        for at in range(COUNT)
    ]
    (folder / "courses.jsonl").write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in records))
    (folder / "saved.json").write_bytes(orjson.dumps({**records[0], "courseCode": WITNESS}))
    return Counter(one["courseCode"] for one in records)


class Trial:
    """An engine's program in a folder, run and killed."""

    def __init__(
        self, name: str, folder: Path, venv: Path, sandbox: SandboxThread, dsn: str
    ) -> None:
        """Take what it runs with."""
        self.killed: list[str] = []
        self._command = ENGINES[name].command
        self._folder = folder
        self._sandbox = sandbox
        self._environment = {
            "PATH": f"{venv / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(folder),
            "HOME": str(folder),
            "TRIAL": str(folder),
            "SDIR_API_KEY": KEY,
            "SDIR_BASE_URL": sandbox.base_url,
            "SDIR_DATABASE": dsn,
            "DAGSTER_HOME": str(folder),
            "DLT_DATA_DIR": str(folder),
            "AIRFLOW_HOME": str(folder),
            "AIRFLOW__CORE__DAGS_FOLDER": str(folder),
            **IMPATIENT,
        }

    def run(self) -> None:
        """Kill a worker, then all of it; run it again until it succeeds.

        Raises:
            RuntimeError: It does not succeed.
        """
        deeds = [(0.2, self._kill_worker), (0.6, self._kill_all)]
        for _ in range(RUNS):
            with self._started() as program:
                while deeds and self._has_saved(deeds[0][0], program):
                    deeds.pop(0)[1](program)
                if program.wait(PATIENCE) == 0:
                    return
            if self.killed[-1:] != ["all of it"]:
                self.killed.append("which ended the run")
        raise RuntimeError(f"it does not succeed: {self.killed}")

    def _kill_worker(self, program: subprocess.Popen[bytes]) -> None:
        """Kill the process that began a task last."""
        worker = (self._folder / "pids").read_text().split()[-1]
        inside = ["nsenter", "--target", _child(program), "--pid"]
        subprocess.run([*inside, "kill", "-9", worker], check=True)
        self.killed.append("a worker")

    def _kill_all(self, program: subprocess.Popen[bytes]) -> None:
        program.kill()
        self.killed.append("all of it")

    def _has_saved(self, share: float, program: subprocess.Popen[bytes]) -> bool:
        """Wait until so many are saved and others are on the wire; say whether it still runs."""
        until = time.monotonic() + PATIENCE
        while len(saved(self._sandbox)) < COUNT * share and program.poll() is None:
            if time.monotonic() > until:
                raise TimeoutError(f"{len(saved(self._sandbox))} of {COUNT} were saved")
            time.sleep(0.05)
        time.sleep(random.random() * LATENCY)
        return program.poll() is None

    @contextmanager
    def _started(self) -> Iterator[subprocess.Popen[bytes]]:
        """Start the program in a namespace of process ids, all of which are killed at the end."""
        apart = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
        command = [*apart, "sh", "-c", f"{self._command}\nexit $?"]
        with (
            (self._folder / "said").open("ab") as said,
            subprocess.Popen(
                command, cwd=self._folder, env=self._environment, stdout=said, stderr=said
            ) as process,
        ):
            try:
                yield process
            finally:
                process.kill()


def _child(process: subprocess.Popen[bytes]) -> str:
    return Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0]


def saved(sandbox: SandboxThread) -> list[str]:
    """Return the courses in the register."""
    codes = (one["courseCode"] for one in sandbox.records(COURSES))
    return [code for code in codes if code != WITNESS]


def save_before(sandbox: SandboxThread, folder: Path) -> None:
    """Save the record that each program names as its witness."""
    record = orjson.loads((folder / "saved.json").read_bytes())

    async def save() -> None:
        async with Sdir(KEY, base_url=sandbox.base_url) as sdir:
            await sdir.course.v1.upload([record])

    asyncio.run(save())


def try_out(name: str, venv: Path, server: LocalPostgres, *, without: bool) -> str:
    """Return what was killed of an engine, and how many records are lost and twice."""
    with tempfile.TemporaryDirectory(prefix="sdir-engine-") as made:
        folder = Path(made)
        expected = prepare(folder, name, without=without)
        with SandboxThread(keys=[KEY]) as sandbox:
            save_before(sandbox, folder)
            sandbox.faults.add(Fault("latency", seconds=LATENCY))
            trial = Trial(name, folder, venv, sandbox, server.database())
            try:
                trial.run()
            except Exception:
                print((folder / "said").read_text()[-5000:], file=sys.stderr)
                raise
            time.sleep(LATENCY)
            found = Counter(saved(sandbox))
    lost, twice = (expected - found).total(), (found - expected).total()
    return f"{', '.join(trial.killed)} | {lost} | {twice} |"


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("engines", nargs="*", metavar="ENGINE", help=", ".join(ENGINES))
    parser.add_argument("--venvs", type=Path, default=ROOT / ".venv-engines")
    parser.add_argument("--without", action="store_true", help="run them without a journal")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    wanted = [name for name in ENGINES if name.lower() in map(str.lower, given.engines or ENGINES)]
    versions = {name: install(name, given.venvs) for name in wanted}
    if not given.inside:
        return into_namespace(sys.argv[1:])
    code = 0
    with running_postgres() as server:
        for name in wanted:
            row = try_out(name, given.venvs / name.lower(), server, without=given.without)
            print(f"| {name} | {versions[name]} | {time.strftime('%Y-%m-%d')} | {row}", flush=True)
            code |= not row.endswith("| 0 | 0 |")
    return code


if __name__ == "__main__":
    sys.exit(main())
