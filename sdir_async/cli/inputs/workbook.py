"""XLSX, row by row."""

from __future__ import annotations

import warnings
import zipfile
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ..trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .source import Source

_LOOKED: Final = 100
_BROKEN: Final = "is no XLSX file, or was not copied whole"


class Workbook:
    """A sheet of an Excel workbook: the one that is named, or the first that holds something."""

    format: Final = "xlsx"

    def __init__(self, source: Source, sheet: str | None) -> None:
        self._book = _open(source)
        self.sheet = ""
        self._cells: Iterator[tuple[int, Sequence[object]]] = iter(())
        self.headings: list[str] = []
        self._last, self._row = 0, 0
        for name in self._names(sheet):
            self._begin(name)
            if self.headings:
                return
        raise Trouble("has no rows." if sheet is None else f"has no rows in sheet {sheet!r}.")

    def others(self) -> list[str]:
        """Return the names of other sheets whose first row has headings of this one."""
        known = set(filter(None, self.headings))
        names = (name for name in self._names(None) if name != self.sheet)
        return [name for name in names if not known.isdisjoint(_headings_of(self._book[name]))]

    def _names(self, wanted: str | None) -> list[str]:
        names = [sheet.title for sheet in self._book.worksheets]
        if wanted is not None and wanted not in names:
            raise Trouble(f"has no sheet {wanted!r}; there is {', '.join(map(repr, names))}.")
        return names if wanted is None else [wanted]

    def _begin(self, name: str) -> None:
        """Read the headings of a sheet: its first row that holds something."""
        sheet = self._book[name]
        self._last = sheet.max_row or 0
        sheet.reset_dimensions()
        self.sheet = name
        self._cells = _cells_of(sheet)
        for row, values in self._cells:
            if any(value is not None for value in values):
                self._row = row
                self.headings = ["" if one is None else str(one) for one in _trimmed(values)]
                return

    def share(self) -> float | None:
        """Return how much of it was read, as far as the sheet says how long it is."""
        return min(1.0, self._row / self._last) if self._last > 1 else None

    def rows(self) -> Iterator[tuple[int, list[object]]]:
        """Yield the number of each row and its cells, if any holds something."""
        for row, values in self._cells:
            self._row = row
            if any(value is not None for value in values):
                yield row, _trimmed(values)


def _open(source: Source) -> Any:
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return openpyxl.load_workbook(source.seekable(), read_only=True, data_only=True)
        except (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError, SyntaxError):
            raise Trouble(f"{_BROKEN}.") from None


def _headings_of(sheet: Any) -> list[str]:
    sheet.reset_dimensions()
    for _, values in islice(_cells_of(sheet), _LOOKED):
        if any(value is not None for value in values):
            return [str(one) for one in values if one is not None]
    return []


def _cells_of(sheet: Any) -> Iterator[tuple[int, Sequence[object]]]:
    rows = sheet.iter_rows(values_only=True)
    number = 0
    while True:
        number += 1
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                values = next(rows, None)
        except Exception as error:  # noqa: BLE001  a damaged sheet raises whatever its parser does
            raise Trouble(f"row {number}: {_BROKEN} ({type(error).__name__}).") from None
        if values is None:
            return
        yield number, values


def _trimmed(values: Sequence[object]) -> list[object]:
    cells = list(values)
    while cells and cells[-1] is None:
        cells.pop()
    return cells
