"""What the regressions share: a server whose faults are named, and the report of an upload."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable
from typing import Any

from attrs import evolve

from sdir_async import Sdir, UploadReport

from .judge import RETRY
from .scenario import Lists, Record, draw
from .server import RIGHT, Fault, Server

SAVED_AND_LOST: Fault = ("close", "before")
LOST: Fault = ("close", "never")
__all__ = ["LOST", "RIGHT", "SAVED_AND_LOST", "record", "report_of", "server", "times"]


def record(number: int, **fields: Any) -> Record:
    """A report of its own person; the numbers are synthetic (month + 80)."""
    return {
        "personalIdentityNumber": f"0181{number:07d}",
        "organizationNumber": "991825827",
        "competenceCode": "BS0",
        "completedAt": "2025-03-24T18:32:25+00:00",
        **fields,
    }


def server(
    faults: Iterable[Fault] = (),
    lists: Lists = Lists(),  # noqa: B008
    beforehand: Iterable[Record] = (),
    **scenario: Any,
) -> Server:
    """A server on which these things go wrong with the first batches, one after the other."""
    plain = {"list_rate": 0.0, "naming": "all", "answers": "list", "largest": 30_000_000}
    drawn = evolve(draw(0), lists=lists, beforehand=list(beforehand), **{**plain, **scenario})
    return Server(drawn, faults=iter(faults))


async def report_of(
    server: Server, records: Any, *, client: dict[str, Any] | None = None, **options: Any
) -> UploadReport:
    """Upload records one chunk after the other; return the report, whatever was raised."""
    settings: dict[str, Any] = {"transport": "httpx", "retry": RETRY, "timeout": 2.0}
    given: dict[str, Any] = {"concurrency": 1, "chunk_size": 1, "check": False, **options}
    async with (
        server.serving(),
        Sdir("key", base_url=server.url, **(settings | (client or {}))) as sdir,
    ):
        uploading = sdir.additional_competence.v2.upload(records, **given)
        with contextlib.suppress(Exception):
            await uploading
        return uploading.report


def times(server: Server, *records: Record) -> list[int]:
    """Return how often each of these records is in the register."""
    counted = Counter(tuple(sorted(one.record.items())) for one in server.saved)
    return [counted[tuple(sorted(record.items()))] for record in records]
