"""Every decision about a chunk, driven by hand: no event loop, no clock, no server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from sdir_async import Reason, RetryPolicy
from sdir_async.document import Effect
from sdir_async.upload import flow
from sdir_async.upload.chunks import Chunk, Piece
from sdir_async.upload.flow import Flow
from sdir_async.upload.journal.history import Past
from sdir_async.upload.report import State
from sdir_async.upload.saved import Saved
from sdir_async.upload.steps import (
    Ask,
    EndTurn,
    Finished,
    Send,
    Step,
    Stop,
    Terms,
    Turn,
    Until,
    Wait,
)
from sdir_async.verdicts import Exchange
from sdir_async.wire import Attempt, Happened, Lost

from .by_hand import (
    ALL_WELL,
    LOST,
    METHODS,
    PROBLEM,
    START,
    answer,
    check_of,
    chunk_of,
    driven,
    exchange_of,
    line,
    refusal,
    terms_of,
)

GATEWAY = {"statusCode": 500, "message": "Internal server error", "activityId": "6b5f1b0e"}

# Every row of the table of answers, and the kind of thing that it is for an upload.
# What a session repeats by itself reaches an upload only when it gave up.

ROWS: list[tuple[str, Happened, str | Mapping[str, str]]] = [
    ("201 with a list", answer(201, b'[{"uid": "1"}]'), "accepted"),
    ("201 empty", answer(201), "accepted"),
    ("400 that names a record", refusal(1), "named"),
    ("400 that names none", answer(400, {"title": "Bad request"}), "unnamed"),
    ("400 that names a record beyond", refusal(77), "unnamed"),
    ("409", answer(409), "unnamed"),
    ("422", answer(422), "unnamed"),
    ("401", answer(401), "given up: AuthenticationError"),
    ("403 quota", answer(403, {"message": "Out of call volume quota."}), "given up: QuotaExceeded"),
    ("403", answer(403), "given up: PermissionDenied"),
    ("404", answer(404), "given up: NotFound"),
    ("405", answer(405), "given up: ApiError"),
    ("415", answer(415), "given up: ApiError"),
    ("307", answer(307), "given up: ApiError"),
    ("408", answer(408), "given up: ApiError"),
    ("429", answer(429, retry_after="3"), "given up: RateLimited"),
    ("503 with Retry-After", answer(503, retry_after="3"), "given up: ServerError"),
    ("nothing sent", Lost("nothing", "ConnectError"), "given up: ConnectionFailed"),
    ("413", answer(413), "too large"),
    ("broken off in the body", Lost("part", "WriteError"), "broken off"),
]
UNKNOWN: list[tuple[str, Happened, str]] = [
    ("500 of the gateway", answer(500, GATEWAY), "ServerError"),
    ("500 empty", answer(500), "ServerError"),
    ("500 page", answer(500, b"<html>"), "ServerError"),
    ("502", answer(502), "ServerError"),
    ("503", answer(503), "ServerError"),
    ("504", answer(504), "ServerError"),
    ("lost", Lost("all", "ReadTimeout"), "ConnectionFailed"),
    ("201 cut short", answer(201, b'[{"uid": "1'), "ConnectionFailed"),
    ("200 page", answer(200, b"<html>"), "ConnectionFailed"),
]
ROWS += [
    (name, happened, {"create": "unknown", "else": f"lost: {error}"})
    for name, happened, error in UNKNOWN
]
ROWS += [
    ("500 of the API", PROBLEM, {"create": "aborted", "else": "given up: ServerError"}),
    ("201 with something else", answer(201, b"{}"), {"create": "unknown", "else": "accepted"}),
]

STEPS: dict[str, dict[str, str]] = {
    "fresh": {
        "accepted": "send 10-13 | 10-13 accepted",
        "named": "send 10-13 | send 10,12-13 | 10,12-13 accepted, 11 rejected",
        "unnamed": "send 10-13 | turn | send 10-11"
        " | 10-11 accepted | end turn | send 12-13 | 12-13 accepted",
        "given up": "send 10-13 | stop error ERROR | 10-13 unsent",
        "lost": "send 10-13 | send 10-11 | 10-11 accepted | send 12-13 | 12-13 accepted",
        "too large": "send 10-13 | send 10-11 | 10-11 accepted | send 12-13 | 12-13 accepted",
        "broken off": "send 10-13 | send 10-11 | 10-11 accepted | send 12-13 | 12-13 accepted",
        "unknown": "send 10-13 | ask 10-13 | wait 30"
        " | ask 10-13 | wait 0 | send 10-13 | 10-13 accepted",
        "aborted": "send 10-13 | ask 10-13 | wait 0 | send 10-13 | 10-13 accepted",
    },
    "earlier": {
        "accepted, a create": "ask 10-13 | wait 30 | ask 10-13 | send 10-13 | 10-13 accepted",
        "accepted, no create": "send 10-13 | 10-13 accepted",
        "named, a create": "ask 10-13 | wait 30 | ask 10-13"
        " | send 10-13 | send 10,12-13 | 10,12-13 accepted, 11 rejected",
        "named, no create": "send 10-13 | send 10,12-13 | 10,12-13 accepted, 11 rejected",
        "unnamed, a create": "ask 10-13 | wait 30 | ask 10-13 | send 10-13 | turn"
        " | send 10-11 | 10-11 accepted | end turn | send 12-13 | 12-13 accepted",
        "unnamed, no create": "send 10-13 | turn | send 10-11"
        " | 10-11 accepted | end turn | send 12-13 | 12-13 accepted",
        "given up, a create": "ask 10-13 | wait 30 | ask 10-13"
        " | send 10-13 | stop error ERROR | 10-13 unsent",
        "given up, no create": "send 10-13 | stop error ERROR | 10-13 in_doubt",
        "lost": "send 10-13 | send 10-11 | 10-11 accepted | send 12-13 | 12-13 accepted",
        "too large, a create": "ask 10-13 | wait 30 | ask 10-13 | send 10-13"
        " | send 10-11 | 10-11 accepted | send 12-13 | 12-13 accepted",
        "too large, no create": "send 10-13 | send 10-11"
        " | 10-11 accepted | send 12-13 | 12-13 accepted",
        "broken off, a create": "ask 10-13 | wait 30 | ask 10-13 | send 10-13"
        " | send 10-11 | 10-11 accepted | send 12-13 | 12-13 accepted",
        "broken off, no create": "send 10-13 | send 10-11"
        " | 10-11 accepted | send 12-13 | 12-13 accepted",
        "unknown": "ask 10-13 | wait 30 | ask 10-13 | send 10-13 | ask 10-13"
        " | wait 30 | ask 10-13 | wait 0 | send 10-13 | 10-13 accepted",
        "aborted": "ask 10-13 | wait 30 | ask 10-13 | send 10-13"
        " | ask 10-13 | wait 0 | send 10-13 | 10-13 accepted",
    },
    "refused once": {
        "accepted": "send 10-13 | send 11-13 | 11-13 accepted, 10 rejected",
        "named": "send 10-13 | send 11-13 | turn | send 11,13 | 11,13 accepted, 10,12 rejected",
        "unnamed": "send 10-13 | send 11-13 | turn | send 11"
        " | 11 accepted, 10 rejected | end turn | send 12-13 | 12-13 accepted",
        "given up": "send 10-13 | send 11-13 | stop error ERROR | 11-13 unsent, 10 rejected",
        "lost": "send 10-13 | send 11-13 | send 11"
        " | 11 accepted, 10 rejected | send 12-13 | 12-13 accepted",
        "too large": "send 10-13 | send 11-13 | send 11 | 11 accepted, 10 rejected"
        " | send 12 | 12 accepted | send 13 | 13 accepted",
        "broken off": "send 10-13 | send 11-13 | send 11 | 11 accepted, 10 rejected"
        " | send 12 | 12 accepted | send 13 | 13 accepted",
        "unknown": "send 10-13 | send 11-13 | ask 11-13 | wait 30"
        " | ask 11-13 | wait 0 | send 11-13 | 11-13 accepted, 10 rejected",
        "aborted": "send 10-13 | send 11-13 | ask 11-13"
        " | wait 0 | send 11-13 | 11-13 accepted, 10 rejected",
    },
    "split": {
        "accepted": "send 10-13 | send 10-11 | 10-11 accepted | send 12-13 | 12-13 accepted",
        "named": "send 10-13 | send 10-11 | send 10"
        " | 10 accepted, 11 rejected | send 12-13 | 12-13 accepted",
        "unnamed": "send 10-13 | send 10-11 | turn | send 12-13 | 12-13 accepted"
        " | end turn | send 10 | 10 accepted | send 11 | 11 accepted",
        "given up": "send 10-13 | send 10-11 | stop error ERROR | 10-11 unsent | 12-13 unsent",
        "lost": "send 10-13 | send 10-11 | send 10 | 10 accepted"
        " | send 11 | 11 accepted | send 12-13 | 12-13 accepted",
        "too large": "send 10-13 | send 10-11 | send 10 | 10 accepted | send 11"
        " | 11 accepted | send 12 | 12 accepted | send 13 | 13 accepted",
        "broken off": "send 10-13 | send 10-11 | send 10 | 10 accepted | send 11"
        " | 11 accepted | send 12 | 12 accepted | send 13 | 13 accepted",
        "unknown": "send 10-13 | send 10-11 | ask 10-11 | wait 30 | ask 10-11"
        " | wait 0 | send 10-11 | 10-11 accepted | send 12-13 | 12-13 accepted",
        "aborted": "send 10-13 | send 10-11 | ask 10-11 | wait 0"
        " | send 10-11 | 10-11 accepted | send 12-13 | 12-13 accepted",
    },
    "single": {
        "accepted": "send 10 | 10 accepted",
        "named": "send 10 | turn | 10 rejected",
        "unnamed": "send 10 | turn | 10 rejected",
        "given up": "send 10 | stop error ERROR | 10 unsent",
        "lost": "send 10 | stop error ERROR | 10 in_doubt",
        "too large": "send 10 | 10 rejected",
        "broken off": "send 10 | wait 0 | send 10 | 10 accepted",
        "unknown": "send 10 | ask 10 | wait 30 | ask 10 | wait 0 | send 10 | 10 accepted",
        "aborted": "send 10 | ask 10 | wait 0 | send 10 | 10 accepted",
    },
    "stop": {
        "accepted": "send 10-13 | 10-13 accepted",
        "named": "send 10-13 | stop rejected | 10,12-13 unsent, 11 rejected",
        "unnamed": "send 10-13 | stop rejected InvalidRequest | 10-11 unsent | 12-13 unsent",
        "given up": "send 10-13 | stop error ERROR | 10-13 unsent",
        "lost": "send 10-13 | send 10-11 | 10-11 accepted | send 12-13 | 12-13 accepted",
        "too large": "send 10-13 | send 10-11 | 10-11 accepted | send 12-13 | 12-13 accepted",
        "broken off": "send 10-13 | send 10-11 | 10-11 accepted | send 12-13 | 12-13 accepted",
        "unknown": "send 10-13 | ask 10-13 | wait 30"
        " | ask 10-13 | wait 0 | send 10-13 | 10-13 accepted",
        "aborted": "send 10-13 | ask 10-13 | wait 0 | send 10-13 | 10-13 accepted",
    },
    "expired": {
        "given up": "send 10-13 | 10-13 unsent late",
        "lost": "send 10-13 | 10-13 in_doubt late",
        "unknown": "send 10-13 | 10-13 in_doubt late",
        "aborted": "send 10-13 | 10-13 unsent late",
    },
}


@pytest.mark.parametrize("state", STEPS)
@pytest.mark.parametrize("effect", METHODS)
@pytest.mark.parametrize(("happened", "kinds"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS])
def test_each_answer_to_a_piece_in_each_state(
    state: str, effect: Effect, happened: Happened, kinds: str | Mapping[str, str]
) -> None:
    """The table of answers, row by row: exactly these steps follow, and each index ends once."""
    terms = terms_of(effect, isolate=state != "stop")
    chunk = chunk_of(1 if state == "single" else 4)
    past = Past(unknown=[[0, 1, 2, 3]]) if state == "earlier" else None
    before = {"refused once": [refusal(0)], "split": [answer(413)]}.get(state, [])
    steps = flow.settle(chunk, past, terms)
    lines = driven(steps, terms, *before, happened, expired=state == "expired")
    given = "create" if effect == "create" else "else"
    kind, _, error = (kinds if isinstance(kinds, str) else kinds[given]).partition(": ")
    named = f"{kind}, {'a create' if effect == 'create' else 'no create'}"
    expected = next(
        found[name]
        for found in (STEPS[state], STEPS["fresh"])
        for name in (named, kind)
        if name in found
    )
    assert " | ".join(lines) == expected.replace("ERROR", error)


ABORTED = PROBLEM
ASKED: list[tuple[str, Happened | None, list[bool | None], bool, str]] = [
    ("found", LOST, [True], True, "send 10 | ask 10 | 10 accepted"),
    ("nobody knows", LOST, [None], True, "send 10 | ask 10 | 10 in_doubt"),
    ("found late", LOST, [False, True], True, "send 10 | ask 10 | wait 30 | ask 10 | 10 accepted"),
    (
        "absent, then nobody",
        LOST,
        [False, None],
        True,
        "send 10 | ask 10 | wait 30 | ask 10 | 10 in_doubt",
    ),
    ("absent, no time", LOST, [False], False, "send 10 | ask 10 | wait 30 | 10 in_doubt late"),
    ("aborted, found", ABORTED, [True], True, "send 10 | ask 10 | 10 accepted"),
    (
        "aborted, nobody knows",
        ABORTED,
        [None],
        True,
        "send 10 | ask 10 | wait 0 | send 10 | 10 accepted",
    ),
    ("aborted, no time", ABORTED, [False], False, "send 10 | ask 10 | wait 0 | 10 unsent late"),
    ("earlier, found", None, [True], True, "ask 10 | 10 accepted"),
    ("earlier, nobody knows", None, [None], True, "ask 10 | 10 in_doubt"),
    ("earlier, found late", None, [False, True], True, "ask 10 | wait 30 | ask 10 | 10 accepted"),
    ("earlier, then nobody", None, [False, None], True, "ask 10 | wait 30 | ask 10 | 10 in_doubt"),
    ("earlier, no time", None, [False], False, "ask 10 | wait 30 | 10 in_doubt late"),
]


@pytest.mark.parametrize(
    ("happened", "asked", "time", "expected"), [row[1:] for row in ASKED], ids=[r[0] for r in ASKED]
)
def test_what_is_found_out_about_a_create(
    happened: Happened | None, asked: list[bool | None], time: bool, expected: str
) -> None:
    """Absence is believed when it is seen twice; else nothing is sent again."""
    terms = terms_of()
    past = None if happened else Past(unknown=[[0]])
    steps = flow.settle(chunk_of(1), past, terms)
    fates = [happened] if happened else []
    assert " | ".join(driven(steps, terms, *fates, asked=asked, time=time)) == expected


WITNESSED: list[tuple[str, list[bool | None], str]] = [
    ("shown", [False, False, True], "ask 10 | wait 0 | send 11 | 11 accepted"),
    (
        "shown late",
        [False, False, False, True],
        "ask 10 | wait 30 | ask 10 | wait 0 | send 11 | 11 accepted",
    ),
    ("never shown", [False, False, False, False], "ask 10 | wait 30 | ask 10 | 11 in_doubt"),
    ("no list", [False, False, None], "ask 10 | 11 in_doubt"),
]


@pytest.mark.parametrize(
    ("asked", "expected"), [row[1:] for row in WITNESSED], ids=[row[0] for row in WITNESSED]
)
def test_absence_from_a_list_needs_a_witness(asked: list[bool | None], expected: str) -> None:
    """A list that does not show what is known to be saved proves nothing about the rest."""
    terms = terms_of(saved=Saved(repr))
    steps = flow.settle(chunk_of(2), Past([0], {}, [], [1]), terms)
    lines = driven(steps, terms, LOST, asked=asked)
    begun = ["10 accepted known", "send 11", "ask 11", "wait 30", "ask 11", "until"]
    assert lines == [*begun, *expected.split(" | ")]


def test_where_nothing_was_accepted_there_is_no_witness() -> None:
    """Alone in the upload, a chunk that is absent stays in doubt."""
    terms = terms_of(saved=Saved(repr))
    lines = driven(flow.settle(chunk_of(1), None, terms), terms, LOST)
    assert lines == ["send 10", "ask 10", "wait 30", "ask 10", "until", "10 in_doubt"]


def test_another_piece_of_the_chunk_may_bring_the_witness() -> None:
    """What is absent waits for it, and is in doubt until then."""
    terms = terms_of(saved=Saved(repr))
    steps = flow.settle(chunk_of(2), Past(unknown=[[0]], rest=[1]), terms)
    lines = driven(steps, terms, asked=[False, False, False, False, True])
    assert lines == [
        *["ask 10", "wait 30", "ask 10", "postpone 10", "send 11", "11 accepted"],
        *["ask 10", "wait 30", "ask 10", "until", "ask 11", "send 10", "10 accepted"],
    ]


def test_a_record_that_the_user_names_is_asked_for_where_nothing_was_accepted() -> None:
    """It stands before the input, and does what an accepted one would."""
    named = Chunk(-1, [{"a": "named"}], [b'{"a": "named"}'])
    for shows, end in ((True, "10 accepted"), (False, "10 in_doubt")):
        terms = terms_of(saved=Saved(repr), sample=Piece(named, range(1)))
        steps = flow.settle(chunk_of(1), None, terms)
        lines = driven(steps, terms, LOST, asked=[False, False, shows, shows])
        assert lines[:6] == ["send 10", "ask 10", "wait 30", "ask 10", "until", "ask -1"]
        assert lines[-1] == end


def test_where_nothing_can_be_said_of_a_witness_the_next_one_is_asked_for() -> None:
    """A witness may have an equal under way: that says nothing about the list."""
    terms = terms_of(saved=Saved(repr))
    steps = flow.settle(chunk_of(2), Past([0], {}, [], [1]), terms)
    driven(steps, terms, LOST, asked=[False, False, None])
    assert (terms.sample, terms.shown) == (None, None)
    steps = flow.settle(chunk_of(2), Past([0], {}, [], [1]), terms)
    lines = driven(steps, terms, LOST, asked=[False, False, True])
    assert lines[-5:] == ["until", "ask 10", "wait 0", "send 11", "11 accepted"]


def test_what_an_earlier_run_sent_is_read_before_anything_is_asked() -> None:
    """It may have saved an equal record further on, which is not known until then."""
    terms = terms_of(saved=Saved(repr), read=2, earlier=4)
    steps = flow.settle(chunk_of(2), Past(unknown=[[0, 1]]), terms)
    waits = steps.send(None)
    assert isinstance(waits, Until)
    assert not waits.holds()
    terms.read = 4
    assert waits.holds()
    assert line(steps.send(True)) == "ask 10-11"


def test_what_an_earlier_run_sent_and_can_not_be_read_leaves_a_doubt() -> None:
    """The upload was stopped, or its time is over."""
    terms = terms_of(saved=Saved(repr), read=2, earlier=4)
    steps = flow.settle(chunk_of(2), Past(unknown=[[0, 1]]), terms)
    assert driven(steps, terms) == ["until", "10-11 in_doubt late"]


def equals_of(asked: Step) -> int | None:
    """Return how many equals of the first record that is asked for are known to be saved."""
    assert isinstance(asked, Ask)
    assert asked.others is not None
    return asked.others.elsewhere(asked.piece, asked.unknown)(0)


def test_a_piece_in_doubt_does_not_vouch_for_its_equal() -> None:
    """Whichever of the two was saved: what the list shows may be the one in doubt."""
    terms, chunk = terms_of(saved=Saved(repr)), chunk_of(1)
    driven(flow.settle(chunk, None, terms), terms, LOST, asked=[None])
    other = flow.settle(chunk_of(1), None, terms)
    other.send(None)
    asked = other.send(exchange_of("create", LOST))
    assert equals_of(asked) is None


def test_a_piece_of_unknown_fate_does_not_vouch_for_its_equal_in_the_chunk() -> None:
    """An earlier run sent both, and one of them may have been saved."""
    terms, chunk = terms_of(saved=Saved(repr)), chunk_of(1)
    chunk = Chunk(START, chunk.records * 2, chunk.bodies * 2)
    asked = flow.settle(chunk, Past(unknown=[[0], [1]]), terms).send(None)
    assert equals_of(asked) is None


def test_an_equal_that_is_begun_while_the_list_is_asked_is_noticed() -> None:
    """How many are known to be saved is looked up at that moment, not when the asking began."""
    terms = terms_of(saved=Saved(repr))
    first = flow.settle(chunk_of(1), None, terms)
    first.send(None)
    asked = first.send(exchange_of("create", LOST))
    assert equals_of(asked) == 0
    second = flow.settle(chunk_of(1), None, terms)
    assert equals_of(asked) is None
    driven(second, terms)
    assert equals_of(asked) == 1


def test_the_question_names_what_is_known_to_be_saved_of_the_chunk() -> None:
    """Of equal records the list must show those as well."""
    terms, chunk = terms_of(), chunk_of(4)
    steps = flow.settle(chunk, Past(accepted=[0], unknown=[[1]], rest=[2, 3]), terms)
    assert line(steps.send(None)) == "10 accepted known"
    first = steps.send(None)
    assert isinstance(first, Ask)
    assert list(first.saved) == chunk.bodies[:1]
    steps.send(True)
    assert line(steps.send(None)) == "send 12-13"
    second = steps.send(exchange_of("create", LOST))
    assert isinstance(second, Ask)
    assert list(second.saved) == chunk.bodies[:2]


def test_a_create_that_keeps_getting_lost_is_sent_in_halves_and_then_given_up() -> None:
    """Each time it is proved absent first; what is then left was certainly not saved."""
    terms = terms_of()
    question = ["ask 10-11", "wait 30", "ask 10-11", "wait 0"]
    assert driven(flow.settle(chunk_of(2), None, terms), terms, *[LOST] * 9) == [
        *["send 10-11", *question] * 2,
        *["send 10", "ask 10", "wait 30", "ask 10", "stop error ConnectionFailed"],
        *["10 unsent", "11 unsent"],
    ]


@pytest.mark.parametrize("effect", METHODS)
def test_a_single_record_that_is_broken_off_each_time_is_given_up(effect: Effect) -> None:
    """It can't be made smaller; none of it can have been applied."""
    terms = terms_of(effect)
    steps = flow.settle(chunk_of(1), None, terms)
    again = ["send 10", "wait 0"]
    assert driven(steps, terms, *[Lost("part", "WriteError")] * 9) == [
        *again,
        *again,
        "send 10",
        "stop error ConnectionFailed",
        "10 unsent",
    ]


