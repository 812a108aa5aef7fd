"""The documentation is run as it stands.

A Python snippet is a program, or a piece of one. Pieces find the names of `sdir_async` and an open
`sdir`; those of one page share what they define. The key and the file of the first upload are what
they seem, but `Sdir` goes to a sandbox.
"""

from __future__ import annotations

import ast
import asyncio
import functools
import gzip
import inspect
import re
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import demo
import pytest

import sdir_async

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sdir_async import Sdir

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
KEY = "0123456789abcdef"
WITH_SNIPPETS = [page for page in PAGES if "```python\n" in page.read_text()]

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    """The address of a sandbox that lets the key of the snippets in."""
    with demo.running_sandbox("--key", KEY) as access:
        yield access.base_url


@pytest.fixture
def local_sdir(
    base_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> functools.partial[Sdir]:
    """`Sdir` as the snippets meet it: everything is real but the address."""
    local = functools.partial(sdir_async.Sdir, base_url=base_url)
    monkeypatch.setattr(sdir_async, "Sdir", local)
    monkeypatch.setenv("SDIR_API_KEY", KEY)
    monkeypatch.chdir(tmp_path)
    Path("records.jsonl").write_bytes(_first_lines(500))  # line 466 is bad
    return local


@pytest.mark.parametrize("page", WITH_SNIPPETS, ids=lambda page: page.name)
def test_the_snippets_of_a_page_run(page: Path, local_sdir: functools.partial[Sdir]) -> None:
    """One after another, as a reader would try them."""
    names: dict[str, Any] = {"__name__": "__main__"}
    snippets = list(_snippets(page, "python"))
    assert snippets
    with asyncio.Runner() as runner:
        given = runner.run(_given(local_sdir))
        for line, snippet in snippets:
            names.update(given)
            _run("\n" * line + snippet, str(page), names, runner)
        runner.run(given["sdir"].aclose())


async def _given(local_sdir: functools.partial[Sdir]) -> dict[str, Any]:
    public = {name: getattr(sdir_async, name) for name in sdir_async.__all__}
    return public | {"sdir": local_sdir()}


def _run(snippet: str, page: str, names: dict[str, Any], runner: asyncio.Runner) -> None:
    """Run a program as it is, a piece that awaits something in the page's event loop."""
    code = compile(snippet, page, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if code.co_flags & inspect.CO_COROUTINE:
        runner.run(eval(code, names))
    else:
        exec(code, names)


def test_the_first_upload_says_what_was_rejected(
    local_sdir: functools.partial[Sdir], capsys: pytest.CaptureFixture[str]
) -> None:
    """It has at most twelve lines of code, and shows the one bad record among its 500."""
    _, program = next(_snippets(ROOT / "README.md", "python"))
    assert sum(map(bool, program.splitlines())) <= 12
    exec(program, {})
    printed = capsys.readouterr().out
    assert "499 accepted, 1 rejected, 0 in doubt, 0 unsent" in printed
    assert "record 465: " in printed


@every_page
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    """In commands and in running text."""
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), re.MULTILINE))
    assert named <= _targets()


def test_make_calls_only_scripts_that_exist() -> None:
    """And `make help` is told of every target."""
    makefile = (ROOT / "Makefile").read_text()
    scripts = re.findall(r"scripts/\w+\.py", makefile)
    assert scripts
    assert all((ROOT / script).exists() for script in scripts)
    described = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    assert described == _targets()


@every_page
def test_links_inside_the_project_lead_somewhere(page: Path) -> None:
    """Relative to the page."""
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
    inside = [link for link in links if "://" not in link]
    assert [link for link in inside if not (page.parent / link).exists()] == []


def test_the_readme_leads_to_every_page_of_the_documentation() -> None:
    """A page that nothing leads to is not read."""
    readme = (ROOT / "README.md").read_text()
    pages = [f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")]
    assert [page for page in pages if f"]({page})" not in readme] == []


def _first_lines(count: int) -> bytes:
    with gzip.open(demo.FOLDER / "records.jsonl.gz") as lines:
        return b"".join(islice(lines, count))


def _snippets(page: Path, language: str) -> Iterator[tuple[int, str]]:
    """Yield the line before each snippet, counted from 1, and its text."""
    text = page.read_text()
    for found in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield text[: found.start(1)].count("\n"), found[1]


def _targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    return set(phony[1].split()) if phony else set()
