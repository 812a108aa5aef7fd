"""The one rule for batches, as the generator, the sandbox and the routes for tests all have it."""

from __future__ import annotations

from typing import Any

import pytest

from sdir_async.generation.prepare import prepare
from sdir_async.generation.walk import operations
from sdir_async.openapi.batches import batch_of, effect_of, item_of
from sdir_async.openapi.documents import Document
from sdir_async.openapi.operations import Role
from sdir_async.openapi.reader import read_operations
from sdir_async.openapi.walk import DocumentError, operations_in

from ..scripts.toys import SHIP, Json, content, document, ref

SHIPS: Json = {"type": "array", "items": ref("Ship")}
SCHEMAS: Json = {
    "Ship": SHIP,
    "Ships": SHIPS,
    "ShipsAgain": ref("Ships"),
    "Names": {"type": "array", "items": {"type": "string"}},
    "Name": {"type": "string"},
    "Grown": {"allOf": [ref("Ship"), {"type": "object", "properties": {"age": {}}}]},
}


def _document(method: str, path: str, body: Json | None, **more: Any) -> Json:
    node: Json = {"operationId": "a", "responses": {"200": {"description": ""}}, **more}
    if body is not None:
        node["requestBody"] = body
    return document({path: {method: node}}, SCHEMAS)


def _batches(doc: Json) -> list[str | None]:
    """Return what each reader takes the only operation of a document for."""
    (found,) = operations_in(doc)
    (prepared,) = operations(prepare(doc)[0])
    (served,) = read_operations([Document("toys v1", doc)])
    stores = served.role in (Role.CREATE, Role.UPDATE, Role.VALIDATE)
    return [
        batch_of(doc, found).kind,
        prepared.node.get("x-sdir-batch"),
        served.role.value if stores and served.many else None,
    ]


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("post", "/ships/batch", "create"),
        ("put", "/ships/batch", "update"),
        ("post", "/ships/prevalidate", "validate"),
        ("post", "/Ships/Batch", "create"),
        ("put", "/SHIPS/BATCH", "update"),
        ("post", "/ships/preValidate", "validate"),
        ("post", "/ships/batch/", "create"),
        ("post", "/batch", "create"),
        ("post", "/{harbour}/ships/batch", "create"),
        ("post", "/ships", None),
        ("put", "/ships", None),
        ("patch", "/ships/batch", None),
        ("delete", "/ships/batch", None),
        ("put", "/ships/prevalidate", None),
        ("post", "/ships/batches", None),
        ("post", "/ships/batch/search", None),
        ("post", "/shipsbatch", None),
        ("post", "/ships/{batch}", None),
    ],
)
def test_a_list_of_records_is_a_batch_where_the_path_says_so(
    method: str, path: str, kind: str | None
) -> None:
    """In any case, by the last segment of the path and by the method."""
    assert _batches(_document(method, path, content(SHIPS))) == [kind] * 3


@pytest.mark.parametrize(
    ("body", "is_batch"),
    [
        (content(SHIPS), True),
        (content(ref("Ships")), True),
        (content(ref("ShipsAgain")), True),
        (content({"allOf": [ref("Ships")], "nullable": True}), True),
        (content({"anyOf": [ref("Ships"), {"type": "null"}]}), True),
        (content({"type": ["array", "null"], "items": ref("Ship")}), True),
        (content({"type": "array", "items": ref("Grown")}), True),
        (content({"type": "array", "items": {"oneOf": [ref("Ship"), ref("Grown")]}}), True),
        (content({"type": "array", "items": {"allOf": [ref("Ship")]}}), True),
        (content({"type": "array", "items": {}}), True),
        (content({"type": "array"}), True),
        (content({"items": ref("Ship")}), True),
        (content(SHIPS, "text/json"), True),
        (content(SHIPS, "application/*+json", "application/xml"), True),
        (content(SHIPS, "*/*"), True),
        (content(ref("Ship")), False),
        (content({}), False),
        (content(ref("Names")), False),
        (content({"type": "array", "items": ref("Name")}), False),
        (content({"type": "array", "items": SHIPS}), False),
        (content({"type": "object", "properties": {"ships": SHIPS}}), False),
        (None, False),
    ],
    ids=str,
)
def test_a_batch_is_a_list_of_objects(body: Json | None, is_batch: bool) -> None:
    """Wherever the list is written down, and whatever has been put around it."""
    kind = "create" if is_batch else None
    assert _batches(_document("post", "/ships/batch", body)) == [kind] * 3


