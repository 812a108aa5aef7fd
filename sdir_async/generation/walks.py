"""The iterators beside lists that have pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from openapi_python_client.parser.properties.list_property import ListProperty

from ..openapi.pages import pages_of
from .calls import Walk
from .names import TAKEN, free
from .understood import type_of
from .walk import LeftOut

if TYPE_CHECKING:
    from .calls import Call
    from .walk import Json, Operation

_VERB = re.compile("(list|get)_(?=.)")


def add_walks(document: Json, described: dict[str, Operation], calls: list[Call]) -> list[LeftOut]:
    """Add an iterator to each call whose list has pages; report where that is not possible."""
    taken = {call.name for call in calls} | TAKEN
    left = []
    for call in calls:
        operation = described[call.name]
        pages = pages_of(document, operation)
        if pages is None:
            continue
        types = {
            prop.name.get_untrusted_value(): (str(prop.python_name), type_of(prop))
            for prop in call.endpoint.query_parameters
        }
        counted = [types.get(name, ("", ""))[1] for name in (pages.number, pages.size) if name]
        if not isinstance(call.answer, ListProperty) or any("int" not in each for each in counted):
            why = "what it answers is not a list, or its pages are not counted in whole numbers"
            left.append(LeftOut(str(operation), "an iterator over its pages", why))
            continue
        size = types[pages.size][0] if pages.size else None
        call.walk = Walk(
            name=_name(call.name, taken),
            number=pages.number,
            size=pages.size,
            largest=pages.largest,
            full=size if size and pages.end == "short" else "UNSET",
            item=type_of(call.answer.inner_property),
        )
        taken.add(call.walk.name)
    return left


def _name(method: str, taken: set[str]) -> str:
    """Return `iter_courses` for `list_courses`."""
    short = f"iter_{_VERB.sub('', method, count=1)}"
    return free(short if short not in taken else f"iter_{method}", taken)
