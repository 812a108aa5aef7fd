"""The page in a real browser, without a window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from sdir_async.sandbox import Fault, SandboxThread

from ..browser import barriers, in_a_browser, in_scheme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from selenium.webdriver import Chrome

    from .conftest import Json

PATH = "/aps-additionalcompetence/additionalcompetence/v1/additionalcompetence"

pytestmark = in_a_browser


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxThread]:
    """A sandbox that the browser, which knows nothing of our loop, can ask at any time."""
    with SandboxThread() as running:
        yield running


@pytest.fixture
def filled(sandbox: SandboxThread, record: Callable[..., Json]) -> SandboxThread:
    """The sandbox after a batch, a refused batch, and with a fault in force."""
    sandbox.reset()
    key = {"Ocp-Apim-Subscription-Key": sandbox.api_key}
    with httpx.Client(base_url=sandbox.base_url, headers=key) as client:
        client.post(f"{PATH}/batch", json=[record()] * 20)
        client.post(f"{PATH}/batch", json=[record(), {}])
    sandbox.faults.add(Fault("latency", seconds=0.5, probability=0.25))
    return sandbox


def _text(browser: Chrome, section: str) -> str:
    return browser.find_element("id", section).text


def _wait_for(browser: Chrome, section: str, text: str) -> None:
    """Wait until a section says something: a click loads the page again, which takes a moment."""
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.support.ui import WebDriverWait

    waiting = WebDriverWait(browser, 60, 0.02, [StaleElementReferenceException])
    waiting.until(lambda _: text in _text(browser, section))


def _console(browser: Chrome) -> list[Json]:
    lines: list[Json] = browser.get_log("browser")  # type: ignore[no-untyped-call]
    return lines


def test_the_page_tells_what_a_job_just_sent(browser: Chrome, filled: SandboxThread) -> None:
    """APIs, faults, batches, records and requests, without a word in the browser's console."""
    browser.get(filled.base_url)
    assert browser.title == "Sdir sandbox"
    assert "course v1" in _text(browser, "apis")
    assert "latency" in _text(browser, "faults")
    assert "25 %" in _text(browser, "faults")
    assert "20 201" in _text(browser, "requests")
    assert "2 400" in _text(browser, "requests")
    assert "2 requests in the last 5 minutes" in _text(browser, "traffic")
    assert "***********" in _text(browser, "records")
    assert "primary" in _text(browser, "requests")
    assert _console(browser) == []
    assert "favicon" not in _text(browser, "requests")


def test_switches_work(browser: Chrome, filled: SandboxThread) -> None:
    """A fault is set and ended, the database put to sleep, by clicking."""
    browser.get(filled.base_url)
    browser.find_element("css selector", "#faults select[name=kind] option[value='502']").click()
    browser.find_element("css selector", "#faults input[name=count]").send_keys("3")
    browser.find_element("css selector", "#add button").click()
    _wait_for(browser, "faults", "at most 3")
    assert [fault.kind.value for fault in filled.faults] == ["latency", "502"]
    browser.find_element("xpath", "//button[text()='Remove all']").click()
    _wait_for(browser, "faults", "No active faults")
    assert len(filled.faults) == 0
    browser.find_element("xpath", "//button[text()='Put to sleep']").click()
    _wait_for(browser, "database", "asleep")


def test_a_reference_is_a_click_away(browser: Chrome, filled: SandboxThread) -> None:
    """And its links lead to what they name."""
    browser.get(filled.base_url)
    browser.find_element("link text", "course v1").click()
    assert browser.find_element("tag name", "h1").text == "Course 1.0"
    link = browser.find_element("css selector", "a[href='#Course']")
    link.click()
    assert browser.current_url.endswith("#Course")
    assert "courseCode" in _text(browser, "Course")


@pytest.mark.parametrize("width", [1200, 500])
def test_the_page_fits_its_window(browser: Chrome, filled: SandboxThread, width: int) -> None:
    """Nothing sticks out to the side, wide or narrow."""
    browser.set_window_size(width, 900)
    for path in ("/", "/_sandbox/documents/additional_competence v1"):
        browser.get(filled.base_url + path)
        script = "return document.documentElement.scrollWidth - window.innerWidth"
        assert browser.execute_script(script) <= 0


def test_the_page_shows_what_comes_in_without_being_loaded_again(
    browser: Chrome, filled: SandboxThread
) -> None:
    """What somebody has typed stays; a paused page stays as it is until it continues."""
    browser.get(filled.base_url)
    _wait_for(browser, "live", "Updates by itself")
    browser.find_element("css selector", "#find input[name=text]").send_keys("typed")
    key = {"Ocp-Apim-Subscription-Key": filled.api_key}
    httpx.get(filled.base_url + PATH, headers=key)
    _wait_for(browser, "list", f"GET {PATH}")
    typed = browser.find_element("css selector", "#find input[name=text]")
    assert typed.get_attribute("value") == "typed"
    browser.find_element("id", "pause").click()
    httpx.get(f"{filled.base_url}/nowhere", headers=key)
    _wait_for(browser, "live", "Paused")
    assert "/nowhere" not in _text(browser, "list")
    browser.find_element("id", "pause").click()
    _wait_for(browser, "list", "/nowhere")
    assert _console(browser) == []


def test_a_request_is_a_click_away(browser: Chrome, filled: SandboxThread) -> None:
    """Its keys and persons are shown by another click."""
    browser.get(filled.base_url)
    browser.find_element("css selector", "#list a").click()
    assert filled.api_key not in _text(browser, "request")
    browser.find_element("link text", "Show keys and persons").click()
    assert filled.api_key in _text(browser, "request")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 400])
def test_nothing_keeps_people_from_using_the_pages(
    browser: Chrome, filled: SandboxThread, scheme: str, width: int
) -> None:
    """axe-core finds nothing on any page, light or dark, wide or narrow."""
    in_scheme(browser, scheme)
    browser.set_window_size(width, 900)
    first = next(iter(filled.sandbox._exchanges)).number
    for path in ("/", f"/_sandbox/requests/{first}", "/_sandbox/documents/course v1"):
        browser.get(filled.base_url + path)
        script = "for (const each of document.querySelectorAll('details')) each.open = true;"
        browser.execute_script(script)
        assert barriers(browser) == []
