"""What every generated model is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Self, cast

import attrs

from .frames import forget_locals
from .privacy import mask

if TYPE_CHECKING:
    from collections.abc import Mapping


class Unset:
    """The type of `UNSET`, which is the only one."""

    __slots__ = ()
    _only: ClassVar[Self | None] = None

    def __new__(cls) -> Self:  # noqa: D102
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> str:
        return "UNSET"


UNSET: Final = Unset()
"""A field that is not sent at all. `None` is sent as `null`."""


def present(value: object) -> Any:
    """Return the value of an optional field; servers write null for one that is missing."""
    return UNSET if value is None else value


def items(value: Any) -> Any:
    """Return a list of an answer. `UNSET` stays what it is.

    Raises:
        TypeError: It is something else, whose keys or letters must not be taken for its items.
    """
    if isinstance(value, list | tuple | Unset):
        return value
    raise TypeError(f"{type(value).__name__} is not a list")


class Model:
    """The base of every generated model: its `repr` shows nothing of a person.

    `_personal` names the fields that the document marks so, with the format `person-number` or
    `x-sdir-personal: true`. A person number in any other field is hidden too.
    """

    __slots__ = ()
    _personal: ClassVar[frozenset[str]] = frozenset()

    if TYPE_CHECKING:

        def to_dict(self) -> dict[str, Any]: ...  # noqa: D102

        @classmethod
        def from_dict(cls, src_dict: Mapping[str, Any]) -> Self: ...  # noqa: D102

    def __repr__(self) -> str:
        values = {
            field.name: getattr(self, field.name) for field in attrs.fields(cast("Any", type(self)))
        }
        shown = ", ".join(
            f"{name}={'***' if name in self._personal and value else repr(value)}"
            for name, value in values.items()
            if value is not UNSET and (name != "additional_properties" or value)
        )
        return mask(f"{type(self).__name__}({shown})")


def hide(error: BaseException) -> None:
    """Let an error of a record that can't be read or written show nothing of the record."""
    error.args = tuple(mask(one) if isinstance(one, str) else one for one in error.args)
    forget_locals(error)


def jsonable(value: object) -> object:
    """Return what orjson can write instead of a model.

    Raises:
        TypeError: It is not a model.
    """
    if isinstance(value, Model):
        return value.to_dict()
    raise TypeError(f"values of type {type(value).__name__} are not supported")
