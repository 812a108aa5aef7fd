"""Whatever is given: one clear line, an exit code, and nothing sent or lost."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from .conftest import COURSE, COURSES, ORGANIZATION, PERSONS, codes_in, course, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sdir_async.sandbox import SandboxThread

    from .conftest import Done

HEADING = b"personalIdentityNumber,completedAt,organizationNumber,courseCode\n"
ROW = f"{PERSONS[0]},2024-05-31,{ORGANIZATION},A\n".encode()


def _xlsx(rows: int = 50) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for _ in range(rows):
        book.active.append(["a", "b"])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _zip(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, HEADING + ROW)
    return content.getvalue()


def _one_line(done: Done) -> str:
    assert done.out == ""
    assert done.err.count("\n") == 1, done.err
    assert done.err.startswith("sdir: ")
    assert "Traceback" not in done.err
    assert "fault of ours" not in done.err
    return done.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\r\n \n", "is empty"),
        (bytes(range(256)) * 10, "is not a table or a list of records"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "is not a table or a list of records"),
        (b"\xd0\xcf\x11\xe0" + bytes(100), "save it as .xlsx"),
        (_xlsx()[:2000], "was not copied completely"),
        (b"PK\x03\x04 and no more", "was not copied completely"),
        (_zip("a.csv", "b.csv"), "is a zip file with 2 files in it"),
        (_zip("[Content_Types].xml"), "open it in Excel and save it as .xlsx"),
        (b"\x28\xb5\x2f\xfd and no more", "can't be read"),
        (b"PAR1 and no more", "is not a Parquet file, or was not copied"),
        (gzip.compress(HEADING + ROW, mtime=0)[:20], "can't be read"),
        (b"\x1f\x8b\x08 and no more", "can't be read"),
        (b'{\n  "a": 1\n}', "its first line is not a JSON object"),
        (b"[nonsense", "is not valid JSON"),
        (b"a,b,a\n1,2,3\n", "Two columns have the heading 'a'"),
        (HEADING.replace(b"courseCode", b"coursCode") + ROW, "closest: courseCode"),
        (HEADING.replace(b",courseCode", b"") + ROW, "No column for courseCode"),
        (HEADING[:-1] + b",Course code\n" + ROW, "Two columns fill the field 'courseCode'"),
        (b'{"courseKode": "A"}\n', "'courseKode' matches no field (closest: courseCode"),
        (b"x" * 50_000_000, "line 1: is longer than"),
        (b"\n", "is empty"),
        (b",,,\n1,2,3,4\n", "set the row of the headings with --header-row"),
        (b'"",""\n', "has no headings"),
        (HEADING + b"\x81\x8d,1,2,3\n", "set it with --encoding"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value[:30],
)
def test_what_is_no_input_is_said_in_a_line(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path, content: bytes, said: str
) -> None:
    """Before anything is sent, and with the name of the file."""
    (tmp_path / "input").write_bytes(content)
    done = sdir("upload", *COURSE, "input")
    assert done.code == 2
    assert said in _one_line(done)
    assert "input: " in done.err
    assert sandbox.requests == []
    assert os.listdir() == ["input"]


def test_a_directory_and_a_missing_file_are_said_in_a_line(sdir: Callable[..., Done]) -> None:
    """A directory or a missing file gives one line on standard error that names the problem."""
    assert "is a directory" in _one_line(sdir("upload", *COURSE, "."))
    assert "no such file" in _one_line(sdir("upload", *COURSE, "nowhere.csv"))


@pytest.mark.skipif(os.geteuid() == 0, reason="The superuser may read everything.")
def test_a_file_without_rights_is_said_in_a_line(sdir: Callable[..., Done], tmp_path: Path) -> None:
    """A file that the user may not read gives one line that says permission was denied."""
    (tmp_path / "input").touch(mode=0)
    assert "permission denied" in _one_line(sdir("upload", *COURSE, "input"))


def test_a_file_that_may_not_be_opened_is_said_in_a_line(
    sdir: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same as above, for the superuser."""
    from pathlib import Path

    opened = Path.open

    def refuse(path: Path, *args: Any, **settings: Any) -> Any:
        if path.name == "input":
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **settings)

    (tmp_path / "input").touch()
    monkeypatch.setattr(Path, "open", refuse)
    assert "input: can't be read: permission denied" in _one_line(sdir("upload", *COURSE, "input"))


@pytest.mark.parametrize(
    "ends", [("\n", "\r\n", "\r"), ("\r", "\r", "\n")], ids=["mixed", "old mac"]
)
def test_mixed_line_ends_are_no_trouble(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path, ends: tuple[str, ...]
) -> None:
    """Every row is saved whether lines end in LF, CR LF or CR, or in several of them."""
    row = ROW.decode().strip()
    text = "".join(
        line + end for line, end in zip([HEADING.decode().strip(), row, row], ends, strict=True)
    )
    (tmp_path / "input").write_bytes(text.encode())
    assert sdir("upload", *COURSE, "input").code == 0
    assert len(sandbox.records(COURSES)) == 2


