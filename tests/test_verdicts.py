"""The table of `design.md`, row by row: what an answer means for each effect."""

from __future__ import annotations

import json
from typing import Any, get_args

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdir_async.document import Effect
from sdir_async.problems import error_of, reasons_of
from sdir_async.verdicts import Action, Verdict, judge, retry_after
from sdir_async.wire import Answer, Lost

EFFECTS: tuple[Effect, ...] = get_args(Effect)
GATEWAY_401 = {
    "statusCode": 401,
    "message": "Access denied due to invalid subscription key. Make sure to provide a valid key for"
    " an active subscription.",
}
GATEWAY_404 = {"statusCode": 404, "message": "Resource not found"}
GATEWAY_500 = {"statusCode": 500, "message": "Internal server error", "activityId": "6b5f1b0e"}
GATEWAY_429 = {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 57 seconds."}
QUOTA = {
    "statusCode": 403,
    "message": "Out of call volume quota. Quota will be replenished in 03:14:17.",
}
BANDWIDTH = {
    "statusCode": 403,
    "message": "Out of bandwidth quota. Quota will be replenished in 03:14:17.",
}
PROBLEM = {"type": "about:blank", "title": "Forbidden", "status": 403, "traceId": "00-1"}
ASLEEP = {
    "title": "An error occurred.",
    "detail": "Error 40613: Database 'x' on server 'y' is not currently available."
    " Please retry the connection later.",
}


def answer(
    status: int, body: object = b"", kind: str = "application/json", **headers: str
) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, httpx.Headers({"content-type": kind, **names}), content)


ACCEPT = Verdict(Action.ACCEPT, applied=True)
RENEW_TOKEN = Verdict(Action.RENEW_TOKEN)
SEARCH, STOP, AGAIN = Verdict(Action.SEARCH), Verdict(Action.STOP), Verdict(Action.AGAIN)
UNKNOWN = {"create": Verdict(Action.ASK, applied=None)}
REPEATED = Verdict(Action.AGAIN, applied=None)

