"""What is known to be saved: by reference where the input is a list, else as JSON."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

import pytest

from sdir_async.upload import saved
from sdir_async.upload.chunks import Chunk, Piece
from sdir_async.upload.encoding import Chunker, Encoder
from sdir_async.upload.saved import Saved


def chunk_of(records: list[Any], *, at_once: bool) -> Chunk:
    """Return a chunk as it is cut from a list, or from another iterable."""
    chunker = Chunker(len(records), 10**6, at_once=at_once)
    chunk = chunker.fill(iter(records), Encoder(()))
    assert chunk is not None
    return chunk


def known(others: Saved, records: list[Any]) -> list[int | None]:
    """Return how many equals of each record are known to be saved."""
    piece = Piece(chunk_of(records, at_once=True), range(len(records)))
    elsewhere = others.elsewhere(piece)
    return [elsewhere(at) for at in range(len(records))]


@pytest.mark.parametrize("at_once", [True, False])
def test_equals_are_counted_by_what_the_list_compares(at_once: bool) -> None:
    """Records of a list and of an iterator alike, whatever else they hold."""
    others = Saved(itemgetter("id"))
    chunk = chunk_of([{"id": 1, "note": "a"}, {"id": 1}, {"id": 2}, {"id": 3}], at_once=at_once)
    others.add(Piece(chunk, [0, 1, 3]))
    assert known(others, [{"id": 1}, {"id": 2}, {"id": 3, "note": "b"}]) == [2, 0, 1]
    assert known(others, [{"id": 3}]) == [1], "the answer stays the same"


def change(record: dict[str, Any]) -> None:
    """Give a record another value that is as long as the one before."""
    record["id"] = 9


def spoil(record: dict[str, Any]) -> None:
    """Give a record a value that JSON can't hold."""
    record["id"] = object()


@pytest.mark.parametrize("alter", [change, spoil, dict.clear])
def test_nothing_is_known_once_a_record_of_a_list_was_changed(alter: Any) -> None:
    """The records of a list are written again; a changed one would be taken for another."""
    records: list[dict[str, Any]] = [{"id": at} for at in range(3)]
    others = Saved(itemgetter("id"))
    others.add(Piece(chunk_of(records, at_once=True), range(3)))
    alter(records[0])
    assert known(others, [{"id": 0}, {"id": 7}]) == [None, None]


def test_a_changed_record_of_an_iterator_is_known_as_it_was_sent() -> None:
    """Its JSON is kept."""
    records: list[dict[str, Any]] = [{"id": at} for at in range(3)]
    others = Saved(itemgetter("id"))
    others.add(Piece(chunk_of(records, at_once=False), range(3)))
    change(records[0])
    assert known(others, [{"id": 0}, {"id": 9}]) == [1, 0]


def test_an_equal_record_under_way_is_not_known_yet() -> None:
    """Its chunk may be the one that was saved."""
    others = Saved(itemgetter("id"))
    others.begin(chunk_of([{"id": 1}], at_once=True))
    assert known(others, [{"id": 1}, {"id": 2}]) == [None, 0]


def test_more_json_than_is_kept_is_known_as_it_was_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Eight bytes per record are kept; an equal record in another spelling is not recognized."""
    monkeypatch.setattr(saved, "_KEPT", 20)
    others = Saved(itemgetter("id"))
    others.add(Piece(chunk_of([{"id": 1}, {"id": 2, "a": "long"}], at_once=False), range(2)))
    assert known(others, [{"id": 1}, {"id": 2}]) == [1, 0]


def test_lists_are_written_again_a_chunk_at_a_time() -> None:
    """An event loop has its turn after each."""
    others = Saved(itemgetter("id"))
    for start in range(3):
        others.add(Piece(chunk_of([{"id": start}], at_once=True), range(1)))
    assert len(list(others.catch_up())) == 3
    assert list(others.catch_up()) == []
