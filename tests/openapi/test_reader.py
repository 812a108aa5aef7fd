from __future__ import annotations

from typing import Any

import pytest

from sdir_async.openapi.documents import Document
from sdir_async.openapi.operations import Identifier, Operation, Role, collection_of
from sdir_async.openapi.pages import Pages
from sdir_async.openapi.reader import base_path, read_operations
from sdir_async.sandbox.validation import Parameters


def _content(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


BOAT = _content({"$ref": "#/components/schemas/Boat"})
ONE: dict[str, Any] = {"content": {"application/json": {"schema": {"type": "object"}}}}
MANY: dict[str, Any] = {
    "content": {
        "application/json": {
            "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Boat"}}
        }
    }
}
PATHS: dict[str, Any] = {
    "/boats": {
        "get": {},
        "post": {"requestBody": ONE},
        "put": {"requestBody": ONE},
        "delete": {},
    },
    "/boats/{boatId}": {
        "get": {
            "parameters": [
                {"name": "boatId", "in": "path", "required": True, "schema": {"type": "integer"}}
            ]
        },
        "put": {"requestBody": ONE},
    },
    "/boats/batch": {"post": {"requestBody": MANY}, "put": {"requestBody": MANY}},
    "/boats/prevalidate": {"post": {"requestBody": MANY}},
    "/boats/nearby": {"get": {}},
    "/harbours": {"get": {}, "post": {"requestBody": MANY}},
    "/harbours/{id}": {"get": {}},
    "/import": {"post": {"requestBody": {"content": {"application/xml": {"schema": {}}}}}},
}


@pytest.mark.parametrize(
    ("method", "path", "role", "many"),
    [
        ("GET", "/boats", Role.LIST, False),
        ("POST", "/boats", Role.CREATE, False),
        ("PUT", "/boats", Role.UPDATE, False),
        ("DELETE", "/boats", Role.EXAMPLE, False),
        ("GET", "/boats/{boatId}", Role.GET, False),
        ("PUT", "/boats/{boatId}", Role.UPDATE, False),
        ("POST", "/boats/batch", Role.CREATE, True),
        ("PUT", "/boats/batch", Role.UPDATE, True),
        ("POST", "/boats/prevalidate", Role.VALIDATE, True),
        ("GET", "/boats/nearby", Role.EXAMPLE, False),
        ("GET", "/harbours", Role.EXAMPLE, False),
        ("POST", "/harbours", Role.EXAMPLE, True),
        ("GET", "/harbours/{id}", Role.EXAMPLE, False),
        ("POST", "/import", Role.EXAMPLE, False),
    ],
)
def test_a_role_follows_from_method_path_and_body(
    method: str, path: str, role: Role, many: bool
) -> None:
    """Without a word of ours in the document."""
    operation = _read(PATHS)[method, path]
    assert (operation.role, operation.many) == (role, many)


def test_the_document_may_say_what_a_batch_does() -> None:
    """Then the path doesn't matter."""
    paths = {"/import": {"post": {"requestBody": MANY, "x-sdir-batch": "update"}}}
    assert _read(paths)["POST", "/import"].role is Role.UPDATE


@pytest.mark.parametrize(
    ("said", "query"),
    [
        ({}, ["1", "2"]),
        ({"explode": False}, ["1,2"]),
        ({"style": "pipeDelimited"}, ["1|2"]),
        ({"style": "spaceDelimited", "explode": False}, ["1 2"]),
        ({"style": "pipeDelimited", "explode": True}, ["1", "2"]),
    ],
)
def test_a_list_comes_as_the_document_says(said: dict[str, Any], query: list[str]) -> None:
    """In a path it is always one text, with commas."""
    many = {"type": "array", "items": {"type": "integer"}}
    parameters = [
        {"name": "tags", "in": "query", "schema": many, **said},
        {"name": "ids", "in": "path", "schema": many, "required": True},
    ]
    read = _read({"/boats/{ids}": {"get": {"parameters": parameters}}})["GET", "/boats/{ids}"]
    given = {"tags": query, "ids": ["3,4"]}
    assert Parameters(read.parameters).read(given) == {"tags": [1, 2], "ids": [3, 4]}


def test_it_may_say_that_something_is_no_batch() -> None:
    """Then its list is not one of records, and none is stored."""
    paths = {"/boats/batch": {"post": {"requestBody": MANY, "x-sdir-batch": False}}}
    assert _read(paths)["POST", "/boats/batch"].role is Role.EXAMPLE


