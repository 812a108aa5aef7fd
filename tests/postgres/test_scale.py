"""The programs of docs/scale.md run; killed and run again, they send nothing twice."""

from __future__ import annotations

import ast
import asyncio
import functools
import inspect
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import pyarrow
import pytest
import try_engines
from local_postgres import LocalPostgres
from pyarrow import parquet

import sdir_async
from sdir_async.sandbox import Fault, SandboxThread
from sdir_async.upload.formats import FORMATS
from tests.test_docs import _snippets

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "scale.md"
OF_SPARK = PAGE.read_text().partition("\n## Spark\n")[2].partition("\n## ")[0]
"""The section whose snippets run in tests/spark."""
SNIPPETS = [snippet for _, snippet in _snippets(PAGE, "python") if snippet not in OF_SPARK]
PROGRAMS = [snippet for snippet in SNIPPETS if "asyncio.run(main())" in snippet]
PIECES = [snippet for snippet in SNIPPETS if snippet not in PROGRAMS]
TASK, *JOBS = (snippet for _, snippet in _snippets(ROOT / "docs" / "engines.md", "python"))
RUN = """
import functools, sys, sdir_async
retry = sdir_async.RetryPolicy(settle=0.6)
sdir_async.Sdir = functools.partial(sdir_async.Sdir, base_url=sys.argv[1], retry=retry)
exec(compile(open("program.py").read(), "program.py", "exec"), {"__name__": "__main__"})
"""
KEY = "0123456789abcdef"
COUNT = 5000
NUMBERS = map("0181{:07}".format, range(10_000))
PERSONS = list(islice(filter(FORMATS["person-number"], NUMBERS), 200))


def course(at: int) -> dict[str, str]:
    return {
        "personalIdentityNumber": PERSONS[at % len(PERSONS)],
        "completedAt": "2025-03-24T18:32:25+00:00",
        "organizationNumber": "991825827",
        "courseCode": f"C{at:05}",
    }


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """A folder with what the programs read: Parquet files in no order, and a database."""
    rows = [course(at * 7 % COUNT) for at in range(COUNT)]
    (tmp_path / "courses").mkdir()
    for part in range(3):
        table = pyarrow.Table.from_pylist(rows[part::3])
        parquet.write_table(table, tmp_path / "courses" / f"{part}.parquet")
    with sqlite3.connect(tmp_path / "courses.db") as db:
        db.execute(f"CREATE TABLE course ({', '.join(rows[0])})")
        db.executemany(
            "INSERT INTO course VALUES (?, ?, ?, ?)", [tuple(row.values()) for row in rows]
        )
    db.close()
    return tmp_path


@pytest.mark.parametrize("program", PROGRAMS, ids=["duckdb", "polars", "cursor"])
def test_killed_and_run_again(program: str, inputs: Path) -> None:
    """Each record is there once, and the program says that all were accepted."""
    (inputs / "program.py").write_text(program)
    with SandboxThread(keys=[KEY]) as sandbox:
        command = [sys.executable, "-c", RUN, sandbox.base_url]
        environment = {**os.environ, "SDIR_API_KEY": KEY}
        sandbox.faults.add(Fault("latency", seconds=0.3))
        with subprocess.Popen(command, cwd=inputs, env=environment) as started:
            while len(_saved(sandbox)) < 500 and started.poll() is None:
                time.sleep(0.01)
            started.send_signal(signal.SIGKILL)
        assert 500 <= len(_saved(sandbox)) < COUNT
        sandbox.faults.clear()
        again = subprocess.run(
            command, cwd=inputs, env=environment, capture_output=True, text=True, check=True
        )
        assert f"{COUNT} accepted, 0 rejected, 0 in doubt, 0 unsent" in again.stdout
        assert Counter(_saved(sandbox)) == Counter(f"C{at:05}" for at in range(COUNT))


def _saved(sandbox: SandboxThread) -> list[str]:
    return [one["courseCode"] for one in sandbox.records("/aps-course-external/v1/courses")]


async def test_the_pieces_run(
    server: LocalPostgres,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One after another: each part is uploaded, and again with nothing sent."""
    with SandboxThread(keys=[KEY]) as sandbox:
        local = functools.partial(sdir_async.Sdir, base_url=sandbox.base_url)
        monkeypatch.setattr(sdir_async, "Sdir", local)
        monkeypatch.setenv("SDIR_API_KEY", KEY)
        monkeypatch.setenv("SDIR_DATABASE", server.database())
        monkeypatch.chdir(tmp_path)
        lines = [orjson.dumps(course(at)) for at in range(500)]
        Path("courses.jsonl").write_bytes(b"\n".join(lines))
        Path("saved.json").write_bytes(lines[0])
        names: dict[str, Any] = {"Sdir": local, "Pacer": sdir_async.Pacer, "asyncio": asyncio}
        *pieces, for_each_part, forgetting = PIECES
        for snippet in (*pieces, for_each_part, for_each_part, TASK):
            code = compile(snippet, str(PAGE), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            if code.co_flags & inspect.CO_COROUTINE:
                await eval(code, names)
            else:
                exec(code, names)
        said = capsys.readouterr().out.splitlines()
        assert len(said) == 16
        assert all("0 requests" in line for line in said[8:])
        assert len(_saved(sandbox)) == sum(int(line.split()[1]) for line in said[:8])
        assert "0 requests" in await asyncio.to_thread(names["task"], 3)
        await eval(compile(forgetting, str(PAGE), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
        with pytest.raises(sdir_async.JournalError, match="This database has no upload"):
            await names["forget"](os.environ["SDIR_DATABASE"], upload="2026-11")
        for name in ("first", "second"):
            await names[name].aclose()


def test_each_engine_has_a_program() -> None:
    """It is Python, and `make try-engines` knows how to run it."""
    for job in JOBS:
        ast.parse(job)
    assert [len(try_engines.snippets(name)) for name in try_engines.ENGINES] == [1] * len(JOBS)
