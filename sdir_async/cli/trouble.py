"""The error that ends a command with one line, and the exit codes."""

from __future__ import annotations

import enum

from .words import recast, say, unsaid


class Exit(enum.IntEnum):
    """What the exit code of a command means."""

    DONE = 0
    REJECTED = 1
    USAGE = 2
    IN_DOUBT = 3
    STOPPED = 4
    NOT_WRITTEN = 5
    INTERRUPTED = 130


MEANINGS = {
    Exit.DONE: unsaid(
        "the upload is complete and every record was accepted; or the command is done"
    ),
    Exit.REJECTED: unsaid(
        "the upload is complete and some records were rejected; or `doctor` found a problem"
    ),
    Exit.USAGE: unsaid(
        "the command, an input, its columns or the key is wrong; no record was saved"
    ),
    Exit.IN_DOUBT: unsaid(
        "the input was read to its end, but some records may or may not be saved"
    ),
    Exit.STOPPED: unsaid(
        "the upload is not complete: an error, `--deadline` or `--stop-on-rejected` ended it, and"
        " some records or whole files were not sent"
    ),
    Exit.NOT_WRITTEN: unsaid("the upload is complete, but an output file could not be written"),
    Exit.INTERRUPTED: unsaid(
        "the upload is not complete: Ctrl-C or SIGTERM ended it, and some records or whole files"
        " were not sent"
    ),
}


class Trouble(Exception):
    """A problem that the user can fix; shown in one line, without a traceback.

    The message is said in the language of the user, also where it is an error's of the library;
    `values` fill in its placeholders.
    """

    def __init__(self, message: str, code: Exit = Exit.USAGE, **values: object) -> None:
        super().__init__(" ".join(recast(say(message, **values)).split()))
        self.code = code


def reason_of(error: OSError) -> str:
    """Return the system's message about a file, without the error number."""
    return recast((error.strerror or str(error) or type(error).__name__).lower())
