"""What holds for all tests: no key from outside, and no test fails since a machine is slow."""

from __future__ import annotations

import logging
import os
import signal
from typing import TYPE_CHECKING

import hypothesis
import pytest
import respx.mocks

from sdir_async import Sdir
from sdir_async.testing.mocker import NAME

from .browser import browser as browser

if TYPE_CHECKING:
    from collections.abc import Iterator

hypothesis.settings.register_profile(
    "the same each time",
    deadline=None,
    derandomize=True,
    suppress_health_check=[
        hypothesis.HealthCheck.too_slow,
        hypothesis.HealthCheck.function_scoped_fixture,
    ],
)
hypothesis.settings.load_profile("the same each time")

signal.signal(signal.SIGINT, signal.default_int_handler)
"""What runs in the background ignores it, and so would the processes that tests interrupt."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--transport fast` runs all tests over aiohttp."""
    parser.addoption("--transport", choices=["httpx", "fast"], default="httpx")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse names that hold an address: no two processes would find the same tests."""
    for item in items:
        if " at 0x" in item.nodeid:
            raise pytest.UsageError(f"give its parameters ids: {item.nodeid}")


@pytest.fixture(autouse=True)
def _transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the wanted transport wherever a test names none, and let respx answer for it."""
    defaults = Sdir.__init__.__kwdefaults__ or {}
    monkeypatch.setitem(defaults, "transport", request.config.getoption("transport"))
    if request.config.getoption("transport") != "httpx":
        monkeypatch.setattr(respx.mocks, "DEFAULT_MOCKER", NAME)


@pytest.fixture(autouse=True)
def _log_as_it_was() -> Iterator[None]:
    """Undo what `SDIR_LOG` did: the next test may look at the log."""
    logger = logging.getLogger("sdir_async")
    level, handlers = logger.level, logger.handlers.copy()
    yield
    logger.setLevel(level)
    logger.handlers[:] = handlers


@pytest.fixture(autouse=True)
def _no_key_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in os.environ if each.startswith(("SDIR_API", "SDIR_MASKIN"))]:
        monkeypatch.delenv(name)
