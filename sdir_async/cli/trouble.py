"""What ends a command with one line, and the exit codes."""

from __future__ import annotations

import enum


class Exit(enum.IntEnum):
    """What a command's exit code says."""

    DONE = 0
    REJECTED = 1
    USAGE = 2
    IN_DOUBT = 3
    STOPPED = 4
    NOT_WRITTEN = 5
    INTERRUPTED = 130


MEANINGS = {
    Exit.DONE: "everything was accepted, or everything asked for was done",
    Exit.REJECTED: "some records were rejected; or `doctor` found something wrong",
    Exit.USAGE: "the command, its input, its columns or the key is wrong; nothing was sent",
    Exit.IN_DOUBT: "some records may be saved or not",
    Exit.STOPPED: "it ended early, and some records are not sent: run the same command again",
    Exit.NOT_WRITTEN: "the upload is done, but a file beside it could not be written",
    Exit.INTERRUPTED: "Ctrl-C, or whoever runs it, ended it: run the same command again",
}


class Trouble(Exception):
    """Something that a person can put right; said in one line, without a traceback."""

    def __init__(self, message: str, code: Exit = Exit.USAGE) -> None:
        super().__init__(" ".join(message.split()))
        self.code = code


def reason_of(error: OSError) -> str:
    """Return what the system says of a file, without its number."""
    return (error.strerror or str(error) or type(error).__name__).lower()
