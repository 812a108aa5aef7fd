"""Writes error answers as ASP.NET does: which errors it reports, and under which names."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from jsonschema_rs import ValidationError, ValidationErrorKind

from .messages import message, unconvertible_to
from .positions import describe, json_path, locate, path_at_end

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .schemas import Json

Errors = dict[str, list[str]]
"""Messages by the place they are about, as in the answer."""

_MOST = 200
_RFC = "https://tools.ietf.org/html/rfc9110#section-"
_KINDS = {
    400: ("15.5.1", "One or more validation errors occurred."),
    404: ("15.5.5", "Not Found"),
    415: ("15.5.16", "Unsupported Media Type"),
    500: ("15.6.1", "An error occurred while processing your request."),
}


def problem(status: int, errors: Errors | None = None) -> Json:
    """Return the body of an answer as problem details."""
    section, title = _KINDS[status]
    body: Json = {"type": _RFC + section, "title": title, "status": status}
    if errors is not None:
        body["errors"] = errors
    return body | {"traceId": f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"}


def empty_body(parameter: str) -> Errors:
    """Report that there is no body."""
    return {"": ["A non-empty request body is required."]} | _unbound(parameter)


def unreadable_body(body: bytes, position: int, parameter: str) -> Errors:
    """Report that the body is no JSON from a position on."""
    path = path_at_end(body[:position])
    rest = body[position:].decode(errors="replace").lstrip()
    what = (
        f"'{rest[0]}' is an invalid start of a value."
        if rest
        else "Expected depth to be zero at the end of the JSON payload. "
        "There is an open JSON object or array that should be closed."
    )
    return {json_path(path): [f"{what} {describe(body, path, position)}"]} | _unbound(parameter)


def refused_body(
    found: Iterable[ValidationError], root: Json, body: bytes, parameter: str
) -> Errors:
    """Report what a schema finds wrong with a body.

    JSON that doesn't convert to the types of the server's code stops it at the first such place.
    Only what converts is looked at further, and then everything wrong with it counts.
    """
    errors = list(found)
    for error in errors:
        if clr_type := unconvertible_to(error, root):
            return _unconvertible(error, clr_type, body) | _unbound(parameter)
    return _collect(
        (_key(error), message(_name(error) or parameter, error, root)) for error in errors
    )


def refused_parameters(found: Iterable[ValidationError], root: Json) -> Errors:
    """Report what a schema finds wrong with the parameters of a path and a query."""
    return _collect((str(_place(error)[0]), _of_parameter(error, root)) for error in found)


def pascal_case(name: str) -> str:
    """Return the name of a JSON field as .NET code has it."""
    return name[:1].upper() + name[1:]


def _unbound(parameter: str) -> Errors:
    """Report that the parameter of the server's code got no value: every unread body adds this."""
    return {parameter: [f"The {parameter} field is required."]}


def _unconvertible(error: ValidationError, clr_type: str, body: bytes) -> Errors:
    path = tuple(error.instance_path)
    where = describe(body, path, locate(body, path))
    return {json_path(path): [f"The JSON value could not be converted to {clr_type}. {where}"]}


def _of_parameter(error: ValidationError, root: Json) -> str:
    if unconvertible_to(error, root):
        return f"The value '{error.instance}' is not valid."
    return message(str(_place(error)[0]), error, root)


def _place(error: ValidationError) -> list[str | int]:
    """Return the path of the field that an error is about, also of one that isn't there."""
    if isinstance(error.kind, ValidationErrorKind.Required):
        return [*error.instance_path, error.kind.property]
    return error.instance_path


def _key(error: ValidationError) -> str:
    parts = (f"[{p}]" if isinstance(p, int) else f".{pascal_case(p)}" for p in _place(error))
    return "".join(parts).removeprefix(".")


def _name(error: ValidationError) -> str:
    names = [part for part in _place(error) if isinstance(part, str)]
    return pascal_case(names[-1]) if names else ""


def _collect(found: Iterable[tuple[str, str]]) -> Errors:
    errors: Errors = {}
    for key, text in found:
        if key not in errors and len(errors) == _MOST:
            return errors | {"": ["The maximum number of allowed model errors has been reached."]}
        texts = errors.setdefault(key, [])
        if text not in texts:
            texts.append(text)
    return errors
