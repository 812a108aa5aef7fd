"""What survives the process of an upload, so that the upload can continue after it died.

A journal knows ranges of the input, digests, states, the identifiers of what was saved, and the
fields for which records were rejected: nothing that names a person. Before a piece of a chunk is
sent, this is on disk; its outcome follows when it is finished, at the latest with the next piece.
Only one piece of a chunk is on the wire at a time, so the last one that was begun and not finished
is the one whose fate is unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from typing import Self

    from ..chunks import Chunk, Piece
    from ..receipts import Receipt
    from ..report import State
    from .history import Past


class Journal:
    """No journal: an upload that ends with its process."""

    outlives_process = False
    """Whether an upload can go on after its process died."""

    before_attempt: Callable[[], Awaitable[None]] | None = None
    """What to await before each attempt to send; `None` where an owner can't lose its journal."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Do nothing: nothing is open."""

    def planned(self) -> Sequence[int]:
        """Return the lengths of the chunks that an earlier run made, in order."""
        return ()

    def begin(self, chunk: Chunk) -> Past | None:
        """Enter a chunk; return what is known about it from an earlier run, if it is.

        Raises:
            JournalMismatch: It is not what the earlier run read at this place.
        """

    def recall(self, chunk: Chunk) -> Past | None:
        """Return what is known about a part of a chunk that was read and not begun."""

    async def sending(self, piece: Piece) -> None:
        """Return when it is durable that this piece is about to be sent."""

    def finished(self, piece: Piece, state: State, receipt: Receipt | None = None) -> None:
        """Enter what became of a piece, and what Sdir gave for it."""

    def end(self, read: int) -> None:
        """Enter that the input ended after this many records.

        Raises:
            JournalMismatch: It ended elsewhere in an earlier run.
        """


class JournalSource(Protocol):
    """What `upload(journal=…)` takes beside a path."""

    def journal_of(self, target: Mapping[str, str]) -> Journal:
        """Return the journal of an upload to this API, version, operation and address."""
        ...
