"""Questions that only a person can answer, in the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from ..privacy import mask, printable
from .trouble import Trouble
from .words import say

if TYPE_CHECKING:
    from collections.abc import Sequence

_YES: Final = ("y", "yes", "j", "ja")
_ALL: Final = ("a", "all", "alle")


def agrees(question: str) -> bool:
    """Return whether the answer to a question is yes."""
    return _answer(say("{question} [y/N] ", question=question)) in _YES


def require_yes(question: str) -> None:
    """Ask before something is sent.

    Raises:
        Trouble: The answer is no.
    """
    if not agrees(question):
        raise Trouble("Nothing was sent.")


def ask_for_sheets(names: Sequence[str]) -> Sequence[str]:
    """Ask which of several sheets to upload.

    Raises:
        Trouble: The answer is none of them.
    """
    sys.stderr.write(say("Several sheets have matching columns:\n"))
    for number, name in enumerate(names, 1):
        sys.stderr.write(f"  {number}  {name}\n")
    answer = _answer(say("Enter the number of a sheet, or a for all: "))
    if answer in _ALL:
        return names
    if answer.isdecimal() and 0 < int(answer) <= len(names):
        return [names[int(answer) - 1]]
    raise Trouble("Nothing was sent.")


def _answer(question: str) -> str:
    sys.stderr.write(printable(mask(question)))
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold()
