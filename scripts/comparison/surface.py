"""What breaks for users of the Python package, as griffe sees it: nothing is imported."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import griffe

from sdir_async.generation.failures import GenerationFailed

from .differ import Change

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGE = "sdir_async"


def load_package(root: Path) -> griffe.Module:
    """Read the package of a checkout."""
    package = griffe.load(
        PACKAGE, search_paths=[root], try_relative_path=False, allow_inspection=False
    )
    assert isinstance(package, griffe.Module)  # noqa: S101  a package is one
    return package


def compare_packages(before: griffe.Module, after: griffe.Module) -> list[Change]:
    """Return what breaks between two states of the package, in what users import."""
    public = (f"{PACKAGE}.api.", *_exported(before))
    found = _breakages(before, after)
    return list(dict.fromkeys(change for path, change in found if path.startswith(public)))


def _exported(package: griffe.Module) -> list[str]:
    """Return where the names of the package's `__all__` are defined."""
    members = [package.members[str(name)] for name in package.exports or []]
    return [m.target_path if isinstance(m, griffe.Alias) else m.path for m in members]


def compare_versions(before: griffe.Module, after: griffe.Module) -> list[Change]:
    """Return what breaks for code that goes from one version of an API to another."""
    old, new = _operations(before), _operations(after)
    found = [*_breakages(before, after), *_breakages(old, new)]
    kept = (change for path, change in found if not path.endswith(f".{old.name}"))
    return list(dict.fromkeys(kept))


def version_of(package: griffe.Module, name: str) -> griffe.Module:
    """Return the package of one version, such as `course/v1`."""
    try:
        version = package["api." + name.replace("/", ".")]
    except KeyError as error:
        raise GenerationFailed(f"{name} has no generated code yet: run `make generate`") from error
    assert isinstance(version, griffe.Module)  # noqa: S101  generated as one
    return version


def _operations(version: griffe.Module) -> griffe.Class:
    members = version["operations"].members.values()
    return next(found for found in members if isinstance(found, griffe.Class))


def _breakages(
    before: griffe.Module | griffe.Class, after: griffe.Module | griffe.Class
) -> Iterator[tuple[str, Change]]:
    for breakage in griffe.find_breaking_changes(before, after):
        if not breakage.obj.is_module:
            path = breakage.obj.path
            yield path, Change(_short(path), _words(breakage), True)


def _short(path: str) -> str:
    """Return the path by which users import: the modules in between are not theirs to know."""
    return re.sub(
        r"\.(models\.\w+|operations|records)\.(?=[A-Z])", ".", path.removeprefix(f"{PACKAGE}.")
    )


def _words(breakage: griffe.Breakage) -> str:
    found = breakage.as_dict()
    old, new = (_said(found[key]) for key in ("old_value", "new_value"))
    detail = f": {old} became {new}" if old and new else f": {old or new}" if old or new else ""
    return f"{breakage.kind.value.lower()}{detail}"


def _said(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) else ""