RECEIPT = {"type": "object", "properties": {"orderId": {"type": "string"}}}


@pytest.mark.parametrize(
    ("said", "answer"),
    [({"x-sdir-effect": "read"}, {}), ({}, {"application/json": {"schema": RECEIPT}})],
)
def test_a_post_that_asks_or_gives_a_receipt_saves_no_record(
    said: dict[str, Any], answer: dict[str, Any]
) -> None:
    """The document says so, or its answer has none of the fields that were sent."""
    boat = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Boat"}}}}
    order = {"requestBody": boat, "responses": {"200": {"content": answer}}, **said}
    read = _read({"/orders": {"post": order}})
    assert read["POST", "/orders"].role is Role.EXAMPLE


@pytest.mark.parametrize(
    ("path", "collection"),
    [
        ("/boats", "/boats"),
        ("/boats/batch", "/boats"),
        ("/boats/prevalidate", "/boats"),
        ("/boats/{uid}", "/boats"),
        ("/boats/{uid}/sails", "/boats/{uid}/sails"),
        ("/batch", "/"),
    ],
)
def test_operations_on_the_same_records_share_a_collection(path: str, collection: str) -> None:
    """It is the path without what only says how many, or which one."""
    assert collection_of(path) == collection


def test_the_identifier_is_the_parameter_of_the_path_of_one_record() -> None:
    """A number where the document says integer; if the document says nothing, there is none."""
    read = _read(PATHS)
    assert read["POST", "/boats/batch"].identifier == Identifier("boatId", "boatId", counted=True)
    alone = _read({"/boats": {"post": {"requestBody": ONE}}})
    assert alone["POST", "/boats"].identifier == Identifier()


@pytest.mark.parametrize(
    ("parameter", "saved", "field"),
    [
        ("key", ["name", "key", "since"], "key"),
        ("boatId", ["name", "number"], "number"),
        ("boatId", ["id", "name", "since", "by"], "id"),
        ("boatId", ["name", "since", "by"], "boatId"),
        (None, ["name", "key"], "key"),
        (None, ["name", "since", "by"], None),
        (None, ["name"], None),
    ],
)
def test_the_field_of_the_identifier_is_told_by_what_is_answered(
    parameter: str | None, saved: list[str], field: str | None
) -> None:
    """That of the path's name, the one that only answers have, or one that ends the name."""
    answer = _content({"type": "object", "properties": {name: {} for name in saved}})
    paths: dict[str, Any] = {
        "/boats": {"post": {"requestBody": BOAT, "responses": {"201": answer}}}
    }
    if parameter:
        paths[f"/boats/{{{parameter}}}"] = {"get": {"responses": {"200": answer}}}
    assert _read(paths)["POST", "/boats"].identifier == Identifier(field, parameter)


def test_an_update_shows_the_identifier_too() -> None:
    """Where nothing says what is answered."""
    update = _content({"type": "object", "properties": {"name": {}, "key": {"type": "integer"}}})
    paths = {"/boats": {"post": {"requestBody": BOAT}, "put": {"requestBody": update}}}
    assert _read(paths)["PUT", "/boats"].identifier == Identifier("key", counted=True)


def test_filters_come_from_the_document_and_from_equal_names() -> None:
    """`x-sdir-reconcile` maps a parameter to a field; one named like a field needs no map."""
    queries = [{"name": name, "in": "query"} for name in ("owner", "name", "search")]
    reconcile = {"operation": "listBoats", "filter": {"owner": "owner.id"}}
    paths = {
        "/boats": {"get": {"operationId": "listBoats", "parameters": queries}},
        "/boats/batch": {"post": {"requestBody": MANY, "x-sdir-reconcile": reconcile}},
    }
    assert _read(paths)["GET", "/boats"].filters == {"owner": "owner.id", "name": "name"}


def test_pages_are_those_of_the_document() -> None:
    """The largest size is the largest that the parameter allows."""
    page = {"name": "page", "in": "query", "schema": {"type": "integer"}}
    size = {"name": "size", "in": "query", "schema": {"type": "integer", "maximum": 50}}
    listing = {"x-sdir-pages": {"number": "page", "size": "size"}, "parameters": [page, size]}
    assert _read({"/boats": {"get": listing}})["GET", "/boats"].pages == Pages("page", "size", 50)