@pytest.mark.parametrize(("effect", "state"), [("create", "unsent"), ("update", "in_doubt")])
def test_a_doubt_from_an_earlier_run_outlasts_a_piece_that_broke_off(
    effect: Effect, state: str
) -> None:
    """A create was proved absent before it was sent again; of an update nobody knows."""
    terms = terms_of(effect)
    steps = flow.settle(chunk_of(1), Past(unknown=[[0]]), terms)
    lines = driven(steps, terms, *[Lost("part", "WriteError")] * 9)
    assert lines[-1] == f"10 {state}"


def test_no_time_to_send_again_what_broke_off() -> None:
    """The deadline ends this chunk; the upload is not stopped for the others."""
    terms = terms_of()
    steps = flow.settle(chunk_of(1), None, terms)
    lines = driven(steps, terms, Lost("part", "WriteError"), time=False)
    assert lines == ["send 10", "wait 0", "10 unsent late"]


def test_an_earlier_run_is_taken_up_where_it_ended() -> None:
    """What it finished is counted, what it had on the wire is asked for, the rest is sent."""
    terms = terms_of()
    past = Past([0, 2], {1: (Reason("is bad"),)}, [[3], [4]], [5, 6])
    assert driven(flow.settle(chunk_of(7), past, terms), terms, asked=[True, None]) == [
        "10,12 accepted, 11 rejected known",
        "ask 13", "13 accepted", "ask 14", "14 in_doubt", "send 15-16", "15-16 accepted",
    ]  # fmt: skip


