"""The rejected rows, in the format and order of the input, with the reasons added."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import orjson
from attrs import frozen

from ..privacy import printable
from .books import line_reader
from .columns import LINE, is_ours, ours, ours_in_each_language
from .files import free_name, private_file, unpacked_name
from .inert import inert, text_cell
from .inputs import Delimited, JsonArray, JsonLines, Parquet, Sheet, open_reader, open_source
from .inputs.marks import letters_of
from .inputs.objects import parsed
from .reasons import in_words
from .records import Refusal, Row, shown
from .trouble import Trouble
from .words import unsaid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import IO

    from ..upload.report import Reason, Rejection
    from .inputs import Reader
    from .sent import History

_NO_TITLE = re.compile(r"[\\*?:/\[\]]")
_LONGEST_TITLE = 31
_STOOD: Final = unsaid("as it stood")
_WHY: Final = unsaid("why it was rejected")


def _why() -> str:
    """Return the heading of the reasons."""
    return ours(_WHY)


@frozen
class Rejected:
    """A rejected record.

    Attributes:
        line: Where it stands in the input.
        cells: What stood there.
        reasons: Why, each with the heading or the field it is about.
        record: What was made of it.
        places: For each reason the cell it is about, and what stands there, as far as is known.
    """

    line: int
    cells: Sequence[object] | bytes
    reasons: tuple[tuple[str, str], ...]
    record: object
    places: tuple[tuple[str, str], ...] = ()

    @property
    def why(self) -> str:
        """All reasons in one line, each with its cell and its masked value."""
        return printable("; ".join(_sentence(*one) for one in self.each()))

    def each(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield for each reason its field, its text, its cell, and the value there."""
        missing = len(self.reasons) - len(self.places)
        places = (*self.places, *[("", "")] * missing)
        for (field, said), (cell, value) in zip(self.reasons, places, strict=True):
            yield field, said, cell, value


def _sentence(field: str, said: str, cell: str, value: str) -> str:
    name = f'{cell}, "{field}"' if cell else field
    return ": ".join(filter(None, (name, value, said)))


def rejected_of(rejection: Rejection, line: int) -> Rejected:
    """Return a rejection together with where its record comes from."""
    record = rejection.record
    if not isinstance(record, Row):
        reasons = tuple((one.field, in_words(one.message)) for one in rejection.reasons)
        return Rejected(line, record, reasons, record)  # type: ignore[arg-type]
    sent = {name: value for name, value in record.items() if not is_ours(name)}
    every = record.refusals or [_refusal(reason, record) for reason in rejection.reasons]
    found = list({(one.name, one.at): one for one in reversed(every)}.values())[::-1]
    told = tuple((one.name, one.why) for one in found)
    return Rejected(line, record.cells, told, sent, tuple(_place(one, line) for one in found))


def _refusal(reason: Reason, row: Row) -> Refusal:
    """Return a reason in the words of the row: with its heading, its cell and its value."""
    for column in row.columns:
        if column.field.name == reason.field:
            value = row.cells[column.at] if column.at < len(row.cells) else None
            seen = "" if value is None else shown(value, column.field)
            said = in_words(reason.message, column.field)
            return Refusal(column.heading, said, seen, column.at)
    return Refusal(reason.field, in_words(reason.message))


def _place(refusal: Refusal, line: int) -> tuple[str, str]:
    """Return a cell as a spreadsheet names it, and what stands there."""
    cell = f"{letters_of(refusal.at)}{line}" if refusal.at >= 0 else ""
    return cell, refusal.value


def rejected_path(path: Path, reader: Reader) -> Path:
    """Return the path for the rejected rows of an input."""
    name = unpacked_name(path.name)
    stem = name.rpartition(".")[0] or name
    return path.with_name(f"{stem}.rejected.{reader.format}")


def write_rejected(rows: Iterable[Rejected], reader: Reader, path: Path) -> Path:
    """Write rejected rows; return where they are.

    An existing file is replaced only if these rows include all of its rows: the user may have
    corrected some. Otherwise the rows get another name.

    Raises:
        Trouble: They can't be written.
    """
    written = free_name(path)
    with private_file(written) as file:
        _write(rows, reader, file)
    if written != path and set(own_rows(path)) <= set(own_rows(written)):
        written.replace(path)
        return path
    return written


def own_rows(path: Path) -> Counter[int]:
    """Count the rows of a file by a hash of each, without our columns.

    A file that can't be read has a unique one.
    """
    try:
        with closing(open_source(str(path))) as source:
            reader = open_reader(source)
            if isinstance(reader, JsonLines | JsonArray):
                return Counter(hash(_own_json(body)) for _, body in reader.objects())
            return Counter(hash(repr(_kept(cells, reader.headings))) for _, cells in reader.rows())
    except Trouble:
        return Counter([hash(path)])


def _lines_in(path: Path) -> list[int | None]:
    """Return the lines of the input from which the rows of a file of rejected rows came."""
    try:
        with closing(open_source(str(path))) as source:
            reader = open_reader(source)
            is_objects = isinstance(reader, JsonLines | JsonArray)
            rows = reader.objects() if is_objects else reader.rows()  # type: ignore[union-attr]
            line_of = line_reader(reader)
            return [line_of(row) for _, row in rows]
    except Trouble:
        return [None]


