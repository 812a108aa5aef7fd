"""Every input is read in bounded memory and time, or refused in a line that says why."""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdir_async.cli.inputs import open_reader
from sdir_async.cli.inputs.bounds import (
    LARGEST_WORKBOOK,
    Shallow,
    _require_small_parts,
    require_small,
)
from sdir_async.cli.inputs.marks import marks_of
from sdir_async.cli.inputs.source import source_of
from sdir_async.cli.trouble import Trouble

ROWS = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}'
END = "</sheetData></worksheet>"


def workbook(sheet: str, **parts: str) -> bytes:
    """Return a workbook whose first sheet, and other parts, are what is given."""
    book = openpyxl.Workbook()
    file = io.BytesIO()
    book.save(file)
    made = io.BytesIO()
    replaced = {"xl/worksheets/sheet1.xml": ROWS.format(sheet) + END, **parts}
    with (
        zipfile.ZipFile(file) as old,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if name not in replaced:
                new.writestr(name, old.read(name))
        for name, text in replaced.items():
            new.writestr(name, text)
    return made.getvalue()


def cell(reference: str, value: int = 1) -> str:
    row = reference.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return f'<row r="{row}"><c r="{reference}"><v>{value}</v></c></row>'


OLD = (Path(__file__).parent / "cases" / "x20_old.xls").read_bytes()
TABLE = 512 * (1 + int.from_bytes(OLD[76:80], "little"))
ENTRY = OLD.index("Workbook".encode("utf-16-le"))


def old_workbook(changes: dict[int, bytes]) -> bytes:
    """Return an old workbook that has something else at some places."""
    content = bytearray(OLD)
    for at, change in changes.items():
        content[at : at + len(change)] = change
    return bytes(content)


DAMAGED = {
    "a chain that leads to itself": {TABLE: bytes(4)},
    "a chain that leads out of the file": {TABLE: b"\xff\xff\xff\x0f"},
    "tables that are larger than the file": {44: b"\xff\xff\xff\x0f"},
    "more tables in a circle": {68: bytes(4), 1020: bytes(4)},
    "a part that is larger than the file": {ENTRY + 120: b"\xff\xff\xff\x7f"},
    "four billion rows": {OLD.index(b"\x00\x02\x0e\x00") + 8: b"\xff\xff\xff\xff"},
    "rows that end before they begin": {OLD.index(b"\x00\x02\x0e\x00") + 4: b"\xff\xff"},
    "four billion texts": {OLD.index(b"\xfc\x00") + 8: b"\xff\xff\xff\xff"},
    "a sector of no size": {26: b"\x09\x00"},
}

HOSTILE = {
    **{name: (old_workbook(changes), "is damaged") for name, changes in DAMAGED.items()},
    "half an old workbook": (OLD[:1500], "is damaged"),
    "an old workbook whose tables are whole": (OLD, ""),
    "row 9,999,999": (workbook(cell("A1") + cell("A9999999")), "refers to row 9,999,999"),
    "a row in letters": (workbook('<row r="&#57;9"><c r="A1"><v>1</v></c></row>'), "refers to row"),
    "a column far away": (workbook(cell("A1") + cell("XFD1048576")), "reaches to row 1,048,576"),
    "a column far away, written oddly": (
        workbook(cell("A1") + "<row r = '1'><c\nr\t= 'XFD1048576'><v>1</v></c></row>"),
        "reaches to row 1,048,576",
    ),
    "a large shared part": (
        workbook(cell("A1"), **{"xl/sharedStrings.xml": " " * 100_000_001}),
        "larger than 500 MB",
    ),
    "20 KB of [": (b"[" * 20_000, "nested deeper than 100 levels"),
    "20 KB of [ and ]": (b"[" * 10_000 + b"]" * 10_000, "nested deeper than 100 levels"),
    "20 KB of {": (b'[{"a":' * 4_000, "nested deeper than 100 levels"),
    "a record without an end": (b'[{"a":"' + b"x" * 20_000_000, "longer than 8,000,000 bytes"),
    "a number without an end": (b"[" + b"1" * 20_000_000, ""),
    "an integer that nobody can send": (b"[" + b"1" * 4_000 + b"]", "record 1"),
    "lines of [": (b"[" * 20_000 + b"\n{}", ""),
}


@pytest.mark.parametrize(("content", "said"), HOSTILE.values(), ids=HOSTILE)
def test_it_is_refused_in_bounded_memory_and_time(
    tmp_path: Path, content: bytes, said: str
) -> None:
    """In a process that may take 800 MB, and a minute of a slow machine."""
    (tmp_path / "input").write_bytes(content)
    script = (
        "import sys\n"
        "from sdir_async.cli.inputs import open_reader, open_source\n"
        "from sdir_async.cli.trouble import Trouble\n"
        "try:\n"
        "    reader = open_reader(open_source(sys.argv[1]))\n"
        "    read = getattr(reader, 'objects', None) or reader.rows\n"
        "    for _ in read(): pass\n"
        "except Trouble as error: print(error)\n"
    )

    def bound() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (800 << 20, 800 << 20))
        resource.setrlimit(resource.RLIMIT_CPU, (60, 60))

    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "input")],
        preexec_fn=bound,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert said in done.stdout


