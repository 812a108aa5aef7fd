"""How a mistake in a document reaches the person who can correct it: with its file and place."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from ..openapi.walk import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["DocumentError", "GenerationFailed", "blaming"]


class GenerationFailed(Exception):
    """Code can't be generated; the message names the file, the place and the reason."""


@contextmanager
def blaming(file: str | Path) -> Iterator[None]:
    """Add the file's name to any error about the document inside the block."""
    try:
        yield
    except DocumentError as error:
        raise GenerationFailed(f"{file}: {error}") from error


class Mistakes:
    """Collects the mistakes in several things, and raises them together at the end."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def __enter__(self) -> Self:
        return self

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Keep a mistake of the block for the end."""
        try:
            yield
        except GenerationFailed as error:
            self._found.append(str(error))

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None and self._found:
            raise GenerationFailed("\n".join(self._found))
