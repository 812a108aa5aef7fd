"""`sdir upload`: opens all inputs, asks where it must, sends, and says what became of it."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from ..privacy import mask
from ..retries import RetryPolicy
from .apis import find_batch, find_version
from .codes import Codes, code_fields
from .columns import read_mapping
from .dry import check
from .inputs import Wanted
from .inputs.text import read_lines
from .job import Job, Reading, open_jobs
from .reach import unreachable
from .refusal import Hints
from .rejected import rejected_path, write_rejected
from .screen import Bar, Events, Plain, looking
from .send import Result, Sending, exit_of, gravest, send
from .stop import Stop
from .summary import show, tell
from .survey import Survey, survey
from .trouble import Exit, Trouble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..description import Description
    from ..upload.report import UploadReport
    from .screen import Screen
    from .settings import Target

_MANY = 5
_ORGANIZATION = "organization-number"


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
    wanted: Wanted = field(factory=Wanted)
    hints: Hints = field(factory=Hints)
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
    no_codes: bool = False

    def reading(self) -> Reading:
        """Return how the inputs are to be read."""
        mapping: dict[str, str] = {}
        if self.mapping_file is not None:
            mapping |= read_mapping(read_lines(self.mapping_file), str(self.mapping_file))
        mapping |= read_mapping(self.mapping, "--map")
        version = find_version(self.api, self.version)
        find_batch(version, self.operation)
        wanted = evolve(self.wanted, ask=_ask_for_sheets if sys.stdin.isatty() else None)
        return Reading(version, self.operation, mapping, self.skip_unknown, wanted, self.hints)

    def journal_of(self, job: Job, version: Description) -> Path | None:
        """Return where the journal of an input is kept: beside it, one for each kind of upload."""
        if self.journal is not None:
            return self.journal
        beside = job.beside()
        if self.no_journal or beside is None or self.operation == "validate":
            return None
        kind = f"{version.api}-{version.version}-{self.operation}-{self.target.label}"
        return beside.with_name(f"{beside.name}.{kind}.journal")


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
        jobs: list[Job] = []
        for name in options.files:
            jobs += [opened.enter_context(closing(job)) for job in open_jobs(name, how)]
        if len(jobs) > 1 and (options.journal or options.rejected):
            raise Trouble("--journal and --rejected are for one input; each sheet has its own.")
        if options.dry_run:
            return _finish([Result(job, _check(job, how, options)) for job in jobs], options)
        asks = options.target.environment == "production" and not options.yes
        if asks and (not sys.stdin.isatty() or any(job.path is None for job in jobs)):
            raise Trouble("Production is reported to only with --yes, where nobody can be asked.")
        reached = _reach(how, options)
        surveys = _look_ahead(jobs, how, evolve(options, no_codes=options.no_codes or not reached))
        if asks:
            _confirm(surveys, how, options.target)
        return asyncio.run(_send_all(jobs, how, options))


def _check(job: Job, how: Reading, options: Options) -> UploadReport:
    with looking(job, quiet=options.json) as look:
        return check(job, how, look)


def _look_ahead(jobs: Sequence[Job], how: Reading, options: Options) -> list[Survey]:
    """Read all that can be read twice, and say what a person may want to correct before sending."""
    fields = how.fields()
    collected = [*fields.of_format(_ORGANIZATION), *code_fields(fields)]
    surveys = []
    codes = Codes(how.version, options.target, asked=not options.no_codes)
    for job in jobs:
        if job.path is not None:
            with closing(again := job.again()), looking(again, quiet=options.json) as look:
                found = survey(again, Survey(fields, collected, look))
            surveys.append(found)
            used = {one.name: found.values[one.name] for one in code_fields(fields)}
            for said in (*again.notes.said, *found.remarks(), *codes.remarks(used)):
                job.notes.say(said)
        if not options.json:
            for said in job.notes.said:
                sys.stderr.write(f"{job.name}: {said}\n")
    return surveys


def _ask_for_sheets(names: Sequence[str]) -> Sequence[str]:
    """Ask which of several sheets are meant."""
    sys.stderr.write("Several sheets have such columns:\n")
    for number, name in enumerate(names, 1):
        sys.stderr.write(f"  {number}  {name}\n")
    sys.stderr.write("Which one? Its number, or a for all: ")
    sys.stderr.flush()
    answer = sys.stdin.readline().strip().casefold()
    if answer in ("a", "all", "alle"):
        return names
    if answer.isdecimal() and 0 < int(answer) <= len(names):
        return [names[int(answer) - 1]]
    raise Trouble("Nothing was sent.")


def _reach(how: Reading, options: Options) -> bool:
    """Say soon whether the host can be reached: the upload itself goes on trying for a while."""
    why = unreachable(how.version, options.target)
    if why and not options.json:
        sys.stderr.write(f"sdir: {why}. It is tried again for a while; Ctrl-C ends it.\n")
    return not why


def _confirm(surveys: Sequence[Survey], how: Reading, target: Target) -> None:
    """Ask whether to report to production."""
    count = sum(found.count for found in surveys)
    named = [field.name for field in how.fields().of_format(_ORGANIZATION)]
    organizations = sorted(
        {one for found in surveys for name in named for one in found.values[name]}
    )
    shown = ", ".join(organizations[:_MANY]) + (", …" if len(organizations) > _MANY else "")
    at = f" at {target.where}" if target.base_url else ""
    asked = (
        f"{how.kind} {count:,} records of {how.version.name} for the organisation"
        f" {shown or '(none named)'} in PRODUCTION{at}? [y/N] "
    )
    sys.stderr.write(mask(asked))
    sys.stderr.flush()
    if sys.stdin.readline().strip().casefold() not in ("y", "yes", "j", "ja"):
        raise Trouble("Nothing was sent.")


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
    beside = result.job.beside() or Path("standard-input")
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
