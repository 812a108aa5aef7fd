"""What an input is, is told from its content; and how its text is read."""

from __future__ import annotations

import csv
import datetime
import gc
import gzip
import io
import tempfile
import weakref
import zipfile
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import hypothesis
import openpyxl
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from sdir_async.cli.inputs import Delimited, Sheet, Wanted, open_reader, open_source, packed
from sdir_async.cli.inputs.marks import UNCALCULATED, Marks, letters_of, marks_of
from sdir_async.cli.inputs.sniff import delimiter_of, sniff
from sdir_async.cli.inputs.source import source_of
from sdir_async.cli.inputs.text import Text
from sdir_async.cli.records import Lines
from sdir_async.cli.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Change = Callable[[openpyxl.Workbook], None]

cells = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("head", "format_"),
    [
        (b"PK\x03\x04", "workbook"),
        (b"PAR1", "parquet"),
        (b"a;b\n", "csv"),
        (b"\xef\xbb\xbf[{}]", "json"),
        (b" \n[", "json"),
        (b'{"a": 1}\n{', "jsonl"),
        (b'{"a": 1}', "jsonl"),
        (b'{"a": "' + b"x" * 70_000, "jsonl"),
        ("\ufeffa\tb\n".encode("utf-16-le"), "csv"),
    ],
)
def test_the_content_says_what_it_is(head: bytes, format_: str) -> None:
    """The first bytes decide the format, with or without a byte order mark."""
    assert sniff(head) == format_


@pytest.mark.parametrize(
    ("heading", "delimiter"),
    [("a;b,c;d", ";"), ("a,b", ","), ('"a;b;c",d,e', ","), ("a\tb", "\t"), ("alone", ";")],
)
def test_the_first_line_says_what_separates_columns(heading: str, delimiter: str) -> None:
    """Delimiters inside quotes do not count; with none at all it is a semicolon."""
    assert delimiter_of(heading) == delimiter


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@hypothesis.settings(max_examples=40)
@given(rows=st.lists(st.lists(cells, min_size=2, max_size=2), min_size=1, max_size=5))
def test_what_a_spreadsheet_writes_is_read_back(encoding: str, rows: Sequence[list[str]]) -> None:
    """In every charset that one writes, with quotes and delimiters in the cells."""
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows([["Fornavn", "Årsak"], *rows])
    try:
        content = text.getvalue().encode(encoding)
    except UnicodeEncodeError:
        return
    if encoding == "cp1252" and _could_be_utf_8(content):
        return
    reader = open_reader(source_of(content))
    assert isinstance(reader, Delimited)
    assert reader.headings == ["Fornavn", "Årsak"]
    found = [[str(cell) for cell in cells] for _, cells in reader.rows()]
    assert found == [row for row in rows if any(map(str.strip, row))]


def _could_be_utf_8(content: bytes) -> bool:
    """Say whether two characters of Windows-1252 stand together that could be one of UTF-8."""
    pieces = content.replace(b"\xc5", b"A")
    return any(
        bytes([first, second]).decode("utf-8", "ignore")
        for first, second in pairwise(pieces)
        if first > 127
    )


def test_utf_8_may_turn_out_to_be_windows_1252_in_any_line() -> None:
    """And a file of rejected rows is written as the input was."""
    content = b"a;b\r\n1;2\r\n" + "Åse;Øyvind\r\n".encode("cp1252")
    text = Text(io.BufferedReader(io.BytesIO(content)), content)
    assert list(text) == ["a;b\r\n", "1;2\r\n", "Åse;Øyvind\r\n"]
    assert text.encoding == "windows-1252"


def test_a_line_that_excel_puts_first_is_skipped() -> None:
    """It only says what separates the columns."""
    reader = open_reader(source_of(b"sep=,\r\na,b\r\n1,2\r\n"))
    assert isinstance(reader, Delimited)
    assert reader.headings == ["a", "b"]
    assert list(reader.rows()) == [(3, ["1", "2"])]


