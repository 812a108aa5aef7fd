"""Builds `dist/`: a wheel and an sdist that are the same each time, checked, with an SBOM.

The time in the archives is that of the last commit, so that a build of the same commit with the
same tools gets the same bytes.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
DIST = ROOT / "dist"
SBOM = "sdir-async.cdx.json"
_USE = "import sdir_async; sdir_async.Sdir('not-a-real-key'); print(sdir_async.__version__)"


class DistFailed(Exception):
    """What was built is not what it should be."""


def build(target: Path) -> list[Path]:
    """Build an sdist, and from it a wheel; return both, by name."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target), str(ROOT)]
    _run(command, {"SOURCE_DATE_EPOCH": _time_of_last_commit(), "PYTHONHASHSEED": "0"})
    return sorted(target.iterdir())


def require_same(first: list[Path], second: list[Path]) -> None:
    """Compare two builds byte by byte.

    Raises:
        DistFailed: They differ.
    """
    if [path.name for path in first] != [path.name for path in second]:
        raise DistFailed("two builds made files of different names")
    for one, other in zip(first, second, strict=True):
        if not filecmp.cmp(one, other, shallow=False):
            raise DistFailed(f"{one.name}: two builds differ")


def install(archive: Path, folder: Path) -> Path:
    """Install an archive into an empty environment, use it, and return the environment's Python."""
    venv.create(folder, clear=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    uv = [str(_tool("uv")), "pip", "install", "--quiet", "--python", str(python)]
    _run([*uv, "--constraint", str(ROOT / "requirements" / "versions.txt"), str(archive)])
    _run([str(python), "-I", "-c", _USE])
    return python


def write_sbom(python: Path, target: Path) -> None:
    """Write what an environment holds as a CycloneDX bill of materials."""
    made = ["--output-reproducible", "--output-file", str(target)]
    project = ["--pyproject", str(ROOT / "pyproject.toml")]
    _run([str(_tool("cyclonedx-py")), "environment", *project, *made, str(python)])


def _tool(name: str) -> Path:
    return Path(sys.executable).with_name(name)


def _time_of_last_commit() -> str:
    return _run(["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]).strip()


def _run(command: list[str], more: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command, env={**os.environ, **(more or {})}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DistFailed(f"{command[0]}: {(done.stdout + done.stderr).strip()[-2000:]}")
    return done.stdout


def main() -> int:
    """Build twice, compare, check each archive where nothing else is installed."""
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        try:
            built = build(work / "first")
            require_same(built, build(work / "second"))
            pythons = [install(path, work / f"env{at}") for at, path in enumerate(built)]
            write_sbom(pythons[0], work / SBOM)
        except DistFailed as error:
            print(error, file=sys.stderr)
            return 1
        shutil.rmtree(DIST, ignore_errors=True)
        DIST.mkdir()
        for path in [*built, work / SBOM]:
            shutil.copy2(path, DIST)
    print(*(f"dist/{path.name}" for path in sorted(DIST.iterdir())), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
