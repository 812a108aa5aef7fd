"""Files with keys or records in them are for their owner only."""

from __future__ import annotations

import os
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from sdir_async.modes import others_may_read, tighten
from sdir_async.sandbox.store import Store

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no modes.")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o666, 0o602])
def test_a_file_that_others_may_open_is_tightened(tmp_path: Path, mode: int) -> None:
    """What its owner may do stays."""
    path = tmp_path / "file"
    path.write_text("x")
    path.chmod(mode)
    assert others_may_read(path)
    tighten(path)
    assert not others_may_read(path)
    assert mode_of(path) == 0o600
    assert path.read_text() == "x"


def test_a_file_that_is_not_there_is_made_for_its_owner(tmp_path: Path) -> None:
    """Whatever the umask says."""
    before = os.umask(0)
    try:
        tighten(tmp_path / "file")
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "file") == 0o600
    assert not others_may_read(tmp_path / "missing")


@pytest.mark.parametrize("existed", [False, True])
def test_the_store_of_a_sandbox_is_for_its_owner(tmp_path: Path, existed: bool) -> None:
    """A new one and an old one, and what SQLite keeps beside it."""
    path = tmp_path / "store.db"
    if existed:
        path.touch(0o644)
        path.chmod(0o644)
    with closing(Store(str(path), {"/boats": []})) as store:
        store.add("/boats", [("1", "{}")])
        assert {mode_of(one) for one in tmp_path.iterdir()} == {0o600}
