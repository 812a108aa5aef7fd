"""Person numbers stay out of everything that is read later."""

from __future__ import annotations

import logging
import re

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdir_async.privacy import mask, mask_logs_of_httpx

from .scripted import OK, PERSON, Script, sdir_over
from .virtual import run

STARS = "***********"


@pytest.mark.parametrize(
    "written",
    [
        "41814061033",
        "418140 61033",
        "418140-61033",
        "418140+61033",
        "418140.61033",
        "418140/61033",
        "418140_61033",
        "418140\t61033",
        "418140\n61033",
        "418140\xa061033",
        "418140\u202f61033",
        "418140%2061033",
        "418140%2D61033",
        "418140%C2%A061033",
        "41.81.40 61033",
        "41 81 40 610 33",
        "41-81-40-61033",
        "41/81/40 61033",
        "41814161034",
    ],
    ids=repr,
)
@pytest.mark.parametrize(
    "text",
    ["{}", "id={}&page=1", "'{}'", '{{"id":"{}"}}', "x{}y", "/persons/{}/", "{}, {}", "ø{}ø"],
)
def test_a_person_number_is_starred_out_however_it_is_written(text: str, written: str) -> None:
    """Wherever it stands, and if its check digits are wrong: somebody meant a person."""
    assert mask(text.format(written, written)) == text.format(STARS, STARS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "991825827",
        "9074729",
        "3142118",
        "2025-03-24T18:32:25.1234567+00:00",
        "2026-11-23 10:00:00,123",
        "1732356000",
        "123456789012",
        "e21a0166-909a-4c7d-9f7e-041814061033",
        "E21A0166-909A-4C7D-9F7E-041814061033",
        "00-4bf41814061033b34da6a3ce929d0e0e-00f067aa0ba902b7-00",
        "4bf41814061033b34da6a3ce929d0e0e",
        "10.0.0.1:8400",
    ],
)
def test_what_is_no_person_number_is_left_alone(text: str) -> None:
    """Numbers of organisations, ships and codes, moments, and ids that support needs whole."""
    assert mask(text) == text


@given(st.text(), st.from_regex(r"[0-9]{11}", fullmatch=True), st.text())
def test_no_eleven_digits_are_left(before: str, number: str, after: str) -> None:
    """Whatever stands around them, unless they are part of a longer number or of an id."""
    alone = not re.search(r"[0-9a-fA-F-]$", before) and not re.match(r"[0-9a-fA-F-]", after)
    masked = mask(before + number + after)
    assert not alone or number not in masked


@given(st.text(alphabet="0123456789-. abcdef%"))
def test_masking_twice_is_masking_once(text: str) -> None:
    """And what was starred out does not make its surroundings look like a number."""
    assert mask(mask(text)) == mask(text)


def test_the_log_of_httpx_shows_no_person(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It logs the URL of each request; making an Sdir is enough to star out filters in there."""
    monkeypatch.setattr(logging.getLogger("httpx"), "filters", [])
    caplog.set_level(logging.DEBUG)
    script = Script(OK)
    run(sdir_over(script).course.v1.list_courses(person_id=PERSON))
    assert script.requests[0].url.params["personId"] == PERSON
    assert f"personId={STARS}" in caplog.text
    assert PERSON not in caplog.text
    assert not [record for record in caplog.records if PERSON in repr(vars(record))]


def test_other_uses_of_httpx_are_logged_as_ever(caplog: pytest.LogCaptureFixture) -> None:
    """Only what could be a person number is changed, the arguments of a line keep their types."""
    caplog.set_level(logging.INFO, "httpx")
    mask_logs_of_httpx()
    logging.getLogger("httpx").info("%s %d %.1f", httpx.URL("https://host/x"), 200, 1.25)
    logging.getLogger("httpx").info("%(name)s", {"name": "value"})
    logging.getLogger("httpx").info("nothing to fill in")
    assert caplog.messages == ["https://host/x 200 1.2", "value", "nothing to fill in"]


def test_the_log_is_filtered_once() -> None:
    """However many Sdirs there are."""
    mask_logs_of_httpx()
    mask_logs_of_httpx()
    filters = [type(one).__module__ for one in logging.getLogger("httpx").filters]
    assert filters.count("sdir_async.privacy") == 1
