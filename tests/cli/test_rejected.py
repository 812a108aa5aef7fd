"""The file of rejected rows keeps what was said when they were refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest

from sdir_async.cli.inputs import open_reader, open_source
from sdir_async.cli.rejected import Rejected, write_rejected
from sdir_async.upload.journal.history import EARLIER

if TYPE_CHECKING:
    from pathlib import Path


def _workbook(path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(("a", "b"))
    book.worksheets[0].append((1, "x"))
    book.worksheets[0].append((2, "y"))
    book.save(path)


@pytest.mark.parametrize("format_", ["csv", "xlsx", "jsonl"])
def test_reasons_that_only_an_earlier_run_knew_are_kept(tmp_path: Path, format_: str) -> None:
    """A journal keeps no words of Sdir's; the file that is replaced has them."""
    given, rejected = tmp_path / f"in.{format_}", tmp_path / f"in.rejected.{format_}"
    if format_ == "xlsx":
        _workbook(given)
    else:
        lines = {"csv": b"a;b\n1;x\n2;y\n", "jsonl": b'{"a":1,"b":"x"}\n{"a":2,"b":"y"}\n'}
        given.write_bytes(lines[format_])
    source = open_source(str(given))
    reader = open_reader(source)
    if format_ == "jsonl":
        cells = [body for _, body in reader.objects()]  # type: ignore[union-attr]
    else:
        cells = [row for _, row in reader.rows()]  # type: ignore[union-attr]
    source.close()
    first = Rejected(2, cells[0], (("a", "There is no such code."),), None)
    write_rejected([first], reader, rejected)
    again = Rejected(2, cells[0], (("a", EARLIER),), None)
    another = Rejected(3, cells[1], (("b", EARLIER),), None)
    assert write_rejected([again, another], reader, rejected) == rejected
    source = open_source(str(rejected))
    read = open_reader(source)
    if format_ == "jsonl":
        said = [body.decode() for _, body in read.objects()]  # type: ignore[union-attr]
    else:
        said = [str(row) for _, row in read.rows()]  # type: ignore[union-attr]
    source.close()
    assert "a: There is no such code." in said[0]
    assert f"b: {EARLIER}" in said[1]
