"""Checks an old workbook, because its reader trusts every link and every number in it.

The file is made of sectors. A table says which sector follows which, and so where each stream of
bytes is; a second table is for short streams. The reader would follow a circle forever, and would
allocate memory for impossible numbers of rows or texts.

Source: Microsoft's descriptions of compound files (MS-CFB) and of workbooks in them (MS-XLS).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ..trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NO_SECTOR: Final = 0xFFFFFFFA
"""From this number on, an entry of a table is not a link to the next sector."""
_SIZES: Final = {3: 512, 4: 4096}
_SHORT, _SHORT_SECTOR = 4096, 64
_ENTRY: Final = 128
_NAMES: Final = tuple(name.encode("utf-16-le") + b"\0\0" for name in ("Workbook", "Book"))
_DIMENSIONS, _TEXTS = 0x0200, 0x00FC
_FORMS: Final = {10: "<4H", 14: "<2I2H"}
"""How numbers of rows and columns are written; by the length of both."""
_MOST_ROWS, _MOST_COLUMNS = 65_536, 256
_SHORTEST_TEXT: Final = 3


def require_sound(content: bytes) -> None:
    """Check an old workbook before it is read.

    Raises:
        Trouble: A chain of sectors leads in a circle or out of the file, or a number can't be.
    """
    try:
        sound = all(map(_is_sound, _workbooks(content)))
    except (struct.error, LookupError, ValueError):
        sound = False
    if not sound:
        raise Trouble(
            "is damaged, or was not copied completely: open it in Excel and save it as .xlsx."
        )


def _workbooks(content: bytes) -> Iterator[bytes]:
    """Yield each stream that is a workbook.

    Raises:
        LookupError: A chain leads in a circle or out of the file.
    """
    size = _SIZES[struct.unpack_from("<H", content, 26)[0]]
    sectors = _cut(content[size:], size)
    counts = struct.unpack_from("<2I", content, 40)
    first, _, _, short, shorts, more, mores = struct.unpack_from("<7I", content, 48)
    if max(*counts, shorts, mores) > len(sectors):
        raise LookupError
    tables = [*struct.unpack_from("<109I", content, 76), *_more_tables(sectors, more)]
    links = _ending(b"".join(sectors[at] for at in tables if at < _NO_SECTOR))
    short_links = _ending(_chain(sectors, short, links))
    entries = [
        (entry, *struct.unpack_from("<2I", entry, 116))
        for entry in _cut(_chain(sectors, first, links), _ENTRY)
    ]
    if max(length for entry, _, length in entries if entry[66]) > len(content):
        raise LookupError
    short_sectors = _cut(_chain(sectors, entries[0][1], links), _SHORT_SECTOR)
    for entry, start, length in entries:
        if entry.startswith(_NAMES) and length < _SHORT:
            yield _chain(short_sectors, start, short_links)[:length]
        elif entry.startswith(_NAMES):
            yield _chain(sectors, start, links)[:length]


def _cut(content: bytes, size: int) -> list[bytes]:
    return [content[at : at + size] for at in range(0, len(content), size)]


def _more_tables(sectors: Sequence[bytes], number: int) -> Iterator[int]:
    """Yield where more of the table is, in a file that is larger than 7 MB."""
    seen = set()
    while number < _NO_SECTOR:
        if number in seen:
            raise LookupError
        seen.add(number)
        *following, number = _numbers(sectors[number])
        yield from following


def _chain(sectors: Sequence[bytes], number: int, links: Sequence[int]) -> bytes:
    parts = []
    while number < _NO_SECTOR:
        parts.append(sectors[number])
        number = links[number]
    return b"".join(parts)


def _ending(table: bytes) -> Sequence[int]:
    """Return the links in a table; none of them leads back to its beginning."""
    links = _numbers(table)
    reached = [-1] * len(links)
    for start in range(len(links)):
        at = start
        while at < len(links) and reached[at] < 0:
            reached[at] = start
            at = links[at]
        if at < len(links) and reached[at] == start:
            raise LookupError
    return links


def _numbers(sector: bytes) -> Sequence[int]:
    return struct.unpack(f"<{len(sector) // 4}I", sector)


def _is_sound(workbook: bytes) -> bool:
    """Say whether the numbers of rows, columns and shared texts can be."""
    at = 0
    while at + 4 <= len(workbook):
        kind, length = struct.unpack_from("<2H", workbook, at)
        at += 4
        if kind == _DIMENSIONS and length in _FORMS:
            first, rows, left, columns = struct.unpack_from(_FORMS[length], workbook, at)
            if not (first <= rows <= _MOST_ROWS and left <= columns <= _MOST_COLUMNS):
                return False
        if kind == _TEXTS:
            (texts,) = struct.unpack_from("<I", workbook, at + 4)
            if texts * _SHORTEST_TEXT > len(workbook):
                return False
        at += length
    return True
