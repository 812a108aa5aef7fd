"""Walks through a document: operations, references, JSON pointers, bodies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_JSON = re.compile(r"(application|text)/([\w.*-]+\+)?json")
_ANY = re.compile(r"(\*|application)/\*")


class DocumentError(ValueError):
    """A mistake at a place of a document.

    Attributes:
        place: A JSON pointer, or a line; `""` for the document as a whole.
        problem: What is wrong there, and what to do about it.
    """

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}" if place else problem)
        self.place = place
        self.problem = problem


class Found(NamedTuple):
    """An operation, and where it stands. `path` is that of the document, `method` lower case."""

    path: str
    method: str
    node: Json

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def pointer(self) -> str:
        """Where it stands in the document."""
        return pointer("paths", self.path, self.method)


def operations_in(document: Json) -> Iterator[Found]:
    """Yield every operation, in the order of the document."""
    for path, given in (document.get("paths") or {}).items():
        item = path_item(document, path, given)
        for method in METHODS:
            if method in item:
                yield Found(path, method, item[method])


def path_item(document: Json, path: str, given: Json) -> Json:
    """Return a path merged with what it refers to; its own content takes precedence."""
    target = resolved(document, given, pointer("paths", path))
    return given if target is given else {**target, **{k: given[k] for k in given if k != "$ref"}}


def parameters_of(document: Json, operation: Found) -> list[Json]:
    """Return the parameters of an operation, those of its path among them; its own count.

    Raises:
        DocumentError: One has no name or stands nowhere, or a reference leads nowhere.
    """
    item = path_item(document, operation.path, document["paths"][operation.path])
    given = [*(item.get("parameters") or []), *(operation.node.get("parameters") or [])]
    found: dict[tuple[str, str], Json] = {}
    for number, each in enumerate(given):
        place = f"{operation.pointer}/parameters/{number}"
        parameter = resolved(document, each, place)
        if "name" not in parameter or "in" not in parameter:
            raise DocumentError(place, "a parameter needs `name` and `in`")
        found[str(parameter["name"]), parameter["in"]] = parameter
    return list(found.values())


def url_of_server(server: Json) -> str:
    """Return the URL of a server, with the defaults of its variables."""
    url = str(server.get("url") or "")
    for name, variable in (server.get("variables") or {}).items():
        url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
    return url.rstrip("/")


def pointer(*parts: str) -> str:
    """Write a JSON pointer.

    >>> pointer("paths", "/pet", "get")
    '/paths/~1pet/get'
    """
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def lookup(document: Json, reference: str) -> Any:
    """Return what a reference leads to; `None` if that is nothing in this document."""
    node: Any = document if reference.startswith("#/") else None
    for part in reference.removeprefix("#/").split("/"):
        key = unquote(part).replace("~1", "/").replace("~0", "~")
        node = _inside(node, key)
    return node


def _inside(node: Any, key: str) -> Any:
    if isinstance(node, list):
        return node[int(key)] if key.isdecimal() and int(key) < len(node) else None
    return node.get(key) if isinstance(node, dict) else None


def resolved(document: Json, node: Json, place: str = "") -> Json:
    """Follow the references of a node to the end.

    Raises:
        DocumentError: A reference leads nowhere, out of the document, or in a circle.
    """
    if not isinstance(node, dict):
        raise DocumentError(place, "must be an object")
    seen: set[str] = set()
    while isinstance(reference := node.get("$ref"), str):
        if reference in seen:
            raise DocumentError(place, f"the reference {reference} refers to itself")
        seen.add(reference)
        target = lookup(document, reference)
        if not isinstance(target, dict):
            raise DocumentError(place, f"the reference {reference} {nowhere(reference)}")
        node = target
    return node


def nowhere(reference: str) -> str:
    """Say why a reference leads nowhere."""
    if reference.startswith("#"):
        return "leads to nothing"
    return "leads out of the document; put what it means into the document"


def json_kinds(content: Json) -> list[str]:
    """Return the media types of a body or an answer that are JSON, the best first.

    `application/json` is better than `text/json` or `application/*+json`, those than `*/*`, and
    all of them than a JSON patch, which describes steps and not a value.
    """
    return sorted((kind for kind in content if _rank(kind) is not None), key=_rank)  # type: ignore[arg-type]


def _rank(kind: str) -> int | None:
    """Say how good a form of JSON is for a whole value; lines of JSON are none."""
    bare = kind.partition(";")[0].strip().lower()
    if bare == "application/json":
        return 0
    if bare == "application/json-patch+json":
        return 3
    if _JSON.fullmatch(bare):
        return 1
    return 2 if _ANY.fullmatch(bare) else None


def body_of(document: Json, operation: Found) -> Json | None:
    """Return the schema of an operation's JSON body; `None` if it takes no JSON."""
    body = operation.node.get("requestBody") or {}
    return schema_in(resolved(document, body, f"{operation.pointer}/requestBody"))


def schema_in(holder: Json) -> Json | None:
    """Return the schema of the JSON form of a body or an answer; `None` if it has no such form."""
    content = holder.get("content") or {}
    kinds = json_kinds(content)
    media = content[kinds[0]] if kinds else None
    schema = media.get("schema") if isinstance(media, dict) else None
    return None if not kinds else schema if isinstance(schema, dict) else {}
