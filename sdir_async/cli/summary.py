"""The summary of an upload: how it ended, the counts, what was rejected and why, what to do."""

from __future__ import annotations

from array import array
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from ..privacy import mask, mask_json, printable
from .receipt import saved_rows
from .result import exit_of
from .screen import emit
from .spoken import spoken_lines, spoken_ranges
from .trouble import Exit
from .words import recast, say, some, unsaid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from rich.console import Console

    from ..upload.report import UploadReport
    from .rejected import Rejected
    from .result import Result

_SHOWN = 8
STATES: Final = {
    "accepted": unsaid("accepted"),
    "rejected": unsaid("rejected"),
    "in_doubt": unsaid("in doubt"),
    "unsent": unsaid("unsent"),
}
_STYLES: Final = {
    "accepted": "green",
    "rejected": "red",
    "in_doubt": "yellow",
    "unsent": "yellow",
}
_RESUMED = (Exit.STOPPED, Exit.INTERRUPTED, Exit.IN_DOUBT)


def groups_of(rejected: Iterable[Rejected]) -> list[tuple[str, Sequence[int]]]:
    """Return the lines by the reason for which they were rejected, the most frequent first."""
    groups: defaultdict[str, array[int]] = defaultdict(lambda: array("q"))
    for row in rejected:
        for field, said in dict.fromkeys(row.reasons):
            groups[f"{field}: {said}" if field else said].append(row.line)
    return sorted(groups.items(), key=lambda group: -len(group[1]))


def show(
    result: Result, console: Console, *, resumes: bool, dry: bool, kind: str = "create"
) -> None:
    """Print what became of an input."""
    console.print(_counts(result, dry=dry), soft_wrap=True)
    if why := result.why_not_complete:
        console.print(Text(say("  Not complete: {why}", why=why), "yellow"), soft_wrap=True)
    for line in _remarks(result):
        said = f"  {mask(line, shown=2)}"
        console.print(said, markup=False, highlight=False, style="dim", soft_wrap=True)
    if result.rejected:
        console.print(_table(result))
    for line in what_to_do(result, resumes=resumes, dry=dry, kind=kind):
        console.print(printable(line), markup=False, highlight=False, soft_wrap=True)


def _counts(result: Result, *, dry: bool) -> Text:
    report = result.report
    counts = Text(f"{result.job.name}: ", "bold", no_wrap=False)
    if not result.begun:
        return counts.append(say("not begun"), "not bold yellow")
    for state, word in STATES.items():
        if (count := getattr(report, state)) or state == "accepted":
            shown = say("valid") if dry and state == "accepted" else say(word)
            said = say("{count:,} {word}", count=count, word=shown)
            counts.append(said, f"not bold {_STYLES[state]}").append("  ", "not bold")
    took = say("nothing was sent") if dry else took_of(report)
    return counts.append(took, "not bold dim")


def took_of(report: UploadReport) -> str:
    """Return how many requests an upload took, and how long."""
    return some(
        report.requests,
        "{count:,} request in {seconds:.1f} s",
        "{count:,} requests in {seconds:.1f} s",
        seconds=report.seconds,
    )


def earlier_of(result: Result) -> str:
    """Say how many records were accepted in an earlier run, `""` if none were."""
    if not result.earlier:
        return ""
    return some(
        result.earlier,
        "{count:,} of them was accepted in an earlier run and was not sent again.",
        "{count:,} of them were accepted in an earlier run and were not sent again.",
    )


def _remarks(result: Result) -> Iterator[str]:
    if said := earlier_of(result):
        yield said
    if result.job.skipped:
        yield some(
            len(result.job.skipped),
            "{count:,} row was corrected and accepted in an earlier run, and left out now.",
            "{count:,} rows were corrected and accepted in an earlier run, and left out now.",
        )
    if result.job.left_out:
        left_out = ", ".join(map(repr, result.job.left_out))
        yield say("These columns were not sent: {left_out}.", left_out=left_out)
    yield from result.job.notes
    warned = groups_of_warnings(result)
    for why, lines in warned[:_SHOWN]:
        yield say("Sent with a warning: {why} ({lines})", why=why, lines=spoken_lines(lines))


