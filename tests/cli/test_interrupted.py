"""The command while it runs: killed, stopped, and with nobody who listens to it."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest

from sdir_async.sandbox import Fault

from .conftest import COURSE, COURSES, codes_in, course, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sdir_async.sandbox import SandboxThread

    from .conftest import Done


def test_a_killed_upload_goes_on_with_the_same_command(
    process: Callable[..., subprocess.Popen[bytes]],
    command: Callable[..., Done],
    sandbox: SandboxThread,
    tmp_path: Path,
) -> None:
    """Killed while batches are on the wire; in the end each record is there once."""
    count = 3000
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(at) for at in range(count)]))
    _save_slowly(sandbox)
    arguments = (
        "upload",
        *COURSE,
        "a.jsonl",
        "--chunk-size",
        "50",
        "--concurrency",
        "4",
        "--settle",
        0.5,
    )
    with process(*arguments) as started:
        _wait_until(lambda: len(sandbox.records(COURSES)) >= 400)
        started.send_signal(signal.SIGKILL)
    _let_it_save(sandbox, 50)
    before = len(sandbox.records(COURSES))
    assert 400 <= before < count
    sandbox.faults.clear()
    done = command(*arguments, "--json")
    assert (done.code, done.end["accepted"]) == (0, count)
    assert done.end["earlier"] > 0
    assert sorted(codes_in(sandbox)) == sorted(f"C{at}" for at in range(count))


@pytest.mark.parametrize("next_night", ["grown", "another"])
def test_a_killed_upload_and_the_file_of_the_next_night(
    process: Callable[..., subprocess.Popen[bytes]],
    sdir: Callable[..., Done],
    sandbox: SandboxThread,
    tmp_path: Path,
    next_night: str,
) -> None:
    """A file that grew continues; another one is refused until the earlier one is finished."""
    earlier = lines_of([course(at) for at in range(600)])
    (tmp_path / "a.jsonl").write_bytes(earlier)
    _save_slowly(sandbox)
    arguments = (
        "upload",
        *COURSE,
        "a.jsonl",
        "--chunk-size",
        20,
        "--concurrency",
        2,
        "--settle",
        0.3,
    )
    with process(*arguments) as started:
        _wait_until(lambda: len(sandbox.records(COURSES)) >= 80)
        started.send_signal(signal.SIGKILL)
    _let_it_save(sandbox, 20)
    sandbox.faults.clear()
    if next_night == "grown":
        (tmp_path / "a.jsonl").write_bytes(lines_of([course(at) for at in range(650)]))
        count = 650
    else:
        (tmp_path / "a.jsonl").write_bytes(lines_of([course(at) for at in range(1000, 1010)]))
        refused = sdir(*arguments)
        assert (refused.code, "was not finished" in refused.err) == (2, True)
        (tmp_path / "a.jsonl").write_bytes(earlier)
        count = 600
    assert sdir(*arguments).code == 0
    assert codes_in(sandbox) == sorted(f"C{at}" for at in range(count))


def _save_slowly(sandbox: SandboxThread, seconds: float = 0.15) -> None:
    sandbox.faults.add(Fault("latency", seconds=seconds, operation="createCourses"))


def _let_it_save(sandbox: SandboxThread, size: int) -> None:
    """Wait for the batches, of this size, that were on the wire when the process died.

    A backend that takes them longer than `--settle` after that would save them twice.
    """
    (fault,) = sandbox.faults.describe()
    _wait_until(lambda: len(sandbox.records(COURSES)) == size * fault["met"])


def _wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_ctrl_c_stops_in_order_and_says_how_to_go_on(
    process: Callable[..., subprocess.Popen[bytes]],
    sdir: Callable[..., Done],
    sandbox: SandboxThread,
    tmp_path: Path,
) -> None:
    """What is on its way is waited for; a second run sends the rest."""
    count = 3000
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(at) for at in range(count)]))
    sandbox.faults.add(Fault("latency", seconds=0.15))
    with process("upload", *COURSE, "a.jsonl", "--chunk-size", "50") as started:
        _wait_until(lambda: len(sandbox.records(COURSES)) >= 200)
        started.send_signal(signal.SIGINT)
        out, err = (text.decode() for text in started.communicate(timeout=60))
    assert started.returncode == 130
    assert "stopping after the requests in progress" in err
    assert "sdir upload course --version v1 a.jsonl --chunk-size 50" in out
    saved = len(sandbox.records(COURSES))
    assert f"{saved:,} accepted" in out
    assert f"Not sent: any line after line {saved}." in out
    assert "Not complete: the upload was interrupted." in out
    assert "in doubt" not in out
    sandbox.faults.clear()
    assert sdir("upload", *COURSE, "a.jsonl", "--chunk-size", 50).code == 0
    assert len(sandbox.records(COURSES)) == count


def test_a_second_ctrl_c_stops_at_once(
    process: Callable[..., subprocess.Popen[bytes]],
    sdir: Callable[..., Done],
    sandbox: SandboxThread,
    tmp_path: Path,
) -> None:
    """The journal still holds: what was on the wire is asked for, and not sent twice."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(at) for at in range(800)]))
    _save_slowly(sandbox, 1.5)
    with process("upload", *COURSE, "a.jsonl", "--chunk-size", "50") as started:
        _wait_until(lambda: len(sandbox.records(COURSES)) >= 50)
        started.send_signal(signal.SIGINT)
        assert started.stderr
        while b"stopping" not in started.stderr.readline():
            pass
        started.send_signal(signal.SIGINT)
        _, err = started.communicate(timeout=60)
    assert started.returncode == 130
    assert b"stopped immediately" in err
    _let_it_save(sandbox, 50)
    sandbox.faults.clear()
    assert sdir("upload", *COURSE, "a.jsonl", "--chunk-size", 50, "--settle", 0.5).code == 0
    assert sorted(codes_in(sandbox)) == sorted(f"C{at}" for at in range(800))