@pytest.mark.parametrize(
    "bad",
    [b"x" * 9_000_000 + b"\n", b'"no end,' + ROW * 30_000],
    ids=["a long line", "an open quote"],
)
def test_a_fault_ends_the_upload_and_nothing_is_lost(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path, bad: bytes
) -> None:
    """What was sent before is finished; with the fault corrected, the same command continues."""
    good = [f"{PERSONS[0]},2024-05-31,{ORGANIZATION},C{at}\n".encode() for at in range(1200)]
    path = tmp_path / "input"
    path.write_bytes(HEADING + b"".join(good) + bad)
    done = sdir("upload", *COURSE, "input")
    assert done.code == 4
    assert "line 1202: is" in done.out
    saved = len(sandbox.records(COURSES))
    assert saved >= 500  # the first chunk, which is sent alone
    path.write_bytes(HEADING + b"".join(good))
    assert sdir("upload", *COURSE, "input").code == 0
    codes = codes_in(sandbox)
    assert codes == sorted(f"C{at}" for at in range(1200))


def test_a_row_with_too_many_cells_is_rejected_alone(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """Nobody knows which of its cells is which."""
    (tmp_path / "input.csv").write_bytes(HEADING + ROW.strip() + b",more\n" + ROW)
    done = sdir("upload", *COURSE, "input.csv")
    assert done.code == 1
    assert "The row has 5 cells, but there are 4 headings." in done.out
    assert len(sandbox.records(COURSES)) == 1


def test_lines_that_are_no_json_are_rejected_and_kept(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """A line that is not a JSON object is rejected; a broken line is kept as it was written."""
    content = lines_of([course(1)]) + b"{half a line\n" + b"7\n"
    (tmp_path / "a.jsonl").write_bytes(content)
    assert sdir("upload", *COURSE, "a.jsonl").code == 1
    assert b"half a line" in (tmp_path / "a.rejected.jsonl").read_bytes()
    assert len(sandbox.records(COURSES)) == 1


def test_a_full_disk_is_said_in_a_line_and_nothing_is_lost(
    settings: dict[str, str], sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """The journal and the page can't grow: files of this process may have 20 kB and no more."""
    bad = [course(at, courseCode="x" * 50) for at in range(600)]
    (tmp_path / "a.jsonl").write_bytes(lines_of(bad))
    limited = (
        "import resource, signal, sys; sys.dont_write_bytecode = True;"  # it would be cut off, too
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_480, 20_480));"
        "from sdir_async.cli.main import main; sys.exit(main())"
    )
    arguments = ("upload", *COURSE, "a.jsonl", "--no-journal", "--report", "r.html")
    done = subprocess.run(
        [sys.executable, "-c", limited, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 5
    assert "r.html: can't be written: file too large" in done.stderr
    assert "a.rejected.jsonl: can't be written: file too large" in done.stdout
    assert "run the same command again" not in done.stdout  # without a journal it would send twice
    assert "Traceback" not in done.stderr
    assert os.listdir() == ["a.jsonl"]
    done = subprocess.run(
        [sys.executable, "-c", limited, *arguments[:5]], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "can't be used" in done.stdout
    assert sandbox.records(COURSES) == []


def test_an_unwritable_journal_is_said_and_nothing_is_sent(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """If the journal cannot be created, the exit code is 2 and no request is sent."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(1)]))
    done = sdir("upload", *COURSE, "a.jsonl", "--journal", "no/where.journal")
    assert done.code == 2
    assert "Nothing is sent without it" in done.err
    assert sandbox.requests == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("upload", "curse", "a"), "No API is named 'curse'. Use one of: additional_competence"),
        (("upload", "course", "a", "--version", "v9"), "named 'v9'. Use one of: v1"),
        (("upload", *COURSE, "a", "-o", "update"), "no upload to update; it can create"),
        (("upload", *COURSE, "a", "--map", "x"), "is not of the form Column=field"),
        (("upload", *COURSE, "a", "--map", "Nothing=courseCode"), "no column is named 'Nothing'"),
        (("upload", *COURSE, "a", "--map-file", "none"), "none: can't be read"),
        (("upload", *COURSE, "a", "--base-url", "nonsense"), "base_url needs a scheme"),
        (("upload", *COURSE, "a", "--key-file", "none"), "none: can't be read"),
    ],
)
def test_wrong_arguments_are_said_in_a_line(
    sdir: Callable[..., Done], tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    """A wrong argument gives exit code 2 and one line that says what is wrong with it."""
    (tmp_path / "a").write_bytes(HEADING + ROW)
    done = sdir(*arguments)
    assert done.code == 2
    assert said in _one_line(done)


def test_a_file_without_headings_shows_no_person(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """Its first row is no row of headings, and that is said."""
    (tmp_path / "input").write_bytes(ROW)
    done = sdir("upload", *COURSE, "input")
    assert "The headings look like values." in _one_line(done)
    assert PERSONS[0] not in done.out + done.err


def test_trouble_is_an_event_for_programs(sdir: Callable[..., Done]) -> None:
    """With `--json`, the problem is one `error` event with the exit code; stderr stays empty."""
    done = sdir("upload", *COURSE, "nowhere", "--json")
    assert (done.code, done.err) == (2, "")
    assert done.events == [
        {
            "event": "error",
            "message": "nowhere: can't be read: no such file or directory.",
            "exit": 2,
        }
    ]
