"""Writes error answers as ASP.NET does: which errors it reports, and under which names."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import orjson
from starlette.responses import Response

from .messages import Finding, message, unconvertible_to
from .positions import describe, first_deeper, json_path, locate, path_at_end

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..openapi.walk import Json

Errors = dict[str, list[str]]
"""Messages by the place they are about, as in the answer."""

_MEDIA_TYPE = "application/problem+json; charset=utf-8"
_MOST = 200
_DEEPEST = 32
_RFC = "https://tools.ietf.org/html/rfc9110#section-"
_KINDS = {
    400: ("15.5.1", "One or more validation errors occurred."),
    404: ("15.5.5", "Not Found"),
    415: ("15.5.16", "Unsupported Media Type"),
    500: ("15.6.1", "An error occurred while processing your request."),
}


def problem(status: int, errors: Errors | None = None, detail: str | None = None) -> Response:
    """Return an answer that holds problem details."""
    section, title = _KINDS[status]
    body: Json = {"type": _RFC + section, "title": title, "status": status}
    if errors is not None:
        body["errors"] = errors
    if detail is not None:
        body["detail"] = detail
    body["traceId"] = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"
    return Response(orjson.dumps(body), status, media_type=_MEDIA_TYPE)


def empty_body(parameter: str) -> Errors:
    """Report that the body is missing."""
    return {"": ["A non-empty request body is required."]} | _unbound(parameter)


def unreadable_body(body: bytes, position: int, parameter: str) -> Errors:
    """Report that the body is not JSON from a position on."""
    path = path_at_end(body[:position])
    if len(path) > _DEEPEST:
        return deep_body(body, parameter)
    rest = body[position:].lstrip()
    what = (
        f"'{_shown(rest[0])}' is an invalid start of a value."
        if rest
        else "Expected depth to be zero at the end of the JSON payload. "
        "There is an open JSON object or array that should be closed."
    )
    return {json_path(path): [f"{what} {describe(body, path, position)}"]} | _unbound(parameter)


def deep_body(body: bytes, parameter: str) -> Errors:
    """Report that the body has lists or objects inside each other that go too deep to be read."""
    path, position = first_deeper(body, _DEEPEST)
    what = f"The maximum configured depth of {_DEEPEST} has been exceeded."
    return {json_path(path): [f"{what} {describe(body, path, position)}"]} | _unbound(parameter)


def refused_body(found: Iterable[Finding], body: bytes, parameter: str) -> Errors:
    """Report what a schema finds wrong with a body.

    JSON that doesn't convert to the types of the server's code stops it at the first such place.
    Only JSON that converts is checked further, and then everything wrong with it is reported.
    """
    errors: Errors = {}
    for finding in found:
        if clr_type := unconvertible_to(finding):
            return _unconvertible(finding, clr_type, body) | _unbound(parameter)
        _note(errors, _key(finding), message(_name(finding) or parameter, finding))
    return errors


def refused_parameters(found: Iterable[Finding]) -> Errors:
    """Report what a schema finds wrong with the parameters of a path and a query."""
    errors: Errors = {}
    for finding in found:
        _note(errors, str(finding.place[0]), _of_parameter(finding))
    return errors


def pascal_case(name: str) -> str:
    """Return the name of a JSON field as .NET code has it."""
    return name[:1].upper() + name[1:]


def _unbound(parameter: str) -> Errors:
    """Report that the parameter of the server's code got no value: every unread body adds this."""
    return {parameter: [f"The {parameter} field is required."]}


def _shown(byte: int) -> str:
    """Return a byte as .NET's messages show it."""
    return chr(byte) if 32 <= byte < 127 else f"0x{byte:02X}"


def _unconvertible(finding: Finding, clr_type: str, body: bytes) -> Errors:
    path = finding.path
    where = describe(body, path, locate(body, path))
    return {json_path(path): [f"The JSON value could not be converted to {clr_type}. {where}"]}


def _of_parameter(finding: Finding) -> str:
    if unconvertible_to(finding):
        return f"The value '{finding.error.instance}' is not valid."
    return message(str(finding.place[0]), finding)


def _key(finding: Finding) -> str:
    parts = (f"[{p}]" if isinstance(p, int) else f".{pascal_case(p)}" for p in finding.place)
    return "".join(parts).removeprefix(".")


def _name(finding: Finding) -> str:
    names = [part for part in finding.place if isinstance(part, str)]
    return pascal_case(names[-1]) if names else ""


def _note(errors: Errors, key: str, text: str) -> None:
    if key not in errors and len(errors) >= _MOST:
        errors[""] = ["The maximum number of allowed model errors has been reached."]
    elif text not in errors.setdefault(key, []):
        errors[key].append(text)
