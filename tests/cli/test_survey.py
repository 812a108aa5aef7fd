"""What is said about all records of an input together, before any is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from sdir_async.cli import survey as module
from sdir_async.cli.apis import find_version
from sdir_async.cli.job import Reading, open_jobs
from sdir_async.cli.survey import Survey, survey

from .conftest import ORGANIZATION, PERSONS

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

HEADING = "personalIdentityNumber;completedAt;organizationNumber;courseCode"
HOW = Reading(find_version("course", "v1"), "create", {})


def _survey(path: Path, rows: list[str]) -> Survey:
    path.write_text("\n".join([HEADING, *rows]), encoding="utf-8")
    (job,) = open_jobs(str(path), HOW)
    fields = HOW.fields()
    try:
        return survey(job, Survey(fields, fields.of_format("organization-number")))
    finally:
        job.close()


def _row(code: str) -> str:
    return f"{PERSONS[0]};31.05.2024;{ORGANIZATION};{code}"


def test_records_are_counted_and_organisations_collected(tmp_path: Path) -> None:
    """Different valid rows give a count and counts per organisation, and no remark."""
    found = _survey(tmp_path / "a.csv", [_row("A"), _row("B")])
    assert (found.count, list(found.remarks())) == (2, [])
    assert found.values == {"organizationNumber": {ORGANIZATION: 2}}


@given(st.lists(st.sampled_from("ABCDE"), max_size=30), st.integers(1, 10))
def test_rows_that_come_again_are_said_however_they_are_sorted(
    codes: list[str], parts: int
) -> None:
    """All of them, with the lines of the first ones; refused rows are not among them."""
    import tempfile
    from pathlib import Path
    from unittest.mock import patch

    with tempfile.TemporaryDirectory() as folder, patch.object(module, "_PARTS", parts):
        found = _survey(Path(folder, "a.csv"), [_row(code) for code in codes] + ["x", "x"])
        remarks = list(found.remarks())
    again = [at + 2 for at, code in enumerate(codes) if code in codes[:at]]
    if not again:
        assert remarks == []
        return
    more = f" and {len(again) - 3} more" if len(again) > 3 else ""
    lines = f"line{'s' if len(again) > 1 else ''} {', '.join(map(str, again[:3]))}{more}"
    assert remarks == [f"The same row comes again in {lines}; each of them counts."]


def test_what_stands_before_a_fault_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The upload says what the fault is when it comes to it."""
    monkeypatch.setattr("sdir_async.cli.inputs.delimited._LARGEST_CELL", 1000)
    found = _survey(tmp_path / "a.csv", [_row("A"), _row("A"), '"' + "x" * 2000])
    assert found.count == 2


def test_dates_that_no_report_has_are_said(tmp_path: Path) -> None:
    """A year with a slip of the finger is valid, and would be saved."""
    years = ("2024", "1924", "2124", "2099")
    found = _survey(tmp_path / "a.csv", [_row("A").replace("2024", year) for year in years])
    said = "completedAt is in the future, or more than 80 years ago, in lines 3, 4, 5."
    assert list(found.remarks()) == [said]
