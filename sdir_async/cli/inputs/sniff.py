"""Finds the format of an input from its first bytes; its name does not matter."""

from __future__ import annotations

import csv
import re
from collections import Counter
from typing import Final, Literal

import orjson

from ..trouble import Trouble
from ..words import say, unsaid
from .charset import BOMS, wide
from .packed import ZIP

Format = Literal["csv", "workbook", "json", "jsonl", "parquet"]

BOM: Final = b"\xef\xbb\xbf"
OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0"
"""What .xls files begin with, and workbooks that are protected by a password."""

_BINARY: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_OBJECTS: Final = re.compile(r"\s*(\[\s*)?\{")
_DELIMITERS: Final = ";,\t|"
_KNOWN: Final = unsaid("CSV, XLSX, XLS, ODS, JSON, JSON Lines and Parquet are understood")
_LOOKED: Final = 20
_DOCUMENTS: Final = (b"<", b"%PDF", b"{\\rtf")
"""What HTML and XML begin with, which old systems call .xls, and what else is often sent."""


def sniff(head: bytes) -> Format:
    """Return the format of an input that begins like this.

    Raises:
        Trouble: It is none that is understood; the message lacks the name of the input.
    """
    if head.startswith((ZIP, OLD_OFFICE)):
        return "workbook"
    if head.startswith(b"PAR1"):
        return "parquet"
    charset = wide(head) or next((BOMS[one] for one in BOMS if head.startswith(one)), "")
    if charset.startswith("utf-16"):
        return _wide_format(head[: len(head) // 2 * 2].decode(charset, "replace"))
    if _BINARY.search(head):
        raise Trouble("is not a table or a list of records: {known}.", known=say(_KNOWN))
    text = head.removeprefix(BOM).lstrip()
    if text.startswith(_DOCUMENTS):
        raise Trouble(
            "is a page or a document, whatever its name says: open it in Excel, and save it as "
            ".xlsx. {known}.",
            known=say(_KNOWN),
        )
    return _text_format(text)


def _wide_format(text: str) -> Format:
    if _OBJECTS.match(text.removeprefix("\ufeff")):
        raise Trouble("is JSON in UTF-16: save it in UTF-8.")
    return "csv"


def _text_format(text: bytes) -> Format:
    if text[:1] == b"[":
        return "json"
    if text[:1] != b"{":
        return "csv"
    line, newline, _ = text.partition(b"\n")
    if newline and not _is_json(line):
        raise Trouble(
            "begins with a brace, but its first line is not a JSON object: use a JSON array, or"
            " JSON Lines with one object in each line."
        )
    return "jsonl"


def _is_json(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def delimiter_of(text: str) -> str:
    """Return what separates the columns of a CSV file that begins like this.

    It is the one that gives the most rows of equal width, and then the widest: a title above the
    table or a comma in a number does not change that.
    """
    lines = text.splitlines(keepends=True)[:_LOOKED]
    return max(_DELIMITERS, key=lambda delimiter: _order_in(lines, delimiter))


def _order_in(lines: list[str], delimiter: str) -> tuple[int, int]:
    try:
        widths = Counter(map(len, csv.reader(lines, delimiter=delimiter)))
    except csv.Error:
        return 0, 0
    return max(((rows, width) for width, rows in widths.items() if width > 1), default=(0, 0))
