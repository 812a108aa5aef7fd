"""Applies our corrections to a document: OpenAPI Overlay 1.0.

The library oas-patch ignores a target that matches nothing, so a correction can get lost when a
document changes. So we have our own code, on a JSONPath library.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from jsonpath import JSONPathError, JSONPathMatch, finditer

from .walk import DocumentError

if TYPE_CHECKING:
    from .walk import Json


def apply_overlay(document: Json, overlay: Json) -> None:
    """Apply each action of an overlay to the document, in order.

    Raises:
        DocumentError: It is not an overlay, or an action has no reason, or its target is not a
            JSONPath or matches nothing; the place is the one in the overlay.
    """
    if not str(overlay.get("overlay", "")).startswith("1."):
        raise DocumentError("/overlay", "must be 1.0.0, the version of the Overlay format")
    actions = overlay.get("actions")
    if not isinstance(actions, list) or not actions:
        raise DocumentError("/actions", "must be a list of actions")
    for number, action in enumerate(actions):
        _apply(document, action, f"/actions/{number}")


def _apply(document: Json, action: Any, place: str) -> None:
    _check(action, place)
    matches = _matches(document, action["target"], f"{place}/target")
    if action.get("remove"):
        for match in reversed(matches):
            _remove(match, place)
    elif "update" in action:
        for match in matches:
            _update(match.obj, action["update"], f"{place}/update")


def _check(action: Any, place: str) -> None:
    if not isinstance(action, dict) or not isinstance(action.get("target"), str):
        raise DocumentError(place, "an action needs a target, a JSONPath expression")
    if not str(action.get("description") or "").strip():
        raise DocumentError(place, "an action needs a description: the reason for the correction")
    if action.get("remove") is not True and "update" not in action:
        raise DocumentError(place, "an action needs `update`, or `remove: true`")


def _matches(document: Json, target: str, place: str) -> list[JSONPathMatch]:
    try:
        matches = list(finditer(target, document))
    except JSONPathError as error:
        raise DocumentError(place, f"{target} is not a JSONPath expression: {error}") from error
    if not matches:
        raise DocumentError(place, f"{target} matches nothing in the document")
    return matches


def _remove(match: JSONPathMatch, place: str) -> None:
    if match.parent is None:
        raise DocumentError(f"{place}/target", "the whole document can't be removed")
    parent: Any = match.parent.obj
    del parent[match.parts[-1]]


def _update(target: Any, update: Any, place: str) -> None:
    if isinstance(target, list):
        target.append(copy.deepcopy(update))
    elif isinstance(target, dict) and isinstance(update, dict):
        _merge(target, update)
    else:
        raise DocumentError(place, "the target of an update must be an object or a list")


def _merge(target: Json, update: Json) -> None:
    """Merge as Overlay 1.0 says: objects key by key, lists by appending, the rest replaced."""
    for key, value in update.items():
        present = target.get(key)
        if isinstance(present, dict) and isinstance(value, dict):
            _merge(present, value)
        elif isinstance(present, list) and isinstance(value, list):
            present.extend(copy.deepcopy(value))
        else:
            target[key] = copy.deepcopy(value)
