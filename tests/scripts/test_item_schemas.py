"""The JSON Schema of one record, for the check before sending."""

from __future__ import annotations

import jsonschema_rs
import pytest

from sdir_async.generation.item_schemas import DIALECT, item_schema
from sdir_async.generation.prepare import prepare

from .toys import Json, document, operation, ref

CREW = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "format": "person-number", "pattern": "^[0-9]{11}$"},
        "boss": {"allOf": [ref("Crew")], "nullable": True},
        "note": {"type": "string", "nullable": True, "description": "free text", "example": 1},
        "rank": {"type": "string", "enum": ["master"], "nullable": True},
        "age": {"type": "integer", "minimum": 16, "exclusiveMinimum": True},
        "description": {"type": "string", "default": "none"},
    },
}


def schema() -> Json:
    body = {"type": "array", "items": ref("Crew")}
    made, _ = prepare(document({"/batch": {"post": operation("a", body=body)}}, {"Crew": CREW}))
    return item_schema(made, ref("Crew"))


def test_it_stands_alone_and_keeps_formats() -> None:
    """The schema holds every definition that it refers to, names its dialect and keeps formats."""
    made = schema()
    assert made["$schema"] == DIALECT
    assert made["$ref"] == "#/$defs/Crew"
    assert sorted(made["$defs"]) == ["Crew", "CrewRank"]
    assert made["$defs"]["Crew"]["properties"]["id"]["format"] == "person-number"


def test_words_for_people_are_left_out_but_not_fields_of_that_name() -> None:
    """Descriptions, examples and defaults are dropped; a field named `description` stays."""
    fields = schema()["$defs"]["Crew"]["properties"]
    assert fields["note"] == {"type": ["string", "null"]}
    assert fields["description"] == {"type": "string"}


@pytest.mark.parametrize(
    "record",
    [
        {"id": "41814061033"},
        {"id": "41814061033", "boss": None, "note": None, "rank": None},
        {"id": "41814061033", "boss": {"id": "41810021827"}, "rank": "master", "age": 17, "new": 1},
    ],
)
def test_a_good_record_passes(record: Json) -> None:
    """Nulls, nested records and unknown fields are valid where the document allows them."""
    assert jsonschema_rs.validator_for(schema()).is_valid(record)


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"id": "1"},
        {"id": None},
        {"id": "41814061033", "age": 16},
        {"id": "41814061033", "boss": {}},
    ],
)
def test_a_bad_record_fails(record: Json) -> None:
    """A missing, null, malformed or out-of-range field is refused, also in a nested record."""
    assert not jsonschema_rs.validator_for(schema()).is_valid(record)


def test_making_it_leaves_the_document_as_it_was() -> None:
    """Making the schema of a record does not change the prepared document."""
    made, _ = prepare(document({"/a": {"get": operation("a", answer=ref("Crew"))}}, {"Crew": CREW}))
    before = repr(made)
    item_schema(made, ref("Crew"))
    assert repr(made) == before
