"""The sessions of docs/sandbox.md and the tests of docs/testing.md are run as they stand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sdir_async.sandbox import SandboxThread

from .test_pytest_plugin import run_pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[2] / "docs"


def _blocks(page: str, language: str) -> list[str]:
    """Return the snippets of a page."""
    text = (DOCS / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def _steps(block: str) -> Iterator[tuple[str, str]]:
    """Yield the commands of a session, each with what it prints."""
    for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        head, end, output = step.partition("\nEND\n")
        if end:
            yield head + end, output
        else:
            command, _, output = step.partition("\n")
            yield command, output


@pytest.mark.skipif(not shutil.which("curl"), reason="There is no curl here.")
def test_the_session_with_curl_is_what_happens(tmp_path: Path) -> None:
    """Line by line; `…` stands for anything."""
    environment = {**os.environ, "no_proxy": "127.0.0.1"}
    asked = []
    with SandboxThread(keys=["my-key"]) as sandbox:
        for command, output in (s for b in _blocks("sandbox.md", "console") for s in _steps(b)):
            if command.startswith(("curl", "cat")):
                here = command.replace("http://127.0.0.1:8400", sandbox.base_url)
                shown = subprocess.check_output(here, shell=True, cwd=tmp_path, env=environment)
                expected = output.replace("http://127.0.0.1:8400", sandbox.base_url)
                pattern = re.escape(expected.strip()).replace("…", ".*")
                assert re.fullmatch(pattern, shown.decode().replace("\r", "").strip()), command
                asked.append(command)
    assert len(asked) == 12


def test_the_tests_of_the_page_pass(tmp_path: Path) -> None:
    """In a pytest of their own, with the settings of the page."""
    tests, settings, *_ = _blocks("testing.md", "python")
    (tmp_path / "test_theirs.py").write_text(tests)
    (tmp_path / "conftest.py").write_text(settings)
    result = run_pytest(tmp_path)
    assert "2 passed" in result.stdout, result.stdout
