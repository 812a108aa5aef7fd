"""One input on its way to be uploaded: opened, and its columns matched, before anything is sent."""

from __future__ import annotations

from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING

from attrs import define, evolve, field, frozen

from ..privacy import printable
from .columns import (
    advice_on,
    complaint_of,
    find_field,
    judge,
    line_heading,
    match_columns,
)
from .fields import Fields, read_fields
from .inputs import (
    Delimited,
    JsonArray,
    JsonLines,
    Parquet,
    Sheet,
    Wanted,
    called,
    open_readers,
    open_source,
    reading,
)
from .inputs.tabular import tidy
from .objects import ObjectMapper, from_objects
from .records import Lines, Notes
from .refusal import Hints
from .tables import ReadColumn, from_table
from .trouble import Trouble
from .values import Cells
from .words import listed, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ..description import Description
    from .inputs import Objects, Reader, Table
    from .inputs.source import Source
    from .records import Row


@frozen
class Reading:
    """How inputs are to be read.

    Attributes:
        version: What the records are for.
        kind: What to do with them: `create`, `update` or `validate`.
        mapping: The field of each column whose name does not say it.
        skip_unknown: Whether columns that match no field are left out.
        wanted: Which rows of an input, and how its text is read.
        hints: What was said of the columns: what separates decimals, which part of a date is first.
    """

    version: Description
    kind: str
    mapping: Mapping[str, str]
    skip_unknown: bool = False
    wanted: Wanted = field(factory=Wanted)
    hints: Hints = field(factory=Hints)

    def fields(self) -> Fields:
        """Return the fields of the records."""
        return read_fields(self.version.batches[self.kind].schema)


@frozen
class Corrected:
    """A row that was rejected in an earlier run, and a correction of which was accepted.

    Attributes:
        line: Where it stands.
        uid: The identifier that Sdir gave the correction, if that is known.
        time: When Sdir answered, in seconds since the epoch.
    """

    line: int
    uid: str | None
    time: float | None


@define
class Job:
    """An opened input, or a sheet of one.

    Attributes:
        name: What to call it.
        part: Which sheet of the file it is, where several are uploaded.
        reader: What reads it.
        left_out: The headings of columns that are not sent.
        notes: What was done to values on the way.
        lines: Which line each record comes from.
        columns: What reads the columns of a table.
        skips: Returns a row that is not to be sent, with what became of its correction.
        skipped: Those that were met.
    """

    name: str
    part: str
    source: Source
    reader: Reader
    left_out: tuple[str, ...]
    notes: Notes
    lines: Lines
    columns: Sequence[ReadColumn]
    _records: Iterator[tuple[int, Row | bytes]] = field(repr=False)
    _how: Reading = field(repr=False)
    _read: int = 0
    skips: Callable[[int, Row | bytes], Corrected | None] = lambda *_: None
    skipped: list[Corrected] = field(factory=list)

    @property
    def path(self) -> Path | None:
        """The file, if it is one."""
        return self.source.path

    @property
    def is_only_checked(self) -> bool:
        """Whether its records are validated and not saved."""
        return self._how.kind == "validate"

    def again(self) -> Job:
        """Open the input once more, to read it from its beginning."""
        sheet = self.reader.name if isinstance(self.reader, Sheet) else self._how.wanted.sheet
        how = evolve(self._how, wanted=evolve(self._how.wanted, sheet=sheet))
        (job,) = open_jobs(self.source.name, how, self.source.again())
        return job

    def learn_from(self, other: Job) -> None:
        """Read each column by the rule that was found when all of the input was read before."""
        for own, its in zip(self.columns, other.columns, strict=True):
            own.cells.learn_from(its.cells)

    def beside(self) -> Path | None:
        """Return where the files of this input stand and what they begin with, if it is a file."""
        path = self.source.path
        return path and (path.with_name(_with_part(path.name, self.part)) if self.part else path)

    def numbered(self) -> Iterator[tuple[int, Row | bytes]]:
        """Yield its records, once, each with the line where it stands."""
        for line, record in self._records:
            if corrected := self.skips(line, record):
                self.skipped.append(corrected)
                continue
            self.lines.add(self._read, line)
            self._read += 1
            yield line, record

    def __iter__(self) -> Iterator[Row | bytes]:
        """Yield its records, once."""
        for _, record in self.numbered():
            yield record

    def close(self) -> None:
        """Close the file."""
        self.source.close()


def _with_part(name: str, part: str) -> str:
    """Return the name of a file with the name of a sheet in it, valid as a file name."""
    plain = "".join(one if one.isalnum() or one in "-_ " else "_" for one in part)
    stem, dot, ending = name.rpartition(".")
    return f"{stem}.{plain}.{ending}" if dot else f"{name}.{plain}"


def open_jobs(name: str, how: Reading, source: Source | None = None) -> list[Job]:
    """Open an input: it is one job, or one for each sheet that is wanted.

    Raises:
        Trouble: It can't be read, a column matches no field, or a column is missing.
    """
    source = source or open_source(name)
    fields = how.fields()
    wanted = evolve(how.wanted, judge=judge(fields, how.mapping))
    try:
        readers = open_readers(source, wanted)
        several = len(readers) > 1 or how.wanted.sheet is not None
        return [_job(name, source, one, how, fields, several=several) for one in readers]
    except BaseException:
        source.close()
        raise


