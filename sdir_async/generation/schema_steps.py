"""Transformations of a document's schemas: each changes one thing, in place.

After them, the schemas are plain JSON Schema, as in OpenAPI 3.1, whatever they were before.
"""

from __future__ import annotations

import copy
import json
import re
from typing import Any
from urllib.parse import unquote

from openapi_python_client.strings import snake_case

from ..openapi.schemas import bound_exclusively
from .inheritance import variants_of
from .walk import (
    SCHEMAS,
    Json,
    LeftOut,
    become,
    components,
    lookup,
    nowhere,
    put,
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
    "x-enumNames": list,
}
_SAID = frozenset(("description", "title", "example", "examples", "default", "deprecated"))
_SAID |= {"readOnly", "writeOnly", "xml", "externalDocs"}
_TELLING = ("discriminator", "x-sdir-variants")
_NO_NAMES = frozenset(("#", "components", "schemas", "$defs", "definitions"))
_PART = re.compile(r"/(allOf|anyOf|oneOf)/\d+$")
_MAY_BE_NULL = ("default", "example", "examples", "enum", "const")


def make_whole(document: Json) -> list[LeftOut]:
    """Make a schema of anything in its place; drop keywords that are null or of a wrong type."""
    named = components(document)
    for name, schema in named.items():
        named[name] = schema if isinstance(schema, dict) else {}
    for _, schema in schemas_in(document):
        for keyword, key, inner in list(subschemas(schema)):
            if keyword == "items" and inner is False and "prefixItems" in schema:
                del schema["items"]
            elif not isinstance(inner, dict) and not (
                keyword == "additionalProperties" and inner is False
            ):
                put(schema, keyword, key, {})
        for keyword in [k for k, v in schema.items() if not _may_be(k, v)]:
            del schema[keyword]
        if "required" in schema:
            names = [name for name in schema["required"] if isinstance(name, str)]
            schema["required"] = list(dict.fromkeys(names))
        schema.pop("title", None)
    return []


def _may_be(keyword: str, value: Any) -> bool:
    if value is None:
        return keyword in _MAY_BE_NULL
    return isinstance(value, _SHAPES.get(keyword, object))


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
        plain = SCHEMAS + _unescaped(reference.removeprefix(SCHEMAS))
        if reference.startswith(SCHEMAS) and plain.removeprefix(SCHEMAS) in named:
            schema["$ref"] = plain
            continue
        target = lookup(document, reference)
        if isinstance(target, dict):
            name = _name_of_place(reference)
            named.setdefault(name, copy.deepcopy(target))
            schema["$ref"] = SCHEMAS + name
        else:
            left.append(
                LeftOut(place, f"the type of {reference}", f"it {nowhere(reference)}: any value")
            )
            become(schema, {})
    return left


def _name_of_place(reference: str) -> str:
    """Name a schema that stands inside something else.

    >>> _name_of_place("#/components/schemas/Ship/$defs/Crew")
    'Ship_Crew'
    """
    words = [part for part in reference.split("/") if part not in _NO_NAMES]
    return re.sub(r"\W+", "_", "_".join(words)).strip("_") or "Place"


def join_siblings(document: Json) -> list[LeftOut]:
    """Read fields beside a reference as OpenAPI 3.1 does: the value has them too.

    OpenAPI 3.0 ignores them, so only those that require nothing are kept.
    """
    ignored = str(document.get("openapi", "")).startswith("3.0")
    for _, schema in list(schemas_in(document)):
        reference = schema.get("$ref")
        if reference is None or not schema.keys() - _SAID - {"$ref"}:
            continue
        if ignored:
            for keyword in schema.keys() - _SAID - {"$ref", "nullable"}:
                if not keyword.startswith("x-"):
                    del schema[keyword]
        elif "properties" in schema:
            own = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
            become(schema, {"allOf": [{"$ref": reference}, {"type": "object", **own}]})
    return []


def _unescaped(name: str) -> str:
    return unquote(name).replace("~1", "/").replace("~0", "~")


def known_types(document: Json) -> list[LeftOut]:
    """Correct types that OpenAPI 3 does not have, and add those that are implied."""
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
    if "type" in schema or "$ref" in schema or "allOf" in schema:
        return
    if "properties" in schema:
        schema["type"] = "object"
    elif "items" in schema and not schema.keys() & {"anyOf", "oneOf"}:
        schema["type"] = "array"


def _is(schema: Json, name: str) -> bool:
    given = schema.get("type")
    return given == name or (isinstance(given, list) and name in given)


