"""What Sdir's servers accept although the document's schema does not allow it.

They read JSON with System.Text.Json: the paths in their errors begin with `$`, as its do. In
ASP.NET that takes names of fields in any case, and numbers as text (`JsonSerializerDefaults.Web`).
Its `JsonStringEnumConverter` takes names in any case, several of them with commas, and numbers,
which need not be listed. Newtonsoft.Json reads enums alike.

Source: dotnet/runtime, `EnumConverter.cs` and `JsonSerializerOptions.cs`; Newtonsoft.Json,
`StringEnumConverter.cs`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jsonschema_rs import ValidationError

_NUMBERS: Final = {
    "integer": re.compile(r"-?\d+", re.ASCII),
    "number": re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", re.ASCII),
}
_LISTED: Final = ("enum", "const")


def refusing(errors: Sequence[ValidationError]) -> list[ValidationError]:
    """Return the errors of a value that a server has reason to refuse it for."""
    listed = {tuple(one.instance_path) for one in errors if one.kind.name in _LISTED}
    return [one for one in errors if not _is_taken(one, tuple(one.instance_path) in listed)]


def _is_taken(error: ValidationError, listed: bool) -> bool:
    value: Any = error.instance
    details = error.kind.as_dict()
    match error.kind.name:
        case "required":
            return details["property"].lower() in map(str.lower, value)
        case "enum":
            return _is_member(value, details["options"])
        case "const":
            return _is_member(value, [details["expected_value"]])
        case "type":
            return _is_number(value, details["types"]) or (listed and type(value) is int)
        case "anyOf":
            return any(not refusing(branch) for branch in details["context"])
    return False


def _is_member(value: Any, listed: Iterable[Any]) -> bool:
    if type(value) is int or _is_number(value, ["integer"]):
        return True
    known = {one.lower() for one in listed if isinstance(one, str)}
    return isinstance(value, str) and {one.strip().lower() for one in value.split(",")} <= known


def _is_number(value: Any, types: Iterable[str]) -> bool:
    wanted = [_NUMBERS[name] for name in types if name in _NUMBERS]
    return isinstance(value, str) and any(one.fullmatch(value) for one in wanted)
