from __future__ import annotations

from typing import Any

import pytest

from sdir_async.openapi.schemas import Schemas
from sdir_async.sandbox.validation import Body, InvalidError, Parameters

BOAT: dict[str, Any] = {
    "type": "object",
    "required": ["name", "built", "engine"],
    "properties": {
        "name": {"type": "string", "minLength": 2, "maxLength": 10},
        "sign": {"type": "string", "maxLength": 4, "pattern": "^[A-Z]+$"},
        "note": {"type": "string", "nullable": True, "minLength": 1},
        "built": {"type": "string", "format": "date"},
        "seen": {"type": "string", "format": "date-time", "nullable": True},
        "uid": {"type": "string", "format": "uuid"},
        "owner": {"type": "string", "format": "organization-number"},
        "engine": {"$ref": "#/components/schemas/Engine"},
        "flags": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "string"}},
        "kind": {"type": "string", "enum": ["sail", "motor"]},
    },
}
ENGINE: dict[str, Any] = {
    "type": "object",
    "required": ["hours"],
    "properties": {
        "hours": {"type": "integer", "minimum": 1, "maximum": 9},
        "weight": {"type": "number", "minimum": 0},
        "spare": {"type": "boolean"},
    },
}
SCHEMAS = Schemas({"components": {"schemas": {"Boat": BOAT, "Engine": ENGINE}}})
GOOD = '{"name": "Anna", "built": "2020-01-01", "engine": {"hours": 5}}'


def _errors(boat: str, *, many: bool = True) -> dict[str, list[str]]:
    """Return what is wrong with the last of three boats, or with a single one."""
    schema: dict[str, Any] = {"$ref": "#/components/schemas/Boat"}
    if many:
        schema, boat = {"type": "array", "items": schema}, f"[{GOOD}, {GOOD}, {boat}]"
    return _refused(schema, boat)


def _refused(schema: dict[str, Any], body: str | bytes) -> dict[str, list[str]]:
    with pytest.raises(InvalidError) as refused:
        _body(schema).read(body if isinstance(body, bytes) else body.encode())
    return refused.value.errors


def _body(schema: dict[str, Any]) -> Body:
    return Body(SCHEMAS.standalone(schema), "boats")


def _changed(**changes: str) -> str:
    """Return a boat in JSON with some of its fields set to other JSON."""
    fields = {"name": '"Anna"', "built": '"2020-01-01"', "engine": '{"hours": 5}'} | changes
    return "{" + ", ".join(f'"{name}": {value}' for name, value in fields.items()) + "}"


@pytest.mark.parametrize(
    "boat",
    [
        GOOD,
        _changed(note="null", seen="null", unheard_of="[1]"),
        _changed(seen='"2025-03-24T18:32:25+00:00"'),
        _changed(seen='"2025-03-24T18:32:25.1234567Z"'),
        _changed(owner='"991825827"', uid='"0F8FAD5B-D9CB-469F-A165-70867728950E"'),
    ],
)
def test_what_fits_the_schema_is_returned(boat: str) -> None:
    """Fields that the document doesn't know are no error."""
    assert _body({"$ref": "#/components/schemas/Boat"}).read(boat.encode())["name"] == "Anna"


@pytest.mark.parametrize(
    ("boat", "key", "message"),
    [
        ('{"name": "Anna", "engine": {"hours": 5}}', "Built", "The Built field is required."),
        (_changed(name="null"), "Name", "The Name field is required."),
        (_changed(engine="null"), "Engine", "The Engine field is required."),
        (_changed(engine="{}"), "Engine.Hours", "The Hours field is required."),
        (
            _changed(name='"x"'),
            "Name",
            "The field Name must be a string with a minimum length of 2"
            " and a maximum length of 10.",
        ),
        (
            _changed(sign='"ABCDE"'),
            "Sign",
            "The field Sign must be a string with a maximum length of 4.",
        ),
        (
            _changed(sign='"a"'),
            "Sign",
            "The field Sign must match the regular expression '^[A-Z]+$'.",
        ),
        (
            _changed(engine='{"hours": 10}'),
            "Engine.Hours",
            "The field Hours must be between 1 and 9.",
        ),
        (
            _changed(engine='{"hours": 1, "weight": -1}'),
            "Engine.Weight",
            "The field Weight must be between 0 and 2147483647.",
        ),
        (
            _changed(flags="[]"),
            "Flags",
            "The field Flags must be a string or array type with a minimum length of '1'.",
        ),
        (
            _changed(flags='["a", "b", "c"]'),
            "Flags",
            "The field Flags must be a string or array type with a maximum length of '2'.",
        ),
        (_changed(owner='"991825828"'), "Owner", "The field Owner is invalid."),
    ],
)
@pytest.mark.parametrize("many", [True, False])
def test_model_validation_names_the_field(boat: str, key: str, message: str, many: bool) -> None:
    """In a list with the index of the item, both as .NET names them."""
    assert _errors(boat, many=many) == {f"[2].{key}" if many else key: [message]}


