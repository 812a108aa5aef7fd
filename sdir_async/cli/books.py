"""The journals of a command: opened before a look at its inputs, closed at the end."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import orjson
from attrs import Factory, define, field, frozen

from ..errors import JournalError
from ..privacy import printable
from ..upload.journal.sqlite import SqliteStore
from .columns import LINE, OURS, line_heading, ours_in_each_language
from .inputs import JsonArray, JsonLines
from .job import Corrected
from .records import Row
from .screen import RUN
from .sent import RowJournal, Run
from .sent.beside import Elsewhere, journals_beside
from .sent.look import Look
from .trouble import Trouble
from .words import listed, recast, say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from .inputs import Reader
    from .job import Job, Reading
    from .sent.beside import Beside
    from .settings import Target

_ENDING: Final = ".journal"
_SHOWN: Final = 5


@frozen
class Book:
    """The journal of an input.

    Attributes:
        journal: What was sent from the input, and under its name.
        elsewhere: What was sent from the files beside it.
        name: What the file is called.
        written: The files of rejected rows that uploads from the same folder wrote; `None` where
            that is not known.
    """

    journal: RowJournal
    elsewhere: Elsewhere
    name: str
    written: frozenset[str] | None = None

    def look(self, job: Job) -> Look:
        """Return what looks at an input beside what was sent."""
        return Look(
            self.journal, self.elsewhere, self._old_row(job) if self._has_rejected else None
        )

    def require_known(self, job: Job) -> None:
        """Refuse rejected rows under a name that no upload gave to a file.

        Nobody could tell which rows they correct: another correction would be saved, too.

        Raises:
            Trouble: Its columns show that the file is a copy.
        """
        heading = job.notes.marked
        if heading and self.written is not None and self.name not in self.written:
            raise Trouble(
                "{name}: has {column!r}, as a file of rejected rows, but no upload from this folder"
                " wrote a file of this name. If it is a copy of one, save it under that one's"
                " name{names}. If its rows are new, delete what begins with {ours!r}.",
                name=job.name,
                column=heading,
                names=f" ({listed(sorted(self.written)[:_SHOWN])})" if self.written else "",
                ours=OURS,
            )

    def leave_out_corrected(self, job: Job, look: Look) -> None:
        """Leave out of an input those of its rejected rows that were corrected and are saved."""
        history = self.journal.history
        if corrected := look.of_this(history.corrected()):
            left: defaultdict[bytes, list[int]] = defaultdict(list)
            for digest, number in zip(history.known.digests(corrected), corrected, strict=True):
                left[digest].append(number)
            job.skips = _Skips(self.journal, dict(left))

    async def begins(self, job: Job, look: Look | None, *, leaves: bool) -> None:
        """Say that the upload of this input begins now."""
        count, mark = (look.count, look.mark) if look else (None, "")
        run = Run(RUN, time.time(), self.name, count, mark, leaves)
        old = self._stands_for(job, look)
        await self.journal.begins(run, old, is_sure=self._has_rejected)

    def _stands_for(self, job: Job, look: Look | None) -> Callable[[int, Any], int | None] | None:
        if self._has_rejected:
            old = self._old_row(job)
            return lambda _, record: old(record)
        if look is not None and (known := look.replaces()):
            return lambda index, _: known.get(job.lines[index])
        return None

    @property
    def _has_rejected(self) -> bool:
        """Whether the input is a file of rejected rows."""
        return self.name in self.journal.history.rejected_files

    def _old_row(self, job: Job) -> Callable[[Any], int | None]:
        line_of = line_reader(job.reader)
        history = self.journal.history
        return lambda record: (
            None if (line := line_of(record)) is None else history.row_at(self.name, line)
        )


@define
class _Skips:
    """Leaves out corrected rows: of equal rows, as many as were corrected."""

    _journal: RowJournal
    _left: dict[bytes, list[int]]

    def __call__(self, line: int, record: Row | bytes) -> Corrected | None:
        if not (numbers := self._left.get(self._journal.digest(record))):
            return None
        saved = self._journal.history.known.row(self._journal.history.saved_as(numbers.pop()))
        return Corrected(line, saved.uid, saved.time)


def line_reader(reader: Reader) -> Callable[[Any], int | None]:
    """Return a function that reads from which line of its input a rejected row came."""
    if isinstance(reader, JsonLines | JsonArray):
        return _line_in_object
    heading = line_heading(reader.headings)
    if heading is None:
        return lambda _: None
    place = reader.headings.index(heading)

    def read(record: Row | Sequence[object]) -> int | None:
        cells = record.cells if isinstance(record, Row) else record
        return _number(cells[place]) if place < len(cells) else None

    return read


def _line_in_object(record: Row | bytes) -> int | None:
    body = record.cells if isinstance(record, Row) else record
    with suppress(orjson.JSONDecodeError, AttributeError):
        value = orjson.loads(body)  # type: ignore[arg-type]
        names = ours_in_each_language(LINE)
        return next((_number(value[one]) for one in names if one in value), None)
    return None


def _number(value: object) -> int | None:
    with suppress(ValueError, TypeError):
        return int(float(str(value)))
    return None


@define
class Books:
    """The journals of the inputs of a command. Inputs can share one."""

    _how: Reading
    _target: Target
    _given: Path | None
    _wanted: bool
    _open: dict[Path, RowJournal] = Factory(dict)
    _elsewhere: list[Elsewhere] = field(factory=list)

    def book_of(self, job: Job) -> Book | None:
        """Open the journal of an input, if it has one.

        Raises:
            Trouble: It is in use, can't be used, or belongs to another upload.
        """
        path = self._given or self._path_beside(job)
        if path is None:
            return None
        beside = list(self._beside(path)) if self._given is None else []
        if self._given is None:
            path = _shared(path, job, beside)
        elsewhere = Elsewhere()
        self._elsewhere.append(elsewhere)
        for other in beside:
            if other.path != path:
                elsewhere.add(other, printable(other.path.name.removesuffix(self._suffix)))
        salt = beside[-1].salt if beside else b""
        place = job.beside()
        name = printable(place.name) if place else job.name
        written = frozenset(name for one in beside for name in one.history.rejected_files)
        known = written if self._given is None else None
        return Book(self._opened(path, salt), elsewhere, name, known)

    def _path_beside(self, job: Job) -> Path | None:
        place = job.beside()
        if not self._wanted or place is None or self._how.kind == "validate":
            return None
        return place.with_name(f"{place.name}{self._suffix}")

    @property
    def _suffix(self) -> str:
        version, kind = self._how.version, self._how.kind
        return f".{version.api}-{version.version}-{kind}-{self._target.label}{_ENDING}"

    def _beside(self, path: Path) -> list[Beside]:
        return list(journals_beside(path.parent, f"*{self._suffix}"))

    def _opened(self, path: Path, salt: bytes) -> RowJournal:
        place = path.absolute()
        if place not in self._open:
            version, kind = self._how.version, self._how.kind
            upload = {
                "api": version.api,
                "version": version.version,
                "operation": kind,
                "where": self._target.where,
                "kept": "by content",
            }
            journal = RowJournal(
                lambda: SqliteStore(place, upload, salt), twice_is_once=kind == "update"
            )
            try:
                asyncio.run(journal.open())
            except JournalError as error:
                raise Trouble(str(error)) from None
            self._open[place] = journal
        return self._open[place]

    def close(self) -> None:
        """Close all of them, and report what could not be saved."""
        for journal in self._open.values():
            try:
                asyncio.run(journal.close())
            except JournalError as error:
                sys.stderr.write(say("sdir: {said}\n", said=recast(str(error))))
        for elsewhere in self._elsewhere:
            elsewhere.close()


def _shared(path: Path, job: Job, beside: list[Beside]) -> Path:
    """Return the journal of an input. A file of rejected rows shares that of its input."""
    place = job.beside()
    name = printable(place.name) if place else ""
    named = (one.path for one in reversed(beside) if name in one.history.rejected_files)
    return next(named, path)
