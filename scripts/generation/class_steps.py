"""Transformations that decide what becomes a class: each changes one thing, in place.

The generator would name inner objects by rules of its own, and refuse a document where two of its
names are the same. So every class has a named schema, with a name of ours, before it comes to that.
"""

from __future__ import annotations

import copy
import re
from typing import Any

from openapi_python_client.strings import ClassName

from .schema_steps import takes_null, without_null
from .walk import (
    SCHEMAS,
    Json,
    LeftOut,
    become,
    components,
    operations,
    references,
    schemas_in,
    subschemas,
)

_RUNTIME = (
    "Any Batch BatchOperations BinaryIO Document Generator Literal Listing Mapping Model Operation"
    " Operations T TextIO Timeout TypeVar UNSET UUID Unset OPERATIONS"
)
_DECIDING = frozenset({"type", "enum", "anyOf", "oneOf", "items", "const"})
RESERVED_CLASSES = frozenset(_RUNTIME.split())


def inline_plain_schemas(document: Json) -> list[LeftOut]:
    """Put named schemas that are no class of their own (a boolean, a list) where they are used."""
    named = components(document)
    plain = {name for name, schema in named.items() if not _is_class(schema)}
    waiting = [schema for _, schema in schemas_in(document)]
    depth = {id(schema): 0 for schema in waiting}
    while waiting:
        schema = waiting.pop()
        name = str(schema.get("$ref", "")).removeprefix(SCHEMAS)
        if name not in plain:
            continue
        level = depth.get(id(schema), 0)
        become(schema, copy.deepcopy(named[name]) if level < _DEEPEST else {})
        inner = [schema, *(found for _, _, found in subschemas(schema) if isinstance(found, dict))]
        depth |= {id(found): level + 1 for found in inner}
        waiting += inner
    return []


_DEEPEST = 5
_LONGEST = 80
"""Characters of a class's name, which is its file's too: file systems take 255 bytes."""


def _is_class(schema: Json) -> bool:
    """Whether a schema becomes a class: an object, or an enum."""
    if schema.get("type") == "boolean":
        return False
    return "enum" in schema or "allOf" in schema or schema.get("type") == "object"


def name_inner_classes(document: Json) -> list[LeftOut]:
    """Give what is inside named schemas names of its own: `crew` of `Ship` is `ShipCrew`."""
    for name, schema in list(components(document).items()):
        _name_inside(document, schema, name)
    return []


def name_classes_of_operations(document: Json) -> list[LeftOut]:
    """Give objects and enums that only one operation uses names of their own."""
    for operation in operations(document):
        for parameter in operation.node["parameters"]:
            _name(document, parameter["schema"], f"{operation.name}_{parameter['name']}")
        _name(document, operation.body or {}, f"{operation.name}_body")
        _name(document, operation.answer or {}, f"{operation.name}_answer")
    return []


def _name_inside(document: Json, schema: Json, name: str) -> None:
    for keyword, key, inner in list(subschemas(schema)):
        if keyword == "allOf" and isinstance(inner, dict):
            _name_inside(document, inner, name)
        elif isinstance(inner, dict):
            suffix = {"properties": f"_{key}", "items": "_item", "additionalProperties": "_value"}
            _name(document, inner, name + suffix.get(keyword, f"_{key}"))


def _name(document: Json, schema: Json, name: str) -> None:
    _name_inside(document, schema, name)
    bare = without_null(schema)
    if "$ref" in schema or not _is_class(bare):
        return
    named = components(document)
    while name in named:
        name += "_"
    if "enum" in bare:
        bare["enum"] = [value for value in bare["enum"] if value is not None]
    named[name] = bare
    reference = {"$ref": SCHEMAS + name}
    nullable = takes_null(schema) or None in schema.get("enum", [])
    words = {key: bare[key] for key in ("description",) if key in bare}
    become(schema, {"anyOf": [reference, {"type": "null"}], **words} if nullable else reference)


def name_classes(document: Json, taken: frozenset[str]) -> list[LeftOut]:
    """Give named schemas names that make distinct classes, none of which the runtime needs."""
    named = components(document)
    used: set[str] = {each.lower() for each in RESERVED_CLASSES | taken}
    renamed: dict[str, str] = {}
    for name in named:
        wanted = str(ClassName(re.sub(r"\W+", "_", name), "Model"))[:_LONGEST]
        unique = wanted if wanted.lower() not in used else f"{wanted}Model"
        number = 2
        while unique.lower() in used:
            unique, number = f"{wanted}{number}", number + 1
        used.add(unique.lower())
        renamed[name] = unique
    document["components"]["schemas"] = {renamed[name]: schema for name, schema in named.items()}
    for _, schema in schemas_in(document):
        if "$ref" in schema:
            schema["$ref"] = SCHEMAS + renamed[schema["$ref"].removeprefix(SCHEMAS)]
    return []


def merge_all_of(document: Json) -> list[LeftOut]:
    """Make one object of `allOf`, as a class is one.

    Where two parts declare the same field, the later counts.
    """
    for _, schema in schemas_in(document):
        merged = _merged(document, schema, ())
        if "allOf" in schema and merged is not None:
            become(schema, merged)
    return []


def _merged(document: Json, schema: Json, seen: tuple[str, ...]) -> Json | None:
    """Return a schema as one object; `None` where it is not made of objects alone."""
    reference = str(schema.get("$ref", ""))
    if reference:
        known = components(document)[reference.removeprefix(SCHEMAS)]
        return None if reference in seen else _merged(document, known, (*seen, reference))
    if "allOf" not in schema:
        return schema if schema.get("type") == "object" or not schema.keys() & _DECIDING else None
    own = {key: value for key, value in schema.items() if key != "allOf"}
    parts = [_merged(document, part, seen) for part in [*schema["allOf"], own]]
    whole = [part for part in parts if part is not None]
    return _united(whole) if len(whole) == len(parts) else None


def _united(parts: list[Json]) -> Json:
    united: Json = {"type": "object", "properties": {}, "required": []}
    for part in parts:
        united["properties"].update(part.get("properties", {}))
        united["required"] += [n for n in part.get("required", []) if n not in united["required"]]
        if "additionalProperties" in part:
            united["additionalProperties"] = part["additionalProperties"]
    words = {key: parts[-1][key] for key in ("description", "example") if key in parts[-1]}
    return united | words


def drop_unused_schemas(document: Json) -> list[LeftOut]:
    """Leave out schemas that only error answers used."""
    named = components(document)
    used: set[str] = set()
    waiting: list[Any] = [operation.node for operation in operations(document)]
    while waiting:
        found = {
            ref.removeprefix(SCHEMAS) for ref in references(waiting.pop())
        } & named.keys() - used
        used |= found
        waiting.extend(named[name] for name in found)
    document["components"]["schemas"] = {k: v for k, v in named.items() if k in used}
    return []
