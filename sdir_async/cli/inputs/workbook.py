"""Workbooks: XLSX, XLSB, XLS and ODS, a sheet of them at a time."""

from __future__ import annotations

import contextlib
import datetime
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from ..trouble import Trouble
from ..words import unsaid
from .bounds import require_small
from .cut import cut
from .marks import MERGED, Marks, marks_of
from .sectors import require_sound
from .sniff import OLD_OFFICE
from .tabular import Tabular

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import IO

_EPOCHS: Final = (datetime.datetime(1899, 12, 30), datetime.datetime(1904, 1, 1))
_MOST_MERGED: Final = 1_000_000
_LOCKED: Final = "EncryptedPackage".encode("utf-16-le")
_PASSWORD: Final = unsaid("is protected by a password: open it, remove the password, and save it.")


class Workbook:
    """A workbook.

    Attributes:
        visible: The names of the sheets that can be seen.
        hidden: The names of those that can't.
    """

    format: Final = "xlsx"

    def __init__(self, file: IO[bytes], head: bytes) -> None:
        import python_calamine as calamine

        self._file = file
        if head.startswith(OLD_OFFICE):
            content = self._file.read()
            if _LOCKED in content:
                raise Trouble(_PASSWORD)
            require_sound(content)
        self._file.seek(0)
        require_small(self._file)
        self._book: Any = None
        with _readable():
            sheets = [
                (one.name, one.visible == calamine.SheetVisibleEnum.Visible)
                for one in self._loaded().sheets_metadata
                if one.typ == calamine.SheetTypeEnum.WorkSheet
            ]
        self.visible = [name for name, seen in sheets if seen]
        self.hidden = [name for name, seen in sheets if not seen]
        self._sheets: dict[str, tuple[Any, Marks]] = {}

    def sheet(self, name: str) -> Sheet:
        """Return a sheet.

        Raises:
            Trouble: No sheet has this name.
        """
        if name not in self.visible + self.hidden:
            known = ", ".join(map(repr, self.visible))
            raise Trouble("has no sheet {name!r}; its sheets are {known}.", name=name, known=known)
        if name not in self._sheets:
            with _readable():
                marks = marks_of(self._file, name)
                if sheet := cut(self._file, marks):
                    self._book = None  # it holds all of the file, and its texts
                self._sheets[name] = sheet or self._loaded().get_sheet_by_name(name), marks
        return Sheet(name, *self._sheets[name])

    def _loaded(self) -> Any:
        import python_calamine as calamine

        if self._book is None:
            self._file.seek(0)
            self._book = calamine.load_workbook(self._file)
        return self._book


class Sheet(Tabular):
    """A sheet of a workbook.

    Attributes:
        name: Its name.
        hidden_rows: The numbers of the rows that a filter or a person has hidden.
        hidden_columns: The places of the columns that are hidden, as ranges.
        tells_hidden: Whether the workbook is of the kind in which hidden rows can be found.
        epoch: The day that dates are counted from; `None` if that is not known.
    """

    format: Final = "xlsx"

    def __init__(self, name: str, sheet: Any, marks: Marks) -> None:
        super().__init__()
        self.name = name
        self.hidden_rows = marks.hidden
        self.hidden_columns = marks.hidden_columns
        self.tells_hidden = marks.known
        self.epoch = _EPOCHS[marks.since_1904] if marks.known else None
        self.only_visible = False
        self._sheet = sheet
        self._marked = marks.cells
        self._row = 0

    def share(self) -> float | None:
        """Return how much of it was read."""
        rows = self._sheet.total_height
        return min(1.0, self._row / rows) if rows else None

    def every_row(self) -> Iterator[tuple[int, list[object]]]:
        """Yield the number of each row that holds something, and its cells.

        A formula that has no value stands as such in its cell, and so does an error.
        """
        if self._sheet.start is None:
            return
        skipped = [None] * self._sheet.start[1]
        for number, values in enumerate(_read(self._sheet), 1):
            self._row = number
            cells = [*skipped, *values] if skipped else values
            if number in self._marked:
                _fill_in(cells, self._marked[number])
            if _holds_something(cells) and not (self.only_visible and number in self.hidden_rows):
                yield number, cells

    def rows(self) -> Iterator[tuple[int, list[object]]]:
        """Yield the rows below the headings; the value of merged cells is in the first of them."""
        merged = self._merged()
        for number, cells in super().rows():
            if number in merged:
                _fill_in(cells, dict.fromkeys(merged[number], MERGED))
            yield number, cells

    def _merged(self) -> dict[int, list[int]]:
        """Return by the number of their row which cells are merged with one that has the value.

        Raises:
            Trouble: There are too many.
        """
        merged: defaultdict[int, list[int]] = defaultdict(list)
        count = 0
        for (top, left), (bottom, right) in self._sheet.merged_cell_ranges or ():
            columns = [at for at in range(left, right + 1) if any(self.headings[at : at + 1])]
            for row in range(top, min(bottom, self._sheet.total_height) + 1):
                merged[row + 1] += columns[row == top and left in columns :]
                count += len(columns)
                if count > _MOST_MERGED:
                    raise Trouble("has too many merged cells: unmerge them, or save it as CSV.")
        return merged


def _read(sheet: Any) -> Iterator[list[object]]:
    with _readable():
        yield from sheet.iter_rows()


def _holds_something(cells: list[object]) -> bool:
    return any(cell.strip() if isinstance(cell, str) else cell is not None for cell in cells)


def _fill_in(cells: list[object], said: Mapping[int, str]) -> None:
    """Put texts into cells of a row, by their places."""
    for at, text in said.items():
        cells += [""] * (at + 1 - len(cells))
        cells[at] = text


@contextlib.contextmanager
def _readable() -> Iterator[None]:
    """Turn any error of a workbook's reader into one line."""
    import python_calamine as calamine

    try:
        yield
    except Trouble:
        raise
    except calamine.PasswordError:
        raise Trouble(_PASSWORD) from None
    except BaseException as error:  # a damaged workbook raises whatever its parser does
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        why = f"{type(error).__name__}: {error}"
        raise Trouble(
            "is not a workbook that can be read, or was not copied completely: open it in Excel "
            "and save it as .xlsx ({why}).",
            why=why[:120],
        ) from None
