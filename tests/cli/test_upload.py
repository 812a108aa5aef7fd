"""The command as a process, with the files that people have."""

from __future__ import annotations

import csv
import datetime
import gzip
import io
import os
import stat
from typing import TYPE_CHECKING, Any

import openpyxl
import orjson
import pytest

from sdir_async.sandbox import Fault

from .conftest import COURSE, COURSES, ORGANIZATION, PERSONS, codes_in, course, lines_of

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from sdir_async.sandbox import SandboxThread

    from .conftest import Done

ZERO = "01819000049"
"""A synthetic person number that begins with a zero."""

COMPETENCES = (
    "Fødselsnummer;Fornavn;Etternavn;Organisasjonsnr.;Fullført;Kode;Kallesignal",
    f"{PERSONS[0]};Åse;Nordmann;991 825 827;31.05.2024;BS0;LA8PV",
    f"{PERSONS[1]};Bjørn;Ødegård;991825827;2024-06-01;BS0;LA8PV",
)
MAPPING = """\
# how our export calls them
Fødselsnummer = person.id
Fornavn = person.firstName
Etternavn = person.lastName
Organisasjonsnr. = organization.organisationNumber
Fullført = competence.completionDate
Kode = competence.competenceCode
Kallesignal = vessel.callsign
"""


