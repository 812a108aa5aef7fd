"""The documentation site: its pages, its links and its reference are whole.

These tests read the pages as they are written. `make docs` checks the same of the site as built,
and that no page of it loads anything from another host.
"""

from __future__ import annotations

import inspect
import re
import shlex
import tomllib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import doc_site
import pytest
import yaml
from typer.main import get_command

import sdir_async
import sdir_async.postgres
import sdir_async.sandbox
import sdir_async.spark
import sdir_async.testing
from sdir_async import SdirError
from sdir_async.api import VERSIONS
from sdir_async.cli import reference
from sdir_async.cli.main import app
from sdir_async.upload.report import Ended

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs"
NAVIGATION = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]
PAGES = [*sorted(FOLDER.rglob("*.md")), *(ROOT / name for name in doc_site.FROM_ELSEWHERE)]
README = ROOT / "README.md"

every_page = pytest.mark.parametrize(
    "page", [README, *PAGES], ids=lambda page: page.relative_to(ROOT).as_posix()
)


def _names(navigation: Any) -> Iterator[str]:
    """Yield the pages of the navigation, in their order."""
    match navigation:
        case str():
            yield navigation
        case list():
            for entry in navigation:
                yield from _names(entry)
        case dict():
            yield from _names([*navigation.values()])


