"""Checks a habit of the tests: each has a docstring of one sentence that says what must hold."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[1]


def tests_without_a_sentence(folder: Path) -> Iterator[str]:
    """Yield the place and the name of each test function that has no docstring."""
    for path in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if node.name.startswith("test_") and not ast.get_docstring(node):
                yield f"{path.relative_to(folder.parent)}:{node.lineno}: {node.name}"


def main() -> int:
    """Print the tests that have none; return 1 if there are any."""
    found = list(tests_without_a_sentence(ROOT / "tests"))
    for each in found:
        print(f"{each} needs a docstring of one sentence that says what must hold")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
