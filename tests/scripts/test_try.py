"""What `make try` says about documents that are not ours."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from try_documents import Made, try_one

from .toys import SHIP, content, fleet

if TYPE_CHECKING:
    from pathlib import Path


def test_a_document_has_a_row_of_what_came_out_and_what_it_cost(tmp_path: Path) -> None:
    """Each operation is a method or listed; a fault of the types is counted."""
    doc = fleet()
    body = content(SHIP, "application/xml")
    doc["paths"]["/xml"] = {"post": {"requestBody": body, "responses": {}}}
    (tmp_path / "fleet.json").write_text(json.dumps(doc))
    tried = try_one(tmp_path / "fleet.json", "a/fleet.json", "d0", tmp_path)
    assert isinstance(tried, Made)
    assert (tried.operations, tried.methods, tried.left_out, tried.lost) == (5, 4, 1, 0)
    assert 0 < tried.seconds < 60
    assert 20 < tried.mebibytes < 200
    assert tried.row(Counter()).startswith("| a/fleet.json | 5 | 4 | 1 | ")
    assert tried.row(Counter()).endswith(" | clean |")
    assert tried.row(Counter(d0=2)).endswith(" | 2 faults |")
    assert (tmp_path / "d0" / "v1" / "operations.py").exists()


def test_a_document_without_code_has_a_row_that_says_why(tmp_path: Path) -> None:
    """In the words of `make generate`."""
    (tmp_path / "old.json").write_text('{"swagger": "2.0"}')
    tried = try_one(tmp_path / "old.json", "old.json", "d0", tmp_path)
    assert tried.row(Counter()).startswith(
        "| old.json | not generated: /swagger: this is OpenAPI 2.0; convert"
    )
