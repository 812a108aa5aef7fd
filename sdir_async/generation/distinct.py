"""Tells names apart that would be the same in Python: `shipName` and `ship_name` of one object."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from openapi_python_client.strings import PythonIdentifier

from .names import PREFIX
from .walk import Json, operations, schemas_in

if TYPE_CHECKING:
    from collections.abc import Iterable

Aliases = dict[str, str]

_MARK = "\0"
"""Python identifiers leave it out, and no name in a document ends with it."""


def tell_apart(document: Json) -> Aliases:
    """Give fields and parameters different names if they would have the same one in Python.

    The generator gives up the whole object otherwise. The first keeps its name, so that a field
    that is new in the document renames none that code uses already.

    Returns:
        The names that were given, each with the one that goes over the wire.
    """
    aliases: Aliases = {}
    for _, schema in schemas_in(document):
        if "properties" in schema:
            names = _distinct(schema["properties"], aliases)
            schema["properties"] = {names[k]: v for k, v in schema["properties"].items()}
            schema["required"] = [names.get(name, name) for name in schema.get("required", [])]
    for operation in operations(document):
        for where in ("query", "header"):
            given = [p for p in operation.node["parameters"] if p["in"] == where]
            names = _distinct([parameter["name"] for parameter in given], aliases)
            for parameter in given:
                parameter["name"] = names[parameter["name"]]
    return aliases


def _distinct(names: Iterable[str], aliases: Aliases) -> dict[str, str]:
    """Return each name with the one that stands for it, which most often is the same."""
    used: set[str] = set()
    found: dict[str, str] = {}
    for name in names:
        found[name] = name if _python(name) not in used else _alias(name, used, aliases)
        used.add(_python(found[name]))
    return found


def _alias(name: str, used: set[str], aliases: Aliases) -> str:
    """Return a substitute for a name; its suffix distinguishes it from other objects'."""
    plain = _python(name).strip("_")
    wanted = next(each for n in count(2) if _python(each := f"{plain}_{n}") not in used)
    marked = (wanted + _MARK * n for n in count(1))
    return next(each for each in marked if aliases.setdefault(each, name) == name)


def _python(name: str) -> str:
    return str(PythonIdentifier(name, PREFIX))
