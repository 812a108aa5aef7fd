"""Text of whatever charset spreadsheets write: UTF-8, with or without BOM, else Windows-1252."""

from __future__ import annotations

import codecs
import io
from typing import IO, TYPE_CHECKING, Final

from ..trouble import Trouble
from .sniff import BOM, UTF_16

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST_LINE: Final = 8_000_000
_FALLBACK: Final = "windows-1252"


class Text:
    """The lines of a text, each with its end.

    Bytes that are no UTF-8 are read as Windows-1252 has them, so that the whole need not be read
    before its first line can be.

    Attributes:
        encoding: How to write a file like it, as far as it was read.
    """

    def __init__(self, stream: IO[bytes], head: bytes) -> None:
        self.encoding = "utf-8-sig" if head.startswith(BOM) else "utf-8"
        if head.startswith(UTF_16):
            self.encoding = "utf-16"
        name = f"sdir-{id(self)}"
        codecs.register_error(name, self._fall_back)
        encoding = "utf-16" if self.encoding == "utf-16" else "utf-8-sig"
        errors = "strict" if encoding == "utf-16" else name
        self._text = io.TextIOWrapper(stream, encoding, errors, newline="")

    def _fall_back(self, error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeDecodeError)  # noqa: S101
        byte = error.object[error.start : error.start + 1]
        self.encoding = _FALLBACK
        return byte.decode(_FALLBACK), error.start + 1

    def __iter__(self) -> Iterator[str]:
        """Yield line by line.

        Raises:
            Trouble: A line is too long to be one, or is text in no charset that is understood.
        """
        number = 0
        while True:
            number += 1
            try:
                line = self._text.readline(LONGEST_LINE)
            except UnicodeError:
                raise Trouble(f"line {number}: is text in no charset that is understood.") from None
            if len(line) == LONGEST_LINE:
                raise Trouble(f"line {number}: is longer than {LONGEST_LINE:,} characters.")
            if not line:
                return
            yield line


def read_lines(path: Path) -> list[str]:
    """Return the lines of a small text file.

    Raises:
        Trouble: It can't be read.
    """
    from . import reading
    from .source import open_source

    source = open_source(str(path))
    with reading(source.name):
        lines = [line.rstrip("\r\n") for line in Text(source.stream, source.head)]
    source.close()
    return lines
