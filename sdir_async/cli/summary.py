"""What is said at the end of an upload: the counts, what was rejected and why, and what to do."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from ..errors import JournalMismatch
from ..privacy import mask, mask_json, printable
from .screen import emit
from .send import exit_of
from .stop import Stopped
from .trouble import Exit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console

    from .rejected import Rejected
    from .send import Result

_SHOWN = 8
_RESUMED = (Exit.STOPPED, Exit.INTERRUPTED, Exit.IN_DOUBT)


def groups_of(rejected: Iterable[Rejected]) -> list[tuple[str, list[int]]]:
    """Return the lines by the reasons they were rejected for, the most frequent reason first."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for row in rejected:
        for field, said in dict.fromkeys(row.reasons):
            groups[f"{field}: {said}" if field else said].append(row.line)
    return sorted(groups.items(), key=lambda group: -len(group[1]))


def spoken_lines(lines: Sequence[int], most: int = 3) -> str:
    """Return some lines as a person says them: `line 3`, `lines 3, 4, 7 and 9 more`."""
    first = ", ".join(map(str, lines[:most]))
    more = f" and {len(lines) - most:,} more" if len(lines) > most else ""
    return f"line{'s' if len(lines) > 1 else ''} {first}{more}"


def spoken_ranges(ranges: Sequence[tuple[int, int]], most: int = 5) -> str:
    """Return ranges of lines as a person says them."""
    shown = [f"{first} to {last}" if last > first else str(first) for first, last in ranges[:most]]
    more = f" and {len(ranges) - most:,} more ranges" if len(ranges) > most else ""
    one = len(ranges) == 1 and ranges[0][0] == ranges[0][1]
    return f"line{'' if one else 's'} {', '.join(shown)}{more}"


def show(result: Result, console: Console, command: str, *, resumes: bool, dry: bool) -> None:
    """Print what became of an input."""
    report = result.report
    counts = Text(f"{result.job.name}: ", "bold", no_wrap=False)
    for count, word, style in (
        (report.accepted, "good" if dry else "accepted", "green"),
        (report.rejected, "rejected", "red"),
        (report.in_doubt, "in doubt", "yellow"),
        (report.unsent, "unsent", "yellow"),
    ):
        if count or style == "green":
            counts.append(f"{count:,} {word}", f"not bold {style}").append("  ", "not bold")
    plural = "" if report.requests == 1 else "s"
    took = f"{report.requests:,} request{plural} in {report.seconds:.1f} s"
    if dry:
        took = "nothing was sent"
    counts.append(took, "not bold dim")
    console.print(counts, soft_wrap=True)
    for line in _remarks(result):
        console.print(
            f"  {mask(line, shown=2)}", markup=False, highlight=False, style="dim", soft_wrap=True
        )
    if result.rejected:
        console.print(_table(result))
    for line in what_to_do(result, command, resumes=resumes):
        console.print(printable(line), markup=False, highlight=False, soft_wrap=True)


def _remarks(result: Result) -> Iterator[str]:
    if result.earlier:
        yield f"{result.earlier:,} of them were accepted in an earlier run, and not sent again."
    if result.job.left_out:
        yield f"Not sent: the columns {', '.join(map(repr, result.job.left_out))}."
    yield from result.job.notes
    warned = groups_of_warnings(result)
    for why, lines in warned[:_SHOWN]:
        yield f"Sent all the same: {why} ({spoken_lines(lines)})"


def groups_of_warnings(result: Result) -> list[tuple[str, list[int]]]:
    """Return the lines by what looks wrong in them and was sent all the same."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for notice in result.report.warnings:
        for reason in notice.reasons:
            groups[str(reason)].append(result.job.lines[notice.index])
    return sorted(groups.items(), key=lambda group: -len(group[1]))


def _table(result: Result) -> Table:
    groups = groups_of(result.rejected)
    table = Table("rejected", "where", "why", box=None, padding=(0, 2), header_style="dim")
    table.columns[0].justify = "right"
    for why, lines in groups[:_SHOWN]:
        table.add_row(f"{len(lines):,}", spoken_lines(lines), Text(mask(why, shown=2)))
    if len(groups) > _SHOWN:
        table.add_row("", "", f"and {len(groups) - _SHOWN:,} more reasons")
    return table


def what_to_do(result: Result, command: str, *, resumes: bool) -> Iterator[str]:
    """Say what the person should do now."""
    report = result.report
    if result.error is not None and not isinstance(result.error, Stopped):
        yield f"It ended early: {result.said}"
    if result.rejected_file:
        yield f"Correct the rows in {result.rejected_file} and upload that file in the same way."
    if result.not_written:
        yield f"The rejected rows are not written down: {result.not_written}"
        if resumes:
            yield "Make room, or name a file with --rejected, and run the same command again."
    if report.in_doubt:
        where = spoken_ranges(result.line_ranges(report.doubts))
        how = "run the same command again: Sdir is asked first" if resumes else "`sdir list` asks"
        yield f"In doubt, that is saved or not: {where}. Don't send them again on a guess; {how}."
    if report.unsent:
        yield f"Not sent: {spoken_ranges(result.line_ranges(report.remaining))}, and what follows."
    elif result.error is not None and (read := report.accepted + report.rejected + report.in_doubt):
        yield f"Not sent: what follows line {result.job.lines[read - 1]}."
    if isinstance(result.error, JournalMismatch):
        yield (
            "Rows are corrected in the file of rejected rows, and that file is uploaded: what the"
            " journal knows as sent must stay as it is."
        )
    elif resumes and exit_of(result) in _RESUMED:
        yield f"To go on, nothing being sent twice:\n  {command}"


def tell(result: Result, command: str, *, resumes: bool) -> None:
    """Write the events of the end of an input."""
    report = result.report
    for row in result.rejected:
        why = [{"field": field, "message": said} for field, said in row.reasons]
        emit("rejected", input=result.job.name, line=row.line, reasons=mask_json(why))
    for said, lines in groups_of_warnings(result):
        emit("warning", input=result.job.name, message=mask(said), lines=lines)
    for note in result.job.notes:
        emit("note", input=result.job.name, message=mask(note))
    if result.error is not None:
        stopped = isinstance(result.error, Stopped)
        message = "stopped" if stopped else result.said
        kind = type(result.error).__name__
        emit("error", input=result.job.name, kind=kind, message=message)
    if result.not_written:
        message = f"The rejected rows are not written down: {result.not_written}"
        emit("error", input=result.job.name, kind="NotWritten", message=message)
    emit(
        "end",
        input=result.job.name,
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
        resume=command if resumes and exit_of(result) in _RESUMED else None,
        exit=int(exit_of(result)),
    )
