"""Large sheets, which are read in pieces: they hold the same cells as read whole."""

from __future__ import annotations

import datetime
import io
import os
from unittest import mock

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdir_async.cli.inputs import cut
from sdir_async.cli.inputs.workbook import Sheet, Workbook
from sdir_async.cli.trouble import Trouble

from .test_bounds import workbook

PIECE = 1500
WHOLE = 1 << 60
CELLS = st.one_of(
    st.none(),
    st.sampled_from(["Kari", "Bjørn & Co", "<b>", " x ", "a\nb", "", "#N/A", "=1+1", "0"]),
    st.integers(-5, 10**11),
    st.floats(-1e6, 1e6),
    st.booleans(),
    st.datetimes(datetime.datetime(1990, 1, 1), datetime.datetime(2030, 1, 1)),
)
in_pieces = pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="sheets are read whole here")


def opened(content: bytes, large: int) -> Sheet:
    with mock.patch.multiple(cut, _LARGE=large, PIECE=PIECE):
        return Workbook(io.BytesIO(content), content[:8]).sheet("Sheet")


def is_cut(sheet: Sheet) -> bool:
    return isinstance(sheet._sheet, cut.CutSheet)


def rows_of(sheet: Sheet) -> list[tuple[int, list[object]]]:
    sheet.begin(lambda headings: (True, len(headings)))
    return [(line, bare(cells)) for line, cells in sheet.rows()]


def bare(cells: list[object]) -> list[object]:
    cells = ["" if cell is None else cell for cell in cells]
    while cells and cells[-1] == "":
        cells.pop()
    return cells


def rows(*numbers: int) -> str:
    return "".join(f'<row r="{row}"><c r="B{row}"><v>{row}</v></c></row>' for row in numbers)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(CELLS, max_size=5), min_size=30, max_size=60),
    st.lists(st.tuples(st.integers(1, 60), st.integers(0, 3)), max_size=4),
    st.integers(0, 2),
)
def test_a_sheet_in_pieces_holds_what_the_whole_one_does(
    table: list[list[object]], merged: list[tuple[int, int]], left: int
) -> None:
    """Whatever stands in its cells, wherever the table begins, and whichever are merged."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    headings: list[object] = ["a", "b", "c", "d", "e"]
    for number, cells in enumerate([headings, *table], 1):
        for at, cell in enumerate(cells, left + 1):
            sheet.cell(number, at, cell)  # type: ignore[call-overload]
    for top, height in merged:
        sheet.merge_cells(start_row=top, end_row=top + height, start_column=2, end_column=3)
    file = io.BytesIO()
    book.save(file)
    whole, pieces = (opened(file.getvalue(), large) for large in (WHOLE, 0))
    assert is_cut(pieces) or not os.path.isdir("/dev/fd")
    assert rows_of(pieces) == rows_of(whole)


@in_pieces
def test_a_sheet_in_pieces_is_read_again_and_says_how_much_was_read() -> None:
    """Equal rows have equal cells in every piece, so that they are found to be equal."""
    wide = '<row r="1"><c r="D1"><v>1</v></c></row>'
    sheet = opened(workbook(wide + rows(*range(2, 300), 400)), 0)
    assert is_cut(sheet)
    for _ in range(2):
        found = list(sheet.every_row())
        assert [line for line, _ in found] == [*range(1, 300), 400]
        assert {len(cells) for _, cells in found} == {4}
        assert sheet.share() == 1


@in_pieces
def test_a_sheet_whose_names_have_a_prefix_is_cut_too() -> None:
    """Some programs write XML so."""
    xml = f"<x:worksheet><x:sheetData>{rows(*range(1, 200))}</x:sheetData></x:worksheet>"
    for name in ("row", "c", "v"):
        xml = xml.replace(f"<{name}", f"<x:{name}").replace(f"</{name}", f"</x:{name}")
    sheet = opened(workbook("", **{"xl/worksheets/sheet1.xml": xml}), 0)
    assert is_cut(sheet)
    assert rows_of(sheet) == [(row, ["", row]) for row in range(2, 200)]


@pytest.mark.parametrize(
    "odd",
    [
        "<!-- </row> -->",
        "<?odd </row> ?>",
        '<row><c r="B300"><v>1</v></c></row>',
        "<row s='1'><c><v>1</v></c></row>",
        rows(7),
        '<x:row r="300"><x:c r="B300"><x:v>300</x:v></x:c></x:row>' + rows(*range(301, 400)),
    ],
)
def test_a_sheet_that_can_not_be_cut_without_a_doubt_is_read_whole(odd: str) -> None:
    """A comment, a row without a number and rows in disorder are such doubts."""
    content = workbook(rows(*range(1, 200)) + odd)
    assert rows_of(opened(content, 0)) == rows_of(opened(content, WHOLE))


@in_pieces
def test_a_cell_that_says_it_is_in_an_earlier_row_is_refused() -> None:
    """It would stand in two rows, or in the wrong one."""
    lying = '<row r="200"><c r="B7"><v>1</v></c></row>'
    with pytest.raises(Trouble, match="not in order"):
        rows_of(opened(workbook(rows(*range(1, 200)) + lying + rows(*range(201, 300))), 0))


@in_pieces
def test_a_piece_that_can_not_be_read_is_said_in_a_line() -> None:
    """A damaged cell is met only when its piece is read."""
    damaged = '<row r="200"><c r="B200" t="odd"><v>1</v></c></row>'
    with pytest.raises(Trouble, match="is not a workbook that can be read"):
        rows_of(opened(workbook(rows(*range(1, 200)) + damaged + rows(*range(201, 300))), 0))


@in_pieces
def test_a_small_sheet_is_read_after_a_large_one_was_cut() -> None:
    """What reads whole sheets is closed after a cut, and opened again."""
    book = openpyxl.Workbook()
    for name, count in (("Sheet", 200), ("B", 2), ("C", 3)):
        sheet = book[name] if name in book.sheetnames else book.create_sheet(name)
        for row in range(count):
            sheet.append([name, row])
    file = io.BytesIO()
    book.save(file)
    with mock.patch.multiple(cut, _LARGE=5000, PIECE=PIECE):
        opened_ = Workbook(file, b"PK")
        found = {name: opened_.sheet(name) for name in opened_.visible}
    assert [is_cut(sheet) for sheet in found.values()] == [True, False, False]
    assert [len(rows_of(sheet)) for sheet in found.values()] == [199, 1, 2]
