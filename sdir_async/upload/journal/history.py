"""What happened to the records of a chunk, written as events of a journal and read from them."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field, frozen

from ...privacy import mask
from ..receipts import Receipt, Uids
from ..report import Reason, runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..chunks import Piece
    from ..report import Rejection, State

Event = tuple[str, Any]
"""A kind and its detail: ranges of positions in the chunk, or the fields of what was rejected."""

_KINDS: Final = frozenset(["sending", "accepted", "in_doubt", "unsent"])
_FIELD: Final = re.compile(r"[A-Za-z_$][\w.$\[\]]{0,120}", re.ASCII)
EARLIER: Final = (
    "It was refused in an earlier run, whose journal keeps no words that could name a person."
)


def sending(piece: Piece) -> Event:
    """Return the event that a piece is about to be sent."""
    return "sending", list(runs(piece.positions))


def finished(piece: Piece, state: State, receipt: Receipt | None = None) -> Iterator[Event]:
    """Yield the events of its end: what was rejected, what became of the others, a receipt."""
    if piece.rejections:
        start = piece.chunk.start
        yield "rejected", {str(one.index - start): _field_of(one) for one in piece.rejections}
    if piece.positions and state != "rejected":
        yield state, list(runs(piece.positions))
    if receipt is not None:
        yield "saved", [list(runs(piece.positions)), receipt.time, receipt.uids.written()]


def _field_of(rejection: Rejection) -> str:
    """Return the field that was named first, if it can only be the name of a field."""
    field_name = rejection.reasons[0].field if rejection.reasons else ""
    return field_name if _FIELD.fullmatch(field_name) and mask(field_name) == field_name else ""


@frozen
class Past:
    """What earlier runs left of a chunk; all by position.

    Attributes:
        accepted: The records that are saved.
        rejected: Those that were refused, and why.
        unknown: Pieces that were on the wire, each sent whole. Sdir must be asked about them.
        rest: The records that are still to be sent.
        receipts: What Sdir gave for those that are saved.
    """

    accepted: list[int] = field(factory=list)
    rejected: dict[int, tuple[Reason, ...]] = field(factory=dict)
    unknown: list[list[int]] = field(factory=list)
    rest: list[int] = field(factory=list)
    receipts: tuple[Receipt, ...] = ()


@define
class History:
    """The events of one chunk, replayed.

    Attributes:
        length: How many records it has.
        digest: Of their JSON.
        wire: The piece that was begun last and not finished: its fate is unknown.
    """

    length: int
    digest: str
    wire: list[int] | None = None
    _accepted: list[range] = field(factory=list)
    _rejected: dict[int, tuple[Reason, ...]] = field(factory=dict)
    _unknown: list[list[int]] = field(factory=list)
    _receipts: list[Receipt] = field(factory=list)

    def replay(self, kind: str, detail: Any) -> None:
        """Take the next event into account.

        Raises:
            ValueError: It is not one of our events.
        """
        if kind == "rejected":
            found = {int(at): (Reason(EARLIER, str(said)),) for at, said in detail.items()}
            self._rejected.update(found)
            self._known(set(found))
            return
        if kind == "saved":
            ranges, time, uids = detail
            whole = range(*ranges[0]) if len(ranges) == 1 else _positions(ranges)
            self._receipts.append(Receipt(whole, time, Uids.read(uids)))
            return
        if kind not in _KINDS:
            raise ValueError(f"unknown event {kind!r}")
        positions = _positions(detail)
        if kind == "sending":  # what is sent again, or a part of it, was not applied before
            self._unknown = [one for one in self._unknown if set(positions).isdisjoint(one)]
            self.wire = positions
            return
        self._known(set(positions))
        if kind == "accepted":
            self._accepted.extend(range(start, stop) for start, stop in detail)
        elif kind == "in_doubt":
            self._unknown.append(positions)

    def _known(self, positions: set[int]) -> None:
        """These records are no longer on the wire, nor was what was sent with them."""
        left = ([at for at in one if at not in positions] for one in self._unknown)
        self._unknown = [one for one in left if one]
        if self.wire is not None and not positions.isdisjoint(self.wire):
            self.wire = None

    @property
    def may_be_saved(self) -> bool:
        """Whether any of its records is saved, or may be."""
        return bool(self._accepted or self._unknown or self.wire)

    def past(self) -> Past:
        """Return what is left of the chunk now."""
        unknown = [*self._unknown, *([self.wire] if self.wire else [])]
        accepted = set(chain.from_iterable(self._accepted))
        known = accepted.union(self._rejected, *unknown)
        rest = [position for position in range(self.length) if position not in known]
        return Past(sorted(accepted), self._rejected, unknown, rest, tuple(self._receipts))


def _positions(ranges: Iterable[tuple[int, int]]) -> list[int]:
    return [position for start, stop in ranges for position in range(start, stop)]
