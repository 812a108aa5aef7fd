"""Generates the clients of others from the same document, into a folder that goes away."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "openapi" / "additional_competence" / "v1.yaml"


def generate(folder: Path, *, all_of_them: bool) -> list[str]:
    """Generate what can be generated; return what can't, and why."""
    messages = [_stock(folder)]
    if all_of_them:
        messages.append(_openapi_generator(folder))
    return [message for message in messages if message]


def _stock(folder: Path) -> str:
    if find_spec("openapi_python_client") is None:
        return "openapi-python-client is skipped: it is not installed"
    target = ["--meta=none", "--output-path", str(folder / "stock_client")]
    return _run([sys.executable, "-m", "openapi_python_client", "generate", *target, "--path"])


def _openapi_generator(folder: Path) -> str:
    command = shutil.which("openapi-generator-cli", path=str(Path(sys.executable).parent))
    if command is None:
        return "OpenAPI Generator is skipped: pip install openapi-generator-cli"
    if shutil.which("java") is None:
        return "OpenAPI Generator is skipped: it needs Java"
    missing = [name for name in ("aiohttp_retry", "dateutil", "pydantic") if not find_spec(name)]
    if missing:
        return f"OpenAPI Generator is skipped: what it generates needs {', '.join(missing)}"
    target = folder / "openapi-generator"
    options = ["-g", "python", "--library", "asyncio", "--package-name", "generated_client"]
    failed = _run([command, "generate", *options, "-o", str(target), "-i"])
    if not failed:
        shutil.move(target / "generated_client", folder)
    return failed


def _run(command: list[str]) -> str:
    done = subprocess.run([*command, str(DOCUMENT)], capture_output=True, text=True, check=False)
    return f"{command[0]} failed: {done.stderr[-300:]}" if done.returncode else ""
