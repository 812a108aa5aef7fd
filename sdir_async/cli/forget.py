"""`sdir clean` for journals in a PostgreSQL: removes those of finished uploads, after asking."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Final

from ..errors import JournalError
from ..privacy import mask, printable
from .questions import agrees
from .trouble import Exit, Trouble
from .words import say, some

if TYPE_CHECKING:
    from collections.abc import Sequence

_DAY: Final = 86_400.0


def clean_database(
    database: str, *, upload: str | None, days: int | None, force: bool, yes: bool
) -> Exit:
    """Remove the journals of an upload, or of all that are old; return the exit code.

    Raises:
        Trouble: The upload does not exist, can't be removed, or nobody can be asked.
        JournalError: The database can't be asked.
    """
    from ..postgres.removal import stored_uploads

    known = asyncio.run(stored_uploads(database))
    found = [one for one in known if upload in (None, one[0]) and one[2] >= (days or 0) * _DAY]
    if upload and not found:
        raise Trouble("This database has no upload {name!r}.", name=upload)
    for name, parts, idle in found:
        count = some(parts, "{count:,} part", "{count:,} parts")
        days_idle = some(int(idle // _DAY), "{count:,} day", "{count:,} days")
        said = say("{name}: {parts}, idle for {days}", name=name, parts=count, days=days_idle)
        sys.stdout.write(printable(mask(f"{said}\n")))
    if not found:
        sys.stdout.write(say("Nothing to remove.\n"))
        return Exit.DONE
    if not yes:
        _require_agreement(len(found))
    _forget(database, [name for name, _, _ in found], force=force, named=upload is not None)
    return Exit.DONE


def _require_agreement(count: int) -> None:
    if not sys.stdin.isatty():
        raise Trouble("Without a terminal, journals are removed only with --yes.")
    sys.stderr.write(say("Without its journal, an upload can be sent and saved again.\n"))
    if not agrees(
        some(count, "Remove the journals of this upload?", "Remove those of these {count:,}?")
    ):
        raise Trouble("Nothing was removed.")


def _forget(database: str, names: Sequence[str], *, force: bool, named: bool) -> None:
    """Remove the journals of each, except those that are still needed."""
    from ..postgres import forget

    for name in names:
        try:
            asyncio.run(forget(database, upload=name, force=force))
        except JournalError as error:
            if named:
                raise
            sys.stdout.write(printable(mask(say("kept: {why}\n", why=error))))
