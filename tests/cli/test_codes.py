"""Codes that Sdir does not list are said before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sdir_async.cli.codes import unknown_codes
from sdir_async.cli.survey import MOST
from sdir_async.sandbox import Fault

from .conftest import COURSE, COURSES, course, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sdir_async.sandbox import SandboxThread

    from .conftest import Done

UNCHECKED = "The codes were not checked, because Sdir's list of codes is not available"


@pytest.fixture(autouse=True)
def asked(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Codes are asked for, as they are unless somebody says no."""
    monkeypatch.delenv("SDIR_NO_CODES")
    codes = ("HSCLC", "HSCLX", "HSCLX", "Y", "Z", "W")
    records = [course(at, courseCode=code) for at, code in enumerate(codes)]
    (tmp_path / "a.jsonl").write_bytes(lines_of(records))


def test_codes_that_are_not_listed_are_said_and_sent(
    sdir: Callable[..., Done], sandbox: SandboxThread
) -> None:
    """Once each, with the first line; the list grows, so that Sdir has the last word."""
    done = sdir("upload", *COURSE, "a.jsonl")
    assert done.code == 0
    assert "courseCode: not among Sdir's codes: 'HSCLX' in line 2 (closest: HSCLC)" in done.err
    assert "'Y' in line 4, 'Z' in line 5 and 1 more." in done.err
    assert len(sandbox.records(COURSES)) == 6


def test_a_code_in_other_letters_is_near() -> None:
    """The code is shown as Sdir writes it."""
    (said,) = unknown_codes({"HSCLC", "XY"}, {"code": {"hsclc": 2}})
    assert "'hsclc' in line 2 (closest: HSCLC)" in said


def test_how_many_codes_are_unknown_is_not_guessed() -> None:
    """Not all are collected where there are very many."""
    (said,) = unknown_codes({"A"}, {"code": {f"C{at}": at for at in range(MOST)}})
    assert f" and at least {MOST - 3:,} more. " in said
    (said,) = unknown_codes({"A"}, {"code": {f"C{at}": at for at in range(MOST - 1)}})
    assert f" and {MOST - 4:,} more. " in said


def test_codes_are_asked_for_once_and_not_if_it_is_not_wanted(
    sdir: Callable[..., Done], sandbox: SandboxThread
) -> None:
    """Two files cause one request for codes; with `--no-codes` there is none and no warning."""
    sdir("upload", *COURSE, "a.jsonl", "a.jsonl", "--no-journal")
    asked = len(sandbox.requests)
    sandbox.reset()
    done = sdir("upload", *COURSE, "a.jsonl", "a.jsonl", "--no-codes", "--no-journal")
    assert (len(sandbox.requests), done.err) == (asked - 1, "")


def test_a_list_that_can_not_be_had_ends_nothing(
    sdir: Callable[..., Done], sandbox: SandboxThread
) -> None:
    """If Sdir does not give the list of codes, the upload continues and a message says so."""
    sandbox.faults.add(Fault("429", operation="listCodes", retry_after=60))
    done = sdir("upload", *COURSE, "a.jsonl")
    assert done.code == 0
    assert UNCHECKED in done.err


def test_a_dry_run_asks_for_codes_and_nothing_else(
    sdir: Callable[..., Done], sandbox: SandboxThread
) -> None:
    """It says which codes are not listed; with `--no-codes` it sends no request at all."""
    done = sdir("upload", *COURSE, "a.jsonl", "--dry-run")
    assert "not among Sdir's codes: 'HSCLX' in line 2" in done.out
    assert [one.method for one in sandbox.requests] == ["GET"]
    sandbox.reset()
    assert "codes" not in sdir("upload", *COURSE, "a.jsonl", "--dry-run", "--no-codes").out
    assert sandbox.requests == []


def test_a_dry_run_without_a_key_says_how_to_have_codes_checked(
    sdir: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And so does one that can't reach Sdir; the rest is checked."""
    monkeypatch.delenv("SDIR_API_KEY")
    done = sdir("upload", *COURSE, "a.jsonl", "--dry-run")
    assert done.code == 0
    assert f"{UNCHECKED}: A subscription key is required. Set SDIR_API_KEY" in done.out
    done = sdir("upload", *COURSE, "a.jsonl", "--dry-run", "--base-url", "http://127.0.0.1:1")
    assert f"{UNCHECKED}: 127.0.0.1:1 can't be reached" in done.out
    assert "valid" in done.out


def test_a_check_does_not_call_rows_right_whose_codes_are_unknown(
    sdir: Callable[..., Done],
) -> None:
    """Sdir may refuse them: the last line says to read the messages before anything is sent."""
    done = sdir("upload", *COURSE, "a.jsonl", "--dry-run")
    assert done.code == 0
    assert "Every row can be sent" not in done.out
    assert done.out.splitlines()[-1].startswith("First read the messages about this file: ")
