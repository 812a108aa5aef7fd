"""What the page of the sandbox shows. Keys and persons are masked unless somebody asks."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

import orjson

from ..openapi.reader import base_path
from ..privacy import mask, mask_json, printable
from ..wire import BEARER_HEADER, KEY_HEADER
from . import snippets, traffic
from .faults import MEANINGS, Kind
from .reference import describe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jinja2 import Environment

    from .desk import Desk
    from .exchanges import Body, Exchange, Headers

STATIC = Path(__file__).with_name("static")
_ON_A_PAGE = 50
_RECORDS_SHOWN = 10
_SECRET = {KEY_HEADER.lower(), BEARER_HEADER.lower(), "cookie", "set-cookie"}
_HIDDEN = "***"
_STATUSES = {"2xx": 2, "3xx": 3, "4xx": 4, "5xx": 5, "none": 0}


@dataclass(frozen=True)
class Filter:
    """Which requests the list shows.

    Attributes:
        text: What a request or its answer must contain.
        status: The class of its status, such as `4xx`; `none` for no answer.
        api: The name of a document.
        only: `faults`: those that met a fault; `batches`: those that brought records.
        before: Show older ones than this number.
    """

    text: str = ""
    status: str = ""
    api: str = ""
    only: str = ""
    before: int | None = None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filter:
        """Read a filter from the query of the page; unknown values are ignored."""
        given = {name: query.get(name, "").strip() for name in ("text", "status", "api", "only")}
        before = query.get("before", "")
        return cls(**given, before=int(before) if before.isascii() and before.isdigit() else None)

    def url(self, **changes: object) -> str:
        """Return the address of the page with this filter."""
        values = {name: value for name, value in (vars(self) | changes).items() if value}
        return f"/?{urlencode(values)}#requests" if values else "/#requests"

    def takes(self, each: Exchange, base: str) -> bool:
        """Say whether a request is shown."""
        seen = each.seen
        if seen is None or (self.before is not None and each.number >= self.before):
            return False
        if self.status in _STATUSES and seen.status // 100 != _STATUSES[self.status]:
            return False
        if (self.only == "faults" and not seen.fault) or (
            self.only == "batches" and seen.records is None
        ):
            return False
        return each.path.startswith(base) and self._finds(each)

    def _finds(self, each: Exchange) -> bool:
        wanted = self.text.casefold()
        if not wanted:
            return True
        assert each.seen is not None  # noqa: S101
        line = f"{each.method} {unquote(each.path)} {each.seen.status} {each.seen.fault}"
        bodies = (each.body.content, each.answer.content)
        return wanted in line.casefold() or any(
            wanted in body.decode("utf-8", "replace").casefold() for body in bodies
        )


class Pages:
    """Writes the pages."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def home(self, wanted: Filter) -> str:
        """Return the page itself."""
        desk = self._desk
        bases = {each.name: base_path(each.spec) for each in desk.documents}
        base = bases.get(wanted.api, "")
        found = (each for each in desk.exchanges if wanted.takes(each, base))
        lines = [_line(each) for each in islice(found, _ON_A_PAGE + 1)]
        more = len(lines) > _ON_A_PAGE
        lines = lines[:_ON_A_PAGE]
        return self._render(
            "home.html",
            wanted=wanted,
            newest=wanted.url(before=None),
            older=wanted.url(before=lines[-1]["number"]) if more else "",
            statuses=list(_STATUSES),
            traffic=traffic.draw(reversed(desk.requests), time.time()),
            apis=list(self._apis()),
            faults=desk.faults.describe(),
            seed=desk.faults.seed,
            kinds=[(kind.value, MEANINGS[kind]) for kind in Kind],
            operations=sorted(f"{each.document} {each.name}" for each in desk.operations),
            requests=lines,
            total=desk.exchanges.count,
            collections=list(self._collections()),
            database=desk.sleeper.state,
        )

    def request(self, number: int, *, shown: bool) -> str | None:
        """Return the page of a request, `None` if it is not known (any more)."""
        each = self._desk.exchanges.get(number)
        if each is None or each.seen is None:
            return None
        hide = (lambda text: text) if shown else mask
        url = self._desk.base_url + hide(unquote(each.path) if not shown else each.path)
        body = self._text(each.body, shown=shown)
        request = (each.method, url, _headers(each.headers, shown=shown), body)
        return self._render(
            "request.html",
            line=_line(each),
            path=printable(hide(unquote(each.path))),
            shown=shown,
            headers=_headers(each.headers, shown=shown),
            body=body,
            body_of=each.body,
            answer_headers=_headers(each.answer_headers, shown=shown),
            answer=self._text(each.answer, shown=shown),
            answer_of=each.answer,
            curl=snippets.curl(*request),
            python=snippets.python(*request),
        )

    def document(self, name: str) -> str | None:
        """Return the reference of a document, `None` if none has this name."""
        for document in self._desk.documents:
            if document.name == name:
                values = describe(document.spec)
                return self._render("document.html", name=name, **values)
        return None

    def _render(self, template: str, **values: Any) -> str:
        place, url = self._desk.place, self._desk.base_url
        return self._templates.get_template(template).render(base_url=url, place=place, **values)

    @cached_property
    def _templates(self) -> Environment:
        from jinja2 import Environment, FileSystemLoader

        loader = FileSystemLoader(Path(__file__).with_name("templates"))
        return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)

    @cached_property
    def _personal(self) -> frozenset[str]:
        """The fields that the documents call personal."""
        return frozenset(name for each in self._desk.documents for name in _personal_in(each.spec))

    def _apis(self) -> Iterator[dict[str, Any]]:
        for document in self._desk.documents:
            operations = [each for each in self._desk.operations if each.document == document.name]
            info = document.spec.get("info") or {}
            yield {
                "name": document.name,
                "title": info.get("title", document.name),
                "base": base_path(document.spec),
                "operations": len(operations),
                "ends": any(each.deprecation for each in operations),
            }

    def _collections(self) -> Iterator[dict[str, Any]]:
        for name in self._desk.store.collections:
            records = self._desk.store.newest(name, _RECORDS_SHOWN)
            count = self._desk.store.count(name)
            shown = [self._pretty(orjson.loads(each), shown=False) for each in records]
            yield {"name": name, "count": count, "records": shown}

    def _text(self, body: Body, *, shown: bool) -> str:
        """Return a body as a person reads it."""
        text = body.content.decode("utf-8", "replace")
        if body.is_whole:
            with contextlib.suppress(orjson.JSONDecodeError):  # then it is shown as text
                return self._pretty(orjson.loads(body.content), shown=shown)
        elif not shown and self._personal:
            return "It is too long to be masked: show keys and persons to read its beginning."
        return printable(text) if shown else mask(text)

    def _pretty(self, value: Any, *, shown: bool) -> str:
        hidden = value if shown else mask_json(self._without_names(value))
        return printable(orjson.dumps(hidden, option=orjson.OPT_INDENT_2).decode())

    def _without_names(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._without_names(each) for each in value]
        if not isinstance(value, dict):
            return value
        return {
            name: _HIDDEN
            if name in self._personal and isinstance(each, str)
            else self._without_names(each)
            for name, each in value.items()
        }


