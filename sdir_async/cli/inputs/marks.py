"""What readers of workbooks don't tell about an XLSX sheet, found in its XML.

Hidden rows, formulas that were never calculated, errors, and from which day dates count.
"""

from __future__ import annotations

import re
import zipfile
from typing import IO, TYPE_CHECKING, Final
from xml.etree import ElementTree

from attrs import Factory, define

from .bounds import PIECE, Extent

if TYPE_CHECKING:
    from collections.abc import Iterator

UNCALCULATED: Final = "#UNCALCULATED"
"""Stands where a formula has no value: a program wrote it, and nothing has calculated it since."""
MERGED: Final = "#MERGED"
"""Stands in a cell that is merged with the one that has the value."""

_LONGEST: Final = 1 << 24
_OVERLAP: Final = 64
_WORKBOOK: Final = "xl/workbook.xml"
_RELATIONS: Final = "xl/_rels/workbook.xml.rels"
_SHEET: Final = re.compile(r"xl/worksheets/[^/]+\.xml")
_AS_NINES: Final = bytes.maketrans(b"012345678", b"999999999")
_HIDING: Final = (b' hidden="9"', b' hidden="true"')
_CALCULATING: Final = (b"<f", b":f", b' t="e"')
"""What kinds of rows have in which something is to be found: hidden, or a formula or an error."""
_IRREGULAR: Final = re.compile(rb"<!|<\?(?!xml )|<(?:\w+:)?row\b(?![^>]* r=\")")
"""What keeps a sheet from being cut between its rows: comments, rows without numbers."""
_COLUMNS: Final = re.compile(rb"<(?:\w+:)?col\b([^>]*)>")
_FROM_TO: Final = re.compile(rb' (min|max)="(\d+)"')
_ROW: Final = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_HIDDEN: Final = re.compile(rb' hidden="(?:1|true)"')
_NUMBER: Final = re.compile(rb' r="(\d+)"')
_CELL: Final = re.compile(rb"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_PLACE: Final = re.compile(rb' r="([A-Z]+)(\d+)"')
_VALUE: Final = re.compile(rb"<(?:\w+:)?v>([^<]+)<")
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[ />]")
_ERROR: Final = re.compile(rb' t="e"')
_TEXT: Final = re.compile(rb' t="str"')


@define
class Marks:
    """What was found in a sheet.

    Attributes:
        hidden: The numbers of hidden rows.
        hidden_columns: The places of hidden columns, as ranges.
        cells: By row and column: what stands in a cell that has no value.
        since_1904: Whether dates count from 1904, as those of old Macs do.
        is_calculated: Whether formulas have values that a program has calculated.
        known: Whether the workbook is of the kind in which all that can be found.
        part: Where in the file the sheet is.
        width: How many columns it has.
        is_regular: Whether its XML can be cut between its rows.
    """

    hidden: set[int] = Factory(set)
    hidden_columns: list[range] = Factory(list)
    cells: dict[int, dict[int, str]] = Factory(dict)
    since_1904: bool = False
    is_calculated: bool = True
    known: bool = True
    part: str = ""
    width: int = 0
    is_regular: bool = False


def marks_of(file: IO[bytes], sheet: str) -> Marks:
    """Return the marks of a sheet; none where the workbook is of another kind.

    Raises:
        Trouble: The sheet is larger than this can read.
    """
    at = file.tell()
    try:
        with zipfile.ZipFile(file) as archive:
            try:
                part, marks = _part_of(archive, sheet)
                archive.getinfo(part)
            except (KeyError, ValueError, ElementTree.ParseError):
                for name in filter(_SHEET.fullmatch, archive.namelist()):
                    _look_through(archive, name, Marks())
                return Marks(known=False)
            _look_through(archive, part, marks)
            marks.part = part
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, OSError, EOFError):
        return Marks(known=False)  # the next reader has a better message
    finally:
        file.seek(at)
    return marks


