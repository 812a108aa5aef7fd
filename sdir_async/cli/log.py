"""`sdir log`: what this machine has sent. When, which file, how many, and where to; no records."""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from ..modes import tighten
from ..privacy import mask
from .screen import RUN
from .summary import STATES
from .trouble import Exit, reason_of
from .words import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .options import Options
    from .result import Result

_COUNTS: Final = ("accepted", "rejected", "in_doubt", "unsent")


def log_file() -> Path:
    """Return where the log is: in the user's own folder for such things."""
    base = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA")
    folder = Path(base) if base else Path.home() / ".local" / "state"
    return folder / "sdir" / "log.jsonl"


def remember(results: Iterable[Result], options: Options) -> None:
    """Add what was sent to the log; that it can't be written is said, and stops nothing."""
    lines = b"".join(orjson.dumps(_entry(each, options)) + b"\n" for each in results)
    path = log_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        tighten(path)
        with path.open("ab") as log:
            log.write(lines)
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


def show_log(*, as_json: bool) -> Exit:
    """Print the log, the oldest first."""
    from rich.console import Console
    from rich.table import Table

    entries = _entries()
    if as_json:
        sys.stdout.writelines(orjson.dumps(each).decode() + "\n" for each in entries)
        return Exit.DONE
    if not entries:
        sys.stderr.write(say("Nothing was sent from here yet, or not by this user.\n"))
        return Exit.DONE
    table = Table(box=None)
    for title in (say("when"), say("file"), "API", say("what"), say("where")):
        table.add_column(title, overflow="fold")  # a name that is cut is of no use
    for name in _COUNTS:
        table.add_column(say(STATES[name]), justify="right")
    table.add_column(say("ended"))
    for each in entries:
        when = f"{datetime.fromtimestamp(each['at']).astimezone():%Y-%m-%d %H:%M}"
        words = (each["file"], each["api"], each["operation"], each["environment"])
        table.add_row(
            when,
            *words,
            *(say("{count:,}", count=each[name]) for name in _COUNTS),
            say(str(each["ended"])),
        )
    Console(highlight=False, markup=False, soft_wrap=True).print(table)
    return Exit.DONE


def _entries() -> list[dict[str, Any]]:
    """Return the entries; a line that was cut when the machine went down is passed over."""
    try:
        lines = log_file().read_bytes().splitlines()
    except FileNotFoundError:
        return []
    entries = []
    for line in lines:
        try:
            entries.append(orjson.loads(line))
        except orjson.JSONDecodeError:
            continue
    return entries