@given(st.lists(st.integers(1, 3), max_size=50))
def test_lines_of_records_are_remembered_sparsely(gaps: list[int]) -> None:
    """As many steps as there are irregularities."""
    lines, expected, line = Lines(), [], 0
    for index, gap in enumerate(gaps):
        line += gap
        expected.append(line)
        lines.add(index, line)
    assert [lines[index] for index in range(len(gaps))] == expected


HEADINGS = ("Fornavn", "Dato")
TABLE = "Fornavn;Dato\r\nÅse Bjørn;31.05.2024\r\n"


def _rows(content: bytes, wanted: Wanted | None = None) -> list[list[object]]:
    """Return the headings and the rows of a table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "input")
        path.write_bytes(content)
        with closing(open_source(str(path))) as source:
            reader = open_reader(source, wanted)
            assert isinstance(reader, Delimited | Sheet)
            return [list(reader.headings), *(cells for _, cells in reader.rows())]


def _zip(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, TABLE.encode())
    return content.getvalue()


def _book(
    *rows: tuple[Any, ...], change: Callable[[openpyxl.Workbook], None] | None = None
) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    if change is not None:
        change(book)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(TABLE.encode()),
        zstandard.compress(TABLE.encode()),
        _zip("kurs.csv"),
        _zip("kurs.csv", "__MACOSX/._kurs.csv"),
        gzip.compress(_zip("kurs.csv")),
        *(TABLE.encode(name) for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-8-sig")),
        *(TABLE.encode(name) for name in ("cp1252", "cp850", "cp865", "mac_roman")),
    ],
    ids=lambda packed: str(len(packed)),  # what is packed may hold the time
)
def test_what_is_packed_or_in_an_old_charset_is_read(packed: bytes) -> None:
    """In one layer or in two."""
    assert _rows(packed) == [[*HEADINGS], ["Åse Bjørn", "31.05.2024"]]


def _zip_of(content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("x", content)
    return made.getvalue()


@pytest.mark.parametrize("pack", [_zip_of, gzip.compress])
def test_what_is_packed_again_and_again_is_unpacked_three_times(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    """A file that holds itself would be unpacked forever."""
    content = b"a;b\n1;2\n"
    for times in range(1, 6):
        content = pack(content)
        (tmp_path / "x").write_bytes(content)
        if times > 3:
            with pytest.raises(Trouble, match="is packed more than 3 times"):
                open_source(str(tmp_path / "x"))
        else:
            source = open_source(str(tmp_path / "x"))
            assert source.stream.read() == b"a;b\n1;2\n"
            source.close()


def test_a_workbook_may_be_packed_too() -> None:
    """A workbook inside a zip or gzip file gives the same rows as the workbook alone."""
    day = datetime.date(2024, 5, 31)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("kurs.xlsx", _book(HEADINGS, ("Åse", day)))
    for whole in (content.getvalue(), gzip.compress(_book(HEADINGS, ("Åse", day)))):
        assert _rows(whole) == [[*HEADINGS], ["Åse", day]]


def test_a_packed_workbook_leaves_no_file_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is unpacked into a temporary file, and once more when it is read again."""
    path, made, open_one = tmp_path / "x", list[IO[bytes]](), tempfile.SpooledTemporaryFile

    def remembered(max_size: int) -> IO[bytes]:
        made.append(open_one(max_size))
        return made[-1]

    path.write_bytes(gzip.compress(_book(HEADINGS, ("Åse", 1)), mtime=0))
    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", remembered)
    with closing(open_source(str(path))) as source:
        open_reader(source)
        again = source.again()
        assert again
        with closing(again):
            open_reader(again)
    assert [file.closed for file in made] == [True, True]


@pytest.mark.parametrize("content", ["Müller;\x81\n", "\x8fse;b\n"])
def test_a_charset_that_can_not_be_told_is_a_question(content: str) -> None:
    """It is never guessed."""
    with pytest.raises(Trouble, match="--encoding"):
        _rows(b"Fornavn;Dato\n" + content.encode("latin-1"))


