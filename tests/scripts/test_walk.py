"""Finding one's way in a document."""

from __future__ import annotations

import pytest
from generation.failures import DocumentError
from generation.walk import become, lookup, operations, pointer, references, resolved, schemas_in

from .toys import Json, document, operation, ref


def test_a_pointer_escapes_slashes_and_tildes() -> None:
    assert pointer("paths", "/a~b", "get") == "/paths/~1a~0b/get"


def test_references_are_followed_to_where_something_stands() -> None:
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
    with pytest.raises(DocumentError, match=rf"/x: the reference .* {words}"):
        resolved(document(), {"$ref": target}, "/x")


def test_a_reference_in_a_circle_is_named() -> None:
    doc = document(schemas={"A": ref("B"), "B": ref("A")})
    with pytest.raises(DocumentError, match="leads to itself"):
        resolved(doc, ref("A"), "/x")


def test_references_with_escapes_are_understood() -> None:
    doc = document({"/a": {"get": {"x y": 1}}})
    assert lookup(doc, "#/paths/~1a/get/x%20y") == 1


def test_every_schema_is_found_with_its_pointer() -> None:
    """A property that is called like a keyword is a property all the same."""
    inner = {"properties": {"items": {"type": "integer"}, "allOf": {"type": "string"}}}
    doc = document(
        {"/a": {"post": operation(body={"type": "array", "items": ref("A")})}}, {"A": inner}
    )
    assert [place for place, _ in schemas_in(doc)] == [
        "/components/schemas/A",
        "/components/schemas/A/properties/items",
        "/components/schemas/A/properties/allOf",
        "/paths/~1a/post/requestBody/content/application~1json/schema",
        "/paths/~1a/post/requestBody/content/application~1json/schema/items",
    ]


def test_operations_come_in_the_order_of_the_document() -> None:
    doc = document(
        {"/b": {"post": operation("c"), "get": operation("b")}, "/a": {"get": operation("a")}}
    )
    assert [str(each) for each in operations(doc)] == ["GET /b", "POST /b", "GET /a"]


def test_a_schema_can_become_a_part_of_itself() -> None:
    schema: Json = {"allOf": [{"type": "string"}]}
    become(schema, schema["allOf"][0])
    assert schema == {"type": "string"}


def test_references_are_found_however_deep() -> None:
    assert list(references({"a": [{"b": ref("A")}], "c": ref("B")})) == [
        "#/components/schemas/A",
        "#/components/schemas/B",
    ]
