"""Checks that the parts of a document are objects, lists and texts where they have to be."""

from __future__ import annotations

from typing import Any, Final

from .walk import METHODS, DocumentError, pointer

_ANY: Final = "*"
_WORDS: Final[dict[type, str]] = {
    dict: "an object",
    list: "a list",
    str: "a text",
    int: "a whole number",
}

_SCHEMA: Final[dict[str, Any]] = {"$ref": str, "required": [str], "enum": [], "format": str}
"""May also be `true` or `false`."""
_SCHEMA.update(
    dict.fromkeys(("items", "additionalProperties", "not"), _SCHEMA),
    **{word: [_SCHEMA] for word in ("allOf", "anyOf", "oneOf", "prefixItems")},
    **{word: {_ANY: _SCHEMA} for word in ("properties", "$defs", "patternProperties")},
    **dict.fromkeys(("minLength", "minItems", "maxLength", "maxItems"), int),
)


def _document(schema: Any) -> Any:
    """Return what a document looks like, with what its schemas look like."""
    content = {_ANY: {"schema": schema, "examples": {}}}
    parameter = {"name": str, "in": str, "content": content, "$ref": str, "schema": schema}
    body = {"content": content, "$ref": str}
    servers = [{"url": str, "x-sdir-environment": str, "variables": {_ANY: {}}}]
    security = [{_ANY: [str]}]
    operation = {
        "operationId": str,
        "parameters": [parameter],
        "requestBody": body,
        "responses": {_ANY: body},
        "callbacks": {},
        "servers": servers,
        "security": security,
        "x-sdir-pages": {_ANY: str},
        "x-sdir-reconcile": {"operation": str, "filter": {_ANY: str}, "match": [str]},
    }
    path = {
        "$ref": str,
        "parameters": [parameter],
        "servers": servers,
        **dict.fromkeys(METHODS, operation),
    }
    return {
        "info": {},
        "servers": servers,
        "security": security,
        "paths": {_ANY: path},
        "webhooks": {},
        "components": {
            "schemas": {} if schema is None else {_ANY: schema},
            "parameters": {_ANY: parameter},
            "requestBodies": {_ANY: body},
            "responses": {_ANY: body},
            "securitySchemes": {_ANY: {}},
        },
    }


_WHOLE: Final = _document(_SCHEMA)
_ALL_BUT_SCHEMAS: Final = _document(None)


def check_shape(document: Any, *, schemas: bool = True) -> None:
    """Check what the code that reads documents relies on; take away parts that are null.

    Args:
        document: A document.
        schemas: Whether to look at schemas too. The generator mends them instead.

    Raises:
        DocumentError: A part is of the wrong kind.
    """
    _check(document, _WHOLE if schemas else _ALL_BUT_SCHEMAS, "")


def _check(value: Any, wanted: Any, place: str) -> None:
    if wanted is _SCHEMA and isinstance(value, bool):
        return
    kind: Any = wanted if isinstance(wanted, type) else type(wanted)
    if not isinstance(value, kind):
        raise DocumentError(place, f"must be {_WORDS[kind]}")
    if isinstance(wanted, dict):
        _check_object(value, wanted, place)
    elif isinstance(wanted, list):
        value[:] = [item for item in value if item is not None or not wanted]
        for number, item in enumerate(value if wanted else ()):
            _check(item, wanted[0], f"{place}/{number}")


def _check_object(value: dict[str, Any], wanted: dict[str, Any], place: str) -> None:
    for key in list(value):
        inner = wanted.get(key, wanted.get(_ANY))
        if inner is None or (_ANY in wanted and key.startswith("x-")):
            continue
        if value[key] is None and _ANY in wanted and isinstance(inner, dict):
            value[key] = {}
        elif value[key] is None:
            del value[key]
        else:
            _check(value[key], inner, place + pointer(key))
