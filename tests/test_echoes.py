"""What a server repeats of a request is cut out of its words."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdir_async.echoes import Echoes
from sdir_async.problems import error_of, reasons_of
from sdir_async.wire import Answer

PERSON = "41814061033"


@pytest.mark.parametrize(
    ("message", "field", "shown"),
    [
        ("The value 'Kari' is not valid.", "person.firstName", "The value '…' is not valid."),
        ("'Last Name' must not be empty.", "Person.LastName", "'Last Name' must not be empty."),
        ("The LastName field is required.", "LastName", "The LastName field is required."),
        ('"Kari" is not of type "integer"', "age", '"…" is not of type "integer"'),
        ("must match the format 'yyyy-MM-dd'", "date", "must match the format 'yyyy-MM-dd'"),
        ("Ola's value «Nordmann» is long", "x", "Ola's value «…» is long"),
        ("“Kari Nordmann” is known", "", "“…” is known"),
        ("Truncated value: 'Nordmann'.", "", "Truncated value: …"),
        ("Truncated value: Nordmann", "", "Truncated value: …"),
        ("The duplicate key value is (1, Kari).", "", "The duplicate key value is …."),
        ('{"firstName": "Kari"} is not valid', "", "{…} is not valid"),
        ("'O'Hara' is too long", "", "'…' is too long"),
        ("", "", ""),
    ],
)
def test_a_reason_names_the_field_and_the_rule_only(message: str, field: str, shown: str) -> None:
    """What a server quotes of a record can be a person's name."""
    assert Echoes().cut(message, field) == shown


def test_the_texts_of_the_record_are_cut_out_of_a_reason() -> None:
    """Also where the server does not quote them; whole words only."""
    sent = {"person": {"firstName": "Kari", "id": PERSON}, "codes": ["A12", 7]}
    said = f"Kari ({PERSON}) may not have A12; Karin may."
    assert Echoes(sent).cut(said) == "… (…) may not have …; Karin may."


names = st.from_regex(r"[A-ZÆØÅ][a-zæøå]{3,9}( [A-ZÆØÅ][a-zæøå]{3,9})?", fullmatch=True)


@given(names, st.sampled_from(["'{}' is bad", 'The value "{}" is bad', "«{}»", "{} is unknown"]))
def test_no_name_is_left_in_a_reason(name: str, text: str) -> None:
    """With quotes around it; without them where the record is known."""
    assert name not in Echoes({"lastName": name}).cut(text.format(name), "lastName")


@pytest.mark.parametrize(
    ("sent", "message", "shown"),
    [
        (
            {"name": "Ola Nordmann"},
            "The name Ola Nordmann is not valid.",
            "The name … is not valid.",
        ),
        ({"name": "Ola Nordmann"}, "NORDMANN, OLA is known", "…, … is known"),
        ({"fullName": "Ola Nordmann"}, "Nordmann is known", "… is known"),
        ({"etternavn": "Bø"}, "Bø is known", "… is known"),
        ({"lastName": "By"}, "By must be followed by text", "… must be followed by text"),
        ({"firstName": "Ola", "lastName": "Nordmann"}, "Ola Nordmann?", "… …?"),
        ({"note": "Fire drill"}, "Fire is known, Fire drill is not", "Fire is known, … is not"),
        ({"name": "Åse-Marie O'Hara"}, "Åse-Marie O'Hara is known", "… is known"),
        ({"born": "1940-01-18"}, "No person was born on 1940-01-18", "No person was born on …"),
        (
            {"size": "12", "page": "x"},
            "at most 12 letters, such as x",
            "at most 12 letters, such as x",
        ),
        ({"size": 12345, "ok": True, "none": None}, "12345 is true", "12345 is true"),
        (b'[{"people": [{"name": "Ola"}]}]', "Ola is known", "… is known"),
        (b"not JSON: Ola", "Ola is known", "Ola is known"),
        (None, "Ola is known", "Ola is known"),
    ],
)
def test_what_was_sent_is_cut_out_without_quotes_too(sent: Any, message: str, shown: str) -> None:
    """A name in any case, and each part of one; what is short can be part of the rule."""
    assert Echoes(sent).cut(message) == shown


def test_an_error_repeats_nothing_of_the_request() -> None:
    """Neither in its message nor in its reasons; of the body and the query alike."""
    problem = {
        "title": "Kari was not found.",
        "errors": {"[0].name": ["The name Ola Nordmann is not valid."]},
    }
    answer = Answer(400, {}, orjson.dumps(problem))
    sent = (b'[{"name": "Ola Nordmann"}]', {"name": "Kari"})
    error = error_of(answer, method="POST", url="https://host/x", sent=sent)
    assert reasons_of(answer, sent)[0].message == "The name … is not valid."
    assert str(error).startswith("… was not found: [0] name: The name … is not valid.")
