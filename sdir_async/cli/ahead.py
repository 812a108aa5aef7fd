"""Looks at all inputs before anything is sent, and asks where only a person can decide."""

from __future__ import annotations

import datetime
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from ..privacy import mask
from .questions import require_yes
from .screen import emit, looking
from .spoken import spoken_lines
from .survey import Survey, survey
from .trouble import Trouble
from .words import say, some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .books import Book, Books
    from .codes import Codes
    from .job import Job, Reading
    from .options import Options
    from .sent.look import Left, Look

ORGANIZATION: Final = "organization-number"


@frozen
class Prepared:
    """An input that was looked at.

    Attributes:
        job: The input.
        book: Its journal, if it has one.
        survey: What was found in it, if it could be read twice.
        look: Which of its rows were sent before, if that is known.
        leaves: Whether an upload that was not finished is left behind.
    """

    job: Job
    book: Book | None
    survey: Survey | None = None
    look: Look | None = None
    leaves: bool = False


def look_ahead(
    jobs: Sequence[Job], how: Reading, options: Options, codes: Codes, books: Books
) -> list[Prepared]:
    """Read the inputs that can be read twice, and ask what the user may want to correct first.

    Raises:
        Trouble: The user does not want to continue, or nobody can be asked.
    """
    prepared = []
    for job in jobs:
        one = _looked_at(job, how, options, codes, books)
        if one.survey is not None:
            coded = codes.remarks(how.fields(), one.survey, job.notes.headings)
            for said in (*one.survey.remarks(), *coded):
                job.notes.say(said)
        _say_notes(job, options)
        prepared.append(_asked(one, options))
    return prepared


def _looked_at(job: Job, how: Reading, options: Options, codes: Codes, books: Books) -> Prepared:
    book = books.book_of(job)
    if job.path is None:
        return Prepared(job, book)
    fields = how.fields()
    collected = [*fields.of_format(ORGANIZATION), *codes.collected(fields)]
    with closing(again := job.again()), looking(again, quiet=options.json) as show:
        look = book.look(again) if book else None
        digest = book.journal.digest if book else None
        found = survey(again, Survey(fields, collected, show, digest=digest, sent=look))
    if book is not None:
        book.require_known(again)
    for said in again.notes:
        job.notes.say(said)
    job.learn_from(again)
    if book is not None and look is not None and found.is_whole:
        book.leave_out_corrected(job, look)
    return Prepared(job, book, found, look if found.is_whole else None)


def _say_notes(job: Job, options: Options) -> None:
    for said in job.notes.said:
        if options.json:
            emit("note", input=job.name, message=mask(said))
        else:
            sys.stderr.write(f"{job.name}: {said}\n")


def _asked(one: Prepared, options: Options) -> Prepared:
    """Ask about what could be lost or saved twice; without a terminal that ends the command.

    Raises:
        Trouble: The answer is no, or nobody can be asked.
    """
    left = one.look.left() if one.look else None
    asks = sys.stdin.isatty()
    for said, advice in _doubtful(one, left):
        if options.force:
            continue
        if not asks:
            raise Trouble("{name}: {said} {advice}", name=one.job.name, said=said, advice=advice)
        require_yes(f"{one.job.name}: {said} {say('Upload this file?')}")
    if asks and one.survey and one.survey.repeated():
        require_yes(say("Send these rows again?"))
    return evolve(one, leaves=left is not None)


def _doubtful(one: Prepared, left: Left | None) -> Iterator[tuple[str, str]]:
    """Yield what must be decided, and how to decide it without a terminal."""
    if left is not None:
        yield (
            _not_finished(left),
            say(
                "To finish it, run the command with {file} as it was then. To leave it unfinished"
                " and upload this file, add --force.",
                file=left.run.input,
            ),
        )
    if one.look and one.look.elsewhere:
        yield (
            say("Some of its rows were sent before, and would be saved twice."),
            say("Remove them from the file. To send them again, add --force."),
        )
    for said in _changed(one.look) if one.look else ():
        yield (
            said,
            say(
                "Restore those rows. An upload does not change what is saved: ask Sdir to correct"
                " it. To upload this file anyway, add --force."
            ),
        )


def _changed(look: Look) -> Iterator[str]:
    """Yield which rows have changed since they were accepted, or may have."""
    sure, unsure = look.changed()
    if sure:
        yield some(
            len(sure),
            "{lines} was accepted before and has changed since. It would be saved a second time.",
            "{lines} were accepted before and have changed since. They would be saved a second"
            " time.",
            lines=spoken_lines(sure),
        )
    if unsure:
        yield some(
            len(unsure),
            "{lines} is new, and accepted rows are missing. It may be a changed one of those, and"
            " would be saved a second time.",
            "{lines} are new, and accepted rows are missing. They may be those rows, changed, and"
            " would be saved a second time.",
            lines=spoken_lines(unsure),
        )


def _not_finished(left: Left) -> str:
    """Say what became of an unfinished upload. The input does not have its other rows."""
    run = left.run
    when = f"{datetime.datetime.fromtimestamp(run.time).astimezone():%Y-%m-%d %H:%M}"
    rest = 0 if run.count is None else run.count - left.accepted - left.in_doubt
    rows = [some(left.accepted, "{count:,} row was accepted", "{count:,} rows were accepted")]
    if left.in_doubt:
        rows.append(say("{count:,} may or may not be saved", count=left.in_doubt))
    if rest > 0:
        rows.append(say("{count:,} were rejected or not sent", count=rest))
    return say(
        "The upload of {file} on {when} was not finished, and this file does not continue it:"
        " {rows}.",
        file=run.input,
        when=when,
        rows=", ".join(rows),
    )