def test_an_earlier_run_that_rejected_everything() -> None:
    """Nothing is sent."""
    terms = terms_of()
    past = Past(rejected={0: (Reason("is bad"),), 1: (Reason("is bad"),)})
    assert driven(flow.settle(chunk_of(2), past, terms), terms) == ["10-11 rejected known"]


def test_what_the_check_finds_is_rejected_with_the_piece_it_stood_in() -> None:
    """It costs no request; what only looks wrong is sent, with a warning."""
    terms = terms_of(check=check_of([1], [3]))
    assert driven(flow.settle(chunk_of(4), None, terms), terms) == [
        "warn 13", "send 10,12-13", "10,12-13 accepted, 11 rejected",
    ]  # fmt: skip


def test_what_the_check_finds_does_not_count_as_a_refusal() -> None:
    """One record that Sdir then names begins no search: it may be the only one."""
    terms = terms_of(check=check_of([0]))
    lines = driven(flow.settle(chunk_of(4), None, terms), terms, refusal(0))
    assert lines == ["send 11-13", "send 12-13", "12-13 accepted, 10-11 rejected"]


def test_a_check_that_refuses_everything_leaves_nothing_to_send() -> None:
    """The chunk is rejected without a request."""
    terms = terms_of(check=check_of([0, 1]))
    assert driven(flow.settle(chunk_of(2), None, terms), terms) == ["10-11 rejected"]


