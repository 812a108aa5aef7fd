"""Records to JSON, and to chunks within two limits: how many records, and how many bytes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import chain, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import orjson
from attrs import define

from ..privacy import mask
from ..types import Model, jsonable
from .chunks import Chunk, array_from, array_of, dumps
from .report import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Unreadable(Exception):
    """A record can't be written as a JSON object."""


class Encoder(dict[type, Callable[[Any], bytes]]):
    """Writes a record as JSON: a model of this version, a mapping, or bytes that are JSON.

    It is a dictionary of what writes each type, so that a type is looked at once and not with
    every record.
    """

    def __init__(self, models: type | tuple[type, ...]) -> None:
        super().__init__({bytes: _as_object, dict: dumps})
        self._models = models

    def __missing__(self, kind: type) -> Callable[[Any], bytes]:
        self[kind] = found = self._writer(kind)
        return found

    def _writer(self, kind: type) -> Callable[[Any], bytes]:
        if issubclass(kind, bytes):
            return _as_object
        if issubclass(kind, Model) and not issubclass(kind, self._models):
            raise TypeError(f"{kind.__module__}.{kind.__name__} {_NOT_TAKEN}")
        if issubclass(kind, Model | dict):
            return dumps
        if issubclass(kind, Mapping):
            return lambda record: dumps(dict(record))
        raise TypeError(f"{kind.__name__} {_NOT_TAKEN}")

    def array(self, records: list[Any]) -> bytes | None:
        """Return the JSON of many records in one array, `None` if one of them can't be written."""
        kinds = set(map(type, records))
        try:
            if kinds == {bytes}:
                ends = set(map(_FIRST, records)), set(map(_LAST, records))
                return array_of(records) if ends == ({_OPENS}, {_CLOSES}) else None
            written = all(self[kind] is not _as_object for kind in kinds)
            return array_from(records) if written else None
        except (TypeError, IndexError):
            return None

    def __call__(self, record: object) -> bytes:
        """Return the JSON of a record.

        Raises:
            Unreadable: The record has the right type, but holds what JSON can't.
            TypeError: It is not a record at all, or one of another API or version.
        """
        write = self[type(record)]
        try:
            return write(record)
        except orjson.JSONEncodeError as error:
            why = mask(str(error.__cause__ or error))
            raise Unreadable(f"It can't be written as JSON: {why}.") from None


_OPENS, _CLOSES = b"{}"
_FIRST, _LAST = itemgetter(0), itemgetter(-1)
_NOT_TAKEN = (
    "is not a record here: give models of this version, mappings, or bytes holding a JSON object"
)


def _as_object(record: bytes) -> bytes:
    record = bytes(record).strip()  # no copy is made of what is bytes already, and bare
    if record[:1] != b"{" or record[-1:] != b"}":
        raise Unreadable("The record is not a JSON object.")
    return record


_END = object()


