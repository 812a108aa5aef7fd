"""Which operations are batches, and how to ask whether one was applied."""

from __future__ import annotations

from typing import Any

import pytest
from generation.batches import listing_of, upload_names
from generation.failures import DocumentError
from generation.prepare import prepare
from generation.walk import Operation, operations

from .toys import SHIP, Json, document, operation, query, ref

SHIPS = {"type": "array", "items": ref("Ship")}


def found(method: str, path: str, body: Json | None = None, **more: Any) -> tuple[str | None, str]:
    """Return the kind of batch that an operation is, and its effect."""
    doc = document(
        {path: {method: operation("a", body=body, **more)}}, {"Ship": SHIP, "Ships": SHIPS}
    )
    (made,) = operations(prepare(doc)[0])
    return made.node.get("x-sdir-batch"), made.node["x-sdir-effect"]


@pytest.mark.parametrize("body", [SHIPS, ref("Ships")])
@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("post", "/ships/batch", "create"),
        ("put", "/ships/batch", "update"),
        ("post", "/ships/prevalidate", "validate"),
        ("post", "/Ships/Batch", "create"),
        ("put", "/ships/batch/", "update"),
    ],
)
def test_a_list_on_a_path_that_says_so_is_a_batch(
    method: str, path: str, kind: str, body: Json
) -> None:
    """Whether the list stands there itself or is referred to."""
    assert found(method, path, body) == (kind, kind)


def test_not_every_list_is_a_batch() -> None:
    """A list on another path may be a search, and a batch path may take one object."""
    assert found("post", "/ships", SHIPS) == (None, "create")
    assert found("post", "/ships/batch", ref("Ship")) == (None, "create")
    assert found("post", "/ships/batch") == (None, "create")


def test_what_the_document_says_counts_more_than_the_path() -> None:
    assert found("post", "/ships", SHIPS, **{"x-sdir-batch": "update"}) == ("update", "update")
    assert found("post", "/ships/batch", SHIPS, **{"x-sdir-batch": "validate"}) == (
        "validate",
        "validate",
    )
    assert found("post", "/ships/batch", SHIPS, **{"x-sdir-batch": False}) == (None, "create")


def test_a_check_of_one_record_is_no_batch_but_saves_nothing() -> None:
    assert found("post", "/ships/prevalidate", ref("Ship")) == (None, "validate")


def test_a_batch_without_a_list_is_listed() -> None:
    said: Json = {"x-sdir-batch": "create"}
    paths = {"/a": {"post": operation("a", body=ref("Ship"), **said)}}
    doc = document(paths, {"Ship": SHIP})
    assert [tuple(each) for each in prepare(doc)[1]] == [
        ("POST /a", "an upload", "its body is not a list; use the method a")
    ]


def test_a_kind_that_does_not_exist_is_named_with_its_place() -> None:
    said: Json = {"x-sdir-batch": "destroy"}
    with pytest.raises(DocumentError, match=r"^/paths/~1a/post/x-sdir-batch: 'destroy' is none of"):
        found("post", "/a", SHIPS, **said)


@pytest.mark.parametrize(
    ("method", "effect"),
    [
        ("get", "read"),
        ("post", "create"),
        ("put", "update"),
        ("delete", "update"),
        ("patch", "create"),
    ],
)
def test_a_method_says_whether_it_may_be_sent_twice(method: str, effect: str) -> None:
    assert found(method, "/a") == (None, effect)


def test_the_only_batch_of_a_kind_is_called_by_it_and_several_by_their_methods() -> None:
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
    assert listing(RECONCILE) == {
        "operation": "list_ships",
        "filters": {"shipName": "name"},
        "match": ("name", "built"),
        "page": "page",
        "page_size": ("size", 50),
    }


def test_a_batch_that_names_no_list_operation_has_no_way_to_ask() -> None:
    assert listing({}) is None


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({**RECONCILE, "operation": "gone"}, "/operation: there is no operation gone"),
        ({**RECONCILE, "filter": {"color": "name"}}, "listShips has no parameter color"),
        ({"operation": "listShips"}, "filter, match missing"),
    ],
)
def test_a_wrong_way_to_ask_is_a_clear_mistake(wrong: Json, words: str) -> None:
    with pytest.raises(
        DocumentError, match=f"^/paths/~1ships~1batch/post/x-sdir-reconcile.*{words}"
    ):
        listing(wrong)
