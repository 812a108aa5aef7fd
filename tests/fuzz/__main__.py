"""Fuzzes for a while: `python -m tests.fuzz --seconds 600 --seed 1`.

Each target has a process of its own, whose memory is bounded. A case that ends with anything but an
error of ours, or takes longer than ten seconds, is written to `.fuzz` and shown.
"""

from __future__ import annotations

import argparse
import logging
import resource
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fuzz.targets import TARGETS, case_of

if TYPE_CHECKING:
    from types import FrameType

MEMORY = 3 << 30
LONGEST = 10
FOLDER = Path(".fuzz")


class TooSlowError(BaseException):
    """A case took longer than it may; nothing else takes it for an error of its own."""


def _too_slow(signal_: int, frame: FrameType | None) -> None:
    raise TooSlowError


def fuzz(target: str, seed: int, seconds: float) -> int:
    """Look at cases until the time is over, and show what failed; return how many faults."""
    signal.signal(signal.SIGALRM, _too_slow)
    faults: set[str] = set()
    number, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        case = case_of(target, seed, number)
        signal.alarm(LONGEST)
        try:
            TARGETS[target].look(case)
        except (Exception, TooSlowError) as error:  # noqa: BLE001  it is what is looked for
            signal.alarm(0)
            if (place := _place(error)) not in faults:
                faults.add(place)
                _show(error, f"{target}-{seed}-{number}".replace(" ", "-"), case)
        signal.alarm(0)
        number += 1
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{target}: {number:,} cases, {memory} MiB at most, {len(faults)} faults")
    return len(faults)


def _place(error: BaseException) -> str:
    """Say where an error comes from, so that each fault is shown once."""
    frames = traceback.extract_tb(error.__traceback__)
    last = ([frame for frame in frames if "sdir_async" in frame.filename] or frames)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"


def _show(error: BaseException, name: str, case: bytes) -> None:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / name).write_bytes(case)
    print(f"{FOLDER / name}: {_place(error)}", *traceback.format_exception(error), sep="\n")


def main() -> int:
    """Fuzz one target here, or each in a process of its own; return 1 if there are faults."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", choices=TARGETS)
    parser.add_argument("--case", type=Path, help="look at this file, for one target")
    given = parser.parse_args()
    if given.case is not None:
        TARGETS[given.target].look(given.case.read_bytes())
        return 0
    if given.target is not None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        logging.disable()
        return min(1, fuzz(given.target, given.seed, given.seconds))
    told = ["--seed", str(given.seed), "--seconds", str(given.seconds / len(TARGETS))]
    command = [sys.executable, "-m", "tests.fuzz", *told, "--target"]
    failed = [name for name in TARGETS if subprocess.run([*command, name]).returncode]
    print(f"seed {given.seed}: faults in {', '.join(failed) or 'nothing'}")
    return min(1, len(failed))


if __name__ == "__main__":
    sys.exit(main())
