"""Finds the charset of a text: UTF-8 or UTF-16 if possible, else one that old systems used.

Libraries that guess any charset of the world take a short list of Norwegian names in an old
charset for another one too often. Here the question is smaller: which of a few charsets makes
letters that Norwegian has of all bytes that are not ASCII. Where none or several do, it is not
guessed.
"""

from __future__ import annotations

import codecs
import html
import re
import unicodedata
from typing import TYPE_CHECKING, Final

from ..trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterable

BOMS: Final = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
OLD: Final = ("windows-1252", "cp850", "mac_roman")
"""What Windows, DOS and old Macs write; for Norwegian letters, cp865 and ISO 8859-1 agree."""

_LETTERS: Final = frozenset("æøåÆØÅéèêóòôäöüÄÖÜÉ")
_SIGNS: Final = frozenset("\u2013\u2019“”«»°§€\u00b4\u00a0")
_CODE: Final = re.compile(
    r"&(?:[A-Za-z]{2,8}|#\d{1,6}|#[xX][0-9A-Fa-f]{1,5});|\\[ux]([0-9A-Fa-f]{2,4})|_x([0-9A-F]{4})_"
    r"|((?:[=%]C3[=%][89AB][0-9A-F])+|(?<=[A-Za-z])=[C-F][0-9A-F](?=[a-z]))"
)
_MARK: Final = str.maketrans("", "", "=%")
_MANY: Final = 0.3
_ENOUGH: Final = 65_536


def wide(head: bytes) -> str:
    """Return which UTF-16 a text without a mark at its beginning is in, `""` if it is in none."""
    pairs = head[: len(head) // 2 * 2]
    if not pairs or b"\0" not in pairs:
        return ""
    first, second = pairs[::2].count(0), pairs[1::2].count(0)
    half = len(pairs) // 2
    if second > half * _MANY and not first:
        return "utf-16-le"
    return "utf-16-be" if first > half * _MANY and not second else ""


def guess(pieces: Iterable[bytes]) -> str:
    """Return the old charset of a text, from those of its pieces that are not ASCII.

    Raises:
        Trouble: With no charset, or with several, it looks like Norwegian.
    """
    sample = b"".join(pieces)[:_ENOUGH]
    odd = {bytes([byte]): sample.count(byte) for byte in set(sample) if byte > 0x7F}
    scores = sorted((sum(_oddness(b, name) * n for b, n in odd.items()), name) for name in OLD)
    (best, name), (second, _) = scores[:2]
    if best < second and best <= sum(odd.values()):
        return name
    raise Trouble(
        "is neither UTF-8 nor in an older encoding that can be detected: set it with --encoding,"
        " such as --encoding windows-1252 or --encoding cp850."
    )


def _oddness(byte: bytes, charset: str) -> int:
    """Return how unusual the character of a byte is in a Norwegian text."""
    try:
        character = byte.decode(charset)
    except UnicodeDecodeError:
        return 1000
    if character in _LETTERS:
        return 0
    if character in _SIGNS:
        return 1
    return 2 if character.isalpha() else 5


def garbled(text: str) -> str:
    """Return what a text was before its UTF-8 was taken for Windows-1252; `""` if it was not."""
    try:
        before = text.encode("windows-1252").decode("utf-8")
    except UnicodeError:
        return ""
    return before if before != text else ""


def code_in(text: str) -> tuple[str, str] | None:
    r"""Return the code that a text has instead of a letter, and the text with the letter.

    Pages, programs, mails and Excel's own files write letters so: `&oslash;`, `\u00f8`, `=F8`,
    `%C3%B8`, `_x00F8_`.
    """
    found = _CODE.search(text)
    return found and (found[0], _CODE.sub(_letter, text))


def _letter(code: re.Match[str]) -> str:
    if code[3]:
        raw = bytes.fromhex(code[3].translate(_MARK))
        return raw.decode("utf-8" if len(raw) > 1 else "latin-1", "replace")
    number = code[1] or code[2]
    return chr(int(number, 16)) if number else html.unescape(code[0])


def odd_sign(text: str) -> str:
    """Return the first character that no name has, `""` if there is none. Letters don't count."""
    signs = (one for one in text if not one.isascii() and not one.isalpha() and one not in _SIGNS)
    return next((one for one in signs if not unicodedata.combining(one)), "")
