"""Writes differences for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .differ import Change


def text_of(changes: list[Change]) -> str:
    """Write the differences as Markdown, those that break something first."""
    if not changes:
        return "No difference for a caller."
    parts = []
    for title, breaking in (("Breaking", True), ("Not breaking", False)):
        lines = _lines([change for change in changes if change.breaking is breaking])
        if lines:
            parts.append("\n".join([f"{title}:", "", *lines]))
    return "\n\n".join(parts)


def _lines(changes: list[Change]) -> list[str]:
    lines = []
    for where in dict.fromkeys(change.where for change in changes):
        whats = [change.what for change in changes if change.where == where]
        lines += [f"- `{where}`: {whats[0]}"] if len(whats) == 1 else _several(where, whats)
    return lines


def _several(where: str, whats: list[str]) -> list[str]:
    return [f"- `{where}`", *(f"  - {what}" for what in whats)]