ROWS: list[tuple[str, Any, Verdict]] = [
    ("201 with a list", answer(201, b'[{"uid": "1"}]'), ACCEPT),
    ("201 empty list", answer(201, b" []\n"), ACCEPT),
    ("201 with an object", answer(201, b"{}"), ACCEPT),
    ("204 empty", answer(204), ACCEPT),
    ("200 empty, compressed", answer(200, content_encoding="gzip", content_length="0"), ACCEPT),
    ("200 empty, not compressed", answer(200, content_encoding="Identity"), ACCEPT),
    ("200 plain", answer(200, b"OK", "text/plain"), ACCEPT),
    ("200 true", answer(200, b"true"), ACCEPT),
    (
        "400 of ASP.NET",
        answer(400, {"errors": {"[3].A": ["b"]}}, "application/problem+json"),
        SEARCH,
    ),
    ("400 empty", answer(400), SEARCH),
    ("400 page", answer(400, b"<html>", "text/html"), SEARCH),
    ("422", answer(422), SEARCH),
    ("409", answer(409), SEARCH),
    ("400 about a quota", answer(400, {"detail": "The quota of course places is full."}), SEARCH),
    ("409 with a time", answer(409, retry_after="5"), SEARCH),
    ("401", answer(401, GATEWAY_401), Verdict(Action.RENEW_KEY)),
    ("401 no token", answer(401, {"message": "JWT not present."}), RENEW_TOKEN),
    ("401 scope", answer(401, {"message": "Claim scope value of a is not allowed."}), RENEW_TOKEN),
    ("401 of the API", answer(401, www_authenticate='Bearer error="invalid_token"'), RENEW_TOKEN),
    ("401 empty", answer(401), Verdict(Action.RENEW_KEY)),
    ("403 quota", answer(403, QUOTA, retry_after="11657"), Verdict(Action.QUOTA, wait=11657.0)),
    ("403 bandwidth", answer(403, BANDWIDTH), Verdict(Action.QUOTA)),
    ("403 of the API", answer(403, PROBLEM), STOP),
    ("403 empty", answer(403), STOP),
    ("404", answer(404, GATEWAY_404), STOP),
    ("405", answer(405), STOP),
    ("415", answer(415), STOP),
    ("418", answer(418), STOP),
    ("499", answer(499), STOP),
    ("403 about a token's scope", answer(403, www_authenticate="Bearer"), STOP),
    ("403 like a 401", answer(403, {"message": "JWT not present."}), STOP),
    ("307", answer(307, location="https://elsewhere.example"), STOP),
    ("408", answer(408), AGAIN),
    ("413", answer(413), Verdict(Action.HALVE)),
    ("429", answer(429, GATEWAY_429, retry_after="57"), Verdict(Action.PAUSE, wait=57.0)),
    ("429 without a time", answer(429), Verdict(Action.PAUSE)),
    ("429 for ever", answer(429, retry_after="86400"), Verdict(Action.PAUSE, wait=300.0)),
    ("503 with a time", answer(503, RETRY_AFTER="5"), Verdict(Action.PAUSE, wait=5.0)),
    ("500 asleep", answer(500, ASLEEP), Verdict(Action.PAUSE, wait=15.0)),
    ("refused", Lost("nothing", "ConnectError"), AGAIN),
    ("broken off while sending", Lost("part", "WriteError"), Verdict(Action.HALVE)),
]
ABORTED: list[tuple[str, Answer]] = [
    ("problem details", answer(500, PROBLEM, "application/problem+json")),
]
UNKNOWN_ROWS: list[tuple[str, Any]] = [
    ("500 of the gateway", answer(500, GATEWAY_500)),
    ("500 empty", answer(500)),
    ("500 without a traceId", answer(500, b'{"error": "no"}')),
    ("500 page", answer(500, b"<!DOCTYPE html>", "text/html")),
    ("500 of the gateway, with a trace", answer(500, {**GATEWAY_500, "traceId": "00-1"})),
    ("502", answer(502)),
    ("502 with problem details", answer(502, PROBLEM, "application/problem+json")),
    ("503", answer(503)),
    ("504", answer(504, b"<html>", "text/html")),
    ("599", answer(599)),
    ("lost", Lost("all", "ReadTimeout")),
    ("201 cut", answer(201, b'[{"uid": "1"}, {"u')),
    ("201 cut object", answer(201, b'{"uid": ')),
    ("200 login page", answer(200, b"<html>", "text/html")),
    ("200 page without a type", answer(200, b"\n<html>", "")),
    ("200 that is no JSON", answer(200, b"tru")),
    ("201 compressed, cut to its head", answer(201, content_encoding="gzip")),
]


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize(
    ("happened", "verdict"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS]
)
def test_answers_that_mean_the_same_for_all(
    effect: Effect, happened: Any, verdict: Verdict
) -> None:
    """Applied or not, and what to do next."""
    assert judge(effect, happened) == verdict


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize(
    "happened", [row[1] for row in UNKNOWN_ROWS], ids=[r[0] for r in UNKNOWN_ROWS]
)
def test_answers_after_which_nobody_knows(effect: Effect, happened: Any) -> None:
    """A create is asked about, everything else is sent again."""
    assert judge(effect, happened) == UNKNOWN.get(effect, REPEATED)


CLOCK = {
    "retry-after": "Mon, 23 Nov 2026 10:00:30 GMT",
    "date": "Mon, 23 Nov 2026 10:00:00 GMT",
}


@pytest.mark.parametrize(
    ("happened", "verdict"),
    [
        (Answer(503, {"retry-after": "5"}, b""), Verdict(Action.PAUSE, wait=5.0)),
        (Answer(429, CLOCK, b""), Verdict(Action.PAUSE, wait=30.0)),
        (Answer(403, {"retry-after": "60"}, b""), Verdict(Action.QUOTA, wait=60.0)),
        (Answer(200, {"content-type": "text/html"}, b"Sign in"), UNKNOWN["create"]),
    ],
    ids=["503", "429", "403 that says no more", "page without a tag"],
)
def test_a_header_alone_decides(happened: Answer, verdict: Verdict) -> None:
    """In any mapping with names in lower case, and with nothing in the body that helps."""
    assert judge("create", happened) == verdict


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("happened", [row[1] for row in ABORTED], ids=[r[0] for r in ABORTED])
def test_a_failure_of_the_api_itself(effect: Effect, happened: Answer) -> None:
    """The batch was aborted, says the contract; a create is asked about anyway."""
    action = Action.ASK if effect == "create" else Action.AGAIN
    assert judge(effect, happened) == Verdict(action, applied=False)


