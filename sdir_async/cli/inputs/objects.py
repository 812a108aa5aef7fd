"""JSON objects: one in each line, or in an array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from ..trouble import Trouble
from .bounds import Shallow
from .sniff import BOM
from .text import LONGEST_LINE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .source import Source


class JsonLines:
    """JSON Lines: what stands in a line is not looked at here."""

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
        items: Iterator[Any] = ijson.items(stream, "item", use_float=True)
        while True:
            number += 1
            try:
                item = next(items, items)
            except Trouble as error:
                raise Trouble("record {number}: {error}", number=number, error=error) from None
            except (ijson.JSONError, UnicodeDecodeError) as error:
                why = " ".join(str(error).split())[:80]
                raise Trouble(
                    "record {number}: is not JSON: {why}.", number=number, why=why
                ) from None
            if item is items:
                return
            yield number, _written(item, number)
            stream.begin_record()


def _written(item: Any, number: int) -> bytes:
    try:
        return orjson.dumps(item)
    except orjson.JSONEncodeError as error:
        raise Trouble(
            "record {number}: is not JSON that can be sent: {error}.", number=number, error=error
        ) from None
