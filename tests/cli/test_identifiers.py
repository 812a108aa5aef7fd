"""Numbers of persons, organisations and ships: read in every written form, or refused."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdir_async.cli.fields import Field
from sdir_async.cli.identifiers import RESTORED, read_digits
from sdir_async.cli.refusal import Refused
from sdir_async.upload.formats import is_person_number

PERSON = Field(("person",), format="person-number", digits=11)
ORGANIZATION = Field(("organization",), format="organization-number", digits=9)
SHIP = Field(("ship",), format="imo-number", digits=7)
OTHER = Field(("other",), digits=4)


@pytest.mark.parametrize(
    ("field", "cell", "value"),
    [
        (PERSON, "418140 61033", "41814061033"),
        (PERSON, "418140-61033", "41814061033"),
        (PERSON, "418140.61033", "41814061033"),
        (PERSON, "418140\u00a061033", "41814061033"),
        (PERSON, "41.81.40 61033", "41814061033"),
        (PERSON, "fnr. 41814061033", "41814061033"),
        (PERSON, "41814061033,00", "41814061033"),
        (PERSON, 41814061033, "41814061033"),
        (PERSON, 41814061033.0, "41814061033"),
        (ORGANIZATION, "NO 991 825 827 MVA", "991825827"),
        (ORGANIZATION, "NO991825827", "991825827"),
        (ORGANIZATION, "Org.nr. 991825827", "991825827"),
        (ORGANIZATION, "991.825.827", "991825827"),
        (SHIP, "IMO 9074729", "9074729"),
        (SHIP, "IMO-nr: 9074729", "9074729"),
        (SHIP, "9.074.729", "9074729"),
        (OTHER, "0 815", "0815"),
    ],
)
def test_written_forms_are_read(field: Field, cell: object, value: str) -> None:
    """Spaces, dots, hyphens, labels and a fraction of zero are dropped without a note."""
    assert read_digits(cell, field) == (value, "")


@pytest.mark.parametrize("cell", [1819000049, 1819000049.0, "1819000049", "1819000049.0"])
def test_a_lost_zero_comes_back_where_day_month_and_check_digits_fit(cell: object) -> None:
    """And that is said."""
    assert read_digits(cell, PERSON) == ("01819000049", RESTORED)


@given(st.integers(0, 10**10 - 1))
def test_no_other_number_becomes_a_person(number: int) -> None:
    """Not one that lacks more than one digit, nor one that is not a day and month then."""
    try:
        read, note = read_digits(number, PERSON)
    except Refused:
        return
    assert (len(str(number)), note) == (10, RESTORED)
    assert read == f"0{number}"
    assert is_person_number(read)


@pytest.mark.parametrize(
    ("field", "cell", "why"),
    [
        (PERSON, 0, "is 0"),
        (PERSON, "00", "is 0"),
        (ORGANIZATION, "0", "is 0"),
        (PERSON, "1.23E+10", "rounded by Excel"),
        (PERSON, "8,9074066960E+09", "rounded by Excel"),
        (PERSON, 12300000000, "rounded by Excel"),
        (PERSON, "1814061034", "10 digits, but must have 11"),
        (PERSON, "NO41814061033", "not a number of 11 digits"),
        (PERSON, "418140610330", "12 digits"),
        (PERSON, True, "not a number"),
        (PERSON, datetime.date(2024, 5, 31), "not a number"),
        (PERSON, 41814061033.5, "not a number"),
        (ORGANIZATION, 91825827, "8 digits, but must have 9"),
        (ORGANIZATION, "99182582٧", "not a number"),
        (SHIP, "123456.5", "not a number"),
        (SHIP, "74729", "5 digits"),
    ],
)
def test_other_forms_are_refused_with_an_example(field: Field, cell: object, why: str) -> None:
    """Nothing is made up that a person would have to answer for."""
    with pytest.raises(Refused, match=why) as caught:
        read_digits(cell, field)
    assert caught.value.example
