"""The page of the documentation says what the commands say about themselves."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sdir_async.cli.reference import pages

from .conftest import COURSES, ORGANIZATION, PERSONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sdir_async.sandbox import SandboxThread

    from .conftest import Done

README = Path(__file__).parents[2] / "README.md"
PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
EXAMPLES = re.findall(r"^sdir (?!--)[a-z][^#\n]*", pages(), re.MULTILINE)


def test_the_page_is_up_to_date() -> None:
    """If not: python -m sdir_async.cli.reference > docs/cli.md."""
    assert PAGE.read_text(encoding="utf-8") == pages()


def test_the_session_of_the_readme_runs(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """From the template to the corrected rows, with a person who fills them in."""
    section = README.read_text(encoding="utf-8").partition("## From a spreadsheet\n")[2]
    lines = [line.partition(" #")[0] for line in section.partition("```\n\n")[0].splitlines()]
    _, template, check, upload, again = (
        shlex.split(one)[1:] for one in lines if one[:5] == "sdir "
    )
    assert sdir(*template).code == 0
    person, other = PERSONS
    with open(template[-1], "a", encoding="utf-8", newline="") as file:
        file.write(f"{person};31.05.2024;{ORGANIZATION};A\r\n")
        file.write(f"{other};31.06.2024;{ORGANIZATION};B\r\n")
    assert sdir(*check).code == 1
    assert sandbox.records(COURSES) == []
    assert sdir(*upload).code == 1
    rejected = tmp_path / again[-1]
    rejected.write_bytes(rejected.read_bytes().replace(b"31.06.", b"30.06."))
    assert sdir(*again).code == 0
    assert [record["courseCode"] for record in sandbox.records(COURSES)] == ["A", "B"]


def test_every_command_has_an_example(sdir: Callable[..., Done]) -> None:
    """The page has an example for each of the 14 commands that `sdir --help` lists."""
    commands = sdir("--help").out.partition("Commands")[2]
    listed = re.findall(r"^[│|] +([a-z]+) ", commands, re.MULTILINE)
    assert len(listed) == 14
    assert {
        example.split()[0] for example in (one.removeprefix("sdir ") for one in EXAMPLES)
    } == set(listed)


@pytest.mark.parametrize("example", sorted({one.split()[1] for one in EXAMPLES}))
def test_every_command_has_help(sdir: Callable[..., Done], example: str) -> None:
    """`--help` of each command works and shows an example, except that of `sandbox`."""
    done = sdir(example, "--help")
    assert done.code == 0
    assert "Example: " in done.out or example == "sandbox"


@pytest.mark.parametrize("example", sorted(set(EXAMPLES)))
def test_the_options_of_every_example_exist(sdir: Callable[..., Done], example: str) -> None:
    """An option that does not exist is a usage error that names it."""
    _, command, *arguments = shlex.split(example)
    if command in ("sandbox", "login", "logout"):
        return
    done = sdir(command, *arguments)
    assert "No such option" not in done.err
    assert "Missing argument" not in done.err
