"""The error that an answer becomes: what happened, where, what to do next, and nothing private."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sdir_async
from sdir_async import ApiError, Reason
from sdir_async.problems import error_of, problem_of, reasons_of

from .scripted import KEY, PERSON
from .test_answers import answer, refusal

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"


def error(status: int, body: object = b"", **headers: str) -> ApiError:
    return error_of(answer(status, body, **headers), method="POST", url="https://api.sdir.no/x")


@pytest.mark.parametrize(
    ("status", "kind", "advice"),
    [
        (300, ApiError, "Redirects are not followed"),
        (308, ApiError, "Redirects are not followed"),
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
    ("words", "errors", "said"),
    [
        ("Bad", {}, "Bad. Correct"),
        ("Bad.", {}, "Bad. Correct"),
        ("Bad!", {}, "Bad! Correct"),
        ("Bad.", {"$": ["worse."]}, "Bad: worse. Correct"),
        ("Bad", {"A": ["x"], "[1].B": ["y"], "": ["z"]}, "Bad: A: x; [1] B: y; z. Correct"),
    ],
)
def test_a_message_is_made_of_sentences(words: str, errors: Any, said: str) -> None:
    """However the server ends its own."""
    assert str(error(400, {"title": words, "errors": errors})).startswith(said)


def test_only_what_can_be_corrected_has_reasons() -> None:
    """A server that failed may list errors too, but they are not about what was sent."""
    raised = error(500, {"title": "Failed", "errors": {"[0].A": ["x"]}})
    assert raised.reasons == ()
    assert raised.message.startswith("Failed. ")


def test_an_answer_shows_nothing_of_its_content() -> None:
    """A debugger or a log may print it."""
    shown = repr(answer(200, {"id": PERSON}, x_person=PERSON))
    assert PERSON not in shown
    assert "200" in shown


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
    assert raised.reasons[0] == Reason("'…' is bad", "***********", 0)


@pytest.mark.parametrize("place", ["detail", "title", "message"])
@pytest.mark.parametrize("status", [400, 404, 422, 500])
def test_what_is_said_of_the_whole_quotes_no_name(status: int, place: str) -> None:
    """As what is said about a single record: the field and the rule stay."""
    raised = error(status, {place: "The value 'Kari Nordmann' is not valid for field 'lastName'."})
    shown = f"{raised} {raised.reasons}"
    assert "Nordmann" not in shown
    assert "The value '…' is not valid for field 'lastName'." in shown


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


def test_long_words_are_cut_before_they_are_looked_at() -> None:
    """A message is read by people; to look for person numbers in a megabyte takes long."""
    long = error(400, {"detail": f"{PERSON} " * 1000})
    assert len(str(long)) < 2500
    assert PERSON not in str(long)
    reason = error(400, {"errors": {"[3].code": ["1 " * 5000]}}).reasons[0]
    assert (len(reason.message), reason.index) == (2001, 3)


def test_a_very_long_answer_is_an_error_without_words() -> None:
    """Its status still says what happened."""
    huge = error(400, {"detail": "1 " * 200_000})
    assert (huge.status, huge.problem, huge.reasons) == (400, None, (Reason("HTTP 400"),))
