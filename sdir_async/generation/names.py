"""What methods are called: by `operationId` if people can read it, else by method and path."""

from __future__ import annotations

import re
from itertools import chain, count
from typing import TYPE_CHECKING

from openapi_python_client.strings import PythonIdentifier, snake_case

from . import words as _words  # noqa: F401  it teaches the generator other alphabets
from .walk import Json, LeftOut, Operation, operations

if TYPE_CHECKING:
    from collections.abc import Collection

PREFIX = "field_"
TAKEN = frozenset({"upload", "with_raw_response"})
OURS = frozenset({"body", "timeout", "deadline", "retry", "headers", "self"})

_UNREADABLE = re.compile(
    r"[0-9a-f]{24}|[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\W*\d.*", re.IGNORECASE
)
_SILENT = re.compile(r"api|v\d+", re.IGNORECASE)


def name_operations(document: Json) -> list[LeftOut]:
    """Give every operation a readable name of its own, and remember what the document called it."""
    used = {name.upper() for name in TAKEN}
    ids: dict[str, str] = {}
    left = []
    for operation in operations(document):
        name = method_name(operation)
        operation.node["x-sdir-operation-id"] = operation.id
        operation.node["operationId"] = (
            name if name.upper() not in used else numbered(name_of_path(operation), used)
        )
        used.add(operation.name.upper())
        if operation.id and operation.id in ids:
            why = f"{ids[operation.id]} has it too; the method is called {operation.name}"
            left.append(LeftOut(str(operation), f"its operationId {operation.id}", why))
        ids.setdefault(operation.id, str(operation))
    return left


def free(name: str, taken: Collection[str]) -> str:
    """Return a name that is not taken, with as many underscores as necessary."""
    while name in taken:
        name += "_"
    return name


def numbered(name: str, used: Collection[str]) -> str:
    """Return a name that is not taken, in upper or lower case, with a number if necessary."""
    taken = {each.upper() for each in used}
    wanted = chain([name], (f"{name}_{number}" for number in count(2)))
    return next(each for each in wanted if each.upper() not in taken)


def method_name(operation: Operation) -> str:
    """Return the name that the document's own words make."""
    words = _without_template(operation)
    if not words or _UNREADABLE.fullmatch(words) or not snake_case(words):
        return name_of_path(operation)
    return str(PythonIdentifier(_with_capitals(words, operation), PREFIX))


def _without_template(operation: Operation) -> str:
    """Undo the id that a server framework makes of name, path and method, where it did."""
    leftover = re.sub(r"\W", "_", operation.path) + "_" + operation.method
    shortened = operation.id.removesuffix(leftover)
    if shortened == operation.id and "__" in operation.id:
        shortened = operation.id.partition("__")[0]
    return shortened.strip("_")


def _with_capitals(words: str, operation: Operation) -> str:
    """Prefer `GetAlerts` of a summary to the `getalerts` that the gateway made of it."""
    summary = str(operation.node.get("summary") or "")
    same = re.sub(r"[\W_]", "", words).lower() == summary.lower()
    return summary if same and summary.isidentifier() else words


def name_of_path(operation: Operation) -> str:
    """Name an operation after its method and path.

    >>> name_of_path(Operation("/api/v1/ships/{id}/crew", "get", {}))
    'get_ships_by_id_crew'
    """
    words = [operation.method]
    for part in operation.path.split("/"):
        place = re.fullmatch(r"\{(.*)\}", part)
        if place:
            words += ["by", place[1]]
        elif part and not _SILENT.fullmatch(part):
            words.append(part)
    return str(PythonIdentifier("_".join(words), PREFIX))
