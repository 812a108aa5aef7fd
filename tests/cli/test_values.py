"""From cells to values: what each kind of field takes, and how a column decides."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdir_async.cli.fields import Field
from sdir_async.cli.inputs.marks import UNCALCULATED
from sdir_async.cli.refusal import Hints, Refused
from sdir_async.cli.values import NOTHING, Cells, convert

PERSON = Field(("person",), format="person-number", digits=11)
DATE = Field(("date",), format="date")
MOMENT = Field(("moment",), format="date-time")
TEXT = Field(("text",), frozenset({"string", "null"}))
COUNT = Field(("count",), frozenset({"integer"}))
SHARE = Field(("share",), frozenset({"number"}))
FLAG = Field(("flag",), frozenset({"boolean"}))
LIST = Field(("list",), frozenset({"array"}))


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=20))
def test_a_text_is_never_changed_but_for_spaces_around_it(text: str) -> None:
    """Any printable ASCII text keeps its characters, or is refused; only spaces are removed."""
    if not text.strip().startswith('="'):
        with suppress(Refused):
            assert convert(text, TEXT)[0] == text.strip()


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("A\u030ase", "Åse"),
        ("Ole\u00a0Nordmann", "Ole Nordmann"),
        ("O\u200ble", "Ole"),
        ("Bjo\u00adrn", "Bjorn"),
    ],
)
def test_a_text_is_what_a_person_sees(text: str, seen: str) -> None:
    """Letters are composed, spaces are plain, and what is invisible is gone."""
    assert convert(text, TEXT) == (seen, "")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Bj&oslash;rn", "has &oslash; instead of a letter; write it as Bjørn"),
        ("Bj&#248;rn", "has &#248; instead of a letter; write it as Bjørn"),
        (r"Bj\u00f8rn", r"has \u00f8 instead of a letter; write it as Bjørn"),
        ("Bj=F8rn", "has =F8 instead of a letter; write it as Bjørn"),
        ("Bj=C3=B8rn", "has =C3=B8 instead of a letter; write it as Bjørn"),
        ("Nord%C3%A5s", "has %C3%A5 instead of a letter; write it as Nordås"),
        ("Ole_x000D_", "has _x000D_ instead of a letter; write it again"),
        ("Tor &amp; Co", "has &amp; instead of a letter; write it as Tor & Co"),
        ("O\0le", "has a character that can't be seen; write it again"),
        ("Bj\x9brn", "has a character that can't be seen; write it again"),
        ("NULL", "is what programs write for an empty value; leave it empty"),
        ("<NA>", "is what programs write for an empty value; leave it empty"),
        (0, "is 0, which a look-up of an empty cell gives; empty the cell, or format it as text"),
    ],
)
def test_a_text_that_nobody_wrote_is_refused(text: object, why: str) -> None:
    """What a page, a database or another charset made of it is not saved."""
    with pytest.raises(Refused) as caught:
        convert(text, TEXT)
    assert str(caught.value) == why


@pytest.mark.parametrize("text", ["41814061033", "418140 61033", "41814061034", "12345678901"])
def test_a_person_number_in_a_column_of_texts_is_said(text: str) -> None:
    """Columns may have been shifted; other numbers of 11 digits are texts like others."""
    said = "looks like a person number: is this the right column?"
    note = said if text.endswith("33") else ""
    assert Cells(TEXT)[text] == convert(text, TEXT) == (text, note)


@given(
    st.one_of(
        st.none(),
        st.integers(),
        st.floats(),
        st.text(),
        st.booleans(),
        st.binary(),
        st.decimals(allow_nan=False),
        st.datetimes(),
        st.dates(),
        st.times(),
        st.timedeltas(),
    )
)
def test_no_cell_is_too_strange(cell: object) -> None:
    """It is read, or refused in a sentence."""
    for field in (PERSON, DATE, MOMENT, TEXT, COUNT, SHARE, FLAG, LIST):
        try:
            _, note = Cells(field)[cell]
        except Refused as refused:
            assert str(refused)
        else:
            assert isinstance(note, str)


@pytest.mark.parametrize(
    ("cell", "field", "value"),
    [
        (3142118, TEXT, "3142118"),
        (3142118.0, TEXT, "3142118"),
        (decimal.Decimal(7), TEXT, "7"),
        ('="0012"', TEXT, "0012"),
        ("\ufeffHSCLC\u200b", TEXT, "HSCLC"),
        ("'41814061033", PERSON, "41814061033"),
        ('="41814061033"', PERSON, "41814061033"),
        ("\u200e41814061033\u200b", PERSON, "41814061033"),
        ("'31.05.2024", DATE, "2024-05-31"),
        ("1 200", COUNT, 1200),
        ("1200,0", COUNT, 1200),
        (12.0, COUNT, 12),
        ("12,5", SHARE, 12.5),
        ("Ja", FLAG, True),
        ("nei", FLAG, False),
        (1, FLAG, True),
        ('["a"]', LIST, ["a"]),
        (None, COUNT, None),
        (["a"], TEXT, ["a"]),
    ],
)
def test_each_kind_of_field_takes_what_means_such_a_value(
    cell: object, field: Field, value: object
) -> None:
    """Each cell gives the value of its field's type, and no note."""
    assert convert(cell, field) == (value, "")


