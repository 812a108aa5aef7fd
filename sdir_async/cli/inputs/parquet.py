"""Parquet, in batches. An extra of its own: `pip install "sdir-async[cli,parquet]"`."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ..trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import IO

    from .source import Source

_AT_ONCE: Final = 1000
_LARGEST_EXACT: Final = 1 << 24
"""Floats of 32 bits hold whole numbers up to this one."""


class Rounded(float):
    """A number that lost its last digits: 32 bits hold about seven."""


class Parquet:
    """A Parquet file; columns inside columns have dotted headings."""

    format: Final = "parquet"
    heading_row: Final = 0
    above: Final = 0

    def __init__(self, source: Source) -> None:
        try:
            from pyarrow import parquet
        except ImportError:
            raise Trouble(
                "is Parquet, which takes an extra: pip install 'sdir-async[cli,parquet]'."
            ) from None
        try:
            self._file = parquet.ParquetFile(source.seekable())
        except Exception as error:  # noqa: BLE001  a damaged file raises whatever its parser does
            raise Trouble(
                "is not a Parquet file, or was not copied completely ({error}).", error=error
            ) from None
        self._read = 0
        empty = self._file.schema_arrow.empty_table()
        self.schema = _flat(empty).schema
        self.headings = list(self.schema.names)

    def share(self) -> float | None:
        """Return how much of it was read."""
        rows = self._file.metadata.num_rows
        return self._read / rows if rows else None

    def rows(self) -> Iterator[tuple[int, list[object]]]:
        """Yield the number of each row, from 1, and its cells."""
        import pyarrow

        try:
            for batch in self._file.iter_batches(_AT_ONCE):
                table = _flat(pyarrow.Table.from_batches([batch]))
                columns = [_values(column) for column in table.columns]
                for cells in zip(*columns, strict=True):
                    self._read += 1
                    yield self._read, list(cells)
        except Exception as error:  # noqa: BLE001  what can't be read raises whatever it does
            raise Trouble(
                "row {read}: can't be read ({error}).", read=self._read + 1, error=error
            ) from None

    def write(
        self,
        rows: Iterator[Sequence[Any]],
        kept: Sequence[int],
        added: Mapping[str, type],
        file: IO[bytes],
    ) -> None:
        """Write rows of some columns of this file, and of others that are added."""
        import pyarrow
        from pyarrow import parquet

        kinds = {int: pyarrow.int64(), str: pyarrow.string()}
        fields = [self.schema.field(at) for at in kept]
        fields += [pyarrow.field(name, kinds[kind]) for name, kind in added.items()]
        schema = pyarrow.schema(fields)
        with parquet.ParquetWriter(file, schema) as writer:
            while some := list(islice(rows, _AT_ONCE)):
                columns = zip(zip(*some, strict=True), fields, strict=True)
                arrays = [pyarrow.array(column, field.type) for column, field in columns]
                writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))


def _values(column: Any) -> list[Any]:
    """Return the values of a column; Python knows no nanoseconds, and Sdir wants none.

    A number of 32 bits or fewer that can't hold all its digits is marked as rounded.
    """
    import pyarrow

    kind = column.type
    if pyarrow.types.is_float32(kind) or pyarrow.types.is_float16(kind):
        return [_rounded(value) for value in column.to_pylist()]
    if pyarrow.types.is_timestamp(kind) and kind.unit == "ns":
        column = column.cast(pyarrow.timestamp("us", kind.tz), safe=False)
    values: list[Any] = column.to_pylist()
    return values


def _rounded(value: float | None) -> float | None:
    return Rounded(value) if value is not None and abs(value) >= _LARGEST_EXACT else value


def _flat(table: Any) -> Any:
    """Return a table without columns that consist of columns."""
    while (flat := table.flatten()).num_columns != table.num_columns:
        table = flat
    return flat
