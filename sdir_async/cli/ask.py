"""`sdir apis`, `codes`, `get` and `list`: the APIs, and what was reported."""

from __future__ import annotations

import asyncio
import re
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..privacy import mask_json, printable
from ..types import Model
from .apis import every_version, find_version
from .records import leaves_of
from .screen import json_line
from .trouble import Exit, Trouble
from .words import say

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from ..client import Sdir
    from ..description import Description, ListingDescription, OperationDescription
    from .settings import Target

_ENDLESS = 100_000
_CODES = re.compile("code", re.IGNORECASE)
_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
"""A value must not be broken over lines, so that it can be copied."""


def show_apis(*, as_json: bool) -> Exit:
    """Print the APIs, their versions and their operations."""
    for version in every_version():
        if as_json:
            _write(_described(version))
        else:
            _console().print(_table_of(version))
    return Exit.DONE


def _described(version: Description) -> dict[str, Any]:
    return {
        "api": version.api,
        "version": version.version,
        "title": version.title,
        "uploads": list(version.batches),
        "servers": dict(version.servers),
        "operations": [
            {
                "name": operation.name,
                "method": operation.method,
                "path": operation.path,
                "effect": operation.effect,
                "deprecated": operation.deprecated,
                "about": operation.summary,
            }
            for operation in version.operations.values()
        ],
    }


def _table_of(version: Description) -> Table:
    uploads = ", ".join(version.batches) or say("nothing")
    title = say(
        "{name}: {title}; uploads: {uploads}",
        name=version.name,
        title=version.title,
        uploads=uploads,
    )
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2))
    for heading in (say("operation"), say("request"), say("what it does")):
        whole = heading == say("operation")
        table.add_column(heading, header_style="dim", no_wrap=whole, overflow="fold")
    for operation in version.operations.values():
        request = f"{operation.method} {operation.path}"
        about = (
            say("Deprecated. {summary}", summary=operation.summary)
            if operation.deprecated
            else operation.summary
        )
        table.add_row(operation.name, Text(request), Text(about))
    return table


def show_codes(
    api: str, version: str | None, search: str | None, target: Target, *, as_json: bool
) -> Exit:
    """Print the codes of an API."""
    found = find_version(api, version)
    operation, searching = code_operations(found)
    asked = {}
    if search is not None and searching is not None:
        operation, asked = searching, {searching.required[0].python_name: search}
    if operation is None:
        raise Trouble("{name} has no operation that lists codes.", name=found.name)
    items = asyncio.run(_ask(found, target, operation, asked))
    if search is not None:
        items = [item for item in items if search.casefold() in str(item).casefold()]
    return _print(items, as_json=as_json, show_persons=True)


def code_operations(
    version: Description,
) -> tuple[OperationDescription | None, OperationDescription | None]:
    """Return the operation that lists codes, and the one that searches among them."""
    about = [
        operation
        for operation in version.operations.values()
        if operation.effect == "read"
        and "{" not in operation.path
        and _CODES.search(operation.name)
    ]
    listing = next((each for each in about if not each.required), None)
    return listing, next((each for each in about if len(each.required) == 1), None)


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
    operation = next((each for each in found.operations.values() if _gets_one(each)), None)
    if operation is None:
        raise Trouble("{name} has no operation that gets one record.", name=found.name)
    try:
        record = asyncio.run(
            _ask(found, target, operation, {operation.required[0].python_name: uid})
        )
    except ValueError as error:
        raise Trouble(str(error)) from None
    return _print([record], as_json=as_json, show_persons=show_persons)


def _gets_one(operation: OperationDescription) -> bool:
    needed = [parameter.place for parameter in operation.required]
    return operation.effect == "read" and needed == ["path"]


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
        raise Trouble("{name} has no operation that lists records.", name=found.name)
    items = asyncio.run(_pages(found, target, listing, _filters(where, listing), limit))
    code = _print(items, as_json=as_json, show_persons=show_persons)
    if len(items) == limit and not as_json:
        sys.stderr.write(say("These are the first {limit:,}; --limit shows more.\n", limit=limit))
    return code


