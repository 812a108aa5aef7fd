"""The fixture `sdir_sandbox` for tests of programs that report to Sdir.

pytest imports its plugins whether or not a test uses them: this one loads neither the SDK nor the
sandbox before a test asks for the fixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .sandbox import SandboxThread


@pytest.fixture(scope="session")
def sdir_sandbox_settings() -> dict[str, Any]:
    """Return the settings of the sandbox that the tests share: those of `Sandbox`.

    Override it in a `conftest.py` to change them.
    """
    return {}


@pytest.fixture(scope="session")
def _sdir_sandbox_running(sdir_sandbox_settings: dict[str, Any]) -> Iterator[SandboxThread]:
    from .sandbox import SandboxThread

    with SandboxThread(**sdir_sandbox_settings) as sandbox:
        yield sandbox


@pytest.fixture
def sdir_sandbox(_sdir_sandbox_running: SandboxThread) -> SandboxThread:
    """Return a local Sdir that is empty and awake, and where nothing goes wrong.

    It starts once, on a free port and in a thread of its own, so that tests of any kind can use
    it; each test finds it without the records, requests and faults of those before.
    """
    _sdir_sandbox_running.reset()
    return _sdir_sandbox_running
