"""Transformations of a document's operations: each changes one thing, in place.

A step returns what it left out that a reader of the document may miss.
"""

from __future__ import annotations

import copy
import re
from itertools import cycle
from typing import Any

from ..openapi.walk import json_kinds, parameters_of, path_item, schema_in
from .failures import DocumentError
from .schema_steps import without_null
from .walk import METHODS, Json, LeftOut, Operation, become, operations, pointer, resolved

KEY_NAMES = ("ocp-apim-subscription-key", "subscription-key")
IGNORED_HEADERS = ("accept", "content-type", "authorization")
_CHARSET = re.compile(r"\s*;\s*charset=[^;]*", re.IGNORECASE)
_PLAIN = "application/json"
_IN_PATH = re.compile(r"\{([^{}]*)\}")


def list_unused_parts(document: Json) -> list[LeftOut]:
    """Leave out callbacks and webhooks: they are calls that Sdir would make."""
    left = [
        LeftOut(name, "webhook", "a call that the server makes, not the client")
        for name in document.pop("webhooks", None) or {}
    ]
    for path, item in document["paths"].items():
        others = [
            *(["query"] if "query" in item else []),
            *(item.get("additionalOperations") or {}),
        ]
        left += [
            LeftOut(f"{name.upper()} {path}", "operation", "its method is not one of HTTP's own")
            for name in others
        ]
    for operation in operations(document):
        if operation.node.pop("callbacks", None):
            why = "a call that the server makes, not the client"
            left.append(LeftOut(str(operation), "callbacks", why))
    return left


def inline_paths(document: Json) -> list[LeftOut]:
    """Merge what a path refers to with its own content, which takes precedence."""
    paths = document["paths"]
    for path, item in paths.items():
        paths[path] = copy.deepcopy(path_item(document, path, item))
    return []


def keep_successes(document: Json) -> list[LeftOut]:
    """Leave out error answers: the session raises them, whatever the document says of their bodies.

    A document that only has `default` means it for every answer.
    """
    left = []
    for operation in operations(document):
        answers = {str(k): v for k, v in (operation.node.get("responses") or {}).items()}
        good = {status: answer for status, answer in answers.items() if status.startswith("2")}
        default = {"200": answers["default"]} if "default" in answers else {"200": {}}
        moved = ", ".join(status for status in answers if status.startswith("3"))
        if moved and not good and "default" not in answers:
            why = f"it answers {moved}, and redirects are not followed"
            left.append(LeftOut(str(operation), "operation", why))
            del document["paths"][operation.path][operation.method]
        operation.node["responses"] = good or default
    return left


def inline_references(document: Json) -> list[LeftOut]:
    """Put parameters, bodies and answers where they are referred to; schemas keep theirs.

    An operation with a reference that leads nowhere is left out; the others are not affected.
    """
    left = []
    for operation in operations(document):
        try:
            _inline(document, operation)
        except DocumentError as error:
            left.append(LeftOut(str(operation), "operation", error.problem))
            del document["paths"][operation.path][operation.method]
    for item in document["paths"].values():
        item.pop("parameters", None)
    return left


def _inline(document: Json, operation: Operation) -> None:
    node = operation.node
    node["parameters"] = copy.deepcopy(parameters_of(document, operation))
    if node.get("requestBody"):
        place = f"{operation.pointer}/requestBody"
        node["requestBody"] = _whole(document, node["requestBody"], place)
    for status, answer in node["responses"].items():
        place = operation.pointer + pointer("responses", status)
        node["responses"][status] = _whole(document, answer or {}, place)


def _whole(document: Json, holder: Json, place: str) -> Json:
    """Return a body or an answer with what it and its media types refer to."""
    whole = copy.deepcopy(resolved(document, holder, place))
    for kind, media in (whole.get("content") or {}).items():
        if isinstance(media, dict):
            whole["content"][kind] = copy.deepcopy(resolved(document, media, place))
    return whole


def own_servers(document: Json) -> list[LeftOut]:
    """Write the servers of a path to its operations, as theirs count before the document's."""
    for item in document["paths"].values():
        shared = item.pop("servers", None)
        for method in METHODS:
            if method in item and shared:
                item[method].setdefault("servers", shared)
    return []