def _workbook(path: Path, *rows: tuple[Any, ...]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def test_the_charset_is_shown_with_a_word_of_the_user(
    sdir: Callable[..., Done], tmp_path: Path
) -> None:
    """Not with one of the reasons that the command wrote into a file of rejected rows."""
    row = f"{PERSONS[0]};2024-05-31;{ORGANIZATION};A"
    rows = [f"{row};;2;er ikke et gyldig fødselsnummer", f"{row};Åse;3;å"]
    fields = "personalIdentityNumber;completedAt;organizationNumber;courseCode"
    heading = f"{fields};navn;sdir: line;sdir: hvorfor den ble avvist"
    text = "\r\n".join([heading, *rows, ""])
    (tmp_path / "a.csv").write_bytes(text.encode("cp1252"))
    done = sdir("upload", *COURSE, "a.csv", "--skip-unknown", "--dry-run", "--no-codes")
    assert "read as windows-1252: line 3 says 'Åse' then" in done.out + done.err


def test_a_csv_file_of_a_norwegian_excel_is_uploaded(
    command: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """Semicolons, Windows-1252, Norwegian headings and dates, a number with spaces."""
    (tmp_path / "kurs.csv").write_bytes("\r\n".join([*COMPETENCES, ""]).encode("cp1252"))
    (tmp_path / "mapping.txt").write_text(MAPPING, encoding="utf-8")
    done = command(
        "upload",
        "additional-competence",
        "kurs.csv",
        "--version",
        "v1",
        "--map-file",
        "mapping.txt",
    )
    assert done.code == 0
    assert "read as windows-1252: line 2 says 'Åse' then" in done.err
    assert "kurs.csv: 2 accepted" in done.out
    first, second = sandbox.records("additionalcompetence/v1/additionalcompetence")
    assert first["person"]["firstName"] == "Åse"
    assert first["competence"]["completionDate"] == "2024-05-31"
    assert first["organization"]["organisationNumber"] == ORGANIZATION
    assert second["person"]["lastName"] == "Ødegård"
    assert PERSONS[0] not in done.out


def test_a_workbook_with_dates_and_numbers_is_uploaded(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """The zero that Excel drops from a person number comes back, and that is said."""
    _workbook(
        tmp_path / "kurs.xlsx",
        ("personalIdentityNumber", "completed at", "Organization Number", "COURSE_CODE"),
        (int(ZERO), datetime.datetime(2024, 5, 31), int(ORGANIZATION), "A"),
        (float(PERSONS[0]), datetime.datetime(2024, 5, 31, 14, 30), ORGANIZATION, 7),
        (int(PERSONS[1]), 45443, ORGANIZATION, "C"),
        (None, None, None, None),
        (int(PERSONS[1]), "i går", ORGANIZATION, "D"),
    )
    done = sdir("upload", *COURSE, "kurs.xlsx")
    assert done.code == 1
    assert "personalIdentityNumber: a leading zero was lost and is put back (line 2)." in done.out
    assert [
        (one["personalIdentityNumber"], one["completedAt"], one["courseCode"])
        for one in sandbox.records(COURSES)
    ] == [
        (ZERO, "2024-05-31T00:00:00+00:00", "A"),
        (PERSONS[0], "2024-05-31T14:30:00+02:00", "7"),
        (PERSONS[1], "2024-05-31T00:00:00+00:00", "C"),
    ]
    rejected = openpyxl.load_workbook(tmp_path / "kurs.rejected.xlsx").worksheets[0]
    heading, row = rejected.iter_rows(values_only=True)
    assert heading[:2] == ("personalIdentityNumber", "completed at")
    assert row[:5] == (int(PERSONS[1]), "i går", ORGANIZATION, "D", 6)


def test_what_a_spreadsheet_holds_besides_its_rows_is_said(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """Other sheets with such rows, a column without a heading, and formulas that failed."""
    headings = ("personalIdentityNumber", "completedAt", None, "organizationNumber", "courseCode")
    day = datetime.datetime(2024, 5, 31)
    book = openpyxl.Workbook()
    for name in ("Vår", "Høst", "Merknader"):
        sheet = book.create_sheet(name)
        if name != "Merknader":
            sheet.append(headings)
        sheet.append((int(PERSONS[0]), day, "Åse", ORGANIZATION, "A"))
        sheet.append((int(PERSONS[1]), day, None, ORGANIZATION, "#N/A"))
    book.save(tmp_path / "kurs.xlsx")
    done = sdir("upload", *COURSE, "kurs.xlsx")
    assert (done.code, sandbox.requests) == (2, [])
    assert "has 2 sheets with such columns: 'Vår', 'Høst'. Choose one with --sheet" in done.err
    done = sdir("upload", *COURSE, "kurs.xlsx", "--sheet", "Vår")
    assert done.code == 1
    assert "Column 3: it has no heading, and is not sent (line 2)." in done.out
    assert "courseCode: is what Excel shows where a formula failed" in done.out
    assert codes_in(sandbox) == ["A"]


def test_all_sheets_are_uploaded_if_wanted(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """Each is an input of its own, with its journal and its rejected rows; hidden ones are not."""
    headings = ("personalIdentityNumber", "completedAt", "organizationNumber", "courseCode")
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name in ("Jan", "Feb/Mar".replace("/", "-"), "Gammel", "Veiledning"):
        sheet = book.create_sheet(name)
        sheet.append(headings if name != "Veiledning" else ("Slik gjør du",))
        sheet.append((PERSONS[0], datetime.datetime(2024, 5, 31), ORGANIZATION, name[:3]))
        sheet.append((PERSONS[1], "i går", ORGANIZATION, name[:3]))
    book["Gammel"].sheet_state = "hidden"
    book.save(tmp_path / "kurs.xlsx")
    done = sdir("upload", *COURSE, "kurs.xlsx", "--all-sheets")
    assert done.code == 1
    assert "kurs.xlsx, sheet 'Jan': 1 accepted" in done.out
    assert codes_in(sandbox) == ["Feb", "Jan"]
    assert {name for name in os.listdir() if "rejected" in name} == {
        "kurs.Jan.rejected.xlsx",
        "kurs.Feb-Mar.rejected.xlsx",
    }
    assert sum(name.endswith(".journal") for name in os.listdir()) == 2


def test_several_sheets_are_a_question_in_a_terminal(
    sdir: Callable[..., Done],
    sandbox: SandboxThread,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The answer is a number, or all of them; anything else sends nothing."""
    headings = ("personalIdentityNumber", "completedAt", "organizationNumber", "courseCode")
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name in ("Jan", "Feb"):
        sheet = book.create_sheet(name)
        sheet.append(headings)
        sheet.append((PERSONS[0], datetime.datetime(2024, 5, 31), ORGANIZATION, name))
    book.save(tmp_path / "kurs.xlsx")
    for answer, code, codes in (
        ("x\n", 2, []),
        ("2\n", 0, ["Feb"]),
        ("a\n", 0, ["Feb"] * 2 + ["Jan"]),
    ):
        terminal = io.StringIO(answer)
        monkeypatch.setattr(terminal, "isatty", lambda: True)
        monkeypatch.setattr("sys.stdin", terminal)
        done = sdir("upload", *COURSE, "kurs.xlsx", "--no-journal")
        assert (done.code, codes_in(sandbox)) == (code, codes)
        assert "  2  Feb" in done.err


def test_a_parquet_file_is_uploaded(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """Its columns may lie inside one another, and have types."""
    pyarrow = pytest.importorskip("pyarrow", reason="Parquet is an extra.")
    from pyarrow import parquet

    made = datetime.datetime(2024, 5, 31, 12, tzinfo=datetime.UTC)
    rows = [course(at) | {"completedAt": made} for at in range(2500)]
    rows[7]["courseCode"] = ""
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "courses.parquet")
    done = sdir("upload", *COURSE, "courses.parquet", "--json")
    assert done.code == 1
    assert (done.end["accepted"], done.end["rejected"]) == (2499, 1)
    assert len(sandbox.records(COURSES)) == 2499
    (again,) = parquet.read_table(tmp_path / "courses.rejected.parquet").to_pylist()
    assert (again["completedAt"], again["sdir: line"]) == (made, 8)


def test_standard_input_is_uploaded(command: Callable[..., Done], sandbox: SandboxThread) -> None:
    """Also compressed; it has no journal, and its rejected lines go into the current folder."""
    given = gzip.compress(lines_of([course(1), course(2, courseCode=""), course(3)]))
    done = command("upload", *COURSE, "-", given=given)
    assert done.code == 1
    assert "standard input: 2 accepted  1 rejected" in done.out
    assert codes_in(sandbox) == ["C1", "C3"]
    assert sorted(os.listdir()) == ["standard-input.rejected.jsonl"]


@pytest.mark.skipif(not os.path.exists("/dev/fd"), reason="The system has no such files.")
def test_a_pipe_with_a_name_is_as_standard_input(
    process: Callable[..., subprocess.Popen[bytes]], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """Nothing is written beside it, and production is not asked for: it can be read only once."""
    for arguments, code in (((), 1), (("-e", "production"), 2)):
        reading, writing = os.pipe()
        os.write(writing, lines_of([course(1), course(2, courseCode="")]))
        os.close(writing)
        started = process("upload", *COURSE, f"/dev/fd/{reading}", *arguments, pass_fds=[reading])
        os.close(reading)
        with started:
            _, err = started.communicate(timeout=60)
        assert started.returncode == code
    assert b"Add --yes to upload to production" in err
    assert len(sandbox.records(COURSES)) == 1
    assert os.listdir() == ["standard-input.rejected.jsonl"]


def test_names_in_json_may_be_mapped(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """Also one that is the name of another field; two can't fill the same."""
    record = course(1)
    swapped = {"courseCode": record["organizationNumber"], "kode": record["courseCode"]}
    (tmp_path / "a.json").write_bytes(orjson.dumps([{**record, **swapped}]))
    arguments = ("upload", *COURSE, "a.json", "--map", "courseCode=organizationNumber")
    done = sdir(*arguments, "--map", "kode=courseCode")
    assert (done.code, sandbox.requests) == (2, [])
    assert "'organizationNumber' and 'courseCode' are the same field" in done.err
    done = sdir(*arguments, "--map", "kode=courseCode", "--map", "organizationNumber=")
    assert (done.code, sandbox.records(COURSES)[0]["courseCode"]) == (0, "C1")
    done = sdir("upload", *COURSE, "a.json", "--map", "kode=cuorseCode")
    assert done.code == 2
    assert "--map: 'cuorseCode' matches no field (closest: courseCode)." in done.err


def test_a_field_that_an_object_has_twice_is_rejected(
    sdir: Callable[..., Done], tmp_path: Path
) -> None:
    """Under its dotted name and in an object: neither of the two values is chosen."""
    other = {"person": {"firstName": "Kari"}}
    twice = {"person.firstName": "Åse", **other}
    (tmp_path / "a.jsonl").write_bytes(lines_of([other, twice]))
    done = sdir("upload", "seagoing", "a.jsonl", "--dry-run", "--json")
    (rejected,) = (one for one in done.events if one["event"] == "rejected" and one["line"] == 2)
    said = [one["message"] for one in rejected["reasons"] if one["field"] == "person.firstName"]
    assert said == ["is the same field as 'person.firstName'"]


@pytest.mark.parametrize("shape", ["array", "pretty", "flat", "snake"])
def test_json_of_many_shapes_is_uploaded(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path, shape: str
) -> None:
    """An array in one line or many, and objects whose names are spelled differently."""
    record = course(1)
    snake = {
        "personal_identity_number": int(ZERO),
        "completed_at": "31.05.2024",
        "organization_number": int(ORGANIZATION),
        "Course Code": "C1",
    }
    content = {
        "array": orjson.dumps([record]),
        "pretty": orjson.dumps([record], option=orjson.OPT_INDENT_2),
        "flat": orjson.dumps(record),
        "snake": b"\xef\xbb\xbf" + orjson.dumps(snake) + b"\n\n" + orjson.dumps(course(2)),
    }[shape]
    (tmp_path / "input").write_bytes(content)
    done = sdir("upload", *COURSE, "input")
    assert done.code == 0, done
    assert codes_in(sandbox)[0] == "C1"


def test_rejected_rows_are_corrected_and_uploaded_again(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """The file has the rows as they stood, the reasons, and mode 0600."""
    rows = ['"41814061034";2024-05-31;991825827;"A;B"', f"{PERSONS[0]};2024-05-31;991825827;B"]
    heading = "personalIdentityNumber;completedAt;organizationNumber;courseCode"
    (tmp_path / "courses.csv").write_text("\r\n".join([heading, *rows]), newline="")
    assert sdir("upload", *COURSE, "courses.csv").code == 1
    rejected = tmp_path / "courses.rejected.csv"
    assert stat.S_IMODE(rejected.stat().st_mode) == 0o600
    content = rejected.read_text()
    (found,) = csv.DictReader(io.StringIO(content), delimiter=";")
    assert list(found)[:4] == heading.split(";")
    assert found["courseCode"] == "A;B"
    assert found["sdir: line"] == "2"
    assert "not a valid person number" in found["sdir: why it was rejected"]
    rejected.write_text(content.replace("41814061034", PERSONS[1]))
    done = sdir("upload", *COURSE, rejected)
    assert (done.code, codes_in(sandbox)) == (0, ["A;B", "B"])


def test_corrections_are_never_overwritten(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """A file of rejected rows that a person has changed stays; an unchanged one is renewed.

    Without its lines nobody knows which rows it has, so the rows go beside it.
    """
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(1, courseCode="")]))
    for _ in range(2):
        assert sdir("upload", *COURSE, "a.jsonl").code == 1
        assert len(list(tmp_path.glob("a.rejected*"))) == 1
    rejected = tmp_path / "a.rejected.jsonl"
    rejected.write_bytes(lines_of([course(1, courseCode="NOW")]))
    done = sdir("upload", *COURSE, "a.jsonl")
    assert "Correct the rows in a.rejected-2.jsonl and upload" in done.out
    assert "a.rejected.jsonl was changed since it was written, and is kept." in done.out
    assert b"NOW" in rejected.read_bytes()


def test_the_same_command_again_sends_nothing_twice(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """The journal lies beside the input."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(at) for at in range(20)]))
    assert sdir("upload", *COURSE, "a.jsonl").code == 0
    (journal,) = tmp_path.glob("a.jsonl.course-v1-create-127.0.0.1-*.journal")
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    done = sdir("upload", *COURSE, "a.jsonl")
    assert done.code == 0
    assert "20 of them were accepted in an earlier run" in done.out
    assert len(sandbox.records(COURSES)) == 20


def test_memory_stays_flat(
    process: Callable[..., subprocess.Popen[bytes]], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """However long the input is: four times as many records need hardly more."""
    peaks = []
    for count in (5_000, 20_000):
        with (tmp_path / f"{count}.jsonl").open("wb") as file:
            for start in range(0, count, 1000):
                file.write(lines_of([course(start + at) for at in range(1000)]))
        options = ("--no-journal", "--concurrency", "2")
        with process("upload", *COURSE, f"{count}.jsonl", *options) as started:
            _, status, usage = os.wait4(started.pid, 0)
            started.returncode = os.waitstatus_to_exitcode(status)
        assert started.returncode == 0
        peaks.append(usage.ru_maxrss)
    assert peaks[1] - peaks[0] < 8_000  # KiB; the larger file alone has 2,600


def test_several_files_are_uploaded_one_after_another(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """The exit code says the worst of them."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(1)]))
    (tmp_path / "b.jsonl").write_bytes(lines_of([course(2), course(3, courseCode="")]))
    done = sdir("upload", *COURSE, "a.jsonl", "b.jsonl")
    assert done.code == 1
    assert codes_in(sandbox) == ["C1", "C2"]


def test_a_dry_run_sends_nothing(
    sdir: Callable[..., Done],
    sandbox: SandboxThread,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It needs no key either, and leaves no files."""
    monkeypatch.delenv("SDIR_API_KEY")
    (tmp_path / "a.jsonl").write_bytes(
        lines_of([course(1), course(2, courseCode="")]) + b"{broken\n"
    )
    done = sdir("upload", *COURSE, "a.jsonl", "--dry-run")
    assert (done.code, done.err) == (1, "")
    assert "1 valid  2 rejected  nothing was sent" in done.out
    assert sandbox.requests == []
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


def test_validating_saves_nothing(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """Sdir is asked, and no journal is needed."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(1)]))
    assert sdir("upload", *COURSE, "a.jsonl", "--operation", "validate").code == 0
    assert sandbox.records(COURSES) == []
    assert [request.status for request in sandbox.requests] == [200]
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


def test_production_is_not_reported_to_by_accident(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """Where nobody can be asked it needs --yes."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(1)]))
    done = sdir("upload", *COURSE, "a.jsonl", "-e", "production")
    assert (done.code, sandbox.requests) == (2, [])
    assert "Add --yes to upload to production" in done.err
    assert sdir("upload", *COURSE, "a.jsonl", "-e", "production", "--yes").code == 0
    assert len(sandbox.records(COURSES)) == 1


@pytest.mark.parametrize(("answer", "sent"), [("y\n", 1), ("\n", 0)])
def test_production_is_asked_for_with_the_count_and_the_organisation(
    sdir: Callable[..., Done],
    sandbox: SandboxThread,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    sent: int,
) -> None:
    """And no is the answer that needs no word."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(1), course(2)]))
    terminal = io.StringIO(answer)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    done = sdir("upload", *COURSE, "a.jsonl", "-e", "production")
    assert f"Create 2 records of course v1 for organisation {ORGANIZATION}" in done.err
    assert len(sandbox.records(COURSES)) == 2 * sent


def test_a_lost_answer_is_in_doubt_where_nobody_can_be_asked(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """It says which lines, and exits with 3 or, if it stopped, with 4."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(1), course(2)]))
    sandbox.faults.add(Fault("lost", saves=True))
    done = sdir("upload", *COURSE, "a.jsonl", "--attempts", 1, "--json")
    assert done.code == 3
    assert (done.end["in_doubt"], done.end["doubts"]) == (2, [[1, 2]])
    assert done.end["resume"] == "sdir upload course --version v1 a.jsonl --attempts 1 --json"
    sandbox.faults.clear()
    done = sdir("upload", *COURSE, "a.jsonl")
    assert (done.code, len(sandbox.records(COURSES))) == (0, 2)


def test_a_bad_key_is_said_in_a_line(
    sdir: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key itself is not."""
    monkeypatch.setenv("SDIR_API_KEY", "not-the-key")
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(1)]))
    done = sdir("upload", *COURSE, "a.jsonl")
    assert done.code == 2
    assert "Not complete: an error ended the upload: " in done.out
    assert "not-the-key" not in done.out + done.err


def test_a_deadline_leaves_the_rest_unsent(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """And says so, with the command that continues."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(1)]))
    sandbox.faults.add(Fault("503", retry_after=30))
    done = sdir("upload", *COURSE, "a.jsonl", "--deadline", 0.5)
    assert done.code == 4
    assert "Not sent: line 1" in done.out
    assert "sdir upload course --version v1 a.jsonl --deadline 0.5" in done.out


def test_progress_without_a_terminal_is_lines(
    sandbox: SandboxThread, capsys: pytest.CaptureFixture[str]
) -> None:
    """With counts, rate and what is left."""
    from sdir_async import Snapshot
    from sdir_async.cli.screen import Plain

    class Reader:
        def share(self) -> float:
            return 0.5

    class Job:
        name, reader = "a.csv", Reader()

    screen = Plain(every=0)
    job: Any = Job()
    screen.begin(job)
    screen.progress(Snapshot(1000, 900, 90, 10, 4, 10.0))
    told = capsys.readouterr().err
    assert told == ("a.csv: 900 accepted, 90 rejected, 10 in doubt, 100/s, 50%, about 10 s left\n")
