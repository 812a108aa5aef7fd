"""Finding one's way in a document."""

from __future__ import annotations

from typing import Any

import pytest

from sdir_async.openapi.walk import (
    DocumentError,
    body_of,
    json_kinds,
    lookup,
    operations_in,
    parameters_of,
    pointer,
    resolved,
    url_of_server,
)

from ..scripts.toys import Json, content, document, operation, query, ref


def test_a_pointer_escapes_slashes_and_tildes() -> None:
    """As RFC 6901 says."""
    assert pointer("paths", "/a~b", "get") == "/paths/~1a~0b/get"


def test_references_are_followed_to_where_something_stands() -> None:
    """Over as many as there are."""
    doc = document(schemas={"A": ref("B"), "B": {"type": "string"}})
    assert resolved(doc, ref("A"), "/x") == {"type": "string"}


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("#/components/schemas/None", "leads to nothing"),
        ("other.yaml#/A", "leads out of the document"),
    ],
)
def test_a_reference_to_nothing_is_named_with_its_place(target: str, words: str) -> None:
    """Or to another file: a document stands alone."""
    with pytest.raises(DocumentError, match=rf"/x: the reference .* {words}"):
        resolved(document(), {"$ref": target}, "/x")


def test_a_reference_in_a_circle_is_named() -> None:
    """Instead of being followed forever."""
    doc = document(schemas={"A": ref("B"), "B": ref("A")})
    with pytest.raises(DocumentError, match="refers to itself"):
        resolved(doc, ref("A"), "/x")


def test_references_with_escapes_are_understood() -> None:
    """Those of JSON pointers and those of URLs."""
    doc = document({"/a": {"get": {"x y": 1}}})
    assert lookup(doc, "#/paths/~1a/get/x%20y") == 1


def test_operations_come_in_the_order_of_the_document() -> None:
    """By path; those of a path by method."""
    doc = document(
        {"/b": {"post": operation("c"), "get": operation("b")}, "/a": {"get": operation("a")}}
    )
    assert [str(each) for each in operations_in(doc)] == ["GET /b", "POST /b", "GET /a"]


def test_operations_of_a_path_that_is_referred_to_are_found() -> None:
    """An export may describe a path once for two addresses."""
    doc = document({"/a": {"get": operation("a")}, "/b": {"$ref": "#/paths/~1a"}})
    assert [str(each) for each in operations_in(doc)] == ["GET /a", "GET /b"]


def test_parameters_of_the_path_are_those_of_each_operation() -> None:
    """One of the same name in the same place is the operation's own."""
    uid = {"name": "uid", "in": "path", "required": True}
    doc = document(
        {
            "/a/{uid}": {
                "parameters": [uid, {"$ref": "#/components/parameters/Page"}, query("size")],
                "get": operation(
                    "a", parameters=[query("size", {"type": "integer"}), query("uid")]
                ),
            }
        }
    )
    doc["components"]["parameters"] = {"Page": query("page")}
    (found,) = operations_in(doc)
    assert [(each["name"], each["in"]) for each in parameters_of(doc, found)] == [
        ("uid", "path"),
        ("page", "query"),
        ("size", "query"),
        ("uid", "query"),
    ]
    assert parameters_of(doc, found)[2]["schema"] == {"type": "integer"}


@pytest.mark.parametrize("wrong", [{"in": "query"}, {"name": "a"}, {"$ref": "#/none"}])
def test_a_parameter_without_a_name_or_a_place_is_an_error(wrong: Json) -> None:
    """With its place in the document."""
    doc = document({"/a": {"get": operation("a", parameters=[query("x"), wrong])}})
    (found,) = operations_in(doc)
    with pytest.raises(DocumentError, match=r"^/paths/~1a/get/parameters/1: "):
        parameters_of(doc, found)


@pytest.mark.parametrize(
    ("kinds", "found"),
    [
        (["application/json"], ["application/json"]),
        (["text/json", "application/json"], ["application/json", "text/json"]),
        (["*/*", "application/*+json"], ["application/*+json", "*/*"]),
        (["application/json; charset=utf-8"], ["application/json; charset=utf-8"]),
        (["Application/JSON"], ["Application/JSON"]),
        (["application/problem+json"], ["application/problem+json"]),
        (["application/xml", "multipart/form-data", "text/plain"], []),
        ([], []),
    ],
)
def test_json_is_found_among_media_types(kinds: list[str], found: list[str]) -> None:
    """The plainest first."""
    assert json_kinds(dict.fromkeys(kinds)) == found


@pytest.mark.parametrize(
    ("body", "schema"),
    [
        (content(ref("A")), ref("A")),
        (content({}, "application/xml"), None),
        ({"content": {"application/json": None}}, {}),
        ({"content": {"application/json": {"schema": None}}}, {}),
        ({}, None),
        ({"$ref": "#/components/requestBodies/A"}, ref("B")),
    ],
)
def test_the_body_of_an_operation_is_its_json_form(body: Json, schema: Any) -> None:
    """Any value where nothing is said about it; `None` where it takes no JSON."""
    doc = document({"/a": {"post": {"requestBody": body}}})
    doc["components"]["requestBodies"] = {"A": content(ref("B"))}
    (found,) = operations_in(doc)
    assert body_of(doc, found) == schema


@pytest.mark.parametrize(
    ("server", "url"),
    [
        ({"url": "https://a/b/"}, "https://a/b"),
        ({"url": "https://{h}/{v}", "variables": {"h": {"default": "a"}, "v": {}}}, "https://a"),
        ({}, ""),
    ],
)
def test_the_url_of_a_server_has_its_variables_filled_in(server: Json, url: str) -> None:
    """With their defaults, and no slash at the end."""
    assert url_of_server(server) == url
