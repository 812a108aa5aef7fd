"""Checks bodies and parameters against the document."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs
import orjson

from ..openapi.shapes import Shape
from ..upload.formats import FORMATS
from . import styles
from .messages import Finding
from .problems import (
    Errors,
    deep_body,
    empty_body,
    refused_body,
    refused_parameters,
    unreadable_body,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..openapi.walk import Json

_FORMATS: Final = {name: FORMATS[name] for name in ("person-number", "organization-number")}
"""IMO numbers are missing on purpose: some real hulls break their check digit."""


class InvalidError(Exception):
    """A request that doesn't fit the document; `errors` says why, in the words of the answer."""

    def __init__(self, errors: Errors) -> None:
        super().__init__("The request does not fit the document.")
        self.errors = errors


class Body:
    """Reads the bodies of one operation."""

    def __init__(self, schema: Json, name: str, shape: Shape | None = None) -> None:
        self._schema = schema
        self._name = name
        self._shape = shape or Shape()

    @cached_property
    def _validator(self) -> jsonschema_rs.Draft202012Validator:
        return _validator(self._schema)

    def read(self, body: bytes) -> Any:
        """Return the body's value.

        Raises:
            InvalidError: It is not JSON, or not what the schema asks for.
        """
        value = self.parse(body)
        self.check(value, body)
        return value

    def check(self, value: Any, body: bytes) -> None:
        """Check a value that was parsed from a body.

        The whole value is checked in one call. The errors are collected only if it fails.

        Raises:
            InvalidError: It is not what the schema asks for.
        """
        if value is None:
            raise InvalidError(empty_body(self._name))
        try:
            if self._validator.is_valid(value):
                return
            errors = refused_body(self._find(value), body, self._name)
        except ValueError:  # the validator's limit is deeper than .NET's
            errors = deep_body(body, self._name)
        raise InvalidError(errors)

    def _find(self, value: Any) -> Iterator[Finding]:
        """Find the errors item by item: those of a long list may not fit into memory at once."""
        items = self._schema.get("items")
        if not isinstance(value, list) or not isinstance(items, dict):
            yield from _findings(self._validator, value, self._schema)
            return
        alone = {name: rule for name, rule in self._schema.items() if name != "items"}
        yield from _findings(_validator(alone), value, alone)
        each = items | {"components": self._schema["components"]}
        validator = _validator(each)
        for index, item in enumerate(value):
            yield from _findings(validator, item, each, index)

    def parse(self, body: bytes) -> Any:
        """Return the body's value, its fields named as the document names them.

        Raises:
            InvalidError: It is not JSON.
        """
        if not body.strip():
            return None
        try:
            return self._shape.rename(orjson.loads(body))
        except RecursionError:
            raise InvalidError(deep_body(body, self._name)) from None
        except orjson.JSONDecodeError as error:
            position = _position(body, error)
            raise InvalidError(unreadable_body(body, position, self._name)) from None


class Parameters:
    """Reads the path and query parameters of one operation."""

    def __init__(self, schema: Json) -> None:
        self._schema = schema

    @cached_property
    def _validator(self) -> jsonschema_rs.Draft202012Validator:
        return _validator(self._schema)

    def read(self, given: Mapping[str, list[str]]) -> dict[str, Any]:
        """Return the values of the parameters that the document knows.

        Raises:
            InvalidError: One is missing, or not what its schema asks for.
        """
        values = styles.read(given, self._schema["properties"])
        if not self._validator.is_valid(values):
            raise InvalidError(refused_parameters(_findings(self._validator, values, self._schema)))
        return values


def _validator(schema: Json) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        schema, validate_formats=True, formats=_FORMATS, offline=True
    )


def _findings(
    validator: jsonschema_rs.Draft202012Validator, value: Any, root: Json, *place: int
) -> Iterator[Finding]:
    for error in validator.iter_errors(value):
        yield Finding(error, root, (*place, *error.instance_path))


def _position(body: bytes, error: orjson.JSONDecodeError) -> int:
    """Return the first byte that can't be read."""
    try:
        body.decode()
    except UnicodeDecodeError as wrong:
        return wrong.start
    return len(error.doc[: error.pos].encode())
