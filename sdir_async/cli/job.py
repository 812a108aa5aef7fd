"""One input on its way to be uploaded: opened, and its columns matched, before anything is sent."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from .columns import advice_on, complaint_of, find_field, match_columns
from .fields import Fields, read_fields
from .inputs import JsonArray, JsonLines, Workbook, called, open_reader, open_source, reading
from .records import Lines, Notes, ObjectMapper, Row, from_objects, from_table
from .trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ..description import Description
    from .inputs import Objects, Reader, Table
    from .inputs.source import Source


@frozen
class Reading:
    """How inputs are to be read.

    Attributes:
        version: What the records are for.
        kind: What is to be done with them: `create`, `update` or `validate`.
        mapping: Which column is which field, where the names don't say it.
        skip_unknown: Whether columns that are no field are left out.
        sheet: Which sheet of a workbook; `None` takes the first that holds something.
    """

    version: Description
    kind: str
    mapping: Mapping[str, str]
    skip_unknown: bool = False
    sheet: str | None = None

    def fields(self) -> Fields:
        """Return the fields of the records."""
        return read_fields(self.version.batches[self.kind].schema)


@define
class Job:
    """An opened input.

    Attributes:
        name: What to call it.
        reader: What reads it.
        left_out: The headings of columns that are not sent.
        notes: What was done to values on the way.
        lines: Which line each record comes from.
    """

    name: str
    source: Source
    reader: Reader
    left_out: tuple[str, ...]
    notes: Notes
    lines: Lines
    _records: Iterator[tuple[int, Row | bytes]] = field(repr=False)
    _read: int = 0

    @property
    def path(self) -> Path | None:
        """The file, if it is one."""
        return self.source.path

    def __iter__(self) -> Iterator[Row | bytes]:
        """Yield its records, once."""
        for line, record in self._records:
            self.lines.add(self._read, line)
            self._read += 1
            yield record

    def close(self) -> None:
        """Close the file."""
        self.source.close()


def open_job(name: str, how: Reading) -> Job:
    """Open an input.

    Raises:
        Trouble: It can't be read, or a column of it is no field, or one is missing.
    """
    source = open_source(name)
    try:
        return _opened(name, source, how)
    except BaseException:
        source.close()
        raise


def _opened(name: str, source: Source, how: Reading) -> Job:
    reader = open_reader(source, how.sheet)
    notes = Notes()
    if isinstance(reader, JsonLines | JsonArray):
        left_out: tuple[str, ...] = ()
        records = _objects(name, reader, how, notes)
    else:
        records, left_out = _table(name, reader, how, notes)
    return Job(called(name), source, reader, left_out, notes, Lines(), records)


def _table(
    name: str, table: Table, how: Reading, notes: Notes
) -> tuple[Iterator[tuple[int, Row | bytes]], tuple[str, ...]]:
    fields = how.fields()
    matching = match_columns(table.headings, fields, how.mapping, skip_unknown=how.skip_unknown)
    if matching.problems:
        raise Trouble(f"{called(name)}: {' '.join(matching.problems)}")
    if isinstance(table, Workbook) and (others := table.others()):
        also = ", ".join(map(repr, others))
        notes.say(f"Only the sheet {table.sheet!r} is read; {also} has such columns too: --sheet.")
    return from_table(table, matching, notes, name), matching.left_out


def _objects(
    name: str, reader: Objects, how: Reading, notes: Notes
) -> Iterator[tuple[int, Row | bytes]]:
    """Return the records of objects, after a look at the names in the first one."""
    fields, mapping = how.fields(), dict(how.mapping)
    for meant in filter(None, mapping.values()):
        if len(found := find_field(meant, fields)) != 1:
            raise Trouble(f"--map: {meant!r} {complaint_of(meant, found, fields)}")
    objects = reader.objects()
    with reading(name):
        first = next(objects, None)
    if first is None:
        return iter(())
    mapper = ObjectMapper(fields, mapping, notes)
    if twice := mapper.twice(first[1]):
        raise Trouble(f"{called(name)}: {' and '.join(map(repr, twice))} are the same field.")
    unknown = mapper.unknown(first[1])
    if unknown and not how.skip_unknown:
        complaint = complaint_of(unknown[0], (), fields)
        raise Trouble(f"{called(name)}: {unknown[0]!r} {complaint} {advice_on(unknown[0])}")
    mapping |= dict.fromkeys(unknown, "")
    return from_objects(chain([first], objects), ObjectMapper(fields, mapping, notes), name)
