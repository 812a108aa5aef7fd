"""Reads parameters according to `style` and `explode`: from texts of a request to values.

A text that does not fit its schema stays a text, so that the check can refuse it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from ..openapi.shapes import STYLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..openapi.walk import Json

_INTEGER = re.compile(r"[+-]?\d{1,30}", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?", re.ASCII)
_BOOLEANS = {"true": True, "false": False}
_SEPARATORS = {"pipeDelimited": "|", "spaceDelimited": " "}
_IN_PATHS = ("simple", "label", "matrix")


def read(given: Mapping[str, list[str]], schemas: Mapping[str, Json]) -> dict[str, Any]:
    """Return the values of the parameters that were given.

    Args:
        given: The texts under each name in the query, and in each place of the path.
        schemas: What each parameter has to be, with its style.
    """
    values = {name: _value(name, given, schema) for name, schema in schemas.items()}
    return {name: value for name, value in values.items() if value is not None}


def _value(name: str, given: Mapping[str, list[str]], schema: Json) -> Any:
    schema = schema.get("else", schema)  # what may be null has a condition around it
    style, explode = schema.get(STYLE, ("form", True))
    types = set(_types(schema))
    if style == "deepObject":
        return _nested(name, given, schema) or None
    repeated = explode and style not in _IN_PATHS
    if repeated and types == {"object"}:
        fields = {key: given[key] for key in schema.get("properties", {}) if key in given}
        return _object(fields, schema) if fields else None
    if name not in given:
        return None
    texts = given[name]
    if style == "json":
        return _json(texts[0])
    if "array" in types:
        parts = texts if repeated else _parts(name, texts[0], style, explode=explode)
        return [convert(part, schema.get("items", {})) for part in parts]
    if "object" in types:
        parts = _parts(name, texts[0], style, explode=explode)
        return _object(_pairs(parts, explode=explode), schema)
    return convert(_bare(name, texts[0], style), schema)


def _parts(name: str, text: str, style: str, *, explode: bool) -> list[str]:
    """Cut a text into items, or into the names and values of an object."""
    if style == "matrix" and explode:
        parts = text.removeprefix(";").split(";")
        return [part.removeprefix(f"{name}=") for part in parts]
    separator = "." if style == "label" and explode else _SEPARATORS.get(style, ",")
    return _bare(name, text, style).split(separator)


def _bare(name: str, text: str, style: str) -> str:
    """Return a text without what a style puts before it."""
    before = {"label": ".", "matrix": f";{name}="}.get(style, "")
    return text.removeprefix(before)


def _pairs(parts: list[str], *, explode: bool) -> dict[str, list[str]]:
    if explode:
        cut = (part.partition("=") for part in parts)
        return {name: [value] for name, _, value in cut}
    return {name: [value] for name, value in zip(parts[::2], parts[1::2], strict=False)}


def _object(fields: Mapping[str, list[str]], schema: Json) -> Json:
    known = schema.get("properties", {})
    return {
        name: [convert(text, known[name].get("items", {})) for text in texts]
        if "array" in _types(known.get(name, {}))
        else convert(texts[0], known.get(name, {}))
        for name, texts in fields.items()
    }


def _nested(name: str, given: Mapping[str, list[str]], schema: Json) -> Json:
    """Return an object whose fields came as `name[field]`."""
    start = f"{name}["
    fields = {key[len(start) : -1]: given[key] for key in given if key.startswith(start)}
    return _object({key: texts for key, texts in fields.items() if "]" not in key}, schema)


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def convert(text: str, schema: Json) -> Any:
    """Return the value of a text; if the schema also allows text, return the text."""
    types = set(_types(schema))
    if "string" in types:
        return text
    if "integer" in types and _INTEGER.fullmatch(text):
        return int(text)
    if "number" in types and _NUMBER.fullmatch(text):
        return float(text)
    return _BOOLEANS.get(text.lower(), text) if "boolean" in types else text


def _types(schema: Json) -> Iterator[str]:
    """Yield the types that a value may have."""
    schema = schema.get("else", schema)
    given = schema.get("type", ())
    yield from [given] if isinstance(given, str) else given
    for word in ("allOf", "anyOf", "oneOf"):
        for inner in schema.get(word, ()):
            yield from _types(inner)
