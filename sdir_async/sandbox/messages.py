"""Says what is wrong with a value in the words of ASP.NET."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jsonschema_rs import ValidationError, ValidationErrorKind

if TYPE_CHECKING:
    from ..openapi.walk import Json

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


@dataclass(frozen=True)
class Finding:
    """Something that a schema finds wrong.

    Attributes:
        error: What is wrong.
        root: The schema that found it.
        path: Where, from the outside in; of something that isn't there, what it should be in.
    """

    error: ValidationError
    root: Json
    path: tuple[str | int, ...]

    @property
    def place(self) -> tuple[str | int, ...]:
        """The path of the field that it is about, also of one that isn't there."""
        kind = self.error.kind
        if isinstance(kind, ValidationErrorKind.Required):
            return (*self.path, kind.property)
        return self.path

    @property
    def rules(self) -> Json:
        """The schema whose rule was broken."""
        rules: Any = self.root
        for part in self.error.schema_path[:-1]:
            rules = rules[part]
        return rules if isinstance(rules, dict) else {}


def unconvertible_to(finding: Finding) -> str | None:
    """Return the .NET type that the JSON value doesn't convert to.

    `None` where it converts, so that the error is one of model validation. Null converts to
    whatever is a reference, and is then found missing; in a list nothing looks for it.
    """
    error, format_name = finding.error, str(finding.rules.get("format"))
    match error.kind:
        case ValidationErrorKind.Format():
            return _VALUE_TYPES.get(format_name)
        case ValidationErrorKind.Enum():
            return "System.Enum"
        case ValidationErrorKind.Type(types=[json_type, *_]):
            value_type = _VALUE_TYPES.get(format_name) or _VALUE_TYPES.get(json_type)
            if error.instance is None and isinstance(finding.path[-1], str):
                return value_type
            return value_type or _REFERENCE_TYPES.get(json_type, "System.Object")
        case _:
            return None


def message(name: str, finding: Finding) -> str:
    """Return what model validation says about a field."""
    rules = finding.rules
    match finding.error.kind:
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


def _length(rules: Json) -> str:
    limits = {"minimum": rules.get("minLength"), "maximum": rules.get("maxLength")}
    return " and ".join(f"a {name} length of {limit}" for name, limit in limits.items() if limit)


def _size(name: str, which: str, limit: int) -> str:
    return f"The field {name} must be a string or array type with a {which} length of '{limit}'."
