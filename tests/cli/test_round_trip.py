"""The law of all readers: a table gives the same records or a refusal, never other records."""

from __future__ import annotations

import csv
import datetime
import io
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import hypothesis
import openpyxl
import orjson
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from sdir_async.cli.apis import find_version
from sdir_async.cli.job import Reading, open_jobs
from sdir_async.cli.records import Row
from sdir_async.cli.trouble import Trouble

PERSONS = ("41814061033", "41810021827", "01819000049", "08907406696", "05905637950")
HEADINGS = (
    *("Fødselsnummer", "Fornavn", "organization.organizationNumber", "vessel.name"),
    *("occupationCode.code", "Timer", "signOnDate", "signOffDate"),
)
READING = Reading(find_version("seagoing", "v1"), "create", {})
CHARSETS = (
    *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"),
    *("windows-1252", "latin-1", "cp850", "cp865", "mac_roman"),
)
MONTHS = [
    "januar",
    "februar",
    "mars",
    "april",
    "mai",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "desember",
]

names = st.text("abckORS æøåÆØÅéöüÄ-'.,;\"\n", min_size=1, max_size=9)
days = st.dates(datetime.date(2000, 1, 1), datetime.date(2029, 12, 31))


class Line(NamedTuple):
    """A row as it is meant."""

    person: str
    first_name: str
    ship: str
    code: str
    hours: int
    on: datetime.date
    off: datetime.date

    def record(self) -> dict[str, Any]:
        """Return the record that it means."""
        person = {"id": self.person, "firstName": self.first_name.strip()}
        activity = {
            "occupationCode": {"code": self.code},
            "hours": self.hours,
            "signOnDate": self.on.isoformat(),
            "signOffDate": self.off.isoformat(),
        }
        return {
            "person": {name: value for name, value in person.items() if value},
            "organization": {"organizationNumber": "991825827"},
            **({"vessel": {"name": self.ship.strip()}} if self.ship.strip() else {}),
            "activity": activity,
        }


tables = st.lists(
    st.builds(
        Line,
        st.sampled_from(PERSONS),
        names,
        names,
        st.sampled_from(["3152", "0110", "BS0", "1E5"]),
        st.integers(1, 2_000_000),
        days,
        days,
    ),
    min_size=1,
    max_size=6,
)
date_forms: st.SearchStrategy[Callable[[datetime.date], str]] = st.sampled_from(
    [
        datetime.date.isoformat,
        lambda day: f"{day:%d.%m.%Y}",
        lambda day: f"{day.day}.{day.month}.{day:%y}",
        lambda day: f"{day:%d/%m/%Y}",
        lambda day: f"{day.month}/{day.day}/{day.year}",
        lambda day: f"{day:%d-%m-%Y}",
        lambda day: f"{day.day}. {MONTHS[day.month - 1]} {day.year}",
        lambda day: f"{day:%Y%m%d}",
        lambda day: str((day - datetime.date(1899, 12, 30)).days),
    ]
)
number_forms: st.SearchStrategy[Callable[[int], str]] = st.sampled_from(
    [
        str,
        lambda number: f"{number:,}",
        lambda number: f"{number:,}".replace(",", "."),
        lambda number: f"{number:,}".replace(",", " "),
        lambda number: f"{number},00",
        lambda number: f"{number}.0",
        lambda number: f"{number:,}.00",
        lambda number: f"{number:.2e}",
    ]
)
person_forms: st.SearchStrategy[Callable[[str], str]] = st.sampled_from(
    [
        str,
        lambda number: f"{number[:6]} {number[6:]}",
        lambda number: f"{number[:6]}-{number[6:]}",
        lambda number: str(int(number)),
        lambda number: f'="{number}"',
        lambda number: f"{int(number):.4E}",
    ]
)


def _texts(
    table: Sequence[Line],
    person: Callable[[str], str],
    number: Callable[[int], str],
    date: Callable[[datetime.date], str],
) -> list[list[str]]:
    return [
        [
            *(person(one.person), one.first_name, "991825827", one.ship, one.code),
            *(number(one.hours), date(one.on), date(one.off)),
        ]
        for one in table
    ]


def _same_or_refused(content: bytes, table: Sequence[Line], name: str) -> int:
    """Compare what is read with what is meant, row by row; return how many rows were read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            (job,) = open_jobs(str(path), READING)
            records = list(job)
            job.close()
        except Trouble:
            return 0
    read = 0
    for record, meant in zip(records, table, strict=True):
        value = record if isinstance(record, Row) else orjson.loads(record)
        if not (isinstance(record, Row) and record.refusals):
            assert dict(value) == meant.record()
            read += 1
    return read


@pytest.mark.parametrize("charset", CHARSETS)
@hypothesis.settings(max_examples=24)
@given(
    table=tables,
    delimiter=st.sampled_from(";,\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\r\n", "\n"]),
    person=person_forms,
    number=number_forms,
    date=date_forms,
)
def test_csv(
    charset: str,
    table: list[Line],
    delimiter: str,
    quoting: Any,
    end: str,
    person: Callable[[str], str],
    number: Callable[[int], str],
    date: Callable[[datetime.date], str],
) -> None:
    """In each dialect and charset, with each way to write dates and numbers."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerows([HEADINGS, *_texts(table, person, number, date)])
    _same_or_refused(text.getvalue().encode(charset), table, "table.csv")


