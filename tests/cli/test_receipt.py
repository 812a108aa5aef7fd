"""A receipt says for each row what became of it, which identifier Sdir gave it, and when."""

from __future__ import annotations

import csv
import datetime
import io
import stat
from typing import TYPE_CHECKING, Any

import openpyxl
import orjson
import pytest

from sdir_async.cli.receipt import ReceiptRow, _write_csv, _write_xlsx
from sdir_async.sandbox import Fault

from .conftest import COURSE, COURSES, course, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sdir_async.sandbox import SandboxThread

    from .conftest import Done


def _uids(sandbox: SandboxThread) -> dict[str, str]:
    return {record["courseCode"]: record["uid"] for record in sandbox.records(COURSES)}


def _rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a receipt of any format; what is empty is `None`."""
    if path.suffix == ".jsonl":
        return [orjson.loads(line) for line in path.read_bytes().splitlines()]
    if path.suffix == ".xlsx":
        rows = openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)
        headings = [str(one) for one in next(rows)]
        return [dict(zip(headings, row, strict=True)) for row in rows]
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file, delimiter=";"))
    return [{**row, "line": int(row["line"]), "uid": row["uid"] or None} for row in found]


@pytest.mark.parametrize("format_", ["csv", "xlsx", "jsonl"])
def test_each_row_has_its_state_and_identifier(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path, format_: str
) -> None:
    """In the order of the input, with the time in local time, and mode 0600."""
    given = [course(1), course(2, courseCode=""), course(3)]
    (tmp_path / "a.jsonl").write_bytes(lines_of(given))
    done = sdir("upload", *COURSE, "a.jsonl", "--receipt", format_)
    receipt = tmp_path / f"a.receipt.{format_}"
    assert f"The receipt is in {receipt.name}." in done.out
    rows = _rows(receipt)
    uids = _uids(sandbox)
    assert [(row["line"], row["state"], row["uid"]) for row in rows] == [
        (1, "accepted", uids["C1"]),
        (2, "rejected", None),
        (3, "accepted", uids["C3"]),
    ]
    answered = datetime.datetime.fromisoformat(rows[0]["time"])
    assert answered.utcoffset() is not None
    assert abs(answered - datetime.datetime.now(datetime.UTC)) < datetime.timedelta(hours=1)
    assert stat.S_IMODE(receipt.stat().st_mode) == 0o600


def test_a_receipt_is_whole_after_an_upload_that_went_on(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """Rows of the earlier run have their identifiers, also where rows were added before them."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(1), course(2)]))
    assert sdir("upload", *COURSE, "a.jsonl", "--receipt", "jsonl").code == 0
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(3), course(1), course(2)]))
    assert sdir("upload", *COURSE, "a.jsonl", "--receipt", "jsonl").code == 0
    uids = _uids(sandbox)
    rows = _rows(tmp_path / "a.receipt.jsonl")
    assert [row["uid"] for row in rows] == [uids["C3"], uids["C1"], uids["C2"]]
    assert not list(tmp_path.glob("a.receipt-2*"))


@pytest.mark.parametrize("format_", ["csv", "xlsx", "jsonl"])
def test_the_receipt_of_another_night_is_kept(
    sdir: Callable[..., Done], tmp_path: Path, format_: str
) -> None:
    """It has identifiers that the new one has not: the new one goes beside it."""
    for night in range(2):
        (tmp_path / "a.jsonl").write_bytes(lines_of([course(night)]))
        assert sdir("upload", *COURSE, "a.jsonl", "--receipt", format_).code == 0
    (first,) = _rows(tmp_path / f"a.receipt.{format_}")
    (second,) = _rows(tmp_path / f"a.receipt-2.{format_}")
    assert first["uid"] != second["uid"]


def test_a_file_that_is_no_receipt_is_kept(sdir: Callable[..., Done], tmp_path: Path) -> None:
    """Whatever it is."""
    (tmp_path / "a.receipt.csv").write_bytes(b"mine")
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(1)]))
    assert sdir("upload", *COURSE, "a.jsonl", "--receipt", "csv").code == 0
    assert (tmp_path / "a.receipt.csv").read_bytes() == b"mine"
    assert len(_rows(tmp_path / "a.receipt-2.csv")) == 1


