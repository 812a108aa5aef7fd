"""What an answer says: whether it is whole, how long to wait, and why it is a no.

What it means for the request is in `test_verdicts.py`, the error it becomes in
`test_answer_errors.py`.
"""

from __future__ import annotations

import json
import time

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdir_async import Reason
from sdir_async.problems import reasons_of
from sdir_async.verdicts import LONGEST_PAUSE, Action, judge, retry_after
from sdir_async.wire import Answer

from .scripted import ASLEEP, KEY

TITLE = "One or more validation errors occurred."
WAKING = "Database 'a' on server 'b' is not currently available. Please retry the connection later."


def answer(status: int, body: object = b"", **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, httpx.Headers(named), content)


def refusal(errors: object, **more: object) -> Answer:
    return answer(400, {"title": TITLE, "status": 400, "errors": errors, **more})


# How long to wait


@pytest.mark.parametrize("name", ["Retry-After", "retry-after", "RETRY-AFTER", "rEtRy-aFtEr"])
def test_a_header_is_found_in_any_capitalisation(name: str) -> None:
    """HTTP does not tell them apart."""
    assert retry_after(Answer(429, httpx.Headers({name: "57"}), b"")) == 57


@pytest.mark.parametrize("ahead", [30, 90])
def test_a_date_counts_from_here_where_the_server_tells_no_time(ahead: int) -> None:
    """Or if its time is not valid."""
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + ahead))
    for clock in ({}, {"date": "yesterday"}):
        wait = retry_after(answer(429, retry_after=date, **clock))
        assert wait is not None
        assert ahead - 5 <= wait <= ahead


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "-1",
        "+5",
        "nan",
        "inf",
        "0x10",
        "5 s",
        "5, 10",
        "Mon, 99 Nov 2026 10:00:00",
    ],
)
def test_nonsense_asks_for_no_wait(value: str) -> None:
    """Then our own waits hold."""
    assert retry_after(answer(429, retry_after=value)) is None


@given(
    st.sampled_from([403, 429, 500, 503]),
    st.one_of(
        st.text(max_size=40),
        st.integers().map(str),
        st.floats().map(str),
        st.datetimes().map(lambda at: f"{at:%a, %d %b} {at.year} {at:%H:%M:%S} GMT"),
    ),
    st.text(max_size=40),
)
def test_no_wait_is_negative_or_endless(status: int, value: str, date: str) -> None:
    """Whatever the headers hold; but a quota may take as long as it says."""
    given_headers = {"retry-after": value, "date": date}
    wait = judge("read", Answer(status, given_headers, b"")).wait
    assert wait is None or wait >= 0
    if status != 403 and wait is not None:
        assert wait <= LONGEST_PAUSE


def test_503_that_names_a_time_in_no_known_form_is_still_not_applied() -> None:
    """Who asks to come back later has not begun."""
    verdict = judge("create", answer(503, retry_after="soon"))
    assert (verdict.action, verdict.applied, verdict.wait) == (Action.PAUSE, False, None)


@pytest.mark.parametrize(
    "body",
    [
        ASLEEP,
        WAKING.encode(),
        f"<html><pre>SqlException: {WAKING}</pre></html>".encode(),
        json.dumps({"detail": WAKING}).replace("'", "\\u0027").encode(),
    ],
    ids=["problem details", "plain text", "page", "escaped"],
)
def test_a_sleeping_database_is_known_by_its_words(body: object) -> None:
    """They come from the SQL client, in whatever the API wraps them: nothing was saved."""
    verdict = judge("create", answer(500, body))
    assert (verdict.action, verdict.applied) == (Action.PAUSE, False)


@pytest.mark.parametrize("body", [b'[{"uid": "1"}, {"u', b'{"uid": ', b"[", b"<p>"], ids=repr)
def test_an_answer_that_is_cut_is_known_without_a_content_type(body: bytes) -> None:
    """By where it begins and ends."""
    assert judge("create", answer(201, body)).action is Action.ASK
    assert judge("create", answer(201, body, content_type="text/plain")).action is Action.ASK


