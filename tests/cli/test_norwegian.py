"""A clerk who chose Norwegian reads no English, whatever happens."""

from __future__ import annotations

import html
import os
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import openpyxl
import pytest

from sdir_async.sandbox import Fault

from .conftest import COURSE, ORGANIZATION, PERSONS, course, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sdir_async.sandbox import SandboxThread

    from .conftest import Done

ENGLISH = re.compile(
    r"\b(the|is|are|was|were|not|of|and|an|this|that|which|with|without|can't|has|have|row|rows"
    r"|line|lines|file|column|value|expected|found|invalid|unexpected|error|failed|connect"
    r"|connection|host|accepted|rejected|unsent|doubt|receipt|state|time|note|why|example|key"
    r"|must|give|see|run|read|wrote|written|check|again|nothing|it|no|or|Error|Timeout|Exception)\b"
)
QUOTED = re.compile(
    r"--[\w-]+|`[^`]*`|sdir:|\S*[/\\]\S*|\b[\w-]+(\.[\w-]+)+\b|^ +sdir .*$|'[^']*'|Sdir\w*"
    r"|\([^)]*\)",
    re.MULTILINE,
)
"""What is the same in each language: options, commands, files, addresses and what users wrote;
and in brackets what the reader of a damaged file says."""

HEADINGS = "Fødselsnummer;Dato;Organisasjonsnummer;Kurskode"
ROW = f"{PERSONS[0]};24.03.2025;{ORGANIZATION};HSCLC"


