"""Cuts a large sheet of an XLSX file into pieces, because the reader loads a whole sheet at once.

Each piece is a sheet of another workbook, in a temporary file without a name, beside the texts and
the styles of the first one.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import zipfile
from typing import IO, TYPE_CHECKING, Any, Final

from ..trouble import Trouble
from .bounds import PIECE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .marks import Marks

_LARGE: Final = 16_000_000
_LONGEST: Final = 1 << 24
_OPEN_FILES: Final = "/dev/fd"
"""Where the system opens a file that has no name; Windows does not."""
_HEAD: Final = re.compile(rb".*?<((?:\w+:)?)sheetData\b[^>]*>", re.DOTALL)
_NO_MERGED: Final = b"<mergeCells/>"
"""Stands first in a piece: the reader looks for merged cells from its beginning, and ends there."""
_SHARED: Final = ("sharedstrings.xml", "styles.xml", "_rels/.rels")
_WORKBOOK: Final = (
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://'
    'schemas.openxmlformats.org/officeDocument/2006/relationships"><workbookPr date1904="{:d}"/>'
    "<sheets>{}</sheets></workbook>"
)
_SHEET: Final = '<sheet name="{0}" sheetId="{0}" r:id="r{0}"/>'
_RELATIONS: Final = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}'
    "</Relationships>"
)
_RELATION: Final = (
    '<Relationship Id="r{0}" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/worksheet" Target="worksheets/{0}.xml"/>'
)


class _Irregular(Exception):
    """It is not certain where the sheet can be cut."""


class CutSheet:
    """The pieces of a sheet, read like the whole one.

    Attributes:
        start: Its first cell.
        total_height: How many rows there are, those above it and empty ones included.
        merged_cell_ranges: Which cells are merged.
    """

    start: Final = (0, 0)

    def __init__(self, book: Any, total_height: int, width: int) -> None:
        self._book = book
        self.total_height = total_height
        self._width = width
        self._count = len(book.sheet_names)
        self.merged_cell_ranges = book.get_sheet_by_index(self._count - 1).merged_cell_ranges

    def iter_rows(self) -> Iterator[list[Any]]:
        """Yield all rows, each with as many cells.

        Raises:
            Trouble: A cell says that it is in a row of another piece.
        """
        above = 0
        for at in range(self._count):
            sheet = self._book.get_sheet_by_index(at)
            if sheet.start is None:
                continue
            top, left = sheet.start
            if top < above:
                raise Trouble(
                    "has rows that are not in order: open it in Excel and save it as .xlsx."
                )
            yield from ([] for _ in range(top - above))
            before, after = [""] * left, [""] * (self._width - left - sheet.width)
            for cells in sheet.to_python():
                yield [*before, *cells, *after] if before or after else cells
            above = top + sheet.height


def cut(file: IO[bytes], marks: Marks) -> CutSheet | None:
    """Cut a large, regular sheet into pieces. Return `None` for any other: it is read whole."""
    import python_calamine as calamine

    if not marks.is_regular or not os.path.isdir(_OPEN_FILES):
        return None
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        if archive.getinfo(marks.part).file_size < _LARGE:
            return None
        try:
            with tempfile.TemporaryFile() as copy:
                height = _copy(archive, marks, copy)
                copy.seek(0)
                book = calamine.load_workbook(f"{_OPEN_FILES}/{copy.fileno()}")
        except (_Irregular, OSError, calamine.CalamineError):  # there may be no room for a file
            return None
    return CutSheet(book, height, marks.width)


def _copy(archive: zipfile.ZipFile, marks: Marks, file: IO[bytes]) -> int:
    """Write a workbook whose sheets are the pieces of one, and return how many rows they have."""
    height = count = 0
    with zipfile.ZipFile(file, "w") as copy:
        for name in archive.namelist():
            if name.lower().endswith(_SHARED):
                with archive.open(name) as old, copy.open(name, "w") as new:
                    shutil.copyfileobj(old, new)
        for count, (piece, last_row) in enumerate(_pieces(archive, marks.part), 1):
            copy.writestr(f"xl/worksheets/{count}.xml", piece)
            height = max(height, last_row)
        numbers = range(1, count + 1)
        sheets, relations = map(_SHEET.format, numbers), map(_RELATION.format, numbers)
        copy.writestr("xl/workbook.xml", _WORKBOOK.format(marks.since_1904, "".join(sheets)))
        copy.writestr("xl/_rels/workbook.xml.rels", _RELATIONS.format("".join(relations)))
    return height


def _pieces(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[bytes, int]]:
    """Yield sheets of some whole rows, each with its last row; the last has what is below the rows.

    Raises:
        _Irregular: The rows can't be found, or are not in order.
    """
    with archive.open(part) as stream:
        rest = stream.read(PIECE)
        if not (found := _HEAD.match(rest)):
            raise _Irregular
        head, prefix = found[0], found[1]
        at = head.rindex(b"<")
        begin = head[:at] + _NO_MERGED + head[at:]
        row = re.compile(rb'<%brow\b[^>]*? r="(\d+)"' % prefix)
        row_end, end = b"</%brow>" % prefix, b"</%bsheetData>" % prefix
        rest, last = rest[len(head) :], 0
        while piece := stream.read(PIECE):
            rows, found_end, rest = (rest + piece).rpartition(row_end)
            if not found_end and len(rest) < _LONGEST:
                continue
            numbers = list(map(int, row.findall(rows)))
            if not numbers or min(numbers) <= last or end in rows:
                raise _Irregular
            last = max(numbers)
            yield begin + rows + found_end + end, last
        yield head + rest, max([last, *map(int, row.findall(rest))])
