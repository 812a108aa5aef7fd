"""The command `sdir`."""

import contextlib
import io
import os
import sys
import threading
from collections.abc import Callable
from typing import IO, Any, Final, cast

from .words import of_system, say, use

try:
    from . import commands
    from .app import app
    from .trouble import Exit, reason_of
except ModuleNotFoundError as missing:
    if (missing.name or "").startswith("sdir_async"):
        raise
    sys.exit(f"sdir: {missing.name} is not installed: pip install 'sdir-async[cli]'")

_PATIENCE: Final = 0.5

__all__ = ["app", "commands", "main"]


def main() -> int:
    """Run the command that the arguments name, and return the exit code."""
    use(of_system())
    out, err = Outlet(sys.stdout), Outlet(sys.stderr)
    with (
        contextlib.redirect_stdout(cast("IO[str]", out)),
        contextlib.redirect_stderr(cast("IO[str]", err)),
    ):
        try:
            app()
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        else:
            code = 0
        out.flush()
        if out.error is not None and not isinstance(out.error, BrokenPipeError):
            err.write(
                say("sdir: standard output can't be written: {why}.\n", why=reason_of(out.error))
            )
            code = Exit.NOT_WRITTEN if code in (Exit.DONE, Exit.REJECTED) else code
        err.flush()
    _leave(code)
    return int(code)


class Outlet:
    """A stream that drops its output, without an error, if the reader is gone or the disk is full.

    An upload continues whether or not anyone reads its output.

    Attributes:
        error: Why output was lost.
    """

    def __init__(self, stream: IO[str] | None) -> None:
        self.error: OSError | None = None
        self._stream = stream
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a console of Windows lacks many letters

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write, if that is still possible."""
        if self._stream is not None:
            self._try(self._stream, lambda stream: stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Write what is in the buffer."""
        if self._stream is not None:
            self._try(self._stream, lambda stream: stream.flush())

    def _try(self, stream: IO[str], work: Callable[[IO[str]], object]) -> None:
        try:
            work(stream)
        except OSError as error:
            self.error = error
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())  # the buffer is flushed to there
            os.close(nowhere)


def _leave(code: int) -> None:
    """End the process at once if a thread still waits for input that is no longer needed."""
    readers = [one for one in threading.enumerate() if one.name.startswith("sdir input")]
    for reader in readers:
        reader.join(_PATIENCE)
    if any(reader.is_alive() for reader in readers):
        os._exit(code)
