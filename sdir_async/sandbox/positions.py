"""Finds positions in a JSON text, as .NET's reader reports them."""

from __future__ import annotations

import re
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int | None, ...]
"""Keys and indexes from the outside in; `None` for a key that has not been read yet."""

_TOKEN = re.compile(rb'[{}\[\],:]|"(?:[^"\\]|\\.)*(?:"|\Z)|[^\s{}\[\],:"]+', re.DOTALL)


def locate(body: bytes, path: Path) -> int:
    """Return where the value at a path ends, or where it begins if it is a list or an object."""
    for found, steps in groupby(_steps(body), key=itemgetter(0)):
        if found == path:
            return list(steps)[-1][1]
    return 0


def path_at_end(body: bytes) -> Path:
    """Return the path that a reader has reached at the end of an incomplete JSON text."""
    path: Path = ()
    for path, _ in _steps(body):  # noqa: B007 - the last one counts
        pass
    return path


def first_deeper(body: bytes, depth: int) -> tuple[Path, int]:
    """Return the first path of a JSON text that is deeper, and the reader's position there."""
    return next((found for found in _steps(body) if len(found[0]) > depth), ((), 0))


def describe(body: bytes, path: Path, position: int) -> str:
    """Return path and position in the words of .NET's messages."""
    line = body.count(b"\n", 0, position)
    column = position - (body.rfind(b"\n", 0, position) + 1)
    return f"Path: {json_path(path)} | LineNumber: {line} | BytePositionInLine: {column}."


def json_path(path: Path) -> str:
    """Return a path as `$[3].one.two`."""
    parts = (
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in path if part is not None
    )
    return "$" + "".join(parts)


def _steps(body: bytes) -> Iterator[tuple[Path, int]]:
    """Yield, token by token, the path that a reader has reached and where the token ends."""
    path: list[str | int | None] = []
    for match in _TOKEN.finditer(body):
        token = match[0]
        if token in (b"}", b"]"):
            path.pop()
        elif token == b",":
            last = path[-1]
            path[-1] = last + 1 if isinstance(last, int) else None
        elif token.startswith(b'"') and path and path[-1] is None:
            path[-1] = token.strip(b'"').decode(errors="replace")
        yield tuple(path), match.end()
        if token in (b"{", b"["):
            path.append(None if token == b"{" else 0)
            yield tuple(path), match.end()
