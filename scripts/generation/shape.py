"""Checks that the parts of a document are objects, lists and texts where they have to be.

Only what preparation looks at is checked; schemas are mended instead, by steps of their own.
"""

from __future__ import annotations

from typing import Any

from .failures import DocumentError
from .walk import METHODS, pointer

_ANY = "*"
_WORDS: dict[type, str] = {dict: "an object", list: "a list", str: "a text"}

_CONTENT: Any = {_ANY: {}}
_PARAMETER: Any = {"name": str, "in": str, "content": _CONTENT, "$ref": str}
_BODY: Any = {"content": _CONTENT, "$ref": str}
_SERVERS: Any = [{"url": str, "x-sdir-environment": str, "variables": {_ANY: {}}}]
_OPERATION: Any = {
    "operationId": str,
    "parameters": [_PARAMETER],
    "requestBody": _BODY,
    "responses": {_ANY: _BODY},
    "callbacks": {},
    "servers": _SERVERS,
    "x-sdir-pages": {_ANY: str},
    "x-sdir-reconcile": {"operation": str, "filter": {_ANY: str}, "match": [str]},
}
_PATH: Any = {
    "$ref": str,
    "parameters": [_PARAMETER],
    "servers": _SERVERS,
    **dict.fromkeys(METHODS, _OPERATION),
}
_DOCUMENT: Any = {
    "info": {},
    "servers": _SERVERS,
    "paths": {_ANY: _PATH},
    "webhooks": {},
    "components": {
        "schemas": {},
        "parameters": {_ANY: _PARAMETER},
        "requestBodies": {_ANY: _BODY},
        "responses": {_ANY: _BODY},
    },
}


def check_shape(document: Any) -> None:
    """Raise `DocumentError` for a part of the wrong kind; take away parts that are null."""
    _check(document, _DOCUMENT, "")


def _check(value: Any, wanted: Any, place: str) -> None:
    kind: Any = wanted if isinstance(wanted, type) else type(wanted)
    if not isinstance(value, kind):
        raise DocumentError(place, f"must be {_WORDS[kind]}")
    if isinstance(wanted, dict):
        _check_object(value, wanted, place)
    elif isinstance(wanted, list):
        value[:] = [item for item in value if item is not None]
        for number, item in enumerate(value):
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
