"""From cells to values: laws, and the cases that spreadsheets are known for."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdir_async.cli.fields import Field
from sdir_async.cli.values import RESTORED, SERIAL, convert
from sdir_async.upload.formats import is_date_time

PERSON = Field(("person",), format="person-number", digits=11)
DATE = Field(("date",), format="date")
MOMENT = Field(("moment",), format="date-time")
TEXT = Field(("text",), frozenset({"string", "null"}))
COUNT = Field(("count",), frozenset({"integer"}))
SHARE = Field(("share",), frozenset({"number"}))
FLAG = Field(("flag",), frozenset({"boolean"}))
LIST = Field(("list",), frozenset({"array"}))

days = st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31))


@given(days)
def test_every_way_to_write_a_date_gives_the_same(day: datetime.date) -> None:
    midnight = datetime.datetime.combine(day, datetime.time())
    for written in (
        day,
        midnight,
        day.isoformat(),
        f"{day:%d.%m.%Y}",
        f" {day.day}.{day.month}.{day.year} ",
    ):
        assert convert(written, DATE) == (day.isoformat(), "")
        assert convert(written, MOMENT) == (f"{day.isoformat()}T00:00:00+00:00", "")


@given(st.datetimes(datetime.datetime(2000, 1, 1), datetime.datetime(2099, 1, 1)))
def test_a_moment_stays_a_moment(moment: datetime.datetime) -> None:
    """Without an offset it is Norwegian, with one it is what it says."""
    written, _ = convert(moment, MOMENT)
    assert is_date_time(written)
    assert datetime.datetime.fromisoformat(written).tzinfo is not None
    aware = moment.replace(tzinfo=datetime.UTC)
    assert convert(aware.isoformat(), MOMENT) == (aware.isoformat(), "")


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("31.05.2024 14:30", "2024-05-31T14:30:00+02:00"),
        ("31.01.2024 kl. 14.30", "2024-01-31T14:30:00+01:00"),
        ("2024-05-31T14:30:00Z", "2024-05-31T14:30:00+00:00"),
        ("31.02.2024", "31.02.2024"),
        ("05/31/2024", "05/31/2024"),
        ("soon", "soon"),
        (True, True),
    ],
)
def test_moments_as_people_write_them(cell: object, value: object) -> None:
    """What is none, or could be two, is left for the check to refuse."""
    assert convert(cell, MOMENT) == (value, "")


def test_the_number_of_a_day_in_excel_is_a_date_and_that_is_said() -> None:
    assert convert(45443, DATE) == ("2024-05-31", SERIAL)
    assert convert(45443.0, DATE) == ("2024-05-31", SERIAL)
    assert convert(7, DATE) == (7, "")


@pytest.mark.parametrize(
    "cell",
    [1819000049, 1819000049.0, "1819000049", " 1819000049 ", "1819000049.0", "1819000049,00"],
)
def test_a_lost_zero_comes_back_where_the_check_digits_say_so(cell: object) -> None:
    assert convert(cell, PERSON) == ("01819000049", RESTORED)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("418140 61033", "41814061033"),
        ("418140\u00a061033", "41814061033"),
        (41814061033, "41814061033"),
        ("1814061034", "1814061034"),
        ("4.18141E+10", "4.18141E+10"),
        ("418140610330", "418140610330"),
        ("", ""),
    ],
)
def test_other_numbers_are_left_as_they_are(cell: object, value: str) -> None:
    """Nothing is made up that a person would have to answer for."""
    assert convert(cell, PERSON) == (value, "")


@given(st.text(max_size=20))
def test_a_text_is_never_changed_but_for_spaces_around_it(text: str) -> None:
    assert convert(text, TEXT) == (text.strip(), "")


@given(
    st.one_of(
        st.none(),
        st.integers(),
        st.floats(),
        st.text(),
        st.booleans(),
        st.datetimes(),
        days,
        st.times(),
    )
)
def test_no_cell_is_too_strange(cell: object) -> None:
    for field in (PERSON, DATE, MOMENT, TEXT, COUNT, SHARE, FLAG, LIST):
        _, warning = convert(cell, field)
        assert isinstance(warning, str)


@pytest.mark.parametrize(
    ("cell", "field", "value"),
    [
        (3142118, TEXT, "3142118"),
        (3142118.0, TEXT, "3142118"),
        (datetime.datetime(2024, 5, 31), TEXT, "2024-05-31"),
        ("1 200", COUNT, 1200),
        ("1200,0", COUNT, 1200),
        ("12,5", COUNT, "12,5"),
        (12.0, COUNT, 12),
        ("12,5", SHARE, 12.5),
        ("1e999", SHARE, "1e999"),
        ("nan", SHARE, "nan"),
        ("Ja", FLAG, True),
        ("nei", FLAG, False),
        ("kanskje", FLAG, "kanskje"),
        ('["a"]', LIST, ["a"]),
        ("[a", LIST, "[a"),
    ],
)
def test_numbers_flags_and_lists(cell: object, field: Field, value: object) -> None:
    assert convert(cell, field) == (value, "")