@pytest.fixture(autouse=True)
def norwegian(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine is set up in Norwegian."""
    monkeypatch.setenv("SDIR_LANGUAGE", "nb")


def require_norwegian(text: str) -> None:
    assert text.strip()
    found = ENGLISH.findall(QUOTED.sub(" ", text))
    assert found == [], text


FILES: dict[str, bytes] = {
    "empty.csv": b"",
    "good.csv": f"{HEADINGS}\n{ROW}\n".encode(),
    "bad.csv": f"{HEADINGS}\n{ROW}\n1;x;9;\n{PERSONS[0]};31.02.2025;1.0;B\n".encode(),
    "again.csv": f"{HEADINGS}\n{ROW}\n{ROW}\n".encode(),
    "no-column.csv": b"A;B\n1;2\n",
    "wide.csv": f"{HEADINGS};Merknad\n{ROW};x;y\n".encode(),
    "nul.csv": f'{HEADINGS}\n{ROW}\n"a\0;b;"x\n'.encode(),
    "quote.csv": f'{HEADINGS}\n{ROW}\n"a"b;c\n"d\n'.encode(),
    "swallowed.csv": f'{HEADINGS}\n{ROW}\n"a;b;c;d\n{ROW}\n{ROW}"\n'.encode(),
    "half.json": b'[{"personalIdentityNumber": "4',
    "wrong.json": b"[{]",
    "scalar.json": b"[1, 2]",
    "wrong.jsonl": b'{"courseCode": "A"}\n{"courseCode": \n7\n',
    "big.json": b'[{"courseCode": 123456789012345678901234567890}]',
    "no.parquet": b"PAR1 and nothing more PAR1",
    "no.xlsx": b"PK\3\4 and nothing more",
    "no.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and nothing more",
    "no.zst": b"\x28\xb5\x2f\xfd and nothing more",
    "no.gz": b"\x1f\x8b and nothing more",
    "page.xls": b"<html><table><tr><td>1</td></tr></table></html>",
    "utf16.csv": f"{HEADINGS}\n{ROW}\n".encode("utf-16-le"),
    "dos.csv": f"{HEADINGS}\n{ROW.replace('HSCLC', 'BJØRN')}\n".encode("cp850"),
}


@pytest.mark.parametrize("name", FILES)
def test_what_is_said_of_a_file_is_norwegian(
    sdir: Callable[..., Done], tmp_path: Path, name: str
) -> None:
    """Of one that is right, of one with mistakes, and of one that is damaged."""
    (tmp_path / name).write_bytes(FILES[name])
    options: tuple[str, ...] = (
        "--report",
        "report.html",
        "--receipt",
        "csv",
        "--map",
        "Dato=completedAt",
    )
    if "json" in name or "no-column" in name:
        options = options[:4]
    for how in (("--dry-run",), (), ()):
        done = sdir("upload", *COURSE, name, *options, *how)
        require_norwegian(done.out + done.err)
    for page in tmp_path.glob("report.html"):
        shown = re.sub(
            r"<(style|script)>.*?</\1>|<[^>]*>", " ", page.read_text("utf-8"), flags=re.DOTALL
        )
        require_norwegian(html.unescape(shown))
    for beside in tmp_path.glob("*.re*.csv"):
        require_norwegian(beside.read_text("utf-8-sig"))


@pytest.mark.parametrize("kind", ["lost", "502", "429", "api-500", "reset", "cut"])
def test_what_is_said_of_a_failure_is_norwegian(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path, kind: str
) -> None:
    """Of a lost answer, of a busy server, and of one that is down; with the receipt."""
    (tmp_path / "a.csv").write_bytes(FILES["good.csv"])
    sandbox.faults.add(Fault(kind))
    options = ("--map", "Dato=completedAt", "--attempts", "1", "--receipt", "csv", "--settle", "0")
    for arguments in (
        ("upload", *COURSE, "a.csv", *options),
        ("doctor",),
    ):
        done = sdir(*arguments)
        require_norwegian(done.out + done.err)
    (receipt,) = tmp_path.glob("*.receipt.csv")
    require_norwegian(receipt.read_text("utf-8-sig"))


@pytest.mark.parametrize(
    "base_url",
    ["http://127.0.0.1:1", "http://nosuch.invalid", "ftp://x", "http://127.0.0.1:1/x", "x y"],
)
def test_what_is_said_of_a_host_is_norwegian(
    sdir: Callable[..., Done], tmp_path: Path, base_url: str
) -> None:
    """A host that can't be reached, and a text that is not a host."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course()]))
    done = sdir("upload", *COURSE, "a.jsonl", "--attempts", "1", "--base-url", base_url)
    assert done.code
    require_norwegian(done.out + done.err)


def test_what_is_said_of_a_record_is_norwegian(
    sdir: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one that is not there, and of a key that is refused."""
    for uid in ("x", "8369b34e-5ce8-4877-918e-5e8d45075276"):
        done = sdir("get", "course", uid)
        assert done.code == 2
        require_norwegian(done.out + done.err)
    monkeypatch.setenv("SDIR_API_KEY", "another-key-123")
    require_norwegian(sdir("codes", "course").err)


def test_what_is_said_of_a_journal_is_norwegian(sdir: Callable[..., Done], tmp_path: Path) -> None:
    """Of one that is in use, damaged, another's, or none at all."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course()]))
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("x" * 5000)
    with closing(sqlite3.connect(tmp_path / "other")) as db:
        db.execute("CREATE TABLE x (y)")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    assert sdir("upload", *COURSE, "a.jsonl", "--journal", "mine").code == 0
    for journal in ("empty", "text", "other", "pipe", "link", ".", "missing/x"):
        done = sdir("upload", *COURSE, "a.jsonl", "--journal", journal)
        assert done.code
        require_norwegian(done.out + done.err)
    done = sdir("upload", *COURSE, "a.jsonl", "--journal", "mine", "-o", "validate")
    require_norwegian(done.out + done.err)


def test_receipts_and_rejected_rows_have_norwegian_headings(
    sdir: Callable[..., Done], tmp_path: Path
) -> None:
    """And what was written in one language is read in the other."""
    (tmp_path / "a.csv").write_bytes(FILES["bad.csv"])
    given = ("upload", *COURSE, "--map", "Dato=completedAt")
    assert sdir(*given, "a.csv", "--receipt", "csv").code == 1
    receipt = (tmp_path / "a.receipt.csv").read_text("utf-8-sig").splitlines()
    assert receipt[0] == "linje;status;uid;tidspunkt;merknad"
    assert [line.split(";")[1] for line in receipt[1:]] == ["godtatt", "avvist", "avvist"]
    rejected = (tmp_path / "a.rejected.csv").read_text("utf-8-sig").splitlines()
    assert rejected[0] == f"{HEADINGS};sdir: linje;sdir: hvorfor den ble avvist"
    assert sdir(*given, "a.csv", "--receipt", "xlsx", "--language", "en").code == 1
    sheet = openpyxl.load_workbook(tmp_path / "a.receipt.xlsx").worksheets[0]
    assert sheet["B1"].value == "state"
    corrected = [rejected[0], f"{PERSONS[1]};01.02.2025;{ORGANIZATION};B;3;", f"{ROW}X;4;"]
    (tmp_path / "a.rejected.csv").write_text("\n".join(corrected), "utf-8")
    assert sdir(*given, "a.rejected.csv", "--language", "en").code == 0
    assert "2 rader ble rettet og godtatt i en tidligere" in sdir(*given, "a.csv").out
