"""From what stands in a cell to what the document wants: understood, or refused."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import orjson

from . import dates, quantities
from .identifiers import read_digits
from .inputs.charset import garbled, odd_sign
from .inputs.delimited import Swallowed
from .inputs.marks import UNCALCULATED
from .refusal import Hints, Refused, Undecided
from .words import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .fields import Field

FAILED: Final = (
    *("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#CALC!", "#SPILL!"),
    *("#I/T", "#NAVN?", "#VERDI!"),
)
"""What Excel, in English or in Norwegian, shows where a formula has no value."""

_INVISIBLE: Final = "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\u00ad\u202a\u202c"
_AS_TEXT: Final = re.compile(r'="(.*)"', re.DOTALL)
_TRUE: Final = frozenset({"true", "yes", "ja", "1", "x", "sann"})
_FALSE: Final = frozenset({"false", "no", "nei", "0", "usann"})
_WORDS_FOR_NOTHING: Final = frozenset({"null", "none", "nan", "nat", "<na>"})
_PLAIN: Final = re.compile(
    r"(?!(?i:null|none|nan|nat)$)"
    r"[0-9A-Za-zÆØÅæøå](?:[0-9A-Za-zÆØÅæøå .,/'-]*[0-9A-Za-zÆØÅæøå.])?"
)
"""Texts that `convert` returns as they are; most are of this kind, and this is soon known."""
_NEVER: Final = re.compile(r"(?!)")
_KEPT: Final = 16_384
_KEPT_KINDS: Final = frozenset({str, datetime.datetime, datetime.date})
NOTHING: Final = object()
"""What a blank cell holds."""

_NOTHING: Final = Hints()


def convert(value: object, field: Field, hints: Hints = _NOTHING) -> tuple[Any, str]:
    """Return a cell's value as the field has it, and what had to be done that is worth saying.

    What the document can't be asked about is returned as it is: the check before sending refuses
    it, if it must be refused.

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
        if found.casefold() in _WORDS_FOR_NOTHING:
            return found, say("what programs write for nothing is sent as it stands")
        odd = "" if found.isascii() else odd_sign(found)
        return (
            found,
            say("{odd!r} is in no name: is the charset right? --encoding says it", odd=odd)
            if odd
            else "",
        )
    if field.types & {"integer", "number"}:
        whole = "number" not in field.types
        return quantities.read_number(text.removeprefix("'") or value, hints, whole=whole), ""
    return _other(value, field.types), ""


def unwrapped(text: str) -> str:
    """Return a text without spaces, signs of no width and what Excel writes to keep it a text."""
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
        if not value.isascii() and ("\ufffd" in value or garbled(value)):
            meant = garbled(value)
            raise Refused(
                "was written in one charset and read in another",
                say("write it as {meant}", meant=meant) if meant else say("write it again"),
            )
        return value
    if isinstance(value, bool):
        raise Refused("is true or false, and a text is wanted", "write it as text")
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        raise Refused("is a number that Excel may have rounded", "format the cell as text")
    if isinstance(value, datetime.date | datetime.time | datetime.timedelta):
        raise Refused(
            "is a date or a time, and a text is wanted",
            "format the cell as text, and write it again",
        )
    raise Refused("is not a text", "write it as text")


def _plain(field: Field) -> re.Pattern[str]:
    """Return what texts look like that this field has as they are."""
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
                raise Refused("is not JSON", 'write it as ["a", "b"]') from None
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

    Where a value could be read in two ways, all values of the column are looked at, once: if a
    single rule fits them, they are read by it, and refused otherwise. That is put off until such a
    value comes: the others mean the same by every rule.

    It is a dictionary of what was read, since dates and codes come again and again.
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
            return value, ""
        found = (NOTHING, "") if is_empty(value) else self._found(value)
        if kind in _KEPT_KINDS:
            if len(self) >= _KEPT:
                self.clear()
            self[value] = found
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
        if value in FAILED:
            raise Refused("is what Excel shows where a formula failed", "correct the formula")
        if value == UNCALCULATED:
            raise Refused(
                "is a formula that was never calculated", "open the file in Excel and save it"
            )
        try:
            return convert(value, self._field, self._hints)
        except Undecided:
            if self._column is None:
                raise
        self._learn()
        return convert(value, self._field, self._hints)

    def _learn(self) -> None:
        """Look at the whole column; what a person has said stays."""
        values, self._column = (self._column or tuple)(), None
        learn = dates.learn if self._field.format in ("date", "date-time") else quantities.learn
        found = learn(values)
        self._hints = Hints(
            self._hints.decimal or found.decimal,
            self._hints.order or found.order,
            found.typed_dates,
            self._hints.epoch,
            self._hints.told,
        )
