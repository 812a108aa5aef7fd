"""Chromium without a window. Tests that need it are skipped where there is none, but not in CI."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver import Chrome

BINARY = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
DRIVER = shutil.which("chromedriver")

in_a_browser = pytest.mark.skipif(
    not (BINARY and DRIVER) and not os.environ.get("CI"),
    reason="There is no chromium here, or no chromedriver.",
)


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
    yield driver
    driver.quit()
