"""Announces in headers that an operation will end."""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..openapi.deprecations import Deprecation


def headers_of(deprecation: Deprecation | None) -> dict[str, str]:
    """Return the headers `Deprecation` (RFC 9745) and `Sunset` (RFC 8594) of each answer."""
    if deprecation is None:
        return {}
    since, sunset = deprecation.since, deprecation.sunset
    headers = {"Deprecation": "true" if since is None else f"@{int(since.timestamp())}"}
    return headers | ({} if sunset is None else {"Sunset": format_datetime(sunset, usegmt=True)})
