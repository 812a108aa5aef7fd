"""Opens what is given as input: a file, or standard input; compressed or not."""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from attrs import define, field

from ..trouble import Trouble, reason_of
from ..words import recast, say
from .packed import DAMAGED, unpacked
from .workbook import Workbook

if TYPE_CHECKING:
    from collections.abc import Iterator

STANDARD_INPUT: Final = "-"
_HEAD: Final = 65_536
_IN_MEMORY: Final = 64_000_000
_MOST_PACKED: Final = 4


@define
class Source:
    """An opened input.

    Attributes:
        name: What to call it.
        head: Its first bytes, uncompressed.
        stream: All of it, uncompressed, to be read once.
        book: The workbook that it is, once that was read.
    """

    name: str
    head: bytes
    stream: IO[bytes]
    _file: IO[bytes]
    _size: int | None
    _packed: bool = field(default=False, alias="packed")
    _outer: Source | None = field(default=None, alias="outer")
    _copy: IO[bytes] | None = field(default=None, init=False)
    _content: bytes | None = field(default=None, alias="content")
    book: Workbook | None = field(default=None, init=False, repr=False)

    @property
    def path(self) -> Path | None:
        """The file, if it is one: something can stand beside it, and it can be read again."""
        path = Path(self.name)
        return path if self.name != STANDARD_INPUT and path.is_file() else None

    def share(self) -> float | None:
        """Return how much of it was read, from 0 to 1, if that can be known."""
        return min(1.0, self._file.tell() / self._size) if self._size else None

    def seekable(self) -> IO[bytes]:
        """Return all of it as a seekable file."""
        if not self._packed and self.name != STANDARD_INPUT and self._file.seekable():
            self._file.seek(0)
            return self._file
        if self._copy is not None:
            self._copy.seek(0)
            return self._copy
        copy = self._copy = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        while piece := self.stream.read(_HEAD):
            copy.write(piece)
        copy.seek(0)
        return copy

    def workbook(self) -> Workbook:
        """Return the workbook that it is; its sheets are read once, however often it is opened.

        Raises:
            Trouble: It can't be read.
        """
        if self.book is None:
            self.book = Workbook(self.seekable(), self.head)
        return self.book

    def again(self) -> Source | None:
        """Open the input once more, `None` if it can be read only once."""
        if self._content is None and self.path is None:
            return None
        again = open_source(self.name) if self._content is None else source_of(self._content)
        again.book = self.book
        return again

    def close(self) -> None:
        """Close the file, and its copy."""
        if self._copy is not None:
            self._copy.close()
        if self._outer is not None:
            self._outer.close()
        elif self.name != STANDARD_INPUT:
            self._file.close()


class _Rest(io.RawIOBase):
    """A stream: first what was read already, then the rest."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        piece, self._head = self._head[: len(view)], self._head[len(view) :]
        if not piece:
            piece = _some(self._rest, len(view))
        view[: len(piece)] = piece
        return len(piece)


def _some(stream: IO[bytes], size: int) -> bytes:
    """Read what is available, at most this many bytes."""
    read: bytes = getattr(stream, "read1", stream.read)(size)
    return read


def open_source(name: str) -> Source:
    """Open an input by its name; `-` is standard input.

    Raises:
        Trouble: It can't be read, or is empty.
    """
    file = sys.stdin.buffer if name == STANDARD_INPUT else _open(Path(name))
    try:
        with reading(name):
            size = _size_of(Path(name)) if name != STANDARD_INPUT else None
            source = _opened(name, file, size)
    except Trouble:
        file.close()
        raise
    if not source.head.strip(b"\xef\xbb\xbf \t\r\n"):
        source.close()
        raise Trouble("{name}: is empty.", name=called(name))
    return source


def _opened(name: str, file: IO[bytes], size: int | None) -> Source:
    """Return a source, unpacked until nothing in it is packed."""
    head = _head_of(file)
    source = Source(name, head, io.BufferedReader(_Rest(head, file), _HEAD), file, size)
    try:
        for _ in range(_MOST_PACKED):
            inner = unpacked(source.head, source.stream, source.seekable)
            if inner is None:
                return source
            head = _head_of(inner)
            stream = io.BufferedReader(_Rest(head, inner), _HEAD)
            source = Source(name, head, stream, file, size, packed=True, outer=source)
    except BaseException:
        source.close()
        raise
    source.close()
    raise Trouble("is packed more than {most} times: unpack it first.", most=_MOST_PACKED - 1)


def source_of(content: bytes) -> Source:
    """Return an input that is in memory."""
    file = io.BytesIO(content)
    return Source("memory", content[:_HEAD], file, file, len(content), content=content)


def called(name: str) -> str:
    """Return what to call an input in a message."""
    return say("standard input") if name == STANDARD_INPUT else name


def _open(path: Path) -> IO[bytes]:
    if path.is_dir():
        raise Trouble("{path}: is a directory; give a file.", path=path)
    try:
        return path.open("rb")
    except OSError as error:
        raise Trouble("{path}: can't be read: {why}.", path=path, why=reason_of(error)) from None


def _size_of(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _head_of(stream: IO[bytes]) -> bytes:
    """Read the beginning: at least a line, if there is one, without waiting for more than that."""
    head = b""
    while len(head) < _HEAD and (len(head) < 4 or b"\n" not in head):
        piece = _some(stream, _HEAD - len(head))
        if not piece:
            break
        head += piece
    return head


@contextlib.contextmanager
def reading(name: str) -> Iterator[None]:
    """Add the name of the input to any error while it is read."""
    try:
        yield
    except Trouble as error:
        raise Trouble(f"{called(name)}: {error}", error.code) from None
    except DAMAGED as error:
        raise Trouble("{name}: can't be read: {why}.", name=called(name), why=_why(error)) from None


def _why(error: Exception) -> str:
    if isinstance(error, EOFError):
        return say("it ends too early, and may not have been copied completely")
    return reason_of(error) if isinstance(error, OSError) else recast(str(error))
