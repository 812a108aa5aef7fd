"""What an input is, is told from its content; and how its text is read."""

from __future__ import annotations

import csv
import io
from itertools import pairwise
from typing import TYPE_CHECKING

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdir_async.cli.inputs import Delimited, open_reader
from sdir_async.cli.inputs.sniff import delimiter_of, sniff
from sdir_async.cli.inputs.source import source_of
from sdir_async.cli.inputs.text import Text
from sdir_async.cli.records import Lines

if TYPE_CHECKING:
    from collections.abc import Sequence

cells = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("head", "format_"),
    [
        (b"PK\x03\x04", "xlsx"),
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
    assert sniff(head) == format_


@pytest.mark.parametrize(
    ("heading", "delimiter"),
    [("a;b,c;d", ";"), ("a,b", ","), ('"a;b;c",d,e', ","), ("a\tb", "\t"), ("alone", ";")],
)
def test_the_first_line_says_what_separates_columns(heading: str, delimiter: str) -> None:
    assert delimiter_of(heading) == delimiter


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@hypothesis.settings(max_examples=40, deadline=None)
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
