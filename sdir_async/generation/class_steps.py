"""Transformations that decide what becomes a class: each changes one thing, in place.

The generator would name inner objects by rules of its own, and refuse a document where two of its
names are the same. So every class has a named schema, with a name of ours, before it comes to that.
"""

from __future__ import annotations

import copy
import re
from collections import Counter
from typing import Any

from openapi_python_client.strings import ClassName

from .item_schemas import read_only
from .names import free
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
    walk,
)

_RUNTIME = (
    "Any AsyncGenerator Batch BatchOperations BinaryIO Document Generator IntEnum Literal Listing"
    " Mapping Model OpenNumber OpenText Operation Operations RetryPolicy Sequence StrEnum T TextIO"
    " Timeout TypeVar UNSET UUID Unset OPERATIONS"
)
_DECIDING = frozenset({"type", "enum", "anyOf", "oneOf", "items", "const"})
DECIDING = _DECIDING | {"$ref", "properties", "allOf", "additionalProperties", "prefixItems"}
"""Keywords that say what kind of value a schema is of."""
RESERVED_CLASSES = frozenset(_RUNTIME.split())


def inline_plain_schemas(document: Json) -> list[LeftOut]:
    """Put named schemas that do not become a class (a boolean, a list) where they are used.

    One that contains itself would never end, so it becomes any value below some level.
    """
    named = components(document)
    plain = {n: copy.deepcopy(schema) for n, schema in named.items() if not _is_class(schema)}
    circles = _circles(plain)
    waiting = [(schema, Counter[frozenset[str]]()) for _, schema in schemas_in(document)]
    cut: set[str] = set()
    while waiting:
        schema, above = waiting.pop()
        name = str(schema.get("$ref", "")).removeprefix(SCHEMAS)
        if name not in plain:
            continue
        circle, levels = circles.get(name, (frozenset(), 1))
        if above[circle] >= levels:
            cut.add(name)
            become(schema, {})
        else:
            become(schema, copy.deepcopy(plain[name]))
            inner = above + Counter([circle]) if circle else above
            waiting += [(found, inner) for _, found in walk(schema, "")]
    return [LeftOut(f"schema {name}", "its type inside itself", _ENDLESS) for name in sorted(cut)]


def _circles(plain: Json) -> dict[str, tuple[frozenset[str], int]]:
    """Return the schemas that contain themselves, with their parts and how many levels to write.

    Each level multiplies by the references of the circle to itself: many leave room for one only.
    """
    mentions = {
        name: Counter(ref.removeprefix(SCHEMAS) for ref in references(schema))
        for name, schema in plain.items()
    }
    reached = {name: _reached(name, mentions) for name in plain}
    found: dict[str, tuple[frozenset[str], int]] = {}
    for name in plain:
        circle = frozenset(each for each in reached[name] if name in reached[each])
        if circle:
            ways = sum(mentions[one][other] for one in circle for other in circle)
            levels = next(n for n in range(_DEEPEST, 0, -1) if ways**n <= _MOST or n == 1)
            found[name] = circle, levels
    return found


