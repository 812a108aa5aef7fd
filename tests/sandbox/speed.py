"""How many records a second the sandbox takes in batches of 500: `python -m tests.sandbox.speed`.

The client is another process. The time that counts is what the sandbox's own process spent on a
processor, so that neither the client nor anything else that runs meanwhile changes the figure.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson

from sdir_async.sandbox import SandboxThread

from .conftest import RECORD

BATCHES = 100
SIZE = 500
PATH = "/aps-additionalcompetence/additionalcompetence/v1/additionalcompetence"
CLIENT = """
import asyncio, sys
import httpx

async def main(url, key, body, batches):
    headers = {"Ocp-Apim-Subscription-Key": key, "Content-Type": "application/json"}
    async with httpx.AsyncClient(headers=headers, timeout=60) as client:
        async def send(turns):
            for _ in turns:
                answer = await client.post(url, content=body)
                assert answer.status_code == 201, answer.text
        turns = iter(range(batches))
        await asyncio.gather(*(send(turns) for _ in range(4)))

asyncio.run(main(sys.argv[1], sys.argv[2], sys.stdin.buffer.read(), int(sys.argv[3])))
"""


def measure(store: str | None) -> float:
    """Return the records per second of processor time."""
    body = orjson.dumps([RECORD] * SIZE)
    with SandboxThread(store=store) as sandbox:
        url = f"{sandbox.base_url}{PATH}/batch"
        for batches in (5, BATCHES):  # the first few compile the schemas
            began = time.process_time()
            command = [sys.executable, "-c", CLIENT, url, sandbox.api_key, str(batches)]
            subprocess.run(command, input=body, check=True)
            spent = time.process_time() - began
    return BATCHES * SIZE / spent


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for place, store in (("memory", None), ("a file", str(Path(folder) / "records.db"))):
            sys.stdout.write(f"in {place}: {measure(store):,.0f} records/s\n")
