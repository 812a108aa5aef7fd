"""From rows of a table to records: cells are read if their column is a field."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Final, NamedTuple

from .columns import EXAMPLE, is_ours, ours_in_each_language
from .examples import example_of
from .inputs import Delimited, reading
from .records import Notes, Refusal, Row, shown
from .refusal import Refused
from .values import NOTHING, Cells, is_empty
from .words import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .columns import Column
    from .inputs import Table


_LISTS: Final = (list, dict)


def from_table(
    table: Table, columns: Sequence[ReadColumn], notes: Notes, name: str
) -> Iterator[tuple[int, Row]]:
    """Yield a record for each row of a table."""
    width = len(table.headings)
    nameless = [at for at, heading in enumerate(table.headings) if not heading.strip()]
    said = tuple(one.column for one in columns)
    example = ours_in_each_language(EXAMPLE)
    marks = [at for at, one in enumerate(table.headings) if one.casefold().startswith(example)]
    shows = isinstance(table, Delimited)
    with reading(name):
        for line, cells in table.rows():
            row = Row(line, cells, said)
            if shows and table.guessed:  # type: ignore[union-attr]
                shows = not _show_charset(table, line, cells, notes)
            fill(row, cells, columns, notes)
            if marks and any(at < len(cells) and not is_empty(cells[at]) for at in marks):
                if _is_example(row, columns):
                    notes.say(say("The example in row {line} is not sent.", line=line))
                    continue
                said_ = say(
                    "The row is marked as an example: empty its cell below {heading!r}.",
                    heading=table.headings[marks[0]],
                )
                row.refuse(Refusal("", said_))
            for at in nameless:
                if at < len(cells) and not is_empty(cells[at]):
                    notes.add(
                        say("Column {at}", at=at + 1),
                        say("it has no heading, and is not sent"),
                        line,
                    )
            if len(cells) > width and not all(map(is_empty, cells[width:])):
                why = say(
                    "The row has {count} cells, but there are {width} headings.",
                    count=len(cells),
                    width=width,
                )
                row.refuse(Refusal("", why))
            yield line, row


def _is_example(row: Row, columns: Sequence[ReadColumn]) -> bool:
    """Say whether a row is still the example that a template begins with."""
    example = Row(row.line, ())
    given = [example_of(one.column.field) for one in columns]
    cells = {one.at: value for one, value in zip(columns, given, strict=True)}
    width = max(cells, default=-1) + 1
    fill(example, [cells.get(at, "") for at in range(width)], columns, Notes())
    return example == row


def _show_charset(table: Table, line: int, cells: Sequence[object], notes: Notes) -> bool:
    """Say in which charset a file is read, and show what that makes of a name."""
    own = (
        cell
        for cell, heading in zip_longest(cells, table.headings, fillvalue="")
        if not is_ours(heading)
    )
    words = " ".join(map(str, own)).split()
    word = next((one for one in words if not one.isascii() and one.isalpha()), "")
    if word and isinstance(table, Delimited):
        notes.say(
            say(
                "The file is read as {encoding}: line {line} says {word!r} then. If that is"
                " wrong, set the encoding with --encoding.",
                encoding=table.encoding,
                line=line,
                word=word,
            )
        )
    return bool(word)


class ReadColumn(NamedTuple):
    """A column, what reads its cells, and where in a record they go."""

    at: int
    cells: Cells
    parents: tuple[str, ...]
    name: str
    column: Column

    @classmethod
    def of(cls, column: Column, cells: Cells) -> ReadColumn:
        """Return what reads a column."""
        *parents, name = column.field.path
        return cls(column.at, cells, tuple(parents), name, column)


def fill(row: Row, cells: Sequence[object], columns: Sequence[ReadColumn], notes: Notes) -> None:
    """Put the cells of a row into the fields of their columns; empty cells are left out."""
    width = len(cells)
    for at, read, parents, name, column in columns:
        if at >= width or (value := cells[at]) is None or value == "":
            continue
        try:
            converted, note = read[value]
        except Refused as refused:
            row.refuse(Refusal(column.heading, str(refused), shown(value, column.field), at))
            continue
        except TypeError:  # it can't be hashed
            if value.__class__ not in _LISTS:
                raise
            converted, note = value, ""
        if converted is NOTHING:
            continue
        if note:
            notes.add(column.heading, note, row.line)
        if parents:
            row.put(parents, name, converted)
        else:
            row[name] = converted
