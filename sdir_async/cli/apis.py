"""Which APIs and versions there are, as a person names them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from ..api import VERSIONS
from ..description import describe, describe_all
from .trouble import Trouble
from .words import say

if TYPE_CHECKING:
    from ..description import BatchDescription, Description


def every_version() -> list[Description]:
    """Return all versions of all APIs."""
    return list(describe_all())


def find_version(api: str, version: str | None = None) -> Description:
    """Return a version, the newest where none is named.

    Raises:
        Trouble: The API or version does not exist; the message lists those that do.
    """
    name = _known(api.strip().replace("-", "_").casefold(), list(VERSIONS), "API")
    versions = VERSIONS[name]
    wanted = (
        _known(version, list(versions), say("version of {name}", name=name))
        if version
        else versions[-1]
    )
    return describe(name, wanted)


def find_batch(version: Description, name: str) -> BatchDescription:
    """Return what an upload can do, by its name.

    Raises:
        Trouble: The version has no such batch operation; the message lists those that it has.
    """
    if name not in version.batches:
        known = ", ".join(version.batches) or say("nothing")
        raise Trouble(
            "{name} has no upload to {kind}; it can {known}.",
            name=version.name,
            kind=name,
            known=known,
        )
    return version.batches[name]


def _known(wanted: str, names: list[str], what: str) -> str:
    """Return the name itself, or the only one that begins with it."""
    if wanted in names:
        return wanted
    begun = [name for name in names if name.startswith(wanted)] if wanted else []
    if len(begun) == 1 and what == "API":
        return begun[0]
    near = difflib.get_close_matches(wanted, names, 1)
    hint = say(" Did you mean {near}?", near=near[0]) if near else ""
    raise Trouble(
        "No {what} is named {wanted!r}. Use one of: {names}.{hint}",
        what=what,
        wanted=wanted,
        names=", ".join(sorted(names)),
        hint=hint,
    )
