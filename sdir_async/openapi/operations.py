"""What an operation does, with which records."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .shapes import Shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .deprecations import Deprecation
    from .pages import Pages
    from .walk import Json

_BELOW_COLLECTION = re.compile(r"(/batch|/prevalidate|/\{[^/{}]*\})+/?$", re.IGNORECASE)


class Role(StrEnum):
    """What an operation does. The first three are the values of `x-sdir-batch`."""

    CREATE = "create"
    UPDATE = "update"
    VALIDATE = "validate"
    LIST = "list"
    GET = "get"
    SEARCH = "search"
    EXAMPLE = "example"

    @property
    def stores(self) -> bool:
        """Whether it works on saved records."""
        return self not in (Role.VALIDATE, Role.SEARCH, Role.EXAMPLE)


@dataclass(frozen=True)
class Identifier:
    """What tells records apart: a UUID, or a number counted up.

    Attributes:
        field: The field of a record that holds it; `None` where the document shows none.
        parameter: The parameter in the path of one record; `None` if no path has one.
        counted: Whether it is a number.
        chosen: Whether it is a text that comes with the record, such as a user's name.
    """

    field: str | None = None
    parameter: str | None = None
    counted: bool = False
    chosen: bool = False


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation of one document.

    Attributes:
        document: The name of its document.
        name: Its `operationId`; the method and the path where the document gives none.
        method: In capitals.
        base: The path of the document's server.
        path: The whole path, a template such as `/base/things/{uid}`.
        role: What it does.
        many: Whether its body is a list of records.
        collection: The path of the records it works on; each document has its own.
        identifier: What tells those records apart.
        status: The status when all went well.
        answer_type: The content type of the answer then.
        parameters: JSON Schema of an object with its path and query parameters.
        body: JSON Schema of the body, `None` where it takes no JSON.
        optional_body: Whether the document says that it can be left away.
        body_name: What the server's code may call the body; it turns up in error answers.
        media_types: The content types it accepts; the subtype may be a pattern.
        filters: Query parameters of a list, each with the dotted path of a record's field.
        pages: How a list is cut into pages, if it is.
        envelope: The field that holds the records of a list; `None` where the answer is the list.
        example: What to answer where no record is involved; `None` if nothing.
        shape: The fields of its records.
        deprecation: What is announced of its end; `None` if nothing.
        scopes: What a token must allow, where the gateway wants one.
    """

    document: str
    name: str
    method: str
    base: str
    path: str
    role: Role
    many: bool
    collection: str
    identifier: Identifier
    status: int
    parameters: Json
    body: Json | None = None
    optional_body: bool = False
    body_name: str = "body"
    media_types: tuple[str, ...] = ()
    filters: Mapping[str, str] = field(default_factory=dict)
    pages: Pages | None = None
    envelope: str | None = None
    answer_type: str = "application/json; charset=utf-8"
    example: Any = None
    shape: Shape = field(default_factory=Shape)
    deprecation: Deprecation | None = None
    scopes: tuple[str, ...] = ()

    @cached_property
    def names(self) -> frozenset[str]:
        """What a fault may call it: its name, with or without the document, or method and path."""
        names = {self.name, f"{self.document} {self.name}", f"{self.method} {self.path}"}
        return frozenset(names)


def collection_of(path: str) -> str:
    """Return the path of the records that an operation's path is about."""
    return _BELOW_COLLECTION.sub("", path) or "/"
