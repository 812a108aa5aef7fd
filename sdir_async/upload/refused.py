"""The rejections of an upload, perhaps a million: only the first ones are kept whole."""

from __future__ import annotations

from array import array
from bisect import insort
from collections.abc import Sequence
from heapq import merge
from operator import attrgetter
from typing import TYPE_CHECKING, Final, overload

from .report import Reason, Rejection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WHOLE: Final = 10_000
"""How many are kept with their records."""
_WORDINGS: Final = 1_000
"""How many different reasons are kept of the others."""
_FORGOTTEN: Final = (
    Reason("Its reasons are not kept: too many records were rejected. Iterate over the upload."),
)


class Rejections(Sequence[Rejection]):
    """Rejections by their place in the input. Beyond the first 10,000 they hold no record.

    Equal reasons are kept once, so that a million rejections take some 16 bytes each. To see every
    rejected record, iterate over the upload: each chunk's outcome has its rejections.
    """

    def __init__(self) -> None:
        self._whole: list[Rejection] = []
        self._indexes = array("q")
        self._reasons = array("q")
        self._wordings: dict[tuple[Reason, ...], int] = {}

    def extend(self, rejections: Iterable[Rejection]) -> None:
        """Add some."""
        for one in rejections:
            if len(self._whole) < WHOLE:
                insort(self._whole, one, key=attrgetter("index"))
            else:
                self._indexes.append(one.index)
                self._reasons.append(self._number_of(one.reasons))

    def _number_of(self, reasons: tuple[Reason, ...]) -> int:
        if reasons not in self._wordings and len(self._wordings) >= _WORDINGS:
            reasons = _FORGOTTEN
        return self._wordings.setdefault(reasons, len(self._wordings))

    def snapshot(self) -> Sequence[Rejection]:
        """Return what is there now; while all are whole, it does not change any more."""
        return self if self._indexes else tuple(self._whole)

    def __len__(self) -> int:
        return len(self._whole) + len(self._indexes)

    def __iter__(self) -> Iterator[Rejection]:
        wordings = list(self._wordings)
        others = sorted(zip(self._indexes, self._reasons, strict=True))
        bare = (Rejection(index, wordings[number], None) for index, number in others)
        return merge(self._whole, bare, key=attrgetter("index"))

    @overload
    def __getitem__(self, at: int) -> Rejection: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Rejection]: ...
    def __getitem__(self, at: int | slice) -> Rejection | Sequence[Rejection]:
        return self._whole[at] if not self._indexes else list(self)[at]
