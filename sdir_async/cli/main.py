"""The command `sdir`."""

import os
import sys
import threading
from typing import Final

try:
    from .app import app
    from .commands import files, questions, setup
except ModuleNotFoundError as missing:
    if (missing.name or "").startswith("sdir_async"):
        raise
    sys.exit(f"sdir: {missing.name} is missing: pip install 'sdir-async[cli]'")

_PATIENCE: Final = 0.5

__all__ = ["app", "files", "main", "questions", "setup"]


def main() -> int:
    """Run the command that the arguments name, and return the exit code."""
    try:
        app()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    else:
        code = 0
    _leave(code)
    return code


def _leave(code: int) -> None:
    """End at once if a thread still waits for input that nobody reads."""
    readers = [one for one in threading.enumerate() if one.name.startswith("sdir input")]
    for reader in readers:
        reader.join(_PATIENCE)
    if any(reader.is_alive() for reader in readers):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
