"""The fields of a record, for what ASP.NET does to JSON on its way in and out."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .schemas import Schemas
    from .walk import Json

STYLE = "x-style"
"""A keyword of ours: the `style` of a parameter, `json` among them, and whether to `explode`."""

_DEEPEST = 20


@dataclass(frozen=True)
class Shape:
    """The fields of an object, or of the items of a list; none for anything else.

    Attributes:
        fields: The shape of each field's value.
        whole: The fields that are always written, in order: null where a record lacks one. Only
            a field that it may lack and that can't be null is left out.
    """

    fields: Mapping[str, Shape] = field(default_factory=dict)
    whole: Mapping[str, None] = field(default_factory=dict)

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self.fields)

    @cached_property
    def _by_lower_case(self) -> dict[str, str]:
        return {name.lower(): name for name in self.fields}

    @cached_property
    def _nested(self) -> tuple[tuple[str, Shape], ...]:
        return tuple((name, shape) for name, shape in self.fields.items() if shape.fields)

    def rename(self, value: Any) -> Any:
        """Return the value with the document's spelling of each field; it may come in any case."""
        if isinstance(value, list):
            return [self.rename(item) for item in value]
        if not isinstance(value, dict) or not self.fields:
            return value
        if not value.keys() <= self._names:
            value = {self._by_lower_case.get(name.lower(), name): value[name] for name in value}
        for name, shape in self._nested:
            if name in value:
                value[name] = shape.rename(value[name])
        return value

    def complete(self, value: Any) -> Any:
        """Return the value with null for each optional field that is missing."""
        if isinstance(value, list):
            return [self.complete(item) for item in value]
        if not isinstance(value, dict) or not self.fields:
            return value
        if self.whole.keys() - value.keys():
            value = {**self.whole, **value}
        for name, shape in self._nested:
            if name in value:
                value[name] = shape.complete(value[name])
        return value


def shape_of(schemas: Schemas, schema: Json, depth: int = 0) -> Shape:
    """Return the shape that a schema describes."""
    schema = schemas.resolve(schema)
    if depth > _DEEPEST:
        return Shape()
    if "items" in schema:
        return shape_of(schemas, schema["items"], depth + 1)
    found = schemas.properties(schema)
    shapes = {name: shape_of(schemas, each, depth + 1) for name, each in found.items()}
    required = schemas.required(schema)
    resolved = {name: schemas.resolve(each) for name, each in found.items()}
    whole = [name for name in found if name in required or resolved[name].get("nullable")]
    return Shape(shapes, dict.fromkeys(whole))
