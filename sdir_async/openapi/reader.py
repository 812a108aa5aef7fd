"""Reads from an OpenAPI document what each of its operations does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .batches import Batch, batch_of, effect_of, item_of
from .deprecations import read_deprecation
from .documents import find_folder, load_documents
from .operations import Identifier, Operation, Role, collection_of
from .pages import Pages, pages_of
from .schemas import Schemas
from .security import scopes_of
from .shapes import STYLE, shape_of
from .skeleton import check_shape
from .walk import (
    Found,
    json_kinds,
    operations_in,
    parameters_of,
    path_item,
    schema_in,
    url_of_server,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..document import Effect
    from .documents import Document
    from .walk import Json

_SUCCESS = re.compile(r"2(\d\d|XX)")
_ONE_OF_COLLECTION = re.compile(r"(?P<collection>.+)/\{(?P<name>[^/{}]+)\}")


def read_folder(folder: str | Path | None) -> tuple[list[Document], list[Operation]]:
    """Return the documents of a folder and all of their operations; `None` is our own folder.

    Raises:
        ValueError: No documents were found, one can't be read or contradicts itself, or two
            serve the same operation.
    """
    return _our_own(find_folder()) if folder is None else _read_folder(Path(folder))


def _read_folder(folder: Path) -> tuple[list[Document], list[Operation]]:
    documents = load_documents(folder)
    return documents, read_operations(documents)


_our_own = cache(_read_folder)
"""Read once: a suite of tests starts very many sandboxes, and the package doesn't change."""


def read_operations(documents: Iterable[Document]) -> list[Operation]:
    """Return every operation of every document.

    Raises:
        ValueError: A document contradicts itself, or two serve the same operation.
    """
    found: dict[tuple[str, str], Operation] = {}
    for document in documents:
        for operation in _read(document):
            method, path = operation.method, operation.path
            if (method, path) in found:
                raise ValueError(
                    f"{document.name!r} and another document both serve {method} {path}."
                )
            found[method, path] = operation
    return list(found.values())


def _read(document: Document) -> list[Operation]:
    try:
        check_shape(document.spec)
        return _Reader(document).operations()
    except ValueError as error:
        raise ValueError(f"{document.name!r} can't be served: {error}.") from error


def base_path(spec: Json) -> str:
    """Return the path of the first server's URL, with the defaults of its variables."""
    servers: list[Json] = spec.get("servers") or [{}]
    return urlsplit(url_of_server(servers[0])).path.rstrip("/")


@dataclass(frozen=True)
class _Raw:
    """An operation as the document has it, references followed."""

    method: str
    path: str
    base: str
    node: Json
    parameters: list[Json]
    media_types: tuple[str, ...]
    body: Json | None
    optional: bool
    many: bool
    batch: Batch
    effect: Effect
    asks: bool = False
    pages: Pages | None = None

    @property
    def collection(self) -> str:
        return collection_of(self.path)

    @property
    def writes(self) -> Role | None:
        """What it does with the body's records: a batch by the rule, one record by its effect."""
        if self.batch.kind:
            return Role(self.batch.kind)
        if self.asks or self.body is None or self.method not in ("post", "put"):
            return None
        if self.effect == "validate":
            return Role.VALIDATE
        if self.many or self.batch.named or self.effect == "read":
            return None
        return Role(self.effect)


