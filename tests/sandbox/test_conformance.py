"""Every answer to every kind of request is what its document promises.

schemathesis makes the requests, good and bad, and looks at the answers: status, content type,
headers and schema. The suite makes a few per operation. Many are made by

    SDIR_EXAMPLES=200 python -m pytest -rP tests/sandbox/test_conformance.py
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest

from sdir_async.openapi.documents import find_folder
from sdir_async.openapi.operations import Role
from sdir_async.openapi.reader import read_operations
from sdir_async.sandbox import SandboxThread

from ..ours import OURS
from .conformance import UID

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCUMENTS = {document.name: document for document in OURS}
EXAMPLES = os.environ.get("SDIR_EXAMPLES", "")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxThread]:
    """A sandbox with one record in each collection."""
    with SandboxThread() as running:
        for operation in read_operations(DOCUMENTS.values()):
            if operation.role is Role.GET:
                _save(running, operation.collection, operation.example)
        yield running


def _save(running: SandboxThread, collection: str, example: object) -> None:
    row = (UID, orjson.dumps(example).decode())
    running._call(lambda: running.sandbox._running_store.add(collection, [row]))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_answers_are_what_the_document_promises(sandbox: SandboxThread, name: str) -> None:
    """All checks but one: the gateway answers a wrong method with 404, and says so in no header."""
    (document,) = find_folder().glob("/".join(name.split()) + ".[jy]*")
    phases = "examples,coverage,fuzzing" if EXAMPLES else "examples,fuzzing"
    command = [sys.executable, "-m", "schemathesis.cli", "run", str(document)]
    options = {
        "--url": sandbox.served[name],
        "--header": f"Ocp-Apim-Subscription-Key: {sandbox.api_key}",
        "--phases": phases,
        "--max-examples": EXAMPLES or "3",
        "--exclude-checks": "unsupported_method",
    }
    chance = ["--generation-database=none"] if EXAMPLES else ["--generation-deterministic"]
    flags = ["--continue-on-failure", "--no-color", *chance]
    result = subprocess.run(
        [*command, *(part for option in options.items() for part in option), *flags],
        cwd=ROOT,
        env=os.environ | {"SCHEMATHESIS_HOOKS": "tests.sandbox.conformance"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    if EXAMPLES:
        sys.stdout.write(result.stdout)
