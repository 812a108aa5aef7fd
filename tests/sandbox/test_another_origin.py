"""An API that is not Sdir's, from its document to an upload, without a line of code for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest

from sdir_async.sandbox import SandboxThread

if TYPE_CHECKING:
    from .conftest import Json

ROOT = Path(__file__).parents[2]
PROGRAM = """
import asyncio, sys
from sdir_async import Sdir

BOATS = [{"name": f"Boat {number}", "harbour": "Oslo"} for number in range(1200)]
BOATS[700]["name"] = "a name that is far too long"

async def main(url, key):
    async with Sdir(key, base_url=url) as sdir:
        report = await sdir.marina.v7.upload(BOATS)
        listed = await sdir.marina.v7.get_boats(harbour="Oslo")
        print(report.accepted, report.rejected, report.rejections[0].index, len(listed))

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def checkout(tmp_path: Path, toy: Json) -> Path:
    """A copy of the project with one document alone: the toy, which says what its list answers."""
    boats = {"type": "array", "items": {"$ref": "#/components/schemas/Boat"}}
    content = {"application/json": {"schema": boats}}
    answer = toy["paths"]["/boats"]["get"]["responses"]["200"]
    toy["paths"]["/boats"]["get"]["responses"]["200"] = answer | {"content": content}
    ignored = shutil.ignore_patterns("api", "__pycache__")
    shutil.copytree(ROOT / "sdir_async", tmp_path / "sdir_async", ignore=ignored)
    document = tmp_path / "openapi" / "marina" / "v7.json"
    document.parent.mkdir(parents=True)
    document.write_bytes(orjson.dumps(toy))
    return tmp_path


def test_it_is_served_uploaded_to_and_listed(checkout: Path) -> None:
    """The bad record is found, and all others are saved and come back."""
    _python(checkout, str(ROOT / "scripts" / "generate.py"), "--root", str(checkout))
    with SandboxThread(checkout / "openapi") as sandbox:
        printed = _python(checkout, "-c", PROGRAM, sandbox.base_url, sandbox.api_key)
        assert len(sandbox.records("boats")) == 1199
    assert printed == "1199 1 700 1199\n"


def _python(checkout: Path, *arguments: str) -> str:
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
