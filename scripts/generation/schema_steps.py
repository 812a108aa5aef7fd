"""Transformations of a document's schemas: each changes one thing, in place.

After them the schemas are plain JSON Schema, as OpenAPI 3.1 has it, whatever they came as.
"""

from __future__ import annotations

import copy
import re
from typing import Any

from openapi_python_client.strings import snake_case

from .walk import (
    SCHEMAS,
    Json,
    LeftOut,
    become,
    components,
    lookup,
    nowhere,
    schemas_in,
    subschemas,
)

_TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")
_NEARLY: dict[str, Json] = {
    "int": {"type": "integer"},
    "long": {"type": "integer"},
    "float": {"type": "number"},
    "double": {"type": "number"},
    "bool": {"type": "boolean"},
    "text": {"type": "string"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "date-time": {"type": "string", "format": "date-time"},
    "uuid": {"type": "string", "format": "uuid"},
}
_SHAPES: dict[str, type] = {
    "$ref": str,
    "description": str,
    "format": str,
    "properties": dict,
    "required": list,
    "allOf": list,
    "anyOf": list,
    "oneOf": list,
    "prefixItems": list,
    "x-enum-varnames": list,
}
_MAY_BE_NULL = ("default", "example", "examples", "enum", "const")


def make_whole(document: Json) -> list[LeftOut]:
    """Make a schema of whatever stands for one; drop keywords of null or of a wrong shape."""
    named = components(document)
    for name, schema in named.items():
        named[name] = schema if isinstance(schema, dict) else {}
    for _, schema in schemas_in(document):
        for keyword, key, inner in list(subschemas(schema)):
            if not isinstance(inner, dict) and not (
                keyword == "additionalProperties" and inner is False
            ):
                _put(schema, keyword, key, {})
        for keyword in [k for k, v in schema.items() if not _may_be(k, v)]:
            del schema[keyword]
        if "required" in schema:
            schema["required"] = [name for name in schema["required"] if isinstance(name, str)]
        schema.pop("title", None)
    return []


def _may_be(keyword: str, value: Any) -> bool:
    if value is None:
        return keyword in _MAY_BE_NULL
    return isinstance(value, _SHAPES.get(keyword, object))


def _put(schema: Json, keyword: str, key: str | int | None, value: Json) -> None:
    if key is None:
        schema[keyword] = value
    else:
        schema[keyword][key] = value


def mend_references(document: Json) -> list[LeftOut]:
    """Make every reference lead to a named schema; one that leads nowhere becomes any value."""
    left: list[LeftOut] = []
    named = components(document)
    waiting = list(schemas_in(document))
    while waiting:
        place, schema = waiting.pop(0)
        reference = schema.get("$ref")
        if not isinstance(reference, str) or reference.removeprefix(SCHEMAS) in named:
            continue
        target = lookup(document, reference)
        if isinstance(target, dict):
            name = re.sub(r"\W+", "_", reference.removeprefix("#/")).strip("_")
            named.setdefault(name, copy.deepcopy(target))
            schema["$ref"] = SCHEMAS + name
        else:
            left.append(
                LeftOut(place, f"the type of {reference}", f"it {nowhere(reference)}: any value")
            )
            become(schema, {})
    return left


def known_types(document: Json) -> list[LeftOut]:
    """Mend types that OpenAPI 3 does not have, and add those that go without saying."""
    left: list[LeftOut] = []
    for place, schema in schemas_in(document):
        given = schema.get("type")
        if isinstance(given, list):
            schema["type"] = [each for each in given if each in _TYPES] or ["string"]
        elif given is not None and given not in _TYPES:
            left += _mend_type(schema, place)
        if schema.get("format") == "binary":
            del schema["format"]
        _say_type(schema)
        if _is(schema, "array") and "prefixItems" not in schema:
            schema.setdefault("items", {})
    return left


def _mend_type(schema: Json, place: str) -> list[LeftOut]:
    given = str(schema.pop("type"))
    nearly = {"type": given.lower()} if given.lower() in _TYPES else _NEARLY.get(given.lower())
    schema.update(nearly or {})
    return (
        []
        if nearly
        else [LeftOut(place, f"the type {given}", "OpenAPI 3 has no such type: any value")]
    )


def _say_type(schema: Json) -> None:
    if (
        "type" in schema
        or "$ref" in schema
        or any(k in schema for k in ("allOf", "anyOf", "oneOf"))
    ):
        return
    if "properties" in schema:
        schema["type"] = "object"
    elif "items" in schema:
        schema["type"] = "array"


def _is(schema: Json, name: str) -> bool:
    given = schema.get("type")
    return given == name or (isinstance(given, list) and name in given)


def nullable_as_type(document: Json) -> list[LeftOut]:
    """Write `nullable` as OpenAPI 3.1 and JSON Schema do: a type, or an alternative.

    A named object that may be null is null where it is referred to: it stays one class.
    """
    nulls = {
        name
        for name, schema in components(document).items()
        if takes_null(schema) and ("allOf" in schema or _is(schema, "object"))
    }
    named = components(document)
    for name in nulls:
        become(named[name], without_null(named[name]))
    for _, schema in list(schemas_in(document)):
        for inner in (schema.get("properties") or {}).values():
            if str(inner.get("$ref", "")).removeprefix(SCHEMAS) in nulls:
                inner["nullable"] = True
    for _, schema in list(schemas_in(document)):
        if schema.pop("nullable", False) is True:
            _allow_null(schema)
        if "enum" in schema and _is(schema, "null") and None not in schema["enum"]:
            schema["enum"] = [*schema["enum"], None]
    return []


def takes_null(schema: Json) -> bool:
    """Tell whether a schema takes null besides something else."""
    return schema.get("nullable") is True or (
        isinstance(schema.get("type"), list) and _is(schema, "null")
    )


def without_null(schema: Json) -> Json:
    """Return a copy of a schema that does not take null."""
    plain = {k: v for k, v in schema.items() if k != "nullable"}
    if isinstance(plain.get("type"), list):
        types = [each for each in plain["type"] if each != "null"]
        plain["type"] = types[0] if len(types) == 1 else types
    return plain


def _allow_null(schema: Json) -> None:
    given = schema.get("type")
    alternatives = next((k for k in ("anyOf", "oneOf") if k in schema), None)
    if isinstance(given, str):
        schema["type"] = given if given == "null" else [given, "null"]
    elif isinstance(given, list):
        schema["type"] = [*given, *([] if "null" in given else ["null"])]
    elif alternatives:
        schema[alternatives] = [*schema[alternatives], {"type": "null"}]
    elif "$ref" in schema or "allOf" in schema:
        parts = schema.get("allOf", [])
        inner = parts[0] if len(parts) == 1 and "properties" not in schema else dict(schema)
        become(schema, {"anyOf": [inner, {"type": "null"}]})


def bounds_as_numbers(document: Json) -> list[LeftOut]:
    """Write exclusive bounds as OpenAPI 3.1 and JSON Schema do: as numbers of their own."""
    for _, schema in schemas_in(document):
        for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if (
                isinstance(schema.get(exclusive), bool)
                and schema.pop(exclusive)
                and bound in schema
            ):
                schema[exclusive] = schema.pop(bound)
    return []


def usable_enums(document: Json) -> list[LeftOut]:
    """Make of each enum what Python can say; `enum: ['']` is what an export makes of no enum."""
    left: list[LeftOut] = []
    for place, schema in schemas_in(document):
        if "enum" not in schema:
            continue
        given = schema["enum"] if isinstance(schema["enum"], list) else []
        values = [_typed(schema, value) for value in given]
        plain = [value for value in values if value is not None]
        if plain in ([], [""]):
            del schema["enum"]
        elif {type(value) for value in plain} not in ({str}, {int}):
            del schema["enum"]
            left.append(
                LeftOut(place, "the values of an enum", "of several types, or not text or whole")
            )
        else:
            schema["enum"] = [value for n, value in enumerate(values) if value not in values[:n]]
            _name_values(schema, plain)
    return left


def _typed(schema: Json, value: Any) -> Any:
    """Return the value in the type that the schema says it has."""
    if _is(schema, "integer") and isinstance(value, str) and re.fullmatch(r"-?\d+", value):
        return int(value)
    if _is(schema, "string") and isinstance(value, int | float):
        return str(value)
    return value


def _name_values(schema: Json, values: list[Any]) -> None:
    """Name members by hand where the generator would give two the same name."""
    values = list(dict.fromkeys(values))
    names = [
        snake_case(v).upper() if isinstance(v, str) and v[:1].isalpha() else f"VALUE_{n}"
        for n, v in enumerate(values)
    ]
    if isinstance(values[0], str) and len(set(names)) < len(names):
        unique = [n if n not in names[:i] else f"{n}_{i}" for i, n in enumerate(names)]
        schema["x-enum-varnames"] = unique


def usable_defaults(document: Json) -> list[LeftOut]:
    """Leave out defaults that don't fit their type: the server has its own, whatever is written."""
    left: list[LeftOut] = []
    fits: dict[str, type | tuple[type, ...]] = {
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
    }
    for place, schema in schemas_in(document):
        if "default" not in schema:
            continue
        given, value = without_null(schema).get("type"), schema["default"]
        known = isinstance(given, str) and given in fits and isinstance(value, fits[given])
        odd = isinstance(value, bool) != (given == "boolean") or (
            "format" in schema and given == "string"
        )
        if not known or odd or ("enum" in schema and value not in schema["enum"]):
            del schema["default"]
            if value not in (None, [], {}):
                left.append(LeftOut(place, f"the default {value!r}", "the server applies its own"))
    return left
