"""An operation that no document has yet, for `Sdir.request`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, get_args
from urllib.parse import quote, unquote

from .description import describe
from .document import EFFECTS, Effect, Operation
from .errors import ConfigurationError
from .options import require_one_of
from .privacy import mask

if TYPE_CHECKING:
    from collections.abc import Iterable

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_PLACE: Final = re.compile(r"\{([^{}]*)\}")
_ELSEWHERE: Final = re.compile(r"[?#\\\s\x00-\x1f\x7f]")


def operation_of(
    method: str,
    path: str,
    effect: Effect | None,
    *,
    places: Iterable[str],
    scopes: tuple[str, ...],
) -> Operation:
    """Return an operation that the user describes.

    Args:
        method: The HTTP method.
        path: Its path below the server's URL, with places in braces.
        effect: What it does to the register; `None` for the default of the method.
        places: The names of the places for which there are values.
        scopes: The scopes that a token needs.

    Raises:
        ConfigurationError: The method or the effect is not known, the path would lead elsewhere, or
            its places are not those in `places`.

    Example:
        >>> operation_of("delete", "/courses/{uid}", None, places=["uid"], scopes=()).effect
        'update'
    """
    verb = method.upper() if isinstance(method, str) else ""
    require_one_of(_METHODS, "method", verb)
    if effect is not None:
        require_one_of(get_args(Effect), "effect", effect)
    _require_below(path)
    if set(_PLACE.findall(path)) != set(places) or re.search("[{}]", _PLACE.sub("", path)):
        raise ConfigurationError("request: path_params must name each {place} of the path.")
    name = mask(f"{verb} {path}")
    sent = quote(path, safe="/{}:@!$&'()*+,;=~%")
    return Operation(name, verb, sent, effect or EFFECTS.get(verb, "create"), scopes=scopes)


def _require_below(path: object) -> None:
    """Refuse a path that a server or a library could take for another host, or a folder above."""
    if not isinstance(path, str) or not path.startswith("/") or path.startswith("//"):
        raise ConfigurationError(
            "request: path must begin with one slash, such as /courses. It is relative to the"
            " server's URL of the version; requests go to no other host."
        )
    if _ELSEWHERE.search(path):
        raise ConfigurationError(
            "request: path must be without spaces, backslashes, ? and #. Give the query as params."
        )
    if any(part and not unquote(part).strip(".") for part in path.split("/")):
        raise ConfigurationError("request: no part of the path may consist of dots.")


@lru_cache(maxsize=64)
def scopes_of(api: str, version: str, package: str) -> tuple[str, ...]:
    """Return the scopes that a token needs where an operation doesn't say otherwise."""
    return describe(api, version, package=package).scopes
