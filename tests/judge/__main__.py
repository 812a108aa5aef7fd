"""Ten thousand short uploads against a server that is drawn from a seed: `make torture`.

Some more run in processes that are killed and run again, or two at once. Each seed draws an input,
a register and the behaviour of a server, and the upload's report is judged by what is in the
register. The seeds that fail are printed, with what is wrong; one of them is run again with
`python -m tests.judge --first SEED --uploads 1 --killed 0`.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Final

from . import child
from .judge import Verdict, judged

_BLOCK: Final = 50
_SHOWN: Final = 20
"""So many failures are printed in full."""


def block(first: int, count: int, until: float) -> tuple[int, list[Verdict]]:
    """Run so many seeds in this process, if there is time; return how many, and what failed."""
    if time.time() > until:
        return 0, []
    with tempfile.TemporaryDirectory() as folder:
        return count, asyncio.run(judged(range(first, first + count), Path(folder)))


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; return 0 if all is well with every seed."""
    parser = argparse.ArgumentParser(prog="python -m tests.judge", description=__doc__)
    parser.add_argument("--uploads", type=int, default=10_000)
    parser.add_argument("--killed", type=int, default=60, help="uploads in processes that die")
    parser.add_argument("--first", type=int, default=random.randrange(2**31), help="the first seed")
    parser.add_argument("--seconds", type=float, default=1800, help="begin nothing after them")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args(arguments)
    print(f"seeds {given.first} to {given.first + given.uploads - 1}", flush=True)
    end, started = given.first + given.uploads, time.time()
    with tempfile.TemporaryDirectory() as folder:
        failed = asyncio.run(child.judged(given.first, given.killed, Path(folder)))
    done = 0
    with ProcessPoolExecutor(given.processes) as pool:
        blocks = [
            pool.submit(block, first, min(_BLOCK, end - first), started + given.seconds)
            for first in range(given.first, end, _BLOCK)
        ]
        for finished in as_completed(blocks):
            count, some = finished.result()
            done += count
            failed += some
    for verdict in failed[:_SHOWN]:
        print(verdict)
    took = f"{time.time() - started:.0f} s"
    print(f"{done} uploads and {given.killed} with kills in {took}: {len(failed)} wrong")
    for kind, count in kinds(failed).most_common():
        print(f"{count:6} {kind}")
    if failed:
        print("seeds:", *sorted({verdict.scenario.seed for verdict in failed}))
    return 1 if failed else 0


def kinds(failed: list[Verdict]) -> Counter[str]:
    """Count in how many uploads each kind of failure occurs."""
    return Counter(
        kind
        for verdict in failed
        for kind in {failure.partition(":")[0] for failure in verdict.failures}
    )


if __name__ == "__main__":
    sys.exit(main())