def _personal_in(node: Any) -> Iterator[str]:
    """Yield the names of the properties that a document calls personal."""
    if isinstance(node, list):
        for each in node:
            yield from _personal_in(each)
    elif isinstance(node, dict):
        properties = node.get("properties")
        for name, each in properties.items() if isinstance(properties, dict) else ():
            if isinstance(each, dict) and each.get("x-sdir-personal"):
                yield name
        for each in node.values():
            yield from _personal_in(each)


def _headers(headers: Headers, *, shown: bool) -> Headers:
    if shown:
        return [(name, printable(value)) for name, value in headers]
    return [(name, _HIDDEN if name.lower() in _SECRET else mask(value)) for name, value in headers]


def _line(each: Exchange) -> dict[str, Any]:
    """Return a request as a line of a table."""
    seen = each.seen
    assert seen is not None  # noqa: S101
    return {
        "number": each.number,
        "at": time.strftime("%H:%M:%S", time.localtime(seen.at)),
        "method": each.method,
        "path": seen.path,
        "status": seen.status or "none",
        "good": 200 <= seen.status < 300,
        "records": seen.records,
        "fault": seen.fault,
        "key": seen.key,
        "milliseconds": f"{seen.seconds * 1000:.{0 if seen.seconds >= 0.01 else 1}f}",
    }
