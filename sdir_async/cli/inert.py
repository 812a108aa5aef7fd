"""Texts that no spreadsheet treats as a formula."""

from __future__ import annotations

from typing import Any


def inert(text: str) -> str:
    """Return a text that no spreadsheet treats as a formula when it opens a CSV file."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text


def text_cell(value: object, sheet: Any) -> Any:
    """Return a cell in which a text stays a text: openpyxl makes a formula of one with `=`.

    XML has one line end, so that is what the lines of a text get.
    """
    from openpyxl.cell import WriteOnlyCell

    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet)
    cell.value = value.replace("\r\n", "\n").replace("\r", "\n")
    cell.data_type = "s"
    cell.quotePrefix = value.startswith("=")
    return cell
