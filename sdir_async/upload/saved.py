"""Which records of an upload are known to be saved: one is no proof that an equal one is."""

from __future__ import annotations

from array import array
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import orjson

from .chunks import array_from, digests_of, mark_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from .chunks import Chunk, Piece


_KEPT: Final = 8 * 1024 * 1024
"""Bytes of JSON that are kept as they are, until an answer is lost: records can then be compared by
what the list is compared by. Of a larger upload the first ones are compared as they were written.
"""


class Saved:
    """The records that are known to be saved, and those that may be.

    Records of a list are written again when they are needed: keeping the JSON of all costs more.
    If one of them was changed meanwhile, nothing is known about any record.
    """

    def __init__(self, key: Callable[[Any], Hashable]) -> None:
        """Begin with nothing; `key` of a record is what the list is compared by."""
        self._key = key
        self._under_way: dict[Chunk, list[int]] = {}  # with their keys, once these are needed
        self._doubtful = set[int]()
        self._lists: deque[tuple[list[Any], int, Sequence[int]]] = deque()
        self._changed = False
        self._kept: list[tuple[bytes | list[bytes], int, Sequence[int]]] = []
        self._size = 0
        self._written = bytearray()  # eight bytes a record: the hash of its JSON
        self._keys = bytearray()  # or of its key

    def begin(self, chunk: Chunk) -> None:
        """Remember that some of these may be sent from now on."""
        self._under_way[chunk] = []

    def end(self, chunk: Chunk) -> None:
        """Remember that all of these have come to their end."""
        self._under_way.pop(chunk, None)

    def doubt(self, piece: Piece) -> None:
        """Remember that nobody will know whether these are saved."""
        keys = self._keys_in(piece.chunk)
        self._doubtful.update(keys[at] for at in piece.positions)

    def add(self, piece: Piece) -> None:
        """Remember that these are saved."""
        chunk = piece.chunk
        if (mark := chunk.mark) is not None:
            self._lists.append((chunk.records, mark, piece.positions))
            return
        self._kept.append((chunk.written, len(chunk), piece.positions))
        self._size += piece.size
        if self._size > _KEPT:
            self._digest(self._written, digests_of)

    def catch_up(self) -> Iterator[None]:
        """Get ready for `elsewhere`, a chunk with each step: it may be long for an event loop."""
        self._digest(self._keys, self._keys_of)
        while self._lists:
            records, mark, positions = self._lists.popleft()
            try:
                written = array_from(records)
            except TypeError:  # it can't be written any more
                written = b""
            if mark_of(written) == mark:
                self._kept.append((written, len(records), positions))
                self._digest(self._keys, self._keys_of)
            else:
                self._changed = True
            yield

    def _digest(
        self, into: bytearray, digests: Callable[[bytes | list[bytes], int], list[int]]
    ) -> None:
        """Keep a hash of each record instead of its JSON."""
        for written, count, positions in self._kept:
            numbers = digests(written, count)
            whole = len(positions) == count
            into += array("q", numbers if whole else [numbers[at] for at in positions]).tobytes()
        self._kept.clear()
        self._size = 0

    def _keys_of(self, written: bytes | list[bytes], _: int) -> list[int]:
        records: list[Any] = (
            orjson.loads(written)
            if isinstance(written, bytes)
            else [orjson.loads(body) if body else None for body in written]
        )
        return [hash(self._key(record)) for record in records]

    def _keys_in(self, chunk: Chunk) -> list[int]:
        keys = self._under_way.get(chunk) or self._keys_of(chunk.written, len(chunk))
        if chunk in self._under_way:
            self._under_way[chunk] = keys
        return keys

    def elsewhere(self, piece: Piece, unknown: Sequence[Piece] = ()) -> Callable[[int], int | None]:
        """Return what says how many equals of the record at a place are known to be saved now.

        It says `None` if that is not known of an equal one: in another chunk that is under way, in
        a piece that ended in doubt, or in other pieces of this chunk.

        Args:
            piece: The records.
            unknown: The pieces of the same chunk that were sent and not finished.
        """
        keys, numbers = self._keys_in(piece.chunk), piece.chunk.digests()
        beside = {keys[at] for one in unknown for at in one.positions}

        def known(at: int) -> int | None:
            for _ in self.catch_up():  # of what was added since
                pass
            position = piece.positions[at]
            key = keys[position]
            others = (chunk for chunk in self._under_way if chunk is not piece.chunk)
            if self._changed or key in beside or key in self._doubtful:
                return None
            if any(key in self._keys_in(chunk) for chunk in others):
                return None
            return self._keys.count(_bytes_of(key)) + self._written.count(
                _bytes_of(numbers[position])
            )

        return known


def _bytes_of(number: int) -> bytes:
    return array("q", [number]).tobytes()
