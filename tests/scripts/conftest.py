"""A checkout of its own for each test: documents go in, a package comes out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import generate
import pytest

from sdir_async.generation import run

ROOT = Path(__file__).parents[2]


class Checkout:
    """A root with `openapi/` and `sdir_async/`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.place = generate.place_in(root)
        self.place.documents.mkdir()

    def add(self, name: str, document: dict[str, Any] | str) -> Path:
        """Write a document, such as `boats/v1.json`."""
        path = self.place.documents / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = document if isinstance(document, str) else json.dumps(document, indent=1)
        path.write_text(text, encoding="utf-8")
        return path

    def generate(self, *, check: bool = False) -> int:
        """Do what `make generate` does."""
        return run.run(self.place, check=check)

    def text(self, name: str) -> str:
        """Return a generated file."""
        return (self.place.tree / name).read_text(encoding="utf-8")

    def files(self) -> dict[str, bytes]:
        """Return everything generated."""
        found = [path for path in self.place.tree.rglob("*") if path.is_file()]
        kept = [path for path in [*found, self.place.lock] if "__pycache__" not in path.parts]
        return {str(path.relative_to(self.root)): path.read_bytes() for path in kept}

    def with_core(self) -> None:
        """Put the hand-written package around the generated code."""
        left = shutil.ignore_patterns("api", "sandbox", "__pycache__")
        shutil.copytree(
            ROOT / "sdir_async", self.root / "sdir_async", ignore=left, dirs_exist_ok=True
        )

    def run(self, *command: str) -> str:
        """Run Python in the checkout and return what it prints."""
        path = {**os.environ, "PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, *command], cwd=self.root, env=path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def mypy(self) -> str:
        """Check the types of the generated code, strictly."""
        cache = f"--cache-dir={self.root.parent / 'mypy'}"
        return self.run(
            "-m", "mypy", "--strict", cache, "--follow-imports=silent", "sdir_async/api"
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)
