"""The record that a user names, since they know that it is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from ..errors import ConfigurationError
from .chunks import Chunk, Piece
from .encoding import Unreadable
from .reconcile import can_ask_for

if TYPE_CHECKING:
    from ..document import Batch
    from .encoding import Encoder


def witness_of(record: object, encode: Encoder, batch: Batch[Any], reconcile: object) -> Piece:
    """Return a record that is known to be saved, as a piece that can be asked for.

    Raises:
        ConfigurationError: Nothing would be asked, or not for this.
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
    if not can_ask_for(listing, orjson.loads(body)):
        fields = ", ".join(listing.filters.values())
        raise ConfigurationError(f"upload: witness must have a value for {fields}.")
    return Piece(Chunk(-1, [record], [body]), range(1))
