"""Dates and moments as people, spreadsheets and databases write them; or a refusal."""

from __future__ import annotations

import datetime
import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .refusal import Hints, Refused, Undecided
from .trouble import Trouble
from .words import say, unsaid

if TYPE_CHECKING:
    from collections.abc import Iterable

SERIAL: Final = unsaid(
    "a number is read as an Excel date, as the other cells of its column are dates"
)
OSLO: Final = "Europe/Oslo"
_EPOCH: Final = datetime.datetime(1899, 12, 30)

_EXAMPLE: Final = unsaid("write it as 31.05.2024")
_SAY_ORDER: Final = unsaid(
    "write it as 31.05.2024, or set the order with --dates dmy or --dates mdy"
)
_SWAPPED: Final = unsaid(
    "is in a column in which Excel may have swapped days and months: some cells are dates, others "
    "texts such as 31/05/2024"
)
_EXAMPLE_WITH_TIME: Final = unsaid("write it as 31.05.2024 or 31.05.2024 14:30")
_SMALL: Final = 1904
"""Until this year, Excel's dates are small numbers in the format of a date."""
_NOISE: Final = datetime.timedelta(milliseconds=10)
"""What calculations with Excel's dates add to a second, or take from it."""
_SERIALS: Final = range(20_000, 80_000)
"""Days of Excel from 1954 to 2119."""
_MONTHS_OF_A_YEAR: Final = 12
_YEARS: Final = range(1900, 2200)
_SHORT_YEARS: Final = range(30)
"""Two digits that Excel takes for a year of this century."""

_TIME: Final = (
    r"(?:[ T,]+(?:kl\.? ?)?(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2}))?)?"
)
_DOTTED: Final = re.compile(
    rf"(?P<day>\d{{1,2}})\. ?(?P<month>\d{{1,2}})\. ?(?P<year>\d{{4}}|\d\d){_TIME}"
)
_NAMED: Final = re.compile(
    rf"(?P<day>\d{{1,2}})\.? (?P<month>[a-z]{{3,9}})\.? (?P<year>\d{{4}}){_TIME}", re.IGNORECASE
)
_SLASHED: Final = re.compile(
    rf"(?P<first>\d{{1,2}})([/-])(?P<second_>\d{{1,2}})\2(?P<year>\d{{4}}){_TIME}"
)
_ISO: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:([ T].*))?")
_COMPACT: Final = re.compile(r"\d{8}")
_SERIAL: Final = re.compile(r"\d{5}(?:[.,]\d+)?")
_MONTHS: Final = {
    name: month
    for month, names in enumerate(
        (
            "jan",
            "feb",
            "mar",
            "apr",
            "mai may",
            "jun",
            "jul",
            "aug",
            "sep",
            "okt oct",
            "nov",
            "des dec",
        ),
        1,
    )
    for name in names.split()
}


def read_moment(value: object, hints: Hints, *, with_time: bool) -> tuple[str, str]:
    """Return a date or a moment in the document's form, and what had to be done to read it.

    A date without a time is midnight in UTC where a time is wanted: it is the same date in Norway
    then. A time without an offset is Norwegian.

    Raises:
        Refused: It is not a date, or could be several.
    """
    note = ""
    found: datetime.date | float | None
    if isinstance(value, str):
        found = _from_text(value, hints)
    elif isinstance(value, datetime.date):
        found = _typed(value, hints)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        found = _from_number(value, hints)
    else:
        found = None
    if isinstance(found, float):
        found, note = _of_serial(found, hints), say(SERIAL)
    if not isinstance(found, datetime.date) or found.year not in _YEARS:
        raise Refused("is not a date", _EXAMPLE_WITH_TIME if with_time else _EXAMPLE)
    return _written(found, with_time=with_time), note


def learn(values: Iterable[object]) -> Hints:
    """Return what the values of a column show about those that could be read in two ways.

    Excel makes dates of the texts that it can read, and leaves the others: of `05/06/2024` and
    `05/31/2024` it makes the 5th of June and a text, where days come first.
    """
    early = late = False
    orders = set()
    for value in values:
        if isinstance(value, datetime.date):
            early |= value.day <= _MONTHS_OF_A_YEAR
            late |= value.day > _MONTHS_OF_A_YEAR
        elif isinstance(value, str) and (found := _SLASHED.fullmatch(value.strip())):
            first, second = int(found["first"]), int(found["second_"])
            orders |= (
                {"dmy"}
                if first > _MONTHS_OF_A_YEAR
                else {"mdy"}
                if second > _MONTHS_OF_A_YEAR
                else set()
            )
    return Hints(
        order="".join(orders) if len(orders) == 1 else "",
        typed_dates=early or late,
        swapped=early and bool(orders) and ("mdy" in orders or not late),
    )


