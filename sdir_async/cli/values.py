"""From what stands in a cell to what the document wants: dates, numbers, and lost zeros."""

from __future__ import annotations

import datetime
import math
import re
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import orjson

from ..upload.formats import FORMATS

if TYPE_CHECKING:
    from .fields import Field

OSLO: Final = "Europe/Oslo"
RESTORED: Final = "a leading zero was lost and is put back"
SERIAL: Final = "a number was read as an Excel date"
FAILED: Final = (
    *("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#CALC!", "#SPILL!"),
    *("#I/T", "#NAVN?", "#VERDI!"),
)
"""What Excel, in English or in Norwegian, shows where a formula has no value."""

_NORWEGIAN: Final = re.compile(
    r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})(?:[ T,]+(?:kl\.? ?)?(\d{1,2})[:.](\d{2})(?::(\d{2}))?)?"
)
_FLOAT_OF_DIGITS: Final = re.compile(r"(\d+)[.,]0+")
_SPACES: Final = re.compile(r"[\s\u00a0\u202f]+")
_WHOLE: Final = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_EXCEL_EPOCH: Final = datetime.datetime(1899, 12, 30)
_EXCEL_DAYS: Final = range(20_000, 80_000)
_TRUE: Final = frozenset({"true", "yes", "ja", "1", "x"})
_FALSE: Final = frozenset({"false", "no", "nei", "0"})


def convert(value: object, field: Field) -> tuple[Any, str]:
    """Return a cell's value as the field has it, and what had to be done that is worth saying.

    What makes no sense for the field is returned as it is: the check before sending refuses it, and
    says why.
    """
    if isinstance(value, str):
        value = value.strip()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if field.digits:
        return _digits(value, field)
    if field.format in ("date", "date-time"):
        return _moment(value, with_time=field.format == "date-time")
    return _plain(value, field.types), ""


def is_empty(value: object) -> bool:
    """Say whether a cell holds nothing."""
    return value is None or (isinstance(value, str) and not value.strip())


def _digits(value: object, field: Field) -> tuple[Any, str]:
    if isinstance(value, bool):
        return value, ""
    text = _SPACES.sub("", str(value))
    if found := _FLOAT_OF_DIGITS.fullmatch(text):
        text = found[1]
    if not (text.isascii() and text.isdigit()) or len(text) >= field.digits:
        return text, ""
    restored = text.zfill(field.digits)
    fits = FORMATS.get(field.format)
    return (restored, RESTORED) if fits and fits(restored) else (text, "")


def _moment(value: object, *, with_time: bool) -> tuple[Any, str]:
    note = ""
    if isinstance(value, int) and not isinstance(value, bool) and value in _EXCEL_DAYS:
        value, note = _EXCEL_EPOCH + datetime.timedelta(days=value), SERIAL
    found = _parse(value) if isinstance(value, str) else value
    if isinstance(found, datetime.datetime):
        return _written(found, with_time=with_time), note
    if isinstance(found, datetime.date):
        return _at_midnight(found) if with_time else found.isoformat(), note
    return value, ""


def _written(moment: datetime.datetime, *, with_time: bool) -> str:
    """Return a moment, or its date where it is one: at midnight, or when no time is wanted.

    A date without a time is midnight in UTC: it is the same date in Norway then. A time without an
    offset is Norwegian.
    """
    midnight = moment.tzinfo is None and moment.time() == datetime.time()
    if not with_time:
        return moment.date().isoformat() if midnight else moment.isoformat()
    if midnight:
        return _at_midnight(moment.date())
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(OSLO))).isoformat()


def _at_midnight(day: datetime.date) -> str:
    return f"{day.isoformat()}T00:00:00+00:00"


def _parse(text: str) -> datetime.datetime | datetime.date | None:
    """Read a date or a moment as people in Norway write it, or as ISO 8601 does."""
    try:
        if found := _NORWEGIAN.fullmatch(text):
            day, month, year, *clock = (int(part or 0) for part in found.groups())
            at = datetime.time(clock[0], clock[1], clock[2])
            return datetime.datetime.combine(datetime.date(year, month, day), at)
        if text[4:5] == "-":
            return datetime.datetime.fromisoformat(text)
    except ValueError:
        pass
    return None


def _plain(value: object, types: frozenset[str]) -> Any:
    if isinstance(value, str):
        return _from_text(value, types)
    if types & {"integer", "number", "boolean"} or value is None:
        return value
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        value = value.date()
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value) if isinstance(value, int | float) else value


def _from_text(text: str, types: frozenset[str]) -> Any:
    if "string" in types:
        return text
    folded = text.casefold()
    if "boolean" in types and folded in _TRUE | _FALSE:
        return folded in _TRUE
    if types & {"integer", "number"}:
        return _number(_SPACES.sub("", text).replace(",", "."), text, types)
    if types & {"array", "object"} and text[:1] in ("[", "{"):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
    return text


def _number(text: str, otherwise: str, types: frozenset[str]) -> int | float | str:
    if _WHOLE.fullmatch(text):
        return int(text)
    try:
        number = float(text)
    except ValueError:
        return otherwise
    if number.is_integer():
        return int(number)
    return number if "number" in types and math.isfinite(number) else otherwise
