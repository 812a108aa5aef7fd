"""What an OpenAPI document says that the hand-written layer must know, as data.

The generator writes these objects into each `operations.py`, so that nothing written by hand
names an API, a version or a field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar

from attrs import field, frozen

from .privacy import mask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Effect = Literal["read", "create", "update", "validate"]
"""What a request does to the register. All but `"create"` may be sent twice."""

EFFECTS: Final[Mapping[str, Effect]] = {
    "GET": "read",
    "HEAD": "read",
    "OPTIONS": "read",
    "PUT": "update",
    "DELETE": "update",
}
"""The effect of a method, unless something else is said; other methods create."""

BatchKind = Literal["create", "update", "validate"]
"""What an upload can do with records, where the document has a batch operation for it."""

SavedT_co = TypeVar("SavedT_co", covariant=True)


@frozen
class Document:
    """One version of one API.

    Attributes:
        api: The name of its folder in `openapi/`, which is also the attribute of `Sdir`.
        version: `"v1"`, `"v2"`, …
        title: What the document calls itself.
        servers: The base URL for each environment.
    """

    api: str
    version: str
    title: str
    servers: Mapping[str, str]


@frozen
class Operation:
    """One operation.

    Attributes:
        name: What the document calls it.
        method: In capitals.
        path: A template such as `/codes/{code}`, below the base URL.
        effect: What a request does to the register.
        deprecated: Whether the document calls it deprecated.
        scopes: The scopes that its `security` requires of a token; empty if the subscription key
            is enough.
        content_type: How its body is sent: a form of JSON.
        accept: The form of JSON that it answers.
        servers: The base URL for each environment, where they are not the document's.
    """

    name: str
    method: str
    path: str = field(repr=lambda path: repr(mask(path)))  # `Sdir.request` takes any path
    effect: Effect
    deprecated: bool = False
    scopes: tuple[str, ...] = ()
    content_type: str = "application/json"
    accept: str = "application/json"
    servers: Mapping[str, str] | None = None


@frozen
class Listing:
    """How to ask which records were saved.

    Attributes:
        operation: The list operation.
        filters: Its query parameters, each with the dotted path of the field that fills it.
        match: Dotted paths of the fields that make two records the same report.
        page: Query parameter for the number of the page, from 1; `None` without pages.
        page_size: Query parameter for the size of a page, and the largest size.
    """

    operation: Operation
    filters: Mapping[str, str] = field(hash=False)
    match: tuple[str, ...]
    page: str | None = None
    page_size: tuple[str, int] | None = None


@frozen
class Batch(Generic[SavedT_co]):
    """A batch operation: the server saves all records of a request or none.

    Attributes:
        operation: Where its requests go.
        record: The names of the model or models that it takes.
        parse: Turns the JSON of an answer into the saved records, if it is a list of them.
        listing: How to ask whether records were saved; `None` if the document names no way.
        identifier: The field of a saved record by which one record is asked for, such as `uid`;
            `None` where the answer has none.
    """

    operation: Operation
    record: type | tuple[type, ...] = field(repr=False)
    parse: Callable[[Any], list[SavedT_co]] | None = field(default=None, repr=False)
    listing: Listing | None = None
    identifier: str | None = None