def test_a_record_without_json_is_rejected_in_a_first_run_and_in_a_later_one() -> None:
    """A later run sends only what is left, and has the same words for it."""
    for past in (None, Past([0], {2: (Reason("earlier"),)}, [], [1, 3])):
        chunk = chunk_of(4)
        chunk.bodies[1] = chunk.bodies[2] = b""
        chunk.refused |= {1: (Reason("can't be written"),), 2: (Reason("nor this"),)}
        terms = terms_of()
        steps = flow.settle(chunk, past, terms)
        ended = [step for step in iter_steps(steps, terms) if isinstance(step, Finished)]
        said = {one.index: one.reasons[0].message for end in ended for one in end.piece.rejections}
        assert said == {11: "can't be written", 12: "nor this"}


def iter_steps(steps: Flow, terms: Terms) -> Iterator[Step]:
    """Yield the steps of a chunk with which all goes well."""
    result: Any = None
    while True:
        try:
            step = steps.send(result)
        except StopIteration:
            return
        yield step
        result = exchange_of(terms.effect, ALL_WELL) if isinstance(step, Send) else None


def test_a_refusal_by_the_check_stops_an_upload_that_is_to_stop() -> None:
    """Nothing is sent, and the others are unsent."""
    terms = terms_of(isolate=False, check=check_of([1]))
    lines = driven(flow.settle(chunk_of(3), None, terms), terms)
    assert lines == ["stop rejected", "10,12 unsent, 11 rejected"]