def _job(
    name: str, source: Source, reader: Reader, how: Reading, fields: Fields, *, several: bool
) -> Job:
    notes = Notes()
    left_out: tuple[str, ...] = ()
    columns: Sequence[ReadColumn] = ()
    shown = called(name)
    part = reader.name if isinstance(reader, Sheet) and several else ""
    if isinstance(reader, JsonLines | JsonArray):
        records = _objects(name, reader, how, fields, notes)
    else:
        columns, left_out = _columns(source, reader, how, fields, notes)
        records = from_table(reader, columns, notes, source.name)
    shown = say("{shown}, sheet {part!r}", shown=shown, part=part) if part else shown
    return Job(
        printable(shown), part, source, reader, left_out, notes, Lines(), columns, records, how
    )


def _columns(
    source: Source, table: Table, how: Reading, fields: Fields, notes: Notes
) -> tuple[list[ReadColumn], tuple[str, ...]]:
    """Return what reads the columns of a table, and the headings of those that are not sent."""
    matching = match_columns(table.headings, fields, how.mapping, skip_unknown=how.skip_unknown)
    if matching.problems:
        raise Trouble(f"{called(source.name)}: {' '.join(matching.problems)}")
    hints = how.hints
    if isinstance(table, Sheet):
        hints = evolve(hints, by_excel=True, epoch=table.epoch)
    columns = [
        ReadColumn.of(one, Cells(one.field, hints, _column(source, table, how, one.at)))
        for one in matching.columns
    ]
    notes.marked = line_heading(table.headings)
    notes.headings = {one.field.name: one.heading for one in matching.columns}
    for said in _remarks(table, how):
        notes.say(said)
    return columns, matching.left_out


def _remarks(table: Table, how: Reading) -> Iterator[str]:
    """Report what the user may not know about a table, before it is sent."""
    if isinstance(table, Sheet) and table.hidden_rows:
        more = len(table.hidden_rows) - _SHOWN
        rows = ", ".join(map(str, sorted(table.hidden_rows)[:_SHOWN]))
        rows += say(" and {count:,} more", count=more) if more > 0 else ""
        if how.wanted.only_visible:
            yield say(
                "Hidden rows of sheet {name!r} are not sent: {rows}.", name=table.name, rows=rows
            )
        else:
            yield say(
                "Hidden rows of sheet {name!r} are sent too: {rows}; leave them out with"
                " --visible-rows.",
                name=table.name,
                rows=rows,
            )
    if isinstance(table, Sheet) and (hidden := _hidden_headings(table)):
        yield say(
            "Hidden columns of sheet {name!r} are sent too: {columns}.",
            name=table.name,
            columns=", ".join(hidden),
        )
    if isinstance(table, Sheet) and not table.tells_hidden:
        yield say("Hidden rows can't be detected in this kind of workbook: all rows are sent.")
    is_told = isinstance(table, Parquet) or how.wanted.header_row is not None
    if not is_told and table.heading_row > 1 + table.above:
        yield say(
            "The headings are in row {heading_row}; the rows above are not sent.",
            heading_row=table.heading_row,
        )


_SHOWN = 5


def _hidden_headings(sheet: Sheet) -> list[str]:
    return [
        tidy(heading)
        for at, heading in enumerate(sheet.headings)
        if heading and any(at in one for one in sheet.hidden_columns)
    ]


def _column(
    source: Source, table: Table, how: Reading, at: int
) -> Callable[[], Iterable[object]] | None:
    """Return what reads all values of a column once more, `None` if the input is read only once."""
    if source.path is None:
        return None

    def read() -> Iterator[object]:
        again = source.again()
        assert again is not None  # noqa: S101
        sheet = table.name if isinstance(table, Sheet) else None
        wanted = evolve(how.wanted, judge=lambda found: (found == table.headings, 0), sheet=sheet)
        with closing(again):
            (reader,) = open_readers(again, wanted)
            assert isinstance(reader, Delimited | Sheet | Parquet)  # noqa: S101
            yield from (cells[at] for _, cells in reader.rows() if at < len(cells))

    return read


def _objects(
    name: str, reader: Objects, how: Reading, fields: Fields, notes: Notes
) -> Iterator[tuple[int, Row | bytes]]:
    """Return the records of objects, after a look at the names in the first one."""
    mapping = dict(how.mapping)
    for meant in filter(None, mapping.values()):
        if len(found := find_field(meant, fields)) != 1:
            complaint = complaint_of(meant, found, fields)
            raise Trouble("--map: {meant!r} {complaint}", meant=meant, complaint=complaint)
    objects = reader.objects()
    with reading(name):
        first = next(objects, None)
    if first is None:
        return iter(())
    mapper = ObjectMapper(fields, mapping, notes, how.hints, skip_unknown=how.skip_unknown)
    if not mapping.keys().isdisjoint(twice := mapper.twice(first[1])):
        raise Trouble(
            "{name}: {names} are the same field.",
            name=called(name),
            names=listed(map(repr, twice)),
        )
    unknown = mapper.unknown(first[1])
    if unknown and not how.skip_unknown:
        complaint = complaint_of(unknown[0], (), fields)
        raise Trouble(f"{called(name)}: {unknown[0]!r} {complaint} {advice_on(unknown[0])}")
    return from_objects(chain([first], objects), mapper, name)
