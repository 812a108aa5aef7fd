"""What differs between two prepared documents, as their callers see it: pure functions."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from generation.class_steps import merge_all_of
from generation.servers import named_servers
from generation.walk import SCHEMAS, Json, Operation, components, operations, references

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LOWER = ("minimum", "minLength", "minItems", "exclusiveMinimum")
_UPPER = ("maximum", "maxLength", "maxItems", "exclusiveMaximum")


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


def compare(before: Json, after: Json) -> list[Change]:
    """Return the differences between two prepared documents, in the order of the documents."""
    before, after = copy.deepcopy(before), copy.deepcopy(after)
    merge_all_of(before)
    merge_all_of(after)
    return [
        *_compare_servers(before, after),
        *_compare_operations(before, after),
        *_compare_classes(before, after),
    ]


def _compare_servers(before: Json, after: Json) -> Iterator[Change]:
    """A key goes where the server is, so a change of it comes first, and breaks."""
    old, new = named_servers(before), named_servers(after)
    for environment in {**old, **new}:
        was, now = old.get(environment, set()), new.get(environment, set())
        if was != now:
            what = f"server: {_listed(was)} became {_listed(now)}"
            yield Change(environment or "no environment", what, True)


def _listed(urls: set[str]) -> str:
    return " or ".join(sorted(urls)) or "none"


def _compare_operations(before: Json, after: Json) -> Iterator[Change]:
    old, new = _by_address(before), _by_address(after)
    for address in [address for address in old if address not in new]:
        yield Change(str(old[address]), f"operation removed: {old[address].name}", True)
    for address, operation in new.items():
        if address not in old:
            yield Change(str(operation), f"operation added: {operation.name}", False)
        else:
            yield from _compare_operation(old[address], operation)


def _by_address(document: Json) -> dict[tuple[str, str], Operation]:
    return {(re.sub(r"\{\w+\}", "{}", o.path), o.method): o for o in operations(document)}


def _compare_operation(old: Operation, new: Operation) -> Iterator[Change]:
    where = str(new)
    if old.name != new.name:
        yield Change(where, f"method {old.name} is called {new.name}", True)
    yield from _compare_parameters(old, new)
    for part, before, after in (("body", old.body, new.body), ("answer", old.answer, new.answer)):
        if shape(before) != shape(after):
            yield Change(where, f"{part}: {shape(before)} became {shape(after)}", True)
    batch, now = old.node.get("x-sdir-batch"), new.node.get("x-sdir-batch")
    if batch != now:
        what = f"upload: {batch or 'no batch'} became {now or 'no batch'}"
        yield Change(where, what, batch is not None)


def _compare_parameters(old: Operation, new: Operation) -> Iterator[Change]:
    before = {(p["in"], p["name"]): p for p in old.node["parameters"] if p["in"] != "path"}
    after = {(p["in"], p["name"]): p for p in new.node["parameters"] if p["in"] != "path"}
    where = str(new)
    for key in {**before, **after}:
        name, was, now = " parameter ".join(key), before.get(key), after.get(key)
        if was is None or now is None:
            what = f"{name} {'added' if was is None else 'removed'}"
            needed = bool((now or {}).get("required"))
            yield Change(where, what + (", required" if needed else ""), needed or now is None)
            continue
        if bool(was.get("required")) != bool(now.get("required")):
            needed = bool(now.get("required"))
            yield Change(where, f"{name} is {'required' if needed else 'optional'} now", needed)
        yield from _compare_values(where, name, was["schema"], now["schema"], sent=True)


def _compare_classes(before: Json, after: Json) -> Iterator[Change]:
    old, new = components(before), components(after)
    sent, got = _used(after, lambda o: [o.body]), _used(after, lambda o: [o.answer])
    for name in [name for name in old if name not in new]:
        yield Change(name, "class removed", True)
    for name in [name for name in new if name not in old]:
        yield Change(name, "class added", False)
    for name in [name for name in new if name in old]:
        yield from _compare_fields(name, old[name], new[name], name in sent, name in got)
        yield from _compare_values(name, "values", old[name], new[name], sent=name in sent)


def _used(document: Json, parts: Callable[[Operation], list[Json | None]]) -> set[str]:
    """Return the names of the schemas that the parts of operations lead to."""
    named, used = components(document), set[str]()
    waiting: list[Any] = [part for operation in operations(document) for part in parts(operation)]
    while waiting:
        mentioned = {reference.removeprefix(SCHEMAS) for reference in references(waiting.pop())}
        found = (mentioned & named.keys()) - used
        used |= found
        waiting += [named[name] for name in found]
    return used


def _compare_fields(name: str, old: Json, new: Json, sent: bool, got: bool) -> Iterator[Change]:
    before, after = old.get("properties", {}), new.get("properties", {})
    needed, needs = set(old.get("required", [])), set(new.get("required", []))
    for key in [key for key in before if key not in after]:
        yield Change(name, f"field {key} removed", True)
    for key, schema in after.items():
        if key not in before:
            required = key in needs
            words = ", required" if required else ""
            yield Change(name, f"field {key} added: {shape(schema)}{words}", required and sent)
            continue
        if (key in needed) != (key in needs):
            broken = sent if key in needs else got
            word = "required" if key in needs else "optional"
            yield Change(name, f"field {key} is {word} now", broken)
        yield from _compare_values(name, f"field {key}", before[key], schema, sent=sent)


def _compare_values(where: str, what: str, old: Json, new: Json, *, sent: bool) -> Iterator[Change]:
    if shape(old) != shape(new):
        yield Change(where, f"{what}: {shape(old)} became {shape(new)}", True)
    for limit in (*_LOWER, *_UPPER, "pattern"):
        was, now = old.get(limit), new.get(limit)
        if was != now:
            words = f"{what}: {limit} {_or_none(was)} became {_or_none(now)}"
            yield Change(where, words, sent and _narrows(limit, was, now))
    gone = [v for v in old.get("enum", []) if v not in new.get("enum", [v])]
    more = [v for v in new.get("enum", []) if v not in old.get("enum", [v])]
    if gone:
        yield Change(where, f"{what}: no longer {', '.join(map(str, gone))}", True)
    if more:
        yield Change(where, f"{what}: also {', '.join(map(str, more))}", False)


def _or_none(limit: object) -> str:
    return "none" if limit is None else str(limit)


def _narrows(limit: str, was: Any, now: Any) -> bool:
    if was is None or now is None or limit == "pattern":
        return now is not None
    return bool(now > was if limit in _LOWER else now < was)


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
    types = schema.get("type", "any value")
    return " or ".join(
        _one(each, schema) for each in (types if isinstance(types, list) else [types])
    )


def _one(name: str, schema: Json) -> str:
    if name == "array":
        return f"list of {shape(schema.get('items', {}))}"
    return f"{name} ({schema['format']})" if "format" in schema and name != "null" else name
