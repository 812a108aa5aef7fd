"""Our models do what the generator's own do: the same JSON, the same values, the same errors."""

from __future__ import annotations

import datetime
import enum
import importlib
import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .conftest import Checkout
from .toys import Json, document, operation, ref

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPES: dict[str, Json] = {
    "anything": {},
    "text": {"type": "string"},
    "whole": {"type": "integer"},
    "number": {"type": "number"},
    "truth": {"type": "boolean"},
    "day": {"type": "string", "format": "date"},
    "moment": {"type": "string", "format": "date-time"},
    "identifier": {"type": "string", "format": "uuid"},
    "colour": {"type": "string", "enum": ["red", "green"]},
    "level": {"type": "integer", "enum": [1, 2]},
    "inner": ref("Inner"),
    "texts": {"type": "array", "items": {"type": "string"}},
    "days": {"type": "array", "items": {"type": "string", "format": "date"}},
    "inners": {"type": "array", "items": ref("Inner")},
    "grid": {"type": "array", "items": {"type": "array", "items": ref("Inner")}},
    "nullables": {"type": "array", "items": {"oneOf": [{"type": "string"}, {"type": "null"}]}},
    "table": {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
    "either": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
    "model_or_text": {"oneOf": [ref("Inner"), {"type": "string"}]},
    "day_or_moment": {
        "oneOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]
    },
    "eithers": {"type": "array", "items": {"oneOf": [ref("Inner"), {"type": "integer"}]}},
    "fixed": {"const": "ship"},
}
NULLABLE = ("text", "whole", "day", "moment", "identifier", "colour", "inner", "texts", "inners")


def _nullable(schema: Json) -> Json:
    return {"oneOf": [schema, {"type": "null"}]}


FIELDS: dict[str, Json] = {
    **{f"{name}_required": schema for name, schema in TYPES.items()},
    **{f"{name}_optional": schema for name, schema in TYPES.items()},
    **{f"{name}_nullable_required": _nullable(TYPES[name]) for name in NULLABLE},
    **{f"{name}_nullable_optional": _nullable(TYPES[name]) for name in NULLABLE},
}
SCHEMAS: Json = {
    "Inner": {
        "type": "object",
        "required": ["at"],
        "properties": {"at": {"type": "string", "format": "date"}, "item": {"type": "integer"}},
    },
    "Everything": {
        "type": "object",
        "required": [name for name in FIELDS if name.endswith("_required")],
        "properties": FIELDS,
    },
    "Closed": {
        "type": "object",
        "properties": {"name": {"type": "string"}},
        "additionalProperties": False,
    },
    "Days": {
        "type": "object",
        "properties": {"name": {"type": "string"}},
        "additionalProperties": {"type": "string", "format": "date"},
    },
    "Mixed": {
        "type": "object",
        "additionalProperties": {"oneOf": [ref("Inner"), {"type": "string", "format": "uuid"}]},
    },
    "Texts": {"type": "object", "additionalProperties": {"type": "string"}},
}

plain = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4)
days = st.dates().map(datetime.date.isoformat)
inner = st.fixed_dictionaries({"at": days}, optional={"item": st.integers(), "more": plain})
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "anything": plain | st.lists(plain, max_size=2),
    "text": st.text(max_size=5),
    "whole": st.integers(),
    "number": st.floats(allow_nan=False),
    "truth": st.booleans(),
    "day": days,
    "moment": st.datetimes(timezones=st.just(datetime.UTC)).map(datetime.datetime.isoformat),
    "identifier": st.uuids().map(str),
    "colour": st.sampled_from(["red", "green"]),
    "level": st.sampled_from([1, 2]),
    "inner": inner,
    "texts": st.lists(st.text(max_size=3), max_size=3),
    "days": st.lists(days, max_size=3),
    "inners": st.lists(inner, max_size=3),
    "grid": st.lists(st.lists(inner, max_size=2), max_size=2),
    "nullables": st.lists(st.none() | st.text(max_size=3), max_size=3),
    "table": st.lists(st.lists(st.text(max_size=3), max_size=2), max_size=2),
    "either": st.text(max_size=3) | st.integers(),
    "model_or_text": inner | st.text(max_size=3),
    "day_or_moment": days | st.datetimes().map(datetime.datetime.isoformat),
    "eithers": st.lists(inner | st.integers(), max_size=3),
    "fixed": st.just("ship"),
}


def _strategy(name: str) -> st.SearchStrategy[Any]:
    kind = name.removesuffix("_required").removesuffix("_optional")
    values = VALUES[kind.removesuffix("_nullable")]
    return values | st.none() if kind.endswith("_nullable") else values


good = st.fixed_dictionaries(
    {name: _strategy(name) for name in FIELDS if name.endswith("_required")},
    optional={name: _strategy(name) for name in FIELDS if name.endswith("_optional")},
)
DATA: dict[str, st.SearchStrategy[Any]] = {
    "Everything": st.builds(
        lambda more, data: {**more, **data}, st.dictionaries(st.text(max_size=3), plain), good
    ),
    "Closed": st.fixed_dictionaries({}, optional={"name": st.text(), "other": plain}),
    "Days": st.dictionaries(st.text(max_size=3) | st.just("name"), days, max_size=3),
    "Mixed": st.dictionaries(st.text(max_size=3), inner | VALUES["identifier"], max_size=3),
    "Texts": st.dictionaries(st.text(max_size=3), st.text(), max_size=3),
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Any, Any]]]:
    """Return the classes by name, the generator's own and ours, made from one document."""
    root = tmp_path_factory.mktemp("lean")
    checkout = Checkout(root)
    paths = {f"/{name}": {"post": operation(f"add{name}", body=ref(name))} for name in SCHEMAS}
    path = checkout.add("kinds/v1.json", document(paths, SCHEMAS))
    checkout.generate()
    checkout.with_core()
    shutil.move(root / "sdir_async", root / "lean_models")
    command = ["-m", "openapi_python_client", "generate", "--meta=none", "--path", str(path)]
    subprocess.run(
        [sys.executable, *command, "--output-path", str(root / "stock_models")],
        check=True,
        capture_output=True,
    )
    sys.path.insert(0, str(root))
    try:
        yield {name: _pair(name) for name in SCHEMAS}
    finally:
        sys.path.remove(str(root))


