"""Inputs of every format: opened, told apart by their content, and read a piece at a time."""

from __future__ import annotations

import contextlib
import zlib
from typing import TYPE_CHECKING, TypeAlias

from ..trouble import Trouble, reason_of
from .delimited import Delimited
from .objects import JsonArray, JsonLines
from .parquet import Parquet
from .sniff import sniff
from .source import called, open_source
from .workbook import Workbook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .source import Source

Table: TypeAlias = Delimited | Workbook | Parquet
Objects: TypeAlias = JsonLines | JsonArray
Reader: TypeAlias = Table | Objects

__all__ = [
    "Delimited",
    "JsonArray",
    "JsonLines",
    "Objects",
    "Parquet",
    "Reader",
    "Table",
    "Workbook",
    "called",
    "open_reader",
    "open_source",
    "reading",
]


def open_reader(source: Source, sheet: str | None = None) -> Reader:
    """Return what reads an input, by what its first bytes say it is.

    Raises:
        Trouble: It is nothing that is understood, or damaged.
    """
    with reading(source.name):
        match sniff(source.head):
            case "csv":
                return Delimited(source)
            case "xlsx":
                return Workbook(source, sheet)
            case "parquet":
                return Parquet(source)
            case "json":
                return JsonArray(source)
            case "jsonl":
                return JsonLines(source)


@contextlib.contextmanager
def reading(name: str) -> Iterator[None]:
    """Say of which input a trouble is, and of which a fault of the system or of gzip is."""
    try:
        yield
    except Trouble as error:
        raise Trouble(f"{called(name)}: {error}", error.code) from None
    except EOFError:
        raise Trouble(f"{called(name)}: ends too early: it was not copied whole.") from None
    except (OSError, zlib.error) as error:
        why = reason_of(error) if isinstance(error, OSError) else str(error)
        raise Trouble(f"{called(name)}: can't be read: {why}.") from None
