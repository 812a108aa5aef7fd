"""Transformations of a document's operations: each changes one thing, in place.

A step returns what it left out of the document that a reader of it may miss.
"""

from __future__ import annotations

import copy
import re
from typing import Any

from sdir_async.openapi.walk import json_kinds, parameters_of

from .failures import DocumentError
from .walk import METHODS, Json, LeftOut, Operation, operations, pointer, resolved

KEY_NAMES = ("ocp-apim-subscription-key", "subscription-key")
IGNORED_HEADERS = ("accept", "content-type", "authorization")
_IN_PATH = re.compile(r"\{([^{}]*)\}")


def list_unused_parts(document: Json) -> list[LeftOut]:
    """Leave out callbacks and webhooks: they are calls that Sdir would make."""
    left = [
        LeftOut(name, "webhook", "a call that the server makes, not the client")
        for name in document.pop("webhooks", None) or {}
    ]
    for operation in operations(document):
        if operation.node.pop("callbacks", None):
            why = "a call that the server makes, not the client"
            left.append(LeftOut(str(operation), "callbacks", why))
    return left


def keep_successes(document: Json) -> list[LeftOut]:
    """Leave out error answers: the session raises them, whatever the document says of their bodies.

    A document that only has `default` means it for every answer.
    """
    for operation in operations(document):
        answers = {str(k): v for k, v in (operation.node.get("responses") or {}).items()}
        good = {status: answer for status, answer in answers.items() if status.startswith("2")}
        default = {"200": answers["default"]} if "default" in answers else {"200": {}}
        operation.node["responses"] = good or default
    return []


def inline_references(document: Json) -> list[LeftOut]:
    """Put paths, parameters, bodies and answers where they are referred to; schemas keep theirs."""
    paths = document["paths"]
    for path, item in paths.items():
        paths[path] = copy.deepcopy(resolved(document, item, pointer("paths", path)))
    for operation in operations(document):
        node = operation.node
        node["parameters"] = copy.deepcopy(parameters_of(document, operation))
        if node.get("requestBody"):
            place = f"{operation.pointer}/requestBody"
            node["requestBody"] = copy.deepcopy(resolved(document, node["requestBody"], place))
        for status, answer in node["responses"].items():
            place = operation.pointer + pointer("responses", status)
            node["responses"][status] = copy.deepcopy(resolved(document, answer or {}, place))
    for item in paths.values():
        item.pop("parameters", None)
    return []


def keep_json(document: Json) -> list[LeftOut]:
    """Take bodies and answers as JSON, which is what Sdir's APIs speak; leave out other forms.

    An operation that has no JSON form at all is left out as a whole.
    """
    left: list[LeftOut] = []
    for operation in operations(document):
        found = _keep_json_body(operation) + _keep_json_answers(operation)
        gone = [each for each in found if each.what == "operation"]
        left += gone[:1] or found
        if gone:
            del document["paths"][operation.path][operation.method]
    return left


def _keep_json_body(operation: Operation) -> list[LeftOut]:
    body = operation.node.get("requestBody") or {}
    content = body.get("content") or {}
    kept, others = split_content(content)
    if content and kept is None:
        why = f"its body is {', '.join(others)}, not JSON"
        return [LeftOut(str(operation), "operation", why)]
    if kept is None:
        operation.node.pop("requestBody", None)
        return []
    operation.node["requestBody"] = {**body, "content": {"application/json": kept}}
    return _alternatives(operation, "body", others)


def _keep_json_answers(operation: Operation) -> list[LeftOut]:
    left: list[LeftOut] = []
    for status, answer in operation.node["responses"].items():
        content = {} if status in ("204", "205") else answer.get("content") or {}
        kept, others = split_content(content)
        answer["content"] = {} if kept is None else {"application/json": kept}
        if content and kept is None:
            left.append(_unreadable(operation, status, others))
        else:
            left += _alternatives(operation, f"answer {status}", others)
    return left


def _unreadable(operation: Operation, status: str, kinds: list[str]) -> LeftOut:
    """A read without a JSON answer has no use; what writes can still be called."""
    if operation.method == "get":
        return LeftOut(str(operation), "operation", f"it answers {', '.join(kinds)}, not JSON")
    why = f"{', '.join(kinds)} is not JSON; the method returns None"
    return LeftOut(str(operation), f"answer {status}", why)


def _alternatives(operation: Operation, what: str, kinds: list[str]) -> list[LeftOut]:
    if not kinds:
        return []
    return [LeftOut(str(operation), f"{what} as {', '.join(kinds)}", "JSON is used")]


def split_content(content: Json) -> tuple[Json | None, list[str]]:
    """Return the JSON form of a body or answer, and the names of the forms that are not JSON.

    Plain text with the same schema as the JSON is no other form: ASP.NET lists it everywhere.
    """
    ranked = json_kinds(content)
    if not ranked:
        return None, list(content)
    chosen = _as_json(content[ranked[0]])
    others = [kind for kind in content if kind not in ranked]
    return chosen, [
        kind
        for kind in others
        if not (kind.startswith("text/plain") and _as_json(content[kind]) == chosen)
    ]