def groups_of_warnings(result: Result) -> list[tuple[str, list[int]]]:
    """Return the lines by the warnings about them, the most frequent warning first."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for notice in result.report.warnings:
        for reason in notice.reasons:
            groups[recast(str(reason))].append(result.job.lines[notice.index])
    return sorted(groups.items(), key=lambda group: -len(group[1]))


def _table(result: Result) -> Table:
    groups = groups_of(result.rejected)
    table = Table(
        say("rejected"), say("where"), say("why"), box=None, padding=(0, 2), header_style="dim"
    )
    table.columns[0].justify = "right"
    for why, lines in groups[:_SHOWN]:
        table.add_row(f"{len(lines):,}", spoken_lines(lines), Text(mask(why, shown=2)))
    if len(groups) > _SHOWN:
        table.add_row("", "", say("and {count:,} more reasons", count=len(groups) - _SHOWN))
    return table


def _when_all_is_well(result: Result, kind: str, *, dry: bool) -> str:
    if not result.report.accepted:
        return say("The input has no rows to send.")
    if dry and (result.report.warnings or any(result.job.notes)):
        return say(
            "First read the messages about this file: something in it may be wrong. If all is"
            " right, run the command without --dry-run."
        )
    if dry:
        return say("Every row can be sent: run the command without --dry-run.")
    if kind == "validate":
        return say("Every row is valid. Nothing was saved.")
    return say("Every row is saved. You are done.")


def what_to_do(
    result: Result, *, resumes: bool, dry: bool = False, kind: str = "create", most: int = 5
) -> Iterator[str]:
    """Yield what the user should know about an input, and at last what to do next."""
    report = result.report
    if result.receipt:
        yield say("The receipt is in {file}.", file=result.receipt)
    if lost := result.receipt_not_written:
        yield say("The receipt was not written: {why}", why=lost)
    if report.in_doubt:
        where = spoken_ranges(result.line_ranges(report.doubts), most)
        yield say("In doubt, {where}: these records may or may not be saved.", where=where)
    if not report.complete and result.begun:
        yield from _not_sent(result, most)
    if report.complete and not report.rejected:
        yield _when_all_is_well(result, kind, dry=dry)
    elif dry:
        yield say("Correct these rows in the file, and check it again.")
    else:
        yield from _when_not_all_is_well(result, resumes=resumes)


def _when_not_all_is_well(result: Result, *, resumes: bool) -> Iterator[str]:
    report = result.report
    begun_in_vain = result.begun and not (report.complete or report.accepted or report.in_doubt)
    if begun_in_vain and not resumable(result, resumes=resumes):
        yield say("Nothing was saved: correct it, and run the same command again.")
        return
    if file := result.rejected_file:
        yield _to_correct(file, result, resumes=resumes)
        if (changed := result.changed_file) and changed != file:
            yield say(
                "{file} was changed since it was written, and is kept. Upload it too, if you have"
                " not yet.",
                file=changed,
            )
    if result.not_written:
        yield say(
            "The rejected rows were not written: {not_written}", not_written=result.not_written
        )
        if resumes:
            yield say(
                "Free some space or choose a file with --rejected, and run the command again."
            )
    if report.in_doubt and not resumes:
        yield say("Check with `sdir list` before you send them again.")
    if not report.complete and not resumes and (report.accepted or report.in_doubt):
        yield say("This upload has no journal: the same command would send all of the input again.")


def _to_correct(file: Path, result: Result, *, resumes: bool) -> str:
    """Say what to do with the rejected rows; until the upload is finished they are refused."""
    if resumable(result, resumes=resumes):
        if result.report.ended == "rejected":
            return say("Correct the rejected rows in {file} itself.", file=result.job.name)
        return say(
            "Rows that were rejected so far are in {file}: finish the upload first.", file=file
        )
    if result.changed_file == file:
        return say(
            "{file} was changed since it was written. Upload it with the same options.", file=file
        )
    if result.uncorrected:
        return say(
            "No row of {file} was corrected. Correct the rows there, save the file, and upload it"
            " with the same options.",
            file=file,
        )
    return say("Correct the rows in {file} and upload that file with the same options.", file=file)


def _not_sent(result: Result, most: int) -> Iterator[str]:
    report = result.report
    read = report.accepted + report.rejected + report.in_doubt
    if report.unsent:
        where = spoken_ranges(result.line_ranges(report.remaining), most)
        yield say("Not sent: {where}, and any line after.", where=where)
    elif report.ended != "in_doubt":
        yield (
            say("Not sent: any line after line {lines}.", lines=result.job.lines[read - 1])
            if read
            else say("Nothing was sent.")
        )


def resumable(result: Result, *, resumes: bool) -> bool:
    """Return whether the same command can continue this input where it ended."""
    return resumes and not result.is_hopeless and exit_of(result) in _RESUMED


def tell(result: Result, command: str, *, resumes: bool, dry: bool = False) -> None:
    """Write the events at the end of an input."""
    report = result.report
    for row in result.rejected:
        why = [{"field": field, "message": said} for field, said in row.reasons]
        emit("rejected", input=result.job.name, line=row.line, reasons=mask_json(why))
    for said, lines in groups_of_warnings(result):
        emit("warning", input=result.job.name, message=mask(said), lines=lines)
    for note in result.job.notes:
        emit("note", input=result.job.name, message=mask(note))
    if result.error is not None:
        kind = type(result.error).__name__
        emit("error", input=result.job.name, kind=kind, message=result.said)
    if result.not_written:
        message = say(
            "The rejected rows were not written: {not_written}", not_written=result.not_written
        )
        emit("error", input=result.job.name, kind="NotWritten", message=message)
    if lost := result.receipt_not_written:
        message = say("The receipt was not written: {why}", why=lost)
        emit("error", input=result.job.name, kind="NotWritten", message=message)
    for rows in () if dry else saved_rows(result):
        emit("saved", input=result.job.name, rows=rows)
    emit(
        "end",
        input=result.job.name,
        begun=result.begun,
        ended=report.ended,
        complete=report.complete,
        saves=not dry and not result.job.is_only_checked,
        accepted=report.accepted,
        rejected=report.rejected,
        in_doubt=report.in_doubt,
        unsent=report.unsent,
        earlier=result.earlier,
        doubts=result.line_ranges(report.doubts),
        remaining=result.line_ranges(report.remaining),
        requests=report.requests,
        seconds=round(report.seconds, 3),
        rejected_file=str(result.rejected_file) if result.rejected_file else None,
        receipt=str(result.receipt) if result.receipt else None,
        resume=command if resumable(result, resumes=resumes) else None,
        exit=int(exit_of(result)),
    )
