"""From rows and objects to records: each knows the line it comes from, for the report."""

from __future__ import annotations

import datetime
import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson
from attrs import Factory, define, frozen

from ..privacy import mask
from .columns import EXAMPLE, OURS, Column, complaint_of, find_field
from .examples import example_of
from .identifiers import PERSON
from .inputs import Delimited, reading
from .refusal import Hints, Refused
from .values import NOTHING, Cells, is_empty
from .words import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .fields import Field, Fields
    from .inputs import Table

_SHOWN = 60
_KEPT: Final = 16_384
_TELLING = 4
"""More digits than these tell something of a person."""


class Row(dict[str, Any]):
    """A record that was made of a row or of an object.

    Attributes:
        line: Where it stands in the input.
        cells: What stood there: the cells of the row, or the bytes of the object.
        columns: Which columns the cells are in; none for an object.
        refusals: Which values were not understood; such a record is not sent.
    """

    __slots__ = ("cells", "columns", "line", "refusals")

    def __init__(
        self, line: int, cells: Sequence[object] | bytes, columns: Sequence[Column] = ()
    ) -> None:
        self.line = line
        self.cells = cells
        self.columns = columns
        self.refusals: tuple[Refusal, ...] = ()

    def refuse(self, refusal: Refusal) -> None:
        """Keep the record from being sent, and say why."""
        self.refusals += (refusal,)
        self[OURS] = _UNSENDABLE


@frozen
class Refusal:
    """Why a value was not understood.

    Attributes:
        name: The heading of its column, or its name in an object; `""` where it is the whole row.
        why: What is wrong with it, and how to write it.
        value: The value, person numbers starred out.
        at: The place of its column; -1 where it is in none.
    """

    name: str
    why: str
    value: str = ""
    at: int = -1


_UNSENDABLE = object()
"""Stands in a record that is not to be sent: it can't be written as JSON."""


@define
class Notes:
    """What was done to values on the way, and is worth saying: how often, and where first.

    Attributes:
        headings: What the user calls a field, by its name.
    """

    headings: dict[str, str] = Factory(dict)
    said: list[str] = Factory(list)
    counts: dict[tuple[str, str], int] = Factory(dict)
    first: dict[tuple[str, str], int] = Factory(dict)

    def say(self, text: str) -> None:
        """Note what is about no value, once."""
        if text not in self.said:
            self.said.append(text)

    def add(self, field: str, note: str, line: int) -> None:
        """Count a note."""
        self.counts[field, note] = self.counts.get((field, note), 0) + 1
        self.first.setdefault((field, note), line)

    def __iter__(self) -> Iterator[str]:
        yield from self.said
        for (name, note), count in self.counts.items():
            first = self.first[name, note]
            where = (
                say("line {first}", first=first)
                if count == 1
                else say("{count:,} lines, the first is {first}", count=count, first=first)
            )
            yield f"{name}: {note} ({where})."


