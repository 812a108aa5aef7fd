"""CSV: comma, semicolon or tab, in any charset and with any line ends."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

from ..trouble import Trouble
from .sniff import delimiter_of
from .text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .source import Source

_LARGEST_CELL: Final = 1_000_000


class Delimited:
    """A CSV file.

    Attributes:
        headings: What stands in its first line.
        delimiter: What separates its columns.
        line_end: How its lines end.
    """

    format: Final = "csv"

    def __init__(self, source: Source) -> None:
        self._source = source
        self._text = Text(source.stream, source.head)
        csv.field_size_limit(_LARGEST_CELL)
        lines = iter(self._text)
        first = next(lines, "")
        self._skipped = first.lower().startswith("sep=")
        if self._skipped:
            first = next(lines, "")
        self.delimiter = delimiter_of(first)
        self.line_end = "\r\n" if first.endswith("\r\n") else "\n"
        self._rows = csv.reader(_with(first, lines), delimiter=self.delimiter)
        _, self.headings = next(self._read(), (0, []))
        if not any(heading.strip() for heading in self.headings):
            raise Trouble("has no headings in its first line.")

    @property
    def encoding(self) -> str:
        """How to write a file like it."""
        return self._text.encoding

    def share(self) -> float | None:
        """Return how much of it was read."""
        return self._source.share()

    def rows(self) -> Iterator[tuple[int, list[object]]]:
        """Yield the number of the line where a row ends, and its cells, if any holds something."""
        for line, cells in self._read():
            if any(map(str.strip, cells)):
                yield line, list(cells)

    def _read(self) -> Iterator[tuple[int, list[str]]]:
        while True:
            first = self._rows.line_num + self._skipped + 1
            try:
                row = next(self._rows, None)
            except csv.Error as error:
                raise Trouble(f"line {first}: is no CSV: {error}; is a quote missing?") from None
            if row is None:
                return
            yield self._rows.line_num + self._skipped, row


def _with(first: str, others: Iterator[str]) -> Iterator[str]:
    yield first
    yield from others
