"""A file under a fixed name: another one every night, one that grows, one that is corrected."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from sdir_async.cli import uploading
from sdir_async.cli.uploading import screen_of
from sdir_async.sandbox import Fault

from .conftest import (
    COURSE,
    COURSES,
    ORGANIZATION,
    PERSONS,
    an_hour_passes,
    codes_in,
    course,
    lines_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sdir_async.sandbox import SandboxThread

    from .conftest import Done, Watch

HEADING = "personalIdentityNumber;completedAt;organizationNumber;courseCode"


def _jsonl(path: Path, *numbers: int, **changes: Any) -> None:
    path.write_bytes(lines_of([course(number, **changes) for number in numbers]))


def _csv(path: Path, *codes: str, person: str = PERSONS[0]) -> None:
    rows = [f"{person};2024-05-31;{ORGANIZATION};{code}" for code in codes]
    path.write_text("\n".join([HEADING, *rows, ""]), encoding="utf-8")


def _answer(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    terminal = io.StringIO("".join(f"{answer}\n" for answer in answers))
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)


@pytest.fixture
def broken_off(
    sdir: Callable[..., Done], watch: Watch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Last night's upload: of 40 rows, 20 were accepted when the deadline passed."""
    _jsonl(tmp_path / "a.jsonl", *range(40))
    watch(lambda seen: an_hour_passes(monkeypatch) if seen.accepted == 20 else None)
    done = sdir("upload", *COURSE, "a.jsonl", *SMALL, "--deadline", 600, "--json")
    monkeypatch.setattr(uploading, "screen_of", screen_of)
    assert (done.code, done.end["accepted"], done.end["unsent"] > 0) == (4, 20, True)


SMALL = ("--chunk-size", 10, "--concurrency", 1)


