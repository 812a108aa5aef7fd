"""Buckets of records, as a task of Spark gets them: in batches of Arrow, one after another.

`bucketed` numbers the rows of each bucket and says how many there are. So a task sees whether it
has whole buckets, in order, whatever Spark did in between.
"""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from pyarrow import RecordBatch
    from pyspark.sql.types import StructType

BUCKET: Final = "_sdir_bucket"
POSITION: Final = "_sdir_position"
SIZE: Final = "_sdir_size"
ADDED: Final = (BUCKET, POSITION, SIZE)
"""The columns that `bucketed` adds."""

LINE: Final = "bucketed(rows, key=[…], buckets=8).write.format('sdir')"


@frozen
class Row:
    """A record, and its place among those of its bucket."""

    bucket: int
    position: int
    size: int
    record: dict[str, Any]


class Buckets:
    """The buckets of a task.

    Attributes:
        taken: How many records were taken so far.
    """

    def __init__(self, batches: Iterator[RecordBatch]) -> None:
        self.taken = 0
        self._batches = batches
        self._ahead: deque[Row] = deque()

    async def first(self) -> Row | None:
        """Return the next row without taking it; `None` after the last one.

        Spark may compute for long before it gives a batch, so the wait is in a thread.
        """
        while not self._ahead:
            rows = await asyncio.to_thread(self._next)
            if rows is None:
                return None
            self._ahead.extend(rows)
        return self._ahead[0]

    async def records(self, bucket: int, size: int) -> AsyncIterator[dict[str, Any]]:
        """Yield the records of a bucket, to its end.

        Raises:
            ConfigurationError: It is not whole here, or not in order.
        """
        for position in range(size):
            row = await self.first()
            if row is None or (row.bucket, row.position, row.size) != (bucket, position, size):
                raise _not_whole(bucket)
            self._ahead.popleft()
            self.taken += 1
            yield row.record

    def _next(self) -> list[Row] | None:
        batch = next(self._batches, None)
        return None if batch is None else rows_of(batch)


def _not_whole(bucket: int) -> ConfigurationError:
    return ConfigurationError(
        f"Bucket {bucket} is incomplete in this task, or not in order: its rows were moved after"
        f" `bucketed`. Write the result of `bucketed` without changing it: {LINE}."
    )


def rows_of(batch: RecordBatch) -> list[Row]:
    """Return the rows of a batch. The columns of a record are in order of their names.

    So a digest of the records is the same when a later run has the columns in another order.
    """
    names = sorted(set(batch.schema.names) - {*ADDED})
    places = zip(*(batch.column(name).to_pylist() for name in ADDED), strict=True)
    records = batch.select(names).to_pylist()
    return [
        Row(bucket, position, size, _plain(record))
        for (bucket, position, size), record in zip(places, records, strict=True)
    ]


def _plain(value: Any) -> Any:
    """Return a value as Sdir takes it: without nulls, times in UTC whatever Spark's zone is."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    return value


def layout_of(schema: StructType) -> dict[str, Any]:
    """Return how many buckets `bucketed` made of the rows, and by which key.

    Raises:
        ConfigurationError: The rows are not in buckets. It says what to add.
    """
    if not {*ADDED} <= {*schema.names}:
        raise ConfigurationError(
            "The rows are not in buckets, so a task that Spark runs again could send different"
            f" records. Add `from sdir_async.spark import bucketed`, and write {LINE}."
        )
    layout: dict[str, Any] | None = schema[BUCKET].metadata.get("sdir")
    if not layout:
        raise ConfigurationError(
            "The rows no longer say how `bucketed` made their buckets. Write the result of"
            f" `bucketed` without changing it: {LINE}."
        )
    return layout