values = st.recursive(
    st.none() | st.integers(-9, 9) | st.text(alphabet='a[]{}"\\\n'),
    lambda below: (
        st.lists(below, max_size=4) | st.dictionaries(st.text('[]{}"\\', max_size=3), below)
    ),
    max_leaves=20,
)


def _depth(value: Any) -> int:
    below = (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    )
    return 0 if below is None else 1 + max(map(_depth, below), default=0)


@given(st.lists(values), st.integers(1, 7))
def test_brackets_in_texts_are_no_depth(made: list[Any], size: int) -> None:
    """However the stream is cut: the depth counted is the depth there is."""
    stream = Shallow(io.BytesIO(json.dumps(made).encode()))
    deepest = 0
    while stream.read(size):
        deepest = max(deepest, stream._depth)
    assert stream._depth == 0
    assert deepest <= _depth(made)
    reader: Any = open_reader(source_of(orjson.dumps([{"a": made}])))
    assert len(list(reader.objects())) == 1


def test_as_deep_as_allowed_is_read() -> None:
    """And a level more is not."""
    for levels, fits in ((100, True), (101, False)):
        stream = Shallow(io.BytesIO(b"[" * levels + b"]" * levels))
        if fits:
            stream.read()
        else:
            with pytest.raises(Trouble, match="deeper than 100"):
                stream.read()


def test_a_usual_workbook_is_let_through() -> None:
    """From where it stands, and back to its beginning."""
    book = openpyxl.Workbook()
    for row in range(2000):
        book.worksheets[0].append((row, "x", None, "y"))
    file = io.BytesIO()
    book.save(file)
    require_small(file)
    assert file.tell() == 0
    assert marks_of(file, "Sheet").known
    assert file.tell() == 0
    file = io.BytesIO(b"PK\x03\x04 not a zip file")
    require_small(file)


def test_a_wide_and_long_sheet_is_measured_exactly() -> None:
    """A sheet is refused for what it has, and not for the most that its rows could have."""
    for row, right in ((300_001, "FJ"), (1_000_001, "AS"), (1_048_576, "A")):
        content = io.BytesIO(workbook(cell(f"A{row}") + cell(f"{right}2")))
        assert marks_of(content, "Sheet").known


def test_a_workbook_is_measured_by_what_its_index_says() -> None:
    """None of it is unpacked for that."""
    part = zipfile.ZipInfo("xl/worksheets/sheet1.xml")
    part.file_size = LARGEST_WORKBOOK
    _require_small_parts([part])
    part.file_size += 1
    with pytest.raises(Trouble, match="larger than 500 MB"):
        _require_small_parts([part])
