"""What an answer may be compressed with: asked for in each request, and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..privacy import mask
from ..wire import Lost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..wire import Request
    from .body import Body

_ASKED_FOR: Final = "gzip, deflate"
"""A byte of these becomes at most 1,032; one of br or zstd, or packed twice, becomes millions."""
_KNOWN: Final = ("", "identity", "gzip", "deflate")


def headers_of(request: Request, body: Body | None) -> dict[str, str]:
    """Return the headers to send, with the encodings that are accepted."""
    length = {} if body is None else {"Content-Length": str(body.size)}
    return {"Accept-Encoding": _ASKED_FOR, **request.open_headers(), **length}


def refused(encodings: Sequence[str]) -> Lost | None:
    """Return what came of an answer whose `Content-Encoding` was not asked for: it is not read."""
    encoding = ", ".join(encodings).strip().lower()
    if encoding in _KNOWN:
        return None
    return Lost("all", f"the answer is encoded as {mask(encoding)!r}, which was not asked for")
