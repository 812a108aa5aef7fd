"""Schemas of records at random, each with values that fit it."""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

Json = dict[str, Any]
NAMES = ("name", "shipName", "ship_name", "class", "år", "2nd", "to_dict", "x-y", "data", "items")
words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=6)


class Shape(NamedTuple):
    """A schema, and how to make values that fit it."""

    schema: Json
    values: st.SearchStrategy[Any]


Maker = Callable[[random.Random, int], Shape]


def record(seed: int) -> Shape:
    """Return the shape of a record; the same seed gives the same."""
    return _object(random.Random(seed), 3)


def _any(rng: random.Random, depth: int) -> Shape:
    makers: list[Maker] = [_text, _number, _enum, _moment, _constant]
    if depth:
        makers += [_list, _object, _nullable, _union, _map]
    return rng.choice(makers)(rng, depth)


def _object(rng: random.Random, depth: int) -> Shape:
    names = rng.sample(NAMES, rng.randint(1, 5))
    fields = {name: _any(rng, depth - 1) for name in names}
    needed = [name for name in names if rng.random() < 0.5]
    schema = {
        "type": "object",
        "properties": {name: field.schema for name, field in fields.items()},
        "required": needed,
    }
    values = st.fixed_dictionaries(
        {name: fields[name].values for name in needed},
        optional={name: fields[name].values for name in names if name not in needed},
    )
    return Shape(schema, values)


def _text(rng: random.Random, _: int) -> Shape:
    longest = rng.randint(1, 8)
    return Shape({"type": "string", "maxLength": longest}, words.map(lambda text: text[:longest]))


def _number(rng: random.Random, _: int) -> Shape:
    low, high = sorted((rng.randint(-9, 9), rng.randint(-9, 9)))
    if rng.random() < 0.5:
        schema = {"type": "integer", "minimum": low, "maximum": high}
        return Shape(schema, st.integers(low, high))
    schema = {"type": "number", "minimum": low, "maximum": high}
    return Shape(schema, st.floats(low, high, allow_nan=False))


def _enum(rng: random.Random, _: int) -> Shape:
    values: list[Any] = rng.choice([["a", "B", "b"], [1, 2], ["å", ""], ["a b", "a-b"]])
    kind = "integer" if isinstance(values[0], int) else "string"
    return Shape({"type": kind, "enum": values}, st.sampled_from(values))


def _constant(rng: random.Random, _: int) -> Shape:
    value = rng.choice(["ship", 3])
    return Shape({"const": value}, st.just(value))


def _moment(rng: random.Random, _: int) -> Shape:
    kinds = {
        "date": st.dates().map(datetime.date.isoformat),
        "date-time": st.datetimes(timezones=st.just(datetime.UTC)).map(datetime.datetime.isoformat),
        "uuid": st.uuids().map(str),
    }
    name = rng.choice(sorted(kinds))
    return Shape({"type": "string", "format": name}, kinds[name])


def _list(rng: random.Random, depth: int) -> Shape:
    item = _any(rng, depth - 1)
    schema = {"type": "array", "items": item.schema, "maxItems": 3}
    return Shape(schema, st.lists(item.values, max_size=3))


def _map(rng: random.Random, depth: int) -> Shape:
    value = _any(rng, depth - 1)
    schema = {"type": "object", "additionalProperties": value.schema}
    return Shape(schema, st.dictionaries(words, value.values, max_size=2))


def _nullable(rng: random.Random, depth: int) -> Shape:
    inner = _any(rng, depth - 1)
    return Shape({"anyOf": [inner.schema, {"type": "null"}]}, st.none() | inner.values)


def _union(rng: random.Random, depth: int) -> Shape:
    parts = [_any(rng, depth - 1) for _ in range(rng.randint(2, 3))]
    schema = {"anyOf": [part.schema for part in parts]}
    return Shape(schema, st.one_of([part.values for part in parts]))