@pytest.mark.parametrize("happened", [answer(500), answer(500, b'{"error": "no"}')], ids=str)
def test_a_500_of_unknown_origin_may_be_trusted(happened: Answer) -> None:
    """Whoever knows that Sdir's API answers so may say that it means "not saved"."""
    assert judge("create", happened, trust_500=True) == Verdict(Action.ASK, applied=False)


@pytest.mark.parametrize(
    "happened",
    [answer(500, GATEWAY_500), answer(500, b"<html>", "text/html"), answer(500, b'"no"')],
    ids=["gateway", "page", "text"],
)
def test_a_500_that_is_not_sdirs_is_not_trusted(happened: Answer) -> None:
    """Sdir's API answers with an object or with nothing; anything else is from before it."""
    assert judge("create", happened, trust_500=True) == UNKNOWN["create"]


headers = st.dictionaries(
    st.sampled_from(["content-type", "Retry-After", "Date", "x"]), st.text(max_size=30), max_size=4
)
happenings = st.one_of(
    st.builds(
        lambda status, pairs, body: Answer(
            status, {name.lower(): value for name, value in pairs.items()}, body
        ),
        st.integers(100, 599),
        headers,
        st.one_of(
            st.binary(max_size=80), st.sampled_from([b"[", b"{}", b"<html>", b'{"errors": 1}'])
        ),
    ),
    st.builds(Lost, st.sampled_from(["connect", "body", "answer"]), st.text(max_size=9)),
)


@given(happenings, st.sampled_from(EFFECTS))
def test_no_answer_is_beyond_judgement(happened: Any, effect: Effect) -> None:
    """There is always a verdict, and a create that may be saved is never sent on a guess."""
    verdict = judge(effect, happened)
    if verdict.applied is None:
        assert verdict.action is (Action.ASK if effect == "create" else Action.AGAIN)
    if effect != "create":
        assert verdict.action is not Action.ASK
    assert (verdict.action is Action.ACCEPT) == (verdict.applied is True)
    assert verdict.wait is None or verdict.wait >= 0


@given(happenings)
def test_no_answer_is_beyond_an_error(happened: Any) -> None:
    """Each answer makes an error with a message, and reasons where it is a refusal."""
    if isinstance(happened, Answer):
        error = error_of(happened, method="POST", url="https://host/path")
        assert str(error)
        assert error.status == happened.status
        assert reasons_of(happened)


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("57", "", 57.0),
        (" 1.5 ", "", 1.5),
        ("0", "", 0.0),
        ("-5", "", None),
        ("soon", "", None),
        ("", "", None),
        ("9" * 400, "", float("inf")),
        ("Mon, 23 Nov 2026 10:00:30 GMT", "Mon, 23 Nov 2026 10:00:00 GMT", 30.0),
        ("Mon, 23 Nov 2026 10:00:00 GMT", "Mon, 23 Nov 2026 10:00:30 GMT", 0.0),
        ("Mon, 01 Jan 2001 10:00:00 GMT", "", 0.0),
        ("Mon, 99 Nov 2026 10:00:00 GMT", "", None),
        ("Mon, 99999999999999999999 Nov 2026 10:00:00 GMT", "", None),
    ],
)
def test_how_long_the_server_asks_to_wait(value: str, date: str, seconds: float | None) -> None:
    """In seconds, or as a date by the server's own clock; nonsense asks for nothing."""
    given_headers = httpx.Headers({"RETRY-AFTER": value, **({"DATE": date} if date else {})})
    assert retry_after(Answer(429, given_headers, b"")) == seconds
