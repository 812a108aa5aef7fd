"""The public names are a promise: what is listed is all there is."""

from __future__ import annotations

import inspect
import pkgutil
from types import ModuleType

import pytest

import sdir_async
from sdir_async.api.additional_competence import v1 as competence_v1
from sdir_async.api.additional_competence import v2 as competence_v2
from sdir_async.api.course import v1 as course_v1
from sdir_async.api.seagoing import v1 as seagoing_v1

VERSIONS = [competence_v1, competence_v2, course_v1, seagoing_v1]


def _public(module: ModuleType) -> set[str]:
    """What a user sees of a module, other than its submodules."""
    inside = {found.name for found in pkgutil.iter_modules(module.__path__)}
    return {name for name in dir(module) if not name.startswith("_")} - inside


def test_the_list_is_sorted() -> None:
    """Constants, classes, functions, as ruff sorts them: nothing stands twice."""
    names = sdir_async.__all__
    assert len(names) == len(set(names))
    constants = [name for name in names if name.isupper()]
    classes = [name for name in names if name[0].isupper() and name not in constants]
    others = [name for name in names if name not in {*constants, *classes}]
    assert names == sorted(constants) + sorted(classes) + sorted(others)


def test_the_list_is_the_surface() -> None:
    """Nothing else is reachable without an underscore, and all of it is there."""
    assert _public(sdir_async) == set(sdir_async.__all__) - {"__version__"}
    assert set(dir(sdir_async)) >= {*sdir_async.__all__, "__doc__", "__all__"}
    for name in sdir_async.__all__:
        assert hasattr(sdir_async, name)


def test_everything_public_says_what_it_is() -> None:
    """A docstring each, of a class or a function."""
    silent = [
        name
        for name in sdir_async.__all__
        if (inspect.isclass(value := getattr(sdir_async, name)) or inspect.isfunction(value))
        and not value.__doc__
    ]
    assert silent == []


def test_public_methods_say_what_they_do() -> None:
    """Those of the classes that are public."""
    silent = [
        f"{kind.__name__}.{name}"
        for kind in (getattr(sdir_async, public) for public in sdir_async.__all__)
        if inspect.isclass(kind)
        for base in kind.__mro__
        if base.__module__.startswith("sdir_async.")
        for name, member in vars(base).items()
        if not name.startswith("_")
        and (inspect.isfunction(member) or isinstance(member, property))
        and not inspect.getdoc(member)
    ]
    assert silent == []


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.__name__[11:])
def test_a_version_shows_its_models_and_operations(version: ModuleType) -> None:
    """They load on use, and are listed before."""
    assert list(version.__all__) == sorted(version.__all__)
    assert set(dir(version)) >= set(version.__all__)
    for name in version.__all__:
        assert inspect.isclass(getattr(version, name))


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.__name__[11:])
def test_a_version_has_no_name_that_is_not_listed(version: ModuleType) -> None:
    """A typing mistake is an AttributeError that names the module."""
    with pytest.raises(AttributeError, match=version.__name__):
        version.Compentence  # noqa: B018
