"""`--report`: an HTML page about an upload: one file, which needs no network."""

from __future__ import annotations

import base64
import datetime
import hashlib
import platform
from functools import partial
from importlib import resources
from itertools import islice
from typing import TYPE_CHECKING, Any

from attrs import frozen

from ..._version import __version__
from ...privacy import mask, printable
from ...upload.reconcile import value_at
from ..apis import find_version
from ..files import private_file
from ..receipt import ReceiptRow, rows_of
from ..spoken import spoken_lines
from ..summary import (
    STATES,
    earlier_of,
    groups_of,
    groups_of_warnings,
    resumable,
    took_of,
    what_to_do,
)
from ..words import language, say, some
from .plot import draw

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from ...upload.report import UploadReport
    from ..options import Options
    from ..rejected import Rejected
    from ..result import Result

MARK = '<meta name="generator" content="sdir upload --report">'
"""`sdir clean` recognizes such a page by this."""
MOST_ROWS = 5000


@frozen
class Shown:
    """One reason why a record was rejected, as the page shows it."""

    file: str
    line: int
    cell: str
    person: str
    heading: str
    value: str
    said: str
    group: int

    def cells(self, labels: Mapping[str, str]) -> list[tuple[str, object]]:
        """Return what stands below each label."""
        return [(label, getattr(self, name)) for name, label in labels.items()]


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
    environment.filters["count"] = lambda number: say("{count:,}", count=number)
    environment.globals["say"] = say
    given = {name: Markup(_source(f"page.{name}")) for name in ("css", "js")}  # noqa: S704  ours
    content = content_of(results, options) | {
        "mark": Markup(MARK),  # noqa: S704  a constant
        "language": language(),
        "style": given["css"],
        "style_hash": _hash(given["css"]),
        "script": given["js"],
        "script_hash": _hash(given["js"]),
    }
    return environment.get_template("page.html").render(content)


