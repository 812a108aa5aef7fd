"""Whether the codes of records are among those that Sdir lists, asked once before sending."""

from __future__ import annotations

import asyncio
import difflib
from typing import TYPE_CHECKING, Final

from ..errors import SdirError
from .ask import code_operations
from .reach import unreachable
from .survey import MOST
from .trouble import Trouble
from .words import recast, say, unsaid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..description import Description
    from .fields import Field, Fields
    from .settings import Target
    from .survey import Survey

_CODE: Final = "code"
_MEANING: Final = "description"
_SHOWN: Final = 3
_PATIENCE: Final = 10.0


def code_fields(fields: Fields) -> list[Field]:
    """Return the fields that hold a code."""
    return [one for one in fields.all if one.path[-1].casefold().endswith(_CODE)]


async def list_codes(version: Description, target: Target) -> dict[str, str]:
    """Return the codes that Sdir lists, each with its meaning; none if it has no list.

    Raises:
        SdirError: The list could not be read.
    """
    listing, _ = code_operations(version)
    if listing is None:
        return {}
    async with target.connect(timeout=_PATIENCE) as sdir:
        api = getattr(sdir, version.api)[version.version]
        items = await getattr(api, listing.python_name)(deadline=_PATIENCE)
    found = [{name.casefold(): value for name, value in one.to_dict().items()} for one in items]
    return {str(one[_CODE]): str(one.get(_MEANING) or "") for one in found if _CODE in one}


def unknown_codes(known: set[str], used: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Yield for each field which of its values are not codes, and where they come first."""
    for name, values in used.items():
        unknown = {value: line for value, line in values.items() if value not in known}
        if unknown and known:
            shown = ", ".join(_shown(known, *one) for one in list(unknown.items())[:_SHOWN])
            said = unsaid(" and {count:,} more")
            if len(values) >= MOST:
                said = unsaid(" and at least {count:,} more")
            more = say(said, count=len(unknown) - _SHOWN) if len(unknown) > _SHOWN else ""
            yield say(
                "{name}: not among Sdir's codes: {shown}{more}. `sdir codes` lists them.",
                name=name,
                shown=shown,
                more=more,
            )


def _shown(known: Iterable[str], value: str, line: int) -> str:
    by_case = {code.casefold(): code for code in known}
    near = difflib.get_close_matches(value.casefold(), by_case, 1)
    return say("{value!r} in line {line}", value=value, line=line) + (
        say(" (closest: {near})", near=by_case[near[0]]) if near else ""
    )


class Codes:
    """Sdir's list of codes, asked for once, with the first records that have a code."""

    def __init__(self, version: Description, target: Target, *, asked: bool) -> None:
        self._version = version
        self._target = target
        self._known: set[str] | None = None if asked else set()

    def collected(self, fields: Fields) -> list[Field]:
        """Return the fields whose values a survey collects, to look them up."""
        return [] if self._known == set() else code_fields(fields)

    def remarks(self, fields: Fields, found: Survey, headings: Mapping[str, str]) -> Iterator[str]:
        """Yield remarks about the codes of an input that a survey has collected.

        If they could not be checked, one remark says so, and the upload continues.
        """
        names = [one.name for one in code_fields(fields)]
        used = {headings.get(name, name): found.values.get(name, {}) for name in names}
        if self._known is None and any(used.values()):
            self._known = set()
            try:
                self._known = self._listed()
            except (SdirError, Trouble) as error:
                yield say(
                    "The codes were not checked, because Sdir's list of codes is not available:"
                    " {error} The next check asks for it again.",
                    error=recast(str(error)).rstrip(".") + ".",
                )
        yield from unknown_codes(self._known or set(), used)

    def _listed(self) -> set[str]:
        if why := unreachable(self._version, self._target):
            raise Trouble(why)
        return set(asyncio.run(list_codes(self._version, self._target)))
