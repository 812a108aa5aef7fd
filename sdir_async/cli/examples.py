"""Examples: how a value of a field is written."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .fields import Field

_BY_FORMAT: Final = {
    "person-number": "41814061033",
    "organization-number": "991825827",
    "imo-number": "9074729",
    "date": datetime.date(2024, 5, 31),
    "date-time": datetime.date(2024, 5, 31),
}
"""The person is synthetic: 80 is added to the month."""


def example_of(field: Field) -> Any:
    """Return an example value of a field, a date as a date; `None` if there is none.

    It comes from the document's example of a record, or else from the field's format.
    """
    if field.example is not None and not isinstance(field.example, dict | list):
        if field.format in ("date", "date-time"):
            return datetime.date.fromisoformat(field.example[:10])
        return field.example
    if field.digits and field.format not in _BY_FORMAT:
        return "1234567890123456"[: field.digits]
    return _BY_FORMAT.get(field.format)


def written(value: Any) -> str:
    """Return a value as a person in Norway writes it.

    Example:
        >>> written(datetime.date(2024, 5, 31))
        '31.05.2024'
    """
    if isinstance(value, datetime.date):
        return f"{value:%d.%m.%Y}"
    if isinstance(value, bool):
        return "ja" if value else "nei"
    return "" if value is None else str(value)
