"""What uploads are made of batches, and how to ask whether one was applied."""

from __future__ import annotations

from typing import Any

import pytest

from sdir_async.generation.batches import listing_of, upload_names
from sdir_async.generation.failures import DocumentError
from sdir_async.generation.prepare import prepare
from sdir_async.generation.walk import Operation, operations

from .toys import SHIP, Json, document, operation, query, ref

SHIPS = {"type": "array", "items": ref("Ship")}


def test_a_batch_without_a_list_is_listed() -> None:
    """With the reason, and with the method that there is anyway."""
    said: Json = {"x-sdir-batch": "create"}
    paths = {"/a": {"post": operation("a", body=ref("Ship"), **said)}}
    doc = document(paths, {"Ship": SHIP})
    assert [tuple(each) for each in prepare(doc)[1]] == [
        ("POST /a", "an upload", "its body is not a list; use the method a")
    ]


@pytest.mark.parametrize(
    ("item", "may"),
    [(ref("Ship"), True), ({"allOf": [ref("Ship")], "nullable": True}, False)],
)
def test_a_batch_of_objects_that_may_be_null_takes_objects(item: Json, may: bool) -> None:
    """No record is null, and its class is the one that the document names."""
    ships = {"type": "array", "items": item}
    paths = {"/ships/batch": {"post": operation("a", body=ships)}}
    prepared, left = prepare(document(paths, {"Ship": {**SHIP, "nullable": may}}))
    (batch,) = operations(prepared)
    assert (batch.body or {})["items"] == ref("Ship")
    assert left == []


def test_the_only_batch_of_a_kind_is_called_by_it_and_several_by_their_methods() -> None:
    """So that none of several is taken by mistake."""

    def batch(name: str, kind: str) -> Operation:
        return Operation("/a", "post", {"operationId": name, "x-sdir-batch": kind})

    made = upload_names(
        [batch("create_ships", "create"), batch("create", "create"), batch("put_ships", "update")]
    )
    assert {name: each.name for name, each in made.items()} == {
        "create_ships": "create_ships",
        "create_batch": "create",
        "update": "put_ships",
    }


RECONCILE = {"operation": "listShips", "filter": {"shipName": "name"}, "match": ["name", "built"]}


def listing(reconcile: Json, **more: Any) -> Json | None:
    pages = {"number": "page", "size": "size"}
    parameters = [
        query("shipName"),
        query("page"),
        query("size", {"type": "integer", "maximum": 50}),
    ]
    doc = document(
        {
            "/ships": {
                "get": operation(
                    "listShips", parameters=parameters, **{"x-sdir-pages": pages, **more}
                )
            },
            "/ships/batch": {"post": operation("a", body=SHIPS, **{"x-sdir-reconcile": reconcile})},
        },
        {"Ship": SHIP},
    )
    made = prepare(doc)[0]
    return listing_of(made, operations(made)[1])


def test_the_list_operation_to_ask_is_named_with_its_filters_and_pages() -> None:
    """As the document's extensions have them."""
    assert listing(RECONCILE) == {
        "operation": "list_ships",
        "filters": {"shipName": "name"},
        "match": ("name", "built"),
        "page": "page",
        "page_size": ("size", 50),
    }


def test_a_batch_that_names_no_list_operation_has_no_way_to_ask() -> None:
    """A create whose answer is lost is then in doubt."""
    assert listing({}) is None


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({**RECONCILE, "operation": "gone"}, "/operation: the document has no operation gone"),
        ({**RECONCILE, "filter": {"color": "name"}}, "listShips has no parameter color"),
        ({"operation": "listShips"}, "filter, match missing"),
    ],
)
def test_a_wrong_way_to_ask_is_a_clear_mistake(wrong: Json, words: str) -> None:
    """It says what is wrong and where: a lost answer must not be the first to find out."""
    with pytest.raises(
        DocumentError, match=f"^/paths/~1ships~1batch/post/x-sdir-reconcile.*{words}"
    ):
        listing(wrong)


def test_a_list_of_objects_that_is_no_batch_is_listed_with_what_makes_it_one() -> None:
    """Nobody finds out otherwise that it could be an upload; who said no is not asked again."""
    many = {"type": "array", "items": SHIP}
    other = operation("b", body=many) | {"x-sdir-batch": False}
    paths = {"/many": {"post": operation("a", body=many)}, "/no": {"post": other}}
    texts = operation("c", body={"type": "array", "items": {"type": "string"}})
    left = prepare(document({**paths, "/texts": {"post": texts}}))[1]
    assert [(each.where, each.what) for each in left] == [("POST /many", "an upload")]
    line = "{target: $.paths['/many'].post, update: {x-sdir-batch: create}}"
    assert line in left[0].why
