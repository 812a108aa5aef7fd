"""What became of the records: every one ends in exactly one of four states."""

from __future__ import annotations

from bisect import bisect_left
from heapq import merge
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar

import orjson
from attrs import evolve, field, frozen

from .receipts import Receipt, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Self

    from ..wire import Attempt

SavedT = TypeVar("SavedT")

State = Literal["accepted", "rejected", "in_doubt", "unsent"]

Ended = Literal["complete", "deadline", "rejected", "in_doubt", "cancelled", "error"]
"""How an upload ended.

- `"complete"`: the input was read to its end, and every record was accepted or rejected.
- `"deadline"`: the deadline passed first.
- `"rejected"`: a record was rejected, and `on_rejected="stop"` asked to stop then.
- `"in_doubt"`: the input was read to its end, but some records may or may not be saved.
- `"cancelled"`: it was cancelled or closed.
- `"error"`: an error ended it, and was raised.
"""

_NOT_COMPLETE: Final[Mapping[Ended, str]] = {
    "deadline": "the deadline passed",
    "rejected": "it stopped at a rejected record",
    "in_doubt": "some records are in doubt",
    "cancelled": "it was cancelled",
    "error": "an error ended it",
}

Doubt = Literal["nobody", "no witness", "not shown", "unclear"]
"""Why asking did not help."""

WHY: Final[Mapping[Doubt, str]] = {
    "nobody": (
        "The upload could not check whether they are saved. Give a function as `reconcile`, or"
        " 'list' if the API has a list operation."
    ),
    "no witness": (
        "Sdir's list has shown no record yet that is known to be saved. Name one as `witness`, or"
        " run the upload again with its journal."
    ),
    "not shown": (
        "Sdir's list does not show a record that is known to be saved. The key may not be allowed"
        " to read it, or it writes records in another way: give a function as `reconcile`."
    ),
    "unclear": (
        "Sdir's list could not be read, is not whole, or shows nearly the same records. Look for"
        " them with the list operation, or give a function as `reconcile`."
    ),
}


@frozen
class Reason:
    """Why a record, or a request as a whole, was refused.

    Attributes:
        message: What is wrong, in the words of Sdir or of the check before sending. Person
            numbers are masked.
        field: The field of the record, as the server spells it; `""` if the server named none.
        index: The item of the request's list, from 0; `None` if the server named none.
    """

    message: str
    field: str = ""
    index: int | None = None

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


class _Frozen:
    """A value that a pickle holds only in part; copied in memory, it is itself."""

    __slots__ = ()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: object) -> Self:
        return self


@frozen
class Rejection(_Frozen):
    """A record that was refused, and why.

    Attributes:
        index: Its place in the input, from 0.
        reasons: Why, in the words of Sdir or of the check before sending.
        record: The record as you passed it. The `repr` and a pickle leave it out.
    """

    index: int
    reasons: tuple[Reason, ...]
    record: object = field(repr=False)

    def __str__(self) -> str:
        return f"record {self.index}: {'; '.join(map(str, self.reasons))}"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without the record, which is about a person."""
        return Rejection, (self.index, self.reasons, None)


@frozen
class Notice:
    """A record that was sent although it looks wrong, such as one with a wrong IMO number.

    Attributes:
        index: Its place in the input, from 0.
        reasons: What looks wrong.
    """

    index: int
    reasons: tuple[Reason, ...]


@frozen
class ChunkOutcome(_Frozen, Generic[SavedT]):
    """What became of some records that were sent together.

    Attributes:
        indexes: The places in the input of these records, including the rejected ones.
        state: The state of all of them except the `rejections`.
        rejections: The records that were refused.
        attempts: Every attempt to send them, including failed ones.

    A pickle of it has no `saved`.
    """

    indexes: Sequence[int]
    state: State
    rejections: tuple[Rejection, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    _answer: bytes = field(default=b"", repr=False, alias="answer")
    _parse: Callable[[Any], list[SavedT]] | None = field(default=None, repr=False, alias="parse")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without the answer, which is about persons."""
        return ChunkOutcome, (self.indexes, self.state, self.rejections, self.attempts)

    @property
    def saved(self) -> list[SavedT]:
        """The records as Sdir saved them, in the order of the accepted ones among `indexes`.

        The answer is parsed each time you read this. The list is empty if the chunk was not
        accepted, or if its answer was lost and the upload found it by asking Sdir.
        """
        if self._parse is None or not self._answer.strip():
            return []
        return self._parse(orjson.loads(self._answer))


@frozen
class RecordOutcome:
    """What became of one record.

    Attributes:
        index: Its place in the input, from 0.
        state: `"accepted"`, `"rejected"`, `"in_doubt"` or `"unsent"`.
        uid: The identifier that Sdir gave it; `None` if it is not accepted, or if the answer was
            lost and the record was found by asking.
        time: When Sdir's answer came, in seconds since the epoch; `None` if it is not accepted.
    """

    index: int
    state: State
    uid: str | None = None
    time: float | None = None


@frozen
class Snapshot:
    """The counts of an upload at one moment; `read` counts what was taken from the input."""

    read: int
    accepted: int
    rejected: int
    in_doubt: int
    requests: int
    seconds: float