@pytest.mark.parametrize(
    ("cell", "field", "why"),
    [
        ("kanskje", FLAG, "not true or false"),
        ("[a", LIST, "not valid JSON"),
        (True, TEXT, "true or false"),
        (1.5, TEXT, "may have rounded"),
        (1e22, TEXT, "may have rounded"),
        (datetime.datetime(2024, 5, 31), TEXT, "date or a time"),
        ("BjÃ¸rn", TEXT, "write it as Bjørn"),
        ("Bj\ufffdrn", TEXT, "read in another"),
        ("soon", DATE, "not a date"),
        ("x", COUNT, "not a number"),
    ],
)
def test_what_is_not_understood_is_refused(cell: object, field: Field, why: str) -> None:
    """It is never changed into something that merely passes."""
    with pytest.raises(Refused, match=why):
        convert(cell, field)


@pytest.mark.parametrize("text", ["Bj›rn", "Bj¿rn", "Bj¯rn", "Bj?rn"])
def test_signs_that_no_name_has_are_noted(text: str) -> None:
    """As the wrong charset makes them; letters of other languages are fine."""
    value, note = convert(text, TEXT)
    assert (value, "is unusual in a name" in note) == (text, True)
    assert convert("Żółć Ñandú Þór O’Neill", TEXT)[1] == ""


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("Null", "what programs write for an empty value is sent unchanged"),
        ("0", "0, which a look-up of an empty cell gives, is sent unchanged"),
        ("'t Hooft", "the leading apostrophe is sent, too"),
        ("Er det greit? Ja", ""),
    ],
)
def test_a_text_that_may_not_be_meant_is_noted(text: str, note: str) -> None:
    """And sent: it may be a name."""
    assert convert(text, TEXT) == (text, note)


def test_a_column_that_was_too_narrow_is_refused() -> None:
    """`########` is refused, and the reason says that the column was too narrow."""
    with pytest.raises(Refused, match="too narrow"):
        Cells(TEXT)["########"]


@pytest.mark.parametrize(
    "cell", ["#N/A", "#VERDI!", "#BEZUG!", "#DIV/0!", "#I/T", "Err:502", UNCALCULATED]
)
def test_a_formula_without_a_value_is_refused(cell: str) -> None:
    """In every kind of field, text too."""
    for field in (TEXT, COUNT, DATE, PERSON):
        with pytest.raises(Refused, match="formula"):
            Cells(field)[cell]


def test_a_blank_cell_holds_nothing() -> None:
    """Empty text, spaces and NaN count as no value."""
    cells = Cells(TEXT)
    assert [cells[blank][0] for blank in ("", " ", "\u00a0", float("nan"))] == [NOTHING] * 4


def test_a_column_is_looked_at_once_and_only_if_it_must_be() -> None:
    """Nothing else is read twice."""
    looks = []

    def column() -> Iterator[object]:
        looks.append(1)
        yield from ("160", "1.000", "1.600,00")

    cells = Cells(COUNT, column=column)
    assert (cells["160"], looks) == ((160, ""), [])
    assert cells["1.000"] == (1000, "")
    with pytest.raises(Refused):
        cells["1,000"]
    assert (cells["2.000"], looks) == ((2000, ""), [1])


def test_what_a_person_said_is_stronger_than_the_column() -> None:
    """With the order given as month first, the column's own dates do not change it."""
    cells = Cells(DATE, Hints(order="mdy"), lambda: ["31/05/2024"])
    assert cells["05/06/2024"] == ("2024-05-06", "")


def test_a_column_that_is_read_once_decides_nothing() -> None:
    """What could mean two things is refused then."""
    with pytest.raises(Refused, match="--dates"):
        Cells(DATE)["05/06/2024"]
    with pytest.raises(Refused, match="--decimal"):
        Cells(COUNT)["1.000"]


def test_no_more_values_are_kept_than_fit() -> None:
    """A column may have a million different ones."""
    cells = Cells(TEXT)
    for number in range(40_000):
        assert cells[f"C{number}"] == (f"C{number}", "")
    assert len(cells) <= 16_384


def test_a_number_that_was_read_says_nothing_of_what_equals_it() -> None:
    """Python considers 1.0, 1 and true equal; a text is wanted, and true is not one."""
    cells = Cells(TEXT)
    assert [cells[one] for one in (1.0, 1.0, 1, decimal.Decimal(1))] == [("1", "")] * 4
    with pytest.raises(Refused, match="true or false"):
        cells[True]
