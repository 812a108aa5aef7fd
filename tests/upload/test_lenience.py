"""The check is never stricter than the server: what ASP.NET takes beyond a schema passes."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from sdir_async.upload.lenience import refusing

NULL = {"type": "null"}
SCHEMA = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "colour": {"type": "string", "enum": ["red", "Green"]},
        "maybe": {"anyOf": [{"type": "string", "enum": ["red"]}, NULL]},
        "either": {"type": ["string", "null"], "enum": ["red", None]},
        "level": {"type": "integer", "enum": [1, 2]},
        "crew": {"type": "integer"},
        "length": {"type": ["number", "null"]},
        "inner": {"anyOf": [{"type": "object", "required": ["id"]}, NULL]},
        "kind": {"const": "ship"},
        "flag": {"type": "boolean"},
    },
}


def refused(record: dict[str, Any]) -> list[str]:
    """Return the names of the fields that are refused."""
    validator = jsonschema_rs.validator_for(SCHEMA)
    errors = refusing(list(validator.iter_errors({"name": "Fram", **record})))
    return sorted({str(one.instance_path[0]) for one in errors})


@pytest.mark.parametrize(
    "record",
    [
        {"colour": "RED", "maybe": "Red", "either": "rEd", "kind": "Ship"},
        {"colour": "green, red", "level": 7},
        {"colour": 1, "level": "2", "either": "0"},
        {"crew": "12", "length": "-1.5e3"},
        {"inner": {"ID": 1}},
    ],
)
def test_what_dotnet_takes_passes(record: dict[str, Any]) -> None:
    """Names in any case, several names of an enum, its numbers, and numbers as text."""
    assert refused(record) == []


@pytest.mark.parametrize(
    "record",
    [
        {"colour": "blue", "maybe": "", "either": "red green", "kind": "boat"},
        {"colour": True, "level": 1.5},
        {"crew": "1.5", "length": "NaN", "flag": "true", "name": 5},
        {"crew": " 1", "length": "1,5"},
        {"inner": {}, "crew": None},
    ],
)
def test_what_dotnet_refuses_is_refused(record: dict[str, Any]) -> None:
    """Anything else, and a truth or a text in the place of the other."""
    assert refused(record) == sorted(record)


def test_a_required_field_counts_in_any_case() -> None:
    """`Name` is read as `name`; without either, the record is refused."""
    validator = jsonschema_rs.validator_for(SCHEMA)
    assert refusing(list(validator.iter_errors({"NAME": "Fram"}))) == []
    assert refusing(list(validator.iter_errors({}))) != []