def nullable_as_type(document: Json) -> list[LeftOut]:
    """Write `nullable` as OpenAPI 3.1 and JSON Schema do: a type, or an alternative.

    A named object or enum that may be null is null where it is referred to: it stays one class.
    """
    nulls = {
        name
        for name, schema in components(document).items()
        if takes_null(schema) and ({"allOf", "enum"} & schema.keys() or _is(schema, "object"))
    }
    named = components(document)
    for name in nulls:
        become(named[name], _class_without_null(named[name]))
    for place, schema in list(schemas_in(document)):
        if _may_refer_to(nulls, schema) and not _PART.search(place):
            schema["nullable"] = True
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


def _class_without_null(schema: Json) -> Json:
    plain = without_null(schema)
    if isinstance(plain.get("enum"), list):
        plain["enum"] = [value for value in plain["enum"] if value is not None]
    return plain


def _may_refer_to(names: set[str], schema: Json) -> bool:
    """Whether a schema is a reference to one of these, or one of its alternatives is."""
    own = schema.keys() & {"type", "properties"}
    alone = schema["allOf"] if len(schema.get("allOf", ())) == 1 and not own else ()
    parts = [schema, *alone, *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    return any(str(part.get("$ref", "")).removeprefix(SCHEMAS) in names for part in parts)


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


def note_variants(document: Json) -> list[LeftOut]:
    """Note which named schema each value of a discriminator means, before they are renamed."""
    named = components(document)
    for _, schema in schemas_in(document):
        told = schema.get("discriminator")
        alternatives = [*schema.get("oneOf", ()), *schema.get("anyOf", ())]
        if not isinstance(told, dict) or not alternatives or "propertyName" not in told:
            continue
        meant = [str(each["$ref"]).removeprefix(SCHEMAS) for each in alternatives if "$ref" in each]
        default = {"": told["defaultMapping"]} if "defaultMapping" in told else {}
        mapping = {**(told.get("mapping") or {}), **default}
        schema["x-sdir-variants"] = variants_of(mapping, meant, named)
    return []


def bounds_as_numbers(document: Json) -> list[LeftOut]:
    """Write exclusive bounds as OpenAPI 3.1 and JSON Schema do: as numbers of their own."""
    for _, schema in schemas_in(document):
        bound_exclusively(schema)
    return []


def usable_enums(document: Json) -> list[LeftOut]:
    """Make each enum valid in Python. Exports write `enum: ['']` where there is no enum."""
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
            names = schema.get("x-enum-varnames") or schema.pop("x-enumNames", None) or []
            _name_values(schema, list(map(str, names)), values)
    return left


def _typed(schema: Json, value: Any) -> Any:
    """Return the value in the type that the schema says it has."""
    if _is(schema, "integer") and isinstance(value, str) and re.fullmatch(r"-?\d+", value):
        return int(value)
    if _is(schema, "string") and isinstance(value, int | float):
        return json.dumps(value)  # YAML reads `true` and `1` without quotes as something else
    return value


def _name_values(schema: Json, names: list[Any], given: list[Any]) -> None:
    """Name the members ourselves: the generator stops at two that would get the same name."""
    values = [value for value in schema["enum"] if value is not None]
    words = dict(zip(given, names, strict=True)) if len(names) == len(given) else {}
    made: list[str] = []
    for number, value in enumerate(values):
        name = _member(words.get(value, value), number)
        made.append(name if name not in made else f"{name}_{number}")
    schema["x-enum-varnames"] = made


def _member(value: Any, number: int) -> str:
    if isinstance(value, int):
        return f"VALUE_{value}" if value >= 0 else f"VALUE_NEGATIVE_{-value}"
    name = snake_case(value).upper() if value[:1].isalpha() else ""
    return name if name.isidentifier() else f"VALUE_{number}"


def describe_defaults(document: Json) -> list[LeftOut]:
    """Describe the server's default for a value. It is never sent on behalf of the caller."""
    for _, schema in schemas_in(document):
        if "default" in schema and schema["default"] not in (None, [], {}, ""):
            given = str(schema.get("description") or "").strip()
            said = f"Without it: {json.dumps(schema['default'], ensure_ascii=False)}."
            schema["description"] = f"{given} {said}".strip()
    return []


def single_parts(document: Json) -> list[LeftOut]:
    """Replace a single part or alternative by its schema: it is the same class."""
    for _, schema in schemas_in(document):
        for word in ("allOf", "anyOf", "oneOf"):
            given = schema.get(word, [])
            parts = [part for part in given if part.keys() - _SAID or word != "allOf"]
            plain = all(part == parts[0] for part in parts) and (
                word != "allOf" or any("$ref" in part for part in parts)
            )
            if parts and plain and schema.keys() - {word, *_TELLING} <= _SAID:
                words = {k: v for part in [*given, schema] for k, v in part.items()}
                become(schema, {k: v for k, v in words.items() if k in _SAID} | parts[0])
    return []
