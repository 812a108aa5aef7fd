"""A body in pieces that knows how much of it was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ..wire import Request

LARGE: Final = 262_144
"""Bytes. Of a larger body we want to know whether the server broke off within it."""
_LAST_PIECE: Final = 65_536


class AlreadySentError(Exception):
    """A client wanted to send a body again that may be sent only once."""


class Body:
    """A body in pieces.

    As soon as the library has the first piece, the server can have received part of the body; with
    the last piece, all of it. An error after that proves nothing: the server may have read the
    request, applied it, and closed the connection.

    Attributes:
        begun: Whether a piece was handed over.
        whole: Whether the last one was.
    """

    def __init__(self, content: bytes, *, copied: bool = True, once: bool = False) -> None:
        """Hold a body; `copied` hands over bytes, else views of them; `once` refuses a repeat."""
        self.begun = self.whole = False
        self.size = len(content)
        self._content = content
        self._copied = copied
        self._once = once

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self.begun and self._once:
            raise AlreadySentError
        self.begun, self.whole = True, False
        view = self._content if self._copied else memoryview(self._content)
        end = max(0, self.size - _LAST_PIECE)
        for start in range(0, end, LARGE):
            yield view[start : min(start + LARGE, end)]  # type: ignore[misc]
        self.whole = True
        yield view[end:]  # type: ignore[misc]


def large_body(request: Request) -> Body | None:
    """Return a body in pieces for a request whose body is large, `None` for any other."""
    is_large = request.body is not None and len(request.body) > LARGE
    return Body(request.body or b"", copied=False) if is_large else None
