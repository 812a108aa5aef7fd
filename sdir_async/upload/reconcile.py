"""How to ask Sdir whether a batch whose answer was lost was saved: decisions without I/O."""

from __future__ import annotations

import datetime
import unicodedata
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson
from attrs import Factory, define, field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from ..document import Listing

_ASKED: Final = 5
"""How many records of a batch have to be found: a single one could be an older, equal report."""

_CONSIDERED: Final = 10
"""How many are candidates for those: a record without an equal in the upload says more. For a batch
that is no larger, all records are asked for."""

_SMALLEST_PAGE: Final = 2
"""The smallest page of any server. So a page with a single record is the last."""
_ALIKE: Final = 3
"""Times in a row that the same page must come before we say that the list ignores pages. Twice may
be chance: records that are saved meanwhile move others to the next page."""
_MOST_PAGES: Final = 1000
_A_DAY: Final = datetime.timedelta(hours=26)
"""Two spellings of one moment are at most this far apart, in any two zones."""
_ZONES: Final = datetime.timedelta(minutes=15)
"""All zones in use are whole multiples of this apart."""

Query = tuple[tuple[str, str], ...]
Questions: TypeAlias = "Generator[Query, list[Any] | None, bool | None]"
"""Yields the query of a call of the list operation, is sent the list, or `None` if there was none,
and returns whether the batch was saved; `None` when that can't be found out.
"""

Walk: TypeAlias = "Generator[Query, list[Any] | None, list[Any]]"
"""The same, but it returns a page."""


def items_of(answer: bytes) -> list[Any] | None:
    """Return the list in an answer, `None` if it has none."""
    try:
        items = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return None
    return items if isinstance(items, list) else None


@define(eq=False)
class _Wanted:
    """A record that is asked for, and what the list showed.

    Attributes:
        record: The record.
        own: How many equal ones are in the batch, itself included.
        known: Returns how many other equal ones are known to be saved at that moment; `None` where
            that is not known yet.
        before: How many were known to be when it was asked for before, if it was. The list shows
            these by now, and it may not yet show others.
        others: How many were known to be when the asking began.
        equal: The equal ones that this walk through the list showed: it may shift between pages.
        resembling: Whether it showed something that is nearly the record: it may write a value in a
            way that we don't know.
        repeated: Whether it showed an equal one again: one record, or two without identifiers?
    """

    record: dict[str, Any]
    own: int
    known: Callable[[], int | None]
    before: int | None
    others: int | None = field(init=False)
    equal: set[bytes] = Factory(set)
    resembling: bool = False
    repeated: bool = False

    def __attrs_post_init__(self) -> None:
        self.others = self.known()

    @property
    def is_unique(self) -> bool:
        """Whether the upload has no equal one, as far as it was read."""
        return (self.own, self.others) == (1, 0)

    @property
    def is_found(self) -> bool:
        """Whether as many were shown as are known to be saved, and these."""
        return len(self.equal) >= self.own + (self.others or 0)

    @property
    def answer(self) -> bool | None:
        """Whether it is there, after all of the list was looked at.

        That is not known if something resembles it, if equal ones can't be told apart, if a
        record known to be saved is missing, or if what is shown may be another one or this one.
        """
        if self.is_found:
            return True
        before = 0 if self.before is None else self.before
        counted = self.before is None or before <= len(self.equal) < before + self.own
        return None if self.resembling or self.repeated or not counted else False


class _NoUseError(Exception):
    """The list can't be used: it says of no record whether it is there."""


