"""Files as course centres and shipowners have them, each uploaded to a local Sdir.

The files are in `cases/`; all persons in them are synthetic. What is right for each is what its
test says: a value is saved as it was meant, or it is refused with the cell and what to do.
"""

from __future__ import annotations

import csv
import datetime
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import orjson
import pyarrow
import pytest
from pyarrow import parquet

from .conftest import COURSES, ORGANIZATION, PERSONS, course

if TYPE_CHECKING:
    from collections.abc import Callable

    from sdir_async.sandbox import SandboxThread

    from .conftest import Done

CASES = Path(__file__).parent / "cases"
SEAGOING = ("seagoing", "v1", "aps-seagoing/seagoing/v1/servicereport")
COMPETENCE = ("additional-competence", "v1", "additionalcompetence/v1/additionalcompetence")
COURSE = ("course", "v1", COURSES)
DAY = "2024-05-31T00:00:00+00:00"


class Uploaded:
    """What became of a case: how the command ended, what is saved, and what was refused."""

    def __init__(self, done: Done, saved: list[dict[str, Any]], folder: Path, name: str) -> None:
        self.done = done
        self.saved = saved
        self._rejected = folder / f"{Path(name).stem}.rejected.csv"

    def refused(self) -> dict[int, str]:
        """Return why each line was refused, as the file of rejected rows says it."""
        with self._rejected.open(newline="", encoding="utf-8-sig", errors="replace") as file:
            first, *rows = csv.reader(file, delimiter=";")
        line, why = first.index("sdir: line"), first.index("sdir: why it was rejected")
        return {int(row[line]): row[why] for row in rows}

    def values(self, name: str) -> list[Any]:
        """Return what is saved under a dotted name."""
        found: list[Any] = []
        for record in self.saved:
            value: Any = record
            for part in name.split("."):
                value = value[part]
            found.append(value)
        return found


