"""What we know about Sdir's APIs and their exports lack: the overlays of `scripts/overlays/`.

An export is fetched as it is. Beside it goes the part of our overlay that finds something in it.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sdir_async.openapi.documents import parse
from sdir_async.openapi.overlays import apply_overlay
from sdir_async.openapi.walk import DocumentError

if TYPE_CHECKING:
    from sdir_async.openapi.walk import Json

OVERLAYS = Path(__file__).parent / "overlays"
MARK = "x-sdir-made-by"
_BY_FETCH = "make fetch"


def corrections_of(api: str, document: Json) -> tuple[Json | None, list[str]]:
    """Return the overlay for an export, and what it would say if the export had it.

    Args:
        api: The name of the API's folder.
        document: The export.
    """
    path = OVERLAYS / f"{api}.yaml"
    if not path.exists():
        return None, []
    overlay = parse(path.read_bytes())
    corrected, fitting, left = copy.deepcopy(document), [], []
    for action in overlay["actions"]:
        tried = copy.deepcopy(corrected)
        try:
            apply_overlay(tried, {**overlay, "actions": [action]})
        except DocumentError:
            left.append(str(action["description"]))
        else:
            corrected = tried
            fitting.append(action)
    return {**overlay, MARK: _BY_FETCH, "actions": fitting}, left


def is_by_fetch(overlay: Path | None) -> bool:
    """Say whether an overlay was put there by us, and not written by somebody."""
    return overlay is not None and parse(overlay.read_bytes()).get(MARK) == _BY_FETCH


def write_overlay(path: Path, overlay: dict[str, Any]) -> None:
    """Put an overlay beside its document."""
    path.write_text(json.dumps(overlay, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
