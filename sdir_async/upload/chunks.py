"""Chunks of the input, and the pieces of a chunk that are sent in one request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from attrs import Factory, define, evolve, field

from ..types import jsonable
from .report import Rejection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..wire import Attempt
    from .report import Reason


@define(eq=False)
class Chunk:
    """Consecutive records of the input, as they were when they were taken.

    Attributes:
        start: The index of the first one.
        records: The records as they were given.
        refused: Why a record has no JSON, by its position in the chunk.
    """

    start: int
    records: list[Any] = field(factory=list, repr=False)
    _bodies: list[bytes] = field(factory=list, repr=False)
    refused: dict[int, tuple[Reason, ...]] = Factory(dict)
    _body: bytes = field(default=b"", repr=False, alias="body")

    def __len__(self) -> int:
        return len(self.records)

    @property
    def bodies(self) -> list[bytes]:
        """The JSON of each record; `b""` for one that has none."""
        if not self._bodies and self._body:
            self._bodies = [dumps(record) for record in orjson.loads(self._body)]
        return self._bodies

    @property
    def body(self) -> bytes:
        """The JSON of all of them, in one array; it is one only if none is refused."""
        if not self._body:
            self._body = array_of(self._bodies)
        return self._body

    @property
    def written(self) -> bytes | list[bytes]:
        """The JSON, as it was written: of all records in one array, or of each."""
        return self._bodies or self._body

    @property
    def mark(self) -> int | None:
        """What shows whether the records changed after one array was written of them, if it was.

        It samples the array, since hashing all of it takes as long as writing it.
        """
        return None if self._bodies else mark_of(self._body)

    def digests(self) -> list[int]:
        """Return a number for each record; equal records have equal ones, in this process."""
        return digests_of(self.written, len(self))

    def rejection(self, position: int, reasons: tuple[Reason, ...]) -> Rejection:
        """Return the rejection of the record at this position."""
        return Rejection(self.start + position, reasons, self.records[position])


def digests_of(written: bytes | list[bytes], count: int) -> list[int]:
    """Return a number for each record of written JSON, as `Chunk.written` has it.

    An array is cut where one record ends and the next begins, which is cheaper than to write each
    again. Where that is not clear, each is.
    """
    if isinstance(written, list):
        return [hash(body[1:-1]) for body in written]
    cut = written[2:-2].split(b"},{")
    if len(cut) != count:
        cut = [dumps(record)[1:-1] for record in orjson.loads(written)]
    return list(map(hash, cut))


def array_from(records: list[Any]) -> bytes:
    """Return the JSON array of models and mappings."""
    return orjson.dumps(records, default=jsonable)


def mark_of(array: bytes) -> int:
    """Return the mark of an array that was written in one go: of its length, and a sample."""
    return hash((len(array), array[:: 1 + len(array) // 4096]))


def array_of(bodies: Sequence[bytes]) -> bytes:
    """Return the JSON array of what is JSON already."""
    parts = list(bodies)  # and not what is joined: that is large, and copied for each bracket
    parts[0] = b"[" + parts[0]
    parts[-1] += b"]"
    return b",".join(parts)


def dumps(value: object) -> bytes:
    """Return the JSON of a record, as a copy without the brackets around it.

    orjson writes into 1 KiB and gives the rest back: keeping thousands of such results leaves the
    heap in pieces, and each call then takes ten times as long. A copy is as large as it has to be.
    """
    return orjson.dumps([value], default=jsonable)[1:-1]


@define(eq=False)
class Piece:
    """Records of a chunk that are sent in one request.

    Attributes:
        chunk: Where they come from.
        positions: Which of its records.
        rejections: Records among them that were refused.
        attempts: What was tried so far.
        resent: How often it was sent again after it was certainly not applied.
        refusals: How often the server refused it and named a bad record in it.
        maybe_applied: Whether a request with these records may have been applied.
    """

    chunk: Chunk
    positions: Sequence[int]
    rejections: tuple[Rejection, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    resent: int = 0
    refusals: int = 0
    maybe_applied: bool = False

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def indexes(self) -> Sequence[int]:
        """The places in the input that it covers, the rejections included."""
        start = self.chunk.start
        refused = [rejection.index for rejection in self.rejections]
        if not refused and isinstance(self.positions, range):
            return range(start + self.positions.start, start + self.positions.stop)
        return sorted([*(start + position for position in self.positions), *refused])

    @property
    def _is_whole(self) -> bool:
        return len(self.positions) == len(self.chunk)

    @property
    def records(self) -> list[Any]:
        """The records as they were given."""
        records = self.chunk.records
        return records.copy() if self._is_whole else [records[at] for at in self.positions]

    @property
    def bodies(self) -> list[bytes]:
        """The JSON of each record."""
        bodies = self.chunk.bodies
        return bodies if self._is_whole else [bodies[at] for at in self.positions]

    @property
    def size(self) -> int:
        """How many bytes the body of its request has."""
        return (
            len(self.chunk.body) if self._is_whole else sum(map(len, self.bodies)) + len(self) + 1
        )

    def body(self) -> bytes:
        """Return the body of its request."""
        return self.chunk.body if self._is_whole else array_of(self.bodies)

    def without(self, refused: Mapping[int, tuple[Reason, ...]]) -> Piece:
        """Return the rest of it, after the records at these places of the request were refused."""
        found = tuple(
            self.chunk.rejection(self.positions[at], refused[at]) for at in sorted(refused)
        )
        rest = [position for at, position in enumerate(self.positions) if at not in refused]
        return evolve(
            self,
            positions=rest,
            rejections=self.rejections + found,
            resent=0,
            refusals=self.refusals + 1,
        )

    def halves(self) -> tuple[Piece, Piece]:
        """Return its two halves; what was refused so far is counted with the first."""
        return self.split(len(self) // 2)

    def split(self, at: int) -> tuple[Piece, Piece]:
        """Split it at a place. Both parts keep its count of resends."""
        first = evolve(self, positions=self.positions[:at])
        return first, evolve(first, positions=self.positions[at:], rejections=())