@frozen
class Asking:
    """How to ask a list for records.

    Attributes:
        listing: The document's way to ask.
    """

    listing: Listing

    def was_applied(
        self,
        bodies: Sequence[bytes],
        saved: Sequence[bytes] = (),
        elsewhere: Callable[[int], int | None] = lambda _: 0,
        before: dict[int, int] | None = None,
    ) -> Questions:
        """Ask for a few records of a batch. A batch is atomic: if one is absent, it was not saved.

        Args:
            bodies: The JSON of the records of the batch.
            saved: The JSON of other records of the same chunk that are known to be saved: of equal
                records there must be as many as in both.
            elsewhere: Says of the record at a place how many equal ones of this upload are known to
                be saved; `None` where that is not known yet.
            before: How many that were when the same was asked for `settle` seconds ago. Without it,
                absence says only that it is worth asking again. It is filled for that.
        """
        before = {} if before is None else before
        try:
            records = [orjson.loads(body) for body in bodies]
        except orjson.JSONDecodeError:
            return None
        keys = list(map(self.key, records))
        own = Counter(keys)
        beside = Counter(self.key(orjson.loads(body)) for body in saved)
        askable = [at for at, record in enumerate(records) if self.filters(record) is not None]

        def known(at: int, least: int) -> int | None:
            equals = elsewhere(at)
            return None if equals is None else max(equals, least)

        asked = list(_spread(askable, _CONSIDERED))
        wanted = [
            _Wanted(records[at], own[key], partial(known, at, beside[key]), before.get(at))
            for at, key in ((at, keys[at]) for at in asked)
        ]
        before.update((at, one.others or 0) for at, one in zip(asked, wanted, strict=True))
        unique = [one for one in wanted if one.is_unique]
        others = [one for one in wanted if not one.is_unique]
        try:
            enough = _ASKED if len(askable) > _CONSIDERED else len(askable)
            return (yield from self._are_there(unique, others, enough))
        except _NoUseError:
            return None

    def _are_there(
        self, unique: Sequence[_Wanted], others: Sequence[_Wanted], enough: int
    ) -> Questions:
        """Ask for some records: those without an equal in the upload first, since they say more.

        One of any kind that is absent proves that none was saved. One without an equal proves that
        all were; one with equals does not, since an older one may have been counted.
        """
        answers = list[bool | None]()
        for one in (*_spread_first(unique), *_spread_first(others)):
            answer = yield from self._is_there(one)
            if answer is False:
                return False
            answers.append(answer)
            if answers.count(True) == enough:
                break
        if unique:
            return True if True in answers[: len(unique)] else None
        return True if answers and None not in answers else None

    def _is_there(self, wanted: _Wanted) -> Questions:
        """Ask whether a record is there. What is shown may be an equal one that is being sent."""
        answer = yield from self._is_shown(wanted)
        if wanted.others is None:  # fewer than were sent are not those, whatever became of others
            return False if answer is False else None
        return answer if wanted.known() == wanted.others else None

    def _is_shown(self, wanted: _Wanted) -> Questions:
        """Look for a record in the list; `None` if the list does not tell.

        Raises:
            _NoUseError: No list came, or it may not be whole.
        """
        first = yield from self._walk(wanted, 1)
        if not wanted.is_found and self.listing.page is not None:
            zeroth = yield self._query(wanted.record, 0)  # it may count from 0, or refuse to
            if zeroth and zeroth != first:
                yield from self._walk(wanted, 0)
        return wanted.answer

    def _walk(self, wanted: _Wanted, start: int) -> Walk:
        """Look at one page after the other until the answer is clear, and return the first page.

        Pages are asked for in order: if the newest record comes first, one that is saved meanwhile
        moves others to a page that is still to come.
        """
        wanted.equal.clear()
        first = before = yield from self._look(wanted, self._query(wanted.record, start))
        full = max(_SMALLEST_PAGE, len(first))  # it may return smaller pages than it was asked for
        alike = 1
        for page in range(start + 1, _MOST_PAGES):
            if wanted.is_found or self.listing.page is None or len(before) < full:
                return first
            items = yield from self._look(wanted, self._query(wanted.record, page))
            alike = alike + 1 if items and items == before else 1
            if alike == _ALIKE:
                yield from self._look_at_all(wanted)
                return first
            before, full = items, max(full, len(items))
        raise _NoUseError

    def _look_at_all(self, wanted: _Wanted) -> Walk:
        """Look at a list that ignores page numbers; it is complete if it ignores the size, too."""
        if self.listing.page_size is None:
            raise _NoUseError
        wanted.equal.clear()
        wanted.repeated = False  # that was the same page again
        items = yield from self._look(wanted, self._query(wanted.record, 1, size=1))
        if len(items) <= 1:
            raise _NoUseError
        return items

    def _look(self, wanted: _Wanted, query: Query) -> Walk:
        """Ask for a page, and look for a record in it."""
        items = yield query
        if items is None:
            raise _NoUseError
        for item in items:
            if self._equal(wanted.record, item):
                written = orjson.dumps(item)
                wanted.repeated |= written in wanted.equal
                wanted.equal.add(written)
            else:
                wanted.resembling |= self._resembles(wanted.record, item)
        return items

    def _query(self, record: dict[str, Any], page: int, size: int | None = None) -> Query:
        query = dict(self.filters(record) or {})
        if self.listing.page is not None:
            query[self.listing.page] = str(page)
        if self.listing.page_size is not None:
            name, most = self.listing.page_size
            query[name] = str(size or most)
        return tuple(query.items())

    def filters(self, record: dict[str, Any]) -> dict[str, str] | None:
        """Return what asks for a record; `None` if it has no value for it."""
        values = {name: value_at(record, path) for name, path in self.listing.filters.items()}
        if any(value is None for value in values.values()):
            return None
        return {name: str(value) for name, value in values.items()}

    def key(self, record: Any) -> tuple[str, ...]:
        """Return the key of a record: equal records of an upload have equal ones."""
        return tuple(str(_comparable(value_at(record, path))) for path in self.listing.match)

    def _pairs(self, sent: dict[str, Any], found: Any) -> Iterator[tuple[Any, Any]]:
        for path in self.listing.match:
            yield value_at(sent, path), value_at(found, path)

    def _equal(self, sent: dict[str, Any], found: Any) -> bool:
        return all(_same(wanted, there) for wanted, there in self._pairs(sent, found))

    def _resembles(self, sent: dict[str, Any], found: Any) -> bool:
        return all(_same(*pair) or _near(*pair) for pair in self._pairs(sent, found))


