"""What an input is, told from its first bytes; its name is not asked."""

from __future__ import annotations

import re
from typing import Final, Literal

import orjson

from ..trouble import Trouble

Format = Literal["csv", "xlsx", "json", "jsonl", "parquet"]

BOM: Final = b"\xef\xbb\xbf"
UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
_BINARY: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_DELIMITERS: Final = ";,\t|"
_KNOWN: Final = "CSV, XLSX, JSON, JSON Lines and Parquet are understood"


def sniff(head: bytes) -> Format:
    """Return the format of an input that begins like this.

    Raises:
        Trouble: It is none that is understood; the message lacks the name of the input.
    """
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(_OLD_EXCEL):
        raise Trouble("is an Excel file of the old kind (.xls): save it as .xlsx.")
    if head.startswith(UTF_16):
        return "csv"
    if _BINARY.search(head):
        raise Trouble(f"is not a table or a list of records: {_KNOWN}.")
    return _text_format(head.removeprefix(BOM).lstrip())


def _text_format(text: bytes) -> Format:
    if text[:1] == b"[":
        return "json"
    if text[:1] != b"{":
        return "csv"
    line, newline, _ = text.partition(b"\n")
    if newline and not _is_json(line):
        raise Trouble(
            "begins with { but its first line is no JSON object: give a JSON array, or JSON Lines"
            " with one object in each line."
        )
    return "jsonl"


def _is_json(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def delimiter_of(heading: str) -> str:
    """Return what separates the columns of a CSV file with such a first line."""
    unquoted = re.sub(r'"[^"]*"', "", heading)
    return max(_DELIMITERS, key=unquoted.count)
