"""Each transformation of schemas, on the quirk that it is for."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from sdir_async.generation import schema_steps as steps

from .toys import Json, document, operation, ref

if TYPE_CHECKING:
    from collections.abc import Callable

    from sdir_async.generation.walk import LeftOut


def after(step: Callable[[Json], list[LeftOut]], schema: Any, **others: Json) -> Json:
    doc = document(schemas={"A": schema, **others})
    step(doc)
    return doc["components"]["schemas"]["A"]  # type: ignore[no-any-return]


def listed(step: Callable[[Json], list[LeftOut]], schema: Json) -> list[str]:
    return [
        f"{each.where}: {each.what}: {each.why}" for each in step(document(schemas={"A": schema}))
    ]


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (None, {}),
        ({"description": None, "type": "string"}, {"type": "string"}),
        ({"description": {"$ref": "#/x"}, "title": "T"}, {}),
        ({"required": True, "properties": None}, {}),
        ({"required": ["a", 1, None]}, {"required": ["a"]}),
        ({"properties": {"a": None, "items": True}}, {"properties": {"a": {}, "items": {}}}),
        ({"items": True, "allOf": [1]}, {"items": {}, "allOf": [{}]}),
        ({"additionalProperties": False}, {"additionalProperties": False}),
        ({"additionalProperties": True}, {"additionalProperties": {}}),
        ({"enum": [None], "default": None, "example": None},) * 2,
    ],
)
def test_what_stands_for_a_schema_becomes_one(given: Any, made: Json) -> None:
    """Null, true or a malformed part becomes a valid schema, and values of data stay untouched."""
    assert after(steps.make_whole, given) == made


def test_a_reference_into_another_part_of_the_document_gets_a_name() -> None:
    """A reference to an inline schema of an operation becomes a reference to a named schema."""
    doc = document(
        {
            "/a": {
                "get": operation(
                    "a", answer={"type": "object", "properties": {"x": {"type": "string"}}}
                )
            }
        }
    )
    inner = "#/paths/~1a/get/responses/200/content/application~1json/schema"
    doc["components"]["schemas"]["A"] = {"$ref": inner}
    assert steps.mend_references(doc) == []
    name = doc["components"]["schemas"]["A"]["$ref"].rpartition("/")[2]
    assert doc["components"]["schemas"][name]["properties"] == {"x": {"type": "string"}}


def test_a_reference_to_nothing_becomes_any_value_and_is_listed() -> None:
    """A reference to a missing schema becomes any value and is listed with its place."""
    assert after(steps.mend_references, {"items": ref("Gone")}) == {"items": {}}
    assert listed(steps.mend_references, {"items": ref("Gone")}) == [
        "/components/schemas/A/items: the type of #/components/schemas/Gone:"
        " it leads to nothing: any value"
    ]


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"type": "String"}, {"type": "string"}),
        ({"type": "int"}, {"type": "integer"}),
        ({"type": "datetime"}, {"type": "string", "format": "date-time"}),
        ({"type": "array"}, {"type": "array", "items": {}}),
        ({"items": {}}, {"type": "array", "items": {}}),
        ({"properties": {}}, {"type": "object", "properties": {}}),
        ({"type": "string", "format": "binary"}, {"type": "string"}),
        ({"type": ["string", "nil", "null"]}, {"type": ["string", "null"]}),
        ({"allOf": [], "properties": {}},) * 2,
    ],
)
def test_types_are_mended_and_said(given: Json, made: Json) -> None:
    """A misspelled, implied or incomplete type becomes the JSON Schema type that was meant."""
    assert after(steps.known_types, given) == made


def test_a_type_that_does_not_exist_is_any_value_and_is_listed() -> None:
    """The type `file` becomes any value and is listed with its place."""
    assert after(steps.known_types, {"type": "file"}) == {}
    assert listed(steps.known_types, {"type": "file"}) == [
        "/components/schemas/A: the type file: OpenAPI 3 has no such type: any value"
    ]


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": ["string"], "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        ({**ref("B"), "nullable": True}, {"anyOf": [ref("B"), {"type": "null"}]}),
        ({"oneOf": [ref("B")], "nullable": True}, {"oneOf": [ref("B"), {"type": "null"}]}),
        (
            {"type": "string", "enum": ["a"], "nullable": True},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        (
            {"type": ["integer", "null"], "enum": [1]},
            {"type": ["integer", "null"], "enum": [1, None]},
        ),
    ],
)
def test_nullable_is_written_as_json_schema_has_it(given: Json, made: Json) -> None:
    """`nullable: true` becomes a null in the type, the enum or the alternatives."""
    inside = after(
        steps.nullable_as_type,
        {"type": "object", "properties": {"a": given}},
        B={"type": "object"},
    )
    assert inside["properties"]["a"] == made


def test_one_reference_in_all_of_that_may_be_null_is_an_alternative() -> None:
    """This is how ASP.NET says that a field of an object type may be null."""
    field = {"allOf": [ref("B")], "nullable": True}
    made = after(
        steps.nullable_as_type, {"type": "object", "properties": {"b": field}}, B={"type": "object"}
    )
    assert made["properties"]["b"] == {"anyOf": [ref("B"), {"type": "null"}]}


def test_a_named_object_that_may_be_null_stays_one_class() -> None:
    """If a named object is nullable, null moves to the fields that refer to it."""
    outer = {"type": "object", "properties": {"b": ref("B")}}
    doc = document(schemas={"A": outer, "B": {"type": "object", "nullable": True}})
    steps.nullable_as_type(doc)
    assert doc["components"]["schemas"]["B"] == {"type": "object"}
    assert doc["components"]["schemas"]["A"]["properties"]["b"] == {
        "anyOf": [ref("B"), {"type": "null"}]
    }


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (ref("B"), {"anyOf": [ref("B"), {"type": "null"}]}),
        ({"allOf": [ref("B")]}, {"anyOf": [ref("B"), {"type": "null"}]}),
        (
            {"type": "array", "items": ref("B")},
            {"type": "array", "items": {"anyOf": [ref("B"), {"type": "null"}]}},
        ),
        (
            {"type": "object", "additionalProperties": ref("B")},
            {"type": "object", "additionalProperties": {"anyOf": [ref("B"), {"type": "null"}]}},
        ),
        (
            {"oneOf": [ref("B"), {"type": "string"}]},
            {"oneOf": [ref("B"), {"type": "string"}, {"type": "null"}]},
        ),
        ({"allOf": [ref("B"), ref("C")]}, {"allOf": [ref("B"), ref("C")]}),
        ({"allOf": [ref("B")], "properties": {}}, {"allOf": [ref("B")], "properties": {}}),
    ],
)
@pytest.mark.parametrize("named", [{"type": "object"}, {"type": "string", "enum": ["a", None]}])
def test_null_moves_to_whatever_refers_to_a_class(named: Json, given: Json, made: Json) -> None:
    """Items, values of maps, alternatives and answers may be null if what they refer to may."""
    kept = {"type": "object"} if "enum" not in named else {"type": "string", "enum": ["a"]}
    doc = document(schemas={"A": copy.deepcopy(given), "B": {**named, "nullable": True}, "C": {}})
    steps.nullable_as_type(doc)
    assert doc["components"]["schemas"] == {"A": made, "B": kept, "C": {}}


def test_a_field_that_is_called_nullable_is_a_field() -> None:
    """A field named `nullable` is not read as the keyword."""
    given = {"type": "object", "properties": {"nullable": {"type": "boolean"}}}
    assert after(steps.nullable_as_type, given) == given


def test_exclusive_bounds_are_numbers() -> None:
    """An exclusive bound given as true becomes the number; one given as false is dropped."""
    given = {"minimum": 1, "exclusiveMinimum": True, "maximum": 9, "exclusiveMaximum": False}
    assert after(steps.bounds_as_numbers, given) == {"exclusiveMinimum": 1, "maximum": 9}


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"type": "string", "enum": [""]}, {"type": "string"}),
        ({"type": "string", "enum": []}, {"type": "string"}),
        ({"type": "string", "enum": ["a", "a", "b"]}, {"type": "string", "enum": ["a", "b"]}),
        ({"type": "integer", "enum": ["1", "2"]}, {"type": "integer", "enum": [1, 2]}),
        ({"type": "string", "enum": [1, 2]}, {"type": "string", "enum": ["1", "2"]}),
    ],
)
def test_an_enum_says_what_python_can_say(given: Json, made: Json) -> None:
    """An enum loses empty and repeated values and takes its declared type; nothing is listed."""
    found = after(steps.usable_enums, given)
    found.pop("x-enum-varnames", None)
    assert found == made
    assert listed(steps.usable_enums, given) == []


def test_values_that_would_get_the_same_name_are_told_apart() -> None:
    """Enum values with one Python name get distinct member names."""
    given = {"type": "string", "enum": ["kg", "Kg", "k-g"]}
    made = after(steps.usable_enums, given)
    assert made["x-enum-varnames"] == ["KG", "KG_1", "K_G"]


def test_an_enum_of_mixed_types_is_no_enum_and_is_listed() -> None:
    """An enum of text and numbers without a type becomes any value and is listed once."""
    assert after(steps.usable_enums, {"enum": ["a", 1]}) == {}
    assert len(listed(steps.usable_enums, {"enum": ["a", 1]})) == 1


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"enum": ["cashOutFee", "cashoutFee"]}, ["CASH_OUT_FEE", "CASHOUT_FEE"]),
        ({"enum": ["SJØMANN", "første-styrmann"]}, ["SJØMANN", "FØRSTE_STYRMANN"]),
        ({"enum": ["ß", "ss"]}, ["SS", "SS_1"]),
        ({"enum": ["", "1", "a b", "x²"]}, ["VALUE_0", "VALUE_1", "A_B", "X"]),
        ({"enum": [-1, 0]}, ["VALUE_NEGATIVE_1", "VALUE_0"]),
        ({"enum": [0, 1], "x-enumNames": ["Off", "TurnedOn"]}, ["OFF", "TURNED_ON"]),
        ({"enum": [0, 1], "x-enum-varnames": ["Off", "off"]}, ["OFF", "OFF_1"]),
        ({"enum": [0, 1], "x-enum-varnames": ["Off"]}, ["VALUE_0", "VALUE_1"]),
    ],
)
def test_members_have_distinct_names_by_the_documents_words(given: Json, names: list[str]) -> None:
    """Letters of any alphabet are letters; names for members that the document gives are taken."""
    assert after(steps.usable_enums, given)["x-enum-varnames"] == names


def test_a_default_is_said_and_never_sent() -> None:
    """What the caller does not give stays the server's to decide."""
    given = {"type": "boolean", "description": "In use.", "default": True}
    assert after(steps.describe_defaults, given)["description"] == "In use. Without it: true."


def test_all_of_one_schema_and_words_is_that_schema() -> None:
    """It would be a class of its own otherwise, with the same fields."""
    given = {"allOf": [ref("B"), {"description": "Whose."}], "readOnly": True}
    assert after(steps.single_parts, given, B={"type": "object"}) == {
        **ref("B"),
        "description": "Whose.",
        "readOnly": True,
    }


def test_a_discriminator_names_schemas_by_mapping_or_by_their_own_name() -> None:
    """The names are those before classes are named."""
    told = {"propertyName": "kind", "mapping": {"c": "#/components/schemas/Cat"}}
    given = {"oneOf": [ref("Cat"), ref("Dog")], "discriminator": told}
    made = after(steps.note_variants, given, Cat={}, Dog={})
    assert made["x-sdir-variants"] == {"Dog": "Dog", "c": "Cat"}


def test_a_reference_may_be_percent_encoded() -> None:
    """Generators of documents encode the brackets of generic types."""
    made = after(steps.mend_references, {"items": ref("Page%5BShip%5D")}, **{"Page[Ship]": {}})
    assert made == {"items": ref("Page[Ship]")}
