"""Walks through an OpenAPI document: operations, schemas, references, JSON pointers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..openapi.walk import (
    METHODS,
    Found,
    Json,
    lookup,
    nowhere,
    operations_in,
    pointer,
    resolved,
    schema_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "METHODS",
    "SCHEMAS",
    "Json",
    "LeftOut",
    "Operation",
    "become",
    "components",
    "lookup",
    "nowhere",
    "operations",
    "pointer",
    "put",
    "references",
    "resolved",
    "schemas_in",
    "subschemas",
    "walk",
]

SCHEMAS = "#/components/schemas/"

_MAPS = ("properties", "patternProperties", "$defs")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLES = ("items", "additionalProperties", "not")
_UNEVALUATED = ("unevaluatedItems", "unevaluatedProperties")
_CONDITIONS = ("if", "then", "else", "contains", "propertyNames", *_UNEVALUATED)


class LeftOut(NamedTuple):
    """Something of a document that the generated code does not offer."""

    where: str
    what: str
    why: str


class Operation(Found):
    """An operation, with the words that preparation has for its parts."""

    @property
    def id(self) -> str:
        """What the document calls it, even after it got a name of ours."""
        return str(self.node.get("x-sdir-operation-id") or self.node.get("operationId") or "")

    @property
    def name(self) -> str:
        """What its method is called, once the document is prepared."""
        return str(self.node["operationId"])

    @property
    def body(self) -> Json | None:
        """The schema of its JSON body."""
        return schema_in(self.node.get("requestBody") or {})

    @property
    def answer(self) -> Json | None:
        """The schema of its JSON answer."""
        found = map(schema_in, self.node["responses"].values())
        return next((schema for schema in found if schema is not None), None)

    @property
    def body_is_optional(self) -> bool:
        """Whether the document says explicitly that a body need not be sent."""
        return (self.node.get("requestBody") or {}).get("required") is False


def operations(document: Json) -> list[Operation]:
    """Return every operation, in the order of the document."""
    return [Operation(*found) for found in operations_in(document)]


def components(document: Json) -> Json:
    """Return the named schemas, to read or to change."""
    schemas: Json = document.setdefault("components", {}).setdefault("schemas", {})
    return schemas


def schemas_in(document: Json) -> Iterator[tuple[str, Json]]:
    """Yield every schema with its pointer, the outer before the inner ones.

    References are yielded too, and not followed. A schema may be changed in place.
    """
    for name, schema in components(document).items():
        yield from walk(schema, pointer("components", "schemas", name))
    for operation in operations(document):
        for number, parameter in enumerate(operation.node.get("parameters", [])):
            place = f"{operation.pointer}/parameters/{number}/schema"
            yield from walk(parameter.get("schema", {}), place)
        for holder, place in _holders(operation):
            for kind, media in (holder.get("content") or {}).items():
                yield from walk(media.get("schema", {}), place + pointer("content", kind, "schema"))


def _holders(operation: Operation) -> Iterator[tuple[Json, str]]:
    yield operation.node.get("requestBody") or {}, f"{operation.pointer}/requestBody"
    for status, answer in operation.node.get("responses", {}).items():
        yield answer, operation.pointer + pointer("responses", status)


def walk(schema: Any, place: str) -> Iterator[tuple[str, Json]]:
    """Yield a schema and every schema inside it, with its pointer, the outer ones first."""
    if not isinstance(schema, dict):
        return
    yield place, schema
    for keyword, key, inner in [*subschemas(schema), *conditions(schema)]:
        yield from walk(inner, place + pointer(keyword, *([] if key is None else [str(key)])))


def subschemas(schema: Json) -> Iterator[tuple[str, str | int | None, Any]]:
    """Yield what should be a schema directly inside this one: keyword, key or index, value."""
    for keyword in _MAPS:
        if isinstance(schema.get(keyword), dict):
            yield from ((keyword, key, inner) for key, inner in schema[keyword].items())
    for keyword in _LISTS:
        if isinstance(schema.get(keyword), list):
            yield from ((keyword, index, inner) for index, inner in enumerate(schema[keyword]))
    for keyword in _SINGLES:
        if keyword in schema:
            yield keyword, None, schema[keyword]


def conditions(schema: Json) -> Iterator[tuple[str, str | int | None, Any]]:
    """Yield the schemas directly inside this one that only restrict, and make no type."""
    for keyword in _CONDITIONS:
        if keyword in schema:
            yield keyword, None, schema[keyword]
    for keyword in ("dependentSchemas", "dependencies"):
        if isinstance(schema.get(keyword), dict):
            yield from ((keyword, key, inner) for key, inner in schema[keyword].items())


def put(schema: Json, keyword: str, key: str | int | None, value: Any) -> None:
    """Put a value where `subschemas` or `conditions` found one."""
    if key is None:
        schema[keyword] = value
    else:
        schema[keyword][key] = value


def references(value: Any) -> Iterator[str]:
    """Yield every reference in a value, however deep."""
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str):
            yield reference
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from references(inner)


def become(schema: Json, other: Json) -> None:
    """Replace the contents of a schema in place."""
    other = dict(other)
    schema.clear()
    schema.update(other)
