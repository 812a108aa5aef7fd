"""Answers with a fault, and connections that end without an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from . import gateway
from .faults import Fault, Kind
from .problems import problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    Drop = Callable[[Scope, bool], None]
    """Ends the connection of a request; `True` resets it, so that what was written is lost."""

_PAGE = (
    "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
    "<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
)


class NoAnswer(Response):
    """The connection ends without an answer."""

    def __init__(self, drop: Drop, *, reset: bool = False) -> None:
        super().__init__(status_code=0)
        self._drop = drop
        self._reset = reset

    async def __call__(self, scope: Scope, receive: Receive, _: Send) -> None:
        """End the connection."""
        self._drop(scope, self._reset)
        await _until_gone(receive)


class CutAnswer(Response):
    """Half of an answer; its length is announced as the whole."""

    def __init__(self, whole: Response, drop: Drop) -> None:
        super().__init__(None, whole.status_code)
        self.raw_headers = list(whole.raw_headers)
        self._content = bytes(whole.body)
        self._drop = drop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a half, and end the connection."""
        headers = [pair for pair in self.raw_headers if pair[0] != b"content-length"]
        headers.append((b"content-length", b"%d" % max(1, len(self._content))))
        start = {"type": "http.response.start", "status": self.status_code, "headers": headers}
        await send(start)
        half = self._content[: len(self._content) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        self._drop(scope, False)
        await _until_gone(receive)


def answer_of(fault: Fault, whole: Response | None, drop: Drop) -> Response:
    """Return what the client sees; `whole` is the answer of the API if it served the request."""
    match fault.kind:
        case Kind.RESET:
            return NoAnswer(drop, reset=True)
        case Kind.CUT if whole is not None:
            return CutAnswer(whole, drop)
        case Kind.API_500:
            return problem(500)
        case Kind.GATEWAY_500:
            return gateway.failed()
        case Kind.BAD_GATEWAY:
            return _page(502, "502 Bad Gateway")
        case Kind.UNAVAILABLE:
            return gateway.unavailable(fault.retry_after)
        case Kind.GATEWAY_TIMEOUT:
            return _page(504, "504 Gateway Time-out")
        case Kind.TOO_MANY:
            return gateway.too_many(1 if fault.retry_after is None else fault.retry_after)
        case _:
            return NoAnswer(drop)


def _page(status: int, title: str) -> Response:
    return Response(_PAGE.format(title=title), status, media_type="text/html")


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
