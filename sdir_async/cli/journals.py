"""Opens the file of a journal to read it, whoever wrote it: an upload or the command."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final

from ..upload.journal.sqlite import _FORMAT as FORMAT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UNREADABLE: Final = (
    OSError,
    sqlite3.Error,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
)
"""What reading a file raises that is not a journal, or is damaged: its events can be anything."""


@contextmanager
def journal_in(path: Path, how: str = "mode=ro") -> Iterator[sqlite3.Connection]:
    """Open a journal, in a way that SQLite's addresses know.

    Raises:
        ValueError: It is not a journal.
        sqlite3.OperationalError: It is in use.
    """
    if path.exists() and not path.is_file():  # to open a pipe is to wait for its writer
        raise ValueError("not a journal")
    address = f"{path.absolute().as_uri()}?{how}"
    with closing(sqlite3.connect(address, uri=True, timeout=0)) as db:
        if db.execute("PRAGMA application_id").fetchone() != (FORMAT,):
            raise ValueError("not a journal")
        yield db
