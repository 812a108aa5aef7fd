"""What the events of a journal say of a chunk: what is saved, refused, unknown, and to be sent."""

from __future__ import annotations

from typing import Any

import pytest

from sdir_async import Reason
from sdir_async.upload.chunks import Chunk, Piece
from sdir_async.upload.journal.history import Event, History, Past, finished, sending

NAMED = (Reason("is bad", "Person.Id"),)


def piece(*positions: int, refused: dict[int, tuple[Reason, ...]] | None = None) -> Piece:
    """Records of a chunk of six that begins with the hundredth."""
    chunk = Chunk(100, [{"a": at} for at in range(6)], [b"{}"] * 6)
    rejections = tuple(chunk.rejection(at, why) for at, why in (refused or {}).items())
    return Piece(chunk, positions, rejections)


def past(*events: Event) -> Past:
    history = History(6, "digest")
    for kind, detail in events:
        history.replay(kind, detail)
    return history.past()


@pytest.mark.parametrize(
    ("events", "accepted", "unknown", "rest"),
    [
        ([], [], [], [0, 1, 2, 3, 4, 5]),
        ([("sending", [[2, 4], [5, 6]])], [], [[2, 3, 5]], [0, 1, 4]),
        ([("sending", [[2, 4]]), ("accepted", [[2, 4]])], [2, 3], [], [0, 1, 4, 5]),
        ([("sending", [[0, 6]]), ("unsent", [[0, 6]])], [], [], [0, 1, 2, 3, 4, 5]),
        ([("sending", [[0, 2]]), ("in_doubt", [[0, 2]])], [], [[0, 1]], [2, 3, 4, 5]),
        (
            [("in_doubt", [[0, 2]]), ("in_doubt", [[4, 6]]), ("sending", [[2, 4]])],
            [],
            [[0, 1], [4, 5], [2, 3]],
            [],
        ),
    ],
    ids=["nothing", "on the wire", "saved", "never sent", "in doubt", "three pieces unknown"],
)
def test_what_is_left_of_a_chunk(
    events: list[Event], accepted: list[int], unknown: list[list[int]], rest: list[int]
) -> None:
    """Each record is in one place, and what was sent together stays together."""
    assert past(*events) == Past(accepted, {}, unknown, rest)


def test_what_is_sent_again_was_not_saved_before() -> None:
    """Nor was what had been sent together with it; other doubts stay."""
    left = past(("in_doubt", [[0, 4]]), ("in_doubt", [[4, 6]]), ("sending", [[0, 2]]))
    assert left == Past([], {}, [[4, 5], [0, 1]], [2, 3])


def test_a_refusal_takes_the_others_off_the_wire() -> None:
    """All of a request is saved or nothing: what stood beside a bad record is to be sent."""
    left = past(("sending", [[0, 6]]), ("rejected", {"1": "Person.Id", "4": ""}))
    assert (left.accepted, left.unknown, left.rest) == ([], [], [0, 2, 3, 5])
    assert {at: reason.field for at, (reason,) in left.rejected.items()} == {1: "Person.Id", 4: ""}
    assert str(left.rejected[4][0]).startswith("It was refused in an earlier run, whose journal")


def test_an_event_of_one_piece_leaves_another_on_the_wire() -> None:
    """It is the piece begun last whose fate is unknown."""
    left = past(("sending", [[0, 2]]), ("accepted", [[4, 6]]))
    assert left == Past([4, 5], {}, [[0, 1]], [2, 3])


@pytest.mark.parametrize("kind", ["sent", "", "XX"])
def test_an_event_that_is_none(kind: str) -> None:
    """It is not passed over."""
    with pytest.raises(ValueError, match=f"unknown event '{kind}'"):
        past((kind, [[0, 1]]))


def test_a_piece_as_events() -> None:
    """Positions in its chunk, as few ranges as they need."""
    assert sending(piece(0, 1, 2, 5)) == ("sending", [(0, 3), (5, 6)])
    ended = piece(0, 1, 5, refused={2: NAMED})
    assert list(finished(ended, "accepted")) == [
        ("rejected", {"2": "Person.Id"}),
        ("accepted", [(0, 2), (5, 6)]),
    ]
    for state in ("rejected", "unsent"):
        alone = list(finished(piece(refused={2: NAMED}), state))
        assert alone == [("rejected", {"2": "Person.Id"})]


@pytest.mark.parametrize(
    ("reasons", "field"),
    [
        (NAMED, "Person.Id"),
        ((Reason("x", "A[0].b_1"), *NAMED), "A[0].b_1"),
        ((), ""),
        ((Reason("x"),), ""),
        ((Reason("x", "Extra['Ola Nordmann']"),), ""),
        ((Reason("x", "Åse"),), ""),
        ((Reason("x", "Id41814061033"),), ""),
        ((Reason("x", "a" * 122),), ""),
    ],
    ids=str,
)
def test_a_field_is_kept_if_it_can_be_nothing_else(reasons: Any, field: str) -> None:
    """What a server writes into its place may name a person."""
    events = finished(piece(refused={3: reasons}), "rejected")
    assert list(events) == [("rejected", {"3": field})]
