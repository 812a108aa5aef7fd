"""Finding one's way in a document: operations, references, JSON pointers, bodies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_JSON = re.compile(r"(application|text)/([\w.*-]+\+)?json\s*(;.*)?", re.IGNORECASE)
_ANY = re.compile(r"(\*|application)/\*", re.IGNORECASE)


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
        item = resolved(document, given, pointer("paths", path))
        for method in METHODS:
            if method in item:
                yield Found(path, method, item[method])


def parameters_of(document: Json, operation: Found) -> list[Json]:
    """Return the parameters of an operation, those of its path among them; its own count.

    Raises:
        DocumentError: One has no name or stands nowhere, or a reference leads nowhere.
    """
    item = resolved(document, document["paths"][operation.path], operation.pointer)
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
        node = node.get(key) if isinstance(node, dict) else None
    return node


def resolved(document: Json, node: Json, place: str = "") -> Json:
    """Follow the references of a node, until something stands there itself.

    Raises:
        DocumentError: A reference leads nowhere, out of the document, or in a circle.
    """
    seen: set[str] = set()
    while isinstance(reference := node.get("$ref"), str):
        if reference in seen:
            raise DocumentError(place, f"the reference {reference} leads to itself")
        seen.add(reference)
        target = lookup(document, reference)
        if not isinstance(target, dict):
            raise DocumentError(place, f"the reference {reference} {nowhere(reference)}")
        node = target
    return node


def nowhere(reference: str) -> str:
    """Say why there is nothing at the end of a reference."""
    if reference.startswith("#"):
        return "leads to nothing"
    return "leads out of the document; put what it means into the document"


def json_kinds(content: Json) -> list[str]:
    """Return the media types of a body or an answer that are JSON, the best first.

    `application/json` is better than `text/json` or `application/*+json`, and those than `*/*`.
    """
    return sorted((kind for kind in content if _rank(kind) is not None), key=_rank)  # type: ignore[arg-type]


def _rank(kind: str) -> int | None:
    if kind.lower().startswith("application/json"):
        return 0
    if _JSON.fullmatch(kind):
        return 1
    return 2 if _ANY.fullmatch(kind) else None


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
