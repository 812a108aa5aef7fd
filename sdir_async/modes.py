"""Who may read a file. Windows stores that in another way: nothing is checked or changed there."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def others_may_read(path: Path) -> bool:
    """Say whether anybody but its owner may read or write a file."""
    return os.name == "posix" and path.is_file() and bool(path.stat().st_mode & _OTHERS)


def tighten(path: Path) -> None:
    """Let only its owner read and write a file, which is made if it is not there.

    Raises:
        OSError: It belongs to somebody else, or can't be made.
    """
    os.close(os.open(path, os.O_CREAT | os.O_RDONLY, 0o600))
    if others_may_read(path):
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)
