"""Which fields of a record say something of a person: the document marks them."""

from __future__ import annotations

import pytest

from sdir_async.generation.facts import personal_fields

from .toys import Json, document, operation, ref

NAME: Json = {"type": "string", "x-sdir-personal": True}
NUMBER: Json = {"type": "string", "format": "person-number"}


@pytest.mark.parametrize(
    ("schema", "fields"),
    [
        ({"properties": {"a": NAME, "b": NUMBER, "c": {"type": "string"}}}, ["a", "b"]),
        ({"properties": {"a": {"anyOf": [NUMBER, {"type": "null"}]}}}, ["a"]),
        ({"properties": {"a": {"type": "array", "items": NAME}}}, ["a"]),
        ({"properties": {"a": ref("Address"), "b": {"items": ref("Address")}}}, ["a", "b"]),
        ({"allOf": [{"type": "object", "properties": {"a": NAME}}]}, ["a"]),
        ({"properties": {"a": {"type": "string", "x-sdir-personal": False}}}, []),
        ({"type": "object"}, []),
    ],
)
def test_a_field_is_personal_by_its_mark_or_its_format(schema: Json, fields: list[str]) -> None:
    """Also where it may be null, or is a list, or comes from another schema."""
    schemas = {"One": schema, "Address": {"type": "object", "x-sdir-personal": True}}
    made = document({"/a": {"get": operation("a", answer=ref("One"))}}, schemas)
    assert personal_fields(made) == ({"One": fields} if fields else {})