def test_csv_as_norwegian_excel_writes_it_is_read() -> None:
    """It is not refused for caution."""
    line = Line(PERSONS[0], "Åse", "Færøy", "3152", 160, *[datetime.date(2024, 5, 31)] * 2)
    rows = _texts([line], str, str, lambda day: f"{day:%d.%m.%Y}")
    for charset in CHARSETS:
        text = "\r\n".join(";".join(row) for row in (HEADINGS, *rows))
        assert _same_or_refused(text.encode(charset), [line], "table.csv") == 1, charset


def _typed(table: Sequence[Line]) -> list[list[Any]]:
    return [
        [
            *(int(one.person), one.first_name, 991825827, one.ship, one.code, one.hours),
            *(one.on, one.off),
        ]
        for one in table
    ]


@hypothesis.settings(max_examples=40)
@given(tables, st.booleans(), person_forms, number_forms, date_forms, st.integers(0, 3))
def test_xlsx(
    table: list[Line],
    as_text: bool,
    person: Callable[[str], str],
    number: Callable[[int], str],
    date: Callable[[datetime.date], str],
    above: int,
) -> None:
    """With typed cells or with texts, and with rows above the headings."""
    rows = _texts(table, person, number, date) if as_text else _typed(table)
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for at in range(above):
        sheet.append([f"Rapport {at}"])
    sheet.append(HEADINGS)
    for row in rows:
        sheet.append(row)
        for cell in sheet[sheet.max_row]:
            cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type
    content = io.BytesIO()
    book.save(content)
    read = _same_or_refused(content.getvalue(), table, "table.xlsx")
    assert as_text or read == len(table)


@hypothesis.settings(max_examples=40)
@given(tables)
def test_ods(table: list[Line]) -> None:
    """Every row of an ODS sheet with typed cells is read, and none is refused."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", _MANIFEST)
        archive.writestr("content.xml", _ods([list(HEADINGS), *_typed(table)]))
    assert _same_or_refused(content.getvalue(), table, "table.ods") == len(table)


_MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    '<manifest:file-entry manifest:full-path="/" manifest:media-type='
    '"application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>'
)
_SPACE = "urn:oasis:names:tc:opendocument:xmlns"


def _ods(rows: Sequence[Sequence[Any]]) -> str:
    lines = "".join(
        f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows
    )
    return (
        f'<office:document-content xmlns:office="{_SPACE}:office:1.0"'
        f' xmlns:table="{_SPACE}:table:1.0" xmlns:text="{_SPACE}:text:1.0"><office:body>'
        f'<office:spreadsheet><table:table table:name="A">{lines}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )


def _ods_cell(value: Any) -> str:
    if isinstance(value, datetime.date):
        kind = f'office:value-type="date" office:date-value="{value}"'
    elif isinstance(value, int):
        kind = f'office:value-type="float" office:value="{value}"'
    else:
        kind = 'office:value-type="string"'
    words = "".join(f"<text:p>{escape(one)}</text:p>" for one in str(value).split("\n"))
    return f"<table:table-cell {kind}>{words}</table:table-cell>"


@hypothesis.settings(max_examples=40)
@given(tables, st.booleans(), st.sampled_from(["date32", "us", "ns"]))
def test_parquet(table: list[Line], as_float: bool, dates: str) -> None:
    """With the kinds that pandas and polars write."""
    kinds: dict[str, Any] = {
        "date32": pyarrow.date32(),
        "us": pyarrow.timestamp("us"),
        "ns": pyarrow.timestamp("ns"),
    }
    columns = list(zip(*_typed(table), strict=True))
    whole = pyarrow.float64() if as_float else pyarrow.int64()
    types = [whole, pyarrow.string(), whole, pyarrow.string(), pyarrow.string(), whole]
    days = [pyarrow.date32()] * 2
    arrays: list[Any] = [
        pyarrow.array(column, kind) for column, kind in zip(columns, [*types, *days], strict=True)
    ]
    arrays[-2:] = [one.cast(kinds[dates]) for one in arrays[-2:]]
    content = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_arrays(arrays, names=list(HEADINGS)), content)
    assert _same_or_refused(content.getvalue(), table, "table.parquet") == len(table)


@hypothesis.settings(max_examples=40)
@given(tables, st.booleans(), person_forms, date_forms, st.booleans())
def test_json(
    table: list[Line],
    flat: bool,
    person: Callable[[str], str],
    date: Callable[[datetime.date], str],
    in_lines: bool,
) -> None:
    """In lines or in an array, each record as the document has it or with headings for names."""
    records: list[Any] = []
    for one, texts in zip(table, _texts(table, person, str, date), strict=True):
        records.append(dict(zip(HEADINGS, texts, strict=True)) if flat else one.record())
    lines = b"\n".join(map(orjson.dumps, records))
    content = lines if in_lines else orjson.dumps(records)
    read = _same_or_refused(content, table, "table.json")
    assert flat or read == len(table)
