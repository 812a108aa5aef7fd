"""The page that tells what became of an upload: what it says, and how it looks in a browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdir_async.cli.page.plot import HEIGHT, WIDTH, draw, ticks
from sdir_async.cli.result import Point
from sdir_async.sandbox import Fault

from ..browser import barriers, in_a_browser, in_scheme
from .conftest import COURSE, PERSONS, course, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from selenium.webdriver import Chrome

    from sdir_async.sandbox import SandboxThread

    from .conftest import Done


@pytest.fixture(scope="module")
def pages() -> list[Path]:
    """The pages that were made: one is enough for all tests that only look at it."""
    return []


@pytest.fixture
def page(
    pages: list[Path], sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> Path:
    """The page of an upload in which a lot happens."""
    if not pages:
        pages.append(_made(sdir, sandbox, tmp_path))
    return pages[0]


def _made(sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path) -> Path:
    records = [course(at) for at in range(1000)]
    for at in range(0, 1000, 100):
        records[at] |= {"courseCode": ""}
    for at in range(50, 1000, 200):
        records[at] |= {"personalIdentityNumber": "41814061034"}
    records[7]["completedAt"] = "<script>alert(1)</script>"
    (tmp_path / "courses.jsonl").write_bytes(lines_of(records))
    sandbox.faults.add(Fault("latency", seconds=0.02))
    sandbox.faults.add(Fault("429", nth=6, retry_after=1))
    sandbox.faults.add(Fault("502", nth=9))
    arguments = ("--chunk-size", 50, "--concurrency", 4, "--settle", 0.1)
    done = sdir("upload", *COURSE, "courses.jsonl", "--report", "report.html", *arguments)
    assert done.code == 1
    return tmp_path / "report.html"


def test_the_page_needs_no_network_and_shows_no_person(page: Path) -> None:
    """Everything is in it, what the input says is text, and numbers are hidden but for the end."""
    text = page.read_text()
    assert re.findall(r"(?:src|href)=\"(?!data:|#)", text) == []
    assert "url(" not in text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert [number for number in (*PERSONS, "41814061034") if number in text] == []
    assert "•••••••••34" in text
    assert "0123456789abcdef" not in text
    assert page.stat().st_mode & 0o777 == 0o600


def test_persons_are_shown_if_wanted(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """The page has full person numbers only if `--show-persons` is given."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(1, courseCode="")]))
    arguments = ("upload", *COURSE, "a.jsonl", "--report", "r.html", "--dry-run")
    assert sdir(*arguments, "--show-persons").code == 1
    assert PERSONS[1] in (tmp_path / "r.html").read_text()
    assert sdir(*arguments).code == 1
    assert PERSONS[1] not in (tmp_path / "r.html").read_text()


@in_a_browser
def test_the_page_is_whole_in_a_browser(browser: Chrome, page: Path) -> None:
    """Totals, what to do, groups and filters; not a word in the browser's console."""
    browser.get(page.as_uri())
    body = browser.find_element("tag name", "body").text
    assert browser.find_element("id", "total-accepted").text.startswith("984")
    assert browser.find_element("id", "total-rejected").text.startswith("16")
    assert "courses.rejected.jsonl" in body
    rows = browser.find_elements("css selector", "#reasons tbody tr")
    count = len(rows)
    browser.find_element("css selector", "button.group").click()
    assert sum(row.is_displayed() for row in rows) == 10
    browser.find_element("css selector", "button.group").click()
    browser.find_element("css selector", "input[type=search]").send_keys("completedAt moment")
    assert sum(row.is_displayed() for row in rows) == 0
    browser.find_element("css selector", "input[type=search]").clear()
    browser.find_element("css selector", "input[type=search]").send_keys("completedAt")
    assert [row.is_displayed() for row in rows].count(True) == 1
    assert f"1 of {count} reasons" in browser.find_element("id", "shown").text
    assert len(browser.find_elements("css selector", "circle.again")) >= 1
    assert len(browser.find_elements("css selector", "rect.band")) >= 1
    for width in (1200, 500):  # nothing sticks out to the side, wide or narrow
        browser.set_window_size(width, 900)
        script = "return document.documentElement.scrollWidth - window.innerWidth"
        assert browser.execute_script(script) <= 0
    console = browser.get_log("browser")  # type: ignore[no-untyped-call]
    assert console == []


@in_a_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 400])
def test_nothing_keeps_people_from_using_the_page(
    browser: Chrome, page: Path, scheme: str, width: int
) -> None:
    """axe-core finds nothing, light or dark, wide or narrow; labels can be read on a phone."""
    in_scheme(browser, scheme)
    browser.set_window_size(width, 900)
    browser.get(page.as_uri())
    assert barriers(browser) == []
    script = "return arguments[0].getBoundingClientRect().height"
    labels = browser.find_elements("css selector", "svg text")
    heights = [browser.execute_script(script, one) for one in labels if one.is_displayed()]
    assert min(heights) >= 11


def test_the_page_names_the_cell_and_the_heading_of_the_user(
    sdir: Callable[..., Done], tmp_path: Path
) -> None:
    """What stands there, what is wrong and an example; in Norwegian too, with the local time."""
    rows = ["Fnr;Dato;Organisasjonsnummer;Kurskode", f"{PERSONS[0]};31.02.2024;991825827;A"]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    sdir("upload", *COURSE, "a.csv", "--report", "r.html", "--dry-run", "--language", "nb")
    text = (tmp_path / "r.html").read_text("utf-8")
    assert '<html lang="nb">' in text
    assert '<td data-label="celle">B2</td>' in text
    assert '<td data-label="kolonne">Dato</td>' in text
    assert "er ikke en dato; skriv den som 31.05.2024 eller 31.05.2024 14:30" in text
    assert re.search(r"\d\d\.\d\d\.\d{4} \d\d:\d\d \S+", text)


points = st.builds(
    Point,
    st.floats(1.7e9, 1.7e9 + 1e5),
    st.floats(0, 300),
    st.sampled_from(["201", "429", "502", "ReadTimeout"]),
    st.integers(0, 500),
    st.booleans(),
)


@given(st.lists(points, max_size=50))
def test_everything_is_drawn_inside_the_plot(given_points: list[Point]) -> None:
    """Whatever happened, and however long it took."""
    plot = draw(given_points)
    if plot is None:
        assert given_points == []
        return
    assert all(0 <= dot.x <= WIDTH and 0 <= dot.y <= HEIGHT for dot in plot.dots)
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH and bar.height >= 0 for bar in plot.bars)
    assert all(band.x >= 0 and band.x + band.width <= WIDTH + 0.1 for band in plot.bands)


@given(st.floats(0.001, 1e9), st.integers(3, 6))
def test_ticks_are_few_and_end_before_the_end(most: float, about: int) -> None:
    """Ticks begin at 0, do not exceed the maximum, and are at most two more than wanted."""
    found = ticks(most, about)
    assert found[0] == 0
    assert found[-1] <= most * 1.000001
    assert len(found) <= about + 2
