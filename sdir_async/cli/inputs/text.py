"""Text in any charset that spreadsheets and old systems write."""

from __future__ import annotations

import codecs
import io
import weakref
from contextlib import closing
from typing import IO, TYPE_CHECKING, Final

from ..trouble import Trouble
from .charset import BOMS, guess, wide
from .source import open_source, reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LONGEST_LINE: Final = 8_000_000


class Text:
    """The lines of a text, each with its end.

    A text is UTF-8 until a byte shows that it is not; the bytes that are not are read in the
    charset that `guess` finds, so that the whole need not be read before its first line can be.

    Attributes:
        encoding: How to write a file like it, as far as it was read.
        guessed: Whether the encoding was not given.
    """

    def __init__(
        self,
        stream: IO[bytes],
        head: bytes,
        encoding: str | None = None,
        sample: Callable[[], bytes] | None = None,
    ) -> None:
        self.guessed = False
        self._sample = sample
        marked = next((name for mark, name in BOMS.items() if head.startswith(mark)), None)
        self.encoding = encoding or marked or wide(head) or "utf-8"
        errors = "strict"
        if self.encoding in ("utf-8", "utf-8-sig") and encoding is None:
            errors = f"sdir-{id(self)}"
            codecs.register_error(errors, _weakly(self._fall_back))
        self._text = io.TextIOWrapper(stream, _reader_of(self.encoding), errors, newline="")

    def _fall_back(self, error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeDecodeError)  # noqa: S101
        if not self.guessed:
            sample = self._sample() if self._sample else error.object[error.start :]
            self.encoding = guess([sample])
            self.guessed = True
        byte = error.object[error.start : error.start + 1]
        return byte.decode(self.encoding, "replace"), error.start + 1

    def __iter__(self) -> Iterator[str]:
        """Yield line by line.

        Raises:
            Trouble: A line is too long, or its charset is not known.
        """
        number = 0
        while True:
            number += 1
            try:
                line = self._text.readline(LONGEST_LINE)
            except UnicodeError:
                raise Trouble(
                    "line {number}: is not {encoding} text; set the encoding with --encoding.",
                    number=number,
                    encoding=self.encoding,
                ) from None
            if len(line) == LONGEST_LINE:
                raise Trouble(
                    "line {number}: is longer than {longest_line:,} characters.",
                    number=number,
                    longest_line=LONGEST_LINE,
                )
            if not line:
                return
            yield line


def _weakly(
    method: Callable[[UnicodeError], tuple[str, int]],
) -> Callable[[UnicodeError], tuple[str, int]]:
    """Return a method that does not keep its object: Python never forgets an error handler."""
    kept = weakref.WeakMethod(method)

    def handle(error: UnicodeError) -> tuple[str, int]:
        alive = kept()
        assert alive is not None  # noqa: S101  it reads the text
        return alive(error)

    return handle


def _reader_of(encoding: str) -> str:
    """Return what reads an encoding: a mark at the beginning is not part of the text."""
    return "utf-8-sig" if encoding in ("utf-8", "utf-8-sig") else encoding


def known_encoding(name: str) -> str:
    """Return an encoding by its name.

    Raises:
        Trouble: No text encoding has this name.
    """
    try:
        codec = codecs.lookup(name.strip())
    except LookupError:
        codec = None
    if codec is None or not getattr(codec, "_is_text_encoding", True):
        raise Trouble(
            "--encoding: {name!r} is not an encoding. Use one such as utf-8, windows-1252 or"
            " cp850.",
            name=name,
        )
    return codec.name


def read_lines(path: Path) -> list[str]:
    """Return the lines of a small text file.

    Raises:
        Trouble: It can't be read.
    """
    with closing(open_source(str(path))) as source, reading(source.name):
        return [line.rstrip("\r\n") for line in Text(source.stream, source.head)]
