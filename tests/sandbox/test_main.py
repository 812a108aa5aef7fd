from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import orjson
import pytest

import sdir_async.sandbox
from sdir_async import Maskinporten
from sdir_async.sandbox.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .conftest import Json

ROOT = Path(sdir_async.sandbox.__file__).parents[2]


@contextmanager
def _running(
    *arguments: str,
    program: tuple[str, str] = ("-m", "sdir_async.sandbox"),
    end: signal.Signals = signal.SIGINT,
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the command until its greeting is complete, and end it as Ctrl-C does."""
    command = [sys.executable, "-W", "error", *program, "--port", "0", *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        try:
            greeting = ""
            while line := process.stdout.readline():
                greeting += line
                if "Ctrl-C" in line:
                    break
            yield process, greeting
        finally:
            process.send_signal(end)
            assert process.wait(60) == 0
            assert process.stderr.read() == ""


def test_the_command_serves_until_ctrl_c(tmp_path: Path) -> None:
    """It says where, what, and how to point a client at it, and ends without a word."""
    store = tmp_path / "records.db"
    with _running("--store", str(store)) as (_, greeting):
        url = re.search(r"http://127\.0\.0\.1:\d+", greeting)
        key = re.search(r'Sdir\("(\w+)", base_url="(.+)"\)', greeting)
        assert url
        assert key
        assert key[2] == url[0]
        base = re.search(r"additional_competence v2 +(\S+)", greeting)
        assert base
        answer = httpx.get(f"{base[1]}/codes", headers={"Ocp-Apim-Subscription-Key": key[1]})
        assert answer.status_code == 200
        assert "this machine only" in greeting
    assert store.exists()


def test_it_needs_no_folder_for_temporary_files() -> None:
    """So it runs in a container whose root is read-only."""
    program = (
        "import sys, tempfile; tempfile.tempdir = '/nowhere';"
        " from sdir_async.sandbox.__main__ import main; sys.exit(main())"
    )
    with _running(program=("-c", program)) as (_, greeting):
        assert "Records are kept in memory" in greeting


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_with_maskinporten_it_prints_settings_that_work(
    monkeypatch: pytest.MonkeyPatch, end: signal.Signals
) -> None:
    """The key is in a file that only the user can read, and that goes when the sandbox ends."""
    with _running("--maskinporten", "--token-life", "1h", end=end) as (_, greeting):
        settings = dict(re.findall(r"export (SDIR_MASKINPORTEN_\w+)=(\S+)", greeting))
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        key_file = Path(settings["SDIR_MASKINPORTEN_KEY_FILE"])
        assert key_file.stat().st_mode & 0o077 == 0
        token = asyncio.run(Maskinporten.from_environment().token(("sdir:seafarer.course.write",)))
        told = re.search(r'Sdir\("(\w+)", base_url="(.+)"\)', greeting)
        assert told
        headers = {"Ocp-Apim-Subscription-Key": told[1], "Authorization": f"Bearer {token}"}
        url = f"{told[2]}/aps-course-external/v1/codes"
        assert httpx.get(url, headers=headers).status_code == 200
        assert httpx.get(url, headers={**headers, "Authorization": ""}).status_code == 401
    assert not key_file.parent.exists()


def test_a_key_that_was_given_works_and_is_not_printed() -> None:
    """It is not ours to show."""
    with _running("--key", "hush", "--key", "hush2") as (_, greeting):
        assert "hush" not in greeting
        url = greeting.split()[3]
        path = "/aps-course-external/v1/codes"
        for key in ("hush", "hush2"):
            headers = {"Ocp-Apim-Subscription-Key": key}
            assert httpx.get(url + path, headers=headers).status_code == 200


def test_it_serves_the_documents_of_a_folder(toy: Json, folder: Callable[[Json], Path]) -> None:
    """And nothing else."""
    with _running("--documents", str(folder(toy))) as (_, greeting):
        assert re.search(r"marina v7 +http://\S+/marina/v7\n", greeting)
        assert "course" not in greeting


def test_what_keeps_it_from_starting_is_said_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With exit status 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["--port", str(taken.getsockname()[1])]) == 1
    assert main(["--documents", str(tmp_path)]) == 1
    assert main(["--port", "0", "--store", str(tmp_path / "no" / "where.db")]) == 1
    (tmp_path / "broken.json").write_bytes(
        orjson.dumps(
            {"openapi": "3.0.1", "paths": {"/a": {"get": {"requestBody": {"$ref": "#/x"}}}}}
        )
    )
    assert main(["--documents", str(tmp_path)]) == 1
    assert main(["--port", "70000"]) == 1
    assert main(["--port", "0", "--rate", "many"]) == 1
    assert main(["--port", "0", "--wake", "soon"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 7
    assert all(line.startswith("sdir-sandbox: ") for line in lines)


def test_without_the_extra_the_command_says_what_to_install() -> None:
    """In a line, and not in a traceback; also when only help is asked for."""
    code = "import sys; sys.modules['starlette'] = None; import sdir_async.sandbox.__main__"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("sdir-sandbox: starlette")
    assert line.endswith("is missing: pip install 'sdir-async[sandbox]'")


def test_without_the_extra_the_error_says_what_to_install() -> None:
    """Instead of naming a library that nobody asked for."""
    code = "import sys; sys.modules['starlette'] = None; from sdir_async.sandbox import Sandbox"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "pip install 'sdir-async[sandbox]'" in result.stderr.splitlines()[-1]