@pytest.mark.parametrize(
    ("status", "applied"), [(199, False), (200, True), (299, True), (300, False)]
)
def test_success_is_200_to_299(status: int, applied: bool) -> None:
    """And nothing beside it."""
    assert judge("create", answer(status)).applied is applied


@pytest.mark.parametrize("status", [502, 503, 504])
def test_only_the_api_itself_knows_of_its_database(status: int) -> None:
    """The same words of something that stands before it prove nothing."""
    assert judge("create", answer(status, ASLEEP)).action is Action.ASK


# Why it is a no


@pytest.mark.parametrize(
    ("key", "field", "index"),
    [
        ("[3].Competence.CompletionDate", "Competence.CompletionDate", 3),
        ("[3].competence.completionDate", "competence.completionDate", 3),
        ("$[3].competence.completionDate", "competence.completionDate", 3),
        ("[0]", "", 0),
        ("$[0]", "", 0),
        ("[12].Codes[2].Name", "Codes[2].Name", 12),
        ("[999999999].A", "A", 999999999),
        ("$.completionDate", "completionDate", None),
        ("CompletionDate", "CompletionDate", None),
        ("records", "records", None),
        ("", "", None),
        ("$", "", None),
        ("[x].A", "[x].A", None),
        ("[-1].A", "[-1].A", None),
        ("[3", "[3", None),
        ("[99999999999].A", "[***********].A", None),
    ],
)
def test_a_reason_tells_item_and_field(key: str, field: str, index: int | None) -> None:
    """In the spellings of ASP.NET, and whatever else may come."""
    assert reasons_of(refusal({key: ["bad"]})) == (Reason("bad", field, index),)


def test_all_reasons_are_told_in_their_order() -> None:
    """200 entries, and the one that says that there were more."""
    errors = {f"[{at}].Person.Id": ["bad", "worse"] for at in range(200)}
    errors[""] = ["The maximum number of allowed model errors has been reached."]
    reasons = reasons_of(refusal(errors))
    assert len(reasons) == 401
    assert reasons[:2] == (Reason("bad", "Person.Id", 0), Reason("worse", "Person.Id", 0))
    assert reasons[-1].index is None


@pytest.mark.parametrize(
    ("errors", "messages"),
    [
        ({"[0].A": "bad"}, ["bad"]),
        ({"[0].A": [5]}, ["5"]),
        ({"[0].A": {"code": "x"}}, ["{…}"]),
        ({"[0].A": [["bad"]]}, ["['…']"]),
        ({"[0].A": None}, ["None"]),
    ],
    ids=str,
)
def test_reasons_that_are_no_list_of_texts_are_told_all_the_same(
    errors: object, messages: list[str]
) -> None:
    """Better odd than lost."""
    assert [reason.message for reason in reasons_of(refusal(errors))] == messages


def test_a_key_that_the_server_repeats_is_no_reason() -> None:
    """Only its place is told."""
    reasons = reasons_of(refusal({"Ocp-Apim-Subscription-Key": [f"{KEY} is unknown"]}))
    assert reasons == (Reason("***", "Ocp-Apim-Subscription-Key"),)


@pytest.mark.parametrize("errors", [{}, [], None, "bad", 5, {"[0].A": []}], ids=repr)
def test_without_reasons_the_words_of_the_whole_are_the_reason(errors: object) -> None:
    """There always is one."""
    assert reasons_of(refusal(errors)) == (Reason(TITLE),)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"detail": "d", "title": "t", "message": "m"}, "d"),
        ({"detail": "", "title": "t"}, "t"),
        ({"detail": None, "title": 5, "message": "m"}, "m"),
        ({"title": "Bad request"}, "Bad request"),
        (["t"], "HTTP 400"),
        (b"", "HTTP 400"),
        (b"<html><body>Bad</body></html>", "HTTP 400"),
        (b'{"title": "cut', "HTTP 400"),
        (b"\xff\xfe", "HTTP 400"),
        (b"[" * 5000, "HTTP 400"),
    ],
)
def test_the_words_of_an_answer_in_the_order_of_how_much_they_say(body: object, words: str) -> None:
    """Without any, the status has to do; a page is not repeated."""
    assert reasons_of(answer(400, body)) == (Reason(words),)
