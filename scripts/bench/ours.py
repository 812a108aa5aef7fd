"""Our own contenders: models, mappings, bytes; each transport; with check, with journal."""

from __future__ import annotations

import contextlib
import tempfile
from itertools import count as numbers
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from .peers import CONCURRENCY, KEY, in_turns
from .records import mappings, record, valid

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from .peers import Run, Urls


def models(count: int) -> list[Any]:
    """Return records as models."""
    from sdir_async.api.additional_competence.v1 import AdditionalCompetence

    return [AdditionalCompetence.from_dict(valid(each)) for each in range(count)]


def dicts(count: int) -> list[Any]:
    """Return records as mappings."""
    return list(mappings(count))


def lines(count: int) -> list[Any]:
    """Return records as JSON."""
    return [orjson.dumps(record(each)) for each in range(count)]


def upload(
    kind: Callable[[int], list[Any]],
    *,
    transport: Any = "httpx",
    way: str = "empty",
    journal: bool = False,
    streamed: bool = False,
    **settings: Any,
) -> Callable[[Urls, int], Any]:
    """Return a contender that uploads records of a kind, from a list or one by one."""

    @contextlib.asynccontextmanager
    async def contender(urls: Urls, count: int) -> AsyncIterator[Run]:
        from sdir_async import Sdir

        records = kind(count)
        given = {"check": False, "concurrency": CONCURRENCY, **settings}
        with tempfile.TemporaryDirectory() as folder:
            paths = (Path(folder, f"journal-{number}") for number in numbers())
            async with Sdir(KEY, base_url=urls[way], transport=transport) as sdir:

                async def run(count: int) -> None:
                    path = next(paths) if journal else None
                    some: Any = islice(records, count) if streamed else records[:count]
                    report = await sdir.additional_competence.v1.upload(some, journal=path, **given)
                    if report.accepted != count:
                        raise RuntimeError(str(report))

                yield run

    return contender


def gets(*, transport: Any) -> Callable[[Urls, int], Any]:
    """Return a contender that gets single records."""

    @contextlib.asynccontextmanager
    async def contender(urls: Urls, _: int) -> AsyncIterator[Run]:
        from sdir_async import Sdir

        async with Sdir(KEY, base_url=urls["get"], transport=transport) as sdir:
            version = sdir.additional_competence.v1

            async def send(number: int) -> None:
                await version.get_additional_competence(UUID(int=number))

            async def run(count: int) -> None:
                await in_turns(send, range(count), 2 * CONCURRENCY)

            yield run

    return contender
