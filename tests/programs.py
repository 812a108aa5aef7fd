"""Programs that some tests need. Without them these tests are skipped; in CI they fail."""

from __future__ import annotations

import os
import shutil

import pytest

IN_CI = bool(os.environ.get("CI"))


def skip_without(thing: object, reason: str) -> None:
    """Skip the test that runs if this is nothing, for a reason."""
    if not thing and not IN_CI:
        pytest.skip(reason)


def needs(program: str) -> pytest.MarkDecorator:
    """Return the mark of a test that runs a program."""
    missing = shutil.which(program) is None
    return pytest.mark.skipif(missing and not IN_CI, reason=f"{program} is not installed")