class Lines:
    """Which line each record comes from: a sparse list, since most follow one another."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._shifts: list[int] = []

    def add(self, index: int, line: int) -> None:
        """Enter the next record."""
        if not self._shifts or self._shifts[-1] != line - index:
            self._starts.append(index)
            self._shifts.append(line - index)

    def __getitem__(self, index: int) -> int:
        at = bisect_right(self._starts, index) - 1
        return index + self._shifts[at] if at >= 0 else index + 1


def from_table(
    table: Table, columns: Sequence[ReadColumn], notes: Notes, name: str
) -> Iterator[tuple[int, Row]]:
    """Yield a record for each row of a table."""
    width = len(table.headings)
    nameless = [at for at, heading in enumerate(table.headings) if not heading.strip()]
    said = tuple(one.column for one in columns)
    marks = [at for at, one in enumerate(table.headings) if one.casefold().startswith(EXAMPLE)]
    shows = isinstance(table, Delimited)
    with reading(name):
        for line, cells in table.rows():
            row = Row(line, cells, said)
            if shows and table.guessed:  # type: ignore[union-attr]
                shows = not _show_charset(table, line, cells, notes)
            fill(row, cells, columns, notes)
            if marks and any(at < len(cells) and not is_empty(cells[at]) for at in marks):
                if _is_example(row, columns):
                    notes.say(say("The example in row {line} is not sent.", line=line))
                    continue
                said_ = say(
                    "The row is marked as an example: empty its cell below {heading!r}.",
                    heading=table.headings[marks[0]],
                )
                row.refuse(Refusal("", said_))
            for at in nameless:
                if at < len(cells) and not is_empty(cells[at]):
                    notes.add(
                        say("Column {at}", at=at + 1),
                        say("it has no heading, and is not sent"),
                        line,
                    )
            if len(cells) > width and not all(map(is_empty, cells[width:])):
                why = say(
                    "The row has {count} cells, and {width} headings.",
                    count=len(cells),
                    width=width,
                )
                row.refuse(Refusal("", why))
            yield line, row


def _is_example(row: Row, columns: Sequence[ReadColumn]) -> bool:
    """Say whether a row is still the example that a template begins with."""
    example = Row(row.line, ())
    given = [example_of(one.column.field) for one in columns]
    cells = {one.at: value for one, value in zip(columns, given, strict=True)}
    width = max(cells, default=-1) + 1
    fill(example, [cells.get(at, "") for at in range(width)], columns, Notes())
    return example == row


def _show_charset(table: Table, line: int, cells: Sequence[object], notes: Notes) -> bool:
    """Say in which charset a file is read, and show what that makes of a name."""
    words = " ".join(map(str, cells)).split()
    word = next((one for one in words if not one.isascii() and one.isalpha()), "")
    if word and isinstance(table, Delimited):
        notes.say(
            say(
                "The file is read as {encoding}: line {line} says {word!r} then. If that is wrong, "
                "say the encoding with --encoding.",
                encoding=table.encoding,
                line=line,
                word=word,
            )
        )
    return bool(word)


class ReadColumn(NamedTuple):
    """A column, what reads its cells, and where in a record they go."""

    at: int
    cells: Cells
    parents: tuple[str, ...]
    name: str
    column: Column

    @classmethod
    def of(cls, column: Column, cells: Cells) -> ReadColumn:
        """Return what reads a column."""
        *parents, name = column.field.path
        return cls(column.at, cells, tuple(parents), name, column)


def fill(row: Row, cells: Sequence[object], columns: Sequence[ReadColumn], notes: Notes) -> None:
    """Put the cells of a row where their columns' fields are; what is empty is left out."""
    width = len(cells)
    for at, read, parents, name, column in columns:
        if at >= width or (value := cells[at]) is None or value == "":
            continue
        try:
            converted, note = read[value]
        except Refused as refused:
            row.refuse(Refusal(column.heading, str(refused), shown(value, column.field), at))
            continue
        if converted is NOTHING:
            continue
        if note:
            notes.add(column.heading, note, row.line)
        if not parents:
            row[name] = converted
            continue
        inner: dict[str, Any] = row
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[name] = converted


def shown(value: object, of: Field) -> str:
    """Return a value as a message may show it: in a line, short, and no person in it."""
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        text = value.isoformat()
    elif isinstance(value, float) and value.is_integer():
        text = str(int(value))
    else:
        text = str(value)
    text = mask(" ".join(text.split()), shown=2)
    if of.format == PERSON and (digits := sum(map(str.isdigit, text))) > _TELLING:
        text = re.sub(r"\d", "*", text, count=digits - 2)
    return f"{text[:_SHOWN]}…" if len(text) > _SHOWN else text


def from_objects(
    objects: Iterable[tuple[int, bytes]], mapper: ObjectMapper, name: str
) -> Iterator[tuple[int, Row | bytes]]:
    """Yield a record for each object; those that need no change are sent as they stand."""
    with reading(name):
        for number, body in objects:
            yield number, mapper.record(number, body)


