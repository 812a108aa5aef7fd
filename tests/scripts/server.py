"""A local server that answers well or badly, as it is told."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Handler(BaseHTTPRequestHandler):
    """Answers as the server's `reply` does it, and remembers what it was asked."""

    @property
    def local(self) -> LocalServer:
        assert isinstance(self.server, LocalServer)
        return self.server

    def do_GET(self) -> None:
        self.local.asked.append((self.path, dict(self.headers)))
        self.local.reply(self)

    do_DELETE = do_HEAD = do_PATCH = do_POST = do_PUT = do_GET  # noqa: N815

    def body(self) -> bytes:
        """Return the body of the request."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Be quiet."""

    def answer(self, status: int, content: bytes = b"", **headers: str) -> None:
        """Send a whole answer."""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)


class LocalServer(ThreadingHTTPServer):
    """A server on the loopback interface."""

    def __init__(self, reply: Callable[[Handler], None]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.reply = reply
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def serving(reply: Callable[[Handler], None]) -> Iterator[LocalServer]:
    """Serve while the block runs."""
    server = LocalServer(reply)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
