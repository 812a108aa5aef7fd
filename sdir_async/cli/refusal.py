"""How a value is refused, and what is known about a whole column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from .words import say

if TYPE_CHECKING:
    import datetime


@frozen
class Hints:
    """What is known about a column, or was said about all of them.

    Attributes:
        decimal: What separates decimals in its numbers; `""` if it is not known.
        order: `dmy` or `mdy`: what stands first in its dates; `""` if it is not known.
        typed_dates: Whether cells of it are dates by their kind, and not texts.
        swapped: Whether Excel may have swapped day and month in these.
        by_excel: Whether its dates were made by a spreadsheet program.
        epoch: The day that these are counted from; `None` if that is not known.
        told: Whether a person has said what the decimal is.
    """

    decimal: str = ""
    order: str = ""
    typed_dates: bool = False
    swapped: bool = False
    by_excel: bool = False
    epoch: datetime.datetime | None = None
    told: bool = False


class Refused(Exception):
    """A value is not understood. It is never changed into another value that happens to be valid.

    What is wrong and the example are said in the language of the user; `values` fill in their
    placeholders.
    """

    def __init__(self, why: str, example: str = "", **values: object) -> None:
        self.why = say(why, **values)
        self.example = say(example, **values)
        super().__init__(self.why, self.example)

    def __str__(self) -> str:
        return f"{self.why}; {self.example}" if self.example else self.why


class Undecided(Refused):
    """A value could be read in several ways; the rest of its column may decide."""