class Chunker:
    """Gathers records into chunks that keep two limits: how many records, and bytes of the body.

    A record that is larger than `max_bytes` on its own makes a chunk on its own: the server decides
    whether it is too large.

    `at_once` allows writing a whole chunk in one go. It is for lists: no code of the user runs
    between two records, so none of them changes.
    """

    def __init__(self, max_records: int, max_bytes: int, *, at_once: bool = False) -> None:
        self.max_bytes = max_bytes
        self._max_records = max_records
        self._planned: list[int] = []
        self._chunk = Chunk(0)
        self._size = 1
        self._failed = False
        self._at_once = at_once
        self._ahead: Iterator[Any] = iter(())

    def plan(self, lengths: Sequence[int]) -> None:
        """Give the first chunks these lengths, even beyond the limits."""
        self._planned = list(reversed(lengths))

    @property
    def read(self) -> int:
        """How many records were taken, including one that failed."""
        return self._chunk.start + len(self._chunk) + self._failed

    def fill(self, records: Iterator[object], encode: Encoder) -> Chunk | None:
        """Take records until a chunk is full, and return it; `None` if the records end before.

        Each is written as JSON when it is taken: the next step of an iterator may change the same
        mapping. What can't be written is refused.

        Raises:
            Exception: One of them is not a record at all, or its own code failed.
        """
        if self._at_once and self._take_at_once(list(islice(records, self._longest)), encode):
            return self._cut() if self._is_full else None
        records = chain(self._ahead, records)
        while not self._is_full:
            some = islice(records, self._longest - len(self._chunk))
            record, body = self._take_plain(some, encode)
            if record is not _END:
                written = (body, ()) if body else self._write(record, encode)
                if full := self.feed(record, *written):
                    return full
            elif not self._is_full:
                return None
        return self._cut()

    @property
    def _longest(self) -> int:
        return self._planned[-1] if self._planned else self._max_records

    @property
    def _is_full(self) -> bool:
        overflows = not self._planned and self._size >= self.max_bytes
        return len(self._chunk) >= self._longest or (overflows and len(self._chunk) > 0)

    def _take_at_once(self, records: list[Any], encode: Encoder) -> bool:
        """Take these records as a chunk; if that fails, take them one by one from now on.

        It fails if they need more bytes than allowed, or if one of them can't be written.
        """
        body = encode.array(records) if records else b""
        if body is None or (len(body) > self.max_bytes and not self._planned and len(records) > 1):
            self._at_once, self._ahead = False, iter(records)
            return False
        bodies = records if records and type(records[0]) is bytes else []
        self._chunk = Chunk(self._chunk.start, records, bodies, body=body)
        return True

    def _take_plain(self, records: Iterator[Any], encode: Encoder) -> tuple[object, bytes]:
        """Take records while they fit and can be written; return the first one of another kind.

        This loop does everything that is done for each record, so it calls no function for the two
        most common kinds.
        """
        add_record, add_body = self._chunk.records.append, self._chunk.bodies.append
        to_json, size = orjson.dumps, self._size
        largest = math.inf if self._planned else self.max_bytes
        for record in records:
            kind = type(record)
            try:
                if kind is dict:
                    body = to_json([record], jsonable)[1:-1]
                elif kind is bytes and record[0] == _OPENS and record[-1] == _CLOSES:
                    body = record
                else:
                    body = encode[kind](record)
            except Exception:  # noqa: BLE001  written again below, and raised there
                self._size = size
                return record, b""
            if size + len(body) >= largest:
                self._size = size
                return record, body
            size += len(body) + 1
            add_record(record)
            add_body(body)
        self._size = size
        return _END, b""

    def _write(self, record: object, encode: Encoder) -> tuple[bytes, tuple[Reason, ...]]:
        try:
            return encode(record), ()
        except Unreadable as error:
            return b"", (Reason(str(error)),)
        except Exception as error:
            error.add_note(f"It is record {self.read} of the input.")
            self._failed = True
            raise

    def feed(self, record: object, body: bytes, refused: tuple[Reason, ...] = ()) -> Chunk | None:
        """Take one record; return a chunk when one is full."""
        full = None
        too_much = not self._planned and self._size + len(body) + 1 > self.max_bytes
        if too_much and self._chunk.records:
            full = self._cut()
        if refused:
            self._chunk.refused[len(self._chunk)] = refused
        self._chunk.records.append(record)
        self._chunk.bodies.append(body)
        self._size += len(body) + 1
        return self._cut() if full is None and self._is_full else full

    @property
    def partial(self) -> Chunk:
        """What was taken since the last full chunk."""
        return self._chunk

    def flush(self) -> Chunk | None:
        """Return the last chunk, if there is one."""
        return self._cut() if self._chunk.records else None

    def _cut(self) -> Chunk:
        chunk = self._chunk
        self._chunk, self._size = Chunk(chunk.start + len(chunk)), 1
        if self._planned:
            self._planned.pop()
        return chunk


_GROWS_AFTER: Final = 50
"""After this many accepted bodies of at least half the allowed size, twice the size is tried."""


@define
class BodyLimit:
    """How large the body of one operation may be, learnt from what was refused and accepted.

    If a body is refused although it is no larger than an accepted one, the reason is not its size,
    whatever the status says: a firewall may have a rule against its content. Then the limit that
    was learnt is forgotten.
    """

    _largest: float = math.inf
    _taken: int = 0
    _accepted: int = 0

    def __call__(self, wanted: int) -> int:
        """Return how many bytes a body should have at most, given how many it might have."""
        return int(min(wanted, self._largest))

    def allows(self, size: int) -> bool:
        """Say whether a body of this many bytes is worth a try."""
        return size <= self._largest

    def refused(self, size: int, records: int) -> None:
        """Remember that a body of this many bytes, with this many records, was too large."""
        if size <= self._taken:
            self._largest = math.inf
        elif records > 1:
            self._largest, self._accepted = min(self._largest, (size + 1) // 2), 0

    def accepted(self, size: int) -> None:
        """Remember that a body of this many bytes was accepted."""
        self._accepted += 2 * size >= self._largest
        self._largest, self._taken = max(self._largest, size), max(self._taken, size)
        if self._accepted >= _GROWS_AFTER:
            self._largest, self._accepted = 2 * self._largest, 0
