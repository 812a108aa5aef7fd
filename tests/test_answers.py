"""What an answer says: how long to wait, why it is a no, and the error that it becomes.

What it means for the request is in `test_verdicts.py`.
"""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sdir_async
from sdir_async import ApiError, Reason
from sdir_async.answers import (
    LONGEST_PAUSE,
    Action,
    Answer,
    error_of,
    judge,
    problem_of,
    reasons_of,
    retry_after,
)

from .scripted import ASLEEP, KEY, PERSON

TITLE = "One or more validation errors occurred."
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
WAKING = "Database 'a' on server 'b' is not currently available. Please retry the connection later."


def answer(status: int, body: object = b"", **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, httpx.Headers(named), content)


def error(status: int, body: object = b"", **headers: str) -> ApiError:
    return error_of(answer(status, body, **headers), method="POST", url="https://api.sdir.no/x")


def refusal(errors: object, **more: object) -> Answer:
    return answer(400, {"title": TITLE, "status": 400, "errors": errors, **more})


# How long to wait


@pytest.mark.parametrize("name", ["Retry-After", "retry-after", "RETRY-AFTER", "rEtRy-aFtEr"])
def test_a_header_is_found_in_any_capitalisation(name: str) -> None:
    """HTTP does not tell them apart."""
    assert retry_after(Answer(429, httpx.Headers({name: "57"}), b"")) == 57


@pytest.mark.parametrize("ahead", [30, 90])
def test_a_date_counts_from_here_where_the_server_tells_no_time(ahead: int) -> None:
    """Or tells one that is none."""
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
        ({"[0].A": {"code": "x"}}, ["{'code': 'x'}"]),
        ({"[0].A": [["bad"]]}, ["['bad']"]),
        ({"[0].A": None}, ["None"]),
    ],
    ids=str,
)
def test_reasons_that_are_no_list_of_texts_are_told_all_the_same(
    errors: object, messages: list[str]
) -> None:
    """Better odd than lost."""
    assert [reason.message for reason in reasons_of(refusal(errors))] == messages


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


# The error


@pytest.mark.parametrize(
    ("status", "kind", "advice"),
    [
        (302, ApiError, "Redirects are not followed"),
        (400, sdir_async.InvalidRequest, "Correct it"),
        (401, sdir_async.AuthenticationError, "Check the key"),
        (402, ApiError, "check the version"),
        (403, sdir_async.PermissionDenied, "Ask Sdir"),
        (404, sdir_async.NotFound, "Check the identifier"),
        (405, ApiError, "check the version"),
        (408, ApiError, "Try later"),
        (409, sdir_async.InvalidRequest, "Correct it"),
        (413, ApiError, "Send less at a time"),
        (415, ApiError, "check the version"),
        (422, sdir_async.InvalidRequest, "Correct it"),
        (429, sdir_async.RateLimited, "Send later"),
        (500, sdir_async.ServerError, "Try later"),
        (503, sdir_async.ServerError, "Try later"),
        (599, sdir_async.ServerError, "Try later"),
    ],
)
def test_an_error_says_what_happened_where_and_what_to_do(
    status: int, kind: type[ApiError], advice: str
) -> None:
    """Each status has its class and its advice."""
    raised = error(status, {"title": "Something is wrong", "traceId": TRACE})
    assert type(raised) is kind
    said, _, where = str(raised).partition(" [")
    assert said.startswith("Something is wrong. ")
    assert advice in said
    assert where == f"POST https://api.sdir.no/x answered {status} (request id {TRACE})]"
    assert raised.message == said
    assert (raised.status, raised.method, raised.url) == (status, "POST", "https://api.sdir.no/x")


@pytest.mark.parametrize("said", ["volume", "bandwidth"])
def test_a_used_up_quota_is_an_error_of_its_own(said: str) -> None:
    """It is a 403 as well, so who catches those catches it too."""
    message = f"Out of call {said} quota. Quota will be replenished in 03:14:17."
    raised = error(403, {"statusCode": 403, "message": message}, retry_after="11657")
    assert isinstance(raised, sdir_async.QuotaExceeded)
    assert isinstance(raised, sdir_async.PermissionDenied)
    assert raised.retry_after == 11657
    assert "Wait until the quota renews" in str(raised)


