"""Records the terminal session that the README shows: `python -m tests.cli.record`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from sdir_async.sandbox import SandboxThread

from .conftest import KEY, ORGANIZATION, PERSONS

TARGET = Path(__file__).parents[2] / "docs" / "upload.svg"
HEADING = "Deltaker;completedAt;organizationNumber;courseCode"
MAP = "Deltaker=personalIdentityNumber"
FORMAT = re.sub(r"@font-face {{.*?}}|Fira Code, ", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "<!-- Generated with Rich https://www.textualize.io -->", ""
)
CONTROL = re.compile(r"\x1b\[(?:\?25[lh]|\d*[ABCDJK])|\r")


def main() -> None:
    """Run the commands against a local Sdir, and draw what they print."""
    console = Console(record=True, width=96, file=open(os.devnull, "w"), force_terminal=True)  # noqa: SIM115
    with SandboxThread(keys=[KEY]) as sandbox, tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        rows = [
            f"{PERSONS[at % 2]};31.05.{2000 + at % 25};{ORGANIZATION};C{at}" for at in range(8000)
        ]
        rows[41] = f"41814061034;31.05.2024;{ORGANIZATION};C41"
        rows[4711] = f"{PERSONS[0]};31.06.2024;{ORGANIZATION};C4711"
        Path("courses.csv").write_bytes("\r\n".join([HEADING, *rows]).encode("cp1252"))
        _run(console, sandbox.base_url, "doctor")
        _run(console, sandbox.base_url, "upload", "course", "courses.csv")
        _run(console, sandbox.base_url, "upload", "course", "courses.csv", "--map", MAP)
        rejected = Path("courses.rejected.csv")
        text = rejected.read_bytes().decode("cp1252")
        corrected = text.replace("41814061034", PERSONS[0]).replace("31.06.", "30.06.")
        rejected.write_bytes(corrected.encode("cp1252"))
        console.print(Text("$ libreoffice courses.rejected.csv", "bold"))
        _run(console, sandbox.base_url, "upload", "course", "courses.rejected.csv", "--map", MAP)
    console.save_svg(str(TARGET), title="sdir", code_format=FORMAT)


def _run(console: Console, base_url: str, *arguments: str) -> None:
    shown = " ".join(f'"{one}"' if not one.isascii() else one for one in arguments)
    console.print(Text(f"$ sdir {shown}", "bold"))
    done = subprocess.run(
        [sys.executable, "-m", "sdir_async.cli", *arguments],
        env={
            **os.environ,
            "SDIR_API_KEY": KEY,
            "SDIR_BASE_URL": base_url,
            "FORCE_COLOR": "1",
            "COLUMNS": "96",
            "SDIR_NO_CODES": "1",
            "PYTHONPATH": str(TARGET.parents[1]),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    told = [line for line in CONTROL.sub("\n", done.stderr).split("\n") if line.strip()]
    for line in [*told[-1:], done.stdout.rstrip()]:
        if line:
            console.print(Text.from_ansi(re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8400", line)))
    console.print()


if __name__ == "__main__":
    main()