def _look_through(archive: zipfile.ZipFile, part: str, marks: Marks) -> None:
    """Look through a sheet: how far it reaches, and what its reader does not tell."""
    extent = Extent()
    marks.is_regular = True
    for piece in _pieces(archive, part):
        kinds = _kinds_of(piece)
        extent.take(kinds)
        marks.is_regular &= not _IRREGULAR.search(kinds)
        if any(word in kinds for word in _HIDING):
            _look_for_hidden(piece, marks)
        if any(word in kinds for word in _CALCULATING):
            _look_at_cells(piece, marks)
    if not extent.is_small:
        extent = Extent()
        for piece in _pieces(archive, part):
            extent.take(piece)
        extent.require_small()
    marks.width = extent.width


def _kinds_of(piece: bytes) -> bytes:
    """Return the different tags of some rows, with each digit replaced by a nine.

    They are few, so searching them is fast, and no row is further down than they say.
    """
    rows = set(piece.translate(_AS_NINES).split(b"row>"))
    return b">".join(set(b"row>".join([*rows, b""]).split(b">")))


def _part_of(archive: zipfile.ZipFile, sheet: str) -> tuple[str, Marks]:
    """Return where in the file a sheet is, and what is said about the whole workbook."""
    book = ElementTree.fromstring(archive.read(_WORKBOOK))  # noqa: S314  without entities: see expat
    relations = ElementTree.fromstring(archive.read(_RELATIONS))  # noqa: S314
    targets = {one.get("Id", ""): one.get("Target", "") for one in relations}
    marks, place = Marks(), ""
    for node in book.iter():
        tag = node.tag.rpartition("}")[2]
        if tag == "workbookPr":
            marks.since_1904 = node.get("date1904") in ("1", "true")
        if tag == "calcPr":
            marks.is_calculated = node.get("fullCalcOnLoad") not in ("1", "true")
        if tag == "sheet" and node.get("name") == sheet:
            (own,) = (value for name, value in node.items() if name.endswith("}id"))
            place = targets[own]
    return place.lstrip("/") if place.startswith("/") else f"xl/{place}", marks


def _pieces(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """Yield the XML of a sheet, some whole rows at a time."""
    rest = b""
    with archive.open(part) as stream:
        while piece := stream.read(PIECE):
            whole, end, rest = (rest + piece).rpartition(b"row>")
            if end:
                yield whole + end
            elif len(rest) > _LONGEST:
                yield rest
                rest = rest[-_OVERLAP:]
    yield rest


def _look_for_hidden(piece: bytes, marks: Marks) -> None:
    for row in _ROW.finditer(piece):
        if _HIDDEN.search(row[1]) and (number := _NUMBER.search(row[1])):
            marks.hidden.add(int(number[1]))
    for columns in _COLUMNS.finditer(piece):
        if _HIDDEN.search(columns[1]):
            ends = {name: int(number) for name, number in _FROM_TO.findall(columns[1])}
            marks.hidden_columns.append(range(ends[b"min"] - 1, ends[b"max"]))


def _look_at_cells(piece: bytes, marks: Marks) -> None:
    for attributes, content in _CELL.findall(piece):
        failed, value = _ERROR.search(attributes), _VALUE.search(content)
        lost = not _is_value(value, marks) and _FORMULA.search(content)
        if lost and value is None and _TEXT.search(attributes):
            continue
        if (failed or lost) and (place := _PLACE.search(attributes)):
            said = value[1].decode() if failed and value else UNCALCULATED
            marks.cells.setdefault(int(place[2]), {})[_column(place[1])] = said


def _is_value(value: re.Match[bytes] | None, marks: Marks) -> bool:
    """Say whether a formula has a value: programs that don't calculate write none, or 0."""
    return value is not None and (marks.is_calculated or value[1] != b"0")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def letters_of(at: int) -> str:
    """Return what a spreadsheet calls the column at a place: A to Z, AA, and so on."""
    letters, at = "", at + 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