@pytest.fixture
def upload(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> Callable[..., Uploaded]:
    """Upload a case."""

    def run(name: str, *options: str, to: tuple[str, str, str] = COURSE) -> Uploaded:
        shutil.copy(CASES / name, tmp_path / name)
        api, version, path = to
        done = sdir("upload", api, name, "--version", version, *options)
        return Uploaded(done, sandbox.records(path), tmp_path, name)

    return run


def _xlsx(folder: Path, name: str) -> dict[int, str]:
    book = openpyxl.load_workbook(folder / f"{name}.rejected.xlsx")
    first, *rows = book.worksheets[0].iter_rows(values_only=True)
    line, why = first.index("sdir: line"), first.index("sdir: why it was rejected")
    return {int(str(row[line])): str(row[why]) for row in rows}


def test_thousands_are_read_by_the_rule_of_their_column(upload: Callable[..., Uploaded]) -> None:
    """One value fits neither rule beside the others, and is refused; none is saved as 1."""
    done = upload("s03_thousands.csv", to=SEAGOING)
    assert done.values("activity.hours") == [1000, 2000, 1600, 12000, 1000, 1000, 1000, 1234567]
    (why,) = done.refused().values()
    assert 'G4, "activity.hours": 1,000: could be 1 or 1000' in why
    assert "--decimal" in why


def test_what_separates_decimals_can_be_said(upload: Callable[..., Uploaded]) -> None:
    """With `--decimal ,`, `1.000` is one thousand, `1,000` is one and `1.600,00` is 1600."""
    done = upload("s03_thousands.csv", "--decimal", ",", to=SEAGOING)
    assert done.values("activity.hours")[:4] == [1000, 2000, 1, 1600]


def test_a_zero_is_no_person_and_no_organisation(upload: Callable[..., Uploaded]) -> None:
    """A person number and an organisation number of 0 are both refused, with the likely cause."""
    done = upload("z01_zero.csv")
    assert done.saved == []
    assert done.refused()[2].count("is 0, which a look-up of an empty cell gives") == 2


def test_what_excel_has_rounded_is_refused(upload: Callable[..., Uploaded], tmp_path: Path) -> None:
    """No row is saved whose number Excel rounded, and each reason says that Excel did it."""
    done = upload("x30_scientific.xlsx")
    assert done.saved == []
    for why in _xlsx(tmp_path, "x30_scientific").values():
        assert "was rounded by Excel" in why


def test_the_number_of_a_day_is_a_date_where_the_column_has_dates(
    upload: Callable[..., Uploaded], tmp_path: Path
) -> None:
    """A time without a date is refused, and so is a number that is not a day."""
    done = upload("x17_serials.xlsx")
    assert done.values("completedAt") == [
        *(DAY, "2024-05-31T14:30:00+02:00", "2024-05-31T14:30:00+02:00", DAY, DAY, DAY),
    ]
    refused = _xlsx(tmp_path, "x17_serials")
    assert list(refused) == [7, 8]
    assert all('"completedAt"' in why and "31.05.2024" in why for why in refused.values())


def test_the_number_of_a_day_is_refused_where_nothing_says_that_it_is_a_date(
    upload: Callable[..., Uploaded],
) -> None:
    """With the date that it would be."""
    done = upload("r08_serial_point0.csv")
    assert done.saved == []
    assert "in Excel it would be the date 31.05.2024" in done.refused()[2]


def test_only_the_visible_sheet_is_sent(upload: Callable[..., Uploaded]) -> None:
    """The first sheet is hidden, so only the three rows of the visible sheet are saved."""
    assert upload("x06_hidden_first_sheet.xlsx").values("completedAt") == [DAY] * 3


def test_hidden_rows_are_said_before_anything_is_sent(upload: Callable[..., Uploaded]) -> None:
    """Hidden rows are sent, but a message counts them and names `--visible-rows`."""
    done = upload("x15_filtered_hidden_row.xlsx")
    assert "Hidden rows of sheet 'Sheet' are sent too: 3; leave them out" in done.done.err
    assert len(done.saved) == 3


def test_hidden_rows_are_left_out_if_wanted(upload: Callable[..., Uploaded]) -> None:
    """With `--visible-rows`, only the two visible persons are saved."""
    done = upload("x15_filtered_hidden_row.xlsx", "--visible-rows")
    assert done.values("personalIdentityNumber") == ["08907406696", "27885628279"]


def test_rows_that_a_quote_swallowed_are_refused(upload: Callable[..., Uploaded]) -> None:
    """With the line where the quote was opened."""
    done = upload("n03_swallowed_rows.csv", to=COMPETENCE)
    assert done.done.code == 1
    assert done.values("vessel.name") == ["Polarlys"] * 3
    assert "a quote was opened in line 2" in done.done.out
    assert "19827800689" not in done.done.out


def test_a_charset_of_dos_is_read(upload: Callable[..., Uploaded]) -> None:
    """A name is shown as it will be saved, before it is."""
    done = upload("n08_names_cp850_dos.csv", to=COMPETENCE)
    assert done.values("person.firstName") == ["Bjørn"] * 3
    assert done.values("person.lastName") == ["Sæther"] * 3
    assert done.values("vessel.name") == ["Færøy"] * 3
    assert "The file is read as cp850: line 2 says 'Bjørn' then." in done.done.err


def test_a_charset_can_be_said(upload: Callable[..., Uploaded]) -> None:
    """`--encoding` sets how the text is read; an unknown encoding is named in the message."""
    done = upload("n08_names_cp850_dos.csv", "--encoding", "cp850", to=COMPETENCE)
    assert done.values("person.firstName") == ["Bjørn"] * 3
    done = upload("n08_names_cp850_dos.csv", "--encoding", "klingon", to=COMPETENCE)
    assert "'klingon' is not an encoding" in done.done.err


@pytest.mark.parametrize("name", ["j10_numbers.jsonl", "j11_first_number.jsonl"])
def test_every_object_is_read_alike(upload: Callable[..., Uploaded], name: str) -> None:
    """A whole number is a person number in the first one and in later ones."""
    done = upload(name)
    assert done.done.code == 0
    assert "19827800689" in done.values("personalIdentityNumber")
    assert "05905637950" in done.values("personalIdentityNumber")


def test_unknown_names_are_refused_in_every_object(upload: Callable[..., Uploaded]) -> None:
    """An unknown name rejects its record, also in later lines and inside a nested object."""
    done = upload("j14_extra_later.jsonl")
    assert (done.done.code, len(done.saved)) == (1, 1)
    assert "note: matches no field" in done.done.out
    assert "nested.a: matches no field" in done.done.out


def test_unknown_names_are_left_out_of_every_object_if_wanted(
    upload: Callable[..., Uploaded],
) -> None:
    """With `--skip-unknown`, all three records are saved without the unknown names."""
    done = upload("j14_extra_later.jsonl", "--skip-unknown")
    assert len(done.saved) == 3
    assert not any("note" in record or "nested" in record for record in done.saved)


def test_dates_that_can_be_read_in_one_way_are_read(upload: Callable[..., Uploaded]) -> None:
    """The example for the others is written as the reader writes dates."""
    done = upload("c08_dates.csv")
    assert list(done.refused()) == [11, 12, 13, 14, 27, 28]
    assert all("31.05.2024" in why for why in done.refused().values())
    assert "has its month first" in done.refused()[14]
    saved = done.values("completedAt")
    assert saved[:9] == [DAY] * 9
    assert saved[9:11] == ["2024-05-31T14:30:00+02:00"] * 2
    assert saved[-2:] == ["1900-01-01T00:00:00+00:00", "2124-05-31T00:00:00+00:00"]


def test_person_numbers_are_read_in_every_form(upload: Callable[..., Uploaded]) -> None:
    """And those that are rounded, or that no day begins with, are refused."""
    done = upload("c09_person_forms.csv")
    assert list(done.refused()) == [13, 14, 15, 19, 20, 21]
    assert set(done.values("personalIdentityNumber")) == {"08907406696", "05905637950"}
    assert len(done.saved) == 18


def test_organisation_numbers_are_read_in_every_form(upload: Callable[..., Uploaded]) -> None:
    """Eight written forms give one number; a rounded and an invalid one are refused."""
    done = upload("c10_org_forms.csv")
    assert list(done.refused()) == [10, 11]
    assert done.values("organizationNumber") == [ORGANIZATION] * 8


def test_a_date_before_the_one_it_follows_is_said_before_sending(
    upload: Callable[..., Uploaded],
) -> None:
    """If the sign-off date is before the sign-on date, a warning names both and the line."""
    done = upload("s02_signoff_before_signon.csv", to=SEAGOING)
    assert "activity.signOffDate is before activity.signOnDate in line 2." in done.done.err


def test_the_same_row_twice_is_said_before_sending(upload: Callable[..., Uploaded]) -> None:
    """A row that repeats an earlier one is reported with its line."""
    done = upload("d01_dup_rows.csv")
    assert "The same row comes again in line 3" in done.done.err


@pytest.mark.parametrize(
    ("name", "row"),
    [("c12_title_rows.csv", 3), ("x03_title_rows.xlsx", 4), ("x04_merged_header.xlsx", 2)],
)
def test_headings_below_a_title_are_found(
    upload: Callable[..., Uploaded], name: str, row: int
) -> None:
    """Headings below a title are used, and a message says which row they are in."""
    done = upload(name)
    assert len(done.saved) == 3
    assert f"The headings are in row {row}" in done.done.err


def test_the_row_of_the_headings_can_be_said(upload: Callable[..., Uploaded]) -> None:
    """`--header-row` sets the row; an empty row or a title row there is reported."""
    assert len(upload("c12_title_rows.csv", "--header-row", "3").saved) == 3
    done = upload("c12_title_rows.csv", "--header-row", "2")
    assert "row 2, which --header-row names, is empty" in done.done.err
    done = upload("c12_title_rows.csv", "--header-row", "1")
    assert "Column 'Kursrapport mai 2024' matches no field" in done.done.err


def test_the_advice_for_a_heading_works_when_it_is_pasted(
    upload: Callable[..., Uploaded], sandbox: SandboxThread
) -> None:
    """Whatever signs of no width and accents of its own it has in the file."""
    first = upload("c18_nfd.csv")
    assert first.done.code == 2
    (advice,) = [part for part in shlex.split(first.done.err.replace("'", '"')) if "=FIELD" in part]
    done = upload("c18_nfd.csv", "--map", advice.replace("FIELD", "organizationNumber"))
    assert len(done.saved) == 3


def test_headings_with_line_breaks_and_units_are_understood(
    upload: Callable[..., Uploaded],
) -> None:
    """Norwegian ones too: the document says which field they are."""
    assert upload("x13_heading_linebreak.xlsx").values("completedAt") == [DAY] * 3


def test_a_formula_that_was_never_calculated_is_refused(
    upload: Callable[..., Uploaded], tmp_path: Path
) -> None:
    """Nothing is saved; the reason names the cell and says to save the file in Excel."""
    done = upload("x11_formula_uncached.xlsx")
    assert done.saved == []
    (first, *_) = _xlsx(tmp_path, "x11_formula_uncached").values()
    assert 'B2, "completedAt"' in first
    assert first.count("never calculated; open the file in Excel and save it") == 2


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("x20_old.xls", 0),
        ("x21.ods", 3),
        ("c32_zst.csv.zst", 3),
        ("r01_empty_fill.xlsx", 3),
        ("q02_pandas_ns.parquet", 3),
        ("w01_datetime_windows.csv", 1),
    ],
)
def test_every_kind_of_file_is_read(upload: Callable[..., Uploaded], name: str, count: int) -> None:
    """Each file gives exit code 0 and all of its rows are saved; the XLS has only headings."""
    done = upload(name)
    assert (done.done.code, len(done.saved)) == (0, count)


