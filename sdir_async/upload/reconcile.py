"""How to ask Sdir whether a batch whose answer was lost was saved: decisions without I/O."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from ..document import Listing

_ASKED: Final = 5
"""How many records of a batch are asked for: one that is found could be an older, equal report."""

_MOST_PAGES: Final = 1000

Query = tuple[tuple[str, str], ...]
Questions: TypeAlias = "Generator[Query, list[Any] | None, bool | None]"
"""Yields the query of a call of the list operation, is sent the list, or `None` if there was none,
and returns whether the batch was saved; `None` when that can't be found out.
"""


def was_applied(
    listing: Listing, bodies: Sequence[bytes], saved: Sequence[bytes] = ()
) -> Questions:
    """Ask for a few records of a batch. It is atomic: if one is absent, it was not saved.

    Args:
        listing: How the document says that one can ask.
        bodies: The JSON of the records of the batch.
        saved: The JSON of records that are known to be saved: of equal records there must be as
            many as in both.
    """
    return _Asking(listing).was_applied(bodies, saved)


def items_of(answer: bytes) -> list[Any] | None:
    """Return the list in an answer, `None` if there is none."""
    try:
        items = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return None
    return items if isinstance(items, list) else None


@frozen
class _Asking:
    listing: Listing

    def was_applied(self, bodies: Sequence[bytes], saved: Sequence[bytes]) -> Questions:
        try:
            records = [orjson.loads(body) for body in bodies]
        except orjson.JSONDecodeError:
            return None
        counts = Counter(self._key(record) for record in [*records, *map(orjson.loads, saved)])
        askable = [record for record in records if self._filters(record) is not None]
        if not askable:
            return None
        for record in _spread(askable, _ASKED):
            found = yield from self._count(record, counts[self._key(record)])
            if found is not True:
                return found
        return True

    def _count(self, record: dict[str, Any], wanted: int) -> Questions:
        """Ask whether at least this many equal records are there."""
        found, full = 0, 1
        for page in range(1, _MOST_PAGES):
            items = yield self._query(record, page)
            if items is None:
                return None
            found += sum(self._equal(record, item) for item in items)
            if found >= wanted:
                return True
            full = max(full, len(items))  # the server may make smaller pages than it is asked for
            if self.listing.page is None or len(items) < full:
                return False
        return None

    def _query(self, record: dict[str, Any], page: int) -> Query:
        query = dict(self._filters(record) or {})
        if self.listing.page is not None:
            query[self.listing.page] = str(page)
        if self.listing.page_size is not None:
            query[self.listing.page_size[0]] = str(self.listing.page_size[1])
        return tuple(query.items())

    def _filters(self, record: dict[str, Any]) -> dict[str, str] | None:
        values = {name: value_at(record, path) for name, path in self.listing.filters.items()}
        if any(value is None for value in values.values()):
            return None
        return {name: str(value) for name, value in values.items()}

    def _key(self, record: dict[str, Any]) -> tuple[str, ...]:
        return tuple(str(_comparable(value_at(record, path))) for path in self.listing.match)

    def _equal(self, sent: dict[str, Any], found: Any) -> bool:
        """Compare what was sent; what was left out, the server may have filled in."""
        return all(
            wanted is None or _same(wanted, value_at(found, path))
            for path, wanted in ((path, value_at(sent, path)) for path in self.listing.match)
        )


def value_at(record: Any, path: str) -> Any:
    """Return the value at a dotted path, `None` if there is none; names in any case."""
    for name in path.split("."):
        if not isinstance(record, dict):
            return None
        if name in record:
            record = record[name]
        else:
            folded = {key.casefold(): value for key, value in record.items()}
            record = folded.get(name.casefold())
    return record


def _same(sent: Any, found: Any) -> bool:
    return bool(sent == found) or _comparable(sent) == _comparable(found)


def _comparable(value: Any) -> Any:
    """Return what is equal for two spellings of the same value.

    A server may write a moment in another zone or with fewer digits, and codes in capitals: to take
    such a record as absent would report it twice.
    """
    if not isinstance(value, str):
        return str(value)
    text = value.strip()
    if text[4:5] != "-":  # digits alone could be read as a date, too: a person number is one
        return text.casefold()
    try:
        moment = datetime.datetime.fromisoformat(text).replace(microsecond=0)
        return moment.astimezone(datetime.UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):  # the first and the last day can't move to another zone
        return text.casefold()


def _spread(records: Sequence[Any], count: int) -> Iterator[Any]:
    """Yield a few records, the first and the last among them, evenly spread."""
    last = len(records) - 1
    steps = max(1, min(count, len(records)) - 1)
    for at in sorted({round(last * step / steps) for step in range(steps + 1)}):
        yield records[at]
