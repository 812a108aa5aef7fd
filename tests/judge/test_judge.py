"""Two hundred short uploads, each against a server that a seed draws; the register is the judge."""

from __future__ import annotations

from pathlib import Path

import pytest

from .judge import judged

BLOCK = 50


@pytest.mark.parametrize("first", [0, 50, 100, 150])
async def test_what_is_reported_is_what_is_in_the_register(first: int, tmp_path: Path) -> None:
    """Whatever the server does: nothing lost, nothing twice, nothing in doubt without need."""
    failed = await judged(range(first, first + BLOCK), tmp_path, at_once=12)
    assert not failed, "\n".join(map(str, failed))
