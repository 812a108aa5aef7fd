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

    No object is made for a record: parsing all of the answer takes several times as long. It is
    parsed where braces show that a field of the same name may stand further down in a record: from
    one identifier to the next as many have to be closed as opened, and only one before the first.
    """
    before, *found = answer.split(b'"%s":"' % name.encode())
    opened = {one.count(b"{") - one.count(b"}") for one in found[:-1]}
    if before.count(b"{") - before.count(b"}") != 1 or not opened <= {0}:
        return b""
    text = b"".join([after[: _TEXT + 1] for after in found])
    hyphens = all(text[at :: _TEXT + 1] == b"-" * count for at in (8, 13, 18, 23))
    if len(found) != count or not hyphens or text[_TEXT :: _TEXT + 1] != b'"' * count:
        return b""
    return _packed(text.decode("latin-1").replace('"', ""), count)


def _parsed(answer: bytes, name: str, count: int) -> list[str]:
    try:
        items = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return []
    if not isinstance(items, list) or len(items) != count:
        return []
    uids = [item.get(name) if isinstance(item, dict) else None for item in items]
    return [] if None in uids else list(map(str, uids))