def test_the_charset_is_found_in_the_whole_file() -> None:
    """Its first name alone could be two: in DOS or from an old Mac."""
    text = "Fornavn;Dato\n" + "Bo;1\n" * 20_000 + "Müller;2\nBjørn;3\n"
    assert _rows(text.encode("cp850"))[-2:] == [["Müller", "2"], ["Bjørn", "3"]]


@pytest.mark.parametrize("content", [b"<html><table>", b"%PDF-1.7", b"\xef\xbb\xbf<?xml?>"])
def test_pages_that_are_called_workbooks_are_named_as_such(content: bytes) -> None:
    """HTML, PDF and XML are refused with the advice to save the file in another format."""
    with pytest.raises(Trouble, match="save it as"):
        sniff(content)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ['{"a": 1}\n', '[\n{"a": 1}]', '[{"a": 1}]'])
def test_json_in_utf_16_is_named_as_such(encoding: str, text: str) -> None:
    """It would be read as a table with strange headings."""
    with pytest.raises(Trouble, match="is JSON in UTF-16: save it in UTF-8"):
        sniff(text.encode(encoding))


def test_the_separator_that_a_file_names_is_taken() -> None:
    """A `sep=` line sets the delimiter, also where the headings contain another."""
    assert _rows(b"sep=|\r\na;x|b\r\n1|2\r\n") == [["a;x", "b"], ["1", "2"]]


def _known(headings: Sequence[str]) -> tuple[bool, int]:
    found = len({"person.id", "Dato", "Navn"} & set(headings))
    return found == 2, found


@pytest.mark.parametrize(
    ("rows", "row", "headings"),
    [
        (["person.id;Dato", "1;2"], 1, ["person.id", "Dato"]),
        (
            ["Rapport;;", ";;", "Av meg;;", "x;person.id;Dato", "1;2;3"],
            4,
            ["x", "person.id", "Dato"],
        ),
        (["Person;Kurs", "id;Dato", "1;2"], 2, ["Person.id", "Dato"]),
        (["person.id;", ";Dato", "1;2"], 1, ["person.id", ""]),
        (["a;b", "1;2"], 1, ["a", "b"]),
    ],
)
def test_headings_are_where_most_of_them_are_known(
    rows: list[str], row: int, headings: list[str]
) -> None:
    """In one row, or in two of which the upper one groups those below it; else in the first row."""

    def judge(found: Sequence[str]) -> tuple[bool, int]:
        return _known([one.replace("Person", "person").replace("Kurs.", "") for one in found])

    reader = open_reader(source_of("\n".join(rows).encode()), Wanted(judge))
    assert isinstance(reader, Delimited)
    found = [one.replace("Kurs.", "") for one in reader.headings]
    assert (reader.heading_row, found) == (row, headings)


def test_a_sheet_tells_what_has_no_value() -> None:
    """Formulas that were never calculated, and errors; a formula that gives no text is empty."""

    def change(book: openpyxl.Workbook) -> None:
        sheet = book.worksheets[0]
        sheet["B2"], sheet["B3"] = "=1+1", "#N/A"
        sheet.row_dimensions[3].hidden = True
        sheet.insert_rows(1, 2)

    content = _book(HEADINGS, ("Åse", None), ("Bo", None), change=change)
    assert _rows(content) == [[*HEADINGS], ["Åse", UNCALCULATED], ["Bo", "#N/A"]]
    visible = _rows(content, Wanted(only_visible=True))
    assert len(visible) in (2, 3)