def _reached(name: str, mentions: dict[str, Counter[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = mentions[waiting.pop()].keys() & mentions.keys() - found
        found |= new
        waiting += new
    return found


_DEEPEST = 5
_MOST = 1000
"""Copies of a schema inside itself."""
_ENDLESS = "it contains itself: any value from some level on"
_LONGEST = 80
"""Characters of a class's name, which is its file's too: file systems take 255 bytes."""


def _is_class(schema: Json) -> bool:
    """Whether a schema becomes a class: an object, or an enum."""
    if schema.get("type") == "boolean":
        return False
    return "enum" in schema or "allOf" in schema or schema.get("type") == "object"


def name_inner_classes(document: Json) -> list[LeftOut]:
    """Name the objects and enums inside named schemas: `crew` of `Ship` is `ShipCrew`."""
    for name, schema in list(components(document).items()):
        _name_inside(document, schema, name)
    return []


def name_classes_of_operations(document: Json) -> list[LeftOut]:
    """Name the objects and enums that only one operation uses."""
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
    name = free(name, named)
    if "enum" in bare:
        bare["enum"] = [value for value in bare["enum"] if value is not None]
    named[name] = bare
    reference = {"$ref": SCHEMAS + name}
    nullable = takes_null(schema) or None in schema.get("enum", [])
    words = {key: bare[key] for key in ("description",) if key in bare}
    become(schema, {"anyOf": [reference, {"type": "null"}], **words} if nullable else reference)


def name_classes(document: Json, taken: frozenset[str]) -> list[LeftOut]:
    """Give named schemas names that make distinct classes, none of which the runtime needs.

    A schema that has the name of its class keeps it, whichever others would get the same one.
    """
    named = components(document)
    used: set[str] = {each.lower() for each in RESERVED_CLASSES | taken}
    renamed: dict[str, str] = {}
    for name in sorted(named, key=lambda name: _class_name(name) != name):
        wanted = _class_name(name)
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
        for value, name in schema.get("x-sdir-variants", {}).items():
            schema["x-sdir-variants"][value] = renamed.get(name, "")
    return []


def _class_name(name: str) -> str:
    return str(ClassName(_plain_name(name), "Model"))[:_LONGEST]


def _plain_name(name: str) -> str:
    """Say a generic type in words: `Page[Ship]` is a page of ship, with or without its assembly.

    >>> _plain_name("Page`1[[Fleet.Ship, Fleet, Version=1.0.0.0]]")
    'Page_Of_Fleet_Ship'
    """
    bare = re.sub(r"`\d+|,\s*[^][]*(?=\])", "", name)
    return re.sub(r"\W+", "_", re.sub(r"[\[<«{]+(?=\w)", "_Of_", bare)).strip("_") or name


def merge_all_of(document: Json) -> list[LeftOut]:
    """Merge `allOf`, and fields next to alternatives of objects, into one object, for one class.

    Where two parts declare the same field, the later counts. All fields of the alternatives are
    there, and none is required: the check and the server decide which ones belong together.
    """
    for _, schema in schemas_in(document):
        merged = _merged(document, schema, ())
        if merged is not None and merged is not schema and "$ref" not in schema:
            become(schema, merged)
    return []


def _merged(document: Json, schema: Json, seen: tuple[str, ...]) -> Json | None:
    """Return a schema as one object; `None` where it is not made of objects alone."""
    reference = str(schema.get("$ref", ""))
    if reference:
        known = components(document)[reference.removeprefix(SCHEMAS)]
        return None if reference in seen else _merged(document, known, (*seen, reference))
    if "allOf" not in schema:
        return _with_alternatives(document, schema, seen)
    own = {key: value for key, value in schema.items() if key != "allOf"}
    parts = [_merged(document, part, seen) for part in [*schema["allOf"], own]]
    whole = [part for part in parts if part is not None]
    return _united(whole) if len(whole) == len(parts) else None


def _with_alternatives(document: Json, schema: Json, seen: tuple[str, ...]) -> Json | None:
    if schema.get("type") != "object":
        return None if schema.keys() & _DECIDING else schema
    given = [*schema.get("oneOf", ()), *schema.get("anyOf", ())]
    kinds = [each for each in given if each.keys() & DECIDING]
    if not kinds:
        return schema
    parts = [_merged(document, each, seen) for each in kinds]
    own = {key: value for key, value in schema.items() if key not in ("oneOf", "anyOf")}
    return _widened(own, [part for part in parts if part is not None])


def _widened(own: Json, parts: list[Json]) -> Json:
    """Add the fields of alternatives; one that they describe differently may be either."""
    fields: dict[str, list[Json]] = {}
    for part in parts:
        for name, schema in part.get("properties", {}).items():
            known = fields.setdefault(name, [])
            known += [schema] if schema not in known else []
    more = {n: all_[0] if len(all_) == 1 else {"anyOf": all_} for n, all_ in fields.items()}
    open_ = {k: v for k, v in own.items() if k != "additionalProperties"}
    return open_ | {"properties": more | own.get("properties", {})}


def _united(parts: list[Json]) -> Json:
    united: Json = {"type": "object", "properties": {}, "required": []}
    for part in parts:
        united["properties"].update(part.get("properties", {}))
        united["required"] += [n for n in part.get("required", []) if n not in united["required"]]
        if "additionalProperties" in part:
            united["additionalProperties"] = part["additionalProperties"]
    words = {key: parts[-1][key] for key in ("description", "example") if key in parts[-1]}
    return united | words


def let_out_read_only(document: Json) -> list[LeftOut]:
    """Require no field that the server fills in, in a class that is sent."""
    named = components(document)
    for name in names_used(document, [operation.body for operation in operations(document)]):
        given = read_only(document, named[name])
        if given and "required" in named[name]:
            named[name]["required"] = [r for r in named[name]["required"] if r not in given]
    return []


def open_patterns(document: Json) -> list[LeftOut]:
    """Let a class keep the fields whose names match a pattern, as it keeps any other."""
    for _, schema in list(schemas_in(document)):
        kinds = list((schema.get("patternProperties") or {}).values())
        others = schema.get("additionalProperties", {})
        if kinds and others != {}:
            kinds += [others] if others else []
            schema["additionalProperties"] = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    return []


def drop_unused_schemas(document: Json) -> list[LeftOut]:
    """Leave out schemas that only error answers used."""
    used = names_used(document, [operation.node for operation in operations(document)])
    named = components(document)
    document["components"]["schemas"] = {k: v for k, v in named.items() if k in used}
    return []


def names_used(document: Json, places: list[Any]) -> set[str]:
    """Return the names of the schemas that parts of a document refer to."""
    named = components(document)
    used: set[str] = set()
    waiting = [*places]
    while waiting:
        mentioned = {ref.removeprefix(SCHEMAS) for ref in references(waiting.pop())}
        found = mentioned & named.keys() - used
        used |= found
        waiting.extend(named[name] for name in found)
    return used
