"""Warns of versions that announce their end, and of operations that their document calls old."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .verdicts import http_date

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .document import Document, Operation

_HERE: Final = f"{Path(__file__).parent}{os.sep}"
_log: Final = logging.getLogger("sdir_async")


class Deprecations:
    """What was announced so far. Each announcement is reported once.

    Source: RFC 9745 (`Deprecation`), RFC 8594 (`Sunset`), OpenAPI (`deprecated`).
    """

    def __init__(self, versions: Mapping[str, tuple[str, ...]]) -> None:
        """Hold the versions of each API, the oldest first."""
        self._versions = versions
        self._told: set[tuple[str, ...]] = set()

    def heed(self, document: Document, operation: Operation, headers: Mapping[str, str]) -> None:
        """Warn of what an answer announces, or its operation's document.

        Raises:
            DeprecationWarning: Warnings are errors, and the call only reads. A call that changes
                something was applied, so its result is returned instead.
        """
        announced = "sunset" in headers or "deprecation" in headers
        if not (announced or operation.deprecated):
            return
        version = (document.api, document.version)
        about = version if announced else (*version, operation.name)
        if about in self._told:
            return
        self._told.add(about)
        name = f"{document.api} {document.version}"
        said = f"{name} {_announced(headers)}" if announced else f"{name} is to lose an operation"
        by = f"the answer to {operation.name} says so" if announced else _by_document(operation)
        words = f"{said}: {by}. {self._advice(document)}"
        _log.info("%s", words)
        try:
            warnings.warn(words, DeprecationWarning, _level_of_the_user())
        except DeprecationWarning as warning:
            if operation.effect == "read":
                raise
            _log.warning("%s", warning)

    def _advice(self, document: Document) -> str:
        newest = self._versions.get(document.api, (document.version,))[-1]
        if newest != document.version:
            return f"Use {newest}, the newest version."
        return "It is the newest version that this release of sdir-async has: look for another one."


def _by_document(operation: Operation) -> str:
    return f"its document calls {operation.name} deprecated"


def _announced(headers: Mapping[str, str]) -> str:
    """Say what the headers announce, with the dates that can be read."""
    since = _deprecated_at(headers.get("deprecation", ""))
    sunset = http_date(headers.get("sunset", ""))
    words = []
    if since is not None:
        over = since <= datetime.now(UTC)
        words.append(
            f"is deprecated since {since:%F}" if over else f"will be deprecated on {since:%F}"
        )
    if sunset is not None:
        words.append(f"stops working on {sunset:%F}")
    return " and ".join(words) or "is deprecated"


def _deprecated_at(header: str) -> datetime | None:
    """Return the moment in `Deprecation`, as RFC 9745 or an earlier draft writes it."""
    if header.startswith("@"):
        try:
            return datetime.fromtimestamp(int(header[1:]), UTC)
        except (ValueError, OverflowError, OSError):
            return None
    return http_date(header)


def _level_of_the_user() -> int:
    """Return how many frames above `heed` the user's code stands."""
    level, frame = 1, sys._getframe(1)  # noqa: SLF001
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        level, frame = level + 1, frame.f_back
    return level
