"""Numbers as people write them: read by the rule of their column, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdir_async.cli.quantities import learn, read_number
from sdir_async.cli.refusal import Hints, Refused, Undecided

NOTHING = Hints()
COMMA, POINT = Hints(decimal=","), Hints(decimal=".")


@given(st.integers(-(10**14), 10**14))
def test_a_whole_number_is_read_in_every_form_that_means_one(number: int) -> None:
    """Thousands separators, a fraction of zero or a sign do not change the number."""
    written = f"{number:,}"
    for text in (str(number), written.replace(",", " "), written.replace(",", "\u00a0")):
        assert read_number(text, NOTHING, whole=True) == number
    assert read_number(written.replace(",", "'"), NOTHING, whole=True) == number
    assert read_number(written, POINT, whole=True) == number
    assert read_number(written.replace(",", "."), COMMA, whole=True) == number
    assert read_number(f"{number},0", NOTHING, whole=True) == number
    assert read_number(float(number), NOTHING, whole=True) == number


@given(st.integers(1, 999), st.integers(0, 999), st.sampled_from(",."))
def test_what_could_be_thousands_or_decimals_is_refused(first: int, second: int, mark: str) -> None:
    """Of hours, `1.000` is never saved as 1 unless a person has said so."""
    text = f"{first}{mark}{second:03}"
    with pytest.raises(Undecided):
        read_number(text, NOTHING, whole=True)
    with pytest.raises(Undecided):
        read_number(text, Hints(decimal=mark), whole=True)
    other = {",": ".", ".": ","}[mark]
    assert read_number(text, Hints(decimal=other), whole=True) == first * 1000 + second
    told = Hints(decimal=mark, told=True)
    if second:
        with pytest.raises(Refused):
            read_number(text, told, whole=True)
    else:
        assert read_number(text, told, whole=True) == first


@pytest.mark.parametrize(
    ("values", "decimal"),
    [
        (["1.000", "2.000"], ""),
        (["1.000", "1.600,00"], ","),
        (["1.000", "1.234.567"], ","),
        (["1,000", "12.5"], "."),
        (["1,5", "1.5"], ""),
        (["160", "x", None, 7.5], ""),
    ],
)
def test_a_column_says_what_separates_its_decimals(values: list[object], decimal: str) -> None:
    """If exactly one rule fits all of its numbers."""
    assert learn(values) == Hints(decimal=decimal)


@pytest.mark.parametrize(
    ("cell", "value"), [("12,5", 12.5), ("12.5", 12.5), ("0,125", 0.125), ("1e-5", 1e-5)]
)
def test_decimals_are_read_where_they_can_mean_only_that(cell: str, value: float) -> None:
    """A comma or a point that can only be a decimal separator is read as one."""
    assert read_number(cell, NOTHING, whole=False) == value


@pytest.mark.parametrize(
    "cell",
    [
        *("12,5", "1.23E+10", "1e5", "160 t", "1 2", "1 00", "1.00.000", "--1", "", "nan", "٣"),
        *("12345678901234567", True, 1.5, float("nan"), float("inf"), b"1", "31.05.2024"),
    ],
)
def test_what_is_no_whole_number_is_refused(cell: object) -> None:
    """Fractions, units, wrong groups, dates and numbers of too many digits are refused."""
    with pytest.raises(Refused):
        read_number(cell, NOTHING, whole=True)


@pytest.mark.parametrize("cell", ["1e999", "nan", "x", float("inf")])
def test_what_is_no_number_is_refused(cell: object) -> None:
    """Text, NaN and infinity are refused, also where a number overflows."""
    with pytest.raises(Refused):
        read_number(cell, NOTHING, whole=False)
