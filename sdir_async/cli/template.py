"""`sdir template`: a file to start with, and what its columns mean."""

from __future__ import annotations

import asyncio
import csv
import io
import sys
from typing import TYPE_CHECKING, Final

import orjson

from .apis import find_batch, find_version
from .codes import code_fields, list_codes
from .columns import EXAMPLE, ours
from .examples import example_of, written
from .fields import read_fields
from .files import private_file
from .trouble import Exit, Trouble
from .words import described, language, listed, say, unsaid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from .fields import Field, Fields
    from .settings import Target

_FORMATS: Final = {
    "date": unsaid("a date: 2024-05-31 or 31.05.2024"),
    "date-time": unsaid("a date, or a date and a time: 2024-05-31 or 31.05.2024 14:30"),
}
_KINDS: Final = {
    "string": unsaid("text"),
    "integer": unsaid("a whole number"),
    "number": unsaid("a number"),
    "boolean": unsaid("yes or no"),
    "array": unsaid("a list"),
    "object": unsaid("an object"),
}
_LAST_ROW: Final = 100_000
"""How far down a workbook offers codes to choose from."""


def kind_of(field: Field) -> str:
    """Return what a field holds, in words."""
    if field.format in _FORMATS:
        return say(_FORMATS[field.format])
    if field.digits:
        return say("{digits} digits", digits=field.digits)
    kinds = sorted(field.types - {"null"})
    return listed((say(_KINDS.get(one, one)) for one in kinds), "or")


def write_template(
    api: str,
    version: str | None,
    operation: str,
    output: Path | None,
    codes_of: Target | None = None,
    *,
    as_json: bool,
) -> Exit:
    """Write the file, or print it. With `codes_of`, Sdir is asked there for its codes.

    Raises:
        Trouble: The API does not exist, the file exists already, or it can't be written.
        SdirError: The codes could not be read.
    """
    found = find_version(api, version)
    fields = read_fields(find_batch(found, operation).schema)
    codes = asyncio.run(list_codes(found, codes_of)) if codes_of else {}
    if as_json:
        for field in fields.all:
            about = {"name": field.name, "required": field.required, "holds": kind_of(field)}
            about |= {"about": described(field.about), "heading": heading_of(field, fields)}
            sys.stdout.write(orjson.dumps(about).decode() + "\n")
    elif output is None:
        sys.stdout.write(table(",", [headings(fields)]))
        sys.stdout.flush()
        sys.stderr.write(explanation(fields, found.name))
    elif output.suffix.casefold() == ".xlsx":
        _write(output, workbook(fields, codes))
        sys.stderr.write(
            say(
                "Wrote {output}. Its second sheet explains the columns. The example row is never"
                " sent.\n",
                output=output,
            )
        )
    elif output.suffix.casefold() == ".csv":
        rows = [[*headings(fields), _marker()], [*example_row(fields), say("example")]]
        _write(output, table(";", rows).encode("utf-8-sig"))
        beside = output.with_suffix(".txt")
        _write(beside, explanation(fields, found.name).encode())
        sys.stderr.write(
            say(
                "Wrote {output}. {about} explains the columns. The example row is never sent.\n",
                output=output,
                about=beside,
            )
        )
    else:
        raise Trouble("{output}: a template is a .csv or an .xlsx file.", output=output)
    return Exit.DONE


def _write(path: Path, content: bytes) -> None:
    if path.exists():
        raise Trouble("{path}: already exists, and was not changed.", path=path)
    with private_file(path) as file:
        file.write(content)


def _marker() -> str:
    return f"{ours(EXAMPLE)} {say('(delete this row)')}"


def heading_of(field: Field, fields: Fields) -> str:
    """Return the heading of a field: its name, or in Norwegian the label of the document."""
    return fields.heading_of(field) if language() == "nb" else field.name


def headings(fields: Fields) -> list[str]:
    """Return the headings of all fields."""
    return [heading_of(field, fields) for field in fields.all]


def example_row(fields: Fields) -> list[str]:
    """Return a row as a person writes it; the person in it is synthetic."""
    return [written(example_of(field)) for field in fields.all]


def table(delimiter: str, rows: Sequence[Sequence[str]]) -> str:
    """Return rows as CSV; Excel in Norway wants semicolons."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def explanation(fields: Fields, name: str) -> str:
    """Return what the columns mean, for people."""
    names = headings(fields)
    width = max(map(len, names))
    lines = [say("Columns for {name}; * marks those that every row must have.", name=name), ""]
    for field, heading in zip(fields.all, names, strict=True):
        star = "*" if field.required else " "
        about = described(field.about)
        lines.append(f"{star} {heading:{width}}  {kind_of(field)}. {about}".rstrip())
    lines += [
        say("  Of {group}, at least one column must be filled.", group=group)
        for group in fields.groups
    ]
    return "\n".join(lines) + "\n"


def workbook(fields: Fields, codes: Mapping[str, str]) -> bytes:
    """Return a workbook; its columns of digits are text, so that Excel keeps leading zeros."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    _fill_rows(book.create_sheet(say("Rows")), fields)
    _explain(book.create_sheet(say("Columns")), fields)
    if codes:
        _offer(book, fields, codes)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _fill_rows(sheet: Worksheet, fields: Fields) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    names = headings(fields)
    sheet.append([*names, _marker()])
    sheet.append([*(example_of(field) for field in fields.all), say("example")])
    for at, (field, name) in enumerate(zip(fields.all, names, strict=True), 1):
        column = sheet.column_dimensions[get_column_letter(at)]
        column.width = max(len(name), len(written(example_of(field)))) + 4
        sheet.cell(1, at).font = Font(bold=True)
        if field.digits or field.types <= {"string", "null"}:
            column.number_format = "dd.mm.yyyy" if field.format.startswith("date") else "@"
            sheet.cell(2, at).number_format = column.number_format
    for cell in sheet[2]:
        cell.font = Font(italic=True, color="00666666")
    sheet.column_dimensions[get_column_letter(len(names) + 1)].width = len(_marker()) + 2
    sheet.freeze_panes = "A2"


def _explain(sheet: Worksheet, fields: Fields) -> None:
    sheet.append([say("column"), say("must be filled"), say("holds"), say("meaning")])
    for field in fields.all:
        must = say("yes") if field.required else ""
        sheet.append([heading_of(field, fields), must, kind_of(field), described(field.about)])
    for group in fields.groups:
        sheet.append([say("  Of {group}, at least one column must be filled.", group=group)])
    for letter, wide in zip("ABCD", (40, 16, 48, 100), strict=True):
        sheet.column_dimensions[letter].width = wide


def _offer(book: Workbook, fields: Fields, codes: Mapping[str, str]) -> None:
    """Offer Sdir's codes in the columns of codes. Others can be typed, because the list grows."""
    from openpyxl.utils import get_column_letter, quote_sheetname
    from openpyxl.worksheet.datavalidation import DataValidation

    sheet = book.create_sheet(say("Codes"))
    sheet.append([say("code"), say("meaning")])
    for code, about in sorted(codes.items()):
        sheet.append([code, about])
    sheet.column_dimensions["B"].width = 80
    place = f"{quote_sheetname(sheet.title)}!$A$2:$A${len(codes) + 1}"
    choice = DataValidation("list", formula1=place, allow_blank=True, errorStyle="warning")
    choice.error = say("Sdir does not list this code.")
    rows = book.worksheets[0]
    rows.add_data_validation(choice)
    for field in code_fields(fields):
        letter = get_column_letter(fields.all.index(field) + 1)
        choice.add(f"{letter}2:{letter}{_LAST_ROW}")
