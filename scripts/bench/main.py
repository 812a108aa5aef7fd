"""Runs the benchmark: `make bench`, or `python scripts/bench --quick`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from attrs import asdict

from .bars import BARS, judged
from .clients import generate
from .contenders import CONTENDERS
from .contest import CLIENT_CORE, SCRIPTS, compete, environment, serving

if TYPE_CHECKING:
    from collections.abc import Sequence


PACKAGES = (
    "httpx",
    "httpcore",
    "aiohttp",
    "orjson",
    "attrs",
    "uvloop",
    "openapi-python-client",
    "openapi-generator-cli",
    "httpx-aiohttp",
    "pyreqwest",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and no long runs")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only these contenders")
    parser.add_argument("--rounds", type=int, help="rounds of each contender")
    parser.add_argument("--json", type=Path, help="write what was measured to this file")
    parser.add_argument(
        "--python", default=sys.executable, help="a Python with the core alone, for the import"
    )
    given = parser.parse_args(arguments)
    unknown = set(given.only or ()) - CONTENDERS.keys()
    if unknown:
        parser.error(f"no such contender: {', '.join(unknown)}; there is {', '.join(CONTENDERS)}")
    with tempfile.TemporaryDirectory() as folder:
        result = measure(given, Path(folder))
    if given.json:
        given.json.write_text(json.dumps(result, indent=1) + "\n")
    print_result(result)
    return 0


def measure(given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return all that was measured."""
    started = time.perf_counter()
    skipped = generate(folder, all_of_them=not given.quick)
    env = environment(folder)
    sys.path.insert(0, str(folder))
    names = given.only or list(CONTENDERS)
    missing = {name: CONTENDERS[name].missing() for name in names}
    skipped += [
        f"{name} is skipped: {', '.join(gone)} is not installed"
        for name, gone in missing.items()
        if gone
    ]
    names = [name for name in names if not missing[name]]
    with serving(env) as urls:
        rounds = given.rounds or (3 if given.quick else 7)
        found, broken = compete(names, rounds, urls, env)
        figures = {} if given.only else long_runs(urls, env, given)
    rows = {
        name: {"micros": each.micros, "rate": each.rate, **asdict(each)}
        for name, each in found.items()
    }
    return {
        "machine": machine(),
        "contenders": rows,
        "bars": judged(found, figures),
        "figures": figures,
        "skipped": skipped + broken,
        "seconds": time.perf_counter() - started,
    }


def long_runs(
    urls: dict[str, str], env: dict[str, str], given: argparse.Namespace
) -> dict[str, float]:
    """Run what is outside the rounds; return the figures by name."""
    figures = {"import": import_ratio(given.python, env, *IMPORT)}
    figures["import and open"] = import_ratio(given.python, env, *IMPORT_AND_OPEN)
    figures["latency"] = _long(env, "latency", urls["slow"], 80 if given.quick else 240)["share"]
    if given.quick:
        return figures
    volumes = [_long(env, "volume", urls["empty"], 10_000, 1_000_000) for _ in range(5)]
    figures["memory"] = max(each["peak"] for each in volumes)
    figures["memory ratio"] = max(each["peak ratio"] for each in volumes)
    figures["volume ratio"] = median(each["ratio"] for each in volumes)
    limited = _long(env, "limited", 30, 20)
    return figures | {"limited": limited["share"], "limited refused": limited["refused"]}


def _long(env: dict[str, str], kind: str, *arguments: object) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.long", kind, str(CLIENT_CORE)]
    words = [json.dumps(each) for each in arguments]
    done = subprocess.run([*command, *words], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{kind}: {done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


IMPORT: Final = "from sdir_async import Sdir", "import asyncio, httpx"
IMPORT_AND_OPEN: Final = (
    "from sdir_async import Sdir; Sdir(api_key='key')",
    "import asyncio, httpx; httpx.AsyncClient()",
)


def import_ratio(python: str, env: dict[str, str], ours: str, theirs: str) -> float:
    """Return how long ours takes in a new process, against theirs: the medians of 20, in turns."""
    path = {**env, "PYTHONPATH": str(SCRIPTS.parent)}
    seconds: dict[str, list[float]] = {theirs: [], ours: []}
    for _ in range(20):
        for each, spent in seconds.items():
            started = time.perf_counter()
            subprocess.run([python, "-c", each], env=path, check=True)
            spent.append(time.perf_counter() - started)
    return median(seconds[ours]) / median(seconds[theirs])


def machine() -> dict[str, Any]:
    """Describe where this runs."""
    packages = {}
    for name in PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = "none"
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "pinned": hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) > 1,
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "packages": packages,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def print_result(result: dict[str, Any]) -> None:
    """Print the tables."""
    where = result["machine"]
    packages = ", ".join(f"{name} {number}" for name, number in where["packages"].items())
    pinned = "client and server on one core each" if where["pinned"] else "nothing pinned"
    print(f"{where['system']}, {where['processor']}, {where['cores']} cores, {pinned};")
    load = "unknown" if where["load"] is None else f"{where['load']:.1f}"
    print(f"Python {where['python']}, {packages}; load {load}\n")
    print(f"{'':40} {'CPU, µs each':>12} {'a second':>12} {'server busy':>12}")
    for row in result["contenders"].values():
        busy = median(row["busy"])
        print(f"{row['title']:40} {row['micros']:12.2f} {row['rate']:12,.0f} {busy:12.0%}")
    print(f"\n{'':52} {'figure':>8} {'bar':>8}")
    for bar, row in zip(BARS, result["bars"], strict=True):
        if row["figure"] is not None:
            sign = "≥" if bar.least else "≤"
            met = "met" if row["met"] else "not met"
            print(f"{row['bar']:52} {row['figure']:8.3f} {sign} {row['limit']:<6g} {met}")
    print(*result["skipped"], f"{result['seconds']:.0f} s in all", sep="\n")