def keep_json(document: Json) -> list[LeftOut]:
    """Take bodies and answers as JSON, which is what Sdir's APIs speak; leave out other forms.

    An operation that has no JSON form at all is left out as a whole. What is sent and asked for is
    the form of JSON that was chosen, under the name that the document gives it.
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
    kind, kept, others = split_content(body.get("content") or {})
    if kept is None:
        operation.node.pop("requestBody", None)
    if others and kept is None:
        words = f"{', '.join(others)}, not JSON"
        if body.get("required") is False:
            return [LeftOut(str(operation), "body", f"it is optional, and {words}")]
        return [LeftOut(str(operation), "operation", f"its body is {words}")]
    if kept is None:
        return []
    operation.node["x-sdir-content-type"] = kind
    operation.node["requestBody"] = {**body, "content": {"application/json": kept}}
    return _alternatives(operation, "body", kind, others)


def _keep_json_answers(operation: Operation) -> list[LeftOut]:
    left: list[LeftOut] = []
    kinds: list[str] = []
    reads = operation.method == "get" or operation.node.get("x-sdir-effect") == "read"
    for status, answer in operation.node["responses"].items():
        empty = status in ("204", "205") or operation.method == "head"
        kind, kept, others = split_content({} if empty else answer.get("content") or {})
        if reads and not empty and kept is None and not others:
            kind, kept = _PLAIN, {"schema": {}}
        answer["content"] = {} if kept is None else {"application/json": kept}
        kinds += [kind] if kept is not None else []
        if others and kept is None:
            left.append(_unreadable(operation, status, others))
        else:
            left += _alternatives(operation, f"answer {status}", kind, others)
        if headers := answer.get("headers"):
            what = f"answer {status}, its headers {', '.join(headers)}"
            why = "the method returns the body; `with_raw_response` has them"
            left.append(LeftOut(str(operation), what, why))
    operation.node["x-sdir-accept"] = ", ".join(dict.fromkeys(kinds)) or _PLAIN
    return left


def _unreadable(operation: Operation, status: str, kinds: list[str]) -> LeftOut:
    """A read without a JSON answer is useless; other operations can still be called."""
    if operation.method == "get":
        return LeftOut(str(operation), "operation", f"it answers {', '.join(kinds)}, not JSON")
    why = f"{', '.join(kinds)} is not JSON; the method returns None"
    return LeftOut(str(operation), f"answer {status}", why)


def _alternatives(operation: Operation, what: str, kind: str, kinds: list[str]) -> list[LeftOut]:
    if not kinds:
        return []
    used = "JSON" if kind == _PLAIN else kind
    return [LeftOut(str(operation), f"{what} as {', '.join(kinds)}", f"{used} is used")]


def split_content(content: Json) -> tuple[str, Json | None, list[str]]:
    """Return the best JSON form of a body or answer, its name, and the names of all others.

    A form with the same schema is not another form if it is JSON too, or plain text: ASP.NET lists
    these everywhere.
    """
    ranked = json_kinds(content)
    if not ranked:
        return _PLAIN, None, list(content)
    chosen = _as_json(content[ranked[0]])
    others = [
        kind
        for kind in content
        if _as_json(content[kind]) != chosen
        or not (kind in ranked or kind.lower().startswith("text/plain"))
    ]
    name = _CHARSET.sub("", ranked[0]).strip()
    return _PLAIN if "*" in name else name, chosen, others


def _as_json(media: Any) -> Json:
    schema = media.get("schema") if isinstance(media, dict) else None
    return {"schema": schema if isinstance(schema, dict) else {}}


def require_bodies(document: Json) -> list[LeftOut]:
    """A declared body is required: exports of the gateway never say so, and mean it."""
    for operation in operations(document):
        if "requestBody" in operation.node:
            operation.node["requestBody"].setdefault("required", True)
    return []


def one_answer(document: Json) -> list[LeftOut]:
    """Give each operation one answer: what a method returns, whichever 2xx it was.

    Different answers become alternatives; an answer without content among them becomes `None`.
    Which alternative a status means is written beside them.
    """
    for operation in operations(document):
        answers = operation.node["responses"]
        schemas = {status: _answered(answer) for status, answer in answers.items()}
        distinct: list[Json] = []
        for schema in schemas.values():
            distinct += [schema] if schema not in distinct else []
        if all(map(_is_null, distinct)):
            distinct = []
        if len(distinct) > 1:
            distinct.sort(key=_is_null)
            places = {status: distinct.index(schema) for status, schema in schemas.items()}
            operation.node["x-sdir-answers"] = places
        schema = distinct[0] if len(distinct) == 1 else {"anyOf": distinct}
        content = {"application/json": {"schema": schema}} if distinct else {}
        operation.node["responses"] = {next(iter(answers)): {"description": "", "content": content}}
    return []


def _answered(answer: Json) -> Json:
    schema = schema_in(answer)
    return {"type": "null"} if schema is None else schema


def _is_null(schema: Json) -> bool:
    return schema.get("type") in ("null", ["null"])


def keep_sendable_parameters(document: Json) -> list[LeftOut]:
    """Leave out parameters that callers must not set, and those that can't be sent."""
    left = []
    for operation in operations(document):
        kept = []
        for parameter in operation.node["parameters"]:
            why = _not_sendable(operation, parameter)
            if why is None:
                kept.append(parameter)
            else:
                what = f"{parameter['in']} parameter {parameter['name']}"
                left.append(LeftOut(str(operation), what, why))
        operation.node["parameters"] = kept
    return left