@pytest.mark.parametrize(
    ("responses", "status"),
    [({"202": {}, "400": {}}, 202), ({}, 201), ({"default": {}}, 201)],
)
def test_the_status_is_the_documents(responses: dict[str, Any], status: int) -> None:
    """A create answers 201 where nothing is said."""
    paths = {"/boats": {"post": {"requestBody": ONE, "responses": responses}}}
    assert _read(paths)["POST", "/boats"].status == status


@pytest.mark.parametrize(
    ("media", "example"),
    [
        ({"example": [1]}, [1]),
        ({"examples": {"one": {"value": [2]}}}, [2]),
        ({"schema": {"type": "array", "items": {}}}, []),
        ({}, None),
    ],
)
def test_other_operations_have_an_example_to_answer(media: dict[str, Any], example: Any) -> None:
    """The answer's, or one made from its schema."""
    responses = {"200": {"content": {"application/json": media}}}
    assert _read({"/codes": {"get": {"responses": responses}}})["GET", "/codes"].example == example


@pytest.mark.parametrize(
    ("servers", "path"),
    [
        (None, ""),
        (
            [{"url": "https://example.com/base/v1/"}, {"url": "https://example.com/other"}],
            "/base/v1",
        ),
        ([{"url": "/base"}], "/base"),
        (
            [
                {
                    "url": "https://{host}/{v}",
                    "variables": {"host": {"default": "a"}, "v": {"default": "b"}},
                }
            ],
            "/b",
        ),
    ],
)
def test_the_base_is_the_path_of_the_first_server(servers: Any, path: str) -> None:
    """Environments differ in the host alone."""
    assert base_path({"servers": servers}) == path


def test_parameters_of_the_path_item_belong_to_each_operation() -> None:
    """And references to shared parameters are followed; headers are ignored."""
    spec = {
        "components": {"parameters": {"Id": {"name": "id", "in": "path", "required": True}}},
        "paths": {
            "/boats/{id}": {
                "parameters": [
                    {"$ref": "#/components/parameters/Id"},
                    {"name": "X", "in": "header"},
                ],
                "get": {"parameters": [{"name": "q", "in": "query", "schema": {"type": "string"}}]},
            }
        },
    }
    (operation,) = read_operations([Document("boats", spec)])
    assert set(operation.parameters["properties"]) == {"id", "q"}
    assert operation.parameters["required"] == ["id"]


@pytest.mark.parametrize("called", ["rest", "*rest"])
def test_a_place_that_takes_slashes_is_the_parameter_without_its_star(called: str) -> None:
    """ASP.NET writes `{*rest}` in the path, and declares `rest`."""
    rest = {"name": called, "in": "path", "required": True, "schema": {"type": "string"}}
    (operation,) = _read({"/files/{*rest}": {"get": {"parameters": [rest]}}}).values()
    assert list(operation.parameters["properties"]) == ["*rest"]
    assert operation.parameters["required"] == ["*rest"]


def test_two_documents_cannot_serve_the_same_operation() -> None:
    """One would hide the other without a word."""
    document = Document("boats", {"paths": {"/boats": {"get": {}}}})
    with pytest.raises(ValueError, match=r"'copy' and another document both serve GET /boats"):
        read_operations([document, Document("copy", document.spec)])


@pytest.mark.parametrize(
    "operation",
    [
        {"requestBody": {"$ref": "#/components/requestBodies/Boat"}},
        {"requestBody": {"$ref": "other.yaml#/Boat"}},
        {"requestBody": ONE, "x-sdir-batch": "delete"},
    ],
)
def test_a_document_that_contradicts_itself_is_named(operation: dict[str, Any]) -> None:
    """References lead somewhere inside, and extensions have the values that they can have."""
    document = Document("boats v1", {"paths": {"/boats": {"post": operation}}})
    with pytest.raises(ValueError, match=r"'boats v1' can't be served: "):
        read_operations([document])


def _read(paths: dict[str, Any]) -> dict[tuple[str, str], Operation]:
    boat = {"type": "object", "properties": {"name": {"type": "string"}}}
    spec = {"paths": paths, "components": {"schemas": {"Boat": boat}}}
    return {(each.method, each.path): each for each in read_operations([Document("boats", spec)])}