def _source(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    """Return the hash by which the page's content policy allows its own script or style."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _shown(value: Any, *, persons: bool) -> Any:
    """Return a text of the page with personal data masked: a heading, a file, a reason."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return printable(value) if persons else mask(value, shown=2)


def content_of(results: Sequence[Result], options: Options) -> dict[str, Any]:
    """Return everything that the page shows."""
    version = find_version(options.api, options.version)
    groups = groups_of(row for result in results for row in result.rejected)
    numbers = {why: number for number, (why, _) in enumerate(groups)}
    every = (one for result in results for one in _rows(result, options, numbers))
    rows = list(islice(every, MOST_ROWS))
    left = sum(1 for _ in every)
    unseen = sum(max(0, _saved(one) - MOST_ROWS) for one in results)
    return {
        "api": version.title,
        "name": version.name,
        "headline": _headline(results, dry=options.dry_run),
        "operation": options.operation,
        "where": options.target.where,
        "at": local_time(datetime.datetime.now().astimezone()),
        "states": [
            (
                state,
                say("valid") if options.dry_run and state == "accepted" else say(word),
                sum(getattr(one.report, state) for one in results),
            )
            for state, word in STATES.items()
        ],
        "files": [_file(one, options) for one in results],
        "groups": [(number, why, len(lines)) for number, (why, lines) in enumerate(groups)],
        "labels": _labels(rows, several=len(results) > 1),
        "rows": rows,
        "left": say(
            "{count:,} more are not shown here. The file of rejected rows has all of them.",
            count=left,
        )
        if left > 0
        else "",
        "receipt": _receipt(results) if options.saves else [],
        "receipt_said": some(
            sum(map(_saved, results)),
            "{count:,} saved record, with its identifier if Sdir's answer is known",
            "{count:,} saved records, each with its identifier if Sdir's answer is known",
        ),
        "receipt_left": say(
            "{count:,} more are not shown here. --receipt writes a file with all of them.",
            count=unseen,
        )
        if unseen
        else "",
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


def local_time(moment: datetime.datetime) -> str:
    """Return a moment as the user's clock shows it, with the name of the zone and its offset.

    Example:
        >>> local_time(datetime.datetime(2024, 5, 31, 14, 30, tzinfo=datetime.UTC))
        '2024-05-31 14:30 UTC'
    """
    shown = f"{moment:%d.%m.%Y %H:%M}" if language() == "nb" else f"{moment:%Y-%m-%d %H:%M}"
    zone, offset = moment.tzname() or "", moment.strftime("%z")
    ahead = f"UTC{offset[:3]}:{offset[3:]}"
    return f"{shown} {zone}" if zone == "UTC" else f"{shown} {zone} ({ahead})"


def _headline(results: Sequence[Result], *, dry: bool) -> str:
    if dry:
        return say("check only, nothing was sent")
    if all(one.report.complete for one in results):
        return say("the upload is complete")
    return say("the upload is not complete")


def _labels(rows: Sequence[Shown], *, several: bool) -> dict[str, str]:
    """Return the columns of the table of reasons that are not empty, by their names."""
    labels = {
        "line": say("line"),
        "file": say("file"),
        "cell": say("cell"),
        "person": say("person"),
        "heading": say("column"),
        "value": say("value"),
        "said": say("what is wrong"),
    }
    if not several:
        del labels["file"]
    return {
        name: label for name, label in labels.items() if any(getattr(row, name) for row in rows)
    }


def _rows(result: Result, options: Options, numbers: dict[str, int]) -> Iterator[Shown]:
    persons = [field.name for field in options.reading().fields().of_format("person-number")]
    hide = _last_digits if not options.show_persons else str
    for row in result.rejected:
        record = _mapping(row)
        person = next((hide(value_at(record, one)) for one in persons if value_at(record, one)), "")
        for heading, said, cell, seen in row.each():
            value = value_at(record, heading) if heading and not seen else seen
            text = "" if value is None or isinstance(value, dict | list) else str(value)
            text = hide(text) if heading in persons else text
            why = numbers[f"{heading}: {said}" if heading else said]
            name = result.job.name
            yield Shown(name, row.line, cell, person, heading, text[:80], said, why)


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


def _file(result: Result, options: Options) -> dict[str, Any]:
    """Return what the page shows of one input."""
    notes = [*result.job.notes]
    notes += [
        say("Sent with a warning: {why} ({lines})", why=why, lines=spoken_lines(lines, 10))
        for why, lines in groups_of_warnings(result)
    ]
    if result.job.left_out:
        left_out = ", ".join(map(repr, result.job.left_out))
        notes.append(say("These columns were not sent: {left_out}.", left_out=left_out))
    return {
        "name": result.job.name,
        "format": result.job.reader.format.upper(),
        "counts": _counts(result.report) if result.begun else say("not begun"),
        "earlier": earlier_of(result),
        "todo": list(_todo(result, options)),
        "notes": notes,
    }


def _todo(result: Result, options: Options) -> Iterator[tuple[str, str]]:
    """Yield what the user should know and do, each with a word that says what it is about."""
    resumes = options.resumes(result.job)
    if why := result.why_not_complete:
        yield say("Not complete:"), why
    if resumable(result, resumes=resumes):
        again = say("Run the same command again to continue; it sends nothing twice.")
        yield say("To do:"), again
    told = what_to_do(result, resumes=resumes, dry=options.dry_run, kind=options.operation, most=50)
    yield from (("", said) for said in told)


def _settings(options: Options, name: str) -> list[tuple[str, str]]:
    """Return the settings and versions that were used; the key is not among them."""
    settings = [
        ("API", name),
        (say("operation"), options.operation),
        (say("environment"), options.target.environment),
        (say("host"), options.target.where if options.target.base_url else say("Sdir's own")),
        *((f"--{name.replace('_', '-')}", str(value)) for name, value in options.settings.items()),
        (say("Columns mapped with --map"), ", ".join(options.mapping) or say("none")),
        ("sdir-async", __version__),
        ("Python", platform.python_version()),
    ]
    return [(what[:1].upper() + what[1:], value) for what, value in settings if value != "None"]