def test_another_file_every_night(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """Each is uploaded with the same command, and no row is reported as in doubt."""
    for night in range(3):
        _jsonl(tmp_path / "a.jsonl", *range(night * 10, night * 10 + 10))
        done = sdir("upload", *COURSE, "a.jsonl", "--json")
        assert (done.code, done.end["accepted"], done.end["earlier"]) == (0, 10, 0)
        assert done.end["in_doubt"] == 0
    assert len(sandbox.records(COURSES)) == 30


def test_the_rejected_rows_of_every_night_have_one_file(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """It is written again once its rows are corrected and accepted; before, the new go beside."""
    files = []
    for night in range(3):
        _jsonl(tmp_path / "a.jsonl", night, courseCode="")
        assert sdir("upload", *COURSE, "a.jsonl").code == 1
        files.append(len(list(tmp_path.glob("a.rejected*.jsonl"))))
        if night == 0:
            _jsonl(tmp_path / "a.rejected.jsonl", night, **{"sdir: line": 1})
            assert sdir("upload", *COURSE, "a.rejected.jsonl").code == 0
    assert files == [1, 1, 2]
    assert b'"sdir: line":1' in (tmp_path / "a.rejected.jsonl").read_bytes()
    assert codes_in(sandbox) == ["C0"]


def test_a_file_that_only_grows(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """The upload continues after what was sent, at whichever end the new rows are."""
    for numbers in (range(10), range(15), [*range(20, 25), *range(15)]):
        _jsonl(tmp_path / "a.jsonl", *numbers)
        assert sdir("upload", *COURSE, "a.jsonl").code == 0
        assert codes_in(sandbox) == sorted(f"C{number}" for number in numbers)


@pytest.mark.parametrize("order", ["reversed", "columns"])
def test_rows_are_known_however_they_are_sorted(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path, order: str
) -> None:
    """Neither the order of rows nor that of columns makes another row of one."""
    _csv(tmp_path / "a.csv", "A", "B", "C")
    assert sdir("upload", *COURSE, "a.csv").code == 0
    if order == "reversed":
        _csv(tmp_path / "a.csv", "C", "B", "A")
    else:
        lines = (tmp_path / "a.csv").read_text(encoding="utf-8").split()
        turned = [";".join(reversed(line.split(";"))) for line in lines]
        (tmp_path / "a.csv").write_text("\n".join(turned), encoding="utf-8")
    done = sdir("upload", *COURSE, "a.csv", "--json")
    assert (done.code, done.end["earlier"], codes_in(sandbox)) == (0, 3, ["A", "B", "C"])


def test_equal_rows_are_as_many_as_they_are(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """A row that is there twice is sent twice; the third one is sent when it comes."""
    for count in (2, 3, 3):
        _csv(tmp_path / "a.csv", *["A"] * count)
        assert sdir("upload", *COURSE, "a.csv").code == 0
        assert codes_in(sandbox) == ["A"] * count


def test_the_corrected_original_sends_what_was_rejected(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """What was accepted is not sent again; what is still wrong is rejected with its reason."""
    _csv(tmp_path / "a.csv", "A", "", "C", "")
    assert sdir("upload", *COURSE, "a.csv").code == 1
    _csv(tmp_path / "a.csv", "A", "B", "C", "")
    done = sdir("upload", *COURSE, "a.csv")
    assert (done.code, codes_in(sandbox)) == (1, ["A", "B", "C"])
    assert "3 accepted  1 rejected" in done.out
    assert "2 of them were accepted in an earlier run" in done.out
    _csv(tmp_path / "a.csv", "A", "B", "C", "D")
    assert (sdir("upload", *COURSE, "a.csv").code, codes_in(sandbox)) == (0, ["A", "B", "C", "D"])


def _correct(rejected: Path, *codes: str) -> None:
    """Put codes into the rows of a file of rejected rows, one after another."""
    heading, *rows = rejected.read_text(encoding="utf-8").splitlines()
    given = iter(codes)
    corrected = [";".join([*row.split(";")[:3], next(given), *row.split(";")[4:]]) for row in rows]
    rejected.write_text("\n".join([heading, *corrected, ""]), encoding="utf-8")


def test_the_original_after_its_corrected_rejected_rows(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """The rows that were corrected elsewhere are left out: nobody is told to correct them again."""
    _csv(tmp_path / "a.csv", "A", "", "C", "")
    assert sdir("upload", *COURSE, "a.csv").code == 1
    _correct(tmp_path / "a.rejected.csv", "B", "D")
    done = sdir("upload", *COURSE, "a.rejected.csv")
    assert (done.code, codes_in(sandbox)) == (0, ["A", "B", "C", "D"])
    done = sdir("upload", *COURSE, "a.csv")
    assert (done.code, len(sandbox.records(COURSES))) == (0, 4)
    assert "2 rows were corrected and accepted in an earlier run, and left out now." in done.out
    assert "Correct the rows" not in done.out
    _csv(tmp_path / "a.csv", "A", "B", "C", "D")
    done = sdir("upload", *COURSE, "a.csv")
    assert (done.code, len(sandbox.records(COURSES))) == (0, 4)


def test_a_second_correction_counts_for_the_original(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """Of two corrections one is still wrong; corrected again, nothing is left to correct."""
    _csv(tmp_path / "a.csv", "A", "", "")
    assert sdir("upload", *COURSE, "a.csv").code == 1
    _correct(tmp_path / "a.rejected.csv", "B", "C" * 200)
    assert sdir("upload", *COURSE, "a.rejected.csv").code == 1
    done = sdir("upload", *COURSE, "a.csv")
    assert (done.code, done.out.count("1 rejected")) == (1, 1)
    _correct(tmp_path / "a.rejected.rejected.csv", "C")
    assert sdir("upload", *COURSE, "a.rejected.rejected.csv").code == 0
    done = sdir("upload", *COURSE, "a.csv")
    assert (done.code, codes_in(sandbox)) == (0, ["A", "B", "C"])
    assert "left out now" in done.out


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(f";{old};") == 1
    file.write_text(text.replace(f";{old};", f";{new};"), encoding="utf-8")


@pytest.mark.parametrize("left", ["32.01.2024", "33.01.2024"], ids=["as it was", "wrong again"])
def test_a_row_in_two_files_of_rejected_rows_is_saved_once(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path, left: str
) -> None:
    """Corrected in one of them, it is refused in the other where it says something else."""
    dates = zip(PERSONS, ("31.01.20244", "32.01.2024"), strict=True)
    rows = [f"{person};{date};{ORGANIZATION};A" for person, date in dates]
    (tmp_path / "a.csv").write_text("\n".join([HEADING, *rows, ""]), encoding="utf-8")
    assert sdir("upload", *COURSE, "a.csv").code == 1
    first, second = tmp_path / "a.rejected.csv", tmp_path / "a.rejected.rejected.csv"
    _replace(first, "31.01.20244", "31.01.2024")
    _replace(first, "32.01.2024", left)
    assert sdir("upload", *COURSE, first).code == 1
    _replace(first, left, "01.02.2024")
    assert sdir("upload", *COURSE, first).code == 0
    _replace(second, left, "02.02.2024")
    done = sdir("upload", *COURSE, second)
    assert (done.code, len(sandbox.records(COURSES))) == (2, 2)
    assert "line 2 was accepted before and has changed since" in done.err
    _replace(second, "02.02.2024", "01.02.2024")
    assert (sdir("upload", *COURSE, second).code, len(sandbox.records(COURSES))) == (0, 2)
    assert (sdir("upload", *COURSE, "a.csv").code, len(sandbox.records(COURSES))) == (0, 2)


def test_a_copy_of_rejected_rows_is_refused(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """Nothing tells which rows it corrects, so a second correction of one would be saved, too."""
    _csv(tmp_path / "a.csv", "A", "")
    assert sdir("upload", *COURSE, "a.csv").code == 1
    rejected, copy = tmp_path / "a.rejected.csv", tmp_path / "a.rejected - Kopi.csv"
    copy.write_bytes(rejected.read_bytes())
    _correct(rejected, "B")
    assert sdir("upload", *COURSE, rejected).code == 0
    _correct(copy, "C")
    done = sdir("upload", *COURSE, copy)
    assert (done.code, codes_in(sandbox)) == (2, ["A", "B"])
    assert "save it under that one's name (a.rejected.csv)" in done.err
    lines = copy.read_text(encoding="utf-8-sig").splitlines()
    rows = [";".join(line.split(";")[:4]) for line in lines]
    (tmp_path / "new.csv").write_text("\n".join([*rows, ""]), encoding="utf-8")
    assert (sdir("upload", *COURSE, "new.csv").code, codes_in(sandbox)) == (0, ["A", "B", "C"])


def test_the_input_again_before_its_corrections_were_uploaded(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """There is no second file of the same rows; one of other rows is said beside the first."""
    _csv(tmp_path / "a.csv", "A", "", "")
    assert sdir("upload", *COURSE, "a.csv").code == 1
    rejected = tmp_path / "a.rejected.csv"
    _correct(rejected, "B", "C")
    done = sdir("upload", *COURSE, "a.csv")
    assert done.out.splitlines()[-1].startswith(
        "a.rejected.csv was changed since it was written. Upload"
    )
    assert list(tmp_path.glob("a.rejected*")) == [rejected]
    with (tmp_path / "a.csv").open("a", encoding="utf-8") as file:
        file.write(f"{PERSONS[0]};09.09.2024;{ORGANIZATION};\n")
    done = sdir("upload", *COURSE, "a.csv")
    first, second = done.out.splitlines()[-2:]
    assert first.startswith("Correct the rows in a.rejected-2.csv and upload")
    assert second.startswith("a.rejected.csv was changed since it was written, and is kept.")
    assert sdir("upload", *COURSE, rejected).code == 0
    assert codes_in(sandbox) == ["A", "B", "C"]


def test_the_input_again_after_some_of_its_corrections_were_rejected(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """What is left to correct is in one file, and that one is named."""
    _csv(tmp_path / "a.csv", "A" * 21, "B" * 21, "C" * 21)
    assert sdir("upload", *COURSE, "a.csv").code == 1
    _correct(tmp_path / "a.rejected.csv", "A", "B" * 21, "C" * 22)
    assert sdir("upload", *COURSE, "a.rejected.csv").code == 1
    left = tmp_path / "a.rejected.rejected.csv"
    done = sdir("upload", *COURSE, "a.csv")
    assert "Correct the rows in a.rejected.rejected.csv and upload that file" in done.out
    assert sorted(tmp_path.glob("a.rejected*.csv")) == [tmp_path / "a.rejected.csv", left]
    _correct(left, "B", "C")
    assert sdir("upload", *COURSE, left).code == 0
    assert (sdir("upload", *COURSE, "a.csv").code, codes_in(sandbox)) == (0, ["A", "B", "C"])


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_a_copy_of_rejected_objects_is_refused(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path, name: str
) -> None:
    """The line that each came from marks them, in the middle of other records, too."""
    (tmp_path / name).write_bytes(orjson.dumps([course(1), course(2, courseCode="")]))
    if name == "a.jsonl":
        (tmp_path / name).write_bytes(lines_of([course(1), course(2, courseCode="")]))
    assert sdir("upload", *COURSE, name).code == 1
    rejected = tmp_path / name.replace(".", ".rejected.")
    copy = rejected.read_bytes().replace(b'"courseCode":""', b'"courseCode":"C"')
    copy = copy.replace(b'"courseCode": ""', b'"courseCode": "C"')
    if name == "a.jsonl":
        copy = lines_of([course(7)]) + copy
    (tmp_path / f"copy-{name}").write_bytes(copy)
    done = sdir("upload", *COURSE, f"copy-{name}")
    assert (done.code, codes_in(sandbox)) == (2, ["C1"])
    assert f"save it under that one's name ({rejected.name})" in done.err
    rejected.write_bytes(copy)
    assert sdir("upload", *COURSE, rejected).code == 0


@pytest.mark.parametrize("format_", ["csv", "jsonl"])
def test_rejected_rows_that_were_not_corrected(
    sdir: Callable[..., Done], tmp_path: Path, format_: str
) -> None:
    """Nobody gets another file of them: the rows are to be corrected where they stand."""
    _csv(tmp_path / "a.csv", "A", "B" * 200, "")
    _jsonl(tmp_path / "a.jsonl", 1, completedAt="31.02.2024")
    assert sdir("upload", *COURSE, f"a.{format_}").code == 1
    rejected = tmp_path / f"a.rejected.{format_}"
    was = rejected.read_bytes()
    for _ in range(2):
        done = sdir("upload", *COURSE, rejected)
        assert done.code == 1
        assert f"No row of {rejected} was corrected. Correct the rows there, save the" in done.out
    assert rejected.read_bytes() == was
    assert not (tmp_path / f"a.rejected.rejected.{format_}").exists()


def test_rejected_rows_of_an_upload_that_is_not_finished_wait(
    sdir: Callable[..., Done], watch: Watch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """They would be refused now, so the advice is to finish the upload first."""
    _jsonl(tmp_path / "a.jsonl", *range(20))
    with (tmp_path / "a.jsonl").open("ab") as file:
        file.write(lines_of([course(20, courseCode=""), *map(course, range(21, 60))]))
    watch(lambda seen: an_hour_passes(monkeypatch) if seen.rejected else None)
    done = sdir("upload", *COURSE, "a.jsonl", *SMALL, "--deadline", 600)
    monkeypatch.setattr(uploading, "screen_of", screen_of)
    assert done.code == 4
    assert "Correct the rows" not in done.out
    assert "are in a.rejected.jsonl: finish the upload first." in done.out
    assert sdir("upload", *COURSE, "a.rejected.jsonl").code == 2
    done = sdir("upload", *COURSE, "a.jsonl")
    assert (done.code, "Correct the rows in a.rejected.jsonl" in done.out) == (1, True)


def test_an_upload_that_stopped_at_a_rejected_row_goes_on_when_it_is_corrected(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """The advice is to correct it in the input: there it does not stop the upload again."""
    codes = [f"A{at}" for at in range(30)]
    codes[4] = ""
    _csv(tmp_path / "a.csv", *codes)
    done = sdir("upload", *COURSE, "a.csv", *SMALL, "--stop-on-rejected")
    assert done.code == 4
    assert "Correct the rejected rows in a.csv itself.\nTo continue, run the same" in done.out
    codes[4] = "A4"
    _csv(tmp_path / "a.csv", *codes)
    assert sdir("upload", *COURSE, "a.csv", *SMALL, "--stop-on-rejected").code == 0
    assert codes_in(sandbox) == sorted(codes)


@pytest.mark.parametrize("format_", ["jsonl", "json"])
def test_corrected_objects_count_for_the_original(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path, format_: str
) -> None:
    """As for rows of a table."""
    given = [course(1), course(2, courseCode="")]
    content = lines_of(given) if format_ == "jsonl" else orjson.dumps(given)
    (tmp_path / f"a.{format_}").write_bytes(content)
    assert sdir("upload", *COURSE, f"a.{format_}").code == 1
    rejected = tmp_path / f"a.rejected.{format_}"
    text = rejected.read_text(encoding="utf-8")
    rejected.write_text(
        text.replace('"courseCode":""', '"courseCode":"C2"').replace(
            '"courseCode": ""', '"courseCode": "C2"'
        ),
        encoding="utf-8",
    )
    assert sdir("upload", *COURSE, rejected).code == 0
    done = sdir("upload", *COURSE, f"a.{format_}")
    assert (done.code, codes_in(sandbox)) == (0, ["C1", "C2"])


def test_a_bad_row_of_another_night_is_not_taken_for_the_corrected_one(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """It stands at the same line, but it is another row."""
    _csv(tmp_path / "a.csv", "A", "")
    sdir("upload", *COURSE, "a.csv")
    _correct(tmp_path / "a.rejected.csv", "B")
    assert sdir("upload", *COURSE, "a.rejected.csv").code == 0
    _csv(tmp_path / "a.csv", "E", "", person=PERSONS[1])
    done = sdir("upload", *COURSE, "a.csv")
    assert (done.code, codes_in(sandbox)) == (1, ["A", "B", "E"])
    assert "1 accepted  1 rejected" in done.out


@pytest.mark.usefixtures("broken_off")
def test_an_unfinished_upload_goes_on_with_a_file_that_grew(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """A row before the place where it broke off may have been corrected, too."""
    _jsonl(tmp_path / "a.jsonl", *range(60))
    done = sdir("upload", *COURSE, "a.jsonl", "--json")
    assert (done.code, done.end["accepted"], done.end["earlier"]) == (0, 60, 20)
    assert codes_in(sandbox) == sorted(f"C{number}" for number in range(60))
    status = sdir("status", *tmp_path.glob("*.journal"), "--json").events[-1]
    assert (status["accepted"], status["earlier"]["uploads"], status["complete"]) == (60, 0, True)


@pytest.mark.usefixtures("broken_off")
def test_another_file_after_an_unfinished_upload_is_refused(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """Its rest would be lost without a word; --force says that it may be."""
    _jsonl(tmp_path / "a.jsonl", *range(100, 120))
    requests = len(sandbox.requests)
    done = sdir("upload", *COURSE, "a.jsonl")
    assert (done.code, len(sandbox.requests)) == (2, requests)
    assert "The upload of a.jsonl on 20" in done.err
    assert "was not finished, and this file does not continue it" in done.err
    assert "20 rows were accepted, 20 were rejected or not sent." in done.err
    assert "in doubt" not in done.err
    done = sdir("upload", *COURSE, "a.jsonl", "--force", "--json")
    assert (done.code, done.end["accepted"], done.end["in_doubt"]) == (0, 20, 0)
    status = sdir("status", *tmp_path.glob("*.journal")).out
    assert status.splitlines()[-1] == "earlier: 1 upload, 20 accepted"
    assert sdir("upload", *COURSE, "a.jsonl").code == 0
    _jsonl(tmp_path / "a.jsonl", *range(200, 210))
    assert sdir("upload", *COURSE, "a.jsonl").code == 0
    assert len(sandbox.records(COURSES)) == 50


@pytest.mark.usefixtures("broken_off")
def test_the_earlier_file_finishes_an_unfinished_upload(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """What the refusal advises helps: then the other file goes, too."""
    earlier = (tmp_path / "a.jsonl").read_bytes()
    _jsonl(tmp_path / "a.jsonl", *range(100, 120))
    assert sdir("upload", *COURSE, "a.jsonl").code == 2
    (tmp_path / "a.jsonl").write_bytes(earlier)
    assert sdir("upload", *COURSE, "a.jsonl").code == 0
    _jsonl(tmp_path / "a.jsonl", *range(100, 120))
    assert sdir("upload", *COURSE, "a.jsonl").code == 0
    assert len(sandbox.records(COURSES)) == 60


@pytest.mark.usefixtures("broken_off")
@pytest.mark.parametrize(("answer", "code", "saved"), [("", 2, 20), ("n", 2, 20), ("y", 0, 40)])
def test_another_file_after_an_unfinished_upload_is_a_question_in_a_terminal(
    sdir: Callable[..., Done],
    sandbox: SandboxThread,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    code: int,
    saved: int,
) -> None:
    """No is the answer that needs no word."""
    _jsonl(tmp_path / "a.jsonl", *range(100, 120))
    _answer(monkeypatch, answer)
    done = sdir("upload", *COURSE, "a.jsonl")
    assert (done.code, len(sandbox.records(COURSES))) == (code, saved)
    assert "not sent. Upload this file? [y/N]" in done.err


@pytest.mark.usefixtures("broken_off")
def test_a_file_that_breaks_off_is_not_taken_for_another_one(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """The message is about the place where it breaks off; copied completely, it continues."""
    whole = (tmp_path / "a.jsonl").read_bytes()
    rest = whole.replace(b"}\n", b"},").rstrip(b",")
    (tmp_path / "a.jsonl").write_bytes(b"[" + rest[:2000])
    done = sdir("upload", *COURSE, "a.jsonl")
    assert (done.code, len(sandbox.records(COURSES))) == (4, 20)
    assert "was not finished" not in done.out + done.err
    (tmp_path / "a.jsonl").write_bytes(whole)
    assert sdir("upload", *COURSE, "a.jsonl").code == 0
    assert len(sandbox.records(COURSES)) == 40


def test_rows_in_doubt_that_are_not_in_the_file_are_said(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """They may be saved or not: that is for a person to find out."""
    _jsonl(tmp_path / "a.jsonl", 1, 2)
    sandbox.faults.add(Fault("lost", saves=True))
    assert sdir("upload", *COURSE, "a.jsonl", "--attempts", 1).code == 3
    sandbox.faults.clear()
    _jsonl(tmp_path / "a.jsonl", 3, 4)
    done = sdir("upload", *COURSE, "a.jsonl")
    assert (done.code, len(sandbox.records(COURSES))) == (2, 2)
    assert "0 rows were accepted, 2 may or may not be saved." in done.err
    assert sdir("upload", *COURSE, "a.jsonl", "--force").code == 0
    _jsonl(tmp_path / "a.jsonl", 5)
    assert sdir("upload", *COURSE, "a.jsonl").code == 0
    _jsonl(tmp_path / "a.jsonl", 1, 2, 5)
    done = sdir("upload", *COURSE, "a.jsonl")
    assert (done.code, codes_in(sandbox)) == (0, ["C1", "C2", "C3", "C4", "C5"])


def test_an_upload_of_which_nothing_was_saved_holds_nothing_up(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path, monkeypatch: Any
) -> None:
    """With a wrong key, say: its exit code said so, and the next file goes."""
    _jsonl(tmp_path / "a.jsonl", 1)
    with monkeypatch.context() as wrong:
        wrong.setenv("SDIR_API_KEY", "not-the-key")
        assert sdir("upload", *COURSE, "a.jsonl").code == 2
    _jsonl(tmp_path / "a.jsonl", 2)
    assert (sdir("upload", *COURSE, "a.jsonl").code, codes_in(sandbox)) == (0, ["C2"])


def test_a_row_that_changed_after_it_was_accepted_is_not_saved_twice(
    sdir: Callable[..., Done],
    sandbox: SandboxThread,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is said, and needs --force or a yes; a corrected rejected row beside it does not."""
    _csv(tmp_path / "a.csv", "A", "B", "", "D")
    assert sdir("upload", *COURSE, "a.csv").code == 1
    _csv(tmp_path / "a.csv", "A", "B2", "C", "D")
    done = sdir("upload", *COURSE, "a.csv")
    assert (done.code, codes_in(sandbox)) == (2, ["A", "B", "D"])
    assert "line 3 was accepted before and has changed since." in done.err
    _answer(monkeypatch, "n")
    assert sdir("upload", *COURSE, "a.csv").code == 2
    assert sdir("upload", *COURSE, "a.csv", "--force").code == 0
    assert codes_in(sandbox) == ["A", "B", "B2", "C", "D"]


@pytest.mark.parametrize("code", ["A", "D"])
def test_the_first_and_the_last_row_can_have_changed(
    sdir: Callable[..., Done], tmp_path: Path, code: str
) -> None:
    """There is a row on one side only."""
    _csv(tmp_path / "a.csv", "A", "B", "C", "D")
    assert sdir("upload", *COURSE, "a.csv").code == 0
    _csv(tmp_path / "a.csv", *("X" if one == code else one for one in "ABCD"))
    assert sdir("upload", *COURSE, "a.csv").code == 2


def _with_a_settled_row(sdir: Callable[..., Done], tmp_path: Path, where: str) -> None:
    """Upload a file with a rejected row between accepted ones, and its correction."""
    _csv(tmp_path / "a.csv", "A", "", "C")
    assert sdir("upload", *COURSE, "a.csv").code == 1
    if where == "in the rejected file":
        _correct(tmp_path / "a.rejected.csv", "B")
        assert sdir("upload", *COURSE, "a.rejected.csv").code == 0
    else:
        _csv(tmp_path / "a.csv", "A", "B", "C")
        assert sdir("upload", *COURSE, "a.csv").code == 0


@pytest.mark.parametrize("where", ["in the rejected file", "in the input"])
@pytest.mark.parametrize(
    "codes",
    [["X", "", "C"], ["X", "B", "C"], ["A", "", "X"], ["A", "X", "C"], ["X", "Y", "B", "C"]],
)
def test_an_accepted_row_that_changed_beside_a_settled_one_is_refused(
    sdir: Callable[..., Done],
    sandbox: SandboxThread,
    tmp_path: Path,
    where: str,
    codes: list[str],
) -> None:
    """A rejected row that was corrected explains no new row: neither beside it nor in its place."""
    _with_a_settled_row(sdir, tmp_path, where)
    _csv(tmp_path / "a.csv", *codes)
    done = sdir("upload", *COURSE, "a.csv")
    assert (done.code, codes_in(sandbox)) == (2, ["A", "B", "C"])


@pytest.mark.parametrize("codes", ["CXBA", "DXBA", "AXYCD", "XBYCD", "AXCY", "XD"])
def test_new_rows_where_accepted_ones_are_missing_are_refused(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path, codes: str
) -> None:
    """Also if they are not as many, the file is sorted in another way, or it had grown before."""
    for night in ("ABC", "ABCD"):
        _csv(tmp_path / "a.csv", *night)
        assert sdir("upload", *COURSE, "a.csv").code == 0
    _csv(tmp_path / "a.csv", *codes)
    done = sdir("upload", *COURSE, "a.csv")
    assert (done.code, codes_in(sandbox)) == (2, ["A", "B", "C", "D"])


def test_the_only_row_that_was_added_has_changed(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """It was sent on another night than the row before it, at either end of the file."""
    for night in ("BC", "BCD", "ABCD"):
        _csv(tmp_path / "a.csv", *night)
        assert sdir("upload", *COURSE, "a.csv").code == 0
    for night in ("ABCX", "XBCD"):
        _csv(tmp_path / "a.csv", *night)
        assert sdir("upload", *COURSE, "a.csv").code == 2
    assert codes_in(sandbox) == ["A", "B", "C", "D"]


def test_nights_that_have_nothing_in_common_are_not_compared(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """A file that grows is not missing the rows of the file that had its name before."""
    for night in ("AB", "CD", "XCD", "XCDY", "ABZ"):
        _csv(tmp_path / "a.csv", *night)
        assert sdir("upload", *COURSE, "a.csv").code == 0
    assert codes_in(sandbox) == sorted("ABCDXYZ")


def test_a_row_that_was_corrected_in_the_input_is_asked_about_in_the_rejected_file(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """Corrected twice in two ways, it would be saved twice; the same correction is known."""
    _with_a_settled_row(sdir, tmp_path, "in the input")
    _correct(tmp_path / "a.rejected.csv", "X")
    assert sdir("upload", *COURSE, "a.rejected.csv").code == 2
    _correct(tmp_path / "a.rejected.csv", "B")
    assert sdir("upload", *COURSE, "a.rejected.csv").code == 0
    assert codes_in(sandbox) == ["A", "B", "C"]


def test_one_correction_settles_one_row(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """Of two equal rows one was corrected: the other is rejected again, listed, and can be sent."""
    _csv(tmp_path / "a.csv", "", "")
    assert sdir("upload", *COURSE, "a.csv").code == 1
    _correct(tmp_path / "a.rejected.csv", "A", "")
    assert sdir("upload", *COURSE, "a.rejected.csv").code == 1
    done = sdir("upload", *COURSE, "a.csv")
    assert (done.code, codes_in(sandbox)) == (1, ["A"])
    assert "0 accepted  1 rejected" in done.out
    assert "1 row was corrected and accepted in an earlier run, and left out now." in done.out
    assert "Every row is saved" not in done.out
    _correct(tmp_path / "a.rejected.csv", "A", "B")
    done = sdir("upload", *COURSE, "a.rejected.csv")
    assert (done.code, codes_in(sandbox)) == (0, ["A", "B"])
    done = sdir("upload", *COURSE, "a.csv")
    assert (done.code, codes_in(sandbox)) == (0, ["A", "B"])
    assert "2 rows were corrected" in done.out


def test_the_second_of_two_equal_rows_is_corrected_later(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """Both in the file of rejected rows: the first correction is not taken for a changed row."""
    _csv(tmp_path / "a.csv", "", "", "C")
    assert sdir("upload", *COURSE, "a.csv").code == 1
    for corrected, code in ((("A", ""), 1), (("A", "B"), 0)):
        _correct(tmp_path / "a.rejected.csv", *corrected)
        assert sdir("upload", *COURSE, "a.rejected.csv").code == code
    assert codes_in(sandbox) == ["A", "B", "C"]
    _correct(tmp_path / "a.rejected.csv", "A", "B2")
    done = sdir("upload", *COURSE, "a.rejected.csv")
    assert (done.code, codes_in(sandbox)) == (2, ["A", "B", "C"])
    assert "line 3 was accepted before and has changed since." in done.err


def test_the_same_bad_row_of_another_night_is_not_left_out(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """It is rejected and listed, night after night, until it is corrected itself."""
    _csv(tmp_path / "a.csv", "A", "")
    assert sdir("upload", *COURSE, "a.csv").code == 1
    _correct(tmp_path / "a.rejected.csv", "B")
    assert sdir("upload", *COURSE, "a.rejected.csv").code == 0
    (tmp_path / "a.rejected.csv").unlink()
    _csv(tmp_path / "a.csv", "", "E", "F")
    for _ in range(2):
        done = sdir("upload", *COURSE, "a.csv", "--receipt", "csv")
        assert (done.code, codes_in(sandbox)) == (1, ["A", "B", "E", "F"])
        assert "2 accepted  1 rejected" in done.out
        assert "2;rejected;;" in (tmp_path / "a.receipt.csv").read_text(encoding="utf-8-sig")
    _correct(tmp_path / "a.rejected.csv", "D")
    assert sdir("upload", *COURSE, "a.rejected.csv").code == 0
    done = sdir("upload", *COURSE, "a.csv")
    assert (done.code, codes_in(sandbox)) == (0, ["A", "B", "D", "E", "F"])


@pytest.mark.parametrize("codes", ["CDEF", "ABCDE", "EABCD", "AD", "DXYZ", "ABXCD"])
def test_rows_that_come_or_go_have_not_changed(
    sdir: Callable[..., Done], tmp_path: Path, codes: str
) -> None:
    """A window that moves, new rows at either end or between, and rows that were removed."""
    _csv(tmp_path / "a.csv", "A", "B", "C", "D")
    assert sdir("upload", *COURSE, "a.csv").code == 0
    _csv(tmp_path / "a.csv", *codes)
    assert sdir("upload", *COURSE, "a.csv").code == 0


def test_rows_that_were_sent_from_another_file_are_said(
    sdir: Callable[..., Done],
    sandbox: SandboxThread,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before anything is sent, with the name of that file; in a terminal it is a question."""
    _csv(tmp_path / "march.csv", "A", "B")
    _jsonl(tmp_path / "april.jsonl", 1)
    assert sdir("upload", *COURSE, "march.csv").code == 0
    assert sdir("upload", *COURSE, "april.jsonl").code == 0
    _csv(tmp_path / "may.csv", "B", "C", "A")
    _answer(monkeypatch, "")
    done = sdir("upload", *COURSE, "may.csv")
    assert (done.code, len(sandbox.records(COURSES))) == (2, 3)
    assert "may.csv: 2 rows were sent before, from march.csv: lines 2, 4." in done.err
    monkeypatch.undo()


def test_rows_that_were_sent_from_another_file_are_refused_without_a_terminal(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """A copy of a file would be saved twice; --force sends it, and once sent it is known."""
    _csv(tmp_path / "march.csv", "A", "B")
    assert sdir("upload", *COURSE, "march.csv").code == 0
    _csv(tmp_path / "may.csv", "B", "C")
    done = sdir("upload", *COURSE, "may.csv")
    assert (done.code, len(sandbox.records(COURSES))) == (2, 2)
    assert "To send them again, add --force" in done.err
    done = sdir("upload", *COURSE, "may.csv", "--force", "--json")
    assert (done.code, len(sandbox.records(COURSES))) == (0, 4)
    notes = [event["message"] for event in done.events if event["event"] == "note"]
    assert "1 row was sent before, from march.csv: line 2." in notes
    done = sdir("upload", *COURSE, "may.csv")
    assert "sent before" not in done.out + done.err


def test_a_repeated_row_is_a_question_in_a_terminal(
    sdir: Callable[..., Done],
    sandbox: SandboxThread,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two rows are the same; with no, nothing is sent."""
    _csv(tmp_path / "a.csv", "A", "B", "A")
    for answer, code, count in (("n", 2, 0), ("y", 0, 3)):
        _answer(monkeypatch, answer)
        done = sdir("upload", *COURSE, "a.csv")
        assert (done.code, len(sandbox.records(COURSES))) == (code, count)
        assert "The same row comes again in line 4" in done.err


def test_one_command_may_have_a_file_twice(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """The second time its rows are known."""
    _csv(tmp_path / "a.csv", "A", "B")
    done = sdir("upload", *COURSE, "a.csv", "a.csv", "--json")
    assert (done.code, codes_in(sandbox)) == (0, ["A", "B"])
    assert [one["earlier"] for one in done.events if one["event"] == "end"] == [0, 2]


def test_no_file_holds_a_row(
    sdir: Callable[..., Done], tmp_path: Path, sandbox: SandboxThread
) -> None:
    """What is kept beside a file has digests and identifiers, and no value of a row."""
    _csv(tmp_path / "a.csv", "VERYSECRET", "", person=PERSONS[1])
    assert sdir("upload", *COURSE, "a.csv").code == 1
    (journal,) = tmp_path.glob("*.journal")
    content = journal.read_bytes()
    assert b"VERYSECRET" not in content
    assert PERSONS[1].encode() not in content
    assert ORGANIZATION.encode() not in content