def test_a_single_record_that_is_refused_is_found_though_nothing_is_named() -> None:
    """With on_rejected="stop" there is no error to raise: the report names the record."""
    terms = terms_of(isolate=False)
    lines = driven(flow.settle(chunk_of(1), None, terms), terms, answer(400))
    assert lines == ["send 10", "stop rejected", "10 rejected"]


def test_when_the_upload_stops_nothing_new_is_sent() -> None:
    """Of what an earlier run may have applied nobody asks any more: it stays in doubt."""
    terms = terms_of(stopping=True)
    steps = flow.settle(chunk_of(4), Past([0], {}, [[1]], [2, 3]), terms)
    assert driven(steps, terms) == ["10 accepted known", "11 in_doubt", "12-13 unsent"]


def test_a_body_larger_than_was_learnt_is_halved_before_it_is_sent() -> None:
    """A size that was refused is not tried again, but for a single record."""
    terms, chunk = terms_of(), chunk_of(4)
    terms.limit.refused(2 * len(chunk.bodies[0]), 2)
    lines = driven(flow.settle(chunk, None, terms), terms)
    assert lines[0] == "send 10"
    assert lines[1::2] == ["10 accepted", "11 accepted", "12 accepted", "13 accepted"]


def test_a_body_that_was_too_large_is_remembered_for_other_chunks() -> None:
    """And a single record that is too large says nothing about others."""
    terms = terms_of()
    driven(flow.settle(chunk_of(4), None, terms), terms, answer(413))
    assert terms.limit(1_000_000) < len(chunk_of(4).body)
    terms = terms_of()
    driven(flow.settle(chunk_of(1), None, terms), terms, answer(413))
    assert terms.limit(1_000_000) == 1_000_000