class ObjectMapper:
    """Gives the names in objects the spelling of the document, and reads their values.

    Every object is treated alike: a name that matches no field keeps its record from being sent.
    """

    def __init__(
        self,
        fields: Fields,
        mapping: Mapping[str, str],
        notes: Notes,
        hints: Hints,
        *,
        skip_unknown: bool = False,
    ) -> None:
        self._fields = fields
        self._mapping = mapping
        self._notes = notes
        self._hints = hints
        self._skip_unknown = skip_unknown
        self._known: dict[str, Field | None] = {
            field.name: field for field in fields.all if field.name not in mapping
        }
        self._cells: dict[tuple[str, ...], Cells] = {}
        self._tree: dict[str, Any] = {}
        for one in fields.all:
            below = self._tree
            for name in one.path[:-1]:
                below = below.setdefault(name, {})
            below[one.path[-1]] = _Standing(self._cells_of(one))
        self._parents = {
            ".".join(one.path[:depth]) for one in fields.all for depth in range(1, len(one.path))
        }

    def _cells_of(self, one: Field) -> Cells:
        if one.path not in self._cells:
            self._cells[one.path] = Cells(one, self._hints)
        return self._cells[one.path]

    def record(self, number: int, body: bytes) -> Row | bytes:
        """Return the record of an object: its own bytes where they say it as the document does."""
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            return body
        if not isinstance(value, dict):
            return body
        if not self._mapping and _stands(value, self._tree):
            return body
        return self._mapped(number, body, value)

    def _mapped(self, number: int, body: bytes, value: dict[str, Any]) -> Row:
        row = Row(number, body)
        names: dict[str, str] = {}
        for name, leaf in leaves_of(value):
            field = self.field_of(name)
            if field is not None and names.setdefault(field.name, name) != name:
                row.refuse(
                    Refusal(name, say("is the same field as {names!r}", names=names[field.name]))
                )
            elif field is not None:
                self._put(row, name, leaf, field)
            elif self._is_left_out(name):
                continue
            elif leaf in (None, {}) and name in self._parents:
                _keep(row, name, leaf)
            elif not self._skip_unknown:
                row.refuse(Refusal(name, complaint_of(name, (), self._fields)))
        return row

    def _put(self, row: Row, name: str, leaf: Any, field: Field) -> None:
        try:
            converted, note = self._read(leaf, field)
        except Refused as refused:
            row.refuse(Refusal(name, str(refused), shown(leaf, field)))
            return
        if converted is NOTHING:
            return
        if note:
            self._notes.add(name, note, row.line)
        inner: dict[str, Any] = row
        for part in field.path[:-1]:
            inner = inner.setdefault(part, {})
        inner[field.path[-1]] = converted

    def _read(self, leaf: Any, field: Field) -> tuple[Any, str]:
        """Read a value; what is nothing in JSON stays as it is."""
        if leaf is None or isinstance(leaf, list | dict) or leaf == "":
            return leaf, ""
        return self._cells_of(field)[leaf]

    def _is_left_out(self, name: str) -> bool:
        return name.startswith(OURS) or self._mapping.get(name) == ""

    def unknown(self, body: bytes) -> list[str]:
        """Return the names in an object that match no field, nor an object that may be empty."""
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            return []
        leaves = leaves_of(value) if isinstance(value, dict) else ()
        return [name for name, leaf in leaves if not self._understands(name, leaf)]

    def twice(self, body: bytes) -> list[str]:
        """Return two names in an object that mean the same field, if there are such."""
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            return []
        names: dict[str, str] = {}
        for name, _ in leaves_of(value):
            field = self.field_of(name)
            if field is not None and field.name in names:
                return [names[field.name], name]
            if field is not None:
                names[field.name] = name
        return []

    def _understands(self, name: str, leaf: object) -> bool:
        if self._is_left_out(name) or self.field_of(name):
            return True
        return leaf in (None, {}) and name in self._parents

    def field_of(self, name: str) -> Field | None:
        """Return the field that a name means, `None` if there is none or several."""
        if name not in self._known:
            found = find_field(self._mapping.get(name, name), self._fields)
            self._known[name] = found[0] if len(found) == 1 else None
        return self._known[name]


class _Standing(set[str]):
    """The texts that are known to stand for themselves in a field."""

    def __init__(self, cells: Cells) -> None:
        super().__init__()
        self._cells = cells

    def takes(self, leaf: object) -> bool:
        """Say whether the field has a value as it is."""
        if leaf is None or leaf == "" or leaf.__class__ is list:
            return True
        try:
            converted, _ = self._cells[leaf]
        except (Refused, TypeError):
            return False
        if converted.__class__ is not leaf.__class__ or converted != leaf:
            return False
        if isinstance(leaf, str) and len(self) < _KEPT:
            self.add(leaf)
        return True


_NOWHERE: Final[dict[str, Any]] = {}


def _stands(value: dict[str, Any], tree: dict[str, Any]) -> bool:
    """Say whether all names and values of an object are as the document has them."""
    for name, leaf in value.items():
        known = tree.get(name, _NOWHERE)
        if known.__class__ is _Standing:
            if not (leaf.__class__ is str and leaf in known) and not known.takes(leaf):
                return False
        elif (
            known is _NOWHERE
            or not (leaf is None or leaf.__class__ is dict)
            or (leaf and not _stands(leaf, known))
        ):
            return False
    return True


def leaves_of(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted name and the value of everything in an object but objects."""
    if isinstance(value, dict) and value:
        for name, below in value.items():
            yield from leaves_of(below, f"{path}.{name}" if path else str(name))
    else:
        yield path, value


def _keep(row: Row, name: str, value: Any) -> None:
    """Keep what matches no field of the document as it is: Sdir may know more than the document."""
    inner: dict[str, Any] = row
    *parents, last = name.split(".")
    for parent in parents:
        below = inner.setdefault(parent, {})
        if not isinstance(below, dict):
            return
        inner = below
    inner[last] = value