class _Reader:
    """Reads one document; what one operation does depends on the others."""

    def __init__(self, document: Document) -> None:
        self._document = document.name
        self._spec = document.spec
        self._schemas = Schemas(self._spec)
        self._base = base_path(self._spec)

    def operations(self) -> list[Operation]:
        return [self._operation(raw) for raw in self._raw]

    @cached_property
    def _raw(self) -> list[_Raw]:
        return list(self._read_raw())

    @cached_property
    def _stored(self) -> dict[str, Json]:
        """The collections that records can get into, each with the fields of its records."""
        return {
            raw.collection: self._schemas.properties(raw.body or {})
            for raw in self._raw
            if raw.writes in (Role.CREATE, Role.UPDATE)
        }

    @cached_property
    def _identifiers(self) -> dict[str, Identifier]:
        """What tells the records of each collection apart."""
        places: dict[str, Json] = {}
        for raw in self._raw:
            if one := _ONE_OF_COLLECTION.fullmatch(raw.path):
                named = [each for each in raw.parameters if each["name"] == one["name"]]
                places.setdefault(one["collection"], (named or [{"name": one["name"]}])[0])
        return {each: self._identifier(each, places.get(each)) for each in self._stored}

    def _identifier(self, collection: str, place: Json | None) -> Identifier:
        """Find the field by the path of one record, or else because only answers have it."""
        sent, saved = self._fields_of(collection)
        name = place["name"] if place else None
        added = [field for field in saved if field not in sent]
        alike = [field for field in saved if name and name.lower().endswith(field.lower())]
        field = name
        if saved and name not in saved:
            field = added[0] if len(added) == 1 else next(iter(alike), name)
        schema = place.get("schema", {}) if place else saved.get(field or "", {})
        counted = self._schemas.resolve(schema).get("type") == "integer"
        own = self._schemas.resolve(sent.get(field or "", {}))
        chosen = own.get("type") == "string" and not (own.keys() & {"format", "readOnly"})
        return Identifier(field, name, counted, chosen)

    def _fields_of(self, collection: str) -> tuple[Json, Json]:
        """Return the fields of records as they are sent to be created, and as they are saved."""
        sent: Json = {}
        saved: Json = {}
        for raw in self._raw:
            if raw.collection != collection:
                continue
            role = raw.writes or self._reads(raw)
            if role.stores:
                (sent if role is Role.CREATE else saved).update(
                    self._schemas.properties(raw.body or {})
                )
                saved |= self._schemas.properties(self._answered(raw, role))
        return sent, saved

    def _answered(self, raw: _Raw, role: Role) -> Json:
        """The schema of what an operation answers with."""
        return schema_in(self._success(raw, role)[1]) or {}

    @cached_property
    def _reconciled(self) -> dict[str, dict[str, str]]:
        """The filters of list operations, from the batches that use them."""
        told = [raw.node["x-sdir-reconcile"] for raw in self._raw if "x-sdir-reconcile" in raw.node]
        return {each.get("operation", ""): each.get("filter", {}) for each in told}

    def _read_raw(self) -> Iterator[_Raw]:
        for found in operations_in(self._spec):
            yield self._read_one(found)

    def _read_one(self, found: Found) -> _Raw:
        holder = self._schemas.resolve(found.node.get("requestBody", {}))
        body = schema_in(holder)
        return _Raw(
            method=found.method,
            path=found.path,
            base=self._base_of(found),
            node=found.node,
            parameters=parameters_of(self._spec, found),
            media_types=tuple(map(_bare, json_kinds(holder.get("content") or {}))),
            body=body,
            optional=holder.get("required") is False,
            many=body is not None and self._schemas.is_list(body),
            batch=batch_of(self._spec, found),
            effect=effect_of(self._spec, found),
            asks=self._answers_something_else(found.node, body) or self._is_one_value(body),
            pages=pages_of(self._spec, found),
        )

    def _answers_something_else(self, node: Json, body: Json | None) -> bool:
        """Whether the answer has fields, but none that was sent: then it is not a record."""
        sent = self._schemas.properties(body or {})
        answers = node.get("responses", {})
        good = min(filter(_SUCCESS.fullmatch, answers), default="")
        answer = schema_in(self._schemas.resolve(answers.get(good, {})))
        told = self._schemas.properties(answer or {})
        return bool(sent and told) and sent.keys().isdisjoint(told)

    def _is_one_value(self, body: Json | None) -> bool:
        """Whether a body is a text or a number, not a record."""
        plain = ("string", "integer", "number", "boolean")
        return body is not None and self._schemas.resolve(body).get("type") in plain

    def _base_of(self, found: Found) -> str:
        """Return the path of the server of an operation: its own, that of its path, or of all."""
        item = path_item(self._spec, found.path, self._spec["paths"][found.path])
        servers = found.node.get("servers") or item.get("servers")
        return base_path({"servers": servers}) if servers else self._base

    def _operation(self, raw: _Raw) -> Operation:
        role = raw.writes or self._reads(raw)
        status, answer = self._success(raw, role)
        return Operation(
            document=self._document,
            name=raw.node.get("operationId", f"{raw.method.upper()} {raw.path}"),
            method=raw.method.upper(),
            base=raw.base,
            path=raw.base + raw.path,
            role=role,
            many=raw.many,
            collection=raw.base + raw.collection,
            identifier=self._identifiers.get(raw.collection, Identifier()),
            status=status,
            answer_type=_answer_type(answer),
            parameters=self._parameters(raw),
            body=None
            if raw.body is None
            else self._schemas.standalone(self._schemas.resolve(raw.body)),
            optional_body=raw.optional,
            body_name=_body_name(raw.body or {}),
            media_types=raw.media_types,
            filters=self._filters(raw) if role is Role.LIST else {},
            pages=raw.pages,
            envelope=self._envelope(answer) if role is Role.LIST else None,
            example=self._example(raw, role, answer),
            shape=shape_of(self._schemas, raw.body or {}),
            deprecation=read_deprecation(self._spec, raw.node),
            scopes=scopes_of(self._spec, raw.node),
        )

    def _reads(self, raw: _Raw) -> Role:
        if raw.method == "get" and raw.collection in self._stored:
            if raw.path == raw.collection and self._is_listing(self._success(raw, Role.LIST)[1]):
                return Role.LIST
            one = _ONE_OF_COLLECTION.fullmatch(raw.path)
            if one and one["collection"] == raw.collection:
                return Role.GET
        searches = raw.method == "get" and raw.path.endswith("/search")
        return Role.SEARCH if searches else Role.EXAMPLE

    def _is_listing(self, answer: Json) -> bool:
        """Whether an answer is a list, holds one, or does not say what it is."""
        schema = schema_in(answer) or {}
        fields = self._schemas.properties(schema)
        return self._schemas.is_list(schema) or not fields or self._envelope(answer) is not None

    def _envelope(self, answer: Json) -> str | None:
        """Return the field of an answer that is its one list of objects."""
        schema = schema_in(answer) or {}
        fields = {} if self._schemas.is_list(schema) else self._schemas.properties(schema)
        items = {name: item_of(self._spec, each) for name, each in fields.items()}
        lists = [n for n, item in items.items() if item and self._schemas.properties(item)]
        return lists[0] if len(lists) == 1 else None

    def _success(self, raw: _Raw, role: Role) -> tuple[int, Json]:
        answers = raw.node.get("responses", {})
        good = sorted(filter(_SUCCESS.fullmatch, answers))
        if not good:
            return (201 if role is Role.CREATE else 200), {}
        return int(good[0].replace("XX", "00")), self._schemas.resolve(answers[good[0]])

    def _parameters(self, raw: _Raw) -> Json:
        undeclared: Json = {name: {} for name in re.findall(r"\{([^{}]*)\}", raw.path)}
        places = {name.replace("*", ""): name for name in undeclared}  # `{*rest}` declares `rest`
        used = [
            {**each, "name": places.get(each["name"], each["name"])}
            if each["in"] == "path"
            else each
            for each in raw.parameters
            if each["in"] in ("path", "query")
        ]
        schemas = {
            each["name"]: {**self._schemas.flat(_schema_of(each)), STYLE: _style_of(each)}
            for each in used
        }
        return self._schemas.standalone(
            {
                "type": "object",
                "properties": undeclared | schemas,
                "required": sorted({each["name"] for each in used if each.get("required")}),
            }
        )

    def _filters(self, raw: _Raw) -> dict[str, str]:
        """Which field a query parameter asks for: what the document says, else of the same name."""
        fields = self._stored[raw.collection]
        queries = [each["name"] for each in raw.parameters if each["in"] == "query"]
        by_name = {name: name for name in queries if name in fields}
        return by_name | self._reconciled.get(raw.node.get("operationId", ""), {})

    def _example(self, raw: _Raw, role: Role, answer: Json) -> Any:
        """The example answer; a search looks through the list it belongs to, if that has more."""
        example = self._example_of(answer)
        if role is Role.LIST and not example and self._envelope(answer) is None:
            return [self._schemas.sample(self._items(answer))]
        if role is Role.SEARCH:
            path = raw.path.removesuffix("/search")
            whole = (
                self._example_of(self._success(each, role)[1])
                for each in self._raw
                if (each.method, each.path) == ("get", path)
            )
            return max([example, *whole], key=lambda each: len(each or []))
        return example

    def _items(self, answer: Json) -> Json:
        """The schema of what a list answers with: that of its items."""
        return item_of(self._spec, schema_in(answer) or {}) or {}

    def _example_of(self, answer: Json) -> Any:
        """Return what the document shows of an answer, unless it does not fit its own schema."""
        content = answer.get("content") or {}
        media: Json = next((content[kind] for kind in json_kinds(content)), {})
        shown = [self._schemas.resolve(each).get("value") for each in _shown(media)]
        if "schema" not in media:
            return next(iter(shown), None)
        good = (each for each in shown if self._schemas.fits(media["schema"], each))
        found = next(good, None)
        return self._schemas.sample(media["schema"]) if found is None else found


def _shown(media: Json) -> list[Json]:
    alone = [{"value": media["example"]}] if "example" in media else []
    return [*alone, *(media.get("examples") or {}).values()]


def _answer_type(answer: Json) -> str:
    """Return the content type of an answer; a pattern says no more than JSON."""
    kinds = json_kinds(answer.get("content") or {})
    plain = not kinds or "*" in kinds[0] or kinds[0].startswith("application/json")
    return "application/json; charset=utf-8" if plain else kinds[0]


def _bare(kind: str) -> str:
    """Return a content type without its parameters."""
    return kind.partition(";")[0].strip().lower()


def _schema_of(parameter: Json) -> Json:
    found: Json = parameter.get("schema") or schema_in(parameter) or {}
    return found


def _style_of(parameter: Json) -> list[str | bool]:
    """Return how a parameter is written: one that has content of its own is JSON."""
    if parameter.get("content"):
        return ["json", False]
    style = str(parameter.get("style") or ("form" if parameter["in"] == "query" else "simple"))
    return [style, parameter.get("explode", style == "form") is True]


def _body_name(body: Json) -> str:
    name = str(body.get("items", body).get("$ref", "")).rpartition("/")[2]
    return name[:1].lower() + name[1:] or "body"
