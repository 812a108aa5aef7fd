"""Runs outside the rounds, each in a process of its own: memory, latency, a rate limit."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from itertools import pairwise
from statistics import median
from typing import Any

from .peers import CONCURRENCY, KEY
from .records import CHUNK, mappings, valid
from .server import DELAY, pin


async def volume(url: str, small: int, large: int) -> dict[str, float]:
    """Upload few records, many, and few again, from generators; return CPU and peak memory.

    Of the many, the CPU time of each part as large as the few is taken: the median of those is
    compared with the median of the few, since other programs disturb a long run more than a short.
    """
    from sdir_async import Sdir

    async with Sdir(KEY, base_url=url) as sdir:
        api = sdir.additional_competence.v1

        async def parts(count: int) -> list[float]:
            marks = [time.process_time()]
            report = await api.upload(
                mappings(count), check=False, progress=lambda _: marks.append(time.process_time())
            )
            _require(report.accepted == count)
            ends = marks[:: small // CHUNK]
            return [end - start for start, end in pairwise(ends)]

        before = [await parts(small) for _ in range(20)]
        first = _peak()
        many = await parts(large)
        peak = _peak()
        few = [*before, *[await parts(small) for _ in range(20)]]
    ratio = median(many) / median([part for each in few for part in each])
    return {"ratio": ratio, "peak": peak, "peak ratio": peak / first}


def _peak() -> float:
    """Return the most memory that this process has had, in MiB."""
    import resource

    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


async def latency(url: str, requests: int) -> dict[str, float]:
    """Upload to a server that answers late; return the share of what can be had."""
    from sdir_async import Sdir

    async with Sdir(KEY, base_url=url) as sdir:
        started = time.perf_counter()
        report = await sdir.additional_competence.v1.upload(
            mappings(requests * 10), chunk_size=10, concurrency=CONCURRENCY, check=False
        )
        seconds = time.perf_counter() - started
    _require(report.requests == requests)
    return {"share": requests / seconds / (CONCURRENCY / DELAY)}


async def limited(seconds: float, rate: int) -> dict[str, float]:
    """Upload to a sandbox with a rate limit; return how well it is used, and what it refuses."""
    from sdir_async import Sdir
    from sdir_async.sandbox import SandboxThread

    taken, refused, begun = 0, [0, 0], time.time()
    with SandboxThread(rate=f"{rate}/s", keys=[KEY]) as sandbox:
        async with Sdir(KEY, base_url=sandbox.base_url) as sdir:
            upload = sdir.additional_competence.v1.upload(
                map(valid, range(10**6)), chunk_size=5, check=False, deadline=seconds
            )
            async for chunk in upload:
                taken += chunk.state == "accepted"
                late = [each for each in chunk.attempts if each.at - begun > 5]
                refused[0] += sum(each.result == "429" for each in late)
                refused[1] += len(late)
    return {"share": taken / seconds / rate, "refused": refused[0] / max(1, refused[1])}


def _require(holds: bool) -> None:
    if not holds:
        raise RuntimeError("the server did not get what was sent")


def main(kind: str, core: str, *arguments: str) -> None:
    """Run one of them, and print what was measured."""
    pin(int(core))
    work: dict[str, Any] = {"volume": volume, "latency": latency, "limited": limited}
    given = [json.loads(each) for each in arguments]
    print(json.dumps(asyncio.run(work[kind](*given))))


if __name__ == "__main__":
    main(*sys.argv[1:])
