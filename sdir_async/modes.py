"""Who may read a file. Windows stores that in another way: nothing is checked or changed there."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_OPENING: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""Against a link that is made at the last moment, and a pipe, which would wait for a writer."""


def others_may_read(path: Path) -> bool:
    """Say whether anybody but its owner may read or write a file."""
    return os.name == "posix" and path.is_file() and bool(path.stat().st_mode & _OTHERS)


def tighten(path: Path) -> None:
    """Let only its owner read and write a file, and create the file if it is missing.

    A link is refused: someone who can write in the folder may have made it, so that another file is
    overwritten. Pipes and devices are refused, too.

    Raises:
        OSError: It is a link or no regular file, belongs to somebody else, or can't be made.
    """
    if path.is_symlink():
        raise OSError(f"{path} is a link: give the path of the file itself")
    if path.exists() and not path.is_file():
        raise OSError(f"{path} is not a regular file")
    file = os.open(path, os.O_CREAT | os.O_RDONLY | _OPENING, 0o600)
    try:
        if others_may_read(path):
            os.fchmod(file, stat.S_IMODE(os.fstat(file).st_mode) & ~_OTHERS)
    finally:
        os.close(file)
