"""A large document as the gateway might export it, with every quirk that exports have."""

from __future__ import annotations

from .toys import Json, content, document, operation, query, ref

BATCHES = 22
OPERATIONS = 137


def large(batches: int = BATCHES, operations: int = OPERATIONS) -> Json:
    """Return a document of so many operations; some of them are batches by reference."""
    doc = document(
        openapi="3.0.1",
        servers=[{"url": "http://api.sdir.no/fleet"}, {"url": "https://api.sdir.no/fleet"}],
        info={
            "title": "Fleet",
            "version": "1.0",
            "description": 'All of it.\n\nWith "quotes" and \\ in it',
        },
    )
    for number in range(batches):
        _add_kind(doc, f"Kind{number}", (number + 1) % batches)
    _add_odd_ones(doc)
    number = 0
    while sum(len(item) for item in doc["paths"].values()) < operations:
        doc["paths"][f"/plain/{number}"] = {
            "get": {**operation(None), "operationId": f"{number:024x}"}
        }
        number += 1
    return doc


def _add_kind(doc: Json, name: str, following: int) -> None:
    """Add a kind of record in the ways of exports: its list, its batch, its single record."""
    lower = name.lower()
    schemas, paths = doc["components"]["schemas"], doc["paths"]
    schemas[name] = _record(following)
    schemas[f"{name}Array"] = {"type": "array", "items": ref(name)}
    schemas[f"{name}BatchPost200ApplicationJsonResponse"] = {"type": "boolean"}
    batch = operation(
        f"{name}_Post{name}Batch", answer=ref(f"{name}BatchPost200ApplicationJsonResponse")
    )
    kinds = ("application/json", "text/json", "application/*+json")
    batch["requestBody"] = {"description": None, **content(ref(f"{name}Array"), *kinds)}
    key = {"name": "Ocp-Apim-Subscription-Key", "in": "header", "schema": {"type": "string"}}
    paths[f"/api/{lower}/batch"] = {"post": batch}
    paths[f"/api/{lower}"] = {
        "get": operation(
            f"get-api-{lower}", answer=ref(f"{name}Array"), parameters=[key, query("page")]
        ),
        "post": operation(f"{name}_Post{name}", body=ref(name), answer=ref(name)),
    }
    paths[f"/api/{lower}/{{id}}"] = {"get": operation(f"v1_get{lower}__id__get", answer=ref(name))}


def _record(following: int) -> Json:
    return {
        "type": "object",
        "description": None,
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "example": 1, "description": None},
            "kind": {"type": "string", "enum": [""]},
            "size": {"type": "integer", "format": "int32", "example": "large", "default": "none"},
            "owner": {
                "type": "object",
                "nullable": True,
                "properties": {"name": {"type": "string"}},
            },
            "flag": {"type": "string", "nullable": True, "enum": ["NO", "SE"]},
            "next": {"allOf": [ref(f"Kind{following}")], "nullable": True},
            "tags": {"type": "array"},
            "from": {"type": "string", "format": "date-time"},
        },
        "xml": {"name": None},
        "additionalProperties": False,
    }


def _add_odd_ones(doc: Json) -> None:
    """Add operations that have no JSON form, or no content, or names that nobody can read."""
    file, text = {"type": "file"}, {"type": "string"}
    doc["components"]["schemas"]["Operation"] = {
        "type": "object",
        "properties": {"operation": text},
    }
    doc["paths"] |= {
        "/odd/photo": {
            "post": {"requestBody": content(file, "multipart/form-data"), "responses": {}}
        },
        "/odd/report": {"get": {"responses": {"200": content(file, "application/pdf")}}},
        "/odd/both": {
            "put": {
                **operation("both"),
                "requestBody": content(text, "application/xml", "text/json"),
            }
        },
        "/odd/file": {"get": operation("5f1b2c3d4e5f6a7b8c9d0e1f", answer=file)},
        "/odd/types": {"get": operation("types", answer={"type": ["string", "null"]})},
        "/odd/answers": {
            "post": {
                "responses": {"200": content(text), "202": content({"type": "integer"}), "204": {}}
            }
        },
        "/odd/gone": {"get": operation("gone", answer=ref("Gone"))},
        "/odd/operation": {"get": operation("operation", answer=ref("Operation"))},
        "/odd/{*path}": {"get": operation("wild")},
    }
