"""What the documents say about a version, as data that everybody may read."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from attrs.exceptions import FrozenInstanceError

import sdir_async
from sdir_async import ConfigurationError, Sdir, SdirError, describe, describe_all
from sdir_async.api import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sdir_async import Description, OperationDescription

ALL = list(describe_all())
OURS = {"self", "timeout", "deadline", "retry", "headers"}

every_version = pytest.mark.parametrize("version", ALL, ids=lambda version: version.name)


def _method(version: Description, operation: OperationDescription) -> Any:
    api = getattr(Sdir("any"), version.api)[version.version]
    return getattr(api, operation.python_name)


def test_all_versions_are_described() -> None:
    """In the order of `VERSIONS`, each by its own name."""
    assert [(one.api, one.version) for one in ALL] == [
        (api, version) for api, versions in VERSIONS.items() for version in versions
    ]


def test_the_newest_version_is_described_where_none_is_named() -> None:
    """As `.selected` is the newest where none is pinned."""
    for api, versions in VERSIONS.items():
        assert describe(api) == describe(api, versions[-1])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            ("courses",),
            r"API 'courses' was not found\. Give one of additional_competence, .*seagoing\.$",
        ),
        (("course", "v99"), r"course has no version 'v99'; it has v1\b"),
        ((None,), "API None was not found"),
        (("course", ""), "course has no version ''"),
    ],
)
def test_what_does_not_exist_is_refused_with_what_does(given: Any, message: str) -> None:
    """As every other error of ours, an `SdirError`."""
    with pytest.raises(ConfigurationError, match=message) as caught:
        describe(*given)
    assert isinstance(caught.value, SdirError)


@every_version
def test_each_operation_is_a_method_with_the_parameters_that_are_described(
    version: Description,
) -> None:
    """By name, in any order, and required where the method requires them."""
    assert version.operations
    for name, operation in version.operations.items():
        assert name == operation.python_name
        signature = inspect.signature(_method(version, operation)).parameters
        described = {one.python_name: one.required for one in operation.parameters}
        assert described == {
            given.name: given.default is given.empty
            for given in signature.values()
            if given.name not in OURS
        }


@every_version
def test_each_method_of_the_class_is_described(version: Description) -> None:
    """All that can be awaited, and nothing more."""
    api = getattr(Sdir("any"), version.api)[version.version]
    methods = {
        name
        for name in dir(api)
        if not name.startswith("_") and inspect.iscoroutinefunction(getattr(api, name))
    }
    assert methods == set(version.operations)


@every_version
def test_each_iterator_of_the_class_is_described(version: Description) -> None:
    """With the parameters of its list, less the number of the page."""
    api = getattr(Sdir("any"), version.api)[version.version]
    described = {one.pages.python_name: one for one in version.operations.values() if one.pages}
    assert described.keys() == {name for name in dir(api) if name.startswith("iter_")}
    for name, operation in described.items():
        assert operation.pages is not None
        names = {one.name: one.python_name for one in operation.parameters}
        assert operation.pages.size in names
        given = set(inspect.signature(getattr(api, name)).parameters) - OURS
        assert given == set(names.values()) - {names[operation.pages.number]}


@every_version
def test_a_parameter_stands_where_the_path_has_a_place_for_it(version: Description) -> None:
    """And what is in the path is required."""
    for operation in version.operations.values():
        for one in operation.parameters:
            assert (f"{{{one.name}}}" in operation.path) == (one.place == "path")
            assert one.required or one.place in ("query", "header")
            assert isinstance(one.schema, dict)
        needed = [one for one in operation.parameters if one.required and one.place != "body"]
        assert list(operation.required) == needed


@every_version
def test_everything_is_said_in_the_words_of_the_document(version: Description) -> None:
    """Of the version, its operations and their parameters."""
    assert version.title
    assert version.description
    for operation in version.operations.values():
        assert operation.summary.endswith(".")
        for one in operation.parameters:
            assert one.description, (operation.name, one.name)


def test_versions_with_batches_are_described_with_them() -> None:
    """All of them are, unless the document has no batch."""
    assert {each.api for each in describe_all() if not each.batches} == {"e_certificate"}


@every_version
def test_a_batch_names_models_of_the_version(version: Description) -> None:
    """Those that the body of its operation lists."""
    package = import_module(f"sdir_async.api.{version.api}.{version.version}")
    for name, batch in version.batches.items():
        assert name == batch.name
        assert version.operations[batch.operation.python_name] is batch.operation
        assert batch.operation.effect == batch.kind
        for record in batch.records:
            assert inspect.isclass(getattr(package, record))
            assert record in version.schemas


@every_version
def test_the_schema_of_a_batch_stands_alone(version: Description) -> None:
    """A validator needs nothing else, and refuses what is not a record."""
    for batch in version.batches.values():
        validator = jsonschema_rs.validator_for(dict(batch.schema))
        assert not validator.is_valid({})
        assert not validator.is_valid([])


@every_version
def test_a_listing_asks_with_parameters_of_its_operation(version: Description) -> None:
    """For the pages, and for the fields of a record."""
    for batch in version.batches.values():
        if batch.listing is None:
            continue
        names = {one.name for one in batch.listing.operation.parameters}
        size = batch.listing.page_size
        asked = {*batch.listing.filters, batch.listing.page, size and size[0]}
        assert asked - {None} <= names
        assert batch.listing.match


@every_version
def test_what_a_schema_refers_to_is_there(version: Description) -> None:
    """Under `schemas` of the version, by the name at the end of the reference."""
    described = [
        *version.schemas.values(),
        *(one.answer for one in version.operations.values()),
        *(each.schema for one in version.operations.values() for each in one.parameters),
    ]
    for reference in _references(described):
        assert reference.removeprefix("#/$defs/") in version.schemas


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def test_a_description_can_not_be_changed() -> None:
    """It may be handed on, compared, and be a key."""
    course = describe("course", "v1")
    with pytest.raises(FrozenInstanceError):
        course.version = "v2"  # type: ignore[misc]
    assert course == describe("course", "v1")
    assert len({course, describe("course", "v1")}) == 1
    assert {*course.operations.values()} == {*describe("course", "v1").operations.values()}


def test_its_repr_is_short() -> None:
    """The schemas are not in it."""
    course = describe("course", "v1")
    assert repr(course) == (
        f"Description(api='course', version='v1', title={course.title!r}, scopes={course.scopes!r})"
    )


def test_describing_imports_no_version() -> None:
    """Nor a client: data is read, not code."""
    code = (
        "import sys; from sdir_async import describe_all; list(describe_all()); print(*sys.modules)"
    )
    root = Path(sdir_async.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    modules = done.stdout.split()
    assert "sdir_async.description" in modules
    assert [name for name in modules if name.startswith("sdir_async.api.")] == []
    assert {"sdir_async.client", "httpx", "jsonschema_rs"}.isdisjoint(modules)
