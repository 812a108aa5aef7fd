"""A task sends whole buckets in their order, or nothing of what is out of place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pyarrow
import pytest

from sdir_async import ConfigurationError
from sdir_async.spark.buckets import ADDED, BUCKET, POSITION, SIZE, Buckets, layout_of, rows_of

Place = tuple[int, int, int]


def batch_of(places: Sequence[Place], **columns: Any) -> pyarrow.RecordBatch:
    bucket, position, size = zip(*places, strict=True)
    added = {POSITION: position, BUCKET: bucket, SIZE: size}
    return pyarrow.RecordBatch.from_pydict({**added, "name": position, **columns})


async def taken(batches: Iterable[pyarrow.RecordBatch]) -> list[tuple[int, list[int]]]:
    buckets, found = Buckets(iter(batches)), []
    while (row := await buckets.first()) is not None:
        records = [one["name"] async for one in buckets.records(row.bucket, row.size)]
        found.append((row.bucket, records))
    return found


async def test_each_bucket_is_taken_to_its_end() -> None:
    """A task may have several; a batch may end within one, and may be empty."""
    places = [(4, 0, 3), (4, 1, 3), (4, 2, 3), (7, 0, 1)]
    batches = [batch_of(places[:2]), batch_of(places).slice(0, 0), batch_of(places[2:])]
    assert await taken(batches) == [(4, [0, 1, 2]), (7, [0])]


@pytest.mark.parametrize(
    "places",
    [
        [(0, 0, 2)],
        [(0, 1, 2), (0, 0, 2)],
        [(0, 1, 2)],
        [(0, 0, 2), (1, 0, 1), (0, 1, 2)],
        [(0, 0, 2), (0, 0, 2)],
        [(0, 0, 2), (0, 1, 3)],
    ],
    ids=["cut", "turned", "rest", "torn", "twice", "grown"],
)
async def test_a_bucket_that_was_moved_is_refused(places: list[Place]) -> None:
    """What comes after the first row out of place is not sent; the error has the line to write."""
    with pytest.raises(ConfigurationError, match=r"Bucket 0 is incomplete.*bucketed\(rows"):
        await taken([batch_of(places)])


def test_a_record_is_what_sdir_takes() -> None:
    """Fields in order of their names, times in UTC, no nulls, also inside."""
    moment = datetime(2025, 3, 24, 19, tzinfo=timezone(timedelta(hours=1)))
    batch = batch_of(
        [(0, 0, 1)],
        when=[moment],
        day=[date(2025, 3, 24)],
        left=pyarrow.array([None], pyarrow.string()),
        ships=[[{"imo": "9074729", "name": None}]],
    )
    (row,) = rows_of(batch)
    assert list(row.record.items()) == [
        ("day", date(2025, 3, 24)),
        ("name", 0),
        ("ships", [{"imo": "9074729"}]),
        ("when", datetime(2025, 3, 24, 18, tzinfo=UTC)),
    ]
    assert row.record["when"].tzinfo is UTC


class Schema(dict[str, Any]):
    """Of a data frame: columns with metadata."""

    @property
    def names(self) -> list[str]:
        return list(self)


def schema_of(layout: dict[str, Any], *names: str) -> Any:
    return Schema({name: SimpleNamespace(metadata=layout) for name in names})


@pytest.mark.parametrize(
    ("schema", "message"),
    [(schema_of({}, "name", BUCKET), "not in buckets"), (schema_of({}, *ADDED), "no longer say")],
    ids=["none", "no layout"],
)
def test_rows_without_buckets_are_refused(schema: Any, message: str) -> None:
    """The error has the line to add."""
    with pytest.raises(ConfigurationError, match=rf"{message}.*bucketed\(rows, key=.*\.write"):
        layout_of(schema)
    layout = {"buckets": 2, "key": ["name"]}
    assert layout_of(schema_of({"sdir": layout}, "name", *ADDED)) == layout
