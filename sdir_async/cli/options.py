"""The arguments of `sdir upload`, and what follows from them."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from ..retries import RetryPolicy
from .apis import find_batch, find_version
from .columns import read_mapping
from .inputs import Wanted
from .inputs.text import read_lines
from .job import Reading
from .questions import ask_for_sheets
from .refusal import Hints

if TYPE_CHECKING:
    from pathlib import Path

    from .job import Job
    from .receipt import ReceiptFormat
    from .settings import Target


@frozen(kw_only=True)
class Options:
    """The arguments of `sdir upload`."""

    api: str
    files: tuple[str, ...]
    target: Target
    version: str | None = None
    operation: str = "create"
    mapping: tuple[str, ...] = ()
    mapping_file: Path | None = None
    skip_unknown: bool = False
    wanted: Wanted = field(factory=Wanted)
    hints: Hints = field(factory=Hints)
    journal: Path | None = None
    no_journal: bool = False
    force: bool = False
    rejected: Path | None = None
    report: Path | None = None
    receipt: ReceiptFormat | None = None
    settings: dict[str, Any] = field(factory=dict)
    retry: RetryPolicy = field(factory=RetryPolicy)
    grace: float = 20.0
    dry_run: bool = False
    yes: bool = False
    show_persons: bool = False
    json: bool = False
    no_codes: bool = False

    @property
    def saves(self) -> bool:
        """Whether records are saved, and not only checked."""
        return not self.dry_run and self.operation != "validate"

    def until(self) -> float | None:
        """Return when the deadline passes, by the clock of the running event loop."""
        seconds = self.settings.get("deadline")
        return None if seconds is None else asyncio.get_running_loop().time() + seconds

    def reading(self) -> Reading:
        """Return how to read the inputs."""
        mapping: dict[str, str] = {}
        if self.mapping_file is not None:
            mapping |= read_mapping(read_lines(self.mapping_file), str(self.mapping_file))
        mapping |= read_mapping(self.mapping, "--map")
        version = find_version(self.api, self.version)
        find_batch(version, self.operation)
        wanted = evolve(self.wanted, ask=ask_for_sheets if sys.stdin.isatty() else None)
        return Reading(version, self.operation, mapping, self.skip_unknown, wanted, self.hints)

    def resumes(self, job: Job) -> bool:
        """Return whether the same command can be run again to continue an input."""
        if self.dry_run:
            return False
        return self.journal is not None or (job.path is not None and not self.no_journal)
