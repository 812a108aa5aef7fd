"""Inputs of every format: opened, told apart by their content, and read a piece at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

from ..trouble import Trouble
from ..words import say
from .delimited import Delimited
from .objects import JsonArray, JsonLines
from .parquet import Parquet
from .sniff import sniff
from .source import called, open_source, reading
from .workbook import Sheet, Workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .source import Source
    from .tabular import Judge

Table: TypeAlias = Delimited | Sheet | Parquet
Objects: TypeAlias = JsonLines | JsonArray
Reader: TypeAlias = Table | Objects

__all__ = [
    "Delimited",
    "JsonArray",
    "JsonLines",
    "Objects",
    "Parquet",
    "Reader",
    "Sheet",
    "Table",
    "Wanted",
    "called",
    "open_reader",
    "open_readers",
    "open_source",
    "reading",
]


def _first_row(headings: Sequence[str]) -> tuple[bool, int]:
    return True, len(headings)


@frozen
class Wanted:
    """How to read an input.

    Attributes:
        judge: Says of headings whether they are the ones that are wanted.
        header_row: In which row the headings stand; looked for if not given.
        encoding: In which encoding text is; found out if not given.
        sheet: Which sheet of a workbook.
        all_sheets: Whether all sheets that have such headings are wanted.
        only_visible: Whether rows that are hidden are left out.
        ask: Asks which of several sheets are wanted; without it that is refused.
    """

    judge: Judge = _first_row
    header_row: int | None = None
    encoding: str | None = None
    sheet: str | None = None
    all_sheets: bool = False
    only_visible: bool = False
    ask: Callable[[Sequence[str]], Sequence[str]] | None = None


def open_reader(source: Source, wanted: Wanted | None = None) -> Reader:
    """Return what reads an input, by what its first bytes say it is.

    Raises:
        Trouble: The format is not known, the file is damaged, or several sheets match.
    """
    (reader,) = open_readers(source, wanted or Wanted())
    return reader


def open_readers(source: Source, wanted: Wanted) -> list[Reader]:
    """Return what reads an input: one reader, or one for each sheet.

    Raises:
        Trouble: The format is not known, or the file is damaged.
    """
    with reading(source.name):
        match sniff(source.head):
            case "csv":
                table = Delimited(source, wanted.encoding)
                table.begin(wanted.judge, wanted.header_row)
                if not any(table.headings):
                    raise Trouble("has no headings in its first line.")
                return [table]
            case "workbook":
                return list(_sheets(source.workbook(), wanted))
            case "parquet":
                return [Parquet(source)]
            case "json":
                return [JsonArray(source)]
            case "jsonl":
                return [JsonLines(source)]


def _sheets(book: Workbook, wanted: Wanted) -> list[Sheet]:
    """Return the named sheet, or the sheets that have such headings."""
    names = book.visible if wanted.sheet is None else [wanted.sheet]
    found = []
    for name in names:
        sheet = book.sheet(name)
        sheet.only_visible = wanted.only_visible
        try:
            sheet.begin(wanted.judge, wanted.header_row)
        except Trouble:
            if len(names) == 1:
                raise
        found += [sheet] if sheet.headings else []
    if not found:
        raise Trouble(
            say("has no rows.")
            if wanted.sheet is None
            else say("has no rows in sheet {names!r}.", names=names[0])
        )
    best = max(wanted.judge(sheet.headings) for sheet in found)
    whole, known = best
    alike = [one for one in found if wanted.judge(one.headings)[0]] if whole else []
    if not alike:
        alike = (
            [one for one in found if wanted.judge(one.headings)[1] == known] if known else found[:1]
        )
    if len(alike) == 1 or wanted.all_sheets:
        return alike
    return _asked(alike, wanted)


def _asked(sheets: Sequence[Sheet], wanted: Wanted) -> list[Sheet]:
    names = [sheet.name for sheet in sheets]
    if wanted.ask is None:
        raise Trouble(
            "has {count} sheets with such columns: {names}. Choose one with --sheet NAME, or use"
            " all of them with --all-sheets.",
            count=len(names),
            names=", ".join(map(repr, names)),
        )
    chosen = wanted.ask(names)
    return [sheet for sheet in sheets if sheet.name in chosen]
