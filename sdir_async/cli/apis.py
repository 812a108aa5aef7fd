"""Which APIs and versions there are, as a person names them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from ..api import VERSIONS
from ..description import describe, describe_all
from .trouble import Trouble

if TYPE_CHECKING:
    from ..description import BatchDescription, Description


def every_version() -> list[Description]:
    """Return all versions of all APIs."""
    return list(describe_all())


def find_version(api: str, version: str | None = None) -> Description:
    """Return a version, the newest where none is named.

    Raises:
        Trouble: There is no such API or version; it says which there are.
    """
    name = _known(api.strip().replace("-", "_").casefold(), list(VERSIONS), "API")
    versions = VERSIONS[name]
    wanted = _known(version, list(versions), f"version of {name}") if version else versions[-1]
    return describe(name, wanted)


def find_batch(version: Description, name: str) -> BatchDescription:
    """Return what an upload can do, by its name.

    Raises:
        Trouble: The version has no such batch operation; it says which there are.
    """
    if name not in version.batches:
        known = ", ".join(version.batches) or "none"
        raise Trouble(f"{version.name} has no upload to {name}; there is {known}.")
    return version.batches[name]


def _known(wanted: str, names: list[str], what: str) -> str:
    """Return the name that is meant: itself, or the only one that begins like it."""
    if wanted in names:
        return wanted
    begun = [name for name in names if name.startswith(wanted)] if wanted else []
    if len(begun) == 1 and what == "API":
        return begun[0]
    near = difflib.get_close_matches(wanted, names, 1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise Trouble(f"There is no {what} {wanted!r}; there is {', '.join(sorted(names))}.{hint}")
