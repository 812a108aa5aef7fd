"""`sdir log`: what this machine has sent: when, which file, how many, and where to; no records."""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import orjson

from ..modes import tighten
from ..privacy import mask, mask_json
from .screen import RUN
from .summary import STATES
from .trouble import Exit, Trouble, reason_of
from .words import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .options import Options
    from .result import Result

_WORDS: Final = ("file", "api", "operation", "environment")
_COUNTS: Final = ("accepted", "rejected", "in_doubt", "unsent")


def log_file() -> Path:
    """Return the path of the log, in the user's folder for state."""
    base = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA")
    folder = Path(base) if base else Path.home() / ".local" / "state"
    return folder / "sdir" / "log.jsonl"


def remember(results: Iterable[Result], options: Options) -> None:
    """Add what was sent to the log. If it can't be written, say so and continue."""
    lines = b"".join(orjson.dumps(_entry(each, options)) + b"\n" for each in results)
    path = log_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        tighten(path)
        with path.open("ab+") as log:
            log.write(_rest_of_line(log) + lines)
    except OSError as error:
        sys.stderr.write(
            say("sdir: {path}: can't be written: {why}.\n", path=path, why=reason_of(error))
        )


def _entry(result: Result, options: Options) -> dict[str, Any]:
    report = result.report
    return {
        "at": time.time(),
        "run": RUN,
        "file": mask(str(result.job.path.absolute() if result.job.path else result.job.name)),
        "api": options.api,
        "operation": options.operation,
        "environment": options.target.where,
        **{name: getattr(report, name) for name in _COUNTS},
        "earlier": result.earlier,
        "ended": report.ended,
    }


def _rest_of_line(log: BinaryIO) -> bytes:
    """Return what ends the last line, if the machine went down while it was written."""
    if not log.seek(0, os.SEEK_END):
        return b""
    log.seek(-1, os.SEEK_END)
    return b"" if log.read() == b"\n" else b"\n"


def show_log(*, as_json: bool) -> Exit:
    """Print the log, the oldest first.

    Raises:
        Trouble: It can't be read.
    """
    from rich.console import Console
    from rich.table import Table

    entries, damaged = _entries()
    if damaged:
        sys.stderr.write(
            say(
                "sdir: {path}: damaged lines, not shown: {count:,}.\n",
                path=log_file(),
                count=damaged,
            )
        )
    if as_json:
        sys.stdout.writelines(orjson.dumps(each).decode() + "\n" for each in entries)
        return Exit.DONE
    if not entries:
        sys.stderr.write(say("This user has not uploaded anything from this machine yet.\n"))
        return Exit.DONE
    table = Table(box=None)
    for title in (say("when"), say("file"), "API", say("what"), say("where")):
        table.add_column(title, overflow="fold")  # a cut name is of no use
    for name in _COUNTS:
        table.add_column(say(STATES[name]), justify="right")
    table.add_column(say("ended"))
    for each in entries:
        when = f"{datetime.fromtimestamp(each['at']).astimezone():%Y-%m-%d %H:%M}"
        counts = (say("{count:,}", count=each[name]) for name in _COUNTS)
        table.add_row(when, *(each[name] for name in _WORDS), *counts, say(each["ended"]))
    Console(highlight=False, markup=False, soft_wrap=True).print(table)
    return Exit.DONE


def _entries() -> tuple[list[dict[str, Any]], int]:
    """Return the entries, and the number of damaged lines: the machine may have crashed in one.

    Raises:
        Trouble: The log can't be read.
    """
    try:
        lines = log_file().read_bytes().splitlines()
    except FileNotFoundError:
        return [], 0
    except OSError as error:
        why = reason_of(error)
        raise Trouble("{path}: can't be read: {why}.", path=log_file(), why=why) from None
    entries = [entry for line in lines if (entry := _entry_in(line)) is not None]
    return entries, sum(map(bool, lines)) - len(entries)


def _entry_in(line: bytes) -> dict[str, Any] | None:
    """Return the entry of a line, masked; `None` if it has none."""
    try:
        entry = orjson.loads(line)
        datetime.fromtimestamp(entry["at"]).astimezone()
        counts = {name: int(entry[name]) for name in _COUNTS}
        words = {name: mask(str(entry[name])) for name in (*_WORDS, "ended")}
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return None
    return {**mask_json(entry), "at": entry["at"], **words, **counts}
