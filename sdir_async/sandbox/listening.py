"""Listens for HTTP inside another program."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Scope

_KEEP_ALIVE = 130  # seconds, as ASP.NET's server
_LAST_ANSWERS = 5  # seconds that answers may still take once the sandbox ends

_AT_ONCE = struct.pack("ii", 1, 0)
"""The option that makes closing a socket a reset."""


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
        """Tick once a second for the `Date` header, instead of checking ten times for the end."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), 1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close everything at once, and wait for the answers under way as they come.

        uvicorn's own looks only ten times a second, and sleeps before it looks for the first time.
        """
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if tasks := set(self.server_state.tasks):
            _, late = await asyncio.wait(tasks, timeout=_LAST_ANSWERS)
            for task in late:
                task.cancel()
        await asyncio.sleep(0)  # for the transports, which close at the loop's next turn

    def drop(self, scope: Scope, reset: bool) -> None:
        """End the connection of a request: after what was written so far, or with a reset."""
        for connection in self.server_state.connections:
            if getattr(connection, "client", None) == scope["client"]:
                _end(connection.transport, reset)
                return

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the program."""
        yield


def _end(transport: asyncio.Transport, reset: bool) -> None:
    if reset:
        connected = transport.get_extra_info("socket")
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        transport.abort()
    else:
        transport.close()


def configure(app: ASGIApp) -> uvicorn.Config:
    """Return how to serve an application: without a line of log for each request."""
    return uvicorn.Config(
        app,
        http="h11",
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE,
    )


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that is listening already, so that no caller comes too early.

    Its connections inherit TCP_NODELAY. asyncio sets that only for sockets that it makes itself;
    without it, each answer would take 40 ms.

    Raises:
        OSError: The port is taken, or the host is not this machine.
        ValueError: No port has this number.
    """
    if not 0 <= port < 2**16:
        raise ValueError(f"The port must be from 0 to 65535, not {port}.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def url_of(listening: socket.socket) -> str:
    """Return the URL of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
