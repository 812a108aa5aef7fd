"""From objects to records, with the names and values of the document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from .columns import OURS, complaint_of, find_field, line_heading
from .inputs import reading
from .inputs.objects import parsed
from .records import Notes, Refusal, Row, leaves_of, shown
from .refusal import Hints, Refused
from .values import NOTHING, Cells
from .words import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .fields import Field, Fields

_KEPT: Final = 16_384


def from_objects(
    objects: Iterable[tuple[int, bytes]], mapper: ObjectMapper, name: str
) -> Iterator[tuple[int, Row | bytes]]:
    """Yield a record for each object; objects that need no change are sent unchanged."""
    with reading(name):
        for number, body in objects:
            yield number, mapper.record(number, body)


class ObjectMapper:
    """Gives the names in objects the spelling of the document, and reads their values.

    A name that matches no field keeps its record from being sent, in every object.
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
        """Return the record of an object: its own bytes, if they need no change."""
        try:
            value = parsed(body)
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
            if field is not None and field.name in names:
                row.refuse(
                    Refusal(name, say("is the same field as {names!r}", names=names[field.name]))
                )
            elif field is not None:
                names[field.name] = name
                self._put(row, name, leaf, field)
            elif self._is_left_out(name):
                self._notes.marked = self._notes.marked or line_heading([name])
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
        row.put(field.path[:-1], field.path[-1], converted)

    def _read(self, leaf: Any, field: Field) -> tuple[Any, str]:
        """Read a value; null stays null."""
        if leaf is None or isinstance(leaf, list | dict) or leaf == "":
            return leaf, ""
        return self._cells_of(field)[leaf]

    def _is_left_out(self, name: str) -> bool:
        return name.startswith(OURS) or self._mapping.get(name) == ""

    def unknown(self, body: bytes) -> list[str]:
        """Return the names in an object that match no field, nor an object that may be empty."""
        return [name for name, leaf in _leaves_in(body) if not self._understands(name, leaf)]

    def twice(self, body: bytes) -> list[str]:
        """Return two names in an object that mean the same field, if it has such."""
        names: dict[str, str] = {}
        for name, _ in _leaves_in(body):
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


def _leaves_in(body: bytes) -> list[tuple[str, Any]]:
    """Return the values in an object; none if it is not an object."""
    try:
        value = parsed(body)
    except orjson.JSONDecodeError:
        return []
    return list(leaves_of(value)) if isinstance(value, dict) else []


class _Standing(set[str]):
    """The texts that need no change in a field."""

    def __init__(self, cells: Cells) -> None:
        super().__init__()
        self._cells = cells

    def takes(self, leaf: object) -> bool:
        """Say whether the field takes a value unchanged."""
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
    """Say whether all names and values of an object are those of the document."""
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


def _keep(row: Row, name: str, value: Any) -> None:
    """Keep values that match no field unchanged: Sdir may know more than the document."""
    inner: dict[str, Any] = row
    *parents, last = name.split(".")
    for parent in parents:
        below = inner.setdefault(parent, {})
        if not isinstance(below, dict):
            return
        inner = below
    inner[last] = value
