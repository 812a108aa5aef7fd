"""Compares and updates generated trees."""

from __future__ import annotations

import filecmp
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from .failures import GenerationFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SETTINGS = (
    "line-length = 100",
    'target-version = "py311"',
    'lint.isort.known-first-party = ["sdir_async"]',
)
"""Of ruff: the same wherever a package is generated."""


def tidy(tree: Path) -> None:
    """Sort imports, drop unused ones and format, with our settings."""
    settings = [word for each in SETTINGS for word in ("--config", each)]
    given = ["--isolated", *settings, "--quiet", "--no-cache", str(tree)]
    for command in (["check", "--fix-only", "--select=I,F401"], ["format"]):
        ruff = [sys.executable, "-m", "ruff", *command, *given]
        done = subprocess.run(ruff, capture_output=True, check=False, text=True)
        if done.returncode:
            raise GenerationFailed(f"what was generated is not Python: {done.stderr.strip()}")


def differences(made: Path, kept: Path) -> list[str]:
    """Return what differs between two trees, in both directions."""
    return [f"{file}: {what}" for what, file in _differences(made, kept)]


def update(made: Path, kept: Path) -> None:
    """Make a tree equal to another, touching only the files that differ."""
    for what, file in _differences(made, kept):
        if what == "extra":
            (kept / file).unlink()
        else:
            (kept / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(made / file, kept / file)
    _remove_empty(made, kept)


def _remove_empty(made: Path, kept: Path) -> None:
    folders = sorted((path for path in kept.rglob("*") if path.is_dir()), reverse=True)
    for folder in folders:
        if folder.name != "__pycache__" and not (made / folder.relative_to(kept)).exists():
            shutil.rmtree(folder)


def _differences(made: Path, kept: Path) -> Iterator[tuple[str, Path]]:
    for file in sorted({*_files(made), *_files(kept)}):
        if not (kept / file).exists():
            yield "missing", file
        elif not (made / file).exists():
            yield "extra", file
        elif not filecmp.cmp(made / file, kept / file, shallow=False):
            yield "changed", file


def _files(tree: Path) -> set[Path]:
    files = (path.relative_to(tree) for path in tree.rglob("*") if path.is_file())
    return {file for file in files if "__pycache__" not in file.parts}