def value_at(record: Any, path: str) -> Any:
    """Return the value at a dotted path, `None` if nothing is there; names in any case."""
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
    """Say whether two values may be different spellings of the same.

    A field may be left out, or filled in by the server; a moment may have lost its time, its zone,
    its seconds or its fraction; a code may be a number, and a number rounded; a text may be cut,
    spaced otherwise, or have lost its first zeros.
    """
    if sent is None or found is None:
        return True
    one, other = _comparable(sent), _comparable(found)
    if isinstance(one, datetime.datetime) and isinstance(other, datetime.datetime):
        return _one_moment(one.replace(tzinfo=None), other.replace(tzinfo=None))
    if isinstance(found, str) != isinstance(sent, str):
        return True
    if isinstance(sent, int | float) and isinstance(found, int | float):
        return _is_rounded(sent, found)
    shown = _letters(str(other))
    is_cut = isinstance(sent, str) and _letters(str(one)).startswith(shown)
    return is_cut or _letters(str(one)) == shown


def _one_moment(one: datetime.datetime, other: datetime.datetime) -> bool:
    """Say whether these may be one moment, rounded, without its time, or without its zone.

    A database may keep no seconds: SQL Server's `smalldatetime` rounds to the nearest minute.
    """
    apart = abs(one - other)
    beside_zone = min(apart % _ZONES, -apart % _ZONES)
    no_time = datetime.time() in (one.time(), other.time())
    no_seconds = 0 in (one.second, other.second)
    rounded = datetime.timedelta(seconds=59 if no_seconds else 1)
    return apart <= _A_DAY and (no_time or beside_zone <= rounded)


def _is_rounded(sent: float, found: float) -> bool:
    decimals = len(str(found).partition(".")[2].rstrip("0"))
    return abs(sent - found) < 10.0**-decimals


def _letters(text: str) -> str:
    """Return a form that all spellings of a text share: one letter may be several characters."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFC", text))).lstrip("0")


def _comparable(value: Any) -> Any:
    """Return a form that all spellings of a value share.

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


def _spread_first(records: Sequence[_Wanted]) -> list[_Wanted]:
    """Return all, with a few that are spread evenly at the head."""
    chosen = list(_spread(records, _ASKED))
    return [*chosen, *(one for one in records if one not in chosen)]


def _spread(records: Sequence[Any], count: int) -> Iterator[Any]:
    """Yield a few records, the first and the last among them, evenly spread."""
    if not records:
        return
    last = len(records) - 1
    steps = max(1, min(count, len(records)) - 1)
    for at in sorted({round(last * step / steps) for step in range(steps + 1)}):
        yield records[at]
