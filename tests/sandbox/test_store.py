from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import orjson
import pytest

from sdir_async.sandbox.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIELDS = {"/boats": ["owner.id", "it's"], '/har"bours': []}


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(Store(":memory:", FIELDS)) as opened:
        yield opened


def test_records_come_back_in_order_of_creation(store: Store) -> None:
    """Byte for byte as they were saved."""
    rows = [(str(number), f'{{"n": {number}}}') for number in (3, 1, 2)]
    store.add("/boats", rows)
    assert store.find("/boats") == [body.encode() for _, body in rows]


def test_all_rows_are_saved_or_none(store: Store) -> None:
    """A batch that fails half way leaves nothing behind."""
    with pytest.raises(sqlite3.IntegrityError):
        store.add("/boats", [("1", "{}"), ("1", "{}")])
    assert store.find("/boats") == []


def test_records_are_found_by_nested_fields(store: Store) -> None:
    """A dotted path leads into the record, whatever its names are made of."""
    store.add(
        "/boats", [("1", '{"owner": {"id": "a"}, "it\'s": 1}'), ("2", '{"owner": {"id": "b"}}')]
    )
    assert [
        orjson.loads(body)["owner"]["id"] for body in store.find("/boats", {"owner.id": "b"})
    ] == ["b"]
    assert len(store.find("/boats", {"owner.id": "a", "it's": 1})) == 1
    assert store.find("/boats", {"owner.id": "a", "it's": 2}) == []


def test_a_filter_uses_its_index(store: Store) -> None:
    """A store of many thousand records answers as fast as one of ten."""
    plans: list[str] = []
    store._db.set_trace_callback(plans.append)
    store.find("/boats", {"owner.id": "a"})
    store._db.set_trace_callback(None)
    (plan,) = store._db.execute(f"EXPLAIN QUERY PLAN {plans[0]}").fetchall()
    assert b"SEARCH" in plan[3]
    assert b"INDEX" in plan[3]


def test_limit_and_offset_cut_out_a_page(store: Store) -> None:
    """Counted among the records that the filter leaves."""
    store.add("/boats", [(str(number), f"{number}") for number in range(10)])
    assert store.find("/boats", limit=3, offset=4) == [b"4", b"5", b"6"]


def test_replacing_keeps_the_place(store: Store) -> None:
    """An update is no new record."""
    store.add("/boats", [("1", "1"), ("2", "2")])
    store.replace("/boats", [("1", "11")])
    assert store.find("/boats") == [b"11", b"2"]
    assert store.get("/boats", "1") == b"11"


def test_unknown_identifiers_are_told(store: Store) -> None:
    """So that an update can be refused before it begins."""
    store.add("/boats", [("1", "{}")])
    assert store.unknown("/boats", ["1", "2"]) == {"2"}
    assert store.get("/boats", "2") is None


def test_collections_are_apart(store: Store) -> None:
    """The same identifier can exist in each."""
    store.add("/boats", [("1", "1")])
    store.add('/har"bours', [("1", "2")])
    assert store.find('/har"bours') == [b"2"]
    assert store.last_number("/boats") == 1


def test_clearing_forgets_everything(store: Store) -> None:
    """Numbers begin at one again."""
    store.add("/boats", [("1", "1")])
    store.clear()
    assert store.find("/boats") == []
    assert store.last_number("/boats") == 0


def test_a_file_keeps_its_records(tmp_path: Path) -> None:
    """Until the next time it is opened, and beyond."""
    path = str(tmp_path / "records.db")
    with closing(Store(path, FIELDS)) as first:
        first.add("/boats", [("1", "1")])
    with closing(Store(path, FIELDS)) as second:
        assert second.find("/boats") == [b"1"]