@pytest.mark.parametrize(
    ("said", "path", "body", "kind"),
    [
        ("create", "/import", SHIPS, "create"),
        ("update", "/ships", SHIPS, "update"),
        ("validate", "/ships/batch", SHIPS, "validate"),
        (False, "/ships/batch", SHIPS, None),
        (None, "/ships/batch", SHIPS, "create"),
        ("create", "/import", ref("Ship"), None),
        ("create", "/import", ref("Names"), None),
    ],
)
def test_what_the_document_says_counts_more_than_the_path(
    said: Any, path: str, body: Json, kind: str | None
) -> None:
    """But an operation without a list of records is not a batch, whatever the document says."""
    doc = _document("post", path, content(body), **{"x-sdir-batch": said})
    assert _batches(doc) == [kind] * 3


def test_a_body_may_be_referred_to() -> None:
    """An export may keep bodies among its components."""
    doc = _document("post", "/ships/batch", {"$ref": "#/components/requestBodies/Ships"})
    doc["components"]["requestBodies"] = {"Ships": content(SHIPS)}
    assert _batches(doc) == ["create"] * 3


@pytest.mark.parametrize("said", ["delete", True, "Create", 1])
def test_an_unknown_kind_is_an_error_with_its_place(said: Any) -> None:
    """For the generator and for the sandbox alike."""
    doc = _document("post", "/ships", content(SHIPS), **{"x-sdir-batch": said})
    with pytest.raises(DocumentError, match=r"^/paths/~1ships/post/x-sdir-batch: "):
        prepare(doc)
    with pytest.raises(ValueError, match=r"/paths/~1ships/post/x-sdir-batch: "):
        read_operations([Document("toys v1", doc)])


@pytest.mark.parametrize(
    ("method", "path", "body", "why"),
    [
        ("post", "/ships/batch", ref("Ship"), "its body is not a list"),
        ("post", "/ships/batch", ref("Names"), "an item of its list is not an object"),
        ("post", "/ships", SHIPS, ""),
    ],
)
def test_the_rule_says_why_something_is_not_a_batch(
    method: str, path: str, body: Json, why: str
) -> None:
    """Where the path or the document calls it one."""
    doc = _document(method, path, content(body))
    (found,) = operations_in(doc)
    assert batch_of(doc, found).why_not == why


@pytest.mark.parametrize(
    ("method", "path", "body", "effect"),
    [
        ("get", "/ships", None, "read"),
        ("head", "/ships", None, "read"),
        ("post", "/ships", ref("Ship"), "create"),
        ("put", "/ships", ref("Ship"), "update"),
        ("patch", "/ships", ref("Ship"), "create"),
        ("delete", "/ships", None, "update"),
        ("post", "/ships/batch", SHIPS, "create"),
        ("put", "/ships/batch", SHIPS, "update"),
        ("post", "/ships/prevalidate", SHIPS, "validate"),
        ("post", "/ships/Prevalidate", ref("Ship"), "validate"),
    ],
)
def test_the_effect_says_whether_a_request_may_be_sent_twice(
    method: str, path: str, body: Json | None, effect: str
) -> None:
    """All but a create: what is checked is not saved, even one record alone."""
    doc = _document(method, path, None if body is None else content(body))
    (found,) = operations_in(doc)
    assert effect_of(doc, found) == effect


@pytest.mark.parametrize(
    ("said", "path", "body", "effect", "role"),
    [
        ("read", "/status", ref("Ship"), "read", Role.EXAMPLE),
        ("update", "/ships", ref("Ship"), "update", Role.UPDATE),
        ("validate", "/ships/try", ref("Ship"), "validate", Role.VALIDATE),
        ("create", "/ships", ref("Ship"), "create", Role.CREATE),
        ("read", "/ships/batch", SHIPS, "create", Role.CREATE),
    ],
)
def test_the_document_can_say_what_a_request_does(
    said: str, path: str, body: Json, effect: str, role: Role
) -> None:
    """Where the method doesn't tell, such as a POST that asks something; a batch is a batch."""
    doc = _document("post", path, content(body), **{"x-sdir-effect": said})
    (found,) = operations_in(doc)
    (prepared,) = operations(prepare(doc)[0])
    (served,) = read_operations([Document("toys v1", doc)])
    assert effect_of(doc, found) == prepared.node["x-sdir-effect"] == effect
    assert served.role is role


def test_an_unknown_effect_is_an_error_with_its_place() -> None:
    """It would decide whether a request may be sent twice."""
    doc = _document("post", "/a", content(ref("Ship")), **{"x-sdir-effect": "ask"})
    with pytest.raises(DocumentError, match=r"^/paths/~1a/post/x-sdir-effect: 'ask' must be one"):
        prepare(doc)


def test_a_list_that_says_nothing_of_its_items_has_any() -> None:
    """What is not a list has none."""
    assert item_of({}, {"type": "array"}) == {}
    assert item_of({}, {"type": "object"}) is None


def test_a_schema_that_leads_to_itself_is_an_error() -> None:
    """Instead of a search without end."""
    doc = document({}, {"A": ref("B"), "B": ref("A")})
    with pytest.raises(DocumentError, match="refers to itself"):
        item_of(doc, ref("A"))
