"""Turns the schemas of an OpenAPI 3.0 document into JSON Schema, and into sample values."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import jsonschema_rs

from .batches import item_of
from .walk import resolved

if TYPE_CHECKING:
    from collections.abc import Callable

    from .walk import Json

_SAMPLES: dict[str, str] = {
    "date": "2020-01-01",
    "date-time": "2020-01-01T00:00:00+00:00",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_RULES: Final = frozenset(
    {
        *("pattern", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "multipleOf"),
        *("minimum", "maximum", "minProperties", "maxProperties"),
    }
)
_ANY_FORM: Final[dict[str, Callable[[str], bool]]] = {
    name: lambda _: True for name in ("time", "duration", "email", "uri", "hostname")
}
"""Formats that .NET takes in other forms than their standards have."""
_INTEGERS = {"int32": 2**31, "int64": 2**63}
_DEEPEST = 20
_MOST: Final = 10_000
_ELSEWHERE = frozenset({"$schema", "$id", "$dynamicRef", "$recursiveRef"})
"""Keywords that would make a validator look up a schema elsewhere."""
_VALUES = frozenset({"example", "examples", "default", "enum", "const"})


class Schemas:
    """The schemas of one document.

    Raises:
        ValueError: A reference leads to another document: nothing but this one is ever opened.
    """

    def __init__(self, spec: Json) -> None:
        _require_inside(spec)
        self._spec = spec
        self._components = to_json_schema((spec.get("components") or {}).get("schemas") or {})

    def resolve(self, node: Json) -> Json:
        """Follow local `$ref`s to the end.

        A schema that is `true` or `false` says nothing about a value's fields.

        Raises:
            DocumentError: One leads nowhere.
        """
        return resolved(self._spec, node) if isinstance(node, dict) else {}

    def flat(self, schema: Json, depth: int = 3) -> Json:
        """Return a schema with its references replaced, for some levels."""
        found = dict(self.resolve(schema))
        if depth == 0:
            return found
        if "items" in found:
            found["items"] = self.flat(found["items"], depth - 1)
        for word in ("allOf", "anyOf", "oneOf"):
            if word in found:
                found[word] = [self.flat(each, depth - 1) for each in found[word]]
        if "properties" in found:
            fields = found["properties"].items()
            found["properties"] = {name: self.flat(each, depth - 1) for name, each in fields}
        return found

    def standalone(self, schema: Json) -> Json:
        """Return the schema as JSON Schema, with everything it may refer to inside."""
        return {**to_json_schema(schema), "components": {"schemas": self._components}}

    def is_list(self, schema: Json) -> bool:
        """Tell whether the schema describes a list."""
        return item_of(self._spec, schema) is not None

    def properties(self, schema: Json) -> Json:
        """Return the schemas of a record's own fields; of a list, those of its items."""
        schema = self.resolve(schema)
        if "items" in schema:
            return self.properties(schema["items"])
        found = dict(schema.get("properties", {}))
        for part in schema.get("allOf", []):
            found |= self.properties(part)
        return found

    def required(self, schema: Json) -> set[str]:
        """Return the names of the fields that a record must have."""
        schema = self.resolve(schema)
        found = set(schema.get("required", []))
        return found.union(*(self.required(part) for part in schema.get("allOf", [])))

    def fits(self, schema: Json, value: Any) -> bool:
        """Whether a value fits a schema, formats such as dates included."""
        validator = jsonschema_rs.validator_for(
            self.standalone(schema), formats=_ANY_FORM, validate_formats=True
        )
        return validator.is_valid(value)

    def sample(self, schema: Json, depth: int = 0) -> Any:
        """Return the schema's own example if it fits, or the least that the schema accepts.

        Exports of the gateway have `"string"` as the example of a date.
        """
        schema = self.resolve(schema)
        for given in ("example", "default", "const"):
            if given in schema and self.fits(schema, schema[given]):
                return schema[given]
        if schema.get("enum"):
            return schema["enum"][0]
        return None if depth > _DEEPEST else self._least(schema, depth + 1)

    def _least(self, schema: Json, depth: int) -> Any:
        for alternatives in ("oneOf", "anyOf"):
            if schema.get(alternatives) and "properties" not in schema:
                return self.sample(schema[alternatives][0], depth)
        types = schema.get("type")
        match types[0] if isinstance(types, list) and types else types:
            case "string":
                return _SAMPLES.get(schema.get("format", ""), "x" * _few(schema, "minLength"))
            case "integer" | "number":
                return _least_number(schema)
            case "boolean":
                return False
            case "null":
                return None
            case "array":
                item = self.sample(schema.get("items", {}), depth)
                return [item] * _few(schema, "minItems")
            case _:
                return self._least_object(schema, depth)

    def _least_object(self, schema: Json, depth: int) -> Any:
        """Return the fields that an object must have, those of its parts included."""
        fields = self.properties(schema)
        if not fields and schema.get("allOf"):
            return self.sample(schema["allOf"][0], depth)
        required = self.required(schema)
        names = [*(name for name in fields if name in required), *sorted(required - fields.keys())]
        return {name: self.sample(fields.get(name, {}), depth) for name in names}