def test_ctrl_c_does_not_wait_for_ever(
    process: Callable[..., subprocess.Popen[bytes]], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """After a while what is on its way is given up; the counts still add up."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(at) for at in range(100)]))
    sandbox.faults.add(Fault("latency", seconds=3600))
    with process("upload", *COURSE, "a.jsonl", "--grace", "0.2", "--json") as started:
        _wait_until(lambda: any(fault["met"] for fault in sandbox.faults.describe()))
        started.send_signal(signal.SIGINT)
        out, _ = started.communicate(timeout=60)
    end = orjson.loads(out.splitlines()[-1])
    assert (started.returncode, end["in_doubt"], end["exit"]) == (130, 100, 130)
    assert end["doubts"] == [[1, 100]]


def _catches(process: int, number: signal.Signals) -> bool:
    status = Path(f"/proc/{process}/status").read_text()
    (caught,) = (line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught, 16) >> (number - 1) & 1)


@pytest.mark.skipif(not Path("/proc").exists(), reason="nowhere to see whether it listens yet")
def test_ctrl_c_ends_an_upload_that_waits_for_its_input(
    process: Callable[..., subprocess.Popen[bytes]], sandbox: SandboxThread
) -> None:
    """Whoever should write into the pipe never does."""
    with process("upload", *COURSE, "-", stdin=subprocess.PIPE) as started:
        assert started.stdin
        started.stdin.write(lines_of([course(1)]))
        started.stdin.flush()
        _wait_until(lambda: _catches(started.pid, signal.SIGTERM))
        started.send_signal(signal.SIGTERM)
        assert started.wait(60) == 130
        started.stdin.close()


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_an_upload_goes_on_when_nobody_listens_any_more(
    process: Callable[..., subprocess.Popen[bytes]],
    sandbox: SandboxThread,
    tmp_path: Path,
    stream: str,
) -> None:
    """As in `sdir upload … --json | head -1`: the exit code says what became of the records."""
    records = [course(at) for at in range(400)] + [course(400, courseCode=None)]
    (tmp_path / "a.jsonl").write_bytes(lines_of(records))
    as_json = ["--json"] if stream == "stdout" else []
    with process("upload", *COURSE, "a.jsonl", "--chunk-size", "50", *as_json) as started:
        pipe, other = started.stdout, started.stderr
        if stream == "stderr":
            pipe, other = other, pipe
        assert pipe
        assert other
        pipe.close()
        said = other.read().decode()
        assert started.wait(60) == 1
    assert "Traceback" not in said
    assert len(sandbox.records(COURSES)) == 400
    assert (tmp_path / "a.rejected.jsonl").exists()


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_what_cannot_be_said_for_want_of_room_is_no_failure_of_the_upload(
    process: Callable[..., subprocess.Popen[bytes]],
    sandbox: SandboxThread,
    tmp_path: Path,
    as_json: list[str],
) -> None:
    """Standard output goes to a file on a full disk."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(at) for at in range(100)]))
    with (
        open("/dev/full", "wb") as full,
        process("upload", *COURSE, "a.jsonl", *as_json, stdout=full) as started,
    ):
        _, err = started.communicate(timeout=60)
    assert started.returncode == 5
    assert err == b"sdir: standard output can't be written: no space left on device.\n"
    assert len(sandbox.records(COURSES)) == 100


def test_a_question_may_lose_its_reader(process: Callable[..., subprocess.Popen[bytes]]) -> None:
    """As in `sdir apis | head -1`."""
    with process("apis") as started:
        assert started.stdout
        assert started.stderr
        started.stdout.close()
        assert started.stderr.read() == b""
        assert started.wait(60) == 0
