"""The short form of `make fuzz`, and whether it would notice anything."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.fuzz import __main__ as fuzzing
from tests.fuzz.targets import TARGETS, Target, case_of, seeds

FEW = 20


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_but_our_own_errors_comes_of_a_broken_input(target: str) -> None:
    """Of the first cases of each target; `make fuzz` looks at many more."""
    for number in range(FEW):
        TARGETS[target].look(case_of(target, 1, number))


@pytest.mark.parametrize("target", TARGETS)
def test_a_case_can_be_made_again(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From its seed and its number, at another time too; another number gives another case."""
    cases = [case_of(target, 1, number) for number in range(3)]
    seeds.cache_clear()
    later = time.time() + 86_400
    monkeypatch.setattr(time, "time", lambda: later)
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(later))
    assert case_of(target, 1, 0) == cases[0]
    assert len(set(cases)) > 1


def test_a_fault_is_shown_once_and_its_case_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is raised, and whatever takes too long."""

    def look(case: bytes) -> None:
        looked.append(case)
        if len(looked) % 2:
            raise IndexError
        raise fuzzing.TooSlowError

    looked: list[bytes] = []
    monkeypatch.setitem(TARGETS, "csv", Target(lambda random: random.randbytes(3), look))
    monkeypatch.setattr(fuzzing, "FOLDER", tmp_path)
    moments = iter(range(100))
    monkeypatch.setattr("time.monotonic", lambda: next(moments))
    assert fuzzing.fuzz("csv", 7, 5) == 2
    said = capsys.readouterr().out
    assert said.count("IndexError at test_fuzz.py") == 1
    assert "csv: 4 cases" in said
    assert sorted(path.read_bytes() for path in tmp_path.iterdir()) == sorted(looked[:2])
