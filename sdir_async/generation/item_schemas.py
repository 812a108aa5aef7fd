"""The JSON Schema of one record of each batch, for the check that comes before sending.

It refuses nothing that Sdir accepts. Rules that ASP.NET does not have, or has in another form, and
rules that the validator can't compile are left to the server.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

from ..openapi.schemas import compiles
from .walk import (
    SCHEMAS,
    Json,
    LeftOut,
    components,
    conditions,
    pointer,
    put,
    references,
    subschemas,
    walk,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"
COMMENT = "Generated from the OpenAPI document. Do not edit."
_LEADING = frozenset({"$ref", "$dynamicRef", "$recursiveRef", "$schema", "$id", "$vocabulary"})
_TURNING = ("not", "if", "contains", "propertyNames", "oneOf")
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"})
_FORMATS = frozenset(
    {
        *("time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6"),
        *("uri", "uri-reference", "uri-template", "iri", "iri-reference", "regex"),
        *("json-pointer", "relative-json-pointer"),
    }
)
"""Formats that .NET reads otherwise than their standards: `01:00:00` is a duration there."""

_WORDS = frozenset({"description", "title", "example", "examples", "default", "deprecated"})
_FOR_OTHERS = frozenset({"xml", "externalDocs", "discriminator"})
_FOR_TABLES = frozenset({"x-sdir-labels", "x-sdir-not-before"})
_MARKS = frozenset({"readOnly", "writeOnly"})
_ELSEWHERE = frozenset(
    {"$id", "$anchor", "$dynamicAnchor", "$dynamicRef", "$schema", "$recursiveRef"}
)
_SHUT = ("additionalProperties", "unevaluatedProperties", "unevaluatedItems")
_OTHERWISE = re.compile(r"-\[|\(\?[a-z]*[xsn]|\\p\{Is")
"""What a pattern of .NET may hold that other engines read as something else."""


def item_schema(document: Json, item: Json) -> Json:
    """Return a schema that stands alone: all that the item refers to is under `$defs`.

    Preparation has made JSON Schema of the document's schemas already, so that here words for
    people go, references change their address, and rules go that are the server's.
    """
    named = components(document)
    needed: dict[str, Any] = {}
    waiting = [item]
    while waiting:
        for reference in references(waiting.pop()):
            name = reference.removeprefix(SCHEMAS)
            if name in named and name not in needed:
                needed[name] = _bare(document, named[name], frozenset())
                waiting.append(named[name])
    definitions = {"$defs": dict(sorted(needed.items()))} if needed else {}
    bare = _bare(document, item, frozenset())
    return {"$schema": DIALECT, "$comment": COMMENT, **alone({**bare, **definitions})}


def alone(schema: Json) -> Json:
    """Return a schema that leads to nothing outside of itself, in whatever keyword it stands.

    A validator that follows a remote `$ref`, `$id` or `$schema` would open a connection or a file.
    A condition that lost a part could mean the opposite, so it is removed completely.
    """
    kept: Json = {}
    for keyword, value in schema.items():
        if keyword in _LEADING and not _is_inside(value):
            continue
        if keyword in _NAMED and isinstance(value, dict):
            kept[keyword] = {name: _alone_too(inner) for name, inner in value.items()}
        else:
            kept[keyword] = value if keyword in ("const", "enum") else _alone_too(value)
    lost = {
        condition
        for condition in _TURNING
        if condition in kept
        and (_says_nothing(kept[condition]) or kept[condition] != schema[condition])
    }
    gone = {*lost, *(("then", "else") if "if" in lost else ())}
    return {keyword: value for keyword, value in kept.items() if keyword not in gone}


def _says_nothing(value: Any) -> bool:
    """Any value fits: the rule itself is already gone."""
    return value == {} or (isinstance(value, list) and {} in value)


def _alone_too(value: Any) -> Any:
    if isinstance(value, list):
        return [_alone_too(inner) for inner in value]
    return alone(value) if isinstance(value, dict) else value


def _is_inside(value: object) -> bool:
    return isinstance(value, str) and value.startswith("#/$defs/")


def rules_left_to_the_server(document: Json, item: Json, where: str) -> list[LeftOut]:
    """Return the rules of a record that are not checked before it is sent."""
    named = components(document)
    seen: set[str] = set()
    waiting, found = [(item, "")], []
    while waiting:
        schema, place = waiting.pop(0)
        for inner, each in walk(schema, place):
            found += [
                LeftOut(
                    where,
                    f"{keyword} {json.dumps(each[keyword], ensure_ascii=False)}"
                    f" at {inner or 'a record'}",
                    "it can't be checked here; the server does",
                )
                for keyword in each
                if not _is_usable(keyword, each)
            ]
            name = str(each.get("$ref", "")).removeprefix(SCHEMAS)
            if name in named and name not in seen:
                seen.add(name)
                waiting.append((named[name], name))
    return found


def _bare(document: Json, schema: Json, given: frozenset[str]) -> Json:
    """Return a schema without what the check does not need.

    Args:
        document: What references lead into.
        schema: As preparation leaves it.
        given: Fields that an outer schema says the server fills in: they are not asked for.
    """
    given |= read_only(document, schema)
    bare = {
        keyword: value.copy() if isinstance(value, dict | list) else value
        for keyword, value in _without_weak_conditions(schema).items()
        if keyword not in _WORDS | _FOR_OTHERS | _MARKS | _ELSEWHERE
        and not keyword.startswith("x-")
        and not (keyword in _SHUT and value is False)
        and _is_usable(keyword, schema)
    }
    if "required" in bare:
        bare["required"] = [name for name in bare["required"] if name not in given]
    applied: list[tuple[str, Any, Any]] = [*subschemas(bare), *conditions(bare)]
    for keyword, key, inner in applied:
        passed = given if keyword in ("allOf", "anyOf", "oneOf") else frozenset()
        plain = _bare(document, inner, passed) if isinstance(inner, dict) else inner
        put(bare, keyword, key, plain)
    return _lenient(_addressed(bare))


def _addressed(bare: Json) -> Json:
    if "$ref" in bare:
        place = pointer("$defs", bare["$ref"].removeprefix(SCHEMAS))
        bare["$ref"] = "#" + quote(place, safe="/~$")
    return bare


def _lenient(bare: Json) -> Json:
    """Let a value fit several alternatives: the rule that tells them apart may be missing."""
    if "oneOf" in bare:
        one = {"anyOf": bare.pop("oneOf")}
        bare |= {"allOf": [*bare.get("allOf", []), one]} if "anyOf" in bare else one
    return bare


def _without_weak_conditions(schema: Json) -> Json:
    """Leave out a condition if it is not checked completely."""
    weak = {word for word in _GUARDED if word in schema and not _is_whole(schema[word])}
    gone = {keyword for word in weak for keyword in _GUARDED[word]}
    return {keyword: value for keyword, value in schema.items() if keyword not in gone}


_GUARDED = {"not": ("not",), "if": ("if", "then", "else"), "contains": ("maxContains",)}


def _is_whole(condition: Any) -> bool:
    inside = [each for _, each in walk(condition, "")]
    return not any(each.keys() & {"$ref", "oneOf"} for each in inside) and all(
        _is_usable(keyword, each) for each in inside for keyword in each
    )


def worded(schema: Json) -> Json:
    """Return a schema as a description for people: its texts and labels stay."""
    bare: Json = {
        keyword: value.copy() if isinstance(value, dict | list) else value
        for keyword, value in schema.items()
        if keyword not in _FOR_OTHERS and (keyword in _FOR_TABLES or not keyword.startswith("x-"))
    }
    applied: list[tuple[str, Any, Any]] = [*subschemas(bare), *conditions(bare)]
    for keyword, key, inner in applied:
        plain = worded(inner) if isinstance(inner, dict) else inner
        put(bare, keyword, key, plain)
    if "$ref" in bare:
        bare["$ref"] = bare["$ref"].replace(SCHEMAS, "#/$defs/")
    return bare


def read_only(document: Json, schema: Json) -> frozenset[str]:
    """Return the fields of an object that the server fills in, those of its `allOf` included."""
    found: set[str] = set()
    waiting, seen = [schema], set[str]()
    while waiting:
        part = waiting.pop()
        fields = part.get("properties", {})
        found |= {name for name, field in fields.items() if _is_read_only(document, field)}
        waiting += part.get("allOf", [])
        name = str(part.get("$ref", "")).removeprefix(SCHEMAS)
        if name in components(document) and name not in seen:
            seen.add(name)
            waiting.append(components(document)[name])
    return frozenset(found)


def _is_read_only(document: Json, field: Any) -> bool:
    if not isinstance(field, dict):
        return False
    target = components(document).get(str(field.get("$ref", "")).removeprefix(SCHEMAS), {})
    return True in (field.get("readOnly"), target.get("readOnly"))


def _is_usable(keyword: str, schema: Json) -> bool:
    """Whether the validator takes a keyword, and means by it what the server does."""
    value = schema[keyword]
    if keyword == "format":
        return value not in _FORMATS
    if keyword == "patternProperties":
        return all(compiles("pattern", json.dumps(each)) for each in value)
    if keyword == "pattern" and _OTHERWISE.search(str(value)):
        return False
    applied = {*(k for k, _, _ in subschemas(schema)), *(k for k, _, _ in conditions(schema))}
    return keyword in _LEADING or keyword in applied or compiles(keyword, json.dumps(value))
