"""From the value of a cell to what the document wants: understood, or refused."""

from __future__ import annotations

import datetime
import re
import unicodedata
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import orjson
from attrs import evolve

from ..upload.formats import is_person_number
from . import dates, quantities
from .identifiers import read_digits
from .inputs.charset import code_in, garbled, odd_sign
from .inputs.delimited import Swallowed
from .inputs.marks import MERGED, UNCALCULATED
from .inputs.parquet import Rounded
from .refusal import Hints, Refused, Undecided
from .words import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .fields import Field

_FAILED: Final = re.compile(r"#[^\W_]+(?:/0)?[!?]|#N/A|#I/T|#NV|Err:\d{3}")
"""What Excel, in any language, and LibreOffice show where a formula has no value."""

_INVISIBLE: Final = "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\u00ad\u202a\u202c"
_UNSEEN_MARKS: Final = str.maketrans(dict.fromkeys(_INVISIBLE, ""))
_AS_TEXT: Final = re.compile(r'="(.*)"', re.DOTALL)
_TRUE: Final = frozenset({"true", "yes", "ja", "1", "x", "sann"})
_FALSE: Final = frozenset({"false", "no", "nei", "0", "usann"})
_NULLS: Final = frozenset({"null", "NULL", "None", "nan", "NaN", "NaT", "<NA>", "\\N"})
_LIKE_NULLS: Final = frozenset({"null", "none", "nan", "nat"})
"""Names that people may have, and that programs write for an empty value."""
_LOST_LETTER: Final = re.compile(r"[^\W\d_]\?[^\W\d_]")
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_WRITTEN: Final = str.maketrans("", "", " .-")
_SPACES: Final = str.maketrans(dict.fromkeys("\u00a0\u2007\u202f", " "))
_PLAIN: Final = re.compile(
    r"(?!(?i:null|none|nan|nat|0)$)(?![0-9]{6}[ .-]?[0-9]{5}$)"
    r"[0-9A-Za-zÆØÅæøå](?:[0-9A-Za-zÆØÅæøå .,/'-]*[0-9A-Za-zÆØÅæøå.])?"
)
"""Texts that `convert` returns unchanged: most texts, and quick to check."""
_NEVER: Final = re.compile(r"(?!)")
_KEPT: Final = 16_384
_KEPT_PLAIN: Final = 1024
_KEPT_KINDS: Final = frozenset({str, float, datetime.datetime, datetime.date})
NOTHING: Final = object()
"""What a blank cell holds."""

_NOTHING: Final = Hints()


def convert(value: object, field: Field, hints: Hints = _NOTHING) -> tuple[Any, str]:
    """Return a cell's value for the field, and a note if it had to be changed.

    A value that the document says nothing about is returned unchanged: the check before sending
    refuses it if necessary.

    Raises:
        Refused: It is not understood.
    """
    text = ""
    if isinstance(value, str):
        value = text = unwrapped(value)
        if not text:
            return value, ""
    if value is None or isinstance(value, list | dict):
        return value, ""
    if field.digits:
        return read_digits(text.removeprefix("'") or value, field)
    if field.format in ("date", "date-time"):
        with_time = field.format == "date-time"
        return dates.read_moment(text.removeprefix("'") or value, hints, with_time=with_time)
    if "string" in field.types:
        found = _text(value)
        return found, _doubt_of(found)
    if field.types & {"integer", "number"}:
        whole = "number" not in field.types
        return quantities.read_number(text.removeprefix("'") or value, hints, whole=whole), ""
    return _other(value, field.types), ""


def unwrapped(text: str) -> str:
    """Return a text without spaces, zero-width characters and Excel's mark of a text."""
    bare = text.strip()
    if not bare.isascii():
        bare = bare.strip(_INVISIBLE).strip()
    if bare[:2] == '="' and (found := _AS_TEXT.fullmatch(bare)):
        return found[1].strip()
    return bare


def is_empty(value: object) -> bool:
    """Say whether a cell holds nothing."""
    return (
        value is None
        or (isinstance(value, str) and not value.strip())
        or (isinstance(value, float) and value != value)
    )


def _text(value: object) -> str:
    if isinstance(value, str):
        _refuse_unreadable(value)
        return value if value.isascii() else _composed(value)
    if isinstance(value, bool):
        raise Refused("is true or false, but must be text", "write it as text")
    if value == 0:
        raise Refused(
            "is 0, which a look-up of an empty cell gives", "empty the cell, or format it as text"
        )
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        raise Refused("is a number that Excel may have rounded", "format the cell as text")
    if isinstance(value, datetime.date | datetime.time | datetime.timedelta):
        raise Refused(
            "is a date or a time, but must be text",
            "format the cell as text, and write it again",
        )
    raise Refused("is not text", "write it as text")


def _refuse_unreadable(text: str) -> None:
    """Refuse a text that nobody wrote: programs produced it."""
    if text in _NULLS:
        raise Refused("is what programs write for an empty value", "leave it empty")
    if not text.isascii() and ("\ufffd" in text or garbled(text)):
        raise Refused("was written in one charset and read in another", _write_as(garbled(text)))
    if code := code_in(text):
        found, meant = code
        example = _write_as(meant if meant.isprintable() else "")
        raise Refused("has {found} instead of a letter", example, found=found)
    if _UNSEEN.search(text):
        raise Refused("has a character that can't be seen", "write it again")


