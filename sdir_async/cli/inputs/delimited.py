"""CSV: comma, semicolon or tab, in any charset and with any line ends."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final, cast

from ..trouble import Trouble
from .sniff import delimiter_of
from .tabular import Tabular
from .text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .source import Source

_LARGEST_CELL: Final = 1_000_000
_LOOKED: Final = 65_536
_PIECE: Final = 1 << 20
_SAMPLE: Final = 1 << 18


class Swallowed(str):
    """A cell that seems to hold further rows: a quote was opened, and not closed.

    Attributes:
        line: Where the quote was opened.
    """

    __slots__ = ("line",)
    line: int


class Delimited(Tabular):
    """A CSV file.

    Attributes:
        delimiter: What separates its columns.
        line_end: How its lines end.
    """

    format: Final = "csv"

    def __init__(self, source: Source, encoding: str | None = None) -> None:
        super().__init__()
        self._source = source
        self._text = Text(source.stream, source.head, encoding, self._sample)
        csv.field_size_limit(_LARGEST_CELL)
        lines = iter(self._text)
        first = next(lines, "")
        said = first[4:5] if first.lower().startswith("sep=") else ""
        self.above = self._skipped = int(bool(said))
        if said:
            first = next(lines, "")
        self.delimiter = said.strip("\r\n") or delimiter_of(self._beginning(first))
        self.line_end = "\r\n" if first.endswith("\r\n") else "\n"
        self._rows = csv.reader(_with(first, lines), delimiter=self.delimiter)

    def _beginning(self, first: str) -> str:
        """Return the first lines that can be read without waiting."""
        head = self._source.head[:_LOOKED].decode(self.encoding, "replace")
        whole = head.rpartition("\n")[0] if len(self._source.head) >= _LOOKED else head
        return whole.lstrip("\ufeff") if len(whole) > len(first) else first

    def _sample(self) -> bytes:
        """Return what is not ASCII in the whole file, or in its beginning if it is read once."""
        source = self._source.again()
        if source is None:
            return self._source.head
        kept = bytearray()
        while len(kept) < _SAMPLE and (piece := source.stream.read(_PIECE)):
            if not piece.isascii():
                kept += b"".join(line for line in piece.split(b"\n") if not _is_utf_8(line))
        source.close()
        return bytes(kept)

    @property
    def encoding(self) -> str:
        """How to write a file like it."""
        return self._text.encoding

    @property
    def guessed(self) -> bool:
        """Whether its charset was guessed."""
        return self._text.guessed

    def share(self) -> float | None:
        """Return how much of it was read."""
        return self._source.share()

    def every_row(self) -> Iterator[tuple[int, list[object]]]:
        """Yield the number of the line where a row ends, and its cells, if any holds something."""
        line = self._skipped
        while True:
            try:
                row = next(self._rows, None)
            except csv.Error as error:
                raise Trouble(
                    "line {line}: is not CSV: {error}; is a quote missing?",
                    line=line + 1,
                    error=error,
                ) from None
            if row is None:
                return
            before, line = line, self._rows.line_num + self._skipped
            if line > before + 1:
                self._mark(row, before + 1)
            if row and (row[0].strip() or any(map(str.strip, row))):
                yield line, cast("list[object]", row)

    def _mark(self, row: list[str], line: int) -> None:
        """Mark the cells of a row that seem to hold further rows."""
        width = len(self.headings) or len(row)
        for at, text in enumerate(row):
            breaks = max(text.count("\n"), text.count("\r"))
            if width > 1 and breaks and text.count(self.delimiter) >= width - 1:
                row[at] = marked = Swallowed(text)
                marked.line = line
            line += breaks


def _is_utf_8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _with(first: str, others: Iterator[str]) -> Iterator[str]:
    yield first
    yield from others
