"""What an upload is to do: the parameters of `upload`, checked, and all they need."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, get_args

from attrs import field, frozen

from ..errors import ConfigurationError
from .report import Snapshot

if TYPE_CHECKING:
    from ..document import Batch, Document, Operation
    from ..session import Session
    from .check import Findings
    from .chunks import Piece
    from .encoding import BodyLimit, Encoder
    from .journal import Journal

RecordT = TypeVar("RecordT")

Record: TypeAlias = RecordT | Mapping[str, Any] | bytes
Records: TypeAlias = Iterable[Record[RecordT]] | AsyncIterable[Record[RecordT]]
"""What an upload takes: models, mappings, or bytes that hold one JSON object each."""

OnRejected = Literal["isolate", "stop"]
Reconcile = Literal["list"] | Callable[[list[Any]], Awaitable[bool | None]] | None
"""How to find out whether a batch of unknown fate was saved."""

Progress = Callable[[Snapshot], object]
"""Called with the counts whenever records were finished; it must not block."""


@frozen
class Plan:
    """An upload that has not begun."""

    session: Session = field(repr=False)
    document: Document
    batch: Batch[Any]
    records: Iterable[Any] | AsyncIterable[Any] = field(repr=False)
    url_of: Callable[[Operation], str] = field(repr=False)
    encode: Encoder = field(repr=False)
    check: Callable[[Piece], Findings] | None = field(repr=False)
    journal: Journal = field(repr=False)
    limit: BodyLimit
    chunk_size: int
    chunk_bytes: int
    concurrency: int
    isolate: bool
    reconcile: Reconcile
    witness: Piece | None = field(repr=False)
    deadline: float | None
    progress: Progress | None = field(repr=False)


def require_sense(
    *,
    chunk_size: int,
    chunk_bytes: int,
    concurrency: int,
    deadline: float | None,
    on_rejected: str,
    reconcile: object,
) -> None:
    """Raise `ConfigurationError` for the first parameter of an upload that makes no sense."""
    whole = {"chunk_size": chunk_size, "chunk_bytes": chunk_bytes, "concurrency": concurrency}
    for name, number in whole.items():
        if not isinstance(number, int) or number < 1:
            raise ConfigurationError(
                f"upload: {name} must be a whole number, at least 1, not {number!r}."
            )
    if deadline is not None and not deadline > 0:
        raise ConfigurationError(
            f"upload: deadline must be a number of seconds above 0, not {deadline!r}."
        )
    if on_rejected not in get_args(OnRejected):
        raise ConfigurationError("upload: on_rejected must be 'isolate' or 'stop'.")
    if not (reconcile in (None, "list") or callable(reconcile)):
        raise ConfigurationError("upload: reconcile must be 'list', an async function, or None.")