def file_with(numbers: Iterable[int], path: Path, reader: Reader, history: History) -> Path | None:
    """Return the file that these rejected rows are to be corrected in, if they are in one.

    It is this one, or if it was uploaded since, that of the rows that were rejected then.
    """
    after = rejected_path(path, reader)
    if printable(after.name) in history.rejected_files:
        return file_with(numbers, after, reader, history) if after.exists() else None
    lines = _lines_in(path)
    rows = {history.row_at(printable(path.name), line or 0) for line in lines}
    if len(rows) < len(lines) or None in rows:
        return None
    all_there = all(not rows.isdisjoint(history.corrections(one)) for one in numbers)
    return path if all_there else None


def is_settled(path: Path, known: Iterable[History]) -> bool:
    """Say whether each row of a file of rejected rows is saved, itself or a correction of it."""
    lines = _lines_in(path)
    name = printable(path.name)
    return (
        None not in lines
        and len(set(lines)) == len(lines)
        and any(
            all(
                (number := history.row_at(name, line or 0)) is not None and history.is_saved(number)
                for line in lines
            )
            for history in known
            if name in history.rejected_files
        )
    )


def _own_json(body: bytes) -> str:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return repr(body)
    return repr({name: one for name, one in value.items() if not is_ours(name)})


def _write(rows: Iterable[Rejected], reader: Reader, file: IO[bytes]) -> None:
    if isinstance(reader, Delimited):
        _write_csv(rows, reader, file)
    elif isinstance(reader, Sheet):
        _write_xlsx(rows, reader, file)
    elif isinstance(reader, Parquet):
        _write_parquet(rows, reader, file)
    elif isinstance(reader, JsonLines):
        file.writelines(orjson.dumps(_object(row)) + b"\n" for row in rows)
    elif isinstance(reader, JsonArray):
        for row in rows:
            file.write(b",\n" if file.tell() else b"[\n")
            file.write(orjson.dumps(_object(row), option=orjson.OPT_INDENT_2))
        file.write(b"\n]")


def _headings(headings: Sequence[str]) -> list[str]:
    """Return the headings without those of an earlier rejection."""
    return [*_kept(headings, headings), ours(LINE), _why()]


def _kept(cells: Sequence[Any], headings: Sequence[str]) -> list[Any]:
    """Return the cells under the input's own headings, and those beyond the headings."""
    padded = [*cells, *[None] * (len(headings) - len(cells))]
    ours = {at for at, heading in enumerate(headings) if is_ours(heading)}
    return [cell for at, cell in enumerate(padded) if at not in ours]


def _cells(row: Rejected, headings: Sequence[str], why: str = "") -> list[Any]:
    """Return a row with its reasons; the cells that have no heading come last."""
    cells = list(row.cells)
    extra = cells[len(headings) :]
    return [*_kept(cells[: len(headings)], headings), row.line, why or row.why, *extra]


def _write_csv(rows: Iterable[Rejected], reader: Delimited, file: IO[bytes]) -> None:
    """Write in the encoding of the input, or in UTF-8 if a reason has a letter that it lacks."""
    try:
        _write_csv_in(reader.encoding, rows, reader, file)
    except UnicodeEncodeError:
        file.seek(0)
        file.truncate()
        _write_csv_in("utf-8-sig", rows, reader, file)


def _write_csv_in(
    encoding: str, rows: Iterable[Rejected], reader: Delimited, file: IO[bytes]
) -> None:
    text = io.TextIOWrapper(file, encoding, newline="", write_through=True)
    try:
        writer = csv.writer(text, delimiter=reader.delimiter, lineterminator=reader.line_end)
        writer.writerow(_headings(reader.headings))
        writer.writerows(_cells(row, reader.headings, inert(row.why)) for row in rows)
    finally:
        text.detach()


def _write_xlsx(rows: Iterable[Rejected], reader: Sheet, file: IO[bytes]) -> None:
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(_NO_TITLE.sub("_", reader.name)[:_LONGEST_TITLE])
    sheet.append([text_cell(one, sheet) for one in _headings(reader.headings)])
    for row in rows:
        sheet.append([text_cell(one, sheet) for one in _cells(row, reader.headings)])
    book.save(file)


def _write_parquet(rows: Iterable[Rejected], reader: Parquet, file: IO[bytes]) -> None:
    kept = [at for at, heading in enumerate(reader.headings) if not is_ours(heading)]
    cells = (_cells(row, reader.headings) for row in rows)
    reader.write(cells, kept, {ours(LINE): int, _why(): str}, file)


def _object(row: Rejected) -> dict[str, Any]:
    """Return an object with its reasons; anything else is wrapped in one."""
    body = row.cells if isinstance(row.cells, bytes) else b""
    try:
        value = parsed(body)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        value = {ours(_STOOD): body.decode("utf-8", "replace")}
    stood = ours_in_each_language(_STOOD)
    own = {name: one for name, one in value.items() if name in stood or not is_ours(name)}
    return {**own, ours(LINE): row.line, _why(): row.why}
