"""What the documents say about a version, as data: for tools, forms and checks of your own.

The generator writes it beside each version. The command `sdir` reads everything that it knows about
the APIs from here.
"""

from __future__ import annotations

from importlib import import_module, resources
from typing import TYPE_CHECKING, Any, Literal

import orjson
from attrs import field, frozen

from .document import BatchKind, Listing, Operation
from .versions import require_version, versions_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Place = Literal["path", "query", "header", "body"]
"""Where a parameter stands in a request."""


@frozen(kw_only=True)
class ParameterDescription:
    """A parameter of an operation, or its body.

    Attributes:
        name: Its name in the request; `"body"` for the body.
        python_name: The name of the method's argument.
        place: `"path"`, `"query"`, `"header"` or `"body"`.
        required: Whether the operation can't be called without it.
        schema: The JSON Schema of its value. `#/$defs/Name` means `schemas["Name"]` of the version.
        description: What the document says about it; may be empty.
    """

    name: str
    python_name: str
    place: Place
    required: bool
    schema: Mapping[str, Any] = field(hash=False, repr=False)
    description: str


@frozen(kw_only=True)
class PagesDescription:
    """How a list is cut into pages, and the method that iterates over all of them.

    Attributes:
        python_name: The name of the method, such as `"iter_courses"`.
        number: The query parameter for the number of the page, from 1.
        size: The query parameter for the size of a page; `None` if the list has none.
        largest: The largest size; `None` where the document names none.
    """

    python_name: str
    number: str
    size: str | None
    largest: int | None


@frozen(kw_only=True)
class OperationDescription(Operation):
    """One operation, and the method that calls it.

    Attributes:
        name: Its `operationId`.
        python_name: The name of the method.
        method: The HTTP method, in capitals.
        path: Its path below the server's URL, a template such as `/courses/{uid}`.
        effect: What a request does to the register: `"read"`, `"create"`, `"update"`, or
            `"validate"`, which saves nothing.
        deprecated: Whether the document calls it deprecated.
        scopes: The scopes that a token needs for it; none where the subscription key is enough.
        summary: What it does, in one line.
        description: Its description in the document; may be empty.
        parameters: Its parameters, with the body last.
        answer: The JSON Schema of its answer; `None` if it does not answer JSON.
        pages: The pages of its list; `None` if it has none.
    """

    python_name: str
    summary: str
    description: str
    parameters: tuple[ParameterDescription, ...]
    answer: Mapping[str, Any] | None = field(hash=False, repr=False)
    pages: PagesDescription | None

    @property
    def required(self) -> tuple[ParameterDescription, ...]:
        """The parameters that it can't be called without, the body aside."""
        return tuple(one for one in self.parameters if one.required and one.place != "body")


@frozen(kw_only=True)
class ListingDescription(Listing):
    """How to ask which records were saved.

    Attributes:
        operation: The list operation.
        filters: Its query parameters, each with the dotted path of the field that fills it.
        match: Dotted paths of the fields that make two records the same report.
        page: The query parameter for the number of the page, from 1; `None` without pages.
        page_size: The query parameter for the size of a page, and the largest size.
    """

    operation: OperationDescription


@frozen(kw_only=True)
class BatchDescription:
    """A batch operation: the server saves all records of a request or none.

    Attributes:
        name: Its name in `upload(operation=…)`.
        kind: What it does with records: `"create"`, `"update"` or `"validate"`.
        operation: Where the records go.
        records: The names of the models that it takes.
        schema: The JSON Schema of one record. It stands alone: what it refers to is in its `$defs`.
        listing: How to ask whether records were saved; `None` where the document names no way.
    """

    name: str
    kind: BatchKind
    operation: OperationDescription
    records: tuple[str, ...]
    schema: Mapping[str, Any] = field(hash=False, repr=False)
    listing: ListingDescription | None


