"""What an upload has to do: the parameters of `upload`, checked, and what they need."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, get_args

import orjson
from attrs import field, frozen

from ..errors import ConfigurationError
from ..options import require_one_of, seconds_or_none, whole_number
from .chunks import Chunk, Piece
from .encoding import Unreadable
from .reconcile import Asking
from .report import Snapshot

if TYPE_CHECKING:
    from attrs import Attribute

    from ..document import Batch, Document, Operation
    from ..session import Session
    from .check import Findings
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


def _choice(_: Plan, attribute: Attribute[OnRejected], value: OnRejected) -> None:
    require_one_of(get_args(OnRejected), attribute.name, value)


def _way_to_ask(_: Plan, attribute: Attribute[Reconcile], value: Reconcile) -> None:
    if not (value in (None, "list") or callable(value)):
        raise ConfigurationError(f"{attribute.name} must be 'list', an async function, or None.")


def _called(_: Plan, attribute: Attribute[Progress | None], value: Progress | None) -> None:
    if not (value is None or callable(value)):
        raise ConfigurationError(f"{attribute.name} must be a function that takes a Snapshot.")


@frozen
class Plan:
    """An upload that has not begun.

    Raises:
        ConfigurationError: A parameter of `upload` is not valid.
    """

    session: Session = field(repr=False)
    document: Document
    batch: Batch[Any]
    records: Iterable[Any] | AsyncIterable[Any] = field(repr=False)
    url_of: Callable[[Operation], str] = field(repr=False)
    encode: Encoder = field(repr=False)
    check: Callable[[Piece], Findings] | None = field(repr=False)
    journal: Journal = field(repr=False)
    limit: BodyLimit
    chunk_size: int = field(validator=whole_number)
    chunk_bytes: int = field(validator=whole_number)
    concurrency: int = field(validator=whole_number)
    on_rejected: OnRejected = field(validator=_choice)
    reconcile: Reconcile = field(validator=_way_to_ask)
    witness: Piece | None = field(repr=False)
    deadline: float | None = field(validator=seconds_or_none)
    progress: Progress | None = field(repr=False, validator=_called)


def witness_of(record: object, encode: Encoder, batch: Batch[Any], reconcile: object) -> Piece:
    """Return a record that is known to be saved, as a piece that can be asked for.

    Raises:
        ConfigurationError: The list is not asked in this upload, or the record can't be asked for.
    """
    listing = batch.listing
    if batch.operation.effect != "create" or reconcile != "list" or listing is None:
        raise ConfigurationError(
            "upload: witness is only used for creates with reconcile='list', where the API has a"
            " list operation."
        )
    try:
        body = encode(record)
    except (Unreadable, TypeError) as error:
        raise ConfigurationError(f"upload: witness must be a record: {error}") from None
    if Asking(listing).filters(orjson.loads(body)) is None:
        fields = ", ".join(listing.filters.values())
        raise ConfigurationError(f"upload: witness must have a value for {fields}.")
    return Piece(Chunk(-1, [record], [body]), range(1))
