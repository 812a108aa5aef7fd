"""`sdir upload`: opens all inputs, asks where it must, sends, and says what became of it."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from attrs import field, frozen

from ..retries import RetryPolicy
from .apis import find_batch, find_version
from .columns import read_mapping
from .dry import check
from .inputs.text import read_lines
from .job import Job, Reading, open_job
from .rejected import rejected_path, write_rejected
from .screen import Bar, Events, Plain
from .send import Result, Sending, exit_of, gravest, send
from .stop import Stop
from .summary import show, tell
from .trouble import Exit, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..description import Description
    from .fields import Field
    from .records import Row
    from .screen import Screen
    from .settings import Target

_MANY = 5


@frozen
class Options:
    """What `sdir upload` was asked to do."""

    api: str
    files: tuple[str, ...]
    target: Target
    version: str | None = None
    operation: str = "create"
    mapping: tuple[str, ...] = ()
    mapping_file: Path | None = None
    skip_unknown: bool = False
    sheet: str | None = None
    journal: Path | None = None
    no_journal: bool = False
    rejected: Path | None = None
    report: Path | None = None
    settings: dict[str, Any] = field(factory=dict)
    retry: RetryPolicy = field(factory=RetryPolicy)
    grace: float = 20.0
    dry_run: bool = False
    yes: bool = False
    show_persons: bool = False
    json: bool = False

    def reading(self) -> Reading:
        """Return how the inputs are to be read."""
        mapping: dict[str, str] = {}
        if self.mapping_file is not None:
            mapping |= read_mapping(read_lines(self.mapping_file), str(self.mapping_file))
        mapping |= read_mapping(self.mapping, "--map")
        version = find_version(self.api, self.version)
        find_batch(version, self.operation)
        return Reading(version, self.operation, mapping, self.skip_unknown, self.sheet)

    def journal_of(self, job: Job, version: Description) -> Path | None:
        """Return where the journal of an input is kept: beside it, one for each kind of upload."""
        if self.journal is not None:
            return self.journal
        if self.no_journal or job.path is None or self.operation == "validate":
            return None
        kind = f"{version.api}-{version.version}-{self.operation}-{self.target.label}"
        return job.path.with_name(f"{job.path.name}.{kind}.journal")


def upload(options: Options) -> Exit:
    """Upload all inputs, and return the exit code.

    Raises:
        Trouble: Something is wrong before anything was sent.
    """
    how = options.reading()
    if options.journal is not None and len(options.files) > 1:
        raise Trouble("--journal is for one input; without it each has its own.")
    if options.rejected is not None and len(options.files) > 1:
        raise Trouble("--rejected is for one input; without it each has its own.")
    with contextlib.ExitStack() as opened:
        jobs = [opened.enter_context(closing(open_job(name, how))) for name in options.files]
        if options.dry_run:
            return _finish([Result(job, check(job, how)) for job in jobs], options)
        if options.target.environment == "production" and not options.yes:
            _confirm(options, how, jobs)
        return asyncio.run(_send_all(jobs, how, options))


def _confirm(options: Options, how: Reading, jobs: Sequence[Job]) -> None:
    """Ask whether to report to production; without a terminal there is nobody to ask."""
    if not sys.stdin.isatty() or any(job.path is None for job in jobs):
        raise Trouble("Production is reported to only with --yes, where nobody can be asked.")
    surveys = [survey(open_job(name, how), how) for name in options.files]
    count = sum(found for found, _ in surveys)
    organizations = sorted(set().union(*(names for _, names in surveys)))
    shown = ", ".join(organizations[:_MANY]) + (", …" if len(organizations) > _MANY else "")
    sys.stderr.write(
        f"{how.kind} {count:,} records of {how.version.name} for the organisation"
        f" {shown or '(none named)'} in PRODUCTION? [y/N] "
    )
    sys.stderr.flush()
    if sys.stdin.readline().strip().casefold() not in ("y", "yes", "j", "ja"):
        raise Trouble("Nothing was sent.")


def survey(job: Job, how: Reading) -> tuple[int, set[str]]:
    """Count the records of an input, and collect the organisations that they are for."""
    fields = how.fields().of_format("organization-number")
    count, organizations = 0, set[str]()
    with closing(job):
        for count, record in enumerate(job, 1):  # noqa: B007
            organizations.update(_values(record, fields))
    return count, organizations


def _values(record: Row | bytes, fields: Iterable[Field]) -> Iterable[str]:
    from ..upload.reconcile import value_at

    try:
        value = orjson.loads(record) if isinstance(record, bytes) else record
    except orjson.JSONDecodeError:
        return
    for one in fields:
        if (found := value_at(value, one.name)) is not None:
            yield str(found)


async def _send_all(jobs: Sequence[Job], how: Reading, options: Options) -> Exit:
    """Send, and say what became of it; Ctrl-C is listened to until all is said and written."""
    results: list[Result] = []
    stop = Stop(options.grace)
    with stop.listening():
        async with options.target.connect(retry=options.retry) as sdir:
            api = getattr(sdir, how.version.api)[how.version.version]
            sending = Sending(api, how.kind, options.settings)
            for job in jobs:
                if not stop.asked.is_set():
                    journal = options.journal_of(job, how.version)
                    results.append(await send(job, sending, journal, screen_of(options), stop))
        return _finish(results, options)


def screen_of(options: Options) -> Screen:
    """Return what shows the progress: a bar in a terminal, lines elsewhere, events if wanted."""
    from rich.console import Console

    if options.json:
        return Events()
    console = Console(stderr=True)
    return Bar(console) if console.is_terminal else Plain()


def _finish(results: Sequence[Result], options: Options) -> Exit:
    """Write down what was rejected, say what became of everything, and return the exit code."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=False)
    command = shlex.join(["sdir", *sys.argv[1:]])
    for result in results:
        if not options.dry_run:
            _write_rejected(result, options)
        resumes = not options.dry_run and (
            options.journal is not None or (result.job.path is not None and not options.no_journal)
        )
        if options.json:
            tell(result, command, resumes=resumes)
        else:
            show(result, console, command, resumes=resumes, dry=options.dry_run)
    codes = [exit_of(result) for result in results]
    if options.report is not None:
        codes.append(_write_page(results, options))
    return gravest(codes)


def _write_rejected(result: Result, options: Options) -> None:
    if not result.rejected:
        return
    beside = result.job.path or Path("standard-input")
    path = options.rejected or rejected_path(beside, result.job.reader)
    try:
        result.rejected_file = write_rejected(result.rejected, result.job.reader, path)
    except Trouble as error:
        result.not_written = error


def _write_page(results: Sequence[Result], options: Options) -> Exit:
    from .page import write_page

    assert options.report is not None  # noqa: S101
    try:
        write_page(results, options, options.report)
    except Trouble as error:
        sys.stderr.write(f"sdir: {error}\n")
        return error.code
    return Exit.DONE
