"""Finding one's way in an OpenAPI document: operations, schemas, references, JSON pointers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from .failures import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
SCHEMAS = "#/components/schemas/"

_MAPS = ("properties", "patternProperties", "$defs")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLES = ("items", "additionalProperties", "not")


class LeftOut(NamedTuple):
    """Something of a document that the generated code does not offer."""

    where: str
    what: str
    why: str


class Operation(NamedTuple):
    """An operation and where it stands."""

    path: str
    method: str
    node: Json

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def pointer(self) -> str:
        """Where it stands in the document."""
        return pointer("paths", self.path, self.method)

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
        return _schema_of(self.node.get("requestBody") or {})

    @property
    def answer(self) -> Json | None:
        """The schema of its JSON answer."""
        found = map(_schema_of, self.node["responses"].values())
        return next((schema for schema in found if schema is not None), None)


def _schema_of(holder: Json) -> Json | None:
    media = (holder.get("content") or {}).get("application/json")
    return None if media is None else media.get("schema", {})


def operations(document: Json) -> list[Operation]:
    """Return every operation, in the order of the document."""
    return [
        Operation(path, method, item[method])
        for path, item in (document.get("paths") or {}).items()
        for method in METHODS
        if method in item
    ]


def components(document: Json) -> Json:
    """Return the named schemas, to read or to change."""
    schemas: Json = document.setdefault("components", {}).setdefault("schemas", {})
    return schemas


def pointer(*parts: str) -> str:
    """Write a JSON pointer.

    >>> pointer("paths", "/pet", "get")
    '/paths/~1pet/get'
    """
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def resolved(document: Json, node: Json, place: str) -> Json:
    """Follow the references of a node, until something stands there itself.

    Raises:
        DocumentError: A reference leads nowhere, out of the document, or in a circle.
    """
    seen: set[str] = set()
    while isinstance(reference := node.get("$ref"), str):
        if reference in seen:
            raise DocumentError(place, f"the reference {reference} leads to itself")
        seen.add(reference)
        target = lookup(document, reference)
        if not isinstance(target, dict):
            raise DocumentError(place, f"the reference {reference} {nowhere(reference)}")
        node = target
    return node


def nowhere(reference: str) -> str:
    """Say why there is nothing at the end of a reference."""
    if reference.startswith("#"):
        return "leads to nothing"
    return "leads out of the document; put what it means into the document"


def lookup(document: Json, reference: str) -> Any:
    """Return what a reference leads to, `None` if that is nothing in this document."""
    node: Any = document if reference.startswith("#/") else None
    for part in reference.removeprefix("#/").split("/"):
        key = unquote(part).replace("~1", "/").replace("~0", "~")
        node = node.get(key) if isinstance(node, dict) else None
    return node


def schemas_in(document: Json) -> Iterator[tuple[str, Json]]:
    """Yield every schema with its pointer, the outer before the inner ones.

    References are yielded too, and not followed. A schema may be changed in place.
    """
    for name, schema in components(document).items():
        yield from _walk(schema, pointer("components", "schemas", name))
    for operation in operations(document):
        for number, parameter in enumerate(operation.node.get("parameters", [])):
            place = f"{operation.pointer}/parameters/{number}/schema"
            yield from _walk(parameter.get("schema", {}), place)
        for holder, place in _holders(operation):
            for kind, media in (holder.get("content") or {}).items():
                yield from _walk(
                    media.get("schema", {}), place + pointer("content", kind, "schema")
                )


def _holders(operation: Operation) -> Iterator[tuple[Json, str]]:
    yield operation.node.get("requestBody") or {}, f"{operation.pointer}/requestBody"
    for status, answer in operation.node.get("responses", {}).items():
        yield answer, operation.pointer + pointer("responses", status)


def _walk(schema: Any, place: str) -> Iterator[tuple[str, Json]]:
    if not isinstance(schema, dict):
        return
    yield place, schema
    for keyword, key, inner in list(subschemas(schema)):
        yield from _walk(inner, place + pointer(keyword, *([] if key is None else [str(key)])))


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
    """Replace the contents of a schema where it stands."""
    other = dict(other)
    schema.clear()
    schema.update(other)