def _pair(name: str) -> tuple[Any, Any]:
    module = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]
    stock = importlib.import_module(f"stock_models.models.{module}")
    ours = importlib.import_module(f"lean_models.api.kinds.v1.models.{module}")
    return getattr(stock, name), getattr(ours, name)


def _outcome(model: Any, data: Any) -> Any:
    """Return all that can be seen of reading and writing, or the error."""
    seen: list[Any] = []
    try:
        made = model.from_dict(data)
        seen.append(_plain(made))
        seen.append(json.dumps(made.to_dict()))
        seen.append(_shared(data, made))
    except Exception as error:  # noqa: BLE001
        seen.append(type(error))
    return seen


def _shared(data: dict[str, Any], made: Any) -> list[tuple[str, bool, bool]]:
    """Return of each list that is written whether it is the one that was read, and the model's."""
    lists = {name: value for name, value in made.to_dict().items() if isinstance(value, list)}
    return [
        (name, value is data[name], value is getattr(made, name, None))
        for name, value in lists.items()
    ]


def _plain(value: Any) -> Any:
    """Return a value without the classes of models, which differ."""
    if hasattr(value, "to_dict"):
        names = [field.name for field in type(value).__attrs_attrs__]
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, enum.Enum):
        return "enum", value.value
    return type(value).__name__, "" if type(value).__name__ == "Unset" else str(value)


@pytest.mark.parametrize("name", sorted(DATA))
def test_the_same_values_and_the_same_json(models: dict[str, tuple[Any, Any]], name: str) -> None:
    """Of every type, required, optional and nullable; the order of the fields included."""

    @settings(max_examples=60)
    @given(DATA[name])
    def compare(data: dict[str, Any]) -> None:
        stock, ours = models[name]
        before = json.dumps(data)
        assert _outcome(ours, data) == _outcome(stock, data)
        assert json.dumps(data) == before

    compare()


ALIKE = [
    name
    for name in sorted(FIELDS)
    if not name.startswith(("colour", "level", "fixed", "either", "model_or", "day_or"))
]
"""Fields that are read as the generator reads them: no enum, no constant, of one kind."""


def _is_misshapen(schema: Json, value: Any) -> bool:
    """Whether a value is not a list or object where its class needs one."""
    if "$ref" in schema:
        return not isinstance(value, dict)
    if schema.get("type") != "array" or schema["items"] == {"type": "string"}:
        return False
    return not isinstance(value, list) or any(_is_misshapen(schema["items"], v) for v in value)


def test_the_same_of_what_does_not_fit(models: dict[str, tuple[Any, Any]]) -> None:
    """A field that is missing, null, or of another type is met with the same value or error.

    But `[]` and `""` are not objects, nor are the keys of an object a list.
    """
    stock, ours = models["Everything"]
    wrong = plain | st.lists(plain, max_size=2) | st.dictionaries(st.text(), plain)

    @settings(max_examples=100)
    @given(good, st.sampled_from(ALIKE), wrong)
    def compare(data: dict[str, Any], field: str, value: Any) -> None:
        left = {key: kept for key, kept in data.items() if key != field}
        odd = {**data, field: value}
        assert _outcome(ours, left) == _outcome(stock, left)
        if value is not None or not field.endswith("_optional") or "_nullable" in field:
            refused = _is_misshapen(FIELDS[field], value)
            assert _outcome(ours, odd) == ([TypeError] if refused else _outcome(stock, odd))

    compare()


OPTIONAL = [name for name in FIELDS if name.endswith("_optional") and "_nullable" not in name]


@settings(max_examples=50)
@given(data=good, field=st.sampled_from(OPTIONAL))
def test_a_null_that_the_document_does_not_name_fails_nothing(
    models: dict[str, tuple[Any, Any]], data: dict[str, Any], field: str
) -> None:
    """Servers write null for an optional field that is not there; it stays null or is left out."""
    _, ours = models["Everything"]
    left = {key: kept for key, kept in data.items() if key != field}
    assert ours.from_dict({**data, field: None}).to_dict() in (left, {**left, field: None})


def test_a_kind_that_the_document_does_not_list_is_kept(
    models: dict[str, tuple[Any, Any]],
) -> None:
    """An enum, a constant or a choice may get a new value: no answer fails for it."""
    _, ours = models["Everything"]
    odd = [name for name in FIELDS if name not in ALIKE and "_nullable" not in name]

    @settings(max_examples=100)
    @given(good, st.sampled_from(odd), plain.filter(lambda value: value is not None))
    def read(data: dict[str, Any], field: str, value: Any) -> None:
        given_ = {**data, field: [value] if field.startswith("eithers") else value}
        assert ours.from_dict(given_).to_dict() == given_

    read()
