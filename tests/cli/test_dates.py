"""Dates as people, spreadsheets and databases write them: read, or refused."""

from __future__ import annotations

import datetime

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from sdir_async.cli.dates import SERIAL, learn, read_moment
from sdir_async.cli.refusal import Hints, Refused, Undecided
from sdir_async.upload.formats import is_date_time

days = st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31))
NOTHING = Hints()


@given(days)
def test_every_way_to_write_a_date_gives_the_same(day: datetime.date) -> None:
    """Each form gives the same day, and midnight UTC if a time is required."""
    month = ["jan", "feb", "mar", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "des"][
        day.month - 1
    ]
    for written in (
        day,
        datetime.datetime.combine(day, datetime.time()),
        day.isoformat(),
        f"{day.year}-{day.month}-{day.day}",
        f"{day:%d.%m.%Y}",
        f"{day.day}.{day.month}.{day.year}",
        f"{day.day}. {day.month}. {day.year}",
        f"{day.day}. {month} {day.year}",
        f"{day:%Y%m%d}",
        f"{day:%d%m%Y}",
    ):
        assert read_moment(written, NOTHING, with_time=False) == (day.isoformat(), "")
        moment = f"{day.isoformat()}T00:00:00+00:00"
        assert read_moment(written, NOTHING, with_time=True) == (moment, "")


@given(days)
def test_a_slashed_date_is_read_by_the_order_of_its_column(day: datetime.date) -> None:
    """Without one it is refused, unless it can only have its day first."""
    american, european = f"{day:%m/%d/%Y}", f"{day:%d/%m/%Y}"
    iso = (day.isoformat(), "")
    assert read_moment(american, Hints(order="mdy"), with_time=False) == iso
    assert read_moment(european, Hints(order="dmy"), with_time=False) == iso
    with pytest.raises(Undecided):
        read_moment(american, NOTHING, with_time=False)
    if day.day > 12:
        assert read_moment(european, NOTHING, with_time=False) == iso
    else:
        with pytest.raises(Undecided):
            read_moment(european, NOTHING, with_time=False)


@pytest.mark.parametrize(
    ("values", "order", "typed"),
    [
        (["01/02/2024", "31/05/2024"], "dmy", False),
        (["01-02-2024", "05-31-2024"], "mdy", False),
        (["31/05/2024", "5/31/2024"], "", False),
        (["01/02/2024", "31.05.2024", "2024-05-31", None, 7], "", False),
        (["x", datetime.datetime(2024, 5, 31)], "", True),
    ],
)
def test_a_column_says_which_part_of_its_dates_is_first(
    values: list[object], order: str, typed: bool
) -> None:
    """If all of it that shows an order shows the same one."""
    assert learn(values) == Hints(order=order, typed_dates=typed)


def _day(day: int, month: int = 6) -> datetime.datetime:
    return datetime.datetime(2024, month, day)


@pytest.mark.parametrize(
    ("values", "swapped"),
    [
        ([_day(5), "05/31/2024"], True),
        ([_day(5), _day(30), "05/31/2024"], True),
        ([_day(5), "31/05/2024"], True),
        ([_day(5), _day(30), "31/05/2024"], False),
        ([_day(30), "05/31/2024"], False),
        ([_day(5), "05/06/2024"], False),
        ([_day(5), "31.05.2024"], False),
        (["31/05/2024", "05/06/2024"], False),
    ],
)
def test_excel_may_have_swapped_days_and_months(values: list[object], swapped: bool) -> None:
    """It does so where it reads `05/06/2024` as a date and leaves `05/31/2024` a text."""
    assert learn(values).swapped == swapped


def test_dates_that_excel_may_have_swapped_are_refused() -> None:
    """The texts, and dates that can be swapped; with `--dates` a person has decided."""
    hints = Hints(order="mdy", typed_dates=True, swapped=True, by_excel=True)
    for cell in (_day(5), "05/31/2024"):
        with pytest.raises(Refused, match="Excel may have swapped"):
            read_moment(cell, hints, with_time=False)
    assert read_moment(_day(30), hints, with_time=False) == ("2024-06-30", "")
    told = Hints(order="mdy", by_excel=True)
    assert read_moment(_day(5), told, with_time=False) == ("2024-06-05", "")
    assert read_moment("05/31/2024", told, with_time=False) == ("2024-05-31", "")


