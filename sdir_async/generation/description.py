"""What a version is, as data: `description.json`, which `sdir_async.describe` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..openapi.security import scopes_of
from .item_schemas import COMMENT, DIALECT, worded
from .walk import Json, Operation, components, operations

if TYPE_CHECKING:
    from .calls import Call, Walk
    from .facts import Facts, Upload


def description_of(facts: Facts, document: Json) -> Json:
    """Return everything that a user, the command or a tool may want to know about a version."""
    described = {operation.name: operation for operation in operations(document)}
    return {
        "$comment": COMMENT,
        "api": facts.api,
        "version": facts.version,
        "title": facts.title,
        "description": facts.description,
        "servers": facts.servers,
        "scopes": list(scopes_of(document)),
        "operations": [_operation(call, described[call.name]) for call in facts.calls],
        "batches": [
            _batch(name, upload, described[upload.call.name], facts.items[name])
            for name, upload in facts.uploads.items()
        ],
        "schemas": {name: worded(schema) for name, schema in sorted(components(document).items())},
    }


def _operation(call: Call, operation: Operation) -> Json:
    answer = operation.answer
    return {
        "name": call.id,
        "python_name": call.name,
        "method": call.method,
        "path": call.path,
        "effect": call.effect,
        "deprecated": call.deprecated,
        "scopes": list(call.scopes),
        "summary": call.summary,
        "description": str(operation.node.get("description") or "").strip(),
        "parameters": [*_parameters(call, operation), *_body(operation)],
        "answer": None if answer is None else worded(answer),
        "pages": None if call.walk is None else _pages(call.walk),
    }


def _pages(walk: Walk) -> Json:
    return {
        "python_name": walk.name,
        "number": walk.number,
        "size": walk.size,
        "largest": walk.largest,
    }


def _parameters(call: Call, operation: Operation) -> list[Json]:
    given = {(p["name"], p["in"]): p for p in operation.node["parameters"]}
    places = [
        (prop.name.get_untrusted_value(), str(where), str(prop.python_name))
        for where, prop in call.endpoint.iter_all_parameters()
    ]
    return [
        {
            "name": name,
            "python_name": python_name,
            "place": where,
            "required": given[name, where].get("required") is True,
            "schema": worded(given[name, where]["schema"]),
            "description": call.arguments[python_name],
        }
        for name, where, python_name in places
    ]


def _body(operation: Operation) -> list[Json]:
    if operation.body is None:
        return []
    return [
        {
            "name": "body",
            "python_name": "body",
            "place": "body",
            "required": not operation.body_is_optional,
            "schema": worded(operation.body),
            "description": str(operation.node["requestBody"].get("description") or "").strip(),
        }
    ]


def _batch(name: str, upload: Upload, operation: Operation, item: Json) -> Json:
    return {
        "name": name,
        "kind": operation.node["x-sdir-batch"],
        "operation": upload.call.name,
        "records": list(upload.records),
        "schema": {"$schema": DIALECT} | {k: v for k, v in item.items() if k not in _AROUND},
        "listing": _listing(upload.listing),
    }


_AROUND = ("$schema", "$comment", "$defs")


def _listing(listing: Json | None) -> Json | None:
    if listing is None:
        return None
    return {
        "operation": listing["operation"],
        "filters": listing["filters"],
        "match": list(listing["match"]),
        "page": listing["page"],
        "page_size": listing["page_size"],
    }
