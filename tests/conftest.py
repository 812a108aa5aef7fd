"""What holds for all tests: no key from outside, and no test fails since a machine is slow."""

from __future__ import annotations

import hypothesis
import pytest

from sdir_async import Sdir

hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--transport httpx` runs all tests over httpx's own; `"auto"` takes the fast one."""
    parser.addoption("--transport", choices=["auto", "httpx"], default="auto")


@pytest.fixture(autouse=True)
def _transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = Sdir.__init__.__kwdefaults__ or {}
    monkeypatch.setitem(defaults, "transport", request.config.getoption("transport"))


@pytest.fixture(autouse=True)
def _no_key_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SDIR_API_KEY", raising=False)
