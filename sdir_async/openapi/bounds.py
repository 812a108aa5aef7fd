"""How much a document may ask for: a few kilobytes of YAML can stand for terabytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

DEEPEST: Final = 100
MOST: Final = 1_000_000
_LETTERS: Final = 64
"""A text counts as one value for each this many letters."""


def require_bounded(events: Iterable[Any]) -> None:
    """Check the events of a YAML parser before anything is made of them.

    Parsers that build values do so recursively, in C, and end the process when it goes too deep.

    Raises:
        ValueError: The document is nested too deeply, has too many values once its aliases are
            followed, or has an alias inside what it stands for.
    """
    sizes: dict[str | None, int] = {}
    opened: list[tuple[str | None, int]] = [(None, 0)]
    for event in events:
        kind = type(event).__name__
        size = 0
        if kind == "AliasEvent":
            if event.anchor not in sizes:
                raise ValueError(f"{_place(event)}: the alias {event.anchor!r} refers to itself")
            size = sizes[event.anchor]
        elif kind == "ScalarEvent":
            size = sizes[event.anchor] = 1 + len(event.value) // _LETTERS
        elif kind in ("SequenceStartEvent", "MappingStartEvent"):
            opened.append((event.anchor, 1))
        elif kind in ("SequenceEndEvent", "MappingEndEvent"):
            anchor, size = opened.pop()
            sizes[anchor] = size
        opened[-1] = (opened[-1][0], opened[-1][1] + size)
        if len(opened) > DEEPEST:
            raise ValueError(f"{_place(event)}: nested deeper than {DEEPEST} levels")
        if opened[-1][1] > MOST:
            raise ValueError(f"{_place(event)}: more than {MOST:,} values")


def _place(event: Any) -> str:
    return f"line {event.start_mark.line + 1}"


def require_shallow(value: Any) -> None:
    """Check how deep a JSON value is.

    Raises:
        ValueError: It is nested too deeply.
    """
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return
    raise ValueError(f"nested deeper than {DEEPEST} levels")


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