def _filters(where: Sequence[str], listing: ListingDescription) -> dict[str, str]:
    filters = {}
    for one in where:
        name, equals, value = one.partition("=")
        if not equals or name not in listing.filters:
            known = ", ".join(listing.filters)
            raise Trouble(
                "--where: {name!r} is not a filter. Use one of: {known}.", name=name, known=known
            )
        filters[name] = _asked(name) if value == "-" else value
    return filters


def _asked(name: str) -> str:
    if sys.stdin.isatty():
        sys.stderr.write(f"{name}: ")
        sys.stderr.flush()
    return sys.stdin.readline().strip()


async def _pages(
    version: Description,
    target: Target,
    listing: ListingDescription,
    filters: dict[str, str],
    limit: int,
) -> list[Any]:
    """Return the first records, with as few pages as needed."""
    names = {each.name: each.python_name for each in listing.operation.parameters}
    asked: dict[str, Any] = {names[name]: value for name, value in filters.items()}
    pages = listing.operation.pages
    if pages is None:
        return list((await _ask(version, target, listing.operation, asked))[:limit])
    if pages.size is not None and pages.largest is not None:
        asked[names[pages.size]] = min(limit, pages.largest)
    items: list[Any] = []
    async with target.connect() as sdir:
        records = getattr(_api(sdir, version), pages.python_name)(**asked)
        async for record in records:
            items.append(_as_json(record))
            if len(items) >= limit:
                break
    return items


async def _ask(
    version: Description, target: Target, operation: OperationDescription, asked: dict[str, str]
) -> Any:
    """Return the JSON that an operation answers."""
    async with target.connect() as sdir:
        return _as_json(await _method(sdir, version, operation)(**asked))


def _method(
    sdir: Sdir, version: Description, operation: OperationDescription
) -> Callable[..., Awaitable[Any]]:
    method: Callable[..., Awaitable[Any]] = getattr(_api(sdir, version), operation.python_name)
    return method


def _api(sdir: Sdir, version: Description) -> Any:
    return getattr(sdir, version.api)[version.version]


def _as_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_json(one) for one in value]
    return value.to_dict() if isinstance(value, Model) else value


def _print(items: Sequence[Any], *, as_json: bool, show_persons: bool) -> Exit:
    """Print objects: as a table, or as one JSON object per line."""
    shown = list(items) if show_persons else [mask_json(item, shown=2) for item in items]
    if as_json:
        for item in shown:
            _write(item)
        return Exit.DONE
    if len(shown) == 1:
        _console().print(_sheet(shown[0]))
    elif shown:
        _console().print(_rows(shown))
    else:
        sys.stderr.write(say("Nothing found.\n"))
    return Exit.DONE


def _sheet(item: Any) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in leaves_of(item):
        if value is not None:
            table.add_row(Text(printable(name), "dim"), Text(printable(str(value))))
    return table


def _rows(items: Sequence[Any]) -> Table:
    leaves = [dict(leaves_of(item)) for item in items]
    names = dict.fromkeys(name for one in leaves for name in one if _says_something(leaves, name))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in names:
        whole = all(_UID.fullmatch(str(one.get(name))) for one in leaves)
        width = 36 if whole else None
        shown = Text(printable(name))
        table.add_column(shown, overflow="fold", no_wrap=whole, min_width=width)
    for one in leaves:
        table.add_row(*(_shown(one.get(name)) for name in names))
    return table


def _says_something(rows: Sequence[dict[str, Any]], name: str) -> bool:
    return any(row.get(name) is not None for row in rows)


def _shown(value: Any) -> Text:
    return Text("" if value is None else printable(str(value)))


def _write(item: Any) -> None:
    sys.stdout.write(json_line(item))


def _console() -> Console:
    """Return what prints tables. Outside a terminal, each row is one line."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _ENDLESS)