def test_the_marks_of_a_sheet_are_found_in_every_dialect_of_its_xml() -> None:
    """With a prefix for its names, as some programs write it."""
    xml = (
        b'<x:worksheet><x:cols><x:col min="3" max="4" hidden="1"/></x:cols><x:sheetData>'
        b'<x:row r="7" hidden="true"><x:c r="AB7"><x:f>A1</x:f></x:c>'
        b'<x:c r="C7" t="e"><x:f>1/0</x:f><x:v>#DIV/0!</x:v></x:c>'
        b'<x:c r="D7" t="str"><x:f>""</x:f><x:v></x:v></x:c>'
        b'<x:c r="E7"><x:f>B1</x:f><x:v>0</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )
    book = (
        b'<workbook xmlns:r="r"><workbookPr date1904="1"/><sheets>'
        b'<sheet name="A" r:id="one"/></sheets><calcPr fullCalcOnLoad="1"/></workbook>'
    )
    relations = b'<R><r Id="one" Target="/xl/worksheets/a.xml"/></R>'
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("xl/workbook.xml", book)
        archive.writestr("xl/_rels/workbook.xml.rels", relations)
        archive.writestr("xl/worksheets/a.xml", xml)
    found = marks_of(content, "A")
    assert found == Marks(
        {7},
        [range(2, 4)],
        {7: {27: UNCALCULATED, 2: "#DIV/0!", 4: UNCALCULATED}},
        since_1904=True,
        is_calculated=False,
        part="xl/worksheets/a.xml",
        width=28,
        is_regular=True,
    )


def test_a_workbook_that_is_read_again_is_not_loaded_again(tmp_path: Path) -> None:
    """A second look at a file takes neither the time nor the memory of another copy of it."""
    (tmp_path / "a.xlsx").write_bytes(_book(HEADINGS, ("Åse", 1)))
    first = open_source(str(tmp_path / "a.xlsx"))
    before: Any = open_reader(first)
    assert len(list(before.rows())) == 1
    again = first.again()
    assert again is not None
    after: Any = open_reader(again)
    assert list(after.rows()) == [(2, ["Åse", 1])]
    assert again.workbook() is first.workbook()
    again.close()
    first.close()


@given(st.integers(0, 18_000))
def test_columns_are_named_as_spreadsheets_name_them(at: int) -> None:
    """The letters of every column are those that openpyxl gives it."""
    assert letters_of(at) == get_column_letter(at + 1)


def test_dates_of_a_workbook_that_counts_from_1904_are_the_same() -> None:
    """A date cell gives the same date in a workbook with the 1904 calendar."""

    def change(book: openpyxl.Workbook) -> None:
        book.epoch = CALENDAR_MAC_1904

    day = datetime.date(2024, 5, 31)
    assert _rows(_book(HEADINGS, ("Åse", day), change=change))[1] == ["Åse", day]


def test_a_text_is_forgotten_when_it_was_read() -> None:
    """With its file and its buffers: a run may read many thousands."""
    text = Text(io.BytesIO("sjøfart\n".encode("latin-1")), b"")
    assert list(text) == ["sjøfart\n"]
    kept = weakref.ref(text)
    del text
    gc.collect()
    assert kept() is None


def test_a_zip_file_that_points_before_its_beginning_is_refused() -> None:
    """Its directory says that it stands one byte further on than it does."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("a.csv", "a\n1\n")
    content = bytearray(written.getvalue())
    content[-6:-2] = (int.from_bytes(content[-6:-2], "little") + 1).to_bytes(4, "little")
    with pytest.raises(Trouble, match="was not copied completely"):
        packed._only_file(io.BytesIO(content))


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_a_row_of_nothing_but_spaces_is_no_row(tmp_path: Path, name: str) -> None:
    """Such rows can follow a table; a line that names the separator is not a row, either."""
    rows: list[list[Any]] = [
        ["courseCode", "b"],
        [" ", ""],
        ["A", " "],
        ["", "\u00a0 "],
        [None, "\t"],
    ]
    if name == "a.csv":
        lines = ["sep=;", *(";".join(cell or "" for cell in row) for row in rows)]
        (tmp_path / name).write_text("\n".join(lines), "utf-8")
    else:
        book = openpyxl.Workbook()
        for row in rows:
            book.worksheets[0].append(row)
        book.save(tmp_path / name)
    with closing(open_source(str(tmp_path / name))) as source:
        reader = open_reader(source)
        assert isinstance(reader, Delimited | Sheet)
        assert [cells for _, cells in reader.rows()] == [["A", " "]]
        assert reader.heading_row == 1 + reader.above