def _as_json(media: Any) -> Json:
    schema = media.get("schema") if isinstance(media, dict) else None
    return {"schema": schema if isinstance(schema, dict) else {}}


def require_bodies(document: Json) -> list[LeftOut]:
    """A declared body is required: exports of the gateway never say so, and mean it."""
    for operation in operations(document):
        if "requestBody" in operation.node:
            operation.node["requestBody"]["required"] = True
    return []


def one_answer(document: Json) -> list[LeftOut]:
    """Give each operation one answer: what a method returns, whichever 2xx it was.

    Different answers become alternatives; an answer without content among them becomes `None`.
    """
    left = []
    for operation in operations(document):
        answers = operation.node["responses"]
        schemas = [
            a["content"]["application/json"]["schema"] for a in answers.values() if a["content"]
        ]
        distinct = [each for number, each in enumerate(schemas) if each not in schemas[:number]]
        if all(each.get("type") in ("null", ["null"]) for each in distinct):
            distinct = []
        if len(distinct) > 1:
            why = f"the answers {', '.join(answers)} differ; the method returns either"
            left.append(LeftOut(str(operation), "a type of its own for each answer", why))
        if distinct and len(schemas) < len(answers):
            distinct.append({"type": "null"})
        schema = distinct[0] if len(distinct) == 1 else {"anyOf": distinct}
        content = {"application/json": {"schema": schema}} if distinct else {}
        operation.node["responses"] = {next(iter(answers)): {"description": "", "content": content}}
    return left


def keep_sendable_parameters(document: Json) -> list[LeftOut]:
    """Leave out parameters that are not the caller's to give, and those that can't be sent."""
    left = []
    for operation in operations(document):
        kept = []
        for parameter in operation.node["parameters"]:
            why = _not_sendable(document, operation, parameter)
            if why is None:
                kept.append(parameter)
            else:
                what = f"{parameter['in']} parameter {parameter['name']}"
                left.append(LeftOut(str(operation), what, why))
        operation.node["parameters"] = kept
    return left


def _not_sendable(document: Json, operation: Operation, parameter: Json) -> str | None:
    name, where = str(parameter["name"]), parameter["in"]
    schema = parameter.get("schema") or {}
    if name.lower() in KEY_NAMES:
        return "the subscription key is sent with every request"
    if where == "header" and name.lower() in IGNORED_HEADERS:
        return "the session sends this header"
    if where not in ("path", "query", "header"):
        return f"a parameter in {where} is not sent"
    if where == "path" and name not in _IN_PATH.findall(operation.path.replace("*", "")):
        return "the path has no place for it"
    if where != "path" and _is_object(resolved(document, schema, operation.pointer)):
        return "an object can't be sent as a parameter"
    return None


def _is_object(schema: Json) -> bool:
    return schema.get("type") == "object" or "properties" in schema


def describe_parameters(document: Json) -> list[LeftOut]:
    """Give every parameter a schema that the generator takes in its place."""
    for operation in operations(document):
        for parameter in operation.node["parameters"]:
            content = parameter.pop("content", None) or {}
            media: Json = next(iter(content.values()), {})
            given = parameter.get("schema") or media.get("schema")
            schema = given if isinstance(given, dict) and given else {"type": "string"}
            parameter["schema"] = _plain(schema) if parameter["in"] == "header" else schema
            if parameter["in"] == "path":
                parameter["required"] = True
    return []


def _plain(schema: Json) -> Json:
    """A header carries text: dates and lists in it are given as such."""
    plain = schema.get("type") in ("integer", "number", "boolean") or "enum" in schema
    return schema if plain or "$ref" in schema else {"type": "string"}


def complete_paths(document: Json) -> list[LeftOut]:
    """Make the places in a path Python names, each with its parameter: `{*rest}`, `{ship-id}`."""
    plain: Json = {}
    for path, item in document["paths"].items():
        better = _IN_PATH.sub(lambda match: f"{{{_place_name(match[1])}}}", path)
        if better in plain:
            raise DocumentError(pointer("paths", path), "another path differs only in its names")
        plain[better] = item
        for method in METHODS:
            if method in item:
                _declare(item[method]["parameters"], _IN_PATH.findall(path))
    document["paths"] = plain
    return []


def _place_name(name: str) -> str:
    plain = re.sub(r"\W+", "_", name.replace("*", "")).strip("_")
    return plain if plain and not plain[0].isdigit() else f"p_{plain}"


def _declare(parameters: list[Json], names: list[str]) -> None:
    declared = {p["name"]: p for p in parameters if p["in"] == "path"}
    for name in names:
        parameter = declared.get(name) or declared.get(name.replace("*", ""))
        if parameter is None:
            parameter = {"in": "path", "required": True, "schema": {"type": "string"}}
            parameters.append(parameter)
        parameter["name"] = _place_name(name)


def merge_tags(document: Json) -> list[LeftOut]:
    """One class holds all operations of a version, so that tags have nothing to say."""
    for operation in operations(document):
        operation.node.pop("tags", None)
    return []
