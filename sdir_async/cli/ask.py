"""`sdir apis`, `codes`, `get` and `list`: what there is, and what was reported."""

from __future__ import annotations

import asyncio
import re
import sys
from typing import TYPE_CHECKING, Any

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .apis import Call, Version, every_version, find_version
from .masking import mask_all
from .records import leaves_of
from .trouble import Exit, Trouble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..document import Listing, Operation
    from .settings import Target

_ENDLESS = 100_000
_CODES = re.compile("code", re.IGNORECASE)


def show_apis(*, as_json: bool) -> Exit:
    """Print the APIs, their versions and their operations."""
    for version in every_version():
        if as_json:
            _write(_described(version))
        else:
            _console().print(_table_of(version))
    return Exit.DONE


def _described(version: Version) -> dict[str, Any]:
    document = version.document
    return {
        "api": document.api,
        "version": document.version,
        "title": document.title,
        "uploads": list(version.batches),
        "servers": dict(document.servers),
        "operations": [
            {
                "name": call.operation.name,
                "method": call.operation.method,
                "path": call.operation.path,
                "effect": call.operation.effect,
                "deprecated": call.operation.deprecated,
                "about": call.about,
            }
            for call in version.calls()
        ],
    }


def _table_of(version: Version) -> Table:
    document = version.document
    uploads = ", ".join(version.batches) or "nothing"
    title = f"{document.api} {document.version}: {document.title}; uploads: {uploads}"
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2))
    for heading in ("operation", "request", "what it does"):
        whole = heading == "operation"
        table.add_column(heading, header_style="dim", no_wrap=whole, overflow="fold")
    for call in version.calls():
        request = f"{call.operation.method} {call.operation.path}"
        about = f"Deprecated. {call.about}" if call.operation.deprecated else call.about
        table.add_row(call.operation.name, Text(request), Text(about))
    return table


def show_codes(
    api: str, version: str | None, search: str | None, target: Target, *, as_json: bool
) -> Exit:
    """Print the codes of an API."""
    found = find_version(api, version)
    listing, searching = _code_calls(found)
    asked = {}
    call = listing
    if search is not None and searching is not None:
        call, asked = searching, {searching.needs[0]: search}
    if call is None:
        raise Trouble(f"{found.name} has no operation that lists codes.")
    items = asyncio.run(_call(found, target, call, asked))
    if search is not None:
        items = [item for item in items if search.casefold() in str(item).casefold()]
    return _print(items, as_json=as_json, show_persons=True)


def _code_calls(version: Version) -> tuple[Call | None, Call | None]:
    """Return the operation that lists codes, and the one that searches among them."""
    about = [
        call
        for call in version.calls()
        if call.operation.effect == "read"
        and "{" not in call.operation.path
        and _CODES.search(call.operation.name)
    ]
    listing = next((call for call in about if not call.needs), None)
    return listing, next((call for call in about if len(call.needs) == 1), None)


def show_one(
    api: str,
    version: str | None,
    uid: str,
    target: Target,
    *,
    show_persons: bool,
    as_json: bool,
) -> Exit:
    """Print one record."""
    found = find_version(api, version)
    call = next((call for call in found.calls() if _gets_one(call)), None)
    if call is None:
        raise Trouble(f"{found.name} has no operation that gets one record.")
    name = re.findall(r"{(\w+)}", call.operation.path)[0]
    try:
        record = asyncio.run(_ask(found, target, call.operation, path={name: uid}))
    except ValueError as error:
        raise Trouble(str(error)) from None
    return _print([record], as_json=as_json, show_persons=show_persons)


def _gets_one(call: Call) -> bool:
    return call.operation.effect == "read" and call.operation.path.count("{") == 1