@pytest.mark.parametrize("day", [datetime.date(1899, 12, 31), datetime.date(1904, 12, 31)])
def test_a_small_number_in_the_format_of_a_date_is_refused(day: datetime.date) -> None:
    """An empty cell that a formula refers to is such a date; a year that no course has is, too."""
    with pytest.raises(Refused, match="small number"):
        read_moment(day, Hints(by_excel=True), with_time=False)
    for written in ("0024-05-31", datetime.date(24, 5, 31), datetime.date(9999, 12, 31)):
        with pytest.raises(Refused, match="not a date"):
            read_moment(written, NOTHING, with_time=False)


def test_what_calculations_add_to_a_second_is_taken_away() -> None:
    """A day that Excel calculated is midnight, though it is some milliseconds from it."""
    for noise in (datetime.timedelta(milliseconds=9), datetime.timedelta(milliseconds=-9)):
        value = _day(5) + noise
        assert read_moment(value, Hints(by_excel=True), with_time=False) == ("2024-06-05", "")
    with pytest.raises(Refused, match="has a time"):
        read_moment(_day(5) + datetime.timedelta(seconds=0.2), NOTHING, with_time=False)


@given(st.datetimes(datetime.datetime(2000, 1, 1), datetime.datetime(2099, 1, 1)))
def test_a_moment_stays_a_moment(moment: datetime.datetime) -> None:
    """Without an offset it is Norwegian, with one it is what it says."""
    aware = moment.replace(tzinfo=datetime.UTC)
    assert read_moment(aware.isoformat(), NOTHING, with_time=True) == (aware.isoformat(), "")
    try:
        written, _ = read_moment(moment, NOTHING, with_time=True)
    except Refused as refused:
        assert "clocks are changed" in refused.why
    else:
        assert is_date_time(written)
        assert datetime.datetime.fromisoformat(written).tzinfo is not None


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("31.05.2024 14:30", "2024-05-31T14:30:00+02:00"),
        ("31.01.2024 kl. 14.30", "2024-01-31T14:30:00+01:00"),
        ("31.05.2024 14.30.15", "2024-05-31T14:30:15+02:00"),
        ("2024-05-31 14:30", "2024-05-31T14:30:00+02:00"),
        ("2024-05-31T14:30:00Z", "2024-05-31T14:30:00+00:00"),
        ("31.5.24", "2024-05-31T00:00:00+00:00"),
        (20240531, "2024-05-31T00:00:00+00:00"),
    ],
)
def test_moments_as_people_write_them(cell: object, value: str) -> None:
    """A time without an offset is Norwegian time; a date without a time is midnight UTC."""
    assert read_moment(cell, NOTHING, with_time=True) == (value, "")


@pytest.mark.parametrize(
    "cell",
    [
        *("31.02.2024", "32.05.2024", "soon", "14:30", "31.5.88", "24/05/31", "2024-13-01"),
        *("2024", "31. foo 2024", "31.05.0024", "31.05.2024 25:00", "2024-05-31Tnoon"),
        *(
            True,
            7,
            240531,
            1e300,
            float("inf"),
            float("nan"),
            datetime.time(14, 30),
            datetime.timedelta(1),
            b"2024-05-31",
        ),
        *("2024-03-31 02:30", "2024-10-27 02:30"),
    ],
)
def test_what_is_no_date_or_could_be_two_is_refused(cell: object) -> None:
    """With an example that is written as the reader writes dates."""
    with pytest.raises(Refused) as caught:
        read_moment(cell, NOTHING, with_time=True)
    assert caught.value.example


def test_a_date_with_a_time_is_refused_where_only_a_date_is_wanted() -> None:
    """The time is not dropped, and the reason says that there is one."""
    with pytest.raises(Refused, match="has a time"):
        read_moment("31.05.2024 14:30", NOTHING, with_time=False)


@pytest.mark.parametrize("cell", [45443, 45443.0, "45443", "45443,0"])
def test_the_number_of_a_day_is_a_date_where_the_column_says_so(cell: object) -> None:
    """And that is said. Elsewhere it is refused with the date that it would be."""
    known = Hints(typed_dates=True, by_excel=True, epoch=datetime.datetime(1899, 12, 30))
    assert read_moment(cell, known, with_time=False) == ("2024-05-31", SERIAL)
    for unknown in (NOTHING, evolve(known, epoch=None)):
        with pytest.raises(Undecided, match=r"31\.05\.2024"):
            read_moment(cell, unknown, with_time=False)


def test_the_days_of_a_workbook_may_count_from_1904() -> None:
    """A serial number gives the date that the workbook's epoch makes of it, with a note."""
    hints = Hints(typed_dates=True, epoch=datetime.datetime(1904, 1, 1))
    assert read_moment(43981, hints, with_time=False) == ("2024-05-31", SERIAL)
