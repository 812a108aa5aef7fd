"""`sdir generate`: a package of the user's own, from documents of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .trouble import Exit, Trouble
from .words import say

if TYPE_CHECKING:
    from pathlib import Path


def generate_package(documents: Path, into: Path) -> Exit:
    """Make the package, or say what is wrong with a document."""
    try:
        from ..generation.failures import GenerationFailed
        from ..generation.run import own, run
    except ModuleNotFoundError as missing:
        needed = "pip install 'sdir-async[cli,generate]'"
        raise Trouble(
            say("{name} is not installed: {needed}", name=missing.name, needed=needed)
        ) from missing
    try:
        run(own(documents, into))
    except GenerationFailed as error:
        raise Trouble("; ".join(str(error).splitlines())) from error  # one line a document
    return Exit.DONE
