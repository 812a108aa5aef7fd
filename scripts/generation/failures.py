"""How a mistake in a document reaches the person who can mend it: with its file and its place."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sdir_async.openapi.walk import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["DocumentError", "GenerationFailed", "blaming"]


class GenerationFailed(Exception):
    """Something can't be generated from; the message says which file, where in it, and why."""


@contextmanager
def blaming(file: str | Path) -> Iterator[None]:
    """Name the file in whatever is wrong with the document inside the block."""
    try:
        yield
    except DocumentError as error:
        raise GenerationFailed(f"{file}: {error}") from error
