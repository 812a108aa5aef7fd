"""A worker with a part of its own, to be frozen and woken: says how its upload ended."""

from __future__ import annotations

import asyncio
import sys

from sdir_async import JournalError, Sdir
from sdir_async.postgres.journal import PostgresJournal
from tests.upload.server import record


async def main(base_url: str, dsn: str, lease: str) -> None:
    async with Sdir("key", base_url=base_url) as sdir:
        journal = PostgresJournal(dsn, upload="u", part="7", lease=float(lease))
        try:
            report = await sdir.course.v1.upload(
                [record(at) for at in range(40)], chunk_size=10, concurrency=1, journal=journal
            )
        except JournalError as error:
            sys.stdout.write(str(error))
        else:
            sys.stdout.write(str(report))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
