"""Headers of the user's own: checked before they go along with a call."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from .errors import ConfigurationError
from .wire import BEARER_HEADER, KEY_HEADER

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME: Final = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_OURS: Final = frozenset(
    {KEY_HEADER.title(), BEARER_HEADER, "Proxy-Authorization", "Host"}
    | {"Accept", "Accept-Encoding", "Content-Type", "Content-Encoding", "Content-Length"}
    | {"Connection", "Expect", "Te", "Transfer-Encoding", "Upgrade"}
)
"""What sdir-async sets itself, for the key, the token, the body and the connection."""


def checked_headers(given: Mapping[str, str] | None) -> dict[str, str]:
    """Return the user's headers, with names spelled like ours.

    Raises:
        ConfigurationError: One would replace a header of ours, or can't be sent. Its
            value is not shown: it may be a secret.

    Example:
        >>> checked_headers({"x-trace": "abc"})
        {'X-Trace': 'abc'}
    """
    if not given:
        return {}
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
    """Say whether a header may have this value; a transport would refuse others in its own way."""
    return (
        isinstance(value, str)
        and value.isascii()
        and value.isprintable()
        and value == value.strip()
    )
