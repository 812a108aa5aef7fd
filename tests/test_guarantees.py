"""docs/guarantees.md: each assumption has its price and a test, and the test is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs/guarantees.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in TEXT.splitlines()
    if line.startswith("| ") and not line.startswith("| we assume")
]
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)


def test_each_row_has_an_assumption_a_price_and_a_test() -> None:
    """A row without one of them promises too much."""
    assert len(ROWS) >= 12
    assert [row for row in ROWS if len(row) != 3 or not all(row) or "::" not in row[2]] == []


@pytest.mark.parametrize(("path", "name"), NAMED, ids=[name for _, name in NAMED])
def test_a_test_that_is_named_is_there(path: str, name: str) -> None:
    """It was not renamed or removed without the page."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, functions)}


def test_no_test_is_named_without_its_function() -> None:
    """A file alone does not say what holds."""
    assert len(re.findall(r"`tests/", TEXT)) == len(NAMED)
