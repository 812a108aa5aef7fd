"""`sdir upload`: opens all inputs, asks before production, sends, and reports what happened."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .ahead import ORGANIZATION, look_ahead
from .books import Books
from .codes import Codes
from .dry import check
from .job import Job, Reading, open_jobs
from .log import remember
from .questions import require_yes
from .reach import unreachable
from .receipt import receipt_path, write_receipt
from .rejected import is_settled, rejected_path, write_rejected
from .result import Result, exit_of_all, gravest
from .screen import Bar, Events, Plain, looking
from .send import Sending, ended_before_next, not_begun, send
from .stop import Stop
from .summary import resumable, show, tell
from .trouble import Exit, Trouble
from .words import say, unsaid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .ahead import Prepared
    from .options import Options
    from .screen import Screen
    from .settings import Target
    from .survey import Survey

_MANY = 5
_DOING: Final = {
    "create": unsaid("Create"),
    "update": unsaid("Update"),
    "validate": unsaid("Validate"),
}


def upload(options: Options) -> Exit:
    """Upload all inputs, and return the exit code.

    Raises:
        Trouble: Something is wrong. Nothing was sent.
    """
    how = options.reading()
    if options.journal is not None and len(options.files) > 1:
        raise Trouble("--journal works with one input. Leave it out: each input gets its own.")
    if options.rejected is not None and len(options.files) > 1:
        raise Trouble("--rejected works with one input. Leave it out: each input gets its own.")
    with contextlib.ExitStack() as opened:
        jobs: list[Job] = []
        for name in options.files:
            jobs += [opened.enter_context(closing(job)) for job in open_jobs(name, how)]
        if len(jobs) > 1 and (options.journal or options.rejected):
            raise Trouble("--journal and --rejected work with one input; each sheet gets its own.")
        codes = Codes(how.version, options.target, asked=not options.no_codes)
        if options.dry_run:
            return _finish([_check(job, how, codes, options) for job in jobs], options)
        options.target.key()
        asks = options.target.environment == "production" and not options.yes
        if asks and (not sys.stdin.isatty() or any(job.path is None for job in jobs)):
            raise Trouble(
                "Add --yes to upload to production: without a terminal, or from standard input, the"
                " command can't ask you to confirm."
            )
        _reach(how, options)
        wanted = not options.no_journal
        books = Books(how, options.target, options.journal, wanted)
        opened.enter_context(closing(books))
        prepared = look_ahead(jobs, how, options, codes, books)
        if asks:
            _confirm([one.survey for one in prepared if one.survey], how, options.target)
        return asyncio.run(_send_all(prepared, how, options))


def _check(job: Job, how: Reading, codes: Codes, options: Options) -> Result:
    result = Result(job)
    with looking(job, quiet=options.json) as look:
        result.report = check(job, how, codes, look, result.reject)
    return result


def _reach(how: Reading, options: Options) -> None:
    """Warn early if the host can't be reached: the upload itself retries for a while."""
    why = unreachable(how.version, options.target)
    if why and not options.json:
        sys.stderr.write(
            say("sdir: {why}. The upload retries for a while; press Ctrl-C to stop.\n", why=why)
        )


def _confirm(surveys: Sequence[Survey], how: Reading, target: Target) -> None:
    """Ask the user to confirm an upload to production.

    Raises:
        Trouble: The user says no.
    """
    count = sum(found.count for found in surveys)
    named = [field.name for field in how.fields().of_format(ORGANIZATION)]
    organizations = sorted(
        {one for found in surveys for name in named for one in found.values[name]}
    )
    shown = ", ".join(organizations[:_MANY]) + (", …" if len(organizations) > _MANY else "")
    at = say(" at {where}", where=target.where) if target.base_url else ""
    require_yes(
        say(
            "{doing} {count:,} records of {name} for organisation {organizations} in"
            " PRODUCTION{at}?",
            doing=say(_DOING[how.kind]),
            count=count,
            name=how.version.name,
            organizations=shown or say("(none named)"),
            at=at,
        )
    )


async def _send_all(prepared: Sequence[Prepared], how: Reading, options: Options) -> Exit:
    """Send all inputs and report; Ctrl-C is handled until everything is written."""
    results: list[Result] = []
    stop = Stop(options.grace)
    with stop.listening():
        async with options.target.connect(retry=options.retry) as sdir:
            api = getattr(sdir, how.version.api)[how.version.version]
            sending = Sending(api, how.kind, options.settings, options.until())
            for one in prepared:
                if why := ended_before_next(results, stop):
                    results.append(not_begun(one.job, why))
                    continue
                results.append(await send(one, sending, screen_of(options), stop))
        remember(results, options)
        return _finish(results, options)


def screen_of(options: Options) -> Screen:
    """Return what shows the progress: events with --json, a bar in a terminal, else lines."""
    from rich.console import Console

    if options.json:
        return Events()
    console = Console(stderr=True)
    return Bar(console) if console.is_terminal else Plain()


def _finish(results: Sequence[Result], options: Options) -> Exit:
    """Write the rejected rows, the summary and the page; return the exit code."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=False)
    command = shlex.join(["sdir", *sys.argv[1:]])
    for result in results:
        if not options.dry_run:
            _write_rejected(result, options)
            _write_receipt(result, options)
        resumes = options.resumes(result.job)
        if options.json:
            tell(result, command, resumes=resumes, dry=options.dry_run)
        else:
            show(
                result,
                console,
                resumes=resumes,
                dry=options.dry_run,
                kind=options.operation,
            )
    continued = any(resumable(one, resumes=options.resumes(one.job)) for one in results)
    if continued and not options.json:
        told = unsaid("To continue, run the same command again; it sends nothing twice:")
        if any(one.report.in_doubt for one in results):
            told = unsaid(
                "To continue, run the same command again; it asks Sdir first and sends nothing"
                " twice:"
            )
        line = f"{say(told)}\n  {command}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    code = exit_of_all(results)
    if options.report is not None:
        code = gravest([code, _write_page(results, options)])
    return code


def _write_rejected(result: Result, options: Options) -> None:
    if not result.rejected:
        return
    beside = result.job.beside() or Path("standard-input")
    path = options.rejected or rejected_path(beside, result.job.reader)
    if options.rejected is None and result.has_the_same_rejected():
        result.rejected_file, result.uncorrected = beside, True
        return
    if result.journal and path.exists() and is_settled(path, [result.journal.history]):
        with contextlib.suppress(OSError):  # it stays, and the rows get another name
            path.unlink()
    try:
        written = write_rejected(result.rejected, result.job.reader, path)
    except Trouble as error:
        result.not_written = error
        return
    if written != path and (kept := result.file_with_rejected(path)):
        written.unlink()
        result.rejected_file, result.changed_file = kept, path if kept == path else None
        return
    result.changed_file = path if written != path else None
    result.rejected_file = written
    result.remember_rejected()


def _write_receipt(result: Result, options: Options) -> None:
    if options.receipt is None or not result.begun:
        return
    beside = result.job.beside() or Path("standard-input")
    path = receipt_path(beside, options.receipt)
    try:
        result.receipt = write_receipt(result, options.receipt, path)
    except Trouble as error:
        result.receipt_not_written = error


def _write_page(results: Sequence[Result], options: Options) -> Exit:
    from .page import write_page

    assert options.report is not None  # noqa: S101
    try:
        write_page(results, options, options.report)
    except Trouble as error:
        sys.stderr.write(f"sdir: {error}\n")
        return error.code
    return Exit.DONE
