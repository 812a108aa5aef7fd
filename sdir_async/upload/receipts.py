"""What Sdir gave for the records that it saved: their identifiers, 16 bytes each, and the time."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from heapq import merge
from itertools import repeat
from typing import TYPE_CHECKING, overload
from uuid import UUID

import orjson
from attrs import evolve, field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BYTES, _TEXT = 16, 36
"""How long a UUID is."""
_BESIDE_SHAPE = bytes({*range(256)} - {*b"{}\0"})
_DEEPEST = 4
"""How deep objects stand in each other in an answer that is not parsed."""


class Uids(Sequence[str]):
    """Identifiers as text, kept as the bytes of UUIDs if all of them are such."""

    __slots__ = ("_bare", "packed")

    def __init__(self, uids: Iterable[str] = (), *, packed: bytes = b"") -> None:
        self._bare: tuple[str, ...] = tuple(uids)
        self.packed = packed or (self._pack() if self._bare else b"")
        if self.packed:
            self._bare = ()

    @classmethod
    def read(cls, written: str | list[str]) -> Uids:
        """Return what `written` wrote."""
        return cls(packed=bytes.fromhex(written)) if isinstance(written, str) else cls(written)

    def written(self) -> str | list[str]:
        """Return them as JSON can hold them: UUIDs as hexadecimal digits without anything else."""
        return self.packed.hex() or list(self._bare)

    def _pack(self) -> bytes:
        hyphens = all(one[8:24:5] == "----" and len(one) == _TEXT for one in self._bare)
        return _packed("".join(self._bare), len(self._bare)) if hyphens else b""

    def __len__(self) -> int:
        return len(self._bare) or len(self.packed) // _BYTES

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        if self._bare:
            return self._bare[at]
        at = range(len(self))[at]
        return str(UUID(bytes=self.packed[at * _BYTES : at * _BYTES + _BYTES]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Uids) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


def _packed(joined: str, count: int) -> bytes:
    """Return the bytes of `count` UUIDs in their usual form; empty if it is anything else."""
    try:
        packed = bytes.fromhex(joined.replace("-", ""))
    except ValueError:
        return b""
    usual = len(joined) == _TEXT * count and joined == joined.lower()
    return packed if usual and len(packed) == _BYTES * count else b""


@frozen
class Receipt:
    """Records that Sdir saved in one request.

    Attributes:
        indexes: Which records, sorted.
        time: When the answer came, in seconds since the epoch; of a lost answer, when the request
            was sent. `None` if that is not known.
        uids: The identifier of each, empty where the answer was lost or has none.
    """

    indexes: Sequence[int]
    time: float | None = None
    uids: Uids = field(factory=Uids)

    def shifted(self, by: int) -> Receipt:
        """Return it for the same records, counted from elsewhere."""
        return evolve(self, indexes=shifted(self.indexes, by))

    def rows(self) -> Iterator[tuple[int, str | None, float | None]]:
        """Yield the index, the identifier and the time of each record."""
        uids: Iterable[str | None] = self.uids or repeat(None)
        return zip(self.indexes, uids, repeat(self.time))


def shifted(indexes: Sequence[int], by: int) -> Sequence[int]:
    """Return the same places, counted from elsewhere, in little memory."""
    if isinstance(indexes, range):
        return range(indexes.start + by, indexes.stop + by)
    return array("q", [index + by for index in indexes])


def in_order(receipts: Iterable[Receipt]) -> Iterator[tuple[int, str | None, float | None]]:
    """Yield the rows of receipts by their index."""
    return merge(*(one.rows() for one in receipts if one.indexes), key=lambda row: row[0])


def uids_in(answer: bytes, name: str | None, count: int) -> Uids:
    """Return the identifiers in an answer; empty unless it has one for each record sent.

    Args:
        answer: The JSON of the saved records.
        name: The field of a saved record that holds its identifier.
        count: How many records were sent.
    """
    if name is None or answer.strip() in (b"", b"[]"):
        return Uids()
    packed = _packed_in(answer, name, count)
    return Uids(packed=packed) if packed else Uids(_parsed(answer, name, count))


def _packed_in(answer: bytes, name: str, count: int) -> bytes:
    """Return the bytes of the UUIDs in an answer; nothing if it is not one for each record.

    No object is made for a record: parsing all of the answer takes twice as long. It is parsed
    where a field of the same name may stand further down in a record. Braces show that: without
    those of the objects in it, each record is two braces with one identifier between them.
    """
    _, *found = parts = answer.split(b'"%s":"' % name.encode())
    shape = b"\0".join(parts).translate(None, _BESIDE_SHAPE)
    for _ in range(_DEEPEST):
        shape = shape.replace(b"{}", b"")
    text = b"".join([after[: _TEXT + 1] for after in found])
    hyphens = all(text[at :: _TEXT + 1] == b"-" * count for at in (8, 13, 18, 23))
    if shape != b"{\0}" * count or not hyphens or text[_TEXT :: _TEXT + 1] != b'"' * count:
        return b""
    return _packed(text.translate(None, b'"').decode("latin-1"), count)


def _parsed(answer: bytes, name: str, count: int) -> list[str]:
    try:
        items = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return []
    if not isinstance(items, list) or len(items) != count:
        return []
    uids = [item.get(name) if isinstance(item, dict) else None for item in items]
    return [] if None in uids else list(map(str, uids))
