"""The fields of a record, read from its JSON Schema in the document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Schema = Mapping[str, Any]

_DEEPEST = 8
_WORDS = (
    "example",
    "format",
    "pattern",
    "minLength",
    "maxLength",
    "x-sdir-labels",
    "x-sdir-not-before",
)


@frozen
class Field:
    """One value of a record.

    Attributes:
        path: Its name, after the names of the objects that it is in.
        types: The JSON types that it may have, `null` among them.
        format: The document's word for what it holds, such as `date`; `""` where it says nothing.
        digits: How many digits it has, if it is a text of a fixed number of digits; else 0.
        required: Whether a record without it is refused.
        opens: Whether any name may stand below it.
        about: What the document says about it.
        labels: Headings that mean it besides its name, as the document gives them.
        not_before: The field beside it that holds an earlier date, as the document says.
        example: A value of it, from a record that the document gives as an example.
    """

    path: tuple[str, ...]
    types: frozenset[str] = frozenset({"string"})
    format: str = ""
    digits: int = 0
    required: bool = False
    opens: bool = False
    about: str = ""
    labels: tuple[str, ...] = ()
    not_before: str = ""
    example: Any = None

    @property
    def name(self) -> str:
        """Its dotted name."""
        return ".".join(self.path)


@frozen
class Fields:
    """The fields of a record.

    Attributes:
        all: The fields, in the order of the document.
        groups: Required objects of which any one field is enough.
    """

    all: tuple[Field, ...] = ()
    groups: tuple[str, ...] = field(default=())

    def of_format(self, name: str) -> tuple[Field, ...]:
        """Return the fields of this format."""
        return tuple(one for one in self.all if one.format == name)

    def heading_of(self, field: Field) -> str:
        """Return the first label that belongs to this field alone; its name if there is none."""
        label = field.labels[0] if field.labels else ""
        alike = [one for one in self.all if label in one.labels]
        return label if len(alike) == 1 else field.name


def read_fields(schema: Schema) -> Fields:
    """Return the fields of a record, from its schema."""
    found: list[Field] = []
    groups: list[str] = []
    walk = _Walk(schema.get("$defs", {}), found, groups)
    walk.enter(schema, (), required=True, example=None)
    return Fields(tuple(found), tuple(groups))


@frozen
class _Walk:
    defs: Mapping[str, Schema]
    found: list[Field]
    groups: list[str]

    def enter(self, node: Schema, path: tuple[str, ...], *, required: bool, example: Any) -> None:
        """Take in the properties of an object."""
        flat = self._flat(node)
        shown = flat.get("example") if example is None else example
        before = len(self.found)
        for name, below in flat["properties"].items():
            inner = self._flat(below)
            needed = required and name in flat["required"]
            part = shown.get(name) if isinstance(shown, dict) else None
            if inner["properties"] and len(path) < _DEEPEST:
                self.enter(below, (*path, name), required=needed, example=part)
            else:
                found = self._field(inner, (*path, name), required=needed)
                self.found.append(evolve(found, example=part))
        if path and required and not any(one.required for one in self.found[before:]):
            self.groups.append(".".join(path))

    def _field(self, flat: dict[str, Any], path: tuple[str, ...], *, required: bool) -> Field:
        types = frozenset(flat["types"] or {"string"})
        return Field(
            path,
            types,
            flat.get("format", ""),
            _fixed_digits(flat),
            required,
            opens="object" in types,
            about=" ".join(flat.get("description", "").split()),
            labels=tuple(flat.get("x-sdir-labels", ())),
            not_before=flat.get("x-sdir-not-before", ""),
        )

    def _flat(self, node: Schema) -> dict[str, Any]:
        """Return a schema together with what it refers to, is made of, and may be."""
        flat: dict[str, Any] = {"properties": {}, "required": set(), "types": set()}
        for part in self._parts(node, 0):
            flat["properties"].update(part.get("properties", {}))
            flat["required"].update(part.get("required", ()))
            kind = part.get("type", [])
            flat["types"].update([kind] if isinstance(kind, str) else kind)
            if "description" in part:
                flat.setdefault("description", part["description"])
            for word in _WORDS:
                if word in part:
                    flat[word] = part[word]
        return flat

    def _parts(self, node: Schema, depth: int) -> Iterator[Schema]:
        if depth > _DEEPEST:
            return
        yield node
        if name := node.get("$ref", "").removeprefix("#/$defs/"):
            yield from self._parts(self.defs.get(name, {}), depth + 1)
        for word in ("allOf", "anyOf", "oneOf"):
            for part in node.get(word, []):
                yield from self._parts(part, depth + 1)


def _fixed_digits(flat: dict[str, Any]) -> int:
    """Return the length of a text that is always the same number of digits."""
    length, pattern = flat.get("maxLength", 0), flat.get("pattern", "")
    if not length or flat.get("minLength") != length or not pattern:
        return 0
    digits, letters = re.search(pattern, "0" * length), re.search(pattern, "x" * length)
    return int(length) if digits and not letters else 0
