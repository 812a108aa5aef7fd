"""A process that runs the rounds of one contender, each when it is told to, and measures them."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time

from .contenders import CONTENDERS, Contender
from .server import pin, server_cpu


async def rounds(contender: Contender, urls: dict[str, str]) -> None:
    """Run a round for each line on stdin; print its CPU and wall time, and the server's CPU."""
    loop = asyncio.get_running_loop()
    async with contender.open(urls, contender.count) as run:
        await run(contender.count)  # connections are open now, and caches filled
        gc.collect()
        gc.freeze()
        print("ready", flush=True)
        while await loop.run_in_executor(None, sys.stdin.readline):
            await run(contender.count // 5)  # idle connections may have been closed meanwhile
            server = server_cpu(urls)
            cpu, wall = time.process_time(), time.perf_counter()
            await run(contender.count)
            used = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
            print(json.dumps(used | {"server": server_cpu(urls) - server}), flush=True)


def main(name: str, urls: str, core: str) -> None:
    """Measure one contender."""
    contender = CONTENDERS[name]
    pin(int(core))
    factory = None
    if contender.uvloop:
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(rounds(contender, json.loads(urls)))


if __name__ == "__main__":
    main(*sys.argv[1:])