@frozen(kw_only=True)
class Description:
    """One version of one API.

    Attributes:
        api: The name of the API, which is also the attribute of `Sdir`.
        version: `"v1"`, `"v2"`, …
        title: The title of the document.
        description: The description in the document; may be empty.
        servers: The base URL for each environment.
        scopes: The scopes that a token needs, where an operation doesn't say otherwise.
        operations: The operations by the name of their method, in the order of the document.
        batches: The kinds of upload, by the name that `upload(operation=…)` takes.
        schemas: JSON Schemas by the names of the models, with the words of the document.
    """

    api: str
    version: str
    title: str
    description: str = field(repr=False)
    servers: Mapping[str, str] = field(hash=False, repr=False)
    scopes: tuple[str, ...]
    operations: Mapping[str, OperationDescription] = field(hash=False, repr=False)
    batches: Mapping[str, BatchDescription] = field(hash=False, repr=False)
    schemas: Mapping[str, Mapping[str, Any]] = field(hash=False, repr=False)

    @property
    def name(self) -> str:
        """The API and the version, such as `course v1`."""
        return f"{self.api} {self.version}"


def describe(
    api: str, version: str | None = None, *, package: str = "sdir_async.api"
) -> Description:
    """Return what the document says about one version of an API; the newest if none is named.

    It needs no key and no network. Each call reads a small file.

    Args:
        api: The name of an API, as the attribute of `Sdir`.
        version: The name of a version, such as `"v1"`.
        package: The package that has the API, if it is one that `sdir generate` made.

    Raises:
        ConfigurationError: The API or the version was not found; the message lists what exists.

    Example:
        >>> course = describe("course", "v1")
        >>> course.operations["get_course"].path
        '/courses/{uid}'
        >>> course.batches["create"].schema["$ref"]
        '#/$defs/Course'
    """
    versions = versions_of(api, _versions(package))
    wanted = versions[-1] if version is None else version
    require_version(api, versions, wanted)
    folder = resources.files(package).joinpath(api, wanted)
    return _description(orjson.loads(folder.joinpath("description.json").read_bytes()))


def describe_all(package: str = "sdir_async.api") -> Iterator[Description]:
    """Yield the description of each version of each API, the oldest version of an API first.

    Args:
        package: The package that has the APIs, if it is one that `sdir generate` made.

    Example:
        >>> [one.name for one in describe_all()][0]
        'additional_competence v1'
    """
    for api, versions in _versions(package).items():
        for version in versions:
            yield describe(api, version, package=package)


def _versions(package: str) -> Mapping[str, tuple[str, ...]]:
    found: Mapping[str, tuple[str, ...]] = import_module(package).VERSIONS
    return found


def _description(data: dict[str, Any]) -> Description:
    del data["$comment"]
    operations = {each["python_name"]: _operation(each) for each in data["operations"]}
    batches = [_batch(each, operations, data["schemas"]) for each in data["batches"]]
    made = {
        "scopes": tuple(data["scopes"]),
        "operations": operations,
        "batches": {each.name: each for each in batches},
    }
    return Description(**data | made)


def _operation(data: dict[str, Any]) -> OperationDescription:
    made = {
        "scopes": tuple(data["scopes"]),
        "parameters": tuple(ParameterDescription(**each) for each in data["parameters"]),
        "pages": None if data["pages"] is None else PagesDescription(**data["pages"]),
    }
    return OperationDescription(**data | made)


def _batch(
    data: dict[str, Any], operations: Mapping[str, OperationDescription], schemas: dict[str, Any]
) -> BatchDescription:
    made = {
        "operation": operations[data["operation"]],
        "records": tuple(data["records"]),
        "schema": data["schema"] | {"$defs": schemas},
        "listing": None if data["listing"] is None else _listing(data["listing"], operations),
    }
    return BatchDescription(**data | made)


def _listing(
    data: dict[str, Any], operations: Mapping[str, OperationDescription]
) -> ListingDescription:
    made = {
        "operation": operations[data["operation"]],
        "match": tuple(data["match"]),
        "page_size": data["page_size"] and tuple(data["page_size"]),
    }
    return ListingDescription(**data | made)
