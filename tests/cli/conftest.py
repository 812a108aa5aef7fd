"""A running sandbox, the command as a process and in this one, and files to give it.

All persons are synthetic.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple, cast

import orjson
import pytest

from sdir_async.cli import uploading
from sdir_async.cli.main import main
from sdir_async.cli.words import use
from sdir_async.sandbox import SandboxThread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

    from sdir_async import Snapshot
    from sdir_async.cli.options import Options
    from sdir_async.cli.screen import Screen

    Watch = Callable[[Callable[[Snapshot], None]], None]

PERSONS = ("41814061033", "41810021827")
ORGANIZATION = "991825827"
KEY = "0123456789abcdef"
COURSE = ("course", "--version", "v1")
COURSES = "/aps-course-external/v1/courses"
"""What the command is told of the records of `course()`, and where the sandbox keeps them."""


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """What it said with --json."""
        return [orjson.loads(line) for line in self.out.splitlines()]

    @property
    def end(self) -> dict[str, Any]:
        """What it said about the end of an input."""
        (found,) = (event for event in self.events if event["event"] == "end")
        return found


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Each test begins and ends in English, whatever the language of the machine."""
    use("en")
    yield
    use("en")


@pytest.fixture(scope="session")
def running() -> Iterator[SandboxThread]:
    """One sandbox for all tests of the command."""
    with SandboxThread(keys=[KEY]) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: SandboxThread) -> SandboxThread:
    """The sandbox, empty."""
    running.reset()
    return running


@pytest.fixture
def settings(
    sandbox: SandboxThread,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str]:
    """What a user has in the environment; the command is in a folder of its own."""
    given = {
        "SDIR_API_KEY": KEY,
        "SDIR_BASE_URL": sandbox.base_url,
        "COLUMNS": "200",
        "SDIR_LANGUAGE": "en",
        "SDIR_NO_CODES": "1",
        "XDG_STATE_HOME": str(tmp_path_factory.mktemp("state")),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return given


@pytest.fixture
def sdir(
    settings: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    """Runs the command in this process, which is quicker."""

    def run(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["sdir", *map(str, arguments)])
        code = main()
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return run


@pytest.fixture
def process(settings: dict[str, str]) -> Callable[..., subprocess.Popen[bytes]]:
    """Starts the command as a process of its own."""

    def start(*arguments: object, **options: Any) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-W", "error", "-m", "sdir_async.cli", *map(str, arguments)]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        started: Any = subprocess.Popen(command, env={**os.environ, "PYTHONUTF8": "1"}, **pipes)
        return cast("subprocess.Popen[bytes]", started)

    return start


@pytest.fixture
def command(process: Callable[..., subprocess.Popen[bytes]]) -> Callable[..., Done]:
    """Runs the command as a process of its own, to its end."""

    def run(*arguments: object, given: bytes | None = None) -> Done:
        stdin = subprocess.DEVNULL if given is None else subprocess.PIPE
        with process(*arguments, stdin=stdin) as started:
            out, err = started.communicate(given, timeout=300)
        return Done(started.returncode, out.decode(), err.decode())

    return run


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Calls a function at each progress of an upload, in the event loop of the command."""
    made = uploading.screen_of

    def watch(seen: Callable[[Snapshot], None]) -> None:
        def screen_of(options: Options) -> Screen:
            screen = made(options)
            shown = screen.progress

            def progress(snapshot: Snapshot) -> None:
                shown(snapshot)
                seen(snapshot)

            monkeypatch.setattr(screen, "progress", progress)
            return screen

        monkeypatch.setattr(uploading, "screen_of", screen_of)

    return watch


def an_hour_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the clock of the running event loop forward."""
    loop = asyncio.get_running_loop()
    now = loop.time
    monkeypatch.setattr(loop, "time", lambda: now() + 3600)


def course(number: int = 0, **changes: Any) -> dict[str, Any]:
    """Return a record of a course; no two numbers make the same one."""
    day = f"20{number // 336 % 25:02d}-{number // 28 % 12 + 1:02d}-{number % 28 + 1:02d}"
    return {
        "personalIdentityNumber": PERSONS[number % 2],
        "completedAt": f"{day}T12:00:00+00:00",
        "organizationNumber": ORGANIZATION,
        "courseCode": f"C{number}",
    } | changes


def codes_in(sandbox: SandboxThread) -> list[str]:
    """Return the codes of the courses that are saved, in order."""
    return sorted(record["courseCode"] for record in sandbox.records(COURSES))


def lines_of(records: list[dict[str, Any]]) -> bytes:
    """Return records as JSON Lines."""
    return b"".join(orjson.dumps(record) + b"\n" for record in records)
