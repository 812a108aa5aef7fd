"""The values on the wire: what is sent, and what came of it. This module imports none of ours.

Request    what a session gives to a transport
Answer     an answer that arrived whole
Lost       no whole answer: how far the request may have come, and why
Attempt    one try, for reports
Transport  what sends a request, over any library
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NoReturn, Protocol

from attrs import Factory, field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KEY_HEADER: Final = "Ocp-Apim-Subscription-Key"
"""Source: Sdir's description of its REST APIs."""

BEARER_HEADER: Final = "Authorization"
"""Source of the token's header: Sdir's public developer pages."""

LARGEST_ANSWER: Final = 64 * 1024 * 1024
"""Bytes after decompression, unless the user says otherwise."""


class Secret:
    """A text that no `repr`, traceback or pickle shows; a transport reveals it at the last step."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret can't be pickled or copied")

    def reveal(self) -> str:
        """Return the text."""
        return self._text


def is_visible(text: object) -> bool:
    """Say whether a key or a token can stand in a header: printable ASCII without spaces."""
    return (
        isinstance(text, str)
        and text.isascii()
        and text.isprintable()
        and " " not in text
        and text != ""
    )


def _sum_of(timeouts: Timeouts) -> float | None:
    given = (timeouts.connect, timeouts.read, timeouts.write, timeouts.pool)
    parts = [part for part in given if part is not None]
    return sum(parts) if len(parts) == len(given) else None


@frozen
class Timeouts:
    """How many seconds each part of an attempt may take; `None` means no limit.

    Attributes:
        connect: To resolve the name and open a connection.
        read: Between two pieces of the answer.
        write: Between two pieces of the body.
        pool: Until a connection is free.
        total: For an attempt as a whole, however slowly an answer drips in.
    """

    connect: float | None
    read: float | None
    write: float | None
    pool: float | None
    total: float | None = field(init=False, default=Factory(_sum_of, takes_self=True))


@frozen
class Request:
    """What to send.

    Attributes:
        method: The HTTP method.
        url: Where to, encoded, without the query.
        query: The query's names and values, not encoded.
        headers: Those of this request; a secret one stays hidden until it is on the wire.
        body: The body, `None` for none.
        timeouts: How long each part may take.
        repeatable: Whether sending it twice is the same as sending it once.
        largest: How many bytes of the answer, after decompression, are read at most.
    """

    method: str
    url: str = field(repr=False)
    query: tuple[tuple[str, str], ...] = field(repr=False)
    headers: Mapping[str, str | Secret]
    body: bytes | None = field(repr=False)
    timeouts: Timeouts
    repeatable: bool
    largest: int

    def open_headers(self) -> dict[str, str]:
        """Return the headers as they go on the wire, the secret ones revealed."""
        return {
            name: value.reveal() if isinstance(value, Secret) else value
            for name, value in self.headers.items()
        }


@frozen
class Answer:
    """A complete answer.

    Attributes:
        status: The HTTP status.
        headers: A mapping that ignores case, or has lower-case names.
        body: The body, decompressed.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@frozen
class Lost:
    """No complete answer came.

    Attributes:
        sent: How much of the request the server can have received: `"nothing"`; `"part"`, since
            the connection broke before the body was sent; `"all"`.
        cause: What happened, in words.
    """

    sent: Literal["nothing", "part", "all"]
    cause: str


NOT_BEGUN: Final = Lost("nothing", "the deadline passed before it was sent")
UNANSWERED: Final = Lost("all", "the deadline passed before it was answered")


def too_long(largest: int) -> Lost:
    """Return what came of a request whose answer was not read to its end."""
    return Lost("all", f"the answer is longer than {largest} bytes; Sdir(largest_answer=…) sets it")


Happened = Answer | Lost


def result_of(happened: Happened) -> str:
    """Return the status of an answer, or what happened instead, in words."""
    return happened.cause if isinstance(happened, Lost) else str(happened.status)


@frozen
class Attempt:
    """One attempt to send a request.

    Attributes:
        at: When it started, in seconds since the epoch.
        seconds: How long it took.
        result: The status of the answer, or what happened instead.
    """

    at: float
    seconds: float
    result: str


def counted(attempts: Sequence[Attempt]) -> str:
    """Say how many attempts these are."""
    return f"{len(attempts)} attempt{'' if len(attempts) == 1 else 's'}"


class Transport(Protocol):
    """Sends requests, follows no redirect, and reads the whole answer."""

    async def send(self, request: Request) -> Answer | Lost:
        """Send a request once. Only a cancellation and errors of ours are raised.

        Raises:
            ConfigurationError: It can't send here; nothing was sent.
        """
        ...

    async def aclose(self) -> None:
        """Close the connections that it opened."""
        ...
