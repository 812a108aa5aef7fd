"""Decides which lists have pages, and how to turn them: one rule for all readers.

A list has pages if the document says so with `x-sdir-pages`: the query parameters for the number of
the page, from 1, and for its size, and what ends the list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, get_args

from attrs import frozen

from .walk import DocumentError, parameters_of, resolved

if TYPE_CHECKING:
    from .walk import Found, Json

End = Literal["short", "empty"]
ENDS: Final[tuple[str, ...]] = get_args(End)


@frozen
class Pages:
    """How a list is cut into pages.

    Attributes:
        number: The query parameter for the number of the page, from 1.
        size: The query parameter for the size of a page, if there is one.
        largest: The largest size, if the document names it.
        end: What ends the list: `"short"`, a page with fewer records than were asked for, or
            `"empty"`, for a server that may make smaller pages than it is asked for.
    """

    number: str
    size: str | None = None
    largest: int | None = None
    end: End = "short"


def pages_of(document: Json, operation: Found) -> Pages | None:
    """Return how the list of an operation is cut into pages; `None` if it is not.

    Raises:
        DocumentError: What the document says about its pages is wrong, or a reference leads
            nowhere.
    """
    told = operation.node.get("x-sdir-pages")
    if not told:
        return None
    place = f"{operation.pointer}/x-sdir-pages"
    number, size, end = told.get("number"), told.get("size"), told.get("end", "short")
    if not number:
        raise DocumentError(place, "number missing")
    if end not in ENDS:
        raise DocumentError(f"{place}/end", f"{end!r} must be one of {', '.join(ENDS)}")
    schemas = {
        each["name"]: each.get("schema") or {}
        for each in parameters_of(document, operation)
        if each["in"] == "query"
    }
    unknown = [name for name in (number, size) if name and name not in schemas]
    if unknown:
        raise DocumentError(place, f"the operation has no query parameter {', '.join(unknown)}")
    largest = resolved(document, schemas[size], place).get("maximum") if size else None
    return Pages(number, size, int(largest) if isinstance(largest, int | float) else None, end)