def test_a_message_shows_the_first_reasons_with_their_items() -> None:
    """The attribute has all of them."""
    answer_of_five = refusal({f"[{at}].Person.Id": ["is bad."] for at in range(5)})
    raised = error_of(answer_of_five, method="POST", url="https://api.sdir.no/x")
    assert str(raised).startswith(
        "One or more validation errors occurred: [0] Person.Id: is bad.; [1] Person.Id: is bad.;"
        " [2] Person.Id: is bad; and 2 more. Correct it and send it again."
    )
    assert len(raised.reasons) == 5


@pytest.mark.parametrize(
    ("body", "headers", "found"),
    [
        ({"activityId": "a"}, {}, "a"),
        ({"traceId": TRACE}, {}, TRACE),
        ({"requestId": "r"}, {}, "r"),
        ({"traceId": TRACE}, {"x_ms_request_id": "x"}, TRACE),
        ({"traceId": 5}, {"x_ms_request_id": "x"}, "x"),
        (b"<html>", {"apim_request_id": "g"}, "g"),
        (b"", {"request_context": "appId=cid-v1:1"}, "appId=cid-v1:1"),
        (b"", {}, None),
    ],
)
def test_what_support_needs_is_found_in_body_and_headers(
    body: object, headers: dict[str, str], found: str | None
) -> None:
    """The body's own id first: it is the one in the logs of whoever failed."""
    assert error(500, body, **headers).request_id == found


@pytest.mark.parametrize(
    "identifier",
    [
        "00-4bf41814061033b34da6a3ce929d0e0e-00f067aa0ba902b7-00",
        "6b5f1b0e-0000-4000-8000-a41814061033",
    ],
)
def test_an_id_for_support_is_never_starred_out(identifier: str) -> None:
    """Eleven of its digits may look like a person number."""
    raised = error(500, {"activityId": identifier})
    assert raised.request_id == identifier
    assert identifier in str(raised)


def test_person_numbers_are_starred_out_everywhere() -> None:
    """The server repeats what it was sent: in texts, in names, as a number, at any depth."""
    body: Any = {
        "title": f"No {PERSON}",
        "detail": f"Person {PERSON} is unknown",
        "errors": {f"[0].{PERSON}": [f"'{PERSON}' is bad", int(PERSON)]},
        PERSON: {"deep": [[int(PERSON), float(PERSON), f"x{PERSON}"]]},
    }
    url = f"https://api.sdir.no/persons/{PERSON}"
    raised = error_of(answer(400, body), method="GET", url=url)
    shown = [str(raised), repr(raised), raised.message, raised.url, repr(vars(raised))]
    assert not [text for text in shown if PERSON in text]
    assert raised.reasons[0] == Reason("'***********' is bad", "***********", 0)


def test_a_key_that_the_server_repeats_is_starred_out() -> None:
    """ASP.NET's error page for developers lists the headers of the request."""
    headers = {"Accept": ["application/json"], "ocp-apim-subscription-Key": [KEY]}
    raised = error(500, {"title": "NullReferenceException", "exception": {"headers": headers}})
    assert KEY not in repr(vars(raised))
    assert raised.problem is not None
    assert raised.problem["exception"]["headers"]["Accept"] == ["application/json"]


def test_the_problem_is_what_the_server_sent() -> None:
    """Types stay as they are: a status is a number."""
    body = {"status": 400, "a": None, "b": True, "c": 1.5, "d": [1, "x"], "e": {"f": 2}}
    assert problem_of(answer(400, body)) == body


@pytest.mark.parametrize("body", [b"", b"[]", b"5", b"<html>", b'{"a": ', b"\xff"], ids=repr)
def test_an_answer_without_an_object_has_no_problem(body: bytes) -> None:
    """Not even an empty one."""
    assert problem_of(answer(400, body)) is None
    assert error(400, body).problem is None


@pytest.mark.parametrize("depth", [600, 1000, 100_000])
def test_a_body_nested_beyond_sense_makes_an_error_like_any_other(depth: int) -> None:
    """Not one of Python's own."""
    raised = error(400, b'{"a":' * depth + b"1" + b"}" * depth)
    assert str(raised).startswith("HTTP 400. ")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
problems = st.dictionaries(
    st.sampled_from(["title", "detail", "message", "errors", "traceId", "activityId", "x"]),
    json_values | st.dictionaries(st.sampled_from(["", "$", "[0].a", "$[1]"]), json_values),
)


@given(st.integers(100, 599), problems)
def test_every_object_makes_an_error(status: int, body: dict[str, Any]) -> None:
    """Whatever stands where a text is expected."""
    raised = error_of(answer(status, body), method="GET", url="https://api.sdir.no/x")
    assert str(raised)
    assert reasons_of(answer(status, body))
