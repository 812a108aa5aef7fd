"""Progress: a bar in a terminal, lines elsewhere, or JSON events for programs."""

from __future__ import annotations

import contextlib
import datetime
import json
import secrets
import sys
import time
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

from .words import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console
    from rich.progress import Progress, TaskID

    from ..upload.report import Snapshot
    from .job import Job


RUN: Final = secrets.token_hex(4)
"""Identifies this run of the command in events, in the log and in journals."""


class Screen(Protocol):
    """Shows the progress of an upload."""

    def begin(self, job: Job) -> None:
        """The upload of an input begins."""

    def progress(self, snapshot: Snapshot) -> None:
        """Some records are finished."""

    def end(self) -> None:
        """The upload of the input has ended."""


def finished_share(snapshot: Snapshot, read_share: float | None) -> float | None:
    """Return how much of the whole input is finished, given how much of it was read."""
    if not read_share or not snapshot.read:
        return None
    return min(1.0, read_share * _finished(snapshot) / snapshot.read)


def _finished(snapshot: Snapshot) -> int:
    return snapshot.accepted + snapshot.rejected + snapshot.in_doubt


def seconds_left(snapshot: Snapshot, share: float | None) -> float | None:
    """Return how many seconds the rest takes at the pace so far."""
    if not share or share >= 1:
        return None
    return snapshot.seconds * (1 - share) / share


def rate_of(snapshot: Snapshot) -> float:
    """Return how many records are finished per second."""
    return _finished(snapshot) / snapshot.seconds if snapshot.seconds else 0.0


def spoken(seconds: float | None) -> str:
    """Return a duration in words: `1 h 5 min`."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return say("{hours} h {minutes} min", hours=hours, minutes=minutes)
    return say("{minutes} min {rest} s", minutes=minutes, rest=rest) if minutes else f"{rest} s"


class Bar:
    """A bar with counts."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._job: Job | None = None

    def begin(self, job: Job) -> None:
        """Draw the bar."""
        from rich import progress

        self._job = job
        columns = (
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(24),
            progress.TextColumn("{task.fields[share]}"),
            progress.TextColumn("[green]{task.fields[accepted]}"),
            progress.TextColumn("[red]{task.fields[rejected]}"),
            progress.TextColumn("[yellow]{task.fields[in_doubt]}"),
            progress.TextColumn("[dim]{task.fields[pace]}"),
        )
        counts: dict[str, Any] = {
            "accepted": "",
            "rejected": "",
            "in_doubt": "",
            "pace": "",
            "share": "",
        }
        self._progress = progress.Progress(*columns, console=self._console)
        self._task = self._progress.add_task(_short(job.name), total=None, **counts)
        self._progress.start()

    def progress(self, snapshot: Snapshot) -> None:
        """Move the bar."""
        if self._progress is None or self._task is None or self._job is None:
            return
        share = finished_share(snapshot, self._job.reader.share())
        left = spoken(seconds_left(snapshot, share))
        self._progress.update(
            self._task,
            total=1.0 if share is not None else None,
            completed=share or 0.0,
            share=f"{share:4.0%}" if share is not None else "",
            accepted=say("{accepted:,} accepted", accepted=snapshot.accepted),
            rejected=say("{rejected:,} rejected", rejected=snapshot.rejected)
            if snapshot.rejected
            else "",
            in_doubt=say("{in_doubt:,} in doubt", in_doubt=snapshot.in_doubt)
            if snapshot.in_doubt
            else "",
            pace=f"{rate_of(snapshot):,.0f}/s" + (say(", {left} left", left=left) if left else ""),
        )

    def end(self) -> None:
        """Stop the bar and leave it on the screen."""
        if self._progress is not None:
            self._progress.stop()


@contextlib.contextmanager
def looking(job: Job, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Show in a terminal how much of an input is checked before sending; then remove it."""
    from rich import progress
    from rich.console import Console

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _: None
        return
    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(24),
        progress.TextColumn("[dim]{task.fields[said]}"),
    )
    with progress.Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(_short(job.name), total=1.0, said="")
        yield lambda count: bar.update(
            task,
            completed=job.reader.share() or 0.0,
            said=say("{count:,} checked", count=count),
        )


def _short(name: str) -> str:
    return name if len(name) <= 24 else f"…{name[-23:]}"


class Plain:
    """A line every few seconds."""

    def __init__(self, every: float = 5.0) -> None:
        self._every = every
        self._next = 0.0
        self._job: Job | None = None

    def begin(self, job: Job) -> None:
        """Begin to count the time."""
        self._job = job
        self._next = time.monotonic() + self._every

    def progress(self, snapshot: Snapshot) -> None:
        """Write a line, unless the last one is too recent."""
        if self._job is None or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._every
        share = finished_share(snapshot, self._job.reader.share())
        left = spoken(seconds_left(snapshot, share))
        parts = [
            say("{accepted:,} accepted", accepted=snapshot.accepted),
            say("{rejected:,} rejected", rejected=snapshot.rejected),
            say("{in_doubt:,} in doubt", in_doubt=snapshot.in_doubt),
            f"{rate_of(snapshot):,.0f}/s",
            *([f"{share:.0%}"] if share is not None else []),
            *([say("about {left} left", left=left)] if left else []),
        ]
        sys.stderr.write(f"{self._job.name}: {', '.join(parts)}\n")
        sys.stderr.flush()

    def end(self) -> None:
        """Write nothing: the summary follows."""


class Events:
    """One line of JSON per event."""

    def __init__(self, every: float = 1.0) -> None:
        self._every = every
        self._next = 0.0
        self._job: Job | None = None

    def begin(self, job: Job) -> None:
        """Write that the upload of an input begins."""
        self._job = job
        emit("begin", input=job.name, format=job.reader.format)

    def progress(self, snapshot: Snapshot) -> None:
        """Write the counts, unless the last ones are too recent."""
        if self._job is None or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._every
        emit(
            "progress",
            input=self._job.name,
            read=snapshot.read,
            accepted=snapshot.accepted,
            rejected=snapshot.rejected,
            in_doubt=snapshot.in_doubt,
            requests=snapshot.requests,
            seconds=round(snapshot.seconds, 3),
            share=finished_share(snapshot, self._job.reader.share()),
        )

    def end(self) -> None:
        """Write nothing: the event `end` follows."""


def json_line(value: Any) -> str:
    """Return a value as a line of JSON in which control characters are escaped."""
    try:
        line = orjson.dumps(value, default=str).decode()
    except TypeError:  # the name of a file that is not UTF-8
        line = json.dumps(value, default=str)
    if not line.isprintable():
        line = "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in line)
    return f"{line}\n"


def emit(event: str, **fields: Any) -> None:
    """Write an event, with its time and the id of this run."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    sys.stdout.write(json_line({"event": event, "time": now, "run": RUN, **fields}))
    sys.stdout.flush()
