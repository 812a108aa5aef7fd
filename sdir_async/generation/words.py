"""Splits a name in a document into words, in any alphabet.

The generator only knows the letters of ASCII: it makes `f_ø_dselsnummer` of `fødselsnummer`. This
replaces the one function that all its names pass through. ASCII names stay as they were.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from openapi_python_client import strings

_DELIMITED = re.compile(rf"[^{re.escape(strings.DELIMITERS)}]+")
_WORD = re.compile("[A-Z]?[a-z]+")


def split_words(value: str) -> list[str]:
    """Split a name at its delimiters, and where capitals begin a word.

    >>> split_words("norskFødselsnummer"), split_words("SJØ_MANN")
    (['norsk', 'Fødselsnummer'], ['SJØ', 'MANN'])
    """
    value = unicodedata.normalize("NFKC", value)
    if any(letter.isupper() for letter in value):
        value = _apart(value)
    return _DELIMITED.findall(value)


def _apart(value: str) -> str:
    """Put spaces around words; their ends are found in a copy that has ASCII letters only."""
    copied = "".join(map(_ascii, value))
    ends = [0, *(end for word in _WORD.finditer(copied) for end in word.span()), len(value)]
    return " ".join(value[start:end] for start, end in pairwise(ends))


def _ascii(letter: str) -> str:
    if letter.isascii() or not letter.isalpha():
        return letter
    return "A" if letter.isupper() else "a"


strings.split_words = split_words
