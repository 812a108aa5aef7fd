"""Writes Python values as parameters, in the `style` that a document gives each: pure functions."""

from __future__ import annotations

import datetime
import enum
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import orjson

from .errors import ConfigurationError
from .types import UNSET, jsonable
from .variants import written

_SEPARATORS: Final = {"pipeDelimited": "|", "spaceDelimited": " "}


class InPath(str):
    """A part of a path that is percent-encoded already; every other value is encoded later."""

    __slots__ = ()


def text(value: object) -> str:
    """Return one value as text.

    Raises:
        ConfigurationError: It is an object or a list, which this parameter can't hold.

    Example:
        >>> text(True), text(datetime.date(2024, 5, 31))
        ('true', '2024-05-31')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if value is None:
        return "null"
    plain = written(value)
    if isinstance(plain, Mapping | list):
        raise ConfigurationError(f"{type(value).__name__} can't be written as one text.")
    return str(plain)


def joined(values: object, separator: str = ",") -> object:
    """Write a list as one text, for a parameter with `explode: false`; an empty one is not sent."""
    if not isinstance(values, list | tuple):
        return values
    return separator.join(map(text, values)) if values else UNSET


def spread(
    name: str, value: object, style: str = "form", *, explode: bool = True
) -> dict[str, Any]:
    """Return the query parameters that a value of any kind becomes, an object included.

    Example:
        >>> spread("by", {"year": 2024, "flag": "NO"}, "deepObject")
        {'by[year]': '2024', 'by[flag]': 'NO'}
        >>> spread("by", {"year": 2024, "flag": "NO"}, explode=False)
        {'by': 'year,2024,flag,NO'}
    """
    plain = value if value is UNSET else written(value)
    if isinstance(plain, list) and not explode:
        return {name: joined(plain, _SEPARATORS.get(style, ","))}
    if not isinstance(plain, Mapping):
        return {name: plain}
    if style == "deepObject":
        return _deep(name, plain)
    if explode:
        return {key: _one_or_several(one) for key, one in plain.items()}
    return {name: joined(_alternating(plain), _SEPARATORS.get(style, ","))}


def in_header(value: object, *, explode: bool = False) -> object:
    """Return the text in a header for a value of any kind, an object included.

    Example:
        >>> in_header({"year": 2024, "flag": "NO"}), in_header([1, 2])
        ('year,2024,flag,NO', '1,2')
    """
    plain = value if value is UNSET else written(value)
    if not isinstance(plain, Mapping):
        return joined(plain)
    if explode:
        return joined([f"{key}={text(one)}" for key, one in plain.items()])
    return joined(_alternating(plain))


def _deep(name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """Write an object inside another with one more pair of brackets, as most servers read it."""
    found: dict[str, Any] = {}
    for key, one in value.items():
        inner = f"{name}[{key}]"
        found |= _deep(inner, one) if isinstance(one, Mapping) else {inner: _one_or_several(one)}
    return found


def _one_or_several(value: Any) -> Any:
    return [text(one) for one in value] if isinstance(value, list) else text(value)


def _alternating(value: Mapping[str, Any]) -> list[Any]:
    return [part for pair in value.items() for part in pair]


def in_path(
    name: str, value: object, style: str = "simple", *, explode: bool = False, wide: bool = False
) -> InPath:
    """Return the text in a path for a value.

    Args:
        name: What the document calls the parameter; a matrix shows it.
        value: One value, a list or an object.
        style: `"simple"`, `"label"` or `"matrix"`.
        explode: Whether each item of a list, or field of an object, stands by itself.
        wide: Whether slashes stay what they are, as in `{*path}`.

    Raises:
        ConfigurationError: It would change the path itself, since it is empty or made of dots.

    Example:
        >>> in_path("id", [3, 4], "matrix")
        ';id=3,4'
    """
    plain = written(value)
    if isinstance(plain, Mapping):
        pairs = [f"{_quoted(k)}={_quoted(v)}" for k, v in plain.items()]
        parts = pairs if explode else list(map(_quoted, _alternating(plain)))
    else:
        safe = "/" if wide else ""
        parts = [_quoted(one, safe) for one in (plain if isinstance(plain, list) else [plain])]
    segments = [piece for part in parts for piece in (part.split("/") if wide else [part])]
    if not parts or not all(segment.strip(".") for segment in segments):
        raise ConfigurationError(f"{name} must not be empty or consist of dots.")
    return InPath(_styled(name, parts, style, explode, named=isinstance(plain, Mapping)))


def _styled(name: str, parts: list[str], style: str, explode: bool, *, named: bool) -> str:
    if style == "label":
        return "." + ("." if explode else ",").join(parts)
    if style == "matrix" and explode:
        return "".join(f";{part}" if named else f";{_quoted(name)}={part}" for part in parts)
    if style == "matrix":
        return f";{_quoted(name)}={','.join(parts)}"
    return ",".join(parts)


def _quoted(value: object, safe: str = "") -> str:
    return quote("" if value is None or value is UNSET else text(value), safe=safe)


def as_json(value: object) -> object:
    """Write a value as JSON, for a parameter that the document describes by its content.

    Other letters than those of ASCII are escaped: a header can't have them.
    """
    if value is UNSET:
        return value
    plain = orjson.loads(orjson.dumps(value, default=jsonable))
    return json.dumps(plain, separators=(",", ":"))
