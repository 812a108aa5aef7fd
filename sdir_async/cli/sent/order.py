"""The order in which the rows of a journal stood in their inputs, whichever run each is of."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .history import History


@frozen
class Order:
    """All rows in order. Inputs that have no row in common are apart.

    Attributes:
        rows: The numbers of the rows, in order.
        ranks: At which place of `rows` each row is.
        starts: At which places another input begins.
    """

    rows: Sequence[int]
    ranks: Sequence[int]
    starts: Sequence[int]

    def between(self, first: int | None, last: int | None) -> list[range]:
        """Return the places between two rows that came one after the other.

        Without a first or a last row, those to the beginning or the end of the input.
        """
        low = None if first is None else self.ranks[first]
        high = None if last is None else self.ranks[last]
        if low is not None and high is not None and self.input_of(low) == self.input_of(high):
            return [range(min(low, high) + 1, max(low, high))]
        after = [] if low is None else [range(low + 1, self.input_of(low).stop)]
        before = [] if high is None else [range(self.input_of(high).start, high)]
        return after + before

    def input_of(self, rank: int) -> range:
        """Return all places of the input of which the row at a place is."""
        at = bisect_right(self.starts, rank)
        stop = self.starts[at] if at < len(self.starts) else len(self.rows)
        return range(self.starts[at - 1], stop)


def order_of(history: History) -> Order:
    """Return the order of all rows of a journal."""
    count = len(history.states)
    starts = sorted({0, *(first for first, _ in history.runs if first < count)})
    if not history.after and not history.before:
        return Order(range(count), range(count), starts)
    following, heads = _linked(history, count, set(starts))
    rows, begins = array("q"), []
    for head in heads:
        begins.append(len(rows))
        rows.extend(_chain(following, head))
    ranks = array("q", bytes(8 * count))
    for rank, number in enumerate(rows):
        ranks[number] = rank
    return Order(rows, ranks, begins)


def _linked(history: History, count: int, starts: set[int]) -> tuple[Sequence[int], list[int]]:
    """Return for each row the one that follows it, -1 for none, and the first one of each input."""
    following = array("q", [-1]) * count
    heads: dict[int, int] = {}
    for number in range(count):
        previous = history.after.get(number, -1 if number in starts else number - 1)
        if previous < 0:
            heads[number] = number
        else:
            following[number], following[previous] = following[previous], number
    for head, other in history.before.items():
        if head in heads:
            _put_before(following, heads, heads.pop(head), other)
    return following, list(heads.values())


def _put_before(following: array[int], heads: dict[int, int], head: int, other: int) -> None:
    """Put an input before a row, which is most often the first one of its own input."""
    *_, tail = _chain(following, head)
    for key, first in heads.items():
        if first == other:
            following[tail], heads[key] = other, head
            return
    previous = following.index(other)
    following[previous], following[tail] = head, other


def _chain(following: Sequence[int], head: int) -> Iterator[int]:
    while head >= 0:
        yield head
        head = following[head]