@pytest.mark.parametrize(
    ("boat", "path", "clr_type"),
    [
        (_changed(built='"yesterday"'), "built", "System.DateOnly"),
        (_changed(built='"2020-02-30"'), "built", "System.DateOnly"),
        (_changed(built="null"), "built", "System.DateOnly"),
        (_changed(built="20200101"), "built", "System.DateOnly"),
        (_changed(seen='"2025-03-24"'), "seen", "System.DateTimeOffset"),
        (_changed(uid='"1"'), "uid", "System.Guid"),
        (_changed(name="1"), "name", "System.String"),
        (_changed(engine='"big"'), "engine", "System.Object"),
        (_changed(engine='{"hours": "5"}'), "engine.hours", "System.Int32"),
        (_changed(engine='{"hours": null}'), "engine.hours", "System.Int32"),
        (_changed(engine='{"hours": 1.5}'), "engine.hours", "System.Int32"),
        (_changed(engine='{"hours": 1, "spare": 1}'), "engine.spare", "System.Boolean"),
        (_changed(flags="1"), "flags", "System.Collections.Generic.List`1[System.Object]"),
        (_changed(flags="[1]"), "flags[0]", "System.String"),
        (_changed(kind='"rowing"'), "kind", "System.Enum"),
    ],
)
@pytest.mark.parametrize("many", [True, False])
def test_json_of_another_type_is_named_by_its_path(
    boat: str, path: str, clr_type: str, many: bool
) -> None:
    """With a second entry for the parameter that got no value."""
    errors = _errors(boat, many=many)
    key = f"$[2].{path}" if many else f"$.{path}"
    assert list(errors) == [key, "boats"]
    assert errors[key][0].startswith(
        f"The JSON value could not be converted to {clr_type}. Path: {key} | LineNumber: 0 |"
    )
    assert errors["boats"] == ["The boats field is required."]


def test_the_first_wrong_type_hides_everything_else() -> None:
    """JSON is converted before any model is validated, and stops at the first error."""
    schema: dict[str, Any] = {"type": "array", "items": {"$ref": "#/components/schemas/Boat"}}
    body = f"[{_changed(name='null')}, {_changed(built='1')}, {_changed(built='2')}]"
    assert list(_refused(schema, body)) == ["$[1].built", "boats"]


@pytest.mark.parametrize(
    ("body", "key", "message"),
    [
        ("", "", "A non-empty request body is required."),
        (" \n", "", "A non-empty request body is required."),
        ("null", "", "A non-empty request body is required."),
        ("{}", "$", "The JSON value could not be converted to System.Collections.Generic.List`1"),
        ("[{]", "$[0]", "']' is an invalid start of a value. Path: $[0] | LineNumber: 0 |"),
        ('[{"name": oops}]', "$[0].name", "'o' is an invalid start of a value."),
        ('[{"name": "Anna"', "$[0].name", "Expected depth to be zero at the end of the JSON"),
        (
            '["æ", x]',
            "$[1]",
            "'x' is an invalid start of a value. Path: $[1] | LineNumber: 0 | "
            "BytePositionInLine: 7.",
        ),
        (b'["\xff"]', "$[0]", "'0xFF' is an invalid start of a value. Path: $[0] |"),
        ("\0", "$", "'0x00' is an invalid start of a value."),
        ("[null]", "$[0]", "The JSON value could not be converted to System.Object."),
        ("[5]", "$[0]", "The JSON value could not be converted to System.Object."),
    ],
)
def test_a_body_that_cannot_be_read_is_named(body: str | bytes, key: str, message: str) -> None:
    """The whole body is `""` or `$`; broken JSON is named by how far the reader came."""
    schema: dict[str, Any] = {"type": "array", "items": {"$ref": "#/components/schemas/Boat"}}
    errors = _refused(schema, body)
    assert list(errors) == [key, "boats"]
    assert errors[key][0].startswith(message)