def test_a_corrected_row_has_the_identifier_of_its_correction(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """The original says at its line what its correction was saved as."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(1, courseCode=""), course(2)]))
    assert sdir("upload", *COURSE, "a.jsonl").code == 1
    rejected = tmp_path / "a.rejected.jsonl"
    text = rejected.read_text(encoding="utf-8").replace('"courseCode":""', '"courseCode":"C1"')
    rejected.write_text(text, encoding="utf-8")
    assert sdir("upload", *COURSE, rejected).code == 0
    assert sdir("upload", *COURSE, "a.jsonl", "--receipt", "jsonl").code == 0
    uids = _uids(sandbox)
    rows = _rows(tmp_path / "a.receipt.jsonl")
    assert [(row["line"], row["state"], row["uid"]) for row in rows] == [
        (1, "corrected", uids["C1"]),
        (2, "accepted", uids["C2"]),
    ]


def test_events_carry_time_run_and_identifiers(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """A program needs no file to know which identifier each line has."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(1), course(2, courseCode="")]))
    events = sdir("upload", *COURSE, "a.jsonl", "--json").events
    assert len({event["run"] for event in events}) == 1
    assert all(datetime.datetime.fromisoformat(event["time"]).tzinfo for event in events)
    ((row,),) = (event["rows"] for event in events if event["event"] == "saved")
    assert (row["line"], row["uid"]) == (1, _uids(sandbox)["C1"])


def test_a_dry_run_saves_nothing_and_says_so(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """No event reports saved rows, whether a row is valid or not."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(1), course(2, courseCode="")]))
    done = sdir("upload", *COURSE, "a.jsonl", "--dry-run", "--json")
    assert (done.code, len(sandbox.records(COURSES))) == (1, 0)
    assert [event["event"] for event in done.events] == ["rejected", "end"]
    assert (done.end["saves"], done.end["accepted"], done.end["rejected"]) == (False, 1, 1)


def test_a_validated_row_is_valid_and_not_accepted(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """It is not saved, and has no identifier."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(1), course(2, courseCode="")]))
    command = ("upload", *COURSE, "a.jsonl", "-o", "validate", "--receipt", "jsonl", "--json")
    done = sdir(*command)
    assert (done.code, done.end["saves"], len(sandbox.records(COURSES))) == (1, False, 0)
    assert "saved" not in [event["event"] for event in done.events]
    rows = _rows(tmp_path / "a.receipt.jsonl")
    assert [(row["state"], row["uid"]) for row in rows] == [("valid", None), ("rejected", None)]


def test_the_report_has_the_identifiers(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """Beside the line and the time; a lost answer leaves one unknown."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(1)]))
    assert sdir("upload", *COURSE, "a.jsonl", "--report", "r.html").code == 0
    assert _uids(sandbox)["C1"] in (tmp_path / "r.html").read_text(encoding="utf-8")
    sandbox.faults.add(Fault("lost", saves=True, count=1))
    (tmp_path / "b.jsonl").write_bytes(lines_of([course(2)]))
    arguments = ("--receipt", "csv", "--report", "r.html")
    assert sdir("upload", *COURSE, "b.jsonl", *arguments).code == 0
    assert "not known: its answer was lost" in (tmp_path / "r.html").read_text(encoding="utf-8")
    (row,) = _rows(tmp_path / "b.receipt.csv")
    assert (row["state"], row["uid"]) == ("accepted", None)
    assert row["note"] == "Sdir has it, but its identifier is not known: see `sdir list`"


def test_a_receipt_that_cannot_be_written_is_said(
    sdir: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The upload is complete; the exit code says that an output is missing."""
    from sdir_async.cli import uploading
    from sdir_async.cli.trouble import Exit, Trouble

    def fail(*_: object) -> None:
        raise Trouble("a.receipt.csv: can't be written: no room.", Exit.NOT_WRITTEN)

    monkeypatch.setattr(uploading, "write_receipt", fail)
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(1)]))
    done = sdir("upload", *COURSE, "a.jsonl", "--receipt", "csv")
    assert done.code == 5
    assert "The receipt was not written: a.receipt.csv" in done.out


def test_standard_input_has_a_receipt(
    command: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """In the current folder; no journal is needed for it."""
    done = command("upload", *COURSE, "-", "--receipt", "csv", given=lines_of([course(1)]))
    assert done.code == 0
    (row,) = _rows(tmp_path / "standard-input.receipt.csv")
    assert row["uid"] == _uids(sandbox)["C1"]


def test_an_identifier_is_never_a_formula() -> None:
    """A server chooses it; a spreadsheet shows it as it is."""
    rows = [ReceiptRow(2, "accepted", "=HYPERLINK(A1)", None)]
    written = io.BytesIO()
    _write_csv(rows, written, ";")
    assert "2;accepted;'=HYPERLINK(A1);" in written.getvalue().decode("utf-8-sig")
    written = io.BytesIO()
    _write_xlsx(rows, written, "")
    (_, row) = openpyxl.load_workbook(written).worksheets[0].iter_rows()
    assert (row[2].value, row[2].data_type) == ("=HYPERLINK(A1)", "s")
