"""`--report`: an HTML page about an upload: one file, which needs no network."""

from __future__ import annotations

import datetime
import platform
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from attrs import frozen

from ..._version import __version__
from ...privacy import mask, printable
from ...upload.reconcile import value_at
from ..apis import find_version
from ..files import private_file
from ..receipt import ReceiptRow, rows_of
from ..summary import (
    STATES,
    groups_of,
    groups_of_warnings,
    resumable,
    spoken_lines,
    spoken_ranges,
    took_of,
)
from ..words import say
from .plot import draw

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ...upload.report import UploadReport
    from ..rejected import Rejected
    from ..send import Result
    from ..uploading import Options

MARK = '<meta name="generator" content="sdir upload --report">'
"""By this `sdir clean` knows such a page from others."""
MOST_ROWS = 5000


@frozen
class Shown:
    """One reason why a record was rejected, as the page shows it."""

    file: str
    line: int
    person: str
    field: str
    value: str
    said: str
    group: int


def write_page(results: Sequence[Result], options: Options, path: Path) -> None:
    """Write the page.

    Raises:
        Trouble: It can't be written.
    """
    content = render(results, options)
    with private_file(path) as file:
        file.write(content.encode())


def render(results: Sequence[Result], options: Options) -> str:
    """Return the page."""
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sdir_async.cli", "page"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.finalize = partial(_shown, persons=options.show_persons)
    environment.filters["count"] = lambda number: f"{number:,}"
    content = content_of(results, options) | {"mark": Markup(MARK)}  # noqa: S704  a constant
    return environment.get_template("page.html").render(content)


def _shown(value: Any, *, persons: bool) -> Any:
    """Return what may be shown of anything that the page writes: a heading, a file, a reason."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return printable(value) if persons else mask(value, shown=2)


def content_of(results: Sequence[Result], options: Options) -> dict[str, Any]:
    """Return everything that the page shows."""
    version = find_version(options.api, options.version)
    rejected = [row for result in results for row in result.rejected]
    groups = groups_of(rejected)
    numbers = {why: number for number, (why, _) in enumerate(groups)}
    shown = [one for result in results for one in _rows(result, options, numbers)]
    return {
        "api": version.title,
        "name": version.name,
        "dry": options.dry_run,
        "complete": all(one.report.complete for one in results),
        "operation": options.operation,
        "where": options.target.where,
        "at": datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        "states": {state: sum(getattr(one.report, state) for one in results) for state in STATES},
        "files": [_file(one, resumes=options.resumes(one.job)) for one in results],
        "groups": [(number, why, len(lines)) for number, (why, lines) in enumerate(groups)],
        "rows": shown[:MOST_ROWS],
        "left": max(0, len(shown) - MOST_ROWS),
        "receipt": _receipt(results) if options.saves else [],
        "receipt_left": sum(max(0, _saved(one) - MOST_ROWS) for one in results),
        "plot": draw([point for result in results for point in result.points]),
        "settings": _settings(options, version.name),
        "masked": not options.show_persons,
    }


def _receipt(results: Sequence[Result]) -> list[tuple[str, ReceiptRow]]:
    """Return the first rows of each input that are saved, each with the name of the input."""
    return [
        (result.job.name, row)
        for result in results
        for row in islice((one for one in rows_of(result) if one.is_saved), MOST_ROWS)
    ]


def _saved(result: Result) -> int:
    return result.report.accepted + len(result.job.skipped)


def _rows(result: Result, options: Options, numbers: dict[str, int]) -> Iterator[Shown]:
    persons = [field.name for field in options.reading().fields().of_format("person-number")]
    hide = _last_digits if not options.show_persons else str
    for row in result.rejected:
        record = _mapping(row)
        person = next((hide(value_at(record, one)) for one in persons if value_at(record, one)), "")
        for field, said, _, seen in row.each():
            value = value_at(record, field) if field and not seen else seen
            text = "" if value is None or isinstance(value, dict | list) else str(value)
            text = hide(text) if field in persons else text
            why = f"{field}: {said}" if field else said
            yield Shown(result.job.name, row.line, person, field, text[:80], said, numbers[why])


def _last_digits(value: object) -> str:
    """Return a person number with all but its last two characters hidden."""
    text = str(value)
    return f"{'•' * max(0, len(text) - 2)}{text[-2:]}" if len(text) > 4 else "•" * len(text)


def _mapping(row: Rejected) -> Any:
    """Return the record of a rejected row as an object, or `None` if it is not JSON."""
    import orjson

    if not isinstance(row.record, bytes):
        return row.record
    try:
        return orjson.loads(row.record)
    except orjson.JSONDecodeError:
        return None


def _counts(report: UploadReport) -> str:
    """Return the counts of a report, without its end, which the page shows by itself."""
    counts = (
        say("{count:,} {word}", count=getattr(report, one), word=say(word))
        for one, word in STATES.items()
    )
    return f"{', '.join(counts)}; {took_of(report)}"


def _file(result: Result, *, resumes: bool) -> dict[str, Any]:
    """Return what the page shows of one input."""
    report = result.report
    return {
        "name": result.job.name,
        "format": result.job.reader.format.upper(),
        "begun": result.begun,
        "counts": _counts(report),
        "earlier": result.earlier,
        "why_not_complete": result.why_not_complete,
        "resumes": resumable(result, resumes=resumes),
        "rejected_file": result.rejected_file.name if result.rejected_file else "",
        "doubts": spoken_ranges(result.line_ranges(report.doubts), 50) if report.doubts else "",
        "remaining": (
            spoken_ranges(result.line_ranges(report.remaining), 50) if report.remaining else ""
        ),
        "notes": list(result.job.notes),
        "warnings": [
            f"{why} ({spoken_lines(lines, 10)})" for why, lines in groups_of_warnings(result)
        ],
        "left_out": result.job.left_out,
    }


def _settings(options: Options, name: str) -> list[tuple[str, str]]:
    """Return the settings and versions that were used; the key is not among them."""
    settings = [
        ("API", name),
        ("Operation", options.operation),
        ("Environment", options.target.environment),
        ("Host", options.target.where if options.target.base_url else say("Sdir's own")),
        *((name.replace("_", " "), str(value)) for name, value in options.settings.items()),
        (say("Columns mapped with --map"), ", ".join(options.mapping) or "none"),
        ("sdir-async", __version__),
        ("Python", platform.python_version()),
    ]
    return [(what[:1].upper() + what[1:], value) for what, value in settings if value != "None"]
