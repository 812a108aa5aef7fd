from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import demo
import make_demo
import pytest
import yaml
from stdnum import imo

from sdir_async.openapi.documents import find_folder
from sdir_async.upload.formats import is_organization_number, is_person_number

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = Path(demo.__file__)


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    """The records that are shipped."""
    with gzip.open(demo.FOLDER / "records.jsonl.gz") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def good(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those without a mistake."""
    bad_lines = set(demo.read_expected(demo.FOLDER).bad_lines)
    return [record for line, record in enumerate(records, 1) if line not in bad_lines]


@pytest.fixture
def folder(tmp_path: Path, good: list[dict[str, Any]]) -> Path:
    """A small input of its own: ten records, the fourth of them bad."""
    chosen = [*good[:3], good[3] | {"person": {"id": "41814061034"}}, *good[4:10]]
    with gzip.open(tmp_path / "records.jsonl.gz", "wt") as lines:
        lines.writelines(json.dumps(record) + "\n" for record in chosen)
    return tmp_path


def test_what_is_shipped_is_what_the_script_makes(records: list[dict[str, Any]]) -> None:
    """The packed bytes may differ between versions of zlib, what is in them may not."""
    made, mistakes = make_demo.make()
    assert records == made
    expected = json.loads((demo.FOLDER / "expected.json").read_text())
    assert expected == {"records": 10_000, "mistakes": {str(n): mistakes[n] for n in mistakes}}
    assert (demo.FOLDER / "records.jsonl.gz").read_bytes()[4:8] == bytes(4)  # no time of packing


def test_it_runs_with_a_token_beside_the_key(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sandbox makes a key pair, and wants a token with each call."""
    (folder / "expected.json").write_text(json.dumps({"records": 10, "mistakes": {"4": ""}}))
    assert demo.main(folder, "--maskinporten") == 0
    assert "requires a token" in capsys.readouterr().out


def test_the_good_records_are_of_synthetic_persons(good: list[dict[str, Any]]) -> None:
    """Many of them, each number with the month + 80 and right check digits."""
    numbers = {record["person"]["id"] for record in good}
    assert len(numbers) > 5_000
    assert all(81 <= int(number[2:4]) <= 92 for number in numbers)
    assert all(map(is_person_number, numbers))


def test_the_other_numbers_and_codes_are_right(good: list[dict[str, Any]]) -> None:
    """Check digits of organisations and ships; codes that the document gives."""
    document = yaml.safe_load((find_folder() / "additional_competence" / "v1.yaml").read_text())
    answer = document["paths"]["/codes"]["get"]["responses"]["200"]
    codes = {item["code"] for item in answer["content"]["application/json"]["example"]}
    assert set(make_demo.CODES) <= codes
    assert is_organization_number(make_demo.ORGANIZATION)
    assert all(imo.is_valid(record["vessel"]["imoNumber"] or "9074729") for record in good)
    assert {record["competence"]["competenceCode"] for record in good} == set(make_demo.CODES)


def test_no_two_good_records_report_the_same(good: list[dict[str, Any]]) -> None:
    """So that each can be found again on the server."""
    reports = {(record["person"]["id"], record["competence"]["competenceCode"]) for record in good}
    assert len(reports) == len(good) == 9_975


def test_the_demo_accepts_all_but_the_bad_ones_and_leaves_nothing_running() -> None:
    """And says so with the line of each rejection."""
    with _demo_running() as process:
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 0
    for line in demo.read_expected(demo.FOLDER).bad_lines:
        assert f"\n{line:5} " in output
    assert "accepted  9,975" in output
    assert "exactly the 25 bad ones rejected" in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_broken_off_leaves_nothing_running(number: signal.Signals) -> None:
    """By Ctrl-C in a terminal, or by whoever runs it."""
    with _demo_running() as process:
        assert process.stdout
        assert "running at" in process.stdout.readline()
        process.send_signal(number)
        process.communicate(timeout=300)
        assert process.returncode == 128 + number


@contextmanager
def _demo_running() -> Iterator[subprocess.Popen[str]]:
    """Run the demo as the leader of a group of processes, which must be empty at the end."""
    with subprocess.Popen(
        [sys.executable, "-u", SCRIPT], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                left_running = False
            else:
                left_running = True
    assert not left_running


def test_the_demo_fails_when_another_line_is_rejected_than_the_bad_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """However right the count is."""
    (folder / "expected.json").write_text('{"records": 10, "mistakes": {"5": "none really"}}')
    assert demo.main(folder) == 1
    printed = capsys.readouterr().out
    assert "good records were rejected, lines [4]" in printed
    assert "bad records were not rejected, lines [5]" in printed
    assert "exactly" not in printed


def test_the_demo_fails_when_records_are_missing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As when the file was cut short."""
    (folder / "expected.json").write_text('{"records": 11, "mistakes": {"4": "check digit"}}')
    assert demo.main(folder) == 1
    assert "9 records were accepted and not 10" in capsys.readouterr().out
