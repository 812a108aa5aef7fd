"""`--receipt`: for each row what became of it, the identifier that Sdir gave it, and when."""

from __future__ import annotations

import csv
import datetime
import io
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Literal

import orjson
from attrs import asdict, evolve, frozen

from .files import free_name, private_file, unpacked_name
from .inert import inert, text_cell
from .inputs import Delimited, JsonLines, open_reader, open_source
from .trouble import Trouble
from .words import say, unsaid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import IO

    from .result import Result

ReceiptFormat = Literal["csv", "xlsx", "jsonl"]

_AT_ONCE: Final = 500


@frozen
class ReceiptRow:
    """What became of a row of an input.

    Attributes:
        line: Where it stands.
        state: `accepted`, `rejected`, `in_doubt` or `unsent`; `corrected` if it was rejected in an
            earlier run, and a correction of it was accepted; `valid` if it was only validated.
        uid: The identifier that Sdir gave it or its correction, if that is known.
        time: When Sdir answered, in local time with its offset.
        note: Why a row that Sdir has got no identifier.
    """

    line: int
    state: str
    uid: str | None = None
    time: str | None = None
    note: str | None = None

    @property
    def is_saved(self) -> bool:
        """Whether Sdir has it, or its correction."""
        return self.state in ("accepted", "corrected")


_HEADINGS: Final = (unsaid("line"), unsaid("state"), "uid", unsaid("time"), unsaid("note"))
_STATES: Final = {
    "accepted": unsaid("accepted"),
    "rejected": unsaid("rejected"),
    "in_doubt": unsaid("in_doubt"),
    "unsent": unsaid("unsent"),
    "corrected": unsaid("corrected"),
    "valid": unsaid("valid"),
}


def _written(row: ReceiptRow) -> tuple[int, str, str | None, str | None, str | None]:
    """Return a row of a table for people: its state in their language."""
    return row.line, say(_STATES[row.state]), row.uid, row.time, row.note


def rows_of(result: Result) -> Iterator[ReceiptRow]:
    """Yield what became of each row of an input, in its order."""
    rows = merge(_sent(result), _corrected(result), key=lambda row: row.line)
    return map(_explained, rows)


def _explained(row: ReceiptRow) -> ReceiptRow:
    """Say why a row that Sdir has got no identifier."""
    if row.uid is not None or not row.is_saved:
        return row
    return evolve(row, note=say("Sdir has it, but its identifier is not known: see `sdir list`"))


def _sent(result: Result) -> Iterator[ReceiptRow]:
    lines = result.job.lines
    accepted = "valid" if result.job.is_only_checked else "accepted"
    return (
        ReceiptRow(
            lines[one.index],
            accepted if one.state == "accepted" else one.state,
            one.uid,
            _moment(one.time),
        )
        for one in result.report.rows()
    )


def _corrected(result: Result) -> Iterator[ReceiptRow]:
    return (
        ReceiptRow(one.line, "corrected", one.uid, _moment(one.time)) for one in result.job.skipped
    )


def _moment(time: float | None) -> str | None:
    if time is None:
        return None
    return datetime.datetime.fromtimestamp(time).astimezone().isoformat(timespec="seconds")


def saved_rows(result: Result) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows that are saved as objects, some hundred at a time."""
    saved = (asdict(one) for one in rows_of(result) if one.is_saved)
    while some := list(islice(saved, _AT_ONCE)):
        yield some


def receipt_path(path: Path, wanted: ReceiptFormat) -> Path:
    """Return where the receipt of an input goes."""
    name = unpacked_name(path.name)
    return path.with_name(f"{name.rpartition('.')[0] or name}.receipt.{wanted}")


def write_receipt(result: Result, wanted: ReceiptFormat, path: Path) -> Path:
    """Write a receipt; return where it is.

    An earlier receipt is replaced if the new one has all of its identifiers. Otherwise it belongs
    to another file, and the new one gets another name.

    Raises:
        Trouble: It can't be written.
    """
    if path.exists() and not _uids_in(path) <= {one.uid for one in rows_of(result)}:
        path = free_name(path)
    with private_file(path) as file:
        _WRITERS[wanted](rows_of(result), file, _delimiter(result))
    return path


def _delimiter(result: Result) -> str:
    reader = result.job.reader
    return reader.delimiter if isinstance(reader, Delimited) else ";"


def _uids_in(path: Path) -> set[str | None]:
    """Return the identifiers in a receipt; one that no other has if it can't be read."""
    try:
        source = open_source(str(path))
        try:
            reader = open_reader(source)
            if isinstance(reader, JsonLines):
                return {orjson.loads(body)["uid"] for _, body in reader.objects()} - {None}
            at = reader.headings.index("uid")  # type: ignore[union-attr]
            rows = reader.rows()  # type: ignore[union-attr]
            return {str(cells[at]) for _, cells in rows if at < len(cells) and cells[at]}
        finally:
            source.close()
    except (Trouble, ValueError, LookupError, TypeError, AttributeError):
        return {"unreadable"}


def _write_csv(rows: Iterable[ReceiptRow], file: IO[bytes], delimiter: str) -> None:
    text = io.TextIOWrapper(file, "utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(map(say, _HEADINGS))
    for line, state, uid, time, note in map(_written, rows):
        writer.writerow((line, state, inert(uid or ""), time, note))
    text.detach()


def _write_xlsx(rows: Iterable[ReceiptRow], file: IO[bytes], _: str) -> None:
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(say("Receipt"))
    sheet.append([say(one) for one in _HEADINGS])
    for line, state, uid, time, note in map(_written, rows):
        sheet.append((line, state, text_cell(uid, sheet), time, note))
    book.save(file)


def _write_jsonl(rows: Iterable[ReceiptRow], file: IO[bytes], _: str) -> None:
    file.writelines(orjson.dumps(asdict(one)) + b"\n" for one in rows)


_WRITERS: Final = {"csv": _write_csv, "xlsx": _write_xlsx, "jsonl": _write_jsonl}
