"""JSON objects: one in each line, or in an array."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import chain, count
from typing import TYPE_CHECKING, Any, Final

import orjson

from ..trouble import Trouble
from ..words import recast
from .bounds import Shallow
from .sniff import BOM
from .text import LONGEST_LINE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .source import Source

_ESCAPED_QUOTE: Final = rb"\u0022"


def parsed(body: bytes) -> Any:
    """Return the value of some JSON. A name that comes twice in an object is numbered.

    Some parsers keep the last of equal names, others the first: nobody knows which is meant.

    Raises:
        JSONDecodeError: It is not JSON.
    """
    value = orjson.loads(body)
    with suppress(orjson.JSONEncodeError):  # it is nested too deeply to be a record
        if _ESCAPED_QUOTE in body or body.count(b'"') != orjson.dumps(value).count(b'"'):
            return json.loads(body, object_pairs_hook=Numbered)
    return value


class Numbered(dict[str, Any]):
    """An object whose names are numbered where they come twice: `code`, `code (2)`."""

    def __init__(self, pairs: Iterable[tuple[str, Any]] = ()) -> None:
        super().__init__()
        for name, value in pairs:
            self[name] = value

    def __setitem__(self, name: str, value: Any) -> None:
        spellings = chain([name], (f"{name} ({number})" for number in count(2)))
        super().__setitem__(next(one for one in spellings if one not in self), value)


class JsonLines:
    """JSON Lines; the content of a line is not parsed here."""

    format: Final = "jsonl"

    def __init__(self, source: Source) -> None:
        self._source = source

    def share(self) -> float | None:
        """Return how much of it was read."""
        return self._source.share()

    def objects(self) -> Iterator[tuple[int, bytes]]:
        """Yield the number of each line that holds something, and its bytes."""
        stream, number = self._source.stream, 0
        while line := stream.readline(LONGEST_LINE):
            number += 1
            if len(line) == LONGEST_LINE:
                raise Trouble(
                    "line {number}: is longer than {longest_line:,} bytes.",
                    number=number,
                    longest_line=LONGEST_LINE,
                )
            line = line.removeprefix(BOM).strip()
            if line:
                yield number, line


class JsonArray:
    """A JSON array, element by element."""

    format: Final = "json"

    def __init__(self, source: Source) -> None:
        self._source = source

    def share(self) -> float | None:
        """Return how much of it was read."""
        return self._source.share()

    def objects(self) -> Iterator[tuple[int, bytes]]:
        """Yield the number of each element, from 1, and its JSON."""
        import ijson

        stream, number = Shallow(self._source.stream), 0
        if self._source.head.startswith(BOM):
            stream.read(len(BOM))
        items: Iterator[Any] = ijson.items(stream, "item", use_float=True, map_type=Numbered)
        while True:
            number += 1
            try:
                item = next(items, items)
            except Trouble as error:
                raise Trouble("record {number}: {error}", number=number, error=error) from None
            except (ijson.JSONError, UnicodeDecodeError) as error:
                why = recast(_kind_of(error))
                raise Trouble(
                    "record {number}: is not valid JSON: {why}.", number=number, why=why
                ) from None
            if item is items:
                return
            yield number, _written(item, number)
            stream.begin_record()


def _kind_of(error: Exception) -> str:
    """Return what is wrong without what stands there, which may be personal."""
    first = str(error).removeprefix("b'").split("\n")[0].split("\\n")[0]
    return first.rpartition("error: ")[2].rstrip(".")


def _written(item: Any, number: int) -> bytes:
    try:
        return orjson.dumps(item)
    except orjson.JSONEncodeError as error:
        raise Trouble(
            "record {number}: is not JSON that can be sent: {error}.", number=number, error=error
        ) from None
