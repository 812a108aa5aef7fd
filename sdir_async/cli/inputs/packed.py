"""Unpacks gzip, zstd, and zip files with one file in them."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Final, cast

import zstandard

from ..trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

BROKEN_ZIP: Final = (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, struct.error)
"""What opening a zip file raises that is damaged, or packed as nobody can unpack it."""
DAMAGED: Final = (OSError, EOFError, zlib.error, *BROKEN_ZIP, zstandard.ZstdError)
"""What reading something packed raises, where it is damaged."""

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
ZIP: Final = b"PK\x03\x04"
_OFFICE: Final = ("[Content_Types].xml", "mimetype", "xl/workbook.xml", "xl/workbook.bin")
_PASSWORD: Final = 0x1


def unpacked(head: bytes, stream: IO[bytes], seekable: Callable[[], IO[bytes]]) -> IO[bytes] | None:
    """Return the unpacked content of a stream; `None` if it is not packed, or is a workbook.

    Raises:
        Trouble: It is a zip file with a password, or with several files in it.
    """
    if head.startswith(_GZIP):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=stream))
    if head.startswith(_ZSTD):
        reader = zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True)
        return cast("IO[bytes]", io.BufferedReader(cast("io.RawIOBase", reader)))
    return _only_file(seekable()) if head.startswith(ZIP) and _is_plain(head) else None


def _is_plain(head: bytes) -> bool:
    """Say whether a zip file does not begin like a workbook; then its end need not be read."""
    return not any(head[30:].startswith(name.encode()) for name in _OFFICE)


def _only_file(file: IO[bytes]) -> IO[bytes] | None:
    try:
        archive = zipfile.ZipFile(file)
    except BROKEN_ZIP:
        raise Trouble(
            "begins as a zip file or a workbook, but was not copied completely."
        ) from None
    names = [name for name in archive.namelist() if not _is_clutter(name)]
    if any(name in _OFFICE for name in names):
        file.seek(0)
        return None
    if len(names) != 1:
        raise Trouble(
            "is a zip file with {count} files in it: unpack it, and upload them.", count=len(names)
        )
    if archive.getinfo(names[0]).flag_bits & _PASSWORD:
        raise Trouble("is a zip file that is protected by a password: unpack it first.")
    try:
        return archive.open(names[0])
    except (*BROKEN_ZIP, ValueError):  # the latter for a place before the beginning of the file
        raise Trouble(
            "begins as a zip file or a workbook, but was not copied completely."
        ) from None


def _is_clutter(name: str) -> bool:
    return name.endswith(("/", ".DS_Store")) or name.startswith("__MACOSX/")
