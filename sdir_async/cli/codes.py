"""Whether the codes of records are among those that Sdir lists, asked once before sending."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Final

from ..errors import SdirError
from .ask import code_operations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..description import Description
    from .fields import Field, Fields
    from .settings import Target

_CODE: Final = "code"
_SHOWN: Final = 3
_PATIENCE: Final = 10.0


def code_fields(fields: Fields) -> list[Field]:
    """Return the fields that hold a code."""
    return [one for one in fields.all if one.path[-1].casefold().endswith(_CODE)]


async def fetch_codes(version: Description, target: Target) -> set[str]:
    """Return the codes that Sdir lists; none where it lists none.

    Raises:
        SdirError: They could not be had.
    """
    listing, _ = code_operations(version)
    if listing is None:
        return set()
    async with target.connect(timeout=_PATIENCE) as sdir:
        api = getattr(sdir, version.api)[version.version]
        items = await getattr(api, listing.python_name)(deadline=_PATIENCE)
    return {str(value) for item in items for value in _codes_in(item.to_dict())}


def _codes_in(item: Mapping[str, Any]) -> Iterator[Any]:
    yield from (value for name, value in item.items() if name.casefold() == _CODE)


def unknown_codes(known: set[str], used: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Yield for each field which of its values are no codes, and where they stand first."""
    for name, values in used.items():
        unknown = {value: line for value, line in values.items() if value not in known}
        if unknown and known:
            shown = ", ".join(_shown(known, *one) for one in list(unknown.items())[:_SHOWN])
            more = f" and {len(unknown) - _SHOWN:,} more" if len(unknown) > _SHOWN else ""
            yield f"{name}: not among Sdir's codes: {shown}{more}. `sdir codes` lists them."


def _shown(known: Iterable[str], value: str, line: int) -> str:
    near = difflib.get_close_matches(value, known, 1)
    return f"{value!r} in line {line}" + (f" (the nearest: {near[0]})" if near else "")


async def remarks(
    version: Description, target: Target, used: Mapping[str, Mapping[str, int]]
) -> list[str]:
    """Return what to say of the codes; that they could not be had is said too, and ends nothing."""
    if not any(used.values()):
        return []
    try:
        known = await fetch_codes(version, target)
    except SdirError as error:
        return [f"The codes are not checked, as Sdir's list could not be had: {error}"]
    return list(unknown_codes(known, used))
