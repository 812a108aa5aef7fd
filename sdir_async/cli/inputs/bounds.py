"""How much an input may ask for: a few kilobytes can stand for gigabytes, or for minutes."""

from __future__ import annotations

import re
import string
import zipfile
from itertools import accumulate
from typing import IO, Final

from ..trouble import Trouble
from .packed import BROKEN_ZIP

DEEPEST: Final = 100
LARGEST_RECORD: Final = 8_000_000
LARGEST_WORKBOOK: Final = 500_000_000
_LARGEST_PART: Final = 100_000_000
"""Bytes; all parts but the sheets are read as a whole, such as the texts that sheets share."""
_LAST_ROW: Final = 1_048_576
_MOST_CELLS: Final = 50_000_000
_SLACK: Final = 1_000_000
PIECE: Final = 1 << 20
"""How many bytes of a sheet are looked at together."""

_STRUCTURE: Final = b'[]{}"'
_ALL_ELSE: Final = bytes(set(range(256)) - {*_STRUCTURE})
_STEPS: Final = {**dict.fromkeys(b"[{", 1), **dict.fromkeys(b"]}", -1)}


class Shallow:
    """A stream of JSON that is bounded: in how deep it is nested, and how long a record is.

    The parser itself takes gigabytes for twenty kilobytes of brackets.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._depth = self._since = 0
        self._in_text = self._escaped = False

    def begin_record(self) -> None:
        """Count the bytes of the next record from here."""
        self._since = 0

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes.

        Raises:
            Trouble: They are nested too deeply, or a record does not end.
        """
        piece: bytes = self._stream.read(size)
        self._since += len(piece)
        if self._since > LARGEST_RECORD + _SLACK:
            raise Trouble(
                "a record is longer than {largest_record:,} bytes.", largest_record=LARGEST_RECORD
            )
        steps = [0, *map(_STEPS.__getitem__, self._outside_of_texts(piece))]
        depths = list(accumulate(steps, initial=self._depth))
        self._depth = depths[-1]
        if max(depths) > DEEPEST:
            raise Trouble("is nested deeper than {deepest} levels.", deepest=DEEPEST)
        return piece

    def _outside_of_texts(self, piece: bytes) -> bytes:
        """Return the brackets of a piece, without those that stand in a text."""
        if self._escaped:
            piece = piece[1:]
        piece = piece.replace(rb"\\", b"")
        self._escaped = piece.endswith(b"\\")
        quoted = piece.replace(rb"\"", b"").translate(None, _ALL_ELSE).split(b'"')
        brackets = b"".join(quoted[self._in_text :: 2])
        self._in_text ^= len(quoted) % 2 == 0
        return brackets


def require_small(file: IO[bytes]) -> None:
    """Check how large a workbook is once it is unpacked, before any of it is built.

    Raises:
        Trouble: It is larger than this can read.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            _require_small_parts(archive.infolist())
    except (*BROKEN_ZIP, RuntimeError, OSError, EOFError):
        return  # the next reader has a better message
    finally:
        file.seek(0)


def _require_small_parts(parts: list[zipfile.ZipInfo]) -> None:
    sheets = "xl/worksheets/"
    others = [part.file_size for part in parts if not part.filename.startswith(sheets)]
    if (
        sum(part.file_size for part in parts) > LARGEST_WORKBOOK
        or max(others, default=0) > _LARGEST_PART
    ):
        limit = f"{LARGEST_WORKBOOK // 1_000_000} MB"
        raise Trouble("is larger than {limit} when it is unpacked: save it as CSV.", limit=limit)


_REFERENCE: Final = re.compile(rb""" r=["']([^"']{0,20})""")
_ANY_REFERENCE: Final = re.compile(rb"""\sr\s*=\s*["']([^"']{0,20})""")
_DIGITS: Final = string.digits.encode()
_LETTERS: Final = string.ascii_letters.encode()


class Extent:
    """How far a sheet reaches: readers make every cell up to its last row and column."""

    def __init__(self) -> None:
        self._last_row = 0
        self._columns: set[bytes] = set()

    def take(self, piece: bytes) -> None:
        """Look at the references of rows and cells in some XML, such as `7`, `A7`, `B7`."""
        found = _REFERENCE.findall(piece)
        if len(found) < sum(map(piece.count, (b"<c", b":c", b"<row", b":row"))):
            found = _ANY_REFERENCE.findall(piece)
        joined = b" ".join(found)
        rows = set(joined.translate(None, _LETTERS).split())
        self._last_row = max(self._last_row, *map(_number, rows), 0)
        self._columns.update(joined.translate(None, _DIGITS).split())

    @property
    def is_small(self) -> bool:
        """Whether there are as many cells as this can read, and not more."""
        return self._last_row <= _LAST_ROW and self._last_row * self.width <= _MOST_CELLS

    @property
    def width(self) -> int:
        """How many columns there are."""
        return max(map(_width, self._columns), default=0)

    def require_small(self) -> None:
        """Check how many cells there are.

        Raises:
            Trouble: There are more than this can read, or than a spreadsheet can have.
        """
        if self._last_row > _LAST_ROW:
            raise Trouble(
                "refers to row {last_row:,}; a sheet has at most {last_row2:,} rows.",
                last_row=self._last_row,
                last_row2=_LAST_ROW,
            )
        if not self.is_small:
            raise Trouble(
                "reaches to row {last_row:,} and column {width:,}: remove cells that are far from"
                " the table, or save it as CSV.",
                last_row=self._last_row,
                width=self.width,
            )


def _number(digits: bytes) -> int:
    return int(digits) if digits.isdigit() else _LAST_ROW + 1


def _width(column: bytes) -> int:
    """Return the number of a column: `A` is 1, `AA` 27."""
    width = 0
    for letter in column.upper():
        width = width * 26 + letter - ord("A") + 1
    return width
