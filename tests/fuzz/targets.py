"""What is fuzzed: each target makes a case from a `Random` and says what may come of it."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import openpyxl
import orjson
import pyarrow
import pyarrow.parquet
import yaml
from attrs import frozen

from sdir_async import RetryPolicy, Sdir, SdirError
from sdir_async.cli.apis import find_version
from sdir_async.cli.inputs import Wanted
from sdir_async.cli.job import Reading, open_jobs
from sdir_async.cli.trouble import Trouble
from sdir_async.generation.documents import check
from sdir_async.generation.failures import DocumentError
from sdir_async.generation.prepare import prepare
from sdir_async.maskinporten.grant import read_answer
from sdir_async.openapi.documents import Document, find_folder, parse
from sdir_async.openapi.reader import read_operations
from sdir_async.wire import Answer, Request
from tests.fuzz.mutations import (
    PACKERS,
    archive_of,
    as_json,
    members_of,
    mutated,
    mutated_archive,
    mutated_json,
)
from tests.virtual import run

Made = Callable[[Random], bytes]
Look = Callable[[bytes], object]
CASES = Path(__file__).parents[1] / "cli" / "cases"


@frozen
class Target:
    """Makes cases of bytes, and looks at one; whatever the look raises is a fault of ours."""

    make: Made
    look: Look


# Inputs

_TIME = re.compile(rb"\d{4}-\d\d-\d\dT[\d:]{8}Z")
"""When a workbook was made."""
HEADINGS = ["personalIdentityNumber", "completedAt", "organizationNumber", "courseCode"]
ROWS = [
    ["41814061033", "2024-05-31T12:00:00+02:00", "991825827", "HSCLC"],
    ["418140 61033", "31.05.2024", "991 825 827", "Å=1+1"],
    ["01810021827", "45443", "991825827", ""],
]
READING = Reading(
    find_version("course", "v1"), "create", {}, skip_unknown=True, wanted=Wanted(all_sheets=True)
)


def _csv(delimiter: str = ";") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([HEADINGS, *ROWS])
    return text.getvalue().encode()


def _records() -> list[dict[str, Any]]:
    return [dict(zip(HEADINGS, row, strict=True)) for row in ROWS]


def _xlsx() -> bytes:
    book, made = openpyxl.Workbook(), io.BytesIO()
    for row in [HEADINGS, *ROWS]:
        book.worksheets[0].append(row)
    book.create_sheet("hidden").sheet_state = "hidden"
    book.save(made)
    core = "docProps/core.xml"
    members = members_of(made.getvalue())
    return archive_of(members | {core: _TIME.sub(b"2024-05-31T12:00:00Z", members[core])})


def _parquet() -> bytes:
    made = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(_records()), made)
    return made.getvalue()


@cache
def seeds() -> dict[str, bytes]:
    """Return a whole input of each kind; cases are made by breaking it."""
    lines = b"\n".join(map(orjson.dumps, _records()))
    return {
        "csv": _csv(),
        "tab": _csv("\t"),
        "utf-16": _csv().decode().encode("utf-16"),
        "jsonl": lines,
        "json": orjson.dumps({"records": _records()}),
        "xlsx": _xlsx(),
        "xls": (CASES / "x20_old.xls").read_bytes(),
        "ods": (CASES / "x21.ods").read_bytes(),
        "parquet": _parquet(),
    }


def _broken_input(kind: str) -> Made:
    def make(random: Random) -> bytes:
        seed = seeds()[kind]
        if kind in ("xlsx", "ods") and random.randrange(4):
            return mutated_archive(random, seed)
        if kind in ("json", "jsonl") and random.randrange(2):
            records = mutated_json(random, _records())
            if kind == "json" or not isinstance(records, list):
                return as_json(records)
            return b"\n".join(map(as_json, records))
        return mutated(random, seed, seeds()["csv"])

    return make


def _broken_pack(kind: str) -> Made:
    """Break what is packed, or the pack."""

    def make(random: Random) -> bytes:
        content = seeds()[random.choice(["csv", "jsonl", "xlsx"])]
        if random.randrange(2):
            return PACKERS[kind](mutated(random, content, seeds()["csv"]))
        return mutated(random, PACKERS[kind](content), content)

    return make


def look_at_input(content: bytes) -> None:
    """Read every record of a file, and read it again as the check before an upload does."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "input")
        path.write_bytes(content)
        with suppress(Trouble):
            for job in open_jobs(str(path), READING):
                try:
                    for _ in job:
                        pass
                    again = job.again()
                    try:
                        list(again)
                    finally:
                        again.close()
                finally:
                    job.close()


# Answers