def test_a_record_too_large_says_how_large() -> None:
    """The size is that of the record, not of the request around it."""
    chunk, terms = chunk_of(1), terms_of()
    steps = flow.settle(chunk, None, terms)
    steps.send(None)
    end = steps.send(exchange_of("create", answer(413)))
    assert isinstance(end, Finished)
    (reason,) = end.piece.rejections[0].reasons
    size = len(chunk.bodies[0])
    assert reason.message == f"The record is too large for Sdir: {size} bytes."


def test_bytes_that_are_not_one_record_are_found_when_they_are_refused() -> None:
    """Without the check nobody looked before; what the server names may be another one."""
    records: list[Any] = [b'{"a": 1}', b'{"a": 1}, {"a": 2', b'{"a": 3}']
    terms = terms_of()
    steps = flow.settle(Chunk(START, records, list(records)), None, terms)
    lines = driven(steps, terms, refusal(0))
    assert lines == ["send 10-12", "send 10,12", "10,12 accepted, 11 rejected"]


def test_what_is_refused_for_one_reason_is_given_up_early() -> None:
    """Single records, far apart, are refused like the whole: it is not the records."""
    terms = terms_of(read=100)
    lines = driven(flow.settle(chunk_of(100), None, terms), terms, *[answer(400)] * 99)
    requests = [one for one in lines if one.startswith("send")]
    assert lines[:3] == ["send 10-109", "turn", "send 10-73"]
    assert len(requests) < 20
    assert lines[len(requests) + 1] == "stop error InvalidRequest"


def test_one_accepted_record_proves_that_not_everything_is_refused() -> None:
    """Then the search continues to its end, and what is bad is rejected."""
    terms = terms_of(read=100)
    fates = [answer(400), *[answer(400)] * 5, ALL_WELL, *[answer(400)] * 999]
    lines = driven(flow.settle(chunk_of(100), None, terms), terms, *fates)
    assert not [one for one in lines if one.startswith("stop")]
    assert sum(one.endswith("accepted") for one in lines) == 1


def test_an_earlier_acceptance_proves_it_too() -> None:
    """A chunk that an earlier run saved in part is searched without a turn."""
    terms = terms_of(read=100)
    steps = flow.settle(chunk_of(4), Past([0], {}, [], [1, 2, 3]), terms)
    assert "turn" not in driven(steps, terms, answer(400))


QUESTIONED = ["send 10", "ask 10", "wait 30", "ask 10", "wait 0", "send 10", "10 accepted"]
GIVEN_UP = ["send 10", "stop error ConnectionFailed", "10 in_doubt"]


@pytest.mark.parametrize(("effect", "expected"), [("create", QUESTIONED), ("update", GIVEN_UP)])
def test_a_list_that_was_promised_and_did_not_come(effect: Effect, expected: list[str]) -> None:
    """A create is asked about; a server that answers an update like that is not Sdir."""
    terms = terms_of(effect, answers_list=True)
    assert driven(flow.settle(chunk_of(1), None, terms), terms, answer(200, b"{}")) == expected


def test_an_acceptance_carries_the_answer_and_every_attempt() -> None:
    """The report can show what was saved, and how often it was tried."""
    terms, told = terms_of(), answer(201, b'[{"uid": "1"}]')
    steps = flow.settle(chunk_of(2), None, terms)
    steps.send(None)
    steps.send(exchange_of("create", refusal(0)))
    end = steps.send(exchange_of("create", told))
    assert isinstance(end, Finished)
    assert (end.answer, end.piece.attempts) == (
        told.body,
        (Attempt(0.0, 0.0, str(refusal(0))), Attempt(0.0, 0.0, str(told))),
    )


def test_what_was_rejected_earlier_is_rejected_with_words_where_they_can_be_had() -> None:
    """The journal keeps none; the check, and bytes that are not JSON, say it again."""
    records: list[Any] = [{"a": 0}, b"{x}", {"a": 2}]
    chunk = Chunk(START, records, [b'{"a": 0}', b"{x}", b'{"a": 2}'])
    past = Past(rejected={at: (Reason("earlier"),) for at in range(3)})
    said = {}
    for check in (None, check_of([0])):
        end = flow.settle(chunk, past, terms_of(check=check)).send(None)
        assert isinstance(end, Finished)
        said[check is None] = [one.reasons[0].message[:14] for one in end.piece.rejections]
    assert said == {
        True: ["earlier", "The record is ", "earlier"],
        False: ["said the check", "earlier", "earlier"],
    }


