"""Iterates over a list that a server cuts into pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from .errors import PageRepeated
from .frames import no_locals

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from .raw import RawResponse
    from .types import Unset

T = TypeVar("T")


async def every(
    ask: Callable[[int], Awaitable[RawResponse[list[T]]]], full: int | Unset
) -> AsyncIterator[T]:
    """Yield the records of all pages; a page is asked for when the one before is used up.

    Args:
        ask: Asks for a page, counted from 1.
        full: How many records a page has that is not the last; `UNSET` where a page may have fewer
            and others follow: then an empty one ends the list.

    Raises:
        PageRepeated: A page is the same as an earlier one: it would go on for ever.
    """
    with no_locals:
        seen: set[int] = set()
        number = 0
        while True:
            number += 1
            page = await ask(number)
            records = page.value
            digest = hash(page.content)
            if records and digest in seen:
                raise PageRepeated(
                    f"Page {number} of the list is the same as an earlier one. The server may not"
                    " know pages: ask without them, with the method that lists."
                )
            seen.add(digest)
            for record in records:
                yield record
            if len(records) < (full or 1):
                return
