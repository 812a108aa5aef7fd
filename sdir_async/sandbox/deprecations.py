"""Reads from a document what is announced of its end, and says it in headers.

OpenAPI marks an operation as `deprecated: true` and no more. Two extensions add the dates, beside
it or under `info`, where they hold for the whole document: `x-sdir-deprecated` (`true` or a date)
and `x-sdir-sunset` (a date).
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from .operations import Deprecation

if TYPE_CHECKING:
    from .schemas import Json


def read_deprecation(spec: Json, node: Json) -> Deprecation | None:
    """Return what a document says of the end of one of its operations.

    Raises:
        ValueError: A date is none.
    """
    info = spec.get("info") or {}
    since = node.get("x-sdir-deprecated", info.get("x-sdir-deprecated"))
    sunset = node.get("x-sdir-sunset", info.get("x-sdir-sunset"))
    if not (node.get("deprecated") or since or sunset):
        return None
    return Deprecation(None if since is True else _moment(since), _moment(sunset))


def headers_of(deprecation: Deprecation | None) -> dict[str, str]:
    """Return the headers `Deprecation` (RFC 9745) and `Sunset` (RFC 8594) of each answer."""
    if deprecation is None:
        return {}
    since, sunset = deprecation.since, deprecation.sunset
    headers = {"Deprecation": "true" if since is None else f"@{int(since.timestamp())}"}
    return headers | ({} if sunset is None else {"Sunset": format_datetime(sunset, usegmt=True)})


def _moment(date: Any) -> datetime | None:
    if not date:
        return None
    moment = datetime.fromisoformat(str(date))
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
