"""What has become of an upload, on disk, so that it survives its process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from .chunks import Piece
    from .report import ChunkOutcome


class Journal:
    """No journal: an upload that ends with its process."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """There is nothing to close."""

    def planned(self) -> Sequence[int]:
        """Return the lengths of the chunks that an earlier run made."""
        return ()

    async def sending(self, piece: Piece) -> None:
        """Return when it is on disk that this piece is about to be written to the wire."""

    async def settled(self, outcome: ChunkOutcome[Any]) -> None:
        """Return when it is on disk what became of these records."""
