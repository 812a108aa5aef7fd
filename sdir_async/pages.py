"""Iterates over a list that a server cuts into pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from .errors import PageRepeated
from .frames import no_locals

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from .raw import RawResponse
    from .types import Unset

T = TypeVar("T")

_REPEATED: Final = 2
"""Repeated pages in a row that end the walk. One may repeat: new records can shift the list."""


async def every(
    ask: Callable[[int], Awaitable[RawResponse[list[T]]]], full: int | Unset
) -> AsyncGenerator[T, None]:
    """Yield the records of all pages; a page is asked for when the one before is used up.

    A repeated page is not yielded again.

    Args:
        ask: Asks for a page, counted from 1.
        full: How many records each page but the last has; `UNSET` if any page may have fewer: then
            an empty page ends the list.

    Raises:
        PageRepeated: Pages are the same as earlier ones: the list would never end.
    """
    with no_locals:
        seen: set[int] = set()
        number, repeated = 0, 0
        while True:
            number += 1
            page = await ask(number)
            records = page.value
            digest = hash(page.content)
            repeated = repeated + 1 if records and digest in seen else 0
            if repeated == _REPEATED:
                raise PageRepeated(
                    f"Page {number} of the list is the same as an earlier one, and so was the one"
                    " before. The server may ignore page numbers: call the method that lists"
                    " instead."
                )
            if not repeated:
                seen.add(digest)
                for record in records:
                    yield record
            if len(records) < (full or 1):
                return