def test_what_an_earlier_run_finished_is_counted_though_nothing_begins() -> None:
    """Broken off before the first step, the rest is told whole, and once."""
    steps = flow.settle(chunk_of(4), Past([0], {}, [[1]], [2, 3]), terms_of())
    told = [line(end) for end in steps.rest()]
    assert told == ["10 accepted known", "11 in_doubt", "12-13 unsent"]
    assert steps.rest() == []


def test_steps_that_were_broken_off_are_over() -> None:
    """What was on its way is counted; an answer that comes anyway changes nothing."""
    steps = flow.settle(chunk_of(2), None, terms_of())
    step = steps.send(None)
    assert isinstance(step, Send)
    step.piece.maybe_applied = True
    assert [line(end) for end in steps.rest()] == ["10-11 in_doubt"]
    with pytest.raises(StopIteration):
        steps.send(exchange_of("create", ALL_WELL))


def test_after_five_lost_requests_one_chunk_at_a_time_tries_again() -> None:
    """It waits longer with each loss, takes the turn, and keeps it though others were accepted."""
    for losses, waits in ((4, []), (5, [1.0]), (6, [2.0])):
        terms = evolve(terms_of("update", losses=losses), retry=RetryPolicy(first_wait=1.0))
        terms.uniform.accepted()
        steps = flow.settle(chunk_of(1), None, terms)
        begun, step = [], steps.send(None)
        while not isinstance(step, Send):
            begun.append(step)
            step = steps.send(True)
        assert [type(one) for one in begun] == ([Wait, Turn] if waits else [])
        for wait, longest in zip(begun[:1], waits, strict=True):
            assert isinstance(wait, Wait)
            assert longest / 2 <= wait.seconds <= longest


@pytest.mark.parametrize(("losses", "given_up"), [(7, False), (8, True)])
def test_nine_lost_requests_in_a_row_stop_the_upload(losses: int, given_up: bool) -> None:
    """An update is not sent in halves any more, and a create of unknown fate ends it."""
    terms = terms_of("update", losses=losses)
    lines = driven(flow.settle(chunk_of(2), None, terms), terms, LOST)
    assert ("stop error ConnectionFailed" in lines, "10-11 in_doubt" in lines) == (given_up,) * 2
    terms = terms_of("create", losses=losses)
    lines = driven(flow.settle(chunk_of(2), None, terms), terms, LOST, asked=[None])
    assert ("stop error UnknownOutcome" in lines) is given_up
    assert lines[-1] == "10-11 in_doubt"


@pytest.mark.parametrize("happened", [LOST, answer(503), answer(201, b"{}"), PROBLEM], ids=str)
def test_nothing_is_asked_when_the_deadline_has_passed(happened: Happened) -> None:
    """The list is not the reason for a doubt then: the report names the deadline."""
    terms = terms_of(saved=Saved(repr))
    steps = flow.settle(chunk_of(1), None, terms)
    steps.send(None)
    end = steps.send(exchange_of("create", happened, expired=True))
    assert isinstance(end, Finished)
    state = "unsent" if happened is PROBLEM else "in_doubt"
    assert (end.state, end.late, end.doubt) == (state, True, None)


@pytest.mark.parametrize(
    ("saved", "asked", "doubt"),
    [
        (False, [None], "nobody"),
        (True, [None], "unclear"),
        (True, [False, None], "unclear"),
        (True, [False, False], "no witness"),
        (True, [False, False, False, False], "not shown"),
    ],
)
def test_a_doubt_says_why_asking_did_not_help(
    saved: bool, asked: list[bool | None], doubt: str
) -> None:
    """Each reason has its own advice in the report."""
    terms = terms_of(saved=Saved(repr) if saved else None)
    if len(asked) == 4:
        named = Chunk(-1, [{"a": "named"}], [b'{"a": "named"}'])
        terms.sample = Piece(named, range(1))
    steps, answers = flow.settle(chunk_of(1), None, terms), iter(asked)
    step = steps.send(None)
    step = steps.send(exchange_of("create", LOST))
    while not isinstance(step, Finished):
        if isinstance(step, Ask):
            step = steps.send(next(answers))
        else:
            step = steps.send(step.holds() if isinstance(step, Until) else True)
    assert (step.state, step.late, step.doubt) == ("in_doubt", False, doubt)
    assert list(answers) == []


def test_what_the_list_has_shown_is_a_witness_for_others() -> None:
    """Absence is then believed without another question."""
    terms = terms_of(saved=Saved(repr))
    driven(flow.settle(chunk_of(1), None, terms), terms, LOST, asked=[True])
    assert (terms.sample is not None, terms.shown) == (True, True)
    lines = driven(flow.settle(chunk_of(2), None, terms), terms, LOST)
    assert lines == [
        *["send 10-11", "ask 10-11", "wait 30", "ask 10-11", "wait 0"],
        *["send 10-11", "10-11 accepted"],
    ]


@pytest.mark.parametrize("past", [None, Past([0], {}, [], [1])], ids=["first", "later"])
@pytest.mark.parametrize("happened", [ALL_WELL, LOST], ids=["accepted", "found"])
def test_a_record_that_the_user_names_stays_the_witness(
    past: Past | None, happened: Happened
) -> None:
    """No record that is accepted, found in the list, or saved by an earlier run takes its place."""
    named = Piece(Chunk(-1, [{"a": "named"}], [b'{"a": "named"}']), range(1))
    terms = terms_of(saved=Saved(repr), sample=named)
    driven(flow.settle(chunk_of(2), past, terms), terms, happened, asked=[True])
    assert terms.sample is named