def _not_sendable(operation: Operation, parameter: Json) -> str | None:
    name, where = str(parameter["name"]), parameter["in"]
    if name.lower() in KEY_NAMES:
        return "the subscription key is sent with every request"
    if where == "header" and name.lower() == "authorization":
        return "the token of the Sdir object is sent in it"
    if where == "header" and name.lower() in IGNORED_HEADERS:
        return "the session sends this header"
    if where == "header" and not name.isascii():
        return "the name of a header can only have ASCII characters"
    if "x-sdir-foreign" in parameter:
        return f"its value is {parameter['x-sdir-foreign']}, not JSON"
    if where == "cookie" and parameter.get("required"):
        return "a cookie is not sent, though the API requires this one"
    if where not in ("path", "query", "header"):
        return f"a parameter in {where} is not sent"
    if where == "path" and name not in _IN_PATH.findall(operation.path):
        return "the path has no place for it"
    return None


def describe_parameters(document: Json) -> list[LeftOut]:
    """Give every parameter a schema that the generator takes in its place."""
    for operation in operations(document):
        for parameter in operation.node["parameters"]:
            content = parameter.pop("content", None) or {}
            kind, media = next(iter(content.items()), ("", Json()))
            if json_kinds({kind: media}):
                parameter["x-sdir-json"] = True
            elif kind and not kind.lower().startswith("text/plain"):
                parameter["x-sdir-foreign"] = kind
            given = parameter.get("schema", media.get("schema"))
            whole = isinstance(given, dict) and (given or parameter["in"] != "path")
            parameter["schema"] = given if whole else {"type": "string"}
            if parameter["in"] == "path":
                parameter["required"] = True
    return []


def complete_paths(document: Json) -> list[LeftOut]:
    """Make the places in a path plain names, each with its parameter: `{*rest}`, `{ship-id}`."""
    plain: Json = {}
    left = []
    for path, item in document["paths"].items():
        places = _places(path)
        better = "".join(
            f"{{{places[part]}}}" if inside else part
            for inside, part in zip(cycle((False, True)), _IN_PATH.split(path), strict=False)
        )
        if better in plain:
            left += [
                LeftOut(
                    f"{method.upper()} {path}",
                    "operation",
                    "another path differs only in its names",
                )
                for method in METHODS
                if method in item
            ]
            continue
        plain[better] = item
        for method in METHODS:
            if method in item:
                _declare(item[method]["parameters"], places)
    document["paths"] = plain
    return left


def _places(path: str) -> dict[str, str]:
    """Name each place in a path: the generator only finds ASCII ones there."""
    found: dict[str, str] = {}
    for name in _IN_PATH.findall(path):
        plain = re.sub(r"[^A-Za-z0-9_]+", "_", name.replace("*", "")).strip("_")
        plain = plain if plain and not plain[0].isdigit() else f"p_{plain}"
        found[name] = plain if plain not in found.values() else f"{plain}_{len(found)}"
    return found


def _declare(parameters: list[Json], places: dict[str, str]) -> None:
    declared = {p["name"]: p for p in parameters if p["in"] == "path"}
    for name, place in places.items():
        bare = name.replace("*", "")
        parameter = declared.get(name) or declared.get(bare)
        if parameter is None:
            parameter = {"in": "path", "required": True, "schema": {"type": "string"}}
            parameters.append(parameter)
        parameter |= {"name": place, "x-sdir-name": bare, "x-sdir-wide": "*" in name}


def plain_path_parameters(document: Json) -> list[LeftOut]:
    """Let no value of a path be null, which the generator refuses the whole operation for."""
    for operation in operations(document):
        for parameter in operation.node["parameters"]:
            if parameter["in"] == "path":
                become(parameter["schema"], _not_null(parameter["schema"]))
    return []


def _not_null(schema: Json) -> Json:
    plain = without_null(schema)
    for word in ("anyOf", "oneOf"):
        if word in plain:
            others = [each for each in plain[word] if not _is_null(each)]
            plain[word] = others
            plain = others[0] if len(others) == 1 else plain
    if "enum" in plain:
        plain["enum"] = [value for value in plain["enum"] if value is not None]
    return {"type": "string"} if plain.get("type") in ("null", []) else plain


def merge_tags(document: Json) -> list[LeftOut]:
    """Ignore tags: one class holds all operations of a version."""
    for operation in operations(document):
        operation.node.pop("tags", None)
    return []