@pytest.mark.parametrize("depth", [300, 700, 2000])
@pytest.mark.parametrize("start", ["", '[{"unheard of": '])
def test_what_lies_too_deep_is_not_read(depth: int, start: str) -> None:
    """As .NET has it: it says so where its limit is passed, however much deeper it goes."""
    schema: dict[str, Any] = {"type": "array", "items": {"$ref": "#/components/schemas/Boat"}}
    body = start + "[" * depth + "]" * depth + "}]" * bool(start)
    errors = _refused(schema, body)
    key = "$[0].unheard of" + "[0]" * 31 if start else "$" + "[0]" * 33
    assert list(errors) == [key, "boats"]
    assert errors[key][0].startswith("The maximum configured depth of 32 has been exceeded.")


def test_an_empty_list_is_about_the_body_as_a_whole() -> None:
    """It is named by the parameter that got it."""
    errors = _refused({"type": "array", "minItems": 1}, "[]")
    message = "The field boats must be a string or array type with a minimum length of '1'."
    assert errors == {"": [message]}


def test_at_most_200_entries_are_reported() -> None:
    """The key `""` says that there were more."""
    schema: dict[str, Any] = {"type": "array", "items": {"$ref": "#/components/schemas/Boat"}}
    bad = _changed(name="null")
    assert len(_refused(schema, "[" + ",".join([bad] * 200) + "]")) == 200
    errors = _refused(schema, "[" + ",".join([bad] * 201) + "]")
    assert len(errors) == 201
    assert errors[""] == ["The maximum number of allowed model errors has been reached."]


def test_a_wrong_type_is_found_behind_very_many_other_errors() -> None:
    """Reading comes before validating, which keeps at most 200 entries."""
    schema: dict[str, Any] = {"type": "array", "items": {"$ref": "#/components/schemas/Boat"}}
    body = "[" + ",".join(["{}"] * 5000 + [_changed(built="1")]) + "]"
    assert list(_refused(schema, body)) == ["$[5000].built", "boats"]


PARAMETERS = {
    "type": "object",
    "required": ["search"],
    "properties": {
        "search": {"type": "string"},
        "page": {"type": "integer", "minimum": 1},
        "near": {"type": "number"},
        "deep": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "integer"}},
    },
}


def test_parameters_become_values() -> None:
    """Those that the document doesn't know are left out."""
    given = {
        "search": ["5"],
        "page": ["2"],
        "near": ["1.5"],
        "deep": ["True"],
        "tags": ["1", "2"],
        "other": ["x"],
    }
    assert Parameters(PARAMETERS).read(given) == {
        "search": "5",
        "page": 2,
        "near": 1.5,
        "deep": True,
        "tags": [1, 2],
    }


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({}, {"search": ["The search field is required."]}),
        ({"search": ["a"], "page": ["x"]}, {"page": ["The value 'x' is not valid."]}),
        ({"search": ["a"], "page": [""]}, {"page": ["The value '' is not valid."]}),
        ({"search": ["a"], "deep": ["1"]}, {"deep": ["The value '1' is not valid."]}),
        ({"search": ["a"], "tags": ["1", "b"]}, {"tags": ["The value 'b' is not valid."]}),
        (
            {"search": ["a"], "page": ["0"]},
            {"page": ["The field page must be between 1 and 2147483647."]},
        ),
    ],
)
def test_parameters_that_do_not_fit_are_named(
    given: dict[str, list[str]], errors: dict[str, list[str]]
) -> None:
    """As the document writes them."""
    with pytest.raises(InvalidError) as refused:
        Parameters(PARAMETERS).read(given)
    assert refused.value.errors == errors
