"""From rows and objects to records: each knows the line it comes from, for the report."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

import orjson
from attrs import Factory, define

from .columns import OURS, Column, find_field
from .inputs import reading
from .values import FAILED, convert, is_empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .columns import Matching
    from .fields import Field, Fields
    from .inputs import Table

_OURS_IN_JSON = f'"{OURS}'.encode()


class Row(dict[str, Any]):
    """A record that was made of a row or of an object.

    Attributes:
        line: Where it stands in the input.
        cells: What stood there: the cells of the row, or the bytes of the object.
    """

    __slots__ = ("cells", "line")

    def __init__(self, line: int, cells: Sequence[object] | bytes) -> None:
        super().__init__()
        self.line = line
        self.cells = cells


@define
class Notes:
    """What was done to values on the way, and is worth saying: how often, and where first."""

    said: list[str] = Factory(list)
    counts: dict[tuple[str, str], int] = Factory(dict)
    first: dict[tuple[str, str], int] = Factory(dict)

    def say(self, text: str) -> None:
        """Note what is about no value."""
        self.said.append(text)

    def add(self, field: str, note: str, line: int) -> None:
        """Count a note."""
        self.counts[field, note] = self.counts.get((field, note), 0) + 1
        self.first.setdefault((field, note), line)

    def __iter__(self) -> Iterator[str]:
        yield from self.said
        for (field, note), count in self.counts.items():
            first = self.first[field, note]
            where = f"line {first}" if count == 1 else f"{count:,} lines, the first is {first}"
            yield f"{field}: {note} ({where})."


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
    table: Table, matching: Matching, notes: Notes, name: str
) -> Iterator[tuple[int, Row]]:
    """Yield a record for each row of a table."""
    width = len(table.headings)
    nameless = [at for at, heading in enumerate(table.headings) if not heading.strip()]
    with reading(name):
        for line, cells in table.rows():
            row = Row(line, cells)
            fill(row, cells, matching.columns, notes)
            for at in nameless:
                if at < len(cells) and not is_empty(cells[at]):
                    notes.add(f"Column {at + 1}", "it has no heading, and is not sent", line)
            if len(cells) > width and not all(map(is_empty, cells[width:])):
                row[OURS] = _Unsendable(f"The row has {len(cells)} cells, and {width} headings.")
            yield line, row


class _Unsendable:
    """Stands in a record that is not to be sent, and says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


def problem_of(record: object) -> str:
    """Return why a record was not made to be sent; `""` if it was."""
    unsendable = record.get(OURS) if isinstance(record, Row) else None
    return unsendable.reason if isinstance(unsendable, _Unsendable) else ""


def fill(row: Row, cells: Sequence[object], columns: Sequence[Column], notes: Notes) -> None:
    """Put the cells of a row where their columns' fields are; what is empty is left out."""
    for column in columns:
        value = cells[column.at] if column.at < len(cells) else None
        if value in FAILED:
            row[OURS] = _Unsendable(f"A formula in column {column.heading!r} failed: {value}.")
        elif not is_empty(value):
            put(row, value, column.field, notes)


def put(row: Row, value: object, field: Field, notes: Notes) -> None:
    """Put a value where its field is, as the field has it."""
    converted, note = convert(value, field)
    if note:
        notes.add(field.name, note, row.line)
    inner: dict[str, Any] = row
    for name in field.path[:-1]:
        inner = inner.setdefault(name, {})
    inner[field.path[-1]] = converted


def from_objects(
    objects: Iterable[tuple[int, bytes]], mapper: ObjectMapper, name: str
) -> Iterator[tuple[int, Row | bytes]]:
    """Yield a record for each object; those that need no change are sent as they stand."""
    with reading(name):
        for number, body in objects:
            yield number, mapper.record(number, body)


class ObjectMapper:
    """Gives the names in objects the spelling of the document, where they have another."""

    def __init__(self, fields: Fields, mapping: Mapping[str, str], notes: Notes) -> None:
        self._fields = fields
        self._mapping = mapping
        self._notes = notes
        self._known: dict[str, Field | None] = {
            field.name: field for field in fields.all if field.name not in mapping
        }
        self._as_it_stands: bool | None = None

    def record(self, number: int, body: bytes) -> Row | bytes:
        """Return the record of an object; the first one shows what is to be done with all."""
        if self._as_it_stands is None:
            self._as_it_stands = self._needs_nothing(body)
        if self._as_it_stands and _OURS_IN_JSON not in body:
            return body
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            return body
        return self._mapped(number, body, value) if isinstance(value, dict) else body

    def _needs_nothing(self, body: bytes) -> bool:
        try:
            leaves = list(leaves_of(orjson.loads(body)))
        except orjson.JSONDecodeError:
            return False
        exact = {field.name: field for field in self._fields.all}
        return not self._mapping and all(
            name in exact and (value is None or convert(value, exact[name]) == (value, ""))
            for name, value in leaves
            if not name.startswith(OURS)
        )

    def _mapped(self, number: int, body: bytes, value: dict[str, Any]) -> Row:
        row = Row(number, body)
        for name, leaf in leaves_of(value):
            field = self.field_of(name)
            if field is not None:
                put(row, leaf, field, self._notes)
            elif not name.startswith(OURS) and self._mapping.get(name) != "":
                _keep(row, name, leaf)
        return row

    def unknown(self, body: bytes) -> list[str]:
        """Return the names in an object that are no field, nor an object that may be empty."""
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
        if name.startswith(OURS) or self._mapping.get(name) == "" or self.field_of(name):
            return True
        return leaf in (None, {}) and any(one.startswith(f"{name}.") for one in self._known)

    def field_of(self, name: str) -> Field | None:
        """Return the field that a name means, `None` if there is none or several."""
        if name not in self._known:
            found = find_field(self._mapping.get(name, name), self._fields)
            self._known[name] = found[0] if len(found) == 1 else None
        return self._known[name]


def leaves_of(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted name and the value of everything in an object that is no object."""
    if isinstance(value, dict) and value:
        for name, below in value.items():
            yield from leaves_of(below, f"{path}.{name}" if path else str(name))
    else:
        yield path, value


def _keep(row: Row, name: str, value: Any) -> None:
    """Keep what is no field of the document as it is: Sdir may know more than the document."""
    inner: dict[str, Any] = row
    *parents, last = name.split(".")
    for parent in parents:
        below = inner.setdefault(parent, {})
        if not isinstance(below, dict):
            return
        inner = below
    inner[last] = value
