"""`sdir template`: a file to begin with, and what its columns mean."""

from __future__ import annotations

import csv
import io
import sys
from typing import TYPE_CHECKING, Final

import orjson

from .apis import find_batch, find_version
from .fields import read_fields
from .files import private_file
from .trouble import Exit, Trouble
from .words import listed, say, unsaid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .fields import Field

_EXAMPLES = {
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


def kind_of(field: Field) -> str:
    """Return what a field holds, in words."""
    if field.format in _EXAMPLES:
        return say(_EXAMPLES[field.format])
    if field.digits:
        return say("{digits} digits", digits=field.digits)
    kinds = sorted(field.types - {"null"})
    return listed((say(_KINDS.get(one, one)) for one in kinds), "or")


def write_template(
    api: str, version: str | None, operation: str, output: Path | None, *, as_json: bool
) -> Exit:
    """Write the file, or print it."""
    found = find_version(api, version)
    fields = read_fields(find_batch(found, operation).schema)
    if as_json:
        for field in fields.all:
            about = {"name": field.name, "required": field.required, "holds": kind_of(field)}
            sys.stdout.write(orjson.dumps(about | {"about": field.about}).decode() + "\n")
    elif output is None:
        sys.stdout.write(header(fields.all))
        sys.stdout.flush()
        sys.stderr.write(explanation(fields.all, found.name, fields.groups))
    elif output.suffix.casefold() == ".xlsx":
        _write(output, workbook(fields.all))
    elif output.suffix.casefold() == ".csv":
        _write(output, header(fields.all, ";").encode("utf-8-sig"))
        explained = explanation(fields.all, found.name, fields.groups)
        _write(output.with_suffix(".txt"), explained.encode())
    else:
        raise Trouble("{output}: a template is a .csv or an .xlsx file.", output=output)
    return Exit.DONE


def _write(path: Path, content: bytes) -> None:
    if path.exists():
        raise Trouble("{path}: is there already, and is kept.", path=path)
    with private_file(path) as file:
        file.write(content)


def header(fields: Sequence[Field], delimiter: str = ",") -> str:
    """Return the first line of a CSV file; Excel in Norway wants semicolons."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerow(
        field.name for field in fields
    )
    return text.getvalue()


def explanation(fields: Sequence[Field], name: str, groups: Sequence[str]) -> str:
    """Return what the columns mean, for people."""
    width = max(len(field.name) for field in fields)
    lines = [say("Columns for {name}; * marks those that every row must have.", name=name), ""]
    for field in fields:
        star = "*" if field.required else " "
        lines.append(f"{star} {field.name:{width}}  {kind_of(field)}. {field.about}".rstrip())
    lines += [
        say("  Of {group}, at least one column must be filled.", group=group) for group in groups
    ]
    return "\n".join(lines) + "\n"


def workbook(fields: Sequence[Field]) -> bytes:
    """Return a workbook; its columns of digits are text, so that Excel keeps leading zeros."""
    import openpyxl
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    rows, about = book.create_sheet("Rows"), book.create_sheet("Columns")
    rows.append([field.name for field in fields])
    for at, field in enumerate(fields, 1):
        column = rows.column_dimensions[get_column_letter(at)]
        column.width = len(field.name) + 4
        rows.cell(1, at).font = Font(bold=True)
        if field.digits or field.types <= {"string", "null"}:
            column.number_format = "dd.mm.yyyy" if field.format.startswith("date") else "@"
    rows.freeze_panes = "A2"
    about.append(["column", say("must be filled"), "holds", "meaning"])
    for field in fields:
        about.append([field.name, "yes" if field.required else "", kind_of(field), field.about])
    for letter, wide in zip("ABCD", (40, 16, 48, 100), strict=True):
        about.column_dimensions[letter].width = wide
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