def _workbook(path: Path, *rows: tuple[object, ...], change: Callable[[Any], None]) -> None:
    """Write a workbook of courses."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (("Fødselsnummer", "Kurskode", "Organisasjonsnummer", "completedAt"), *rows):
        sheet.append(list(row))
    change(sheet)
    book.save(path)


def test_a_value_of_merged_cells_is_that_of_the_first(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """The others are refused: an optional field would be missing, and nobody would know."""
    rows = [(PERSONS[0], "HSCLC", ORGANIZATION, "31.05.2024")] * 3
    _workbook(tmp_path / "a.xlsx", *rows, change=lambda sheet: sheet.merge_cells("B2:B3"))
    assert sdir("upload", "course", "a.xlsx", "--version", "v1").code == 1
    assert len(sandbox.records(COURSES)) == 2
    (why,) = _xlsx(tmp_path, "a").values()
    assert 'B3, "Kurskode": #MERGED: is merged with another cell; unmerge the cells' in why


def test_hidden_columns_are_said_before_anything_is_sent(
    sdir: Callable[..., Done], tmp_path: Path
) -> None:
    """They are sent, since nothing says that they are not meant."""

    def hide(sheet: Any) -> None:
        sheet.column_dimensions["B"].hidden = True

    row = PERSONS[0], "HSCLC", ORGANIZATION, "31.05.2024"
    _workbook(tmp_path / "a.xlsx", row, change=hide)
    done = sdir("upload", "course", "a.xlsx", "--version", "v1")
    assert "Hidden columns of sheet 'Sheet' are sent too: Kurskode." in done.err


def test_dates_that_excel_has_swapped_are_not_sent(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """It made 5 June of `05/06/2024`, which was in May, and left `05/31/2024` as it was.

    What is above the first text is refused, too: the whole column is looked at before.
    """
    days = datetime.datetime(2024, 6, 5), "05/31/2024", datetime.datetime(2024, 6, 30)
    rows = [(PERSONS[0], "HSCLC", ORGANIZATION, day) for day in days]
    _workbook(tmp_path / "a.xlsx", *rows, change=lambda _: None)
    assert sdir("upload", "course", "a.xlsx", "--version", "v1").code == 1
    refused = _xlsx(tmp_path, "a")
    assert list(refused) == [2, 3]
    assert all("Excel may have swapped days and months" in why for why in refused.values())
    (saved,) = sandbox.records(COURSES)
    assert saved["completedAt"] == "2024-06-30T00:00:00+00:00"
    assert sdir("upload", "course", "a.xlsx", "--version", "v1", "--dates", "mdy").code == 0


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_a_name_that_comes_twice_in_an_object_is_refused(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path, name: str, *, is_first: bool
) -> None:
    """Wherever the object stands. Some parsers keep the first value; what was rejected has both."""
    twice = orjson.dumps(course()).replace(b'"courseCode"', b'"courseCode":"OTHER","courseCode"')
    whole, between = (b"[%s]", b",") if name == "a.json" else (b"%s", b"\n")
    both = [twice, orjson.dumps(course(1))]
    (tmp_path / name).write_bytes(whole % between.join(both if is_first else both[::-1]))
    done = sdir("upload", "course", name, "--version", "v1")
    assert (done.code, len(sandbox.records(COURSES))) == (1, 1)
    assert "courseCode (2): is the same field as 'courseCode'" in done.out
    rejected = (tmp_path / name.replace(".", ".rejected.")).read_text()
    assert "OTHER" in rejected
    assert "C0" in rejected


def test_columns_of_lists_and_of_short_floats_are_refused(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """A float of 32 bits has 7 digits: a number of 9 in it is another one, which may be valid."""
    table = {
        "Fødselsnummer": pyarrow.array(PERSONS[:1]),
        "Kurskode": pyarrow.array([["HSCLC"]]),
        "Organisasjonsnummer": pyarrow.array([991825827.0], pyarrow.float32()),
        "completedAt": pyarrow.array(["2024-05-31"]),
    }
    parquet.write_table(pyarrow.table(table), tmp_path / "a.parquet")
    done = sdir("upload", "course", "a.parquet", "--version", "v1")
    assert (done.code, sandbox.records(COURSES)) == (1, [])
    assert "is a number of 32 bits, which lost its last digits" in done.out
    table["Organisasjonsnummer"] = pyarrow.array([ORGANIZATION])
    parquet.write_table(pyarrow.table(table), tmp_path / "b.parquet")
    assert "Kurskode: must be text" in sdir("upload", "course", "b.parquet", "--version", "v1").out


def test_what_is_odd_about_values_is_said_before_anything_is_sent(
    sdir: Callable[..., Done], tmp_path: Path
) -> None:
    """Once there, and once in the summary."""
    (tmp_path / "a.csv").write_text(
        "Fødselsnummer;Kurskode;Organisasjonsnummer;completedAt\n"
        f"8907406696;HSCLC;{ORGANIZATION};31.05.2024\n"
    )
    done = sdir("upload", "course", "a.csv", "--version", "v1")
    said = "Fødselsnummer: a leading zero was lost and is put back (line 2)."
    assert (done.err.count(said), done.out.count(said)) == (1, 1)


def test_a_workbook_with_a_password_is_named_as_such(upload: Callable[..., Uploaded]) -> None:
    """A protected workbook gives exit code 2 and a message that mentions the password."""
    done = upload("x23_password.xlsx")
    assert done.done.code == 2
    assert "is protected by a password" in done.done.err


def test_norwegian_times_are_known_where_the_system_knows_none(
    settings: dict[str, str], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """As on Windows: they come with the command."""
    shutil.copy(CASES / "w01_datetime_windows.csv", tmp_path)
    code, _ = _run(tmp_path, "w01_datetime_windows.csv", PYTHONTZPATH="")
    assert code == 0
    assert sandbox.records(COURSES)[0]["completedAt"] == "2024-05-31T14:30:00+02:00"


def test_a_name_that_the_console_lacks_ends_nothing(
    settings: dict[str, str], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """It is shown with an escape."""
    shutil.copy(CASES / "w02_lodz.csv", tmp_path / "Łódź.csv")
    code, said = _run(tmp_path, "Łódź.csv", PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
    assert code == 0
    assert b"\\u0141\xf3d\\u017a.csv: 2 accepted" in said
    assert len(sandbox.records(COURSES)) == 2


def _run(folder: Path, name: str, **environment: str) -> tuple[int, bytes]:
    import os

    done = subprocess.run(
        [sys.executable, "-m", "sdir_async.cli", "upload", "course", name, "--version", "v1"],
        env={**os.environ, **environment},
        cwd=folder,
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout
