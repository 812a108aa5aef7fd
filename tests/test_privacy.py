"""Nothing that is read later shows a person number, a name, a key or a token."""

from __future__ import annotations

import datetime
import logging
import re
import sys
import time
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdir_async import privacy
from sdir_async.echoes import Echoes
from sdir_async.privacy import mask, mask_json, mask_logs
from sdir_async.problems import problem_of
from sdir_async.wire import Answer

from .scripted import OK, PERSON, Script, sdir_over
from .virtual import run

STARS = "***********"
SPELLINGS = [
    "41814061033",
    "418140 61033",
    "418140  61033",
    "418140 - 61033",
    "418140-61033",
    "418140+61033",
    "418140.61033",
    "418140/61033",
    "418140_61033",
    "418140\t61033",
    "418140\n61033",
    "418140\xa061033",
    "418140\u202f61033",
    "418140\u200961033",
    "418140\u201361033",
    "418140\u201461033",
    "418140\u221261033",
    "418140\u200b61033",
    "418140\xad61033",
    "418140%2061033",
    "418140%2D61033",
    "418140%C2%A061033",
    "418140%E2%80%9361033",
    "418140&nbsp;61033",
    "418140&#160;61033",
    r"418140\xa061033",
    r"418140\u202f61033",
    r"418140\n61033",
    "41.81.40 61033",
    "41 81 40 610 33",
    "41-81-40-61033",
    "41/81/40 61033",
    "41 81 1940 61033",
    "418 140 610 33",
    "418.140.610.33",
    "4181 4061 033",
    "4 1 8 1 4 0 6 1 0 3 3",
    "4-1-8-1-4-0-6-1-0-3-3",
    "\uff14\uff11\uff18\uff11\uff14\uff10\uff16\uff11\uff10\uff13\uff13",
    "%34%31%38%31%34%30%36%31%30%33%33",
    r"\u0034\u0031\u0038\u0031\u0034\u0030\u0036\u0031\u0030\u0033\u0033",
    "41814161034",
    "418140,61033",
    "418140, 61033",
    "418140;61033",
    "418140:61033",
    "418140|61033",
    "418140*61033",
    "418140      61033",
    '418140","61033',
    "418140</b> <b>61033",
    "41,81,40,61033",
    "41,814,061,033",
    "41'814'061'033",
    "41\u2019814\u2019061\u2019033",
    "418,140,610,33",
    "418140\u201161033",
    "418140\uff0d61033",
    "418140\u202261033",
    "418140&ndash;61033",
    "418140&#x2011;61033",
    "418140%252061033",
    "418140=C2=A061033",
    "4181406=\n1033",
    r"418140\\n61033",
    "418140\x1b[0m61033",
    "\u0664\u0661\u0668\u0661\u0664\u0660\u0666\u0661\u0660\u0663\u0663",
    "4\u200b1\u200b8\u200b1\u200b4\u200b0\u200b6\u200b1\u200b0\u200b3\u200b3",
    "4\xad1\xad8\xad1\xad4\xad0\xad6\xad1\xad0\xad3\xad3",
    "4\ufe0f\u20e31\ufe0f\u20e381406\ufe0f\u20e31\ufe0f\u20e3033",
    "&#52;&#49;&#56;&#49;&#52;&#48;&#54;&#49;&#48;&#51;&#51;",
    "&#xFF14;&#xFF11;&#xFF18;&#xFF11;&#xFF14;&#xFF10;&#xFF16;&#xFF11;&#xFF10;&#xFF13;&#xFF13;",
    "=34=31=38=31=34=30=36=31=30=33=33",
    "%EF%BC%94%EF%BC%91%EF%BC%98%EF%BC%91%EF%BC%94061033",
    r"\u0664\u0661\u0668\u0661\u0664\u0660\u0666\u0661\u0660\u0663\u0663",
    r"\\u0034\\u0031\\u0038\\u0031\\u0034061033",
    r"\xef\xbc\x94\xef\xbc\x91\xef\xbc\x98\xef\xbc\x91\xef\xbc\x94061033",
]


@pytest.mark.parametrize("written", SPELLINGS, ids=ascii)
@pytest.mark.parametrize(
    "text",
    ["{}", "id={}&page=1", "'{}'", '{{"id":"{}"}}', "x{}y", "/persons/{}/", "{}, {}", "ø{}ø"],
)
def test_a_person_number_is_hidden_however_it_is_written(text: str, written: str) -> None:
    """Wherever it stands, and also if its check digits are wrong."""
    assert mask(text.format(written, written)) == text.format(STARS, STARS)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("41814061033.0", f"{STARS}.0"),
        ("41,814,061,033.00", f"{STARS}.00"),
        ("4,1814061033E+10", f"{STARS}E+10"),
        ("=C2=A041814061033", f"=C2=A0{STARS}"),
        ("4.1814061033e10", f"{STARS}e10"),
        ("name%2041814061033", f"name%20{STARS}"),
        ("100%41814061033", f"100%{STARS}"),
        (r"'\xa041814061033'", rf"'\xa0{STARS}'"),
        ("\x0041814061033", rf"\x00{STARS}"),
        ("12 418140 610 33", f"12 {STARS}"),
        ("200 2025-03-24 41814061033", f"200 2025-03-24 {STARS}"),
        ("2025-03-24T10:00:00Z 41814061033", f"2025-03-24T10:00:00Z {STARS}"),
        ("lines 10-12 418140 61033 7", f"lines 10-12 {STARS} 7"),
    ],
)
def test_what_stands_around_a_person_number_hides_nothing_of_it(text: str, shown: str) -> None:
    """And stays as it is: a decimal part, an escape, a number of a line, a moment."""
    assert mask(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "personId={}",
        "personId: {}",
        '"personId":"{}"',
        "person number {}",
        "birthNumber = {}",
        "fødselsnummer {}",
        "fodselsnummer%3D{}",
        "fnr: '{}'",
        "fødselsnr. {}",
        "f.nr. {}",
        "Fnr.: {}",
    ],
)
@pytest.mark.parametrize(
    "number", ["1010112345", "010101123456", "10101 12345", "10101,12345", "1,010,112,345"]
)
def test_a_mistyped_person_number_is_hidden_where_one_is_expected(text: str, number: str) -> None:
    """One that lost its leading zero, and one with a digit too many."""
    assert mask(text.format(number)) == text.format(STARS)
    assert mask(f"count={number}") == f"count={number}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "991825827",
        "NO 991 825 827 MVA",
        "9074729",
        "3142118",
        "2025-03-24T18:32:25.1234567+00:00",
        "2026-11-23 10:00:00,123",
        "200 2025-03-24 10:00",
        "24.12.2025 10.33",
        "20251124183225",
        "1732356000",
        "1741000000.5",
        "1732356000.123",
        "123456789012",
        "e21a0166-909a-4c7d-9f7e-041814061033",
        "E21A0166-909A-4C7D-9F7E-041814061033",
        "00-4bf41814061033b34da6a3ce929d0e0e-00f067aa0ba902b7-00",
        "00-23669676947f81435add92d1b11379a2-2008749797f2a702-01",
        "status 500 41814061-909a-4c7d-9f7e-04181406103a",
        "attempt 12 23669676947f81435add92d1b11379a2",
        "4bf41814061033b34da6a3ce929d0e0e",
        "00f41814061033b7",
        "10.0.0.1:8400",
        "192.168.100.10",
        "+47 41 81 40 61",
        "1 2 3 4 5 6 7 8 9 10 11 12",
        "10, 11, 12, 13, 14, 15",
        "1,10,11,12,13,14",
        "101 234 567,89 kr",
        "101,234,567.89",
        "101.234.567,89",
        "+46 70 123 45 67",
        "IMO 7108576 2020",
        "10:10:10,12345",
        "count=341814061033",
        "('127.0.0.1', 58231)",
        "59.913868, 10.752245",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    """Numbers of organizations, ships and codes, moments, and ids that support needs whole."""
    assert mask(text) == text


moments = st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2099, 12, 31)).map(
    lambda moment: moment.replace(tzinfo=datetime.UTC)
)


@given(
    st.one_of(
        st.uuids().map(str),
        st.from_regex(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", fullmatch=True),
        moments.map(datetime.datetime.isoformat),
        moments.map(str),
        st.integers(0, 2_000_000_000).map(str),
        st.from_regex(r"[0-9]{3} [0-9]{3} [0-9]{3}", fullmatch=True),
    )
)
def test_no_id_and_no_moment_is_changed(text: str) -> None:
    """Whatever digits are in it."""
    assert mask(f"id {text}.") == f"id {text}."


signs = [
    "",
    " ",
    "  ",
    "\xa0",
    "\u2009",
    "\u202f",
    ".",
    "-",
    "\u2011",
    "\u2212",
    "/",
    " - ",
    "\u200b",
]
gaps = st.sampled_from([*signs, "\u2013", "\xad", "%20", "%2520", "&nbsp;", "&#8209;", "=C2=A0"])
letters = st.text("abcxyzæøå=?:;,'\"()[]{} ", max_size=8)


@st.composite
def spelled(draw: st.DrawFn) -> str:
    """A person number in one of the ways that people write it."""
    day = draw(st.integers(1, 31)) + draw(st.sampled_from([0, 40]))
    month = draw(st.integers(1, 12)) + draw(st.sampled_from([0, 40, 65, 80]))
    number = f"{day:02}{month:02}{draw(st.integers(0, 9_999_999)):07}"
    sizes = draw(st.sampled_from([(11,), (6, 5), (6, 3, 2), (2, 2, 2, 5), (3, 3, 3, 2), (1,) * 11]))
    gap, groups, at = draw(gaps), [], 0
    for size in sizes:
        groups.append(number[at : at + size])
        at += size
    return gap.join(groups)


@given(letters, spelled(), letters)
def test_nothing_is_left_of_a_person_number(before: str, number: str, after: str) -> None:
    """With any usual grouping and any usual separator, in any sentence."""
    digits = {part for part in re.findall(r"\d+", number) if len(part) > 1}
    shown = mask(before + number + after)
    assert STARS in shown
    assert not any(part in shown for part in digits - {"20"})


@given(st.text(), st.from_regex(r"[0-9]{11}", fullmatch=True), st.text())
def test_no_eleven_digits_are_left(before: str, number: str, after: str) -> None:
    """Whatever stands around them, unless they are part of a longer number or of an id."""
    alone = not re.search(r"[\da-fA-F%\\-]$", before) and not re.match(r"[\da-fA-F%\\-]", after)
    masked = mask(before + number + after)
    assert not alone or number not in masked


@given(st.text(alphabet="0123456789-. abcdefux%\\\x1b\xa0"))
def test_masking_twice_is_masking_once(text: str) -> None:
    """And what was hidden does not make its surroundings look like a number."""
    assert mask(mask(text)) == mask(text)


@given(st.text(st.characters()))
def test_no_control_character_is_left(text: str) -> None:
    """Neither an escape sequence, nor one that turns the direction of a text, nor half of one."""
    shown = mask(text)
    shown.encode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]52;c;aGk=\x07", r"\x1b]52;c;aGk=\x07"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\u202efdp.exe", r"\u202efdp.exe"),
        ("\ud800", r"\ud800"),
        ("line\n\ttwo", "line\n\ttwo"),
    ],
    ids=ascii,
)
def test_a_control_character_is_written_as_its_escape(text: str, shown: str) -> None:
    """So that a reader sees it, and no terminal obeys it; lines and tabs stay."""
    assert mask(text) == shown


def test_the_last_digits_can_be_shown() -> None:
    """So that two persons in a list can be told apart."""
    assert mask("a 418140 61033.", shown=2) == "a *********33."
    assert mask_json({"id": 41814061033}, shown=2) == {"id": "*********33"}


TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwcyJ9.c2lnbmF0dXJl-_"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (TOKEN, "***"),
        (f"token={TOKEN}&x=1", "token=***&x=1"),
        (f"Authorization: Bearer {TOKEN}", "Authorization: Bearer ***"),
        ("Bearer abcdefghijklmnop", "Bearer ***"),
        ("bearer%20abcdefghijklmnop", "bearer%20***"),
        ("Ocp-Apim-Subscription-Key: secret", "Ocp-Apim-Subscription-Key: ***"),
        ("(b'Ocp-Apim-Subscription-Key', b'secret')", "(b'Ocp-Apim-Subscription-Key', b'***')"),
        ("?subscription-key=secret&page=1", "?subscription-key=***&page=1"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----.", "***."),
        ("-----BEGIN RSA PRIVATE KEY-----\nAAAA", "***"),
    ],
)
def test_a_token_or_key_is_known_by_its_form(text: str, shown: str) -> None:
    """None has to be remembered in order to be hidden."""
    assert mask(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Access denied due to missing subscription key. Make sure to include subscription key.",
        'AzureApiManagementKey realm="x",name="Ocp-Apim-Subscription-Key",type="header"',
        "The bearer token is not valid.",
        'Bearer realm="https://sdir.no"',
    ],
)
def test_words_about_keys_and_tokens_stay(text: str) -> None:
    """They tell what is wrong."""
    assert mask(text) == text


def test_a_key_that_was_given_is_hidden_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last 64 keys are remembered; one of fewer than eight characters is a word like others."""
    monkeypatch.setattr(privacy, "_keys", [])
    privacy.keep_secret("not-a-key")
    privacy.keep_secret("a")
    assert mask("a not-a-key.") == "a ***."
    for number in range(64):
        privacy.keep_secret(f"another-{number:02}")
    assert mask("not-a-key another-00") == "not-a-key ***"


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda below: st.lists(below) | st.dictionaries(st.text(), below),
    max_leaves=10,
)


@given(json_values, spelled())
def test_json_keeps_its_shape_and_shows_no_person(value: Any, number: str) -> None:
    """Texts, numbers and keys alike; what hides nothing keeps its type."""
    digits = int("".join(re.findall(r"\d", number.replace("%20", ""))))
    shown = mask_json({"one": value, number: [number, digits, float(digits)]})
    assert list(shown) == ["one", STARS]
    assert shown[STARS][0] == STARS
    assert mask_json({"flag": True, "count": 7, "none": None}) == {
        "flag": True,
        "count": 7,
        "none": None,
    }


def test_below_a_name_of_a_person_shorter_numbers_are_hidden_too() -> None:
    """A spreadsheet drops the leading zero of a number."""
    given_ = {"person": {"id": 1010112345, "age": 41}, "count": 1010112345}
    assert mask_json(given_) == {"person": {"id": STARS, "age": 41}, "count": 1010112345}


@pytest.mark.parametrize(
    "name", ["Ocp-Apim-Subscription-Key", "authorization", "Proxy-Authorization"]
)
def test_below_the_name_of_a_secret_header_nothing_is_shown(name: str) -> None:
    """A page for developers repeats the request, whatever the value looks like."""
    assert mask_json({"headers": {name: ["Basic x", 7]}}) == {"headers": {name: "***"}}


def test_a_problem_is_masked_like_all_other_json() -> None:
    """There is one masker: a number that lost its leading zero is hidden in an answer too."""
    problem = {"personId": 1010112345, "traceId": "00-4bf92f3577b34da6a3ce929d0e0e4736-01"}
    answer = Answer(500, {}, orjson.dumps(problem))
    assert problem_of(answer) == mask_json(problem) == {**problem, "personId": STARS}


def test_json_of_any_depth_can_be_masked() -> None:
    """It is cut where nobody reads on."""
    deep: Any = PERSON
    for _ in range(sys.getrecursionlimit() * 2):
        deep = [deep]
    assert PERSON not in orjson.dumps(mask_json(deep)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "%41",
        "1.-.",
        "%341",
        "&#1;",
        "eyJ",
        "eyJaaaaaaaa.",
        "person ",
        "person1234567890",
        "'",
        "bearer ",
        "{a:",
        "1 ",
    ],
)
def test_no_text_takes_long(text: str) -> None:
    """In one text of 20,000 repetitions each costs about as much as in 200 texts of 100.

    If the time grew with the square of the length, it would be 200 times as much.
    """
    assert _seconds_to_hide([text * 20_000]) < 20 * _seconds_to_hide([text * 100] * 200)


def _seconds_to_hide(texts: list[str]) -> float:
    """Return the CPU time; the less of two, since the garbage of other tests may be collected."""
    spent = []
    for _ in range(2):
        begun = time.process_time()
        for text in texts:
            mask(text)
            Echoes().cut(text)
        spent.append(time.process_time() - begun)
    return min(spent)


def test_no_log_below_shows_a_person(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library logs the URL of each request, and a list can be filtered by person number."""
    monkeypatch.setattr(logging.getLogger("httpx"), "filters", [])
    caplog.set_level(logging.DEBUG)
    script = Script(OK)
    run(sdir_over(script).course.v1.list_courses(person_id=PERSON))
    assert script.requests[0].url.params["personId"] == PERSON
    assert f"personId={STARS}" in caplog.text
    assert PERSON not in caplog.text
    assert not [record for record in caplog.records if PERSON in repr(vars(record))]


@pytest.mark.parametrize("name", privacy._LOGGERS)
def test_each_library_below_is_filtered(caplog: pytest.LogCaptureFixture, name: str) -> None:
    """In its words, its arguments and the errors that it logs, at any level."""
    mask_logs()
    caplog.set_level(logging.DEBUG, name)
    try:
        raise ValueError(PERSON)
    except ValueError:
        logging.getLogger(name).debug("%s %d \x1b[2J", [PERSON], 41814061033, exc_info=True)
    assert caplog.messages == [rf"['{STARS}'] {STARS} \x1b[2J"]
    assert PERSON not in caplog.text
    assert "ValueError" in caplog.text


def test_loggers_that_libraries_made_are_all_filtered() -> None:
    """A logger that a newer version of a library adds is noticed here."""
    import aiohttp.log  # noqa: F401
    import httpcore  # noqa: F401

    mask_logs()
    tops = ("httpx", "httpcore", "aiohttp", "asyncio", "hpack")
    made = [
        name
        for name, logger in logging.root.manager.loggerDict.items()
        if name.partition(".")[0] in tops and isinstance(logger, logging.Logger)
    ]
    assert set(made) <= set(privacy._LOGGERS)


def test_other_uses_of_httpx_are_logged_as_ever(caplog: pytest.LogCaptureFixture) -> None:
    """Only a line that shows what it must not is changed; other lines keep their arguments."""
    caplog.set_level(logging.INFO, "httpx")
    mask_logs()
    logging.getLogger("httpx").info("%s %d %.1f", httpx.URL("https://host/x"), 200, 1.25)
    logging.getLogger("httpx").info("%(name)s", {"name": "value"})
    logging.getLogger("httpx").info("nothing to fill in")
    assert caplog.messages == ["https://host/x 200 1.2", "value", "nothing to fill in"]
    assert [bool(record.args) for record in caplog.records] == [True, True, False]


def test_a_log_is_filtered_once() -> None:
    """However many Sdirs there are."""
    mask_logs()
    mask_logs()
    filters = [type(one).__module__ for one in logging.getLogger("httpx").filters]
    assert filters.count("sdir_async.privacy") == 1
