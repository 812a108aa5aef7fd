"""What differs between two schemas of one value, and for whom that breaks something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sdir_async.generation.walk import SCHEMAS, Json

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_OTHER = ("pattern", "multipleOf", "uniqueItems")
_RULES = (
    *("not", "if", "then", "else", "contains", "minContains", "maxContains", "prefixItems"),
    *("patternProperties", "propertyNames", "dependentRequired", "dependentSchemas"),
    *("unevaluatedItems", "unevaluatedProperties"),
)
ANY = "any value"


class Change(NamedTuple):
    """One difference.

    Attributes:
        where: The operation or the class.
        what: What became of it.
        breaking: Whether code that was right before may be wrong now.
    """

    where: str
    what: str
    breaking: bool


class Use(NamedTuple):
    """Who meets a value: a caller who sends it, one who reads it, or both."""

    sent: bool
    got: bool


def compare_values(where: str, what: str, old: Json, new: Json, use: Use) -> Iterator[Change]:
    """Yield what differs between two schemas of one value, its items and inner values included."""
    before, after = kinds(old), kinds(new)
    if before.keys() != after.keys():
        gone, more = _narrower(before, after), _narrower(after, before)
        broken = (use.sent and gone) or (use.got and more)
        yield Change(where, f"{what}: {shape(old)} became {shape(new)}", broken)
    changes: dict[Change, None] = {}
    for name in [name for name in before if name in after and name != "null"]:
        changes |= dict.fromkeys(_compare_kind(where, what, before[name], after[name], use))
        if name in _INSIDE:
            keyword, each = _INSIDE[name]
            inner = (before[name].get(keyword, {}), after[name].get(keyword, {}))
            yield from compare_values(where, f"{what}, each {each}", *inner, use)
    yield from changes
    yield from _compare_conditions(where, what, old, new, use)
    yield from _compare_discriminator(where, what, old, new)
    yield from _compare_default(where, what, old, new, use)
    yield from _compare_words(where, what, old, new, use)


_INSIDE = {"list": ("items", "item"), "map": ("additionalProperties", "value")}


def _compare_kind(where: str, what: str, old: Json, new: Json, use: Use) -> Iterator[Change]:
    """Yield what differs between the rules for values of one kind, such as the texts of a union."""
    yield from _compare_limits(where, what, old, new, use)
    yield from _compare_values_of_enum(where, what, old, new, use)
    for rule in _RULES:
        was, now = old.get(rule), new.get(rule)
        if was != now:
            word = "is new" if was is None else "is gone" if now is None else "changed"
            yield Change(where, f"{what}: the rule {rule} {word}", use.sent and now is not None)


def _compare_conditions(where: str, what: str, old: Json, new: Json, use: Use) -> Iterator[Change]:
    """Yield whether other fields are required together, as alternatives say that have no type."""
    for word in ("anyOf", "oneOf"):
        was, now = (
            [each["required"] for each in schema.get(word, ()) if each.keys() == {"required"}]
            for schema in (old, new)
        )
        if was != now:
            words = (" or ".join(map(" and ".join, fields)) or "nothing" for fields in (was, now))
            yield Change(where, f"{what}: needs {' became '.join(words)}", use.sent and now != [])


def _compare_discriminator(where: str, what: str, old: Json, new: Json) -> Iterator[Change]:
    """Yield values that mean another alternative now; a new one goes with its alternative."""
    was, now = _variants(old), _variants(new)
    for value in [value for value in was if now and was[value] != now.get(value)]:
        means = now.get(value, "nothing")
        yield Change(where, f"{what}: {value} meant {was[value]}, now {means}", True)
    if was and not now:
        yield Change(where, f"{what}: has no discriminator now", True)


def _variants(schema: Json) -> dict[str, str]:
    """Return what each value of a discriminator means."""
    field = (schema.get("discriminator") or {}).get("propertyName")
    named = schema.get("x-sdir-variants", {})
    return {f"{field} {value or 'of another value'}": name for value, name in named.items()}


def kinds(schema: Json) -> dict[str, Json]:
    """Return the kinds of value that a schema allows, each with the schema of that kind."""
    if "$ref" in schema:
        return {shape(schema): {}}
    found: dict[str, Json] = {}
    for word in ("anyOf", "oneOf"):
        beside = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}
        for each in schema.get(word, ()):
            found |= kinds({**beside, **each})
    if found or "allOf" in schema:
        return found or {shape(schema): schema}
    types = schema.get("type", ANY)
    for name in types if isinstance(types, list) else [types]:
        if name == "array":
            found["list"] = schema
        elif name == "object" and isinstance(schema.get("additionalProperties"), dict):
            found["map"] = schema
        else:
            found[_one(name, schema)] = schema
    return found


def _narrower(before: dict[str, Json], after: dict[str, Json]) -> bool:
    """Whether there was a value before that is none now."""
    if ANY in after:
        return False
    wide = {*after, *(["integer"] if "number" in after else [])}
    bare = {"string"} if "string" in after else set()
    return any(
        name not in wide and name.partition(" (")[0] not in bare and not _is_number(name, wide)
        for name in before
    )


def _is_number(name: str, wide: set[str]) -> bool:
    """A format such as int32 narrows no number, and every whole number is a number."""
    plain = name.partition(" (")[0]
    same = {each.partition(" (")[0] for each in wide}
    return (plain == "integer" and bool(same & {"integer", "number"})) or (
        plain == "number" and "number" in same
    )


def _compare_limits(where: str, what: str, old: Json, new: Json, use: Use) -> Iterator[Change]:
    for limit in (*_LOWER, *_UPPER, *_OTHER):
        was, now = old.get(limit) or None, new.get(limit) or None
        if limit in _LOWER or limit in _UPPER:
            was, now = old.get(limit), new.get(limit)
        if was != now:
            words = f"{what}: {limit} {_or_none(was)} became {_or_none(now)}"
            yield Change(where, words, use.sent and _narrows(limit, was, now))


def _narrows(limit: str, was: Any, now: Any) -> bool:
    if was is None or now is None or limit == "pattern":
        return now is not None
    if limit == "multipleOf":
        return bool(round(was / now, 9) % 1)
    return bool(now > was if limit in _LOWER else now < was)


def _compare_values_of_enum(
    where: str, what: str, old: Json, new: Json, use: Use
) -> Iterator[Change]:
    was, now = _listed(old), _listed(new)
    gone = [v for v in was or () if now is not None and v not in now]
    more = [v for v in now or () if was is not None and v not in was]
    if gone:
        yield Change(where, f"{what}: no longer {', '.join(map(str, gone))}", True)
    if more:
        told = ", which code that matches on them does not know" if use.got else ""
        yield Change(where, f"{what}: also {', '.join(map(str, more))}{told}", use.got)


def _listed(schema: Json) -> list[Any] | None:
    """Return the only values that a schema allows."""
    given: list[Any] | None = [schema["const"]] if "const" in schema else schema.get("enum")
    return given


def _compare_default(where: str, what: str, old: Json, new: Json, use: Use) -> Iterator[Change]:
    if old.get("default") != new.get("default"):
        was, now = _or_none(old.get("default")), _or_none(new.get("default"))
        words = f"{what}: without it {was} became {now}"
        yield Change(where, words, use.sent)


def _compare_words(where: str, what: str, old: Json, new: Json, use: Use) -> Iterator[Change]:
    """Yield what a document says about a value beside its type."""
    for word, said, sent, got, missed in _SAID:
        was, now = old.get(word) is True, new.get(word) is True
        if was != now:
            broken = (sent and use.sent) or (got and use.got) if now else missed
            yield Change(where, f"{what} is {said if now else f'no longer {said}'}", broken)
    gone = [each for each in _labels(old) if each not in _labels(new)]
    more = [each for each in _labels(new) if each not in _labels(old)]
    for word, labels in (("no longer has", gone), ("also has", more)):
        if labels:
            yield Change(where, f"{what} {word} the heading {', '.join(labels)}", labels is gone)
    was_after, is_after = old.get("x-sdir-not-before"), new.get("x-sdir-not-before")
    if was_after != is_after:
        words = f"{what}: not before {_or_none(was_after)} became {_or_none(is_after)}"
        yield Change(where, words, False)


_SAID = (
    ("deprecated", "deprecated", False, False, False),
    ("readOnly", "filled in by the server", True, False, False),
    ("writeOnly", "never answered", False, True, False),
    ("x-sdir-personal", "hidden in logs and errors", False, False, True),
)
"""A keyword, its words, and for whom it breaks: who sends it, who gets it, all if it is gone."""


def _labels(schema: Json) -> list[str]:
    """Return the headings under which tables have a value."""
    return [str(each) for each in schema.get("x-sdir-labels") or ()]


def _or_none(limit: object) -> str:
    return "none" if limit is None else str(limit)


def shape(schema: Json | None) -> str:
    """Say in a few words what a value is.

    >>> shape({"type": ["array", "null"], "items": {"type": "string", "format": "date"}})
    'list of string (date) or null'
    """
    if schema is None:
        return "nothing"
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(SCHEMAS)
    for alternatives in ("anyOf", "oneOf", "allOf"):
        if alternatives in schema:
            word = " and " if alternatives == "allOf" else " or "
            return word.join(dict.fromkeys(shape(each) for each in schema[alternatives]))
    types = schema.get("type", ANY)
    return " or ".join(
        _one(each, schema) for each in (types if isinstance(types, list) else [types])
    )


def _one(name: str, schema: Json) -> str:
    if name == "array":
        return f"list of {shape(schema.get('items', {}))}"
    return f"{name} ({schema['format']})" if "format" in schema and name != "null" else name
