"""Chromium without a window. Tests that need it are skipped where there is none, but not in CI."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .programs import IN_CI, skip_without

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver import Chrome

BINARY = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
DRIVER = shutil.which("chromedriver")

in_a_browser = pytest.mark.skipif(
    not (BINARY and DRIVER) and not IN_CI, reason="chromium or chromedriver is not installed"
)


AXE = Path(__file__).parent / "axe" / "node_modules" / "axe-core" / "axe.min.js"


def barriers(browser: Chrome) -> list[str]:
    """Return what keeps people from reading or using the page that is open, as axe-core finds it.

    The test is skipped where axe-core is not installed: `make test` installs it if there is npm.
    """
    skip_without(AXE.exists(), "`npm install` was not run in tests/axe")
    browser.execute_script(AXE.read_text("utf-8"))
    script = "const done = arguments[0]; axe.run().then((found) => done(found.violations));"
    return [
        f"{found['id']}: {node['html'][:200]}"
        for found in browser.execute_async_script(script)
        for node in found["nodes"]
    ]


def in_scheme(browser: Chrome, scheme: str) -> None:
    """Let pages be light or dark."""
    told = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", told)


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    """A browser for the tests of a module; `--no-sandbox` is for root in a container."""
    from selenium import webdriver

    assert BINARY, "chromium is not installed"
    assert DRIVER, "chromedriver is not installed"
    options = webdriver.ChromeOptions()
    options.binary_location = BINARY
    for option in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(option)
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    driver.set_script_timeout(300)
    yield driver
    driver.quit()
