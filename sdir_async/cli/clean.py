"""`sdir clean`: removes what uploads left beside their inputs, after asking."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Final

from attrs import frozen

from ..privacy import printable
from .page import MARK
from .questions import agrees
from .rejected import is_settled, own_rows
from .sent.beside import read_journal
from .trouble import Exit, Trouble, reason_of
from .words import say, some

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from .sent.beside import Beside

_REJECTED = re.compile(r"(?P<stem>.+)\.rejected(-\d+)?\.(?P<ending>csv|xlsx|jsonl|json|parquet)")
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
    seen = list(leftovers(folder))
    for one in seen:
        sys.stdout.write(printable(f"{one.path}: {one.what}\n"))
    found = [one.path for one in seen if one.goes]
    if not found:
        sys.stdout.write(say("Nothing to remove.\n"))
        return Exit.DONE
    if not yes and not _agreed(found):
        raise Trouble("Nothing was removed.")
    for path in found:
        _remove(path)
    return Exit.DONE


@frozen
class Seen:
    """A file that an upload left, a description of it, and whether it can be removed."""

    path: Path
    what: str
    goes: bool = True


def leftovers(folder: Path) -> Iterator[Seen]:
    """Yield the files of a folder that uploads left.

    These stay: the journal of an unfinished upload, because without it the upload can't continue
    and records could be sent twice; rejected rows that are not saved and are in no other file; and
    the journal that records which rows those were.
    """
    files = [one for one in sorted(folder.iterdir()) if one.is_file() and not one.is_symlink()]
    # None is a journal that is in use, damaged, or not ours: it stays
    journals = {one: read_journal(one) for one in files if one.name.endswith(_JOURNAL)}
    known = [one.history for one in journals.values() if one is not None]
    rejected = [one for one in files if _REJECTED.fullmatch(one.name)]
    needed = [one for one in rejected if not (is_settled(one, known) or _stands_in_input(one))]
    for path in files:
        if path in needed:
            what = say("kept: it may have rejected rows that were not corrected and accepted yet")
            yield Seen(path, what, goes=False)
        elif path in journals:
            yield _seen_journal(path, journals[path], needed, files)
        elif path in rejected:
            yield Seen(path, say("rejected rows, as they were"))
        elif path.suffix == ".html" and _is_report(path):
            yield Seen(path, say("the report of an upload"))
        elif _DRAFT.fullmatch(path.name):
            yield Seen(path, say("a draft that an interrupted command left"))


def _seen_journal(
    path: Path, journal: Beside | None, needed: Iterable[Path], files: Iterable[Path]
) -> Seen:
    if journal is None or not journal.history.is_finished:
        return Seen(path, say("kept, since its upload is not finished"), goes=False)
    for one in needed:
        if printable(one.name) in journal.history.rejected_files:
            what = say("kept, since it records which rows of {file} were sent", file=one.name)
            return Seen(path, what, goes=False)
    for one in files:
        if path.name.startswith(f"{one.name}.") and one.suffix != _JOURNAL:
            what = say(
                "kept while {file} is here: without it, the whole file can be sent again",
                file=one.name,
            )
            return Seen(path, what, goes=False)
    what = say(
        "the journal of a finished upload. Without it, the same file can be sent again, and every"
        " row is saved twice"
    )
    return Seen(path, what)


def _stands_in_input(path: Path) -> bool:
    """Say whether the input has all rows of a file of rejected rows."""
    parts = _REJECTED.fullmatch(path.name)
    assert parts is not None  # noqa: S101
    source = path.with_name(f"{parts['stem']}.{parts['ending']}")
    if not source.is_file() or _REJECTED.fullmatch(source.name):
        return False
    return own_rows(path) <= own_rows(source)


def is_finished(path: Path) -> bool:
    """Say whether a file is the journal of an upload that has nothing left to send or to ask."""
    found = read_journal(path)  # None if it is in use, damaged, or not ours: it stays
    return found is not None and found.history.is_finished


def _is_report(path: Path) -> bool:
    with path.open("rb") as file:
        return MARK.encode() in file.read(_HEAD)


def _agreed(found: Sequence[Path]) -> bool:
    if not sys.stdin.isatty():
        raise Trouble("Without a terminal, files are removed only with --yes.")
    if any(path.name.endswith(_JOURNAL) for path in found):
        sys.stderr.write(
            say("Without its journal, a file that was uploaded can be sent and saved again.\n")
        )
    return agrees(some(len(found), "Remove this file?", "Remove these {count:,} files?"))


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        why = reason_of(error)
        raise Trouble(
            "{path}: can't be removed: {why}.", Exit.STOPPED, path=path, why=why
        ) from None
