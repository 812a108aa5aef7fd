from typing import Any

import jsonschema_rs
import pytest

from sdir_async.openapi.schemas import Schemas

SPEC: dict[str, Any] = {
    "components": {
        "schemas": {
            "Name": {"type": "string", "maxLength": 3},
            "Dog": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"$ref": "#/components/schemas/Name"},
                    "owner": {"nullable": True, "allOf": [{"$ref": "#/components/schemas/Name"}]},
                    "nullable": {"type": "boolean"},
                },
            },
            "Dogs": {"type": "array", "items": {"$ref": "#/components/schemas/Dog"}},
        }
    }
}


@pytest.mark.parametrize(
    ("schema", "value", "good"),
    [
        ({"type": "string", "nullable": True}, None, True),
        ({"type": "string", "nullable": True}, 1, False),
        ({"type": "string"}, None, False),
        ({"type": "string", "nullable": True, "enum": ["a"]}, None, True),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, 1, False),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": False}, 1, True),
        ({"type": "number", "maximum": 1, "exclusiveMaximum": True}, 0.9, True),
        ({"type": "integer", "format": "int32"}, 2**31, False),
        ({"type": "integer", "format": "int64"}, 2**31, True),
        ({"type": "object", "additionalProperties": False}, {"new": 1}, True),
        ({"$ref": "#/components/schemas/Dogs"}, [{"name": "Rex"}], True),
        ({"$ref": "#/components/schemas/Dogs"}, [{"name": "Rex", "owner": None}], True),
        ({"$ref": "#/components/schemas/Dogs"}, [{"name": "Rex", "owner": "Anna"}], False),
        ({"$ref": "#/components/schemas/Dogs"}, [{}], False),
        ({"$ref": "#/components/schemas/Dog"}, {"name": "Rex", "nullable": True}, True),
    ],
)
def test_json_schema_accepts_what_openapi_accepts(schema: Any, value: Any, good: bool) -> None:
    """The two differ in null and in exclusive limits, and .NET in what it can hold and skips."""
    assert jsonschema_rs.is_valid(Schemas(SPEC).standalone(schema), value) is good


def test_what_is_wrong_inside_a_nullable_value_is_reported_there() -> None:
    """Not as an alternative that doesn't fit."""
    schema = Schemas(SPEC).standalone({"$ref": "#/components/schemas/Dog"})
    errors = list(jsonschema_rs.iter_errors(schema, {"name": "Rex", "owner": "Anna"}))
    assert [(error.instance_path, error.kind.name) for error in errors] == [
        (["owner"], "maxLength")
    ]


@pytest.mark.parametrize(
    ("schema", "good"),
    [({"type": "array"}, True), ({"$ref": "#/components/schemas/Dogs"}, True), ({}, False)],
)
def test_a_list_is_recognised_behind_a_reference(schema: Any, good: bool) -> None:
    """Exports name the list's schema, or write it in place."""
    assert Schemas(SPEC).is_list(schema) is good


def test_the_fields_of_a_list_are_those_of_its_records() -> None:
    """Also those that `allOf` brings together."""
    saved = {
        "allOf": [{"$ref": "#/components/schemas/Dog"}, {"properties": {"uid": {}}}],
    }
    fields = Schemas(SPEC).properties({"type": "array", "items": saved})
    assert list(fields) == ["name", "owner", "nullable", "uid"]


@pytest.mark.parametrize(
    ("schema", "sample"),
    [
        ({"example": [1], "type": "array"}, [1]),
        ({"default": 5, "type": "integer"}, 5),
        ({"type": "string", "enum": ["b", "a"]}, "b"),
        ({"type": "string", "minLength": 2}, "xx"),
        ({"type": "string", "format": "date"}, "2020-01-01"),
        ({"type": "integer", "minimum": 3}, 3),
        ({"type": "boolean"}, False),
        ({"type": "array", "items": {"type": "boolean"}}, []),
        ({"type": "array", "minItems": 1, "items": {"type": "boolean"}}, [False]),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, 0),
        ({"$ref": "#/components/schemas/Dog"}, {"name": ""}),
        (
            {
                "allOf": [
                    {"$ref": "#/components/schemas/Dog"},
                    {"required": ["age"], "properties": {"age": {"type": "integer"}}},
                ]
            },
            {"name": "", "age": 0},
        ),
    ],
)
def test_a_sample_is_the_example_or_the_least_that_fits(schema: Any, sample: Any) -> None:
    """Operations without records answer with it."""
    assert Schemas(SPEC).sample(schema) == sample


def test_a_schema_that_requires_itself_still_has_a_sample() -> None:
    """No value fits it, but it must not stop the rest of the document."""
    spec: dict[str, Any] = {"components": {"schemas": {"Loop": {"required": ["loop"]}}}}
    loop = spec["components"]["schemas"]["Loop"]
    loop["properties"] = {"loop": {"$ref": "#/components/schemas/Loop"}}
    assert "loop" in Schemas(spec).sample({"$ref": "#/components/schemas/Loop"})


@pytest.mark.parametrize(
    ("schema", "sample"),
    [
        ({"type": "string", "format": "date", "example": "string"}, "2020-01-01"),
        ({"type": "string", "format": "date", "example": "2024-05-31"}, "2024-05-31"),
        ({"type": "string", "format": "duration", "example": "01:00:00"}, "01:00:00"),
        ({"type": "integer", "example": "1", "minimum": 2}, 2),
        ({"type": "number", "maximum": -1}, -1),
        ({"type": ["integer", "null"]}, 0),
        ({"const": "ship"}, "ship"),
        (
            {
                "type": "object",
                "required": ["at"],
                "properties": {"at": {"type": "string"}},
                "example": {"at": 5},
            },
            {"at": ""},
        ),
    ],
)
def test_an_example_that_does_not_fit_is_not_answered(schema: Any, sample: Any) -> None:
    """Exports have `"string"` for a date; the SDK could not read it."""
    made = Schemas(SPEC).sample(schema)
    assert made == sample
    assert Schemas(SPEC).fits(schema, made)


def test_rules_that_only_dotnet_knows_and_letters_of_any_alphabet_stop_nothing() -> None:
    """The sandbox checks what it can."""
    spec: Any = {"components": {"schemas": {"F\u00f8dsel": {"type": "string", "pattern": r"x\Z"}}}}
    schema = {"$ref": "#/components/schemas/F\u00f8dsel", "maxLength": 10.5}
    assert Schemas(spec).fits(schema, "y")
    assert not Schemas(spec).fits(schema, 5)
