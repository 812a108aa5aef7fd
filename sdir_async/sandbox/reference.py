"""Reads from a document what its readers want to know."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson
from markupsafe import Markup, escape

from ..openapi.reader import base_path
from ..openapi.schemas import Schemas
from ..openapi.walk import operations_in, parameters_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..openapi.walk import Found, Json


def describe(spec: Json) -> dict[str, Any]:
    """Return a document as the values of its page."""
    info = spec.get("info") or {}
    reader = _Reference(spec)
    return {
        "title": info.get("title", ""),
        "version": info.get("version", ""),
        "description": text(info.get("description")),
        "base": base_path(spec),
        "operations": list(reader.operations()),
        "schemas": list(reader.schemas()),
    }


def text(words: object) -> Markup:
    """Return a description as HTML: of its Markdown, `code` alone."""
    escaped = str(escape(str(words or "")))
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", escaped))  # noqa: S704 - escaped above


class _Reference:
    def __init__(self, spec: Json) -> None:
        self._spec = spec
        self._schemas = Schemas(spec)

    def operations(self) -> Iterator[dict[str, Any]]:
        return map(self._operation, operations_in(self._spec))

    def schemas(self) -> Iterator[dict[str, Any]]:
        for name, schema in ((self._spec.get("components") or {}).get("schemas") or {}).items():
            yield {
                "name": name,
                "description": text(schema.get("description")),
                "fields": list(self._fields(schema)),
            }

    def _operation(self, operation: Found) -> dict[str, Any]:
        node = operation.node
        return {
            "method": operation.method.upper(),
            "path": operation.path,
            "name": node.get("operationId", ""),
            "summary": text(node.get("summary")),
            "description": text(node.get("description")),
            "deprecated": bool(node.get("deprecated")),
            "source": node.get("x-sdir-source", ""),
            "parameters": [self._parameter(each) for each in parameters_of(self._spec, operation)],
            "body": self._content(self._schemas.resolve(node.get("requestBody", {}))),
            "sample": self._sample(self._schemas.resolve(node.get("requestBody", {}))),
            "answers": [
                self._answer(status, self._schemas.resolve(answer))
                for status, answer in (node.get("responses") or {}).items()
            ],
        }

    def _parameter(self, node: Json) -> dict[str, Any]:
        return {
            "name": node["name"],
            "place": node["in"],
            "required": node.get("required", False),
            "example": _example_text(node.get("example")),
            "type": _type(node.get("schema", {})),
            "description": text(node.get("description")),
        }

    def _answer(self, status: str, node: Json) -> dict[str, Any]:
        description = text(node.get("description"))
        return {"status": status, "description": description, "type": self._content(node)}

    def _content(self, node: Json) -> Markup:
        types = [_type(media.get("schema", {})) for media in node.get("content", {}).values()]
        return Markup(" or ").join(dict.fromkeys(types))

    def _sample(self, node: Json) -> tuple[str, str] | None:
        """Return a body that can be tried, and its type; `None` where none is taken."""
        for kind, media in node.get("content", {}).items():
            if "json" in kind:
                told = media.get("example")
                value = self._schemas.sample(media.get("schema", {})) if told is None else told
                plain = "application/json" if "*" in kind else kind
                return _example_text(value), plain
        return None

    def _fields(self, schema: Json) -> Iterator[dict[str, Any]]:
        required = self._schemas.required(schema)
        for name, field in self._schemas.properties(schema).items():
            yield {
                "name": name,
                "type": _type(field),
                "required": name in required,
                "nullable": field.get("nullable", False),
                "description": text(field.get("description")),
            }


def _example_text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode()


def _type(schema: Json) -> Markup:
    """Return the type of a value, with a link if it is described further down."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return Markup('<a href="#{0}">{0}</a>').format(name)
    if "items" in schema:
        return Markup("list of {}").format(_type(schema["items"]))
    words = str(schema.get("format") or schema.get("type") or "any value")
    if (longest := schema.get("maxLength")) and words == "string":
        words += f", at most {longest} characters"
    return Markup("{}").format(words)
