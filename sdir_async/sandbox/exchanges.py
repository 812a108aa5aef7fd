"""The last requests as they came, with their answers, for the page of the sandbox.

They hold keys and personal data, which are masked when shown, unless the user asks to see them.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Message, Scope

    from .seen import SeenRequest

Headers = list[tuple[str, str]]

_KEPT: Final = 1000
_LARGEST_BODY: Final = 65_536
_LARGEST: Final = 32_000_000
"""Bytes of all bodies together."""


@dataclass
class Body:
    """The beginning of a body.

    Attributes:
        size: How long the whole is.
        content: The part that is kept.
    """

    size: int = 0
    content: bytes = b""

    def take(self, piece: bytes) -> None:
        """Take the next bytes."""
        self.size += len(piece)
        if len(self.content) < _LARGEST_BODY:
            self.content += piece[: _LARGEST_BODY - len(self.content)]

    @property
    def is_whole(self) -> bool:
        """Whether all of it is kept."""
        return self.size == len(self.content)


@dataclass
class Exchange:
    """One request and its answer.

    Attributes:
        number: Counted from 1.
        method: In capitals.
        path: With the query.
        headers: Of the request.
        body: Of the request.
        answer_headers: Of the answer; none if there was no answer.
        answer: The body of the answer.
        seen: What else is known about it, once an answer has begun.
        began: When it came, in seconds since 1970.
    """

    number: int
    method: str
    path: str
    headers: Headers
    body: Body = field(default_factory=Body)
    answer_headers: Headers = field(default_factory=list)
    answer: Body = field(default_factory=Body)
    seen: SeenRequest | None = None
    began: float = field(default_factory=time.time)

    def receive(self, message: Message) -> None:
        """Take what the client sends."""
        if message["type"] == "http.request":
            self.body.take(message.get("body", b""))

    def send(self, message: Message) -> None:
        """Take what is answered."""
        if message["type"] == "http.response.start":
            self.answer_headers = _read(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            self.answer.take(message.get("body", b""))

    @property
    def _size(self) -> int:
        return len(self.body.content) + len(self.answer.content)


class Exchanges:
    """The last exchanges, the newest first; within bounds, however much is sent."""

    def __init__(self) -> None:
        self._kept: deque[Exchange] = deque()
        self._size = self._count = 0

    def begin(self, scope: Scope) -> Exchange:
        """Return the record of a request that has just come."""
        self._count += 1
        query = scope["query_string"].decode("latin-1")
        path = scope["path"] + (f"?{query}" if query else "")
        return Exchange(self._count, scope["method"], path, _read(scope["headers"]))

    def end(self, exchange: Exchange) -> None:
        """Keep a request that was answered, and forget the oldest."""
        self._kept.append(exchange)
        self._size += exchange._size  # noqa: SLF001
        while len(self._kept) > _KEPT or self._size > _LARGEST:
            self._size -= self._kept.popleft()._size  # noqa: SLF001

    def clear(self) -> None:
        """Forget all of them; numbers are not given twice."""
        self._kept.clear()
        self._size = 0

    def get(self, number: int) -> Exchange | None:
        """Return one by its number, `None` if it is forgotten."""
        return next((each for each in self._kept if each.number == number), None)

    @property
    def count(self) -> int:
        """How many requests came so far, those included that are forgotten."""
        return self._count

    def __iter__(self) -> Iterator[Exchange]:
        return reversed(self._kept)


def _read(headers: object) -> Headers:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]  # type: ignore[attr-defined]
