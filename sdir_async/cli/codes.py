"""Whether the codes of records are among those that Sdir lists, asked once before sending."""

from __future__ import annotations

import asyncio
import difflib
from typing import TYPE_CHECKING, Final

from ..errors import SdirError
from .ask import code_operations
from .words import recast, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..description import Description
    from .fields import Field, Fields
    from .settings import Target

_CODE: Final = "code"
_MEANING: Final = "description"
_SHOWN: Final = 3
_PATIENCE: Final = 10.0


def code_fields(fields: Fields) -> list[Field]:
    """Return the fields that hold a code."""
    return [one for one in fields.all if one.path[-1].casefold().endswith(_CODE)]


async def list_codes(version: Description, target: Target) -> dict[str, str]:
    """Return the codes that Sdir lists, each with its meaning; none where it lists none.

    Raises:
        SdirError: They could not be had.
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
            more = (
                say(" and {count:,} more", count=len(unknown) - _SHOWN)
                if len(unknown) > _SHOWN
                else ""
            )
            yield say(
                "{name}: not among Sdir's codes: {shown}{more}. `sdir codes` lists them.",
                name=name,
                shown=shown,
                more=more,
            )


def _shown(known: Iterable[str], value: str, line: int) -> str:
    near = difflib.get_close_matches(value, known, 1)
    return say("{value!r} in line {line}", value=value, line=line) + (
        say(" (the nearest: {near})", near=near[0]) if near else ""
    )


class Codes:
    """Sdir's list of codes, asked for once, with the first records that have a code."""

    def __init__(self, version: Description, target: Target, *, asked: bool) -> None:
        self._version = version
        self._target = target
        self._known: set[str] | None = None if asked else set()

    def remarks(self, used: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
        """Yield what to say of codes; that they could not be had is said too, and ends nothing."""
        if self._known is None and any(used.values()):
            self._known = set()
            try:
                self._known = set(asyncio.run(list_codes(self._version, self._target)))
            except SdirError as error:
                yield say(
                    "The codes are not checked, as Sdir's list could not be had: {error}",
                    error=recast(str(error)),
                )
        yield from unknown_codes(self._known or set(), used)