SAVED = [
    {**record, "completedAt": "2024-05-31T12:00:00Z", "uid": "0" * 32} for record in _records()
]
PROBLEM = {
    "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1",
    "title": "One or more validation errors occurred.",
    "status": 400,
    "traceId": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "errors": {"[0].courseCode": ["The value 'x' is not valid."], "$[1].a.b": ["x"], "": []},
    "detail": "Database 'apps' is not currently available. (Error 40613)",
    "activityId": "6b5f1b0e-6c6c-4f0e-9a39-5a2e0b7f4b11",
    "message": "Out of call volume quota. Quota will be replenished in 00:05:00.",
}
STATUSES = [
    200,
    201,
    204,
    206,
    299,
    302,
    400,
    401,
    403,
    404,
    408,
    409,
    413,
    422,
    429,
    500,
    503,
    599,
]
HEADERS = ["Retry-After", "WWW-Authenticate", "Content-Type", "Date", "x-ms-request-id"]
ONCE = RetryPolicy(attempts=2, first_wait=0.1, longest_wait=1.0, settle=1.0)


def _answers(random: Random) -> bytes:
    """Write a few answers as JSON: status, headers, body."""
    answers = []
    for _ in range(random.randint(1, 4)):
        seed = random.choice([SAVED, PROBLEM, [], {"items": SAVED}, SAVED[0]])
        body = as_json(mutated_json(random, seed) if random.randrange(4) else seed)
        body = mutated(random, body, as_json(PROBLEM)) if not random.randrange(3) else body
        headers = {
            name: mutated(random, b"120 Wed, 21 Oct 2026 07:28:00 GMT").decode("latin-1")
            for name in random.sample(HEADERS, 2)
        }
        answers.append([random.choice(STATUSES), headers, body.decode("latin-1")])
    return as_json(answers)


class _Hostile:
    """A transport that gives the answers of a case, the last one again and again."""

    def __init__(self, case: bytes) -> None:
        self._answers = orjson.loads(case)

    async def send(self, request: Request) -> Answer:
        status, headers, body = self._answers[0]
        del self._answers[: len(self._answers) > 1]
        lower = {name.lower(): value for name, value in headers.items()}
        return Answer(status, lower, body.encode("latin-1"))

    async def aclose(self) -> None: ...


async def _calls(case: bytes) -> None:
    for call in _CALLS:
        async with Sdir("0123456789abcdef", retry=ONCE) as sdir:
            sdir._session._transport = _Hostile(case)
            with suppress(SdirError):
                shown(await call(sdir))


def shown(value: object) -> str:
    """Show what came of a call, as a program does that prints it."""
    return f"{value!r} {value}"


async def _pages(sdir: Sdir) -> object:
    found = []
    async for record in sdir.course.v1.iter_courses(person_id="41814061033"):
        found.append(record)
        if len(found) > 100:
            break
    return found


_CALLS: list[Callable[[Sdir], Any]] = [
    lambda sdir: sdir.course.v1.list_courses(person_id="41814061033"),
    lambda sdir: sdir.course.v1.list_codes(),
    lambda sdir: sdir.course.v1.create_courses([]),
    lambda sdir: sdir.course.v1.validate_courses([]),
    lambda sdir: sdir.seagoing.v1.list_service_reports(),
    lambda sdir: sdir.course.v1.upload(_records(), chunk_size=2, deadline=3600),
    _pages,
]


def look_at_answers(case: bytes) -> None:
    """Make calls of every kind; hours of waiting take no time."""
    run(_calls(case))


def look_at_token_answer(case: bytes) -> None:
    """Read what a token server may say."""
    for status, headers, body in orjson.loads(case):
        lower = {"Date": "", **headers}
        shown(read_answer(status, lower, body.encode("latin-1"), 0.0))


# Documents


@cache
def _documents() -> list[dict[str, Any]]:
    return [
        parse(path.read_bytes())
        for path in sorted(find_folder().rglob("v*.yaml"))
        if "overlay" not in path.name
    ]


def _broken_document(random: Random) -> bytes:
    document = random.choice(_documents())
    if random.randrange(4):
        return as_json(mutated_json(random, document))
    return mutated(random, yaml.safe_dump(document).encode(), b"&a [*a] <<: *a ? ! | >")


def look_at_document(case: bytes) -> None:
    """Read it as the sandbox does, and prepare it as the generator does."""
    try:
        spec = parse(case, json_only=case.startswith(b"{"))
        check(spec)
    except DocumentError:
        return
    with suppress(DocumentError):
        prepare(spec)
    with suppress(ValueError):
        read_operations([Document("fuzzed v1", spec)])


def _targets() -> Iterator[tuple[str, Target]]:
    for kind in seeds():
        yield kind, Target(_broken_input(kind), look_at_input)
    for kind in PACKERS:
        yield kind, Target(_broken_pack(kind), look_at_input)
    yield "answers", Target(_answers, look_at_answers)
    yield "token answers", Target(_answers, look_at_token_answer)
    yield "documents", Target(_broken_document, look_at_document)


TARGETS = dict(_targets())


def case_of(target: str, seed: int, number: int) -> bytes:
    """Return one case; the same for the same seed and number."""
    return TARGETS[target].make(Random(f"{target} {seed} {number}"))
