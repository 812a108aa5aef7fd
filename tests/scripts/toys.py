"""Small documents of our making, each a toy of what Sdir's gateway exports."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]

SHIP: Json = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "maxLength": 20},
        "built": {"type": "string", "format": "date"},
    },
}
SAVED: Json = {
    "allOf": [
        {"$ref": "#/components/schemas/Ship"},
        {
            "type": "object",
            "required": ["uid"],
            "properties": {"uid": {"type": "string", "format": "uuid"}},
        },
    ]
}


def ref(name: str) -> Json:
    """Refer to a named schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def content(schema: Json, *kinds: str) -> Json:
    """Return a body or an answer of a schema, as JSON or as other media types."""
    return {"content": {kind: {"schema": schema} for kind in kinds or ("application/json",)}}


def operation(
    name: str | None = None, *, body: Json | None = None, answer: Json | None = None, **more: Any
) -> Json:
    """Return an operation with schemas for its body and its answer."""
    made: Json = {
        "responses": {"200": {"description": "", **(content(answer) if answer else {})}},
        **more,
    }
    if name is not None:
        made["operationId"] = name
    if body is not None:
        made["requestBody"] = content(body)
    return made


def query(name: str, schema: Json | None = None, **more: Any) -> Json:
    """Return a query parameter."""
    return {"name": name, "in": "query", "schema": schema or {"type": "string"}, **more}


def document(paths: Json | None = None, schemas: Json | None = None, **more: Any) -> Json:
    """Return an OpenAPI document."""
    made = json.dumps(
        {
            "openapi": "3.0.1",
            "info": {"title": "Toys", "version": "1.0"},
            "paths": paths or {},
            "components": {"schemas": schemas or {}},
            **more,
        }
    )
    plain: Json = json.loads(made)
    return plain


def fleet() -> Json:
    """Return a whole small API: one ship, many ships, a list, a check, all as an export has it."""
    many = {"type": "array", "items": ref("Ship")}
    saved = {"type": "array", "items": ref("SavedShip")}
    uid = {"name": "uid", "in": "path", "schema": {"type": "string", "format": "uuid"}}
    return document(
        {
            "/ships": {"get": operation("listShips", answer=saved)},
            "/ships/{uid}": {
                "get": operation("getShip", answer=ref("SavedShip"), parameters=[uid])
            },
            "/ships/batch": {"post": operation("createShips", body=ref("Ships"), answer=saved)},
            "/ships/prevalidate": {"post": operation("checkShips", body=ref("Ships"))},
        },
        {"Ship": SHIP, "SavedShip": SAVED, "Ships": many},
        servers=[{"url": "https://api.sdir.no/fleet/v1"}],
    )
