"""What is wrong with a value, in the words of the person who wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..upload.formats import FORMATS
from .examples import example_of, written
from .identifiers import PERSON
from .words import recast, say

if TYPE_CHECKING:
    from .fields import Field


_INVALID: Final = {f"not a valid {name.replace('-', ' ')}" for name in FORMATS}


def in_words(message: str, field: Field | None = None) -> str:
    """Return a reason of the check or of Sdir, with an example of the field where there is one.

    Example:
        >>> in_words("is required", Field(("id",), format="imo-number"))
        'is required; for example 9074729'
    """
    said = recast(message)
    if field is not None and field.format in FORMATS and field.digits and message in _INVALID:
        return say("{why}: check its digits", why=said)
    if field is not None and field.format == PERSON:  # an example of a person would be starred out
        return f"{said}; {say('write all {digits} digits', digits=field.digits)}"
    example = "" if field is None else written(example_of(field))
    return say("{why}; for example {example}", why=said, example=example) if example else said
