"""A file to begin with: its headings, its example, and the codes it offers."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from sdir_async.cli.apis import every_version
from sdir_async.cli.examples import example_of, written
from sdir_async.cli.fields import Field

from .conftest import COURSE, COURSES, ORGANIZATION, PERSONS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sdir_async.description import Description
    from sdir_async.sandbox import SandboxThread

    from .conftest import Done

WITH_UPLOADS = [version for version in every_version() if "create" in version.batches]


@pytest.mark.parametrize("version", WITH_UPLOADS, ids=lambda version: version.name)
@pytest.mark.parametrize("language", ["en", "nb"])
@pytest.mark.parametrize("name", ["t.csv", "t.xlsx"])
def test_a_template_can_be_uploaded_as_it_is(
    sdir: Callable[..., Done], tmp_path: Path, version: Description, language: str, name: str
) -> None:
    """Its headings are understood in both languages, and its example is a note, not a record."""
    what = (version.api, "--version", version.version)
    assert sdir("template", *what, "--output", name, "--language", language).code == 0
    done = sdir("upload", *what, name, "--dry-run", "--json")
    assert (done.code, done.end["accepted"], done.end["rejected"]) == (0, 0, 0)
    notes = [event["message"] for event in done.events if event["event"] == "note"]
    assert notes == ["The example in row 2 is not sent."]


@pytest.mark.parametrize("name", ["t.csv", "t.xlsx"])
def test_the_example_is_a_row_that_would_be_taken(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path, name: str
) -> None:
    """Without the mark in its last cell it is a record like others; its person is synthetic."""
    sdir("template", *COURSE, "--output", name)
    _change_last_cell(tmp_path / name, person=PERSONS[1], mark="")
    assert sdir("upload", *COURSE, name).code == 0
    (record,) = sandbox.records(COURSES)
    assert record["personalIdentityNumber"] == PERSONS[1]
    assert record["organizationNumber"] == ORGANIZATION


@pytest.mark.parametrize(
    ("name", "about"), [("t.csv", "t.txt explains"), ("t.xlsx", "second sheet")]
)
def test_a_template_that_was_written_is_said(
    sdir: Callable[..., Done], name: str, about: str
) -> None:
    """With what explains its columns, and not on standard output: that is for tables."""
    done = sdir("template", *COURSE, "--output", name)
    assert done.err.startswith(f"Wrote {name}. ")
    assert about in done.err
    assert done.out == ""
    assert sdir("template", *COURSE, "--output", f"n-{name}", "--language", "nb").err.startswith(
        "Skrev "
    )


def test_an_example_that_was_written_over_is_asked_about(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """It is rejected and never left out: a person may have meant it, and forgotten its mark."""
    sdir("template", *COURSE, "--output", "t.csv")
    _change_last_cell(tmp_path / "t.csv", person=PERSONS[1], mark="example")
    done = sdir("upload", *COURSE, "t.csv")
    assert done.code == 1
    assert "marked as an example: empty its cell below 'sdir: example" in done.out
    assert sandbox.records(COURSES) == []


def _change_last_cell(path: Path, *, person: str, mark: str) -> None:
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        row: Any = book.worksheets[0][2]
        row[0].value, row[-1].value = person, mark or None
        book.save(path)
        return
    heading, example = csv.reader(path.read_text("utf-8-sig").splitlines(), delimiter=";")
    changed = [person, *example[1:-1], mark]
    path.write_text("\n".join(";".join(one) for one in (heading, changed)), "utf-8-sig")


def test_a_workbook_offers_the_codes_of_sdir(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """In each column of codes; another code can be typed, since the list grows."""
    assert sdir("template", *COURSE, "--output", "t.xlsx", "--codes").code == 0
    rows, _, codes = openpyxl.load_workbook(tmp_path / "t.xlsx").worksheets
    (choice,) = rows.data_validations.dataValidation
    letter = next(cell.column_letter for cell in rows[1] if cell.value == "courseCode")
    assert str(choice.sqref).startswith(f"{letter}2:{letter}")
    assert (choice.type, choice.errorStyle) == ("list", "warning")
    assert choice.formula1 == "'Codes'!$A$2:$A$2"
    assert codes["A2"].value == "HSCLC"


def test_a_norwegian_template_has_norwegian_headings(
    sdir: Callable[..., Done], tmp_path: Path
) -> None:
    """Those of the document, and its explanations too."""
    sdir("template", *COURSE, "--output", "t.csv", "--language", "nb")
    heading = (tmp_path / "t.csv").read_text("utf-8-sig").splitlines()[0]
    assert heading.startswith("Fødselsnummer;Dato;Organisasjonsnummer;Kurskode;")
    assert "Når kurset ble bestått." in (tmp_path / "t.txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("field", "example"),
    [
        (Field(("a",), format="date"), "31.05.2024"),
        (Field(("a",), format="date-time", example="2025-03-24T18:32:25+00:00"), "24.03.2025"),
        (Field(("a",), format="imo-number", digits=7), "9074729"),
        (Field(("a",), digits=4), "1234"),
        (Field(("a",), frozenset({"boolean"}), example=True), "ja"),
        (Field(("a",), frozenset({"integer"}), example=3), "3"),
        (Field(("a",)), ""),
        (Field(("a",), frozenset({"object"}), example={"b": 1}), ""),
    ],
)
def test_an_example_is_written_as_a_person_writes_it(field: Field, example: str) -> None:
    """That of the document where it has one, else one of the format, else nothing."""
    assert written(example_of(field)) == example
