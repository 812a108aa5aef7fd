"""Builds the documentation site in `build/site` and checks its links: `make docs`.

The pages are those of `docs/`, a few from elsewhere in the checkout, and one for each version of
each API. A link to a page is written as it is in the checkout, so that it also works there.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from importlib import import_module
from os.path import relpath
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from sdir_async.api import VERSIONS
from sdir_async.description import describe
from sdir_async.generation.facts import class_name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[1]
PAGES: Final = ROOT / "build" / "pages"
SITE: Final = ROOT / "build" / "site"
FROM_ELSEWHERE: Final = {
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
    "CODE_OF_CONDUCT.md": "conduct.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "openapi/README.md": "documents.md",
}
"""Pages that are not in `docs/`, and what they are called on the site."""

_OPERATIONS: Final = """\
    options:
      inherited_members: true
      merge_init_into_class: false
"""

_LINK: Final = re.compile(r"(?<=\]\()([^)#:\s]+)(?=[)#])")
_LOADS: Final = {"script": "src", "img": "src", "link": "href", "iframe": "src"}


class SiteFailed(Exception):
    """The site was not built, or something in it leads nowhere."""


def name_on_site(path: Path) -> str:
    """Return what a page or a picture of the checkout is called on the site.

    Raises:
        SiteFailed: It is not on the site.
    """
    name = path.relative_to(ROOT).as_posix()
    if name == "README.md":
        return "index.md"
    if name in FROM_ELSEWHERE:
        return FROM_ELSEWHERE[name]
    if name.startswith("docs/") and path.exists():
        return name.removeprefix("docs/")
    raise SiteFailed(f"{name} is not a page of the site")


def relinked(page: Path) -> str:
    """Return the text of a page, with its links as the site needs them."""
    own = Path(name_on_site(page))

    def moved(link: re.Match[str]) -> str:
        try:
            return relpath(name_on_site((page.parent / link[1]).resolve()), own.parent)
        except (SiteFailed, ValueError) as error:
            raise SiteFailed(f"{page.relative_to(ROOT)}: {error}") from error

    return _LINK.sub(moved, page.read_text(encoding="utf-8"))


def version_page(api: str, version: str) -> str:
    """Return the page of a version: its operations, then its models."""
    module = f"sdir_async.api.{api}.{version}"
    names: list[str] = list(import_module(module).__all__)
    operations = class_name_of(api, version)
    models = [name for name in names if name != operations]
    lines = [
        f"# {describe(api, version).title}, {version}",
        f"`sdir.{api}.{version}` has these methods. The models are in `{module}`.",
        f"::: {module}.{operations}\n{_OPERATIONS}",
        *(f"::: {module}.{model}" for model in models),
    ]
    return "\n\n".join(lines) + "\n"


def gather(target: Path = PAGES) -> None:
    """Write all pages and pictures of the site into a folder."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(ROOT / "docs", target)
    pages = [*(ROOT / "docs").rglob("*.md"), *(ROOT / name for name in FROM_ELSEWHERE)]
    for page in pages:
        (target / name_on_site(page)).write_text(relinked(page), encoding="utf-8")
    apis = target / "reference" / "apis"
    apis.mkdir(parents=True)
    contents = []
    for api, version in ((api, name) for api, names in VERSIONS.items() for name in names):
        (apis / f"{api}.{version}.md").write_text(version_page(api, version), encoding="utf-8")
        contents.append(f"* [{describe(api, version).title}, {version}]({api}.{version}.md)\n")
    (apis / "SUMMARY.md").write_text("".join(contents), encoding="utf-8")


class Reading(HTMLParser):
    """What a page of the site has: names to link to, links, and what it loads."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.ids: set[str] = {""}
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what is of interest in a tag."""
        given = {name: value or "" for name, value in attrs}
        self.ids |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if (name := _LOADS.get(tag)) in given:
            self.loaded.append(given[name])


def faults(site: Path = SITE) -> Iterator[str]:
    """Yield each link of the site that leads nowhere, and whatever a page loads from elsewhere."""
    pages = {path: Reading(path) for path in sorted(site.rglob("*.html")) if path.stem != "404"}
    for path, page in pages.items():
        where = path.relative_to(site)
        for link in page.loaded:
            if urlsplit(link).netloc:
                yield f"{where} loads {link}"
        for link in {*page.links, *page.loaded}:
            address = urlsplit(link)
            if address.scheme or address.netloc:
                continue
            target = (path.parent / unquote(address.path)).resolve() if address.path else path
            if target.is_dir():
                target /= "index.html"
            fragment = unquote(address.fragment)
            if not target.exists() or (target in pages and fragment not in pages[target].ids):
                yield f"{where} links to {link}"


def build() -> None:
    """Gather the pages and make the site of them.

    Raises:
        SiteFailed: The generator of the site complains, or a link leads nowhere.
    """
    gather()
    command = [str(Path(sys.executable).with_name("zensical")), "build", "--clean", "--strict"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SiteFailed((done.stdout + done.stderr).partition("Traceback")[0].strip())
    (SITE / "reference" / "apis" / "SUMMARY.html").unlink()
    if found := list(faults()):
        raise SiteFailed("\n".join(found))


def main() -> int:
    """Build the site; print where it is, or what is wrong with it."""
    try:
        build()
    except SiteFailed as error:
        print(error, file=sys.stderr)
        return 1
    print((SITE / "index.html").relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
