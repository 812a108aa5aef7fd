"""Records: each knows its line in the input and what was there, for the report."""

from __future__ import annotations

import datetime
import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from attrs import Factory, define, frozen

from ..privacy import mask
from .columns import OURS, Column
from .identifiers import PERSON
from .words import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .fields import Field

_SHOWN = 60
_TELLING = 4
"""More digits than this could identify a person."""


class Row(dict[str, Any]):
    """A record that was made of a row or of an object.

    Attributes:
        line: Where it stands in the input.
        cells: What stood there: the cells of the row, or the bytes of the object.
        columns: Which columns the cells are in; none for an object.
        refusals: Which values were not understood; such a record is not sent.
    """

    __slots__ = ("cells", "columns", "line", "refusals")

    def __init__(
        self, line: int, cells: Sequence[object] | bytes, columns: Sequence[Column] = ()
    ) -> None:
        self.line = line
        self.cells = cells
        self.columns = columns
        self.refusals: tuple[Refusal, ...] = ()

    def refuse(self, refusal: Refusal) -> None:
        """Keep the record from being sent, and say why."""
        self.refusals += (refusal,)
        self[OURS] = _UNSENDABLE

    def put(self, parents: Iterable[str], name: str, value: object) -> None:
        """Put a value into an object in the record; the objects around it are made."""
        inner: dict[str, Any] = self
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[name] = value


@frozen
class Refusal:
    """Why a value was not understood.

    Attributes:
        name: The heading of its column, or its name in an object; `""` where it is the whole row.
        why: What is wrong with it, and how to write it.
        value: The value, person numbers starred out.
        at: The place of its column; -1 where it is in none.
    """

    name: str
    why: str
    value: str = ""
    at: int = -1


_UNSENDABLE = object()
"""A value that keeps a record from being sent: it can't be written as JSON."""


@define
class Notes:
    """Notes about values that were changed on the way: how often, and where first.

    Attributes:
        headings: What the user calls a field, by its name.
        marked: What marks rows of the input as rejected ones, if anything does.
    """

    headings: dict[str, str] = Factory(dict)
    marked: str | None = None
    said: list[str] = Factory(list)
    counts: dict[tuple[str, str], int] = Factory(dict)
    first: dict[tuple[str, str], int] = Factory(dict)

    def say(self, text: str) -> None:
        """Note something that is not about a value, once."""
        if text not in self.said:
            self.said.append(text)

    def add(self, field: str, note: str, line: int) -> None:
        """Count a note."""
        self.counts[field, note] = self.counts.get((field, note), 0) + 1
        self.first.setdefault((field, note), line)

    def __iter__(self) -> Iterator[str]:
        yield from self.said
        for (name, note), count in self.counts.items():
            first = self.first[name, note]
            where = (
                say("line {first}", first=first)
                if count == 1
                else say("{count:,} lines, the first is {first}", count=count, first=first)
            )
            told = f"{name}: {note} ({where})."
            if told not in self.said:
                yield told


class Lines:
    """Which line each record comes from: a sparse list, since most follow one another."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._shifts: list[int] = []

    def add(self, index: int, line: int) -> None:
        """Enter the next record."""
        if not self._shifts or self._shifts[-1] != line - index:
            self._starts.append(index)
            self._shifts.append(line - index)

    def __getitem__(self, index: int) -> int:
        at = bisect_right(self._starts, index) - 1
        return index + self._shifts[at] if at >= 0 else index + 1


def shown(value: object, of: Field) -> str:
    """Return a value as a message may show it: one short line without personal data."""
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        text = value.isoformat()
    elif isinstance(value, float) and value.is_integer():
        text = str(int(value))
    else:
        text = str(value)
    text = mask(" ".join(text.split()), shown=2)
    if of.format == PERSON and (digits := sum(map(str.isdigit, text))) > _TELLING:
        text = re.sub(r"\d", "*", text, count=digits - 2)
    return f"{text[:_SHOWN]}…" if len(text) > _SHOWN else text


def leaves_of(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted name and the value of everything in an object except objects."""
    if isinstance(value, dict) and value:
        for name, below in value.items():
            yield from leaves_of(below, f"{path}.{name}" if path else str(name))
    else:
        yield path, value
