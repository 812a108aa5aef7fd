"""What the command prints obeys nobody: no terminal runs it, and it names no person."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from sdir_async.cli import ask, doctor
from sdir_async.cli.doctor import Finding
from sdir_async.cli.screen import emit
from sdir_async.cli.settings import Target

from .conftest import COURSE, PERSONS, course, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Done

CLIPBOARD = "\x1b]52;c;aGk=\x07"
CLEARED = "\x9b2J\u202e"


def _raw(text: str) -> list[str]:
    return [one for one in (*CLIPBOARD, *CLEARED) if one in text and not one.isprintable()]


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("show_persons", [False, True])
@pytest.mark.parametrize("count", [1, 2])
def test_a_record_can_hold_no_escape_sequence(
    capsys: pytest.CaptureFixture[str], as_json: bool, show_persons: bool, count: int
) -> None:
    """Neither in a value nor in a name, in a table or as JSON, however much is shown."""
    items = [{"a" + CLIPBOARD: f"{CLEARED}{PERSONS[0]}"}] * count
    ask._print(items, as_json=as_json, show_persons=show_persons)
    shown = capsys.readouterr().out
    assert _raw(shown) == []
    assert (PERSONS[0] in shown) is show_persons
    if as_json and show_persons:
        assert orjson.loads(shown.splitlines()[0]) == items[0]


@pytest.mark.parametrize("as_json", [False, True])
def test_the_doctor_repeats_no_words_of_a_server_as_they_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, as_json: bool
) -> None:
    """They can hold a person number, a key or an escape sequence."""
    said = f"{CLIPBOARD} {PERSONS[0]} Bearer abcdefghijklmnopqrst"

    async def examine(_: Target) -> list[Finding]:
        await asyncio.sleep(0)
        return [Finding("v1", "bad", said, said)]

    monkeypatch.setattr(doctor, "_examine", examine)
    doctor.examine(Target(), as_json=as_json)
    shown = capsys.readouterr().out
    assert _raw(shown) == []
    assert PERSONS[0] not in shown
    assert "abcdefghijklmnopqrst" not in shown


def test_an_event_is_json_without_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    """What reads it gets the text as it was."""
    emit("note", message=CLIPBOARD + CLEARED)
    shown = capsys.readouterr().out
    assert _raw(shown) == []
    event = orjson.loads(shown)
    assert (event["event"], event["message"]) == ("note", CLIPBOARD + CLEARED)


def test_a_file_can_hold_no_escape_sequence_in_its_name(
    sdir: Callable[..., Done], tmp_path: Path
) -> None:
    """The name is shown with its escapes written out, and the file is uploaded."""
    (tmp_path / f"x{CLIPBOARD}.jsonl").write_bytes(lines_of([course(1), course(2, courseCode="")]))
    done = sdir("upload", *COURSE, f"x{CLIPBOARD}.jsonl")
    assert _raw(done.out + done.err) == []
    assert r"x\x1b]52;c;aGk=\x07.jsonl: 1 accepted" in done.out


def test_the_page_masks_headings_and_names_of_files(
    sdir: Callable[..., Done], tmp_path: Path
) -> None:
    """A file can be called after a person, and so can a column."""
    name = f"{PERSONS[0]}.csv"
    rows = ["personalIdentityNumber;completedAt;organizationNumber;courseCode;418140 61033"]
    rows += [f"{PERSONS[0]};2020-01-01T00:00:00Z;991825827;;x"]
    (tmp_path / name).write_text("\n".join(rows))
    sdir("upload", *COURSE, name, "--skip-unknown", "--report", "report.html")
    text = (tmp_path / "report.html").read_text()
    assert "*********33.csv" in text
    assert "These columns were not sent: &#39;*********33&#39;" in text
    assert [one for one in ("41814061033", "418140 61033") if one in text] == []


def test_production_elsewhere_is_asked_with_the_host(
    sdir: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A base URL that was left in the environment is seen before anything is sent."""
    (tmp_path / "courses.jsonl").write_bytes(lines_of([course(1)]))
    monkeypatch.setattr("sys.stdin", _Terminal())
    done = sdir("upload", *COURSE, "courses.jsonl", "-e", "production")
    assert "in PRODUCTION at http://127.0.0.1:" in done.err
    assert "Nothing was sent." in done.err


class _Terminal:
    """Somebody who says no."""

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        return "n\n"

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)
