"""Looks at all records of an input before any is sent, for what the user may want to correct."""

from __future__ import annotations

import datetime
from array import array
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import orjson

from .records import Row
from .spoken import spoken_lines
from .trouble import Trouble
from .words import say, some

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .fields import Field, Fields
    from .job import Job
    from .sent.look import Look

_LOW: Final = (1 << 64) - 1
_PARTS: Final = 64
"""The hashes are looked at a part at a time, which takes no more memory than a part."""
_TOLD: Final = 1000
MOST: Final = 10_000
"""How many values of a field are collected."""
_LONG_AGO: Final = 80


class Survey:
    """Counts the records of an input, and collects what is odd about them as a whole.

    Only a digest of each record is kept, which is useless without its key.

    Attributes:
        count: How many records there are.
        is_whole: Whether the input could be read to its end.
        values: What stands in the fields that are collected, each with the first line it is in.
    """

    def __init__(
        self,
        fields: Fields,
        collected: Iterable[Field] = (),
        look: Callable[[int], None] = lambda _: None,
        *,
        digest: Callable[[Row | bytes], bytes] | None = None,
        sent: Look | None = None,
    ) -> None:
        self.count = 0
        self.is_whole = False
        self._digest = digest
        self._sent = sent
        self._told = look
        self.values: dict[str, dict[str, int]] = {one.name: {} for one in collected}
        self._collected = [(one.path, self.values[one.name]) for one in collected]
        self._ordered = [
            ((*one.path[:-1], one.not_before), one.path) for one in fields.all if one.not_before
        ]
        self._dates = [one.path for one in fields.all if one.format in ("date", "date-time")]
        self._likely = _likely_days()
        self._unlikely: dict[str, list[int]] = {}
        self._parts = [(array("Q"), array("Q")) for _ in range(_PARTS)]
        self._headings: dict[str, str] = {}
        self._disordered: dict[tuple[str, str], list[int]] = {}

    def watch(self, job: Job) -> Iterator[Row | bytes]:
        """Yield the records of an input, having looked at each."""
        self._headings = job.notes.headings
        for line, record in job.numbered():
            self.count += 1
            if not self.count % _TOLD:
                self._told(self.count)
            can_be_sent = not isinstance(record, Row) or not record.refusals
            if self._digest is None:
                number = _hash(record) & _LOW
            else:
                digest = self._digest(record)
                number = int.from_bytes(digest[:8])
                if self._sent:
                    self._sent.row(line, record, digest)
            if can_be_sent:
                self._look(record, line, number)
            yield record
        if self._sent:
            self._sent.end()
        self.is_whole = True

    def _look(self, record: Row | bytes, line: int, number: int) -> None:
        hashes, lines = self._parts[number % _PARTS]
        hashes.append(number)
        lines.append(line)
        if not (self._ordered or self._collected or isinstance(record, Row)):
            return
        value = _object(record)
        first_day, last_day = self._likely
        for path in self._dates:
            found = _at(value, path)
            if isinstance(found, str) and not first_day <= found[:10] <= last_day:
                self._unlikely.setdefault(".".join(path), []).append(line)
        for path, values in self._collected:
            if (found := _at(value, path)) is not None and len(values) < MOST:
                values.setdefault(str(found), line)
        for before, after in self._ordered:
            first, last = _at(value, before), _at(value, after)
            if isinstance(first, str) and isinstance(last, str) and last[:10] < first[:10]:
                self._disordered.setdefault((".".join(before), ".".join(after)), []).append(line)

    def remarks(self) -> Iterator[str]:
        """Yield what is odd, each in a sentence."""
        for (before, after), lines in self._disordered.items():
            yield say(
                "{after} is before {before} in {lines}.",
                after=self._headings.get(after, after),
                before=self._headings.get(before, before),
                lines=spoken_lines(lines),
            )
        for name, lines in self._unlikely.items():
            yield say(
                "{name} is in the future, or more than {years} years ago, in {lines}.",
                name=self._headings.get(name, name),
                years=_LONG_AGO,
                lines=spoken_lines(lines),
            )
        if lines := self.repeated():
            yield say(
                "The same row comes again in {lines}; each of them counts.",
                lines=spoken_lines(lines),
            )
        for name, sent in self._sent.elsewhere.items() if self._sent else ():
            yield some(
                len(sent),
                "{count:,} row was sent before, from {file}: {lines}.",
                "{count:,} rows were sent before, from {file}: {lines}.",
                file=name,
                lines=spoken_lines(sent),
            )

    def repeated(self) -> list[int]:
        """Return the lines of the rows that are the same as an earlier one."""
        found: list[int] = []
        for hashes, lines in self._parts:
            if len(set(hashes)) < len(hashes):
                found += _again(hashes, lines)
        return sorted(found)


def _likely_days() -> tuple[str, str]:
    """Return between which days a date of a report is; today is another day elsewhere."""
    today = datetime.datetime.now(datetime.UTC).date()
    tomorrow = today + datetime.timedelta(days=1)
    return f"{today.year - _LONG_AGO}-01-01", tomorrow.isoformat()


def _hash(record: Row | bytes) -> int:
    """Return a hash of what stands in the input; it differs from one run to the next."""
    cells = record.cells if isinstance(record, Row) else record
    try:
        return hash(cells if isinstance(cells, bytes) else tuple(cells))
    except TypeError:
        return hash(repr(cells))


def _again(hashes: Iterable[int], lines: Iterable[int]) -> Iterator[int]:
    """Yield the lines of those hashes that came before."""
    seen: set[int] = set()
    for number, line in zip(hashes, lines, strict=True):
        if number in seen:
            yield line
        seen.add(number)


def _object(record: Row | bytes) -> Any:
    if not isinstance(record, bytes):
        return record
    try:
        return orjson.loads(record)
    except orjson.JSONDecodeError:
        return None


def _at(value: Any, path: Iterable[str]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def survey(job: Job, found: Survey) -> Survey:
    """Look at all records of an input, as far as it can be read: the upload says where it can't."""
    with suppress(Trouble):
        for _ in found.watch(job):
            pass
    return found
