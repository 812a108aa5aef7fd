"""`sdir clean`: removes what uploads left beside their inputs, after asking."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Final

from ..privacy import printable
from .page import MARK
from .sent.beside import read_journal
from .trouble import Exit, Trouble, reason_of
from .words import say, some

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_REJECTED = re.compile(r".+\.rejected(-\d+)?\.(csv|xlsx|jsonl|json|parquet)")
_DRAFT = re.compile(r"(\..+\.sdir-|.+\.journal\.)[0-9a-f]{8}")
_JOURNAL: Final = ".journal"
_HEAD: Final = 2_000


def clean(folder: Path, *, yes: bool) -> Exit:
    """Remove what uploads left in a folder, after asking; return the exit code.

    Raises:
        Trouble: It is not a folder, nobody can be asked, or a file can't be removed.
    """
    if not folder.is_dir():
        raise Trouble("{folder}: is not a folder.", folder=folder)
    found = dict(leftovers(folder))
    for path, what in found.items():
        sys.stdout.write(printable(f"{path}: {what}\n"))
    for path in sorted(folder.glob(f"*{_JOURNAL}")):
        if path not in found:
            sys.stdout.write(
                printable(say("{path}: kept, since its upload is not finished\n", path=path))
            )
    if not found:
        sys.stdout.write(say("There is nothing to remove.\n"))
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
            yield path, say("the journal of a finished upload: it knows which rows were sent")
        elif _REJECTED.fullmatch(path.name):
            yield path, say("rejected rows, as they stood")
        elif path.suffix == ".html" and _is_report(path):
            yield path, say("the report of an upload")
        elif _DRAFT.fullmatch(path.name):
            yield path, say("a draft that an interrupted command left")


def is_finished(path: Path) -> bool:
    """Say whether a file is the journal of an upload that has nothing left to send or to ask."""
    found = read_journal(path)  # None if it is in use, damaged, or not ours: it stays
    return found is not None and found.history.is_finished


def _is_report(path: Path) -> bool:
    with path.open("rb") as file:
        return MARK.encode() in file.read(_HEAD)


def _agreed(count: int) -> bool:
    if not sys.stdin.isatty():
        raise Trouble("Files are removed only with --yes, where nobody can be asked.")
    sys.stderr.write(
        some(count, "Remove this file? [y/N] ", "Remove these {count:,} files? [y/N] ")
    )
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in ("y", "yes", "j", "ja")


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        why = reason_of(error)
        raise Trouble(
            "{path}: can't be removed: {why}.", Exit.STOPPED, path=path, why=why
        ) from None
