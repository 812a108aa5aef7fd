"""Issue 13, points 4 and 7: the journal's lock and its file, and what refusals cost."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import sys
import tracemalloc
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sdir_async import JournalError, Sdir

from .points import record, server, times
from .scenario import Record

RECORDS = [record(number) for number in range(12)]
AGAIN = """
import asyncio, json, sys
from sdir_async import JournalError, Sdir

async def main(url, journal, records):
    async with Sdir("key", base_url=url, transport="httpx") as sdir:
        try:
            await sdir.additional_competence.v2.upload(
                json.loads(records), check=False, chunk_size=1, journal=journal
            )
        except JournalError:
            sys.stdout.write("refused")

asyncio.run(main(*sys.argv[1:]))
"""


class Paused:
    """The records, with a pause after the first three."""

    def __init__(self) -> None:
        self.resumed = asyncio.Event()
        self.paused = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[Record]:
        for one in RECORDS[:3]:
            yield one
        self.paused.set()
        await self.resumed.wait()
        for one in RECORDS[3:]:
            yield one


async def second_process(url: str, journal: Path) -> str:
    """Upload the same records in another process with the same journal; return what it says."""
    given = [url, str(journal), json.dumps(RECORDS)]
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", AGAIN, *given, stdout=PIPE)
    said, _ = await child.communicate()
    return said.decode()


async def uploading_while(journal: Path, act: Callable[[str], Any]) -> tuple[list[int], Any]:
    """Upload, and act in the pause; return how often each is saved, and what was raised."""
    sdir_server, records = server(), Paused()
    async with (
        sdir_server.serving(),
        Sdir("key", base_url=sdir_server.url, transport="httpx") as sdir,
    ):
        uploading = sdir.additional_competence.v2.upload(
            records, check=False, chunk_size=1, concurrency=1, journal=journal
        )

        async def upload() -> None:
            await uploading

        task = asyncio.create_task(upload())
        await records.paused.wait()
        while uploading.report.accepted < 3:
            await asyncio.sleep(0.002)
        await act(sdir_server.url)
        records.resumed.set()
        await asyncio.wait([task])
    return times(sdir_server, *RECORDS), task.exception()


def _copy(journal: Path) -> None:
    shutil.copy(journal, journal.with_name("copy"))


def _read(journal: Path) -> None:
    journal.read_bytes()


def _look(journal: Path) -> None:
    sqlite3.connect(f"{journal.as_uri()}?mode=ro&immutable=1", uri=True).close()


def _nothing(_: Path) -> None:
    pass


@pytest.mark.parametrize("touch", [_nothing, _copy, _read, _look])
async def test_a_second_process_is_refused(touch: Callable[[Path], None], tmp_path: Path) -> None:
    """Whatever this process does with the journal's file while the upload runs."""
    journal = tmp_path / "journal"
    said = []

    async def act(url: str) -> None:
        touch(journal)
        said.append(await second_process(url, journal))

    saved, error = await uploading_while(journal, act)
    assert said == ["refused"]
    assert saved == [1] * len(RECORDS)
    assert error is None


def _delete(journal: Path) -> None:
    journal.unlink()


def _replace(journal: Path) -> None:
    _copy(journal)
    journal.with_name("copy").replace(journal)


@pytest.mark.parametrize("lose", [_delete, _replace])
async def test_an_upload_stops_when_its_journal_is_gone(
    lose: Callable[[Path], None], tmp_path: Path
) -> None:
    """Without it, or with another in its place, a kill would send everything again."""
    journal = tmp_path / "journal"

    async def act(_: str) -> None:
        lose(journal)

    saved, error = await uploading_while(journal, act)
    assert saved == [1, 1, 1] + [0] * 9
    assert isinstance(error, JournalError)
    assert journal.name in str(error)


async def test_what_is_refused_costs_little_memory() -> None:
    """Of forty thousand refused records the report holds less than 600 bytes each."""
    count = 40_000

    def records() -> Iterator[Record]:
        for number in range(count):
            yield {
                "person": {"id": f"0181{number:07d}", "firstName": f"Kari {number}"},
                "organization": {"organisationNumber": "991825827"},
                "competence": {"completionDate": "2025-03-24", "competenceCode": object()},
                "vessel": {"imoNumber": "9074729", "name": f"Ship {number}"},
            }

    async with Sdir("key", base_url="http://127.0.0.1:1", transport="httpx") as sdir:
        tracemalloc.start()
        try:
            report = await sdir.additional_competence.v1.upload(records(), check=False)
            held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert report.rejected == count
    assert held / count < 600
