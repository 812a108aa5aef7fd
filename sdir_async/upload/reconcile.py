"""How to ask Sdir whether a batch whose answer was lost was saved: decisions without I/O."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from ..document import Listing

_ASKED: Final = 5
"""How many records of a batch are asked for: one that is found could be an older, equal report."""

_CONSIDERED: Final = 10
"""How many are looked at for those: a record without an equal in the upload says more."""

_MOST_PAGES: Final = 1000
_A_DAY: Final = datetime.timedelta(hours=26)
"""Two spellings of one moment are no further apart, whatever became of its zone."""

Query = tuple[tuple[str, str], ...]
Questions: TypeAlias = "Generator[Query, list[Any] | None, bool | None]"
"""Yields the query of a call of the list operation, is sent the list, or `None` if there was none,
and returns whether the batch was saved; `None` when that can't be found out.
"""


def was_applied(
    listing: Listing,
    bodies: Sequence[bytes],
    saved: Sequence[bytes] = (),
    elsewhere: Callable[[int], int | None] = lambda _: 0,
) -> Questions:
    """Ask for a few records of a batch. It is atomic: if one is absent, it was not saved.

    Args:
        listing: How the document says that one can ask.
        bodies: The JSON of the records of the batch.
        saved: The JSON of other records of the same chunk that are known to be saved: of equal
            records there must be as many as in both.
        elsewhere: Says of the record at a place how many equal ones of this upload are known to be
            saved; `None` where that is not known yet.
    """
    return _Asking(listing).was_applied(bodies, saved, elsewhere)


def key_of(listing: Listing) -> Callable[[Any], tuple[str, ...]]:
    """Return what gives a record's key: equal records of an upload have equal ones."""
    return _Asking(listing)._key  # noqa: SLF001


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

    def was_applied(
        self,
        bodies: Sequence[bytes],
        saved: Sequence[bytes],
        elsewhere: Callable[[int], int | None],
    ) -> Questions:
        try:
            records = [orjson.loads(body) for body in bodies]
        except orjson.JSONDecodeError:
            return None
        own = Counter(map(self._key, records))
        beside = Counter(self._key(orjson.loads(body)) for body in saved)
        askable = [at for at, record in enumerate(records) if self._filters(record) is not None]
        decidable = [
            (records[at], known)
            for at in _spread(askable, _CONSIDERED)
            if (known := elsewhere(at)) is not None
        ]
        decidable.sort(key=lambda pair: own[self._key(pair[0])] + pair[1])  # those without equals
        for record, known in decidable[:_ASKED]:
            key = self._key(record)
            found = yield from self._is_there(record, own[key], max(known, beside[key]))
            if found is not True:
                return found
        return True if decidable else None

    def _is_there(self, record: dict[str, Any], own: int, others: int) -> Questions:
        """Ask whether there are as many equal records as are known to be, and these.

        The answer is not known where the list does not show what is known to be saved, or shows
        something that is nearly the record: it may write a value in a way that we don't know.
        """
        equal, resembling, full = set[bytes](), False, 1  # a list may shift from page to page
        before: list[Any] | None = None
        pages = iter(range(1, _MOST_PAGES))
        while (page := next(pages, None)) is not None:
            items = yield self._query(record, page)
            if items is None and page:
                return None
            items = items or []  # who counts from 1 may refuse to give page 0
            if page and items and items == before:  # it knows no pages, and this may not be all
                return None
            equal.update(orjson.dumps(item) for item in items if self._equal(record, item))
            resembling |= any(self._resembles(record, item) for item in items)
            if len(equal) >= own + others:
                return True
            full = max(full, len(items))  # the server may make smaller pages than it is asked for
            if page == 0 or self.listing.page is None:
                return None if resembling or len(equal) < others else False
            if len(items) < full:
                pages = iter([0])  # it may count from 0
            before = items
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

    def _key(self, record: Any) -> tuple[str, ...]:
        return tuple(str(_comparable(value_at(record, path))) for path in self.listing.match)

    def _pairs(self, sent: dict[str, Any], found: Any) -> Iterator[tuple[Any, Any]]:
        for path in self.listing.match:
            yield value_at(sent, path), value_at(found, path)

    def _equal(self, sent: dict[str, Any], found: Any) -> bool:
        return all(_same(wanted, there) for wanted, there in self._pairs(sent, found))

    def _resembles(self, sent: dict[str, Any], found: Any) -> bool:
        pairs = list(self._pairs(sent, found))
        return all(_same(*pair) or _near(*pair) for pair in pairs) and not self._equal(sent, found)


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


def _near(sent: Any, found: Any) -> bool:
    """Say whether one may be another way to write the other.

    A field may be left out, or filled in by the server; a moment may have lost its time, its zone
    or its fraction; a code may be a number; a text may be cut or spaced otherwise.
    """
    if sent is None or found is None:
        return True
    one, other = _comparable(sent), _comparable(found)
    if isinstance(one, datetime.datetime) and isinstance(other, datetime.datetime):
        return _one_moment(one.replace(tzinfo=None), other.replace(tzinfo=None))
    if isinstance(found, str) == isinstance(sent, str):
        return _letters(str(one)) == _letters(str(other))
    return True


def _one_moment(one: datetime.datetime, other: datetime.datetime) -> bool:
    """Say whether these may be one moment, rounded, without its time, or without its zone."""
    apart = abs(one - other)
    no_time = datetime.time() in (one.time(), other.time()) and apart <= _A_DAY
    no_zone = apart <= _A_DAY and not apart % datetime.timedelta(minutes=15)
    return apart <= datetime.timedelta(seconds=1) or no_time or no_zone


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


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
    if not records:
        return
    last = len(records) - 1
    steps = max(1, min(count, len(records)) - 1)
    for at in sorted({round(last * step / steps) for step in range(steps + 1)}):
        yield records[at]
