"""`sdir status`: what the journals say about an upload that runs, or was interrupted."""

from __future__ import annotations

import sys
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson
from attrs import asdict, astuple, evolve

from ..privacy import mask, printable
from .parts import IN_USE, Earlier, Part, journals_of, part_in_file, parts_in_database
from .trouble import Exit, Trouble
from .words import say, some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_COUNTS: Final = ("read", "accepted", "rejected", "in_doubt", "sending")


def status(
    files: Sequence[Path],
    *,
    upload: str | None,
    database: str | None,
    records: int | None,
    watch: float | None,
    as_json: bool,
) -> Exit:
    """Show what became of an upload so far, once or again and again; return the exit code.

    Raises:
        Trouble: No file or upload was named, or it was not found.
    """
    if bool(files) == bool(upload):
        raise Trouble(
            "Give the files that were uploaded, or --upload with the name of one in a database."
        )
    journals = [journal for file in files for journal in journals_of(file)]
    before: list[Part] = []
    seen = time.monotonic()
    while True:
        parts = (
            parts_in_database(database or "", upload)
            if upload
            else list(map(part_in_file, journals))
        )
        now = time.monotonic()
        parts = _with_rates(parts, before, now - seen)
        shown = _as_json(parts, records) if as_json else _as_text(parts, records)
        sys.stdout.write(shown)
        sys.stdout.flush()
        if watch is None or all(_is_complete(part) for part in parts):
            return Exit.DONE
        before, seen = parts, now
        time.sleep(watch)


def _with_rates(parts: Sequence[Part], before: Sequence[Part], seconds: float) -> list[Part]:
    """Fill in rates that journals don't have, from earlier looks."""
    finished = {part.name: part.finished for part in before}
    return [
        evolve(part, rate=max(0, part.finished - finished[part.name]) / max(seconds, 1e-3))
        if part.rate is None and part.name in finished
        else part
        for part in parts
    ]


def _is_complete(part: Part) -> bool:
    return part.is_read and not part.left


def _earlier(parts: Sequence[Part]) -> Earlier:
    return Earlier(*map(sum, zip(*(astuple(part.earlier) for part in parts), strict=True)))


def _seconds_left(parts: Sequence[Part], records: int | None) -> float | None:
    """Return how long the rest takes at the rate of now; `None` where that is not known."""
    if records is not None:
        left = records - sum(part.accepted + part.rejected for part in parts)
    elif all(part.is_read for part in parts):
        left = sum(part.left for part in parts)
    else:
        return None
    rate = sum(part.rate or 0.0 for part in parts)
    return max(0, left) / rate if rate else None


def _as_json(parts: Sequence[Part], records: int | None) -> str:
    lines: list[dict[str, Any]] = [
        {"event": "part", **asdict(part), "name": mask(part.name), "complete": _is_complete(part)}
        for part in parts
    ]
    lines.append(
        {
            "event": "status",
            "parts": len(parts),
            "owned": sum(bool(part.owner) for part in parts),
            **{name: sum(getattr(part, name) for part in parts) for name in _COUNTS},
            "earlier": asdict(_earlier(parts)),
            "rate": sum(part.rate or 0.0 for part in parts),
            "seconds_left": _seconds_left(parts, records),
            "complete": all(map(_is_complete, parts)),
        }
    )
    return "".join(f"{orjson.dumps(line).decode()}\n" for line in lines)


def _as_text(parts: Sequence[Part], records: int | None) -> str:
    names = (say("accepted"), say("rejected"), say("in doubt"), say("being sent"), say("unsent"))
    table: list[tuple[str, ...]] = [(say("part"), *names, say("owner"))]
    table += [
        (
            printable(mask(part.name)),
            *(say("{count:,}", count=count) for count in _counts(part)),
            say("complete") if _is_complete(part) else _owner(part),
        )
        for part in parts
    ]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [_aligned(row, widths) for row in table]
    return "\n".join([*lines, _last_line(parts, records), *_line_of(_earlier(parts)), ""])


def _counts(part: Part) -> tuple[int, ...]:
    unsent = part.left - part.in_doubt - part.sending
    return part.accepted, part.rejected, part.in_doubt, part.sending, unsent


def _owner(part: Part) -> str:
    if part.owner == IN_USE:
        return say("in use")
    return printable(part.owner) or say("nobody")


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *counts, last = row
    cells = [count.rjust(width) for count, width in zip(counts, widths[1:-1], strict=True)]
    return "  ".join([first.ljust(widths[0]), *cells, last])


def _line_of(earlier: Earlier) -> Iterator[str]:
    """Yield what became of earlier uploads, if there were any."""
    if not earlier.uploads:
        return
    said = [
        some(earlier.uploads, "{count:,} upload", "{count:,} uploads"),
        say("{accepted:,} accepted", accepted=earlier.accepted),
    ]
    if earlier.rejected:
        said.append(say("{rejected:,} rejected", rejected=earlier.rejected))
    if earlier.in_doubt:
        said.append(say("{in_doubt:,} in doubt", in_doubt=earlier.in_doubt))
    yield say("earlier: {counts}", counts=", ".join(said))


def _last_line(parts: Sequence[Part], records: int | None) -> str:
    said = [some(len(parts), "{count:,} part", "{count:,} parts")]
    if rate := sum(part.rate or 0.0 for part in parts):
        said.append(say("{rate:,.0f} records a second", rate=rate))
    if seconds := _seconds_left(parts, records):
        end = datetime.now().astimezone() + timedelta(seconds=seconds)
        said.append(say("done at about {time}", time=f"{end:%H:%M:%S}"))
    return ", ".join(said)
