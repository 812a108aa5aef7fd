"""What a user gives: headers, timeouts, numbers, choices. Each is checked before it is used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from ._lazy import pattern
from .errors import ConfigurationError
from .wire import BEARER_HEADER, KEY_HEADER, Timeouts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from types import UnionType

    from attrs import Attribute

_NAME = pattern(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_OURS: Final = frozenset(
    {KEY_HEADER.title(), BEARER_HEADER, "Proxy-Authorization", "Host"}
    | {"Accept", "Accept-Encoding", "Content-Type", "Content-Encoding", "Content-Length"}
    | {"Connection", "Expect", "Te", "Transfer-Encoding", "Upgrade"}
)
"""What sdir-async sets itself, for the key, the token, the body and the connection."""


def checked_headers(given: Mapping[str, str] | None) -> dict[str, str]:
    """Return the user's headers, with names spelled like ours.

    Raises:
        ConfigurationError: They are not a mapping, one would replace a header of ours, or one can't
            be sent. Its value is not shown: it may be a secret.

    Example:
        >>> checked_headers({"x-trace": "abc"})
        {'X-Trace': 'abc'}
    """
    if given is None:
        return {}
    require_kind(Mapping, "a mapping such as {'X-Trace': 'abc'}", "headers", given)
    checked: dict[str, str] = {}
    for name, value in given.items():
        if not (isinstance(name, str) and _NAME.fullmatch(name)):
            raise ConfigurationError("headers: a name must be text such as X-Trace.")
        if name.title() in _OURS:
            raise ConfigurationError(f"headers: {name} is set by sdir-async. Leave it out.")
        if not is_sendable(value):
            raise ConfigurationError(
                f"headers: {name} must be printable ASCII text without spaces around it."
            )
        checked[name.title()] = value
    return checked


def is_sendable(value: object) -> bool:
    """Say whether a header may have this value; each transport would refuse others differently."""
    return (
        isinstance(value, str)
        and value.isascii()
        and value.isprintable()
        and value == value.strip()
    )


class TimeoutParts(Protocol):
    """Seconds for each part of an attempt, such as an `httpx.Timeout`."""

    @property
    def connect(self) -> float | None: ...  # noqa: D102
    @property
    def read(self) -> float | None: ...  # noqa: D102
    @property
    def write(self) -> float | None: ...  # noqa: D102
    @property
    def pool(self) -> float | None: ...  # noqa: D102


Timeout = float | TimeoutParts | None
"""Seconds for each part of an attempt, or an `httpx.Timeout` that names the parts; `None`: no
limit.
"""


def timeouts_of(given: Timeout) -> Timeouts:
    """Return the timeouts of each part of an attempt.

    Raises:
        ConfigurationError: They are not numbers above 0.
    """
    if given is None or isinstance(given, int | float):
        parts: list[Any] = [given] * 4
    else:
        names = ("connect", "read", "write", "pool")
        parts = [getattr(given, name, "missing") for name in names]
    for part in parts:
        if part is not None and not (isinstance(part, int | float) and part > 0):
            raise ConfigurationError(
                "timeout must be a number of seconds above 0, an httpx.Timeout, or None."
            )
    return Timeouts(*parts)


def organization_number(given: str) -> str:
    """Return an organization number; raise `ConfigurationError` if it does not have 9 digits."""
    if not (isinstance(given, str) and re.fullmatch("[0-9]{9}", given)):
        raise ConfigurationError("An organization number must be text of 9 digits.")
    return given


def whole_number(_: object, attribute: Attribute[int], value: object) -> None:
    """Raise `ConfigurationError` for a value that is not a whole number of at least 1."""
    if type(value) is not int or value < 1:
        raise ConfigurationError(
            f"{attribute.name} must be a whole number, at least 1, not {value!r}."
        )


def seconds_or_none(_: object, attribute: Attribute[float | None], value: object) -> None:
    """Raise `ConfigurationError` for a value that is not a number of seconds."""
    if value is not None and not (isinstance(value, int | float) and value > 0):
        raise ConfigurationError(
            f"{attribute.name} must be a number of seconds above 0, not {value!r}."
        )


def require_one_of(known: Collection[str], name: str, given: str) -> None:
    """Raise `ConfigurationError` for a value that is not one of the choices."""
    if not isinstance(given, str) or given not in known:
        shown = ", ".join(map(repr, known))
        raise ConfigurationError(f"{name} must be one of {shown}, not {given!r}.")


def require_kind(kind: type | UnionType, wanted: str, name: str, given: object) -> None:
    """Raise `ConfigurationError` for a value of another kind, which is not shown."""
    if not isinstance(given, kind):
        raise ConfigurationError(f"{name} must be {wanted}, not {type(given).__name__}.")


def of_kind(
    kind: type | UnionType, wanted: str
) -> Callable[[object, Attribute[Any], object], None]:
    """Return a validator of an attribute that must be of a kind."""
    return lambda _, attribute, value: require_kind(kind, wanted, attribute.name, value)