def _few(schema: Json, word: str) -> int:
    """Return how many letters or items a value must have, unless the number is absurd."""
    wanted: int = schema.get(word, 0)
    return max(0, min(wanted, _MOST))


def _least_number(schema: Json) -> Any:
    """Return 0, or what is nearest to it within the bounds."""
    low = schema.get("minimum", 0)
    if schema.get("exclusiveMinimum") is True:
        low += 1
    return min(max(low, 0), schema["maximum"]) if "maximum" in schema else max(low, 0)


def _require_inside(node: Any) -> None:
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str) and not reference.startswith("#"):
            raise ValueError(f"the reference {reference!r} refers to another document")
        node = [value for name, value in node.items() if name not in _VALUES]
    for inner in node if isinstance(node, list) else ():
        _require_inside(inner)


def to_json_schema(node: Any) -> Any:
    """Rewrite what OpenAPI 3.0 says differently from JSON Schema, all the way down.

    `nullable` becomes a condition rather than an alternative: a validator then reports what is
    wrong inside the value, instead of that no alternative fits.
    """
    if isinstance(node, list):
        return [to_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    schema = {
        name: to_json_schema(value)
        for name, value in node.items()
        if (name not in _ELSEWHERE or not isinstance(value, str))
        and (name not in _RULES or isinstance(value, dict) or compiles(name, json.dumps(value)))
    }
    if isinstance(schema.get("$ref"), str):
        schema["$ref"] = quote(schema["$ref"], safe="#/~%")
    bound_exclusively(schema)
    _bound_integer(schema)
    if schema.get("additionalProperties") is False:
        del schema[
            "additionalProperties"
        ]  # exports say so, but ASP.NET ignores what it doesn't know
    if schema.get("nullable") is True:
        return {"if": {"type": "null"}, "else": schema}
    return schema


@lru_cache(maxsize=4096)
def compiles(rule: str, value: str) -> bool:
    """Whether the validator takes a rule, whose value is given as JSON.

    It does not take every pattern that .NET does.
    """
    return can_check({rule: json.loads(value)})


def can_check(schema: Json) -> bool:
    """Whether the validator takes a schema."""
    try:
        jsonschema_rs.validator_for(schema)
    except (jsonschema_rs.ValidationError, ValueError):
        return False
    return True


def bound_exclusively(schema: Json) -> None:
    """OpenAPI 3.0 marks a limit as exclusive; JSON Schema has a limit of its own for that."""
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(schema.get(exclusive), bool) and schema.pop(exclusive) and limit in schema:
            schema[exclusive] = schema.pop(limit)


def _bound_integer(schema: Json) -> None:
    """Add the bounds of .NET's integer, which refuses anything beyond them."""
    size = _INTEGERS.get(str(schema.get("format")))
    if size and schema.get("type") == "integer":
        schema.setdefault("minimum", -size)
        schema.setdefault("maximum", size - 1)