# The law


class World:
    """What may be true of each record, kept apart from the flow, and the ends that it told."""

    def __init__(self, effect: Effect, past: Past | None) -> None:
        self.effect: Effect = effect
        self.maybe: set[int] = set().union(*past.unknown) if past else set()
        self.applied: set[int] = set(past.accepted) if past else set()
        self.ends: Counter[int] = Counter()
        self.states: Counter[str] = Counter()

    def sends(self, piece: Piece, happened: Happened) -> Exchange:
        """Send a piece: no create that may have been applied is ever sent."""
        if self.effect == "create":
            assert self.maybe.isdisjoint(piece.positions), "a create was sent twice"
        assert self.applied.isdisjoint(piece.positions), "what is saved was sent again"
        assert piece.positions
        exchange = exchange_of(self.effect, happened, known=piece.maybe_applied)
        if exchange.verdict.applied is not False:
            self.maybe |= set(piece.positions)
        return exchange

    def asks(self, piece: Piece, found: bool | None) -> bool | None:
        """Answer a question. Only a no frees a create to be sent again."""
        if found is False:
            self.maybe -= set(piece.positions)
        if found:
            self.maybe |= set(piece.positions)
        return found

    def ends_with(self, end: Finished) -> None:
        """Count the end of a piece, and check that it is not better than what is known."""
        piece = end.piece
        self.ends.update(piece.indexes)
        rejected = {one.index for one in piece.rejections}
        others = {START + at for at in piece.positions} - rejected
        assert len(piece.indexes) == len(others) + len(rejected)
        self.states["rejected"] += len(rejected)
        self.states[end.state] += len(others)
        assert end.state != "rejected" or not others
        if end.state == "unsent":
            assert self.maybe.isdisjoint(piece.positions), "what may be saved was called unsent"
        if end.state == "accepted" and not end.known:
            assert self.maybe.issuperset(piece.positions), "what was not sent was called accepted"
            self.applied |= set(piece.positions)


@st.composite
def pasts(draw: st.DrawFn, count: int) -> Past | None:
    """Draw what an earlier run left of a chunk."""
    if draw(st.booleans()):
        return None
    where = draw(st.lists(st.integers(0, 4), min_size=count, max_size=count))
    of = [[at for at, place in enumerate(where) if place == kind] for kind in range(5)]
    unknown = [piece for piece in of[2:4] if piece]
    return Past(of[0], {at: (Reason("earlier"),) for at in of[1]}, unknown, of[4])


EFFECTS: st.SearchStrategy[Effect] = st.sampled_from(("create", "update", "validate"))
FATES = st.sampled_from([ALL_WELL, *(row[1] for row in ROWS)]) | st.sets(
    st.integers(0, 9), min_size=1
).map(lambda places: refusal(*places))


@settings(max_examples=500)
@given(
    data=st.data(),
    effect=EFFECTS,
    count=st.integers(1, 9) | st.integers(64, 70),
    isolate=st.booleans(),
    answers_list=st.booleans(),
)
def test_whatever_happens_each_record_ends_once(
    data: st.DataObject, effect: Effect, count: int, isolate: bool, answers_list: bool
) -> None:
    """Accepted, rejected, in doubt and unsent make up the chunk, broken off at any step.

    Nothing that may have been applied is called unsent, and no create that may have been applied
    is sent again unless a question was answered with no. With a journal a create is sent alone
    until something is known to be saved, and whoever has the turn only sends.
    """
    draw = data.draw
    bad = draw(st.sets(st.integers(0, count - 1), max_size=3))
    check = draw(st.sampled_from([None, check_of(sorted(bad))]))
    terms = terms_of(effect, isolate=isolate, answers_list=answers_list, check=check, read=count)
    terms.saved = draw(st.sampled_from([None, Saved(repr)]))
    terms.careful, terms.losses = draw(st.booleans()), draw(st.sampled_from([0, 4, 8]))
    past = draw(pasts(count))
    world = World(effect, past)
    steps = flow.settle(chunk_of(count), past, terms)
    breaks_off = draw(st.integers(0, 40))
    result: Exchange | bool | None = None
    has_turn = False
    for at in range(breaks_off + 1):
        try:
            step = steps.send(result)
        except StopIteration:
            break
        result = None
        assert not (has_turn and isinstance(step, Ask | Wait | Until | Turn))
        has_turn = isinstance(step, Turn) or (has_turn and not isinstance(step, EndTurn))
        assert has_turn or not (terms.alone and isinstance(step, Send))
        match step:
            case Send(piece):
                result = world.sends(piece, draw(FATES))
                expires = result.verdict.action.name in ("AGAIN", "PAUSE") and draw(st.booleans())
                result = evolve(result, expired=expires)
                if at == breaks_off:  # cancelled on the wire: the engine says what the call knows
                    piece.maybe_applied = result.maybe_applied
            case Ask(piece):
                answered = draw(st.sampled_from([True, False, None])) if at < breaks_off else None
                is_witness = piece is terms.sample
                result = answered if is_witness else world.asks(piece, answered)
            case Wait() | Until():
                result = draw(st.booleans())
            case Stop():
                terms.stopping = True
            case Finished():
                world.ends_with(step)
    for end in steps.rest():
        world.ends_with(end)
    assert steps.rest() == []
    assert world.ends == Counter(range(START, START + count))
    assert sum(world.states.values()) == count
    assert set(world.states) <= set(get_args(State))
