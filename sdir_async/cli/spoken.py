"""Lines of an input, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .words import say, some

if TYPE_CHECKING:
    from collections.abc import Sequence


def spoken_lines(lines: Sequence[int], most: int = 3) -> str:
    """Return some lines in words: `line 3`, `lines 3, 4, 7 and 9 more`."""
    first = ", ".join(map(str, lines[:most]))
    more = say(" and {count:,} more", count=len(lines) - most) if len(lines) > most else ""
    return some(len(lines), "line {first}{more}", "lines {first}{more}", first=first, more=more)


def spoken_ranges(ranges: Sequence[tuple[int, int]], most: int = 5) -> str:
    """Return ranges of lines in words: `line 3`, `lines 3 to 5, 9`."""
    shown = [
        say("{first} to {last}", first=first, last=last) if last > first else str(first)
        for first, last in ranges[:most]
    ]
    more = say(" and {count:,} more ranges", count=len(ranges) - most) if len(ranges) > most else ""
    one = len(ranges) == 1 and ranges[0][0] == ranges[0][1]
    count = 1 if one else 2
    return some(
        count, "line {first}{more}", "lines {first}{more}", first=", ".join(shown), more=more
    )
