"""Turns an OpenAPI document into one that generates a small client: pure functions, document in, document out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
KEY_HEADER = "ocp-apim-subscription-key"


def prepare(document: Json) -> Json:
    """Apply every transformation, in order, to a copy of the document."""
    prepared = copy.deepcopy(document)
    steps: tuple[Callable[[Json], None], ...] = (
        keep_successes,
        keep_json,
        require_bodies,
        drop_key_parameter,
        merge_tags,
        drop_unused_schemas,
    )
    for step in steps:
        step(prepared)
    return prepared


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Yield path, method and operation of every operation."""
    for path, item in (document.get("paths") or {}).items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def keep_successes(document: Json) -> None:
    """Leave out error answers: the session raises them, whatever the document says of their bodies."""
    for _, _, operation in operations(document):
        answers = operation.get("responses", {})
        operation["responses"] = {
            status: answer for status, answer in answers.items() if str(status).startswith("2")
        } or {"200": {"description": ""}}


def keep_json(document: Json) -> None:
    """Of each body and answer take the JSON media type: Sdir's APIs speak nothing else."""
    for _, _, operation in operations(document):
        for holder in [operation.get("requestBody", {}), *operation["responses"].values()]:
            content = holder.get("content", {})
            json = next((media for kind, media in content.items() if "json" in kind), None)
            if json is not None:
                holder["content"] = {"application/json": json}


def require_bodies(document: Json) -> None:
    """A declared body is required: exports of the gateway never say so, and mean it."""
    for _, _, operation in operations(document):
        if "content" in operation.get("requestBody", {}):
            operation["requestBody"]["required"] = True


def drop_key_parameter(document: Json) -> None:
    """The subscription key is sent by the session, not by the caller of a method."""
    for _, _, operation in operations(document):
        operation["parameters"] = [
            parameter
            for parameter in operation.get("parameters", [])
            if parameter.get("name", "").lower() != KEY_HEADER
        ]


def merge_tags(document: Json) -> None:
    """One class holds all operations of a version, so that tags have nothing to say."""
    for _, _, operation in operations(document):
        operation.pop("tags", None)


def drop_unused_schemas(document: Json) -> None:
    """Leave out schemas that only error answers used."""
    components = document.get("components", {})
    components.pop("responses", None)
    schemas = components.get("schemas", {})
    used: set[str] = set()
    waiting = [document.get("paths"), components.get("parameters"), components.get("requestBodies")]
    while waiting:
        found = {name for name in _references(waiting.pop()) if name in schemas} - used
        used |= found
        waiting.extend(schemas[name] for name in found)
    components["schemas"] = {name: schema for name, schema in schemas.items() if name in used}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str):
            yield reference.removeprefix("#/components/schemas/")
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _references(inner)
