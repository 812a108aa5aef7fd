"""How a mistake in a document reaches the person who can mend it: with its file and its place."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class GenerationFailed(Exception):
    """Something can't be generated from; the message says which file, where in it, and why."""


class DocumentError(Exception):
    """A mistake at a place of a document.

    Attributes:
        place: A JSON pointer, or a line.
        problem: What is wrong there, and what to do about it.
    """

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}" if place else problem)
        self.place = place
        self.problem = problem


@contextmanager
def blaming(file: str | Path) -> Iterator[None]:
    """Name the file in whatever is wrong with the document inside the block."""
    try:
        yield
    except DocumentError as error:
        raise GenerationFailed(f"{file}: {error}") from error
