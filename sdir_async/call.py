"""What a call asks for, before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field, setters

from .options import of_kind
from .retries import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from .document import Document, Operation
    from .wire import Timeouts


@define(on_setattr=setters.NO_OP)
class Call:
    """An operation to be called, and whether the server may have applied it so far.

    Attributes:
        operation: What to call.
        document: The version that it belongs to.
        url: Where, encoded, without the query.
        query: The query's names and values.
        headers: Headers of this call.
        body: The body.
        timeouts: How long each part of an attempt may take; `None` for those of the session.
        few: Whether a lost answer is worth only one more attempt.
        before_attempt: What to await before each attempt. Nothing is sent if it raises an error.
        retry: How often to try again; `None` for what the session says.
        template: The URL with placeholders in its path; `None` if it has none.
        maybe_applied: Whether a request may have been applied. It is up to date at any moment,
            also when the call is cancelled.
    """

    operation: Operation
    document: Document
    url: str = field(repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    timeouts: Timeouts | None = None
    few: bool = False
    before_attempt: Callable[[], Awaitable[None]] | None = None
    maybe_applied: bool = False
    retry: RetryPolicy | None = field(
        default=None, validator=of_kind(RetryPolicy | None, "a RetryPolicy")
    )
    template: str | None = field(default=None, repr=False)
