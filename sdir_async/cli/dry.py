"""Checks records as an upload does before sending, and sends nothing."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from ..upload.check import Check
from ..upload.chunks import Chunk, Piece
from ..upload.encoding import Encoder, Unreadable
from ..upload.report import Notice, Reason, Rejection, UploadReport
from .survey import Survey

if TYPE_CHECKING:
    from collections.abc import Callable

    from .codes import Codes
    from .job import Job, Reading

_AT_ONCE = 500


def check(
    job: Job,
    how: Reading,
    codes: Codes,
    look: Callable[[int], None] = lambda _: None,
    reject: Callable[[Rejection], None] = lambda _: None,
) -> UploadReport:
    """Return a report in which the records that would be sent are counted as accepted.

    `codes` checks their codes. `look` is called from time to time with the number checked, and
    `reject` with each record that would be rejected: the report only counts them.
    """
    encode = Encoder(())
    checked = Check(dict(how.version.batches[how.kind].schema))
    read, rejected, warnings = 0, 0, list[Notice]()
    fields = how.fields()
    survey = Survey(fields, codes.collected(fields), look)
    records = survey.watch(job)
    while some := list(islice(records, _AT_ONCE)):
        bodies, refused = _encoded(some, encode)
        findings = checked(_piece(some, bodies))
        refused |= findings.refused
        rejected += len(refused)
        for at in sorted(refused):
            reject(Rejection(read + at, refused[at], some[at]))
        warnings += [Notice(read + at, why) for at, why in sorted(findings.warned.items())]
        read += len(some)
    for said in (*survey.remarks(), *codes.remarks(fields, survey, job.notes.headings)):
        job.notes.say(said)
    return UploadReport(
        accepted=read - rejected,
        rejected=rejected,
        warnings=tuple(warnings),
        ended="complete",
    )


def _encoded(
    records: list[Any], encode: Encoder
) -> tuple[list[bytes], dict[int, tuple[Reason, ...]]]:
    bodies: list[bytes] = []
    refused: dict[int, tuple[Reason, ...]] = {}
    for at, record in enumerate(records):
        try:
            bodies.append(encode(record))
        except Unreadable as error:
            bodies.append(b"")
            refused[at] = (Reason(str(error)),)
    return bodies, refused


def _piece(records: list[Any], bodies: list[bytes]) -> Piece:
    return Piece(Chunk(0, records, bodies), range(len(records)))