def _write_as(meant: str) -> str:
    return say("write it as {meant}", meant=meant) if meant else say("write it again")


def _composed(text: str) -> str:
    """Return what a person sees of a text: composed letters, plain spaces, nothing invisible."""
    return unicodedata.normalize("NFC", text.translate(_SPACES).translate(_UNSEEN_MARKS))


def _doubt_of(text: str) -> str:
    """Return a remark about a text that may not be what was meant, `""` for none."""
    if text.casefold() in _LIKE_NULLS:
        return say("what programs write for an empty value is sent unchanged")
    if text == "0":
        return say("0, which a look-up of an empty cell gives, is sent unchanged")
    if is_person_number(text.translate(_WRITTEN)):
        return say("looks like a person number: is this the right column?")
    if text[:1] == "'":
        return say("the leading apostrophe is sent, too")
    is_lost = _LOST_LETTER.search(text) and "/" not in text
    if odd := "?" if is_lost else "" if text.isascii() else odd_sign(text):
        return say(
            "{odd!r} is unusual in a name: is the encoding right? --encoding sets it", odd=odd
        )
    return ""


def _plain(field: Field) -> re.Pattern[str]:
    """Return a pattern of the texts that need no change in this field."""
    if field.digits:
        return re.compile(rf"[0-9]{{{field.digits}}}")
    is_text = "string" in field.types and field.format not in ("date", "date-time")
    return _PLAIN if is_text else _NEVER


def _other(value: object, types: frozenset[str]) -> Any:
    if isinstance(value, str):
        folded = value.casefold()
        if "boolean" in types and folded in _TRUE | _FALSE:
            return folded in _TRUE
        if types & {"array", "object"} and value[:1] in ("[", "{"):
            try:
                return orjson.loads(value)
            except orjson.JSONDecodeError:
                raise Refused("is not valid JSON", 'write it as ["a", "b"]') from None
    elif "boolean" in types:
        if isinstance(value, bool):
            return value
        if value in (0, 1):
            return bool(value)
    if "boolean" in types:
        raise Refused("is not true or false", "write ja or nei")
    return value


class Cells(dict[object, tuple[Any, str]]):
    """Reads the cells of one column by one rule: `cells[value]` is what `convert` returns for it.

    If a value could be read in two ways, all values of the column are looked at once. If exactly
    one rule fits them, they are read by it; otherwise the value is refused. This waits until such a
    value comes, because all others mean the same by every rule.

    It is a dictionary of what was read, since dates and codes come again and again; of texts that
    stand for themselves only the first are kept, since those of a column of persons hardly do.
    """

    def __init__(
        self,
        field: Field,
        hints: Hints = _NOTHING,
        column: Callable[[], Iterable[object]] | None = None,
    ) -> None:
        super().__init__()
        self._field = field
        self._hints = hints
        self._column = column
        self._is_plain = _plain(field).fullmatch

    def __missing__(self, value: object) -> tuple[Any, str]:
        """Read a value; where a cell is blank, `NOTHING` is returned for it.

        Raises:
            Refused: It is not understood.
        """
        kind = type(value)
        if kind is str and self._is_plain(value):  # type: ignore[call-overload]
            if len(self) < _KEPT_PLAIN:
                self[value] = value, ""
            return value, ""
        key = (kind, value) if kind is float else value  # 1.0, 1 and True are equal
        if kind is float and key in self:
            return self[key]
        found = (NOTHING, "") if is_empty(value) else self._found(value)
        if kind in _KEPT_KINDS:
            if len(self) >= _KEPT:
                self.clear()
            self[key] = found
        return found

    def _found(self, value: object) -> tuple[Any, str]:
        if isinstance(value, Swallowed):
            raise Refused(
                "holds what looks like further rows: a quote was opened in line {line} and not "
                "closed there",
                "remove the quote, or close it",
                line=value.line,
            )
        if isinstance(value, str) and value.strip("# ") == "" and len(value) > 1:
            raise Refused("is what Excel shows in a column that is too narrow", "make it wider")
        if isinstance(value, str) and _FAILED.fullmatch(value):
            raise Refused("is what Excel shows where a formula failed", "correct the formula")
        if value == UNCALCULATED:
            raise Refused(
                "is a formula that was never calculated", "open the file in Excel and save it"
            )
        if isinstance(value, Rounded):
            raise Refused(
                "is a number of 32 bits, which lost its last digits", "store the column as text"
            )
        if value == MERGED:
            raise Refused("is merged with another cell", "unmerge the cells, and fill in each")
        try:
            return convert(value, self._field, self._hints)
        except Undecided:
            if self._column is None:
                raise
        self._learn()
        return convert(value, self._field, self._hints)

    def _learn(self) -> None:
        """Look at the whole column; what the user has set stays."""
        values, self._column = (self._column or tuple)(), None
        learn = dates.learn if self._field.format in ("date", "date-time") else quantities.learn
        found = learn(values)
        self._hints = evolve(
            self._hints,
            decimal=self._hints.decimal or found.decimal,
            order=self._hints.order or found.order,
            typed_dates=found.typed_dates,
            swapped=found.swapped and not self._hints.order,
        )
        self.clear()

    def learn_from(self, other: Cells) -> None:
        """Read by the rule that was found in another pass over the same column."""
        if other._column is None and self._column is not None:
            self._hints, self._column = other._hints, None
            self.clear()