def _without_code(page: Path) -> str:
    return re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def _anchors(page: Path) -> set[str]:
    """Return the names of the headings of a page, as the site and GitHub make them."""
    found = re.findall(r"^#+ (.*)$", _without_code(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


def _shell_lines(page: Path) -> list[str]:
    blocks = re.findall(r"^```shell\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def test_every_page_is_in_the_navigation_once() -> None:
    """And the navigation names no page that does not exist; versions of APIs come by themselves."""
    listed = list(_names(NAVIGATION))
    assert sorted(listed) == sorted(["reference/apis/", *map(doc_site.name_on_site, PAGES)])


@every_page
def test_every_link_leads_to_a_heading_or_a_page_that_exists(page: Path) -> None:
    """Relative to the page, or to a host by https."""
    for link in re.findall(r"\]\(([^)\s]+)\)", _without_code(page)):
        name, _, anchor = link.partition("#")
        if "://" in link:
            assert link.startswith("https://"), link
            continue
        target = (page.parent / name).resolve() if name else page
        assert target.is_file(), link
        assert not anchor or anchor in _anchors(target), link


def test_the_readme_leads_to_every_page() -> None:
    """By links, from page to page: the site does not have to be built to find one."""
    reached: set[Path] = set()
    waiting = {README}
    while waiting:
        reached.add(page := waiting.pop())
        links = re.findall(r"\]\(([^)#\s:]+\.md)[)#]", _without_code(page))
        waiting |= {(page.parent / link).resolve() for link in links} - reached
    assert reached == {README, *PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_site_has_what_a_page_links_to(page: Path) -> None:
    """A file that is only in the checkout is named without a link."""
    doc_site.relinked(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_link_is_named_by_what_it_leads_to(page: Path) -> None:
    """In words: the site has no files that end in `.md`."""
    assert re.findall(r"\[[\w/.-]+\.md\]\(", page.read_text()) == []


def test_a_link_out_of_the_site_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page that has it is named."""
    monkeypatch.setattr(doc_site, "ROOT", tmp_path)
    (tmp_path / "docs").mkdir()
    page = tmp_path / "docs" / "a.md"
    page.write_text("[the Makefile](../Makefile)")
    with pytest.raises(doc_site.SiteFailed, match=r"docs/a\.md: Makefile is not a page"):
        doc_site.relinked(page)


def test_a_built_page_is_checked(tmp_path: Path) -> None:
    """Dead links, missing headings, and what is loaded from another host."""
    (tmp_path / "a.html").write_text(
        '<a href="b.html#there">1</a> <a href="b.html#gone">2</a> <a href="c.html">3</a>'
        '<a href="https://example.org">4</a> <script src="https://example.org/x.js"></script>'
    )
    (tmp_path / "b.html").write_text('<h1 id="there">b</h1> <a href="a.html">5</a>')
    assert sorted(doc_site.faults(tmp_path)) == [
        "a.html links to b.html#gone",
        "a.html links to c.html",
        "a.html loads https://example.org/x.js",
    ]


def test_the_reference_has_every_public_name() -> None:
    """Each once, and none that does not exist."""
    text = "".join(page.read_text() for page in sorted((FOLDER / "reference").glob("*.md")))
    listed = re.findall(r"^::: (\S+)$", text, re.MULTILINE)
    public = [f"sdir_async.{name}" for name in sdir_async.__all__ if name != "__version__"]
    public += [f"sdir_async.sandbox.{name}" for name in sdir_async.sandbox.__all__]
    public += [f"sdir_async.testing.{name}" for name in sdir_async.testing.__all__]
    public += [f"sdir_async.postgres.{name}" for name in sdir_async.postgres.__all__]
    public += [f"sdir_async.spark.{name}" for name in sdir_async.spark.__all__]
    fixtures = [f"sdir_async.pytest_plugin.sdir_sandbox{end}" for end in ("", "_settings")]
    assert sorted(listed) == sorted(public + fixtures)
    assert "`sdir_async.__version__`" in text


@pytest.mark.parametrize(
    ("api", "version"), [(api, version) for api in VERSIONS for version in VERSIONS[api]]
)
def test_the_reference_has_every_name_of_a_version(api: str, version: str) -> None:
    """Its methods and its models."""
    module = f"sdir_async.api.{api}.{version}"
    listed = re.findall(r"^::: (\S+)$", doc_site.version_page(api, version), re.MULTILINE)
    assert sorted(listed) == [f"{module}.{name}" for name in import_module(module).__all__]


def test_each_way_an_upload_can_end_is_explained() -> None:
    """Exit codes, `report.ended` and errors: all there are, and no other."""
    rows = re.findall(r"^\| (.+?) \|", (FOLDER / "ended.md").read_text(), re.MULTILINE)
    codes = re.findall(r"^\| (\d+) \|", reference.pages(), re.MULTILINE)
    assert [row for row in rows if row.isdecimal()] == codes
    ended = [row.strip('`"') for row in rows if row.startswith('`"')]
    assert sorted(ended) == sorted(get_args(Ended))
    public = [getattr(sdir_async, name) for name in sdir_async.__all__]
    errors = {
        kind.__name__ for kind in public if inspect.isclass(kind) and issubclass(kind, SdirError)
    }
    told = {row.strip("`") for row in rows if re.fullmatch(r"`[A-Z]\w+`", row)}
    assert told == errors - {"SdirError", "ApiError"}


def test_the_tree_of_errors_is_that_of_the_code() -> None:
    """Each under its parent."""
    text = (FOLDER / "reference" / "errors.md").read_text().partition("```text\n")[2]
    parents: list[str] = []
    for line in text.partition("```")[0].splitlines():
        depth = re.match(r"[│├└─ ]*", line)
        name = re.search(r"\w+", line)
        assert depth
        assert name
        parents[len(depth[0]) // 4 :] = [name[0]]
        bases = [base.__name__ for base in getattr(sdir_async, name[0]).__mro__]
        assert list(reversed(parents)) == [base for base in bases if base in parents]


def _commands(page: Path) -> Iterator[list[str]]:
    """Yield the calls of `sdir` in a page."""
    code = re.findall(r"^```\w+\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    for line in re.sub(r"\\\n *", " ", "".join(code)).splitlines():
        if call := re.search(r"(?:^|/bin/|sdir-key )(sdir [a-z].*)", line):
            words = shlex.split(call[1], comments=True)
            yield words[1 : words.index(">>")] if ">>" in words else words[1:]


@every_page
def test_every_command_and_option_that_is_shown_exists(page: Path) -> None:
    """In shells, in units and in crontabs."""
    commands: Any = get_command(app)
    for name, *arguments in _commands(page):
        if name != "sandbox":
            known = {option for each in commands.commands[name].params for option in each.opts}
            assert {word for word in arguments if re.match("--?[a-z]", word)} <= known, name


@every_page
def test_every_extra_that_is_installed_exists(page: Path) -> None:
    """In `pip install` and its like."""
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for line in _shell_lines(page):
        for extras in re.findall(r"(?:checkout|sdir-async|\.)\[([\w,]+)\]", line):
            assert set(extras.split(",")) <= set(known), line


def test_each_row_of_the_comparison_has_tests_that_exist() -> None:
    """Every row of its tables, and no other, is in the table of tests at the end of the page."""
    tables, _, behind = (FOLDER / "comparison.md").read_text().partition("## Our tests")
    rows = re.findall(r"^\| ([^|]+) \| [^|]", tables, re.MULTILINE)
    told = dict(re.findall(r"^\| ([^|`]+) \| (`tests.+) \|$", behind, re.MULTILINE))
    assert list(told) == rows
    for name, _, test in re.findall(r"`([\w/]+\.py)(::(\w+))?`", " ".join(told.values())):
        assert f"def {test}(" in (ROOT / name).read_text() or not test, (name, test)
