"""Generates from every OpenAPI document in a folder, and says how that went: `make try`.

python scripts/try_documents.py folder

Each document goes through `scripts/generate.py` as one of a project's own would, in a process of
its own. Then all that came out is imported and type-checked. Nothing is kept but the table, which
goes to the standard output.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from attrs import frozen
from generate import ROOT

from sdir_async.generation.documents import Source, load
from sdir_async.generation.walk import operations
from sdir_async.openapi.documents import SUFFIXES

HEAD = """\
| document | operations | methods | left out | seconds | memory | mypy, pyright |
|---|---|---|---|---|---|---|"""
_GENERATE = """
import generate, pathlib, re, sys
code = generate.main()
status = pathlib.Path("/proc/self/status").read_text()
pathlib.Path(sys.argv[2], "memory").write_text(re.search(r"VmHWM:\\s*(\\d+)", status)[1])
sys.exit(code)
"""
_PACKAGE = "sdir_async"
_LOAD = """
import importlib, sys
version = importlib.import_module(f"sdir_async.api.{sys.argv[1]}.v1")
for name in version.__all__:
    getattr(version, name)
"""


@frozen
class Refused:
    """A document that did not generate.

    Attributes:
        name: Where it lies in the folder.
        said: Why no code was generated.
    """

    name: str
    said: str

    def row(self, _: Counter[str]) -> str:
        """Return its row of the table."""
        return f"| {self.name} | not generated: {self.said} | | | | | |"


@frozen
class Made:
    """What came of a document.

    Attributes:
        name: Where it lies in the folder.
        api: What its package is called.
        operations: How many the document has.
        methods: How many of them are methods.
        left_out: How many lines `left_out.md` has.
        lost: Operations that are neither a method nor listed as left out.
        seconds: Of CPU time, Python's start included.
        mebibytes: The most memory that was in use.
    """

    name: str
    api: str
    operations: int
    methods: int
    left_out: int
    lost: int
    seconds: float
    mebibytes: int

    def row(self, faults: Counter[str]) -> str:
        """Return its row of the table."""
        counts = f"{self.operations} | {self.methods} | {self.left_out}"
        cost = f"{self.seconds:.1f} | {self.mebibytes} MiB"
        checked = f"{faults[self.api]} faults" if faults[self.api] else "clean"
        lost = f", {self.lost} LOST" if self.lost else ""
        return f"| {self.name} | {counts}{lost} | {cost} | {checked} |"


def try_one(path: Path, name: str, api: str, tree: Path) -> Made | Refused:
    """Generate from a document, and move what came out into a tree."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        document = root / "openapi" / api / f"v1{path.suffix.lower()}"
        document.parent.mkdir(parents=True)
        shutil.copy(path, document)
        command = [sys.executable, "-c", _GENERATE, "--root", scratch]
        env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
        with (root / "said").open("w+") as said:
            process = subprocess.Popen(command, stdout=said, stderr=said, env=env)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            words = (root / "said").read_text().replace(f"{document}: ", "")
            return Refused(name, " ".join(words.split()))
        made = root / _PACKAGE / "api"
        version = made / api / "v1"
        left = _rows(version / "left_out.md")
        methods = len(json.loads((version / "description.json").read_bytes())["operations"])
        asked = len(operations(load(Source(api, "v1", document))))
        shutil.move(made / api, tree / api)
        (tree / "__init__.py").write_bytes((made / "__init__.py").read_bytes())
        return Made(
            name=name,
            api=api,
            operations=asked,
            methods=methods,
            left_out=len(left),
            lost=asked - methods - sum(row.split(" | ")[1] == "operation" for row in left),
            seconds=usage.ru_utime + usage.ru_stime,
            mebibytes=int((root / "memory").read_text()) // 1024,
        )


def _rows(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()[6:] if path.exists() else []


def check(root: Path, made: list[Made]) -> Counter[str]:
    """Import and type-check all that was generated; return the faults of each package."""
    mypy = ["mypy", "--strict", "--follow-imports=silent", "--no-error-summary", "--cache-dir=m"]
    command = [sys.executable, "-m", *mypy, f"{_PACKAGE}/api"]
    said = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout
    pyright = [
        str(Path(sys.executable).with_name("pyright")),
        "--pythonpath",
        sys.executable,
        f"{_PACKAGE}/api",
    ]
    said += subprocess.run(pyright, cwd=root, capture_output=True, text=True, check=False).stdout
    for one in made:
        loads = [sys.executable, "-c", _LOAD, one.api]
        done = subprocess.run(loads, cwd=root, capture_output=True, text=True, check=False)
        if done.returncode:
            said += f"{_PACKAGE}/api/{one.api}/: error: {done.stderr.strip().splitlines()[-1]}\n"
    faults = [line for line in said.splitlines() if " error: " in line or " - error" in line]
    print(*faults, sep="\n", file=sys.stderr)
    found = (re.search(rf"{_PACKAGE}/api/(\w+)/", line) for line in faults)
    return Counter(match[1] if match else "" for match in found)


def run(folder: Path) -> int:
    """Try every document of a folder; return 1 if one fails, loses something or has faults."""
    files = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES]
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch).resolve()
        left = shutil.ignore_patterns("api", "sandbox", "cli", "__pycache__")
        shutil.copytree(ROOT / _PACKAGE, root / _PACKAGE, ignore=left)
        tree = root / _PACKAGE / "api"
        tree.mkdir()
        tried = [
            try_one(path, str(path.relative_to(folder)), f"d{number}", tree)
            for number, path in enumerate(files)
        ]
        made = [one for one in tried if isinstance(one, Made)]
        faults = check(root, made)
    print(HEAD, *(one.row(faults) for one in tried), sep="\n")
    return int(len(made) < len(tried) or any(one.lost for one in made) or bool(faults))


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where the documents are")
    return run(parser.parse_args().folder)


if __name__ == "__main__":
    sys.exit(main())
