"""Values that may be of several kinds: generated models read and write them with this."""

from __future__ import annotations

import datetime
import enum
import uuid
from collections.abc import Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, Self

from .types import Model, Unset

if TYPE_CHECKING:
    from collections.abc import Callable

MISFIT: Final = (TypeError, ValueError, AttributeError, KeyError)
"""What a variant raises for a value that is not of its kind."""


class _Open(enum.Enum):
    """An enum of answers: the server may know values that the document does not list yet."""

    @classmethod
    def read(cls, value: Any) -> Self:
        """Return the member with this value, or one of its own for a value that is not listed.

        Such a member is equal to its value and is written unchanged. `Kind("…")` still raises
        `ValueError` for it, so that a misspelling in a program is found.
        """
        try:
            return cls(value)
        except ValueError:
            return cls._unlisted(value)

    @classmethod
    def _unlisted(cls, value: Any) -> Self:
        kind: Any = int if issubclass(cls, int) else str
        member: Self = kind.__new__(cls, value if isinstance(value, kind) else kind())
        member._name_ = str(value)
        member._value_ = value
        return member

    def __reduce_ex__(self, protocol: object) -> Any:
        return type(self).read, (self._value_,)

    def __repr__(self) -> str:
        """Show any value: an answer may have null or a number where the document has texts."""
        return f"<{type(self).__name__}.{self._name_}: {self._value_!r}>"

    def __str__(self) -> str:
        return str(self._value_)


class OpenText(str, _Open):
    """An enum of texts."""

    __slots__ = ()


class OpenNumber(int, _Open):
    """An enum of whole numbers."""

    __slots__ = ()


def written(value: Any) -> Any:
    """Return a value as JSON has it.

    Example:
        >>> written([datetime.date(2024, 5, 31), "text"])
        ['2024-05-31', 'text']
    """
    match value:
        case Model():
            return value.to_dict()
        case list() | tuple():
            return [written(one) for one in value]
        case Mapping():
            return {name: written(one) for name, one in value.items()}
        case datetime.date():
            return value.isoformat()
        case uuid.UUID():
            return str(value)
        case enum.Enum():
            return value.value
    return value


def fitting(
    data: Any, *variants: Callable[[Any], Any], by: tuple[str, Mapping[str, Any]] | None = None
) -> Any:
    """Read a value as the variant that it fits.

    That is the one that the discriminator names, else the one that knows most of its fields and
    writes it back unchanged. A value that fits none is returned unchanged: an unexpected answer
    must not make a call fail.

    Args:
        data: The value, as JSON has it. `UNSET` stays what it is.
        variants: Each returns what it makes of a value, or raises one of `MISFIT`.
        by: The field that tells the variants apart, and the variant for each of its values; that
            of `""` is for any other.

    Example:
        >>> fitting("2024-05-31", datetime.date.fromisoformat, plain(str))
        datetime.date(2024, 5, 31)
    """
    if isinstance(data, Unset):
        return data
    named = _named(data, by)
    made = [each for variant in ((named,) if named else variants) for each in _made(variant, data)]
    return min(made, key=itemgetter(0), default=(None, data))[1]


def _named(data: Any, by: tuple[str, Mapping[str, Any]] | None) -> Callable[[Any], Any] | None:
    if by is None or not isinstance(data, Mapping):
        return None
    field, variants = by
    found: Callable[[Any], Any] | None = variants.get(str(data.get(field)), variants.get(""))
    return found


def _made(variant: Callable[[Any], Any], data: Any) -> list[tuple[tuple[int, bool], Any]]:
    """Return how badly a variant fits a value, and what it makes of it; nothing for a misfit."""
    try:
        made = variant(data)
        return [(_misfit(made, data), made)]
    except MISFIT:
        return []


def _misfit(made: Any, data: Any) -> tuple[int, bool]:
    """Say how badly a value fits: unknown fields count most, then what is written differently."""
    return _unknown(made, data), written(made) != data


def _unknown(made: Any, data: Any) -> int:
    if isinstance(made, Model):
        if not isinstance(data, Mapping):
            raise TypeError(type(data).__name__)  # an empty list or text would do for a model
        extra = getattr(made, "additional_properties", {})
        return len(data.keys() - (made.to_dict().keys() - extra.keys()))
    if isinstance(made, list):
        return sum(_unknown(*pair) for pair in zip(made, data, strict=True))
    return 0


def plain(*kinds: type) -> Callable[[Any], Any]:
    """Return the variant of a type that is the same in Python and in JSON."""

    def read(data: Any) -> Any:
        if type(data) not in kinds:
            raise TypeError(type(data).__name__)
        return data

    return read


def exactly(constant: Any) -> Callable[[Any], Any]:
    """Return the variant of one value."""

    def read(data: Any) -> Any:
        if data != constant:
            raise ValueError("not the constant")
        return data

    return read


def listed(item: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the variant of a list whose items all are of one kind."""

    def read(data: Any) -> Any:
        if not isinstance(data, list):
            raise TypeError(type(data).__name__)
        return [item(one) for one in data]

    return read


def anything(data: Any) -> Any:
    """Take any value."""
    return data
