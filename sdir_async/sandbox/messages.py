"""Says what is wrong with a value in the words of ASP.NET."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jsonschema_rs import ValidationError, ValidationErrorKind

if TYPE_CHECKING:
    from .schemas import Json

_VALUE_TYPES = {
    "integer": "System.Int32",
    "number": "System.Double",
    "boolean": "System.Boolean",
    "date": "System.DateOnly",
    "date-time": "System.DateTimeOffset",
    "uuid": "System.Guid",
}
"""Types that can't be null, by JSON type or by format."""

_REFERENCE_TYPES = {
    "string": "System.String",
    "object": "System.Object",
    "array": "System.Collections.Generic.List`1[System.Object]",
}
_LARGEST = 2**31 - 1


def unconvertible_to(error: ValidationError, root: Json) -> str | None:
    """Return the .NET type that the JSON value doesn't convert to.

    `None` where it converts, so that the error is one of model validation. Null converts to
    whatever is a reference, and is then found missing; in a list nothing looks for it.
    """
    format_name = str(_rules(error, root).get("format"))
    match error.kind:
        case ValidationErrorKind.Format():
            return _VALUE_TYPES.get(format_name)
        case ValidationErrorKind.Enum():
            return "System.Enum"
        case ValidationErrorKind.Type(types=[json_type, *_]):
            value_type = _VALUE_TYPES.get(format_name) or _VALUE_TYPES.get(json_type)
            if error.instance is None and isinstance(error.instance_path[-1], str):
                return value_type
            return value_type or _REFERENCE_TYPES.get(json_type, "System.Object")
        case _:
            return None


def message(name: str, error: ValidationError, root: Json) -> str:
    """Return what model validation says of a field."""
    rules = _rules(error, root)
    match error.kind:
        case ValidationErrorKind.Required() | ValidationErrorKind.Type():
            return f"The {name} field is required."
        case ValidationErrorKind.MinLength() | ValidationErrorKind.MaxLength():
            return f"The field {name} must be a string with {_length(rules)}."
        case ValidationErrorKind.Pattern(pattern=pattern):
            return f"The field {name} must match the regular expression '{pattern}'."
        case ValidationErrorKind.Minimum() | ValidationErrorKind.Maximum():
            low, high = rules.get("minimum", -_LARGEST - 1), rules.get("maximum", _LARGEST)
            return f"The field {name} must be between {low} and {high}."
        case ValidationErrorKind.MinItems(limit=limit):
            return _size(name, "minimum", limit)
        case ValidationErrorKind.MaxItems(limit=limit):
            return _size(name, "maximum", limit)
        case _:
            return f"The field {name} is invalid."


def _rules(error: ValidationError, root: Json) -> Json:
    """Return the schema whose rule was broken."""
    rules: Any = root
    for part in error.schema_path[:-1]:
        rules = rules[part]
    return rules if isinstance(rules, dict) else {}


def _length(rules: Json) -> str:
    limits = {"minimum": rules.get("minLength"), "maximum": rules.get("maxLength")}
    return " and ".join(f"a {name} length of {limit}" for name, limit in limits.items() if limit)


def _size(name: str, which: str, limit: int) -> str:
    return f"The field {name} must be a string or array type with a {which} length of '{limit}'."
