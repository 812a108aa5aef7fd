"""Lets the site show the examples in docstrings as code: an extension of griffe."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import griffe

if TYPE_CHECKING:
    from re import Match

_EXAMPLE: Final = re.compile(r"^Example:\n((?:[ ]{4}.*\n?|\n)+)", re.MULTILINE)


def _as_code(example: Match[str]) -> str:
    """A session is a section that griffe knows; a value is put between fences."""
    text = example[1].rstrip()
    if ">>>" in text:
        return f"Examples:\n{text}\n"
    return example[0] if "```" in text else f"Example:\n    ```python\n{text}\n    ```\n"


class Examples(griffe.Extension):
    """Changes the examples of each docstring, before it is read."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Change those of one object."""
        if obj.docstring:
            obj.docstring.value = _EXAMPLE.sub(_as_code, obj.docstring.value)
