"""Files with personal data: written completely or not at all, and readable by the owner only."""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import IO, TYPE_CHECKING

from .trouble import Exit, Trouble, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def private_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file to write, mode 0600. It gets its name when the block ends without an error.

    Raises:
        Trouble: It can't be written. A file of that name is unchanged.
    """
    draft = path.with_name(f".{path.name}.sdir-{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            yield file
        draft.replace(path)
    except OSError as error:
        raise Trouble(
            "{path}: can't be written: {why}.", Exit.NOT_WRITTEN, path=path, why=reason_of(error)
        ) from None
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def free_name(path: Path) -> Path:
    """Return a path like this one that does not exist yet."""
    number, found = 2, path
    while found.exists():
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return found


def unpacked_name(name: str) -> str:
    """Return a name without the ending of a compressed file."""
    stem, _, ending = name.rpartition(".")
    return stem if stem and ending.casefold() in ("gz", "zst", "zip") else name
