"""The server of the benchmark: raw asyncio, a port for each way to answer, nothing looked at.

It reads each request whole, by its Content-Length, and writes an answer that was made beforehand.
That is less work than any client does for a request, so that the client is what is measured.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import sys
import time
from typing import cast

from .records import saved, saved_one

DELAY = 0.2
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


def answer(status: str, body: bytes) -> bytes:
    """Return an answer with this body as bytes."""
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json; charset=utf-8\r\n"
        f"Date: Mon, 05 Oct 2026 10:00:00 GMT\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Answering(asyncio.Protocol):
    """One connection."""

    def __init__(self, given: bytes, delay: float = 0.0) -> None:
        self._answer = given
        self._delay = delay
        self._head = b""
        self._missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to answer."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Read on; a client of the benchmark never sends two requests at once."""
        if self._missing:
            self._missing -= len(data)
        else:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            length = _LENGTH.search(self._head, 0, end + 2)
            self._missing = (int(length[1]) if length else 0) - (len(self._head) - end - 4)
            self._head = b""
        if self._missing <= 0:
            self._missing = 0
            self._reply()

    def _reply(self) -> None:
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._transport.write, self._answer)
        else:
            self._transport.write(self._answer)


class Clock(asyncio.Protocol):
    """Tells how much CPU time this process has used."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say it and hang up."""
        writable = cast("asyncio.Transport", transport)
        writable.write(f"{time.process_time()}".encode())
        writable.close()


def server_cpu(urls: dict[str, str]) -> float:
    """Ask the server how many seconds of CPU it has used."""
    host, port = urls["clock"].removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        return float(connection.recv(100))


async def serve() -> None:
    """Serve until stdin ends, be it with its owner; print the URL of each way to answer."""
    loop = asyncio.get_running_loop()
    empty = answer("201 Created", b"[]")
    ways = {
        "empty": lambda: Answering(empty),
        "echo": lambda: Answering(answer("201 Created", saved())),
        "one": lambda: Answering(answer("201 Created", saved_one())),
        "get": lambda: Answering(answer("200 OK", saved_one())),
        "slow": lambda: Answering(empty, DELAY),
        "clock": Clock,
    }
    ports = {}
    for name, protocol in ways.items():
        server = await loop.create_server(protocol, "127.0.0.1", 0)
        ports[name] = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    print(json.dumps(ports), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def pin(place: int) -> None:
    """Stay on one of the cores that are allowed here, where the system can be told so."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[place % len(cores)]})


if __name__ == "__main__":
    pin(int(sys.argv[1]))
    asyncio.run(serve())