def show_list(
    api: str,
    version: str | None,
    where: Sequence[str],
    limit: int,
    target: Target,
    *,
    show_persons: bool,
    as_json: bool,
) -> Exit:
    """Print what was reported, page by page."""
    found = find_version(api, version)
    listing = next((batch.listing for batch in found.batches.values() if batch.listing), None)
    if listing is None:
        raise Trouble(f"{found.name} has no operation that lists records.")
    items = asyncio.run(_pages(found, target, listing, _filters(where, listing), limit))
    return _print(items, as_json=as_json, show_persons=show_persons)


def _filters(where: Sequence[str], listing: Listing) -> dict[str, str]:
    filters = {}
    for one in where:
        name, equals, value = one.partition("=")
        if not equals or name not in listing.filters:
            known = ", ".join(listing.filters)
            raise Trouble(f"--where: {name!r} is no filter; there is {known}.")
        filters[name] = _asked(name) if value == "-" else value
    return filters


def _asked(name: str) -> str:
    if sys.stdin.isatty():
        sys.stderr.write(f"{name}: ")
        sys.stderr.flush()
    return sys.stdin.readline().strip()


async def _pages(
    version: Version, target: Target, listing: Listing, filters: dict[str, str], limit: int
) -> list[Any]:
    items: list[Any] = []
    size = min(limit, listing.page_size[1]) if listing.page_size else limit
    for page in range(1, limit + 1):
        params: dict[str, Any] = dict(filters)
        if listing.page is not None:
            params[listing.page] = page
        if listing.page_size is not None:
            params[listing.page_size[0]] = size
        found = await _ask(version, target, listing.operation, params=params)
        items += found
        if len(items) >= limit or listing.page is None or len(found) < size:
            break
    return items[:limit]


async def _ask(
    version: Version,
    target: Target,
    operation: Operation,
    *,
    path: dict[str, str] | None = None,
    params: dict[str, Any] | None = None,
) -> Any:
    """Return the JSON that an operation answers."""
    async with target.connect() as sdir:
        api = getattr(sdir, version.document.api)[version.document.version]
        return await api._call(operation, _as_it_is, path=path, params=params)  # noqa: SLF001


async def _call(version: Version, target: Target, call: Call, asked: dict[str, str]) -> list[Any]:
    """Return what the method of an operation returns, as JSON."""
    async with target.connect() as sdir:
        api = getattr(sdir, version.document.api)[version.document.version]
        return [item.to_dict() for item in await getattr(api, call.method)(**asked)]


def _as_it_is(value: Any) -> Any:
    return value


def _print(items: Sequence[Any], *, as_json: bool, show_persons: bool) -> Exit:
    """Print objects: a table in a terminal, or one JSON object a line."""
    shown = list(items) if show_persons else [mask_all(item) for item in items]
    if as_json:
        for item in shown:
            _write(item)
        return Exit.DONE
    if len(shown) == 1:
        _console().print(_sheet(shown[0]))
    elif shown:
        _console().print(_rows(shown))
    else:
        sys.stderr.write("There is nothing.\n")
    return Exit.DONE


def _sheet(item: Any) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in leaves_of(item):
        if value is not None:
            table.add_row(Text(name, "dim"), Text(str(value)))
    return table


def _rows(items: Sequence[Any]) -> Table:
    leaves = [dict(leaves_of(item)) for item in items]
    names = dict.fromkeys(name for one in leaves for name in one if _says_something(leaves, name))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in names:
        table.add_column(name, overflow="fold")
    for one in leaves:
        table.add_row(*(_shown(one.get(name)) for name in names))
    return table


def _says_something(rows: Sequence[dict[str, Any]], name: str) -> bool:
    return any(row.get(name) is not None for row in rows)


def _shown(value: Any) -> Text:
    return Text("" if value is None else str(value))


def _write(item: Any) -> None:
    sys.stdout.write(f"{orjson.dumps(item).decode()}\n")


def _console() -> Console:
    """Return what prints tables; elsewhere than in a terminal, a row is a line."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _ENDLESS)
