"""What the page of the sandbox shows. Person numbers and keys don't get as far as here."""

from __future__ import annotations

import time
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from ..openapi.reader import base_path
from ..privacy import mask
from .faults import MEANINGS, Kind
from .reference import describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jinja2 import Environment

    from .app import SeenRequest
    from .console import Desk

_REQUESTS_SHOWN = 50
_BATCHES_SHOWN = 20
_RECORDS_SHOWN = 10


class Pages:
    """Writes the pages."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def home(self, *, refresh: str | None = None) -> str:
        """Return the page itself, which loads itself again every few seconds if it is told so."""
        desk = self._desk
        newest = list(islice(reversed(desk.requests), 1000))
        return self._render(
            "home.html",
            refresh=refresh if refresh and refresh.isdigit() else None,
            apis=list(self._apis()),
            faults=desk.faults.describe(),
            seed=desk.faults.seed,
            kinds=[(kind.value, MEANINGS[kind]) for kind in Kind],
            operations=sorted(f"{each.document} {each.name}" for each in desk.operations),
            requests=[_line(each) for each in newest[:_REQUESTS_SHOWN]],
            batches=[_line(each) for each in _batches(newest)],
            total=len(desk.requests),
            collections=list(self._collections()),
            database=desk.sleeper.state,
        )

    def document(self, name: str) -> str | None:
        """Return the reference of a document, `None` if there is none of this name."""
        for document in self._desk.documents:
            if document.name == name:
                return self._render("document.html", name=name, **describe(document.spec))
        return None

    def _render(self, template: str, **values: Any) -> str:
        place, url = self._desk.place, self._desk.base_url
        return self._templates.get_template(template).render(base_url=url, place=place, **values)

    @cached_property
    def _templates(self) -> Environment:
        from jinja2 import Environment, FileSystemLoader

        loader = FileSystemLoader(Path(__file__).with_name("templates"))
        return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)

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
            yield {"name": name, "count": count, "records": [_pretty(each) for each in records]}


def _batches(requests: Iterable[SeenRequest]) -> Iterator[SeenRequest]:
    return islice((each for each in requests if each.records is not None), _BATCHES_SHOWN)


def _line(request: SeenRequest) -> dict[str, Any]:
    """Return a request as a line of a table."""
    return {
        "at": time.strftime("%H:%M:%S", time.localtime(request.at)),
        "method": request.method,
        "path": request.path,
        "status": request.status or "none",
        "good": 200 <= request.status < 300,
        "records": request.records,
        "fault": request.fault,
        "key": request.key,
        "milliseconds": f"{request.seconds * 1000:.0f}",
    }


def _pretty(body: bytes) -> str:
    return mask(orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode())
