"""The demo: reports 10,000 records to a local Sdir and says what became of them. `make demo`.

With `--maskinporten` the calls also need a token. The records come from `scripts/demo/`. It
succeeds only if the good ones were accepted and exactly the bad ones rejected.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from sdir_async import Maskinporten, Rejection, Sdir, UploadReport

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sdir_async.api.additional_competence.v1 import SavedAdditionalCompetence

FOLDER = Path(__file__).parent / "demo"

console = Console(highlight=False)


class Access(NamedTuple):
    """How to reach a sandbox."""

    base_url: str
    api_key: str
    token: Mapping[str, str] = {}

    def maskinporten(self) -> Maskinporten | None:
        """Return what gives the token in addition to the key, where one is needed."""
        if not self.token:
            return None
        return Maskinporten.from_environment(self.token)


class Expected(NamedTuple):
    """What must become of the records of a folder."""

    records: int
    bad_lines: list[int]

    @property
    def accepted(self) -> int:
        """How many records are good."""
        return self.records - len(self.bad_lines)


def main(folder: Path = FOLDER, *options: str) -> int:
    """Run the demo, with options for the sandbox, and return its exit status."""
    expected = read_expected(folder)
    with running_sandbox(*options) as access:
        beside = " and requires a token in addition to the key" if access.token else ""
        console.print(f"A local Sdir is running at {access.base_url}{beside}")
        report, saved, found = asyncio.run(upload(access, folder, expected.records))
    show(report)
    mistakes = [*differences(report, expected)]
    if found is not None and found == saved:
        told = f"{found.competence.competence_code}, {found.competence.completion_date}"
        console.print(f"Record {found.uid} was read back: {told}.\n")
    else:
        mistakes.append("no record was read back as it was saved")
    for mistake in mistakes:
        console.print(f"Not as it should be: {mistake}.", markup=False)
    if not mistakes:
        console.print(
            f"The {expected.accepted:,} good records were accepted,"
            f" and exactly the {len(expected.bad_lines)} bad ones rejected."
        )
    return 1 if mistakes else 0


def read_expected(folder: Path) -> Expected:
    """Read what must become of the records of a folder."""
    expected = json.loads((folder / "expected.json").read_text())
    return Expected(expected["records"], sorted(map(int, expected["mistakes"])))


@contextmanager
def running_sandbox(*options: str) -> Iterator[Access]:
    """Run the sandbox in a process of its own, on a free port, until the block is left."""
    command = [sys.executable, "-m", "sdir_async.sandbox", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _access(process)
        finally:
            process.terminate()


def _access(process: subprocess.Popen[str]) -> Access:
    """Wait until the sandbox says how to reach it."""
    greeting = ""
    for line in process.stdout or ():
        greeting += line
        if "Ctrl-C" in line:
            break
    told = re.search(r'Sdir\("(?P<key>.+)", base_url="(?P<url>.+)"\)', greeting)
    if told is None:
        raise RuntimeError("The sandbox ended before it was ready.")
    settings = dict(re.findall(r"export (SDIR_MASKINPORTEN_\w+)=(\S+)", greeting))
    return Access(told["url"], told["key"], settings)


async def upload(
    access: Access, folder: Path, count: int
) -> tuple[UploadReport, SavedAdditionalCompetence | None, SavedAdditionalCompetence | None]:
    """Upload the records of a folder, and read the first one that was saved back by its uid."""
    saved = found = None
    token = access.maskinporten()
    async with Sdir(access.api_key, token=token, base_url=access.base_url) as sdir:
        competences = sdir.additional_competence.v1
        with gzip.open(folder / "records.jsonl.gz") as lines, _progress() as progress:
            settled = progress.add_task("Reporting", total=count)
            uploading = competences.upload(lines)
            async for chunk in uploading:
                progress.advance(settled, len(chunk.indexes))
                saved = saved or next(iter(chunk.saved), None)
        if saved is not None:
            found = await competences.get_additional_competence(saved.uid)
    return uploading.report, saved, found


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeElapsedColumn(), console=console)


def show(report: UploadReport) -> None:
    """Print a report for a person to read."""
    counts = {
        "accepted": report.accepted,
        "rejected": report.rejected,
        "in doubt": report.in_doubt,
        "unsent": report.unsent,
    }
    states = Table.grid("state", Column(justify="right"), padding=(0, 2))
    for state, count in counts.items():
        states.add_row(state, f"{count:,}")
    rejections = Table(Column("line", justify="right"), "why it was rejected", box=None)
    for rejection in report.rejections:
        rejections.add_row(str(rejection.index + 1), _reasons(rejection))
    took = f"{report.requests} requests in {report.seconds:.1f} seconds"
    rate = f"{sum(counts.values()) / report.seconds:,.0f} records per second"
    console.print()
    console.print(states)
    console.print(f"{took}: {rate}\n")
    console.print(rejections)
    console.print()


def _reasons(rejection: Rejection) -> Text:
    first, *others = rejection.reasons
    return Text(f"{first} (and {len(others)} more)" if others else str(first))


def differences(report: UploadReport, expected: Expected) -> Iterator[str]:
    """Say what became of the records that should not have."""
    if report.accepted != expected.accepted:
        yield f"{report.accepted:,} records were accepted and not {expected.accepted:,}"
    lines = [rejection.index + 1 for rejection in report.rejections]
    if surplus := sorted(set(lines) - set(expected.bad_lines)):
        yield f"good records were rejected, lines {surplus}"
    if missing := sorted(set(expected.bad_lines) - set(lines)):
        yield f"bad records were not rejected, lines {missing}"


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main(FOLDER, *sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
