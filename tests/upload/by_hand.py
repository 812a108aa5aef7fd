"""Drives the flow of a chunk by hand: no event loop, no clock, no server."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sdir_async import Reason, RetryPolicy
from sdir_async.document import Effect, Operation
from sdir_async.upload.check import Findings
from sdir_async.upload.chunks import Chunk, Piece
from sdir_async.upload.encoding import BodyLimit
from sdir_async.upload.flow import Flow
from sdir_async.upload.report import runs
from sdir_async.upload.steps import (
    Ask,
    EndTurn,
    Finished,
    Postpone,
    Send,
    Step,
    Stop,
    Terms,
    Turn,
    Until,
    Wait,
    Warn,
)
from sdir_async.verdicts import Exchange, judge
from sdir_async.wire import Answer, Attempt, Happened, Lost

METHODS = {"create": "POST", "update": "PUT", "validate": "POST"}
START = 10
RETRY = RetryPolicy(attempts=3, first_wait=0.0, settle=30.0)


def chunk_of(count: int) -> Chunk:
    """Return a chunk that begins with the tenth record of the input."""
    records = [{"a": at} for at in range(count)]
    return Chunk(START, records, [json.dumps(one).encode() for one in records])


def terms_of(effect: Effect = "create", **given: Any) -> Terms:
    """Return what the chunks of an upload have in common."""
    given = {"answers_list": effect == "create", "isolate": True, "check": None, **given}
    return Terms(effect, retry=RETRY, limit=BodyLimit(), **given)


def answer(status: int, body: object = b"", **headers: str) -> Answer:
    """Return an answer; `retry_after="5"` is the header `retry-after`."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, {name.replace("_", "-"): headers[name] for name in headers}, content)


def refusal(*places: int) -> Answer:
    """Return a 400 that names these items of the request."""
    errors = {f"[{place}].A": ["is bad"] for place in places}
    return answer(400, {"title": "Validation failed", "errors": errors})


def exchange_of(
    effect: Effect, happened: Happened, *, known: bool = False, expired: bool = False
) -> Exchange:
    """Return how a call ended, as the session says it."""
    verdict = judge(effect, happened)
    return Exchange(
        Operation("send", METHODS[effect], "/", effect),
        "http://register/batch",
        happened,
        verdict,
        maybe_applied=known if verdict.applied is False else True,
        attempts=(Attempt(0.0, 0.0, str(happened)),),
        expired=expired,
    )


def shown(places: Sequence[int]) -> str:
    """Return indexes as ranges: `10-11,13`."""
    ends = [(start, stop - 1) for start, stop in runs(sorted(places))]
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in ends)


def sent(piece: Piece) -> str:
    """Return which records of the input are sent in a piece."""
    return shown([piece.chunk.start + at for at in piece.positions])


NAMES = {Turn: "turn", EndTurn: "end turn", Until: "until"}


def line(step: Step) -> str:
    """Return a step in a few words."""
    match step:
        case Send(piece) | Ask(piece) | Postpone(piece):
            return f"{type(step).__name__.lower()} {sent(piece)}"
        case Wait(seconds):
            return f"wait {seconds:g}"
        case Turn() | EndTurn() | Until():
            return NAMES[type(step)]
        case Warn(notice):
            return f"warn {notice.index}"
        case Stop(why, error):
            return f"stop {why}" if error is None else f"stop {why} {type(error).__name__}"
        case Finished(piece, state):
            refused = [one.index for one in piece.rejections]
            parts = [f"{sent(piece)} {state}"] if piece.positions else []
            parts += [f"{shown(refused)} rejected"] if refused else []
            marks = " late" * step.late + " known" * step.known
            return f"{', '.join(parts)}{marks}"


def check_of(refused: Sequence[int] = (), warned: Sequence[int] = ()) -> Any:
    """Return a check that refuses the records at these places, and warns of others."""

    def check(piece: Piece) -> Findings:
        places = {at: place for place, at in enumerate(piece.positions)}
        said = (Reason("said the check"),)
        return Findings(
            {places[at]: said for at in refused if at in places},
            {places[at]: said for at in warned if at in places},
        )

    return check


ALL_WELL = answer(201, b"[]")
LOST = Lost("all", "ReadTimeout")
PROBLEM = answer(500, {"title": "An error occurred.", "status": 500, "traceId": "00-1"})


def driven(
    steps: Flow,
    terms: Terms,
    *happened: Happened,
    asked: Iterable[bool | None] = (),
    time: bool = True,
    expired: bool = False,
) -> list[str]:
    """Carry out every step as the engine does; return the steps in words, each index counted.

    Requests meet what is given, in order, and then all goes well. Questions are answered as given,
    and then with no: it was not saved. `time` says whether the deadline leaves time to wait.
    What is accepted has the answer to the request just before, and nothing else has one. A piece
    ends as rejected if all of its records are, and only then. Whoever has the turn only sends.
    """
    fates, answers = iter(happened), iter(asked)
    lines: list[str] = []
    ends: Counter[int] = Counter()
    has_turn = False
    result: Exchange | bool | None = None
    for _ in range(2_000):
        try:
            step = steps.send(result)
        except StopIteration:
            break
        lines.append(line(step))
        assert not (has_turn and isinstance(step, Ask | Wait | Until | Turn)), "others wait for it"
        has_turn = isinstance(step, Turn) or (has_turn and not isinstance(step, EndTurn))
        before = result.happened if isinstance(result, Exchange) else None
        result = None
        if isinstance(step, Send):
            fate = next(fates, None)
            is_last = fate is not None and expired
            result = exchange_of(
                terms.effect, fate or ALL_WELL, known=step.piece.maybe_applied, expired=is_last
            )
        elif isinstance(step, Ask):
            result = next(answers, False)
        elif isinstance(step, Wait):
            result = time
        elif isinstance(step, Until):
            result = step.holds()
        elif isinstance(step, Stop):
            terms.stopping = True
        elif isinstance(step, Finished):
            ends.update(step.piece.indexes)
            told = before.body if isinstance(before, Answer) else b""
            assert step.answer == (told if step.state == "accepted" else b"")
            assert (step.state == "rejected") is (not step.piece.positions)
    else:
        raise AssertionError("the steps do not end")
    assert set(ends.values()) <= {1}, "an index ended twice"
    chunk: Chunk = vars(steps)["_chunk"]
    assert sorted(ends) == list(range(START, START + len(chunk))), "an index did not end"
    assert steps.rest() == []
    return lines
