"""Asks Sdir whether a batch whose answer was lost was applied."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import orjson
from attrs import frozen

from ..answers import Action, Answer
from ..session import Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from ..document import Listing
    from ..session import Exchange

_ASKED: Final = 5
"""How many records of a batch are asked for: one that is found could be an older, equal report."""

_MOST_PAGES: Final = 1000


@frozen
class Lister:
    """Asks with the list operation that the document names.

    A batch is atomic: one record that is absent proves that it was not applied.
    """

    exchange: Callable[[Request], Awaitable[Exchange]]
    listing: Listing
    url: str

    async def was_applied(
        self, bodies: Sequence[bytes], saved: Sequence[bytes] = ()
    ) -> bool | None:
        """Say whether these records are there: `None` when that can't be found out.

        Of equal records there must be as many as these and those that are known to be `saved`.
        """
        try:
            records = [orjson.loads(body) for body in bodies]
        except orjson.JSONDecodeError:
            return None
        counts = Counter(self._key(record) for record in [*records, *map(orjson.loads, saved)])
        askable = [record for record in records if self._question(record) is not None]
        if not askable:
            return None
        for record in _spread(askable, _ASKED):
            found = await self._count(record, counts[self._key(record)])
            if found is not True:
                return found
        return True

    async def _count(self, record: dict[str, Any], wanted: int) -> bool | None:
        """Say whether at least so many equal records are there."""
        found, full = 0, 1
        for page in range(1, _MOST_PAGES):
            items = await self._page(record, page)
            if items is None:
                return None
            found += sum(self._equal(record, item) for item in items)
            if found >= wanted:
                return True
            full = max(full, len(items))  # the server may make smaller pages than it is asked for
            if self.listing.page is None or len(items) < full:
                return False
        return None

    async def _page(self, record: dict[str, Any], page: int) -> list[Any] | None:
        params = dict(self._question(record) or {})
        if self.listing.page is not None:
            params[self.listing.page] = str(page)
        if self.listing.page_size is not None:
            params[self.listing.page_size[0]] = str(self.listing.page_size[1])
        request = Request(self.listing.operation, self.url, params=params)
        exchange = await self.exchange(request)
        if exchange.verdict.action is not Action.ACCEPT or not isinstance(
            exchange.happened, Answer
        ):
            return None
        try:
            items = orjson.loads(exchange.happened.body)
        except orjson.JSONDecodeError:
            return None
        return items if isinstance(items, list) else None

    def _question(self, record: dict[str, Any]) -> dict[str, str] | None:
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
    except ValueError:
        return text.casefold()
    return moment.astimezone(datetime.UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _spread(records: Sequence[Any], count: int) -> Iterator[Any]:
    """Yield a few records, the first and the last among them, evenly spread."""
    last = len(records) - 1
    steps = max(1, min(count, len(records)) - 1)
    for at in sorted({round(last * step / steps) for step in range(steps + 1)}):
        yield records[at]