@frozen
class UploadReport:
    """What became of all records that were read.

    `accepted + rejected + in_doubt + unsent` is the number of records that were read.

    Attributes:
        accepted: How many Sdir saved (or changed, or found good).
        rejected: How many were refused; `rejections` says which and why.
        in_doubt: How many may or may not be saved; `doubts` says which. Look for them at Sdir
            before you send them again.
        unsent: How many were not sent, or are certainly not saved; `remaining` says which.
        rejections: The refused records, in the order of the input. Beyond the first 10,000 they
            have no `record`, so that a million of them fit in memory. To see each with its record,
            iterate over the upload.
        doubts: The places in the input of the records in doubt, as ranges.
        remaining: The places in the input of the unsent records, as ranges.
        warnings: Records that were sent although they look wrong.
        requests: How many requests were sent, including retries and requests to the list.
        seconds: How long it took.
        ended: How it ended; `None` while it is in progress.
        why_in_doubt: Why records are in doubt and what you can do, one sentence per reason.
    """

    accepted: int = 0
    rejected: int = 0
    in_doubt: int = 0
    unsent: int = 0
    rejections: Sequence[Rejection] = ()
    doubts: tuple[range, ...] = ()
    remaining: tuple[range, ...] = ()
    warnings: tuple[Notice, ...] = ()
    requests: int = 0
    seconds: float = 0.0
    ended: Ended | None = None
    why_in_doubt: tuple[str, ...] = ()
    _receipts: Sequence[Receipt] = field(default=(), repr=False, alias="receipts")

    def rows(self) -> Iterator[RecordOutcome]:
        """Yield what became of each record, in the order of the input: a receipt.

        The report keeps 16 bytes for each accepted record, and makes the rows one by one. With a
        journal, records that an earlier run sent also have their identifier and time.

        Example:
            >>> for row in report.rows():  # doctest: +SKIP
            ...     print(row.index, row.state, row.uid, row.time)
        """
        others = _states(self)
        saved = in_order(self._receipts)
        other, receipt = next(others, None), next(saved, None)
        for index in range(self.accepted + self.rejected + self.in_doubt + self.unsent):
            if other is not None and other[0] == index:
                yield RecordOutcome(*other)
                other = next(others, None)
                continue
            if receipt is not None and receipt[0] == index:
                yield RecordOutcome(index, "accepted", receipt[1], receipt[2])
                receipt = next(saved, None)
            else:
                yield RecordOutcome(index, "accepted")

    @property
    def complete(self) -> bool:
        """Whether the input was read to its end and every record was accepted or rejected."""
        return self.ended == "complete"

    def with_end(self, why: Ended | None, *, whole: bool) -> UploadReport:
        """Return the report of an upload that ended.

        Args:
            why: What ended it early, if anything did.
            whole: Whether the input was read to its end.
        """
        is_complete = whole and not self.unsent and not self.in_doubt
        return evolve(self, ended="complete" if is_complete else why or "in_doubt")

    def __str__(self) -> str:
        early = (
            ""
            if self.ended in (None, "complete")
            else f". Not complete: {'. '.join((_NOT_COMPLETE[self.ended], *self.why_in_doubt))}"
        )
        requests = "1 request" if self.requests == 1 else f"{self.requests} requests"
        return (
            f"{self.accepted} accepted, {self.rejected} rejected, {self.in_doubt} in doubt, "
            f"{self.unsent} unsent; {requests} in {self.seconds:.1f} s{early}"
        )


def _states(report: UploadReport) -> Iterator[tuple[int, State]]:
    """Yield the place and the state of each record that was not accepted, in order."""
    rejected: Iterator[tuple[int, State]] = ((one.index, "rejected") for one in report.rejections)
    return merge(rejected, _each(report.doubts, "in_doubt"), _each(report.remaining, "unsent"))


def _each(ranges: Iterable[range], state: State) -> Iterator[tuple[int, State]]:
    return ((index, state) for index in chain.from_iterable(ranges))


class RangeSet:
    """A set of integers, kept as sorted ranges that neither touch nor overlap."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._stops: list[int] = []

    def ranges(self) -> tuple[range, ...]:
        """Return the ranges in order."""
        return tuple(map(range, self._starts, self._stops))

    def add(self, start: int, stop: int) -> None:
        """Add `start` up to but not including `stop`; none of them may be there yet."""
        at = bisect_left(self._starts, start)
        overlaps_left = at > 0 and self._stops[at - 1] > start
        overlaps_right = at < len(self._starts) and self._starts[at] < stop
        if overlaps_left or overlaps_right:
            raise AssertionError(f"records {start} to {stop - 1} were counted twice")
        if at < len(self._starts) and self._starts[at] == stop:  # it goes on to the right
            stop = self._stops.pop(at)
            del self._starts[at]
        if at > 0 and self._stops[at - 1] == start:  # and to the left
            self._stops[at - 1] = stop
        else:
            self._starts.insert(at, start)
            self._stops.insert(at, stop)

    def update(self, indexes: Sequence[int]) -> None:
        """Add these, which are sorted."""
        for start, stop in runs(indexes):
            self.add(start, stop)

    def gaps(self, stop: int) -> tuple[range, ...]:
        """Return what is missing between 0 and `stop`."""
        edges = zip([0, *self._stops], [*self._starts, stop], strict=True)
        return tuple(range(left, right) for left, right in edges if left < right)


def runs(indexes: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Yield start and stop of each run of consecutive integers in a sorted sequence."""
    if isinstance(indexes, range) and indexes.step == 1 and indexes:
        yield indexes.start, indexes.stop
        return
    start = previous = None
    for index in indexes:
        if previous is None or index != previous + 1:
            if start is not None and previous is not None:
                yield start, previous + 1
            start = index
        previous = index
    if start is not None and previous is not None:
        yield start, previous + 1
