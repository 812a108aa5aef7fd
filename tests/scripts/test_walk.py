"""Finding schemas in a document, and changing them."""

from __future__ import annotations

from sdir_async.generation.walk import become, references, schemas_in

from .toys import Json, document, operation, ref


def test_every_schema_is_found_with_its_pointer() -> None:
    """A property that is called like a keyword is a property anyway."""
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


def test_a_schema_can_become_a_part_of_itself() -> None:
    """Though that is gone while it is being written."""
    schema: Json = {"allOf": [{"type": "string"}]}
    become(schema, schema["allOf"][0])
    assert schema == {"type": "string"}


def test_references_are_found_however_deep() -> None:
    """In objects and in lists."""
    assert list(references({"a": [{"b": ref("A")}], "c": ref("B")})) == [
        "#/components/schemas/A",
        "#/components/schemas/B",
    ]
