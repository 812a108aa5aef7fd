"""Applies our corrections to a document, by the code that the sandbox applies them with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdir_async.sandbox import overlays

from .failures import DocumentError

if TYPE_CHECKING:
    from .walk import Json


def apply_overlay(document: Json, overlay: Json) -> None:
    """Apply each action of an overlay to the document, in order.

    Raises:
        DocumentError: Something is wrong with the overlay; the place is the one in it.
    """
    try:
        overlays.apply_overlay(document, overlay)
    except overlays.OverlayError as error:
        raise DocumentError(error.place, error.problem) from error
