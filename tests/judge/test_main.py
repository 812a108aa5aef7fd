"""The run of many seeds, in small: it prints them, what failed, and how to see it again."""

from __future__ import annotations

import pytest

from . import __main__ as command
from .judge import Verdict
from .scenario import draw

GOOD = 22708
"""A server that answers as the documents say, and loses an answer now and then; so is the next."""


def test_seeds_and_counts_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """All is well with these seeds. One of them also runs in a process that is killed."""
    arguments = ["--first", str(GOOD), "--uploads", "2", "--killed", "1", "--processes", "1"]
    code = command.main(arguments)
    printed = capsys.readouterr().out
    assert code == 0, printed
    assert f"seeds {GOOD} to {GOOD + 1}" in printed
    assert "2 uploads and 1 with kills in" in printed
    assert "0 wrong" in printed


def test_what_failed_is_counted_by_its_kind() -> None:
    """An upload counts once for each kind, however many records went wrong in it."""
    failed = [
        Verdict(draw(1), ("lost: [1]", "lost: [2]", "twice: [3]")),
        Verdict(draw(2), ("lost: [4]",)),
    ]
    assert command.kinds(failed) == {"lost": 2, "twice": 1}


def test_nothing_is_begun_when_the_time_is_over() -> None:
    """The whole run is bounded."""
    assert command.block(1, 50, until=0.0) == (0, [])
