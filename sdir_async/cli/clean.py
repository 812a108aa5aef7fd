"""`sdir clean`: removes what uploads left beside their inputs, after asking."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import sys
from typing import TYPE_CHECKING, Final

import orjson

from ..privacy import printable
from ..upload.journal.history import History
from ..upload.journal.sqlite import _FORMAT as FORMAT
from .page import MARK
from .trouble import Exit, Trouble, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_REJECTED = re.compile(r".+\.rejected(-\d+)?\.(csv|xlsx|jsonl|json|parquet)")
_DRAFT = re.compile(r"(\..+|.+\.journal)\.[0-9a-f]{8}")
_JOURNAL: Final = ".journal"
_HEAD: Final = 2_000


def clean(folder: Path, *, yes: bool) -> Exit:
    """Remove what uploads left in a folder, after asking; return the exit code.

    Raises:
        Trouble: It is not a folder, nobody can be asked, or a file can't be removed.
    """
    if not folder.is_dir():
        raise Trouble(f"{folder}: is not a folder.")
    found = dict(leftovers(folder))
    for path, what in found.items():
        sys.stdout.write(printable(f"{path}: {what}\n"))
    for path in sorted(folder.glob(f"*{_JOURNAL}")):
        if path not in found:
            sys.stdout.write(printable(f"{path}: kept, since its upload is not finished\n"))
    if not found:
        sys.stdout.write("There is nothing to remove.\n")
        return Exit.DONE
    if not yes and not _agreed(len(found)):
        raise Trouble("Nothing was removed.")
    for path in found:
        _remove(path)
    return Exit.DONE


def leftovers(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files of a folder that uploads left, each with what it is.

    The journal of an upload that is not finished is none of them: without it the upload can't go
    on, and records could be sent twice.
    """
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or not path.is_file():
            continue
        if path.name.endswith(_JOURNAL) and is_finished(path):
            yield path, "the journal of a finished upload"
        elif _REJECTED.fullmatch(path.name):
            yield path, "rejected rows, as they stood"
        elif path.suffix == ".html" and _is_report(path):
            yield path, "the report of an upload"
        elif _DRAFT.fullmatch(path.name):
            yield path, "a draft that an interrupted command left"


def is_finished(path: Path) -> bool:
    """Say whether a file is the journal of an upload that has nothing left to send or to ask."""
    try:
        address = f"{path.absolute().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=0)) as db:
            if db.execute("PRAGMA application_id").fetchone() != (FORMAT,):
                return False
            entries = db.execute("SELECT chunk, kind, detail FROM event ORDER BY id").fetchall()
        return _is_finished(entries)
    except (sqlite3.Error, ValueError, LookupError, TypeError, AttributeError):
        return False  # in use, damaged, or not ours: it stays


def _is_finished(entries: list[tuple[int, str, bytes]]) -> bool:
    total: int | None = None
    chunks: dict[int, History] = {}
    for chunk, kind, detail in entries:
        if kind == "end":
            total = chunk
        elif kind == "read":
            chunks[chunk] = History(*orjson.loads(detail))
        else:
            chunks[chunk].replay(kind, orjson.loads(detail))
    pasts = [history.past() for history in chunks.values()]
    read = sum(history.length for history in chunks.values())
    return read == total and not any(past.unknown or past.rest for past in pasts)


def _is_report(path: Path) -> bool:
    with path.open("rb") as file:
        return MARK.encode() in file.read(_HEAD)


def _agreed(count: int) -> bool:
    if not sys.stdin.isatty():
        raise Trouble("Files are removed only with --yes, where nobody can be asked.")
    sys.stderr.write(f"Remove {'this file' if count == 1 else f'these {count} files'}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in ("y", "yes", "j", "ja")


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise Trouble(f"{path}: can't be removed: {reason_of(error)}.", Exit.STOPPED) from None
