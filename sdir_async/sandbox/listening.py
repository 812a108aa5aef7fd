"""Listens for HTTP inside a program that does other things too."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Iterator


class Server(uvicorn.Server):
    """A server inside someone else's program: it takes no signals, and stops at once when told."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Let the answers under way be finished, and end."""
        self.should_exit = True
        self._stopped.set()

    async def main_loop(self) -> None:
        """Tick once a second, for the `Date` header, rather than look ten times for the end."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), 1)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the program."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that is listening already, so that no caller comes too early.

    Its connections inherit that nothing waits for more to send: asyncio sees to that only for the
    sockets it makes itself, and each answer would take 40 ms.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def url_of(listening: socket.socket) -> str:
    """Return the URL of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
