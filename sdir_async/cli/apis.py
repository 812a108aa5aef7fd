"""Which APIs, versions and operations there are: all of it from the generated code."""

from __future__ import annotations

import difflib
import inspect
from functools import cache
from importlib import import_module, resources
from typing import TYPE_CHECKING, Any

import orjson
from attrs import frozen

from ..api import VERSIONS
from ..document import Batch, Document, Operation
from .trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@frozen
class Call:
    """An operation, and what the method that calls it wants to be told.

    Attributes:
        operation: The operation.
        method: The name of that method.
        about: What it does, in a line.
        needs: The names of the parameters that it can't do without.
        takes: The names of the others.
    """

    operation: Operation
    method: str
    about: str
    needs: tuple[str, ...]
    takes: tuple[str, ...]


@frozen
class Version:
    """One version of one API, as its generated class describes it."""

    operations: type[Any]

    @property
    def document(self) -> Document:
        """What the document says of itself."""
        document: Document = self.operations._document  # noqa: SLF001
        return document

    @property
    def name(self) -> str:
        """The API and the version, for people."""
        return f"{self.document.api} {self.document.version}"

    @property
    def package(self) -> str:
        """Where the generated code is."""
        return str(self.operations.__module__.rpartition(".")[0])

    @property
    def batches(self) -> Mapping[str, Batch[Any]]:
        """What an upload can do with records."""
        batches: Mapping[str, Batch[Any]] = self.operations._batches  # noqa: SLF001
        return batches

    def schema(self, kind: str) -> dict[str, Any]:
        """Return the JSON Schema of the records of a batch operation.

        Raises:
            Trouble: The version has no such batch operation.
        """
        if kind not in self.batches:
            known = ", ".join(self.batches) or "none"
            raise Trouble(f"{self.name} has no upload to {kind}; there is {known}.")
        return dict(_schemas(self.package)[kind])

    def calls(self) -> list[Call]:
        """Return its operations in the order of the document."""
        methods = [
            method
            for name, method in vars(self.operations).items()
            if not name.startswith("_") and inspect.iscoroutinefunction(method)
        ]
        return [call for method in methods for call in _calls(method)]


@cache
def _schemas(package: str) -> dict[str, Any]:
    content: dict[str, Any] = orjson.loads(
        resources.files(package).joinpath("schemas.json").read_bytes()
    )
    return content


def _calls(method: Any) -> Iterable[Call]:
    """Yield the operation that a generated method names."""
    named = (method.__globals__.get(name) for name in method.__code__.co_names)
    for operation in named:
        if isinstance(operation, Operation):
            about = (inspect.getdoc(method) or "").partition("\n")[0]
            yield Call(operation, method.__name__, about, *_parameters(method))


def _parameters(method: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    ours = {"self", "timeout", "deadline", "body"}
    parameters = [
        parameter
        for name, parameter in inspect.signature(method).parameters.items()
        if name not in ours
    ]
    needs = tuple(one.name for one in parameters if one.default is one.empty)
    return needs, tuple(one.name for one in parameters if one.default is not one.empty)


def every_version() -> list[Version]:
    """Return all versions of all APIs."""
    return [
        find_version(api, version) for api, versions in VERSIONS.items() for version in versions
    ]


def find_version(api: str, version: str | None = None) -> Version:
    """Return a version, the newest where none is named.

    Raises:
        Trouble: There is none of these names; it says which there are.
    """
    name = _known(api.strip().replace("-", "_").casefold(), list(VERSIONS), "API")
    versions = VERSIONS[name]
    wanted = _known(version, list(versions), f"version of {name}") if version else versions[-1]
    module = import_module(f"sdir_async.api.{name}.{wanted}.operations")
    return Version(module.OPERATIONS)


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