def _typed(moment: datetime.date, hints: Hints) -> datetime.date:
    """Return the date that a cell holds as one, if it was meant to."""
    if hints.swapped and moment.day <= _MONTHS_OF_A_YEAR:
        raise Refused(_SWAPPED, _SAY_ORDER)
    if not hints.by_excel:
        return moment
    if moment.year <= _SMALL:
        raise Refused("is a small number in the format of a date", _EXAMPLE)
    if not isinstance(moment, datetime.datetime):
        return moment
    second = (moment + datetime.timedelta(seconds=0.5)).replace(microsecond=0)
    return second if abs(second - moment) < _NOISE else moment


def _from_text(text: str, hints: Hints) -> datetime.date | float | None:
    """Return the date or the moment in a text; a float if it is the number of a day."""
    try:
        if found := _DOTTED.fullmatch(text):
            return _dated(found, _year(found["year"]), int(found["month"]), int(found["day"]))
        if found := _ISO.fullmatch(text):
            year, month, day, time = found.groups()
            whole = f"{year}-{int(month):02}-{int(day):02}{time or ''}"
            return datetime.datetime.fromisoformat(whole)
        if found := _SLASHED.fullmatch(text):
            return _dated(found, int(found["year"]), *_ordered(found, hints))
        if found := _NAMED.fullmatch(text):
            month_ = _MONTHS.get(found["month"][:3].casefold(), 0)
            return _dated(found, int(found["year"]), month_, int(found["day"]))
        if _COMPACT.fullmatch(text):
            return _compact(text)
        if text[4:6] == "-W":
            return datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    if _SERIAL.fullmatch(text):
        return _from_number(float(text.replace(",", ".")), hints)
    return None


def _from_number(number: float, hints: Hints) -> datetime.date | float | None:
    """Return the date that a number spells, or the number of a day if it is one."""
    if not math.isfinite(number):
        return None
    if int(number) in _SERIALS:
        if hints.typed_dates and hints.epoch is not None:
            return float(number)
        would = _of_serial(float(number), hints)
        clock = "" if would.time() == datetime.time() else f" {would:%H:%M}"
        raise Undecided(
            "is a number, and in Excel it would be the date {would:%d.%m.%Y}{clock}",
            "format the column as a date, or write it as one",
            would=would,
            clock=clock,
        )
    return _compact(str(int(number))) if number == int(number) else None


def _of_serial(number: float, hints: Hints) -> datetime.datetime:
    return (hints.epoch or _EPOCH) + datetime.timedelta(seconds=round(number * 86_400))


def _compact(text: str) -> datetime.date | None:
    """Return the date that eight digits write: with the year first, or with the day first."""
    if len(text) == 8:
        for year, month, day in (
            (text[:4], text[4:6], text[6:]),
            (text[4:], text[2:4], text[:2]),
        ):
            if int(year) in _YEARS:
                try:
                    return datetime.date(int(year), int(month), int(day))
                except ValueError:
                    continue
    return None


def _ordered(found: re.Match[str], hints: Hints) -> tuple[int, int]:
    """Return the month and the day of a date in which either could be first."""
    first, second = int(found["first"]), int(found["second_"])
    order = hints.order or ("dmy" if first > _MONTHS_OF_A_YEAR else "")
    if hints.swapped or (hints.by_excel and order and not hints.order):
        raise Undecided(_SWAPPED, _SAY_ORDER)
    if not order:
        raise Undecided(
            say("has its month first")
            if second > _MONTHS_OF_A_YEAR
            else say("could have the day or the month first"),
            _SAY_ORDER,
        )
    if order == "mdy":
        return first, second
    return second, first


def _year(text: str) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    if year not in _SHORT_YEARS:
        raise Refused("has a year of two digits", "write all four, as in 31.05.1988")
    return 2000 + year


def _dated(found: re.Match[str], year: int, month: int, day: int) -> datetime.date:
    if year not in _YEARS:
        raise ValueError(year)
    date = datetime.date(year, month, day)
    if found["hour"] is None:
        return date
    time = datetime.time(int(found["hour"]), int(found["minute"]), int(found["second"] or 0))
    return datetime.datetime.combine(date, time)


def _written(moment: datetime.date, *, with_time: bool) -> str:
    if not isinstance(moment, datetime.datetime):
        return f"{moment.isoformat()}T00:00:00+00:00" if with_time else moment.isoformat()
    midnight = moment.tzinfo is None and moment.time() == datetime.time()
    if midnight:
        return _written(moment.date(), with_time=with_time)
    if not with_time:
        raise Refused("has a time, but must be only a date", _EXAMPLE)
    return (moment if moment.tzinfo else _norwegian(moment)).isoformat()


def _norwegian(moment: datetime.datetime) -> datetime.datetime:
    """Return a moment with Norway's offset, if there is exactly one at that time."""
    zone = _oslo()
    local = moment.replace(tzinfo=zone)
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise Refused(
            "is in the hour when the clocks change",
            "write its offset, as in 2024-10-27T02:30:00+01:00",
        )
    return local


@lru_cache(maxsize=1)
def _oslo() -> ZoneInfo:
    try:
        return ZoneInfo(OSLO)
    except ZoneInfoNotFoundError:
        raise Trouble("Norway's time zone is not installed: pip install tzdata.") from None
