"""Which scopes an operation needs, as a document's `security` says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .walk import pointer, resolved

if TYPE_CHECKING:
    from .walk import Json

_WITH_SCOPES: Final = ("oauth2", "openIdConnect")


def scopes_of(document: Json, node: Json | None = None) -> tuple[str, ...]:
    """Return the scopes that a token needs for an operation; without one, those of the document.

    An operation's own `security` counts instead of the document's, also where it is empty. Of
    several alternatives the first with scopes counts. Schemes of other types, such as the
    subscription key, have none.
    """
    given = (node or {}).get("security")
    alternatives: list[Any] = document.get("security") or [] if given is None else given
    needed = (_scopes_in(document, each) for each in alternatives)
    return next(filter(None, needed), ())


def _scopes_in(document: Json, requirement: Json) -> tuple[str, ...]:
    schemes = (document.get("components") or {}).get("securitySchemes") or {}
    scopes = [
        str(scope)
        for name, asked in requirement.items()
        if _scheme(document, schemes, name).get("type") in _WITH_SCOPES
        for scope in asked or ()
    ]
    return tuple(dict.fromkeys(scopes))


def _scheme(document: Json, schemes: Json, name: str) -> Json:
    scheme = schemes.get(name)
    place = pointer("components", "securitySchemes", name)
    return resolved(document, scheme, place) if isinstance(scheme, dict) else {}
