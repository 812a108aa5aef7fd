"""Data frames in and out: rows into buckets, and what became of them."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

from pyspark.sql import Window
from pyspark.sql import functions as F  # noqa: N812  as everybody calls it
from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DataType,
    DateType,
    DoubleType,
    FloatType,
    IntegralType,
    NullType,
    StringType,
    StructType,
    TimestampNTZType,
    TimestampType,
)

from ..errors import ConfigurationError
from ..frames import no_locals
from .buckets import ADDED, BUCKET, POSITION, SIZE, layout_of
from .outcomes import Outcome, Outcomes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from pyspark.sql import Column, DataFrame

T = TypeVar("T")

_NUMBERS: Final = IntegralType | FloatType | DoubleType
_MOMENTS: Final = DateType | TimestampType | TimestampNTZType
_APART: Final = "\x1f"
_REASONS: Final = (
    f"{BUCKET} int, {POSITION} int, reasons array<struct<field: string, message: string>>"
)


def bucketed(rows: DataFrame, *, key: Sequence[str], buckets: int) -> DataFrame:
    """Return the rows in buckets of their key, each bucket sorted: what `format("sdir")` writes.

    Each bucket becomes a part of the upload, with a journal of its own. The bucket of a row and its
    place there depend on the row alone: on CRC-32 of the key's text, then on the key and the other
    columns in order. So a job that runs again finds the same parts, however many executors and
    partitions it has. It takes one shuffle.

    Args:
        rows: The records; a column is a field of the API, spelled as there. Nulls are left out.
        key: The columns that name a record: text, whole numbers or dates. They come from the data,
            never from `uuid()` or `monotonically_increasing_id()`: with those, a record is in
            another bucket the next time, and is sent again.
        buckets: How many buckets, which is how many tasks can send at once. Eight are enough for
            most: they share the rate limit of one account. A bucket should have a few thousand
            rows.

    Write the result without changing it. It has three more columns, which are not sent.

    Raises:
        ConfigurationError: A column of the key does not exist, or its text may differ from run to
            run; or a column has a type that Sdir can't take, such as a decimal, bytes or a map.

    Example:
        >>> frame = bucketed(rows, key=["courseCode"], buckets=8)  # doctest: +SKIP
        >>> frame.write.format("sdir").options(**options).mode("append").save()  # doctest: +SKIP
    """
    with no_locals:
        rows = rows.drop(*ADDED)
        _require_key(rows, key, buckets)
        _require_types(rows.schema)
        layout = {"buckets": buckets, "key": list(key)}
        others = sorted(set(rows.columns) - {*key})
        whole = Window.partitionBy(BUCKET).orderBy(*map(_column, [*key, *others]))
        every = whole.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
        text = F.concat_ws(
            _APART, *(F.coalesce(_column(one).cast("string"), F.lit("")) for one in key)
        )
        number = (F.crc32(text) % buckets).cast("int")
        return (
            rows.withColumn(BUCKET, number.alias(BUCKET, metadata={"sdir": layout}))
            .repartitionById(buckets, F.col(BUCKET))
            .withColumns({POSITION: F.row_number().over(whole) - 1, SIZE: F.count("*").over(every)})
        )


def _column(name: str) -> Column:
    return F.col("`{}`".format(name.replace("`", "``")))


def _require_key(rows: DataFrame, key: Sequence[str], buckets: int) -> None:
    if isinstance(key, str) or not key:
        raise ConfigurationError("bucketed: key must be a list of columns, at least one.")
    if not (isinstance(buckets, int) and buckets >= 1):
        raise ConfigurationError("bucketed: buckets must be a whole number, at least 1.")
    kinds = {field.name: field.dataType for field in rows.schema.fields}
    for name in key:
        if name not in kinds:
            raise ConfigurationError(
                f"bucketed: the rows have no column {name!r}; they have {', '.join(kinds)}."
            )
        if not isinstance(kinds[name], StringType | IntegralType | DateType):
            raise ConfigurationError(
                f"bucketed: column {name!r} of the key is {kinds[name].simpleString()}; it must be"
                " text, a whole number or a date. Make it text, in a way that does not depend on"
                " Spark's settings."
            )


def _require_types(schema: StructType) -> None:
    for field in schema.fields:
        if not _has_json(field.dataType):
            raise ConfigurationError(
                f"bucketed: column {field.name!r} is {field.dataType.simpleString()}, which Sdir"
                " can't take. Cast it to long, double or string, or make it a struct or an array."
            )


def _has_json(kind: DataType) -> bool:
    """Say whether each value of a type has one form as JSON: decimals, bytes and maps don't."""
    if isinstance(kind, StructType):
        return all(_has_json(field.dataType) for field in kind.fields)
    if isinstance(kind, ArrayType):
        return _has_json(kind.elementType)
    return isinstance(kind, StringType | BooleanType | NullType | _NUMBERS | _MOMENTS)


def report(dsn: str, upload: str) -> list[Outcome]:
    """Return what became of each bucket of an upload, as its last task reported it.

    `sdir status --upload` shows it while an upload runs.

    Args:
        dsn: Where the database is, as `PostgresJournal` takes it.
        upload: The name of the upload.

    Raises:
        ConfigurationError: The dsn is not a connection string.
        JournalError: The database can't be asked.
    """
    with no_locals:
        return _asked(dsn, upload, Outcomes.all)


def rejected(rows: DataFrame, dsn: str, upload: str) -> DataFrame:
    """Return the rejected rows of an upload, with a column `reasons`.

    The database knows their places in the buckets, and the reasons of the first 10,000 of each
    bucket. The rows are those given here, so they must not have changed since.

    Args:
        rows: The frame that was written, from `bucketed`.
        dsn: Where the database is, as `PostgresJournal` takes it.
        upload: The name of the upload.

    Raises:
        ConfigurationError: The dsn is not a connection string, or the rows are not in buckets.
        JournalMismatch: The upload was begun with other buckets.
        JournalError: The database can't be asked.
    """
    with no_locals:
        layout = layout_of(rows.schema)

        async def found_by(outcomes: Outcomes) -> list[tuple[int, int, list[tuple[str, str]]]]:
            await outcomes.require_known(layout)
            return await outcomes.rejected()

        found = _asked(dsn, upload, found_by)
        reasons = rows.sparkSession.createDataFrame(found, _REASONS)
        return rows.join(F.broadcast(reasons), [BUCKET, POSITION]).drop(*ADDED)


def _asked(dsn: str, upload: str, question: Callable[[Outcomes], Awaitable[T]]) -> T:
    """Return an answer of the database; in a thread, since a notebook has a loop of its own."""
    outcomes = Outcomes(dsn, upload)

    async def ask() -> T:
        return await question(outcomes)

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(ask())).result()
