"""Reads from a document what it announces about the end of its operations.

OpenAPI marks an operation as `deprecated: true` and no more. Two extensions add the dates, beside
it or under `info`, where they hold for the whole document: `x-sdir-deprecated` (`true` or a date)
and `x-sdir-sunset` (a date).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    from .walk import Json


@frozen
class Deprecation:
    """What the gateway announces about an operation that will end.

    Attributes:
        since: When it was, or will be, deprecated; `None` where the document doesn't say when.
        sunset: When it will stop; `None` if that is not known yet.
    """

    since: datetime | None = None
    sunset: datetime | None = None


def read_deprecation(spec: Json, node: Json) -> Deprecation | None:
    """Return what a document says about the end of one of its operations.

    Raises:
        ValueError: A date is not a date.
    """
    info = spec.get("info") or {}
    since = node.get("x-sdir-deprecated", info.get("x-sdir-deprecated"))
    sunset = node.get("x-sdir-sunset", info.get("x-sdir-sunset"))
    if not (node.get("deprecated") or since or sunset):
        return None
    return Deprecation(None if since is True else _moment(since), _moment(sunset))


def _moment(date: Any) -> datetime | None:
    if not date:
        return None
    moment = datetime.fromisoformat(str(date))
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
