"""What differs between two prepared documents, as their callers see it: pure functions."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING

from sdir_async.generation.class_steps import merge_all_of, names_used
from sdir_async.generation.servers import named_servers
from sdir_async.generation.walk import Json, Operation, components, operations
from sdir_async.openapi.security import scopes_of

from .values import Change, Use, compare_values, shape

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Change", "compare", "compare_servers", "shape"]


def compare(before: Json, after: Json) -> list[Change]:
    """Return the differences between two prepared documents, in the order of the documents."""
    before, after = copy.deepcopy(before), copy.deepcopy(after)
    merge_all_of(before)
    merge_all_of(after)
    return [
        *_compare_servers(before, after),
        *_compare_ends("all of it", before.get("info") or {}, after.get("info") or {}),
        *_compare_operations(before, after),
        *_compare_scopes(before, after),
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


def _compare_scopes(before: Json, after: Json) -> Iterator[Change]:
    """Yield the operations that need a token of other scopes, whose owner has to ask for them."""
    old, new = _by_address(before), _by_address(after)
    for address in [address for address in old if address in new]:
        was = scopes_of(before, old[address].node)
        now = scopes_of(after, new[address].node)
        if set(was) != set(now):
            words = f"scopes: {' '.join(was) or 'none'} became {' '.join(now) or 'none'}"
            yield Change(str(new[address]), words, not set(now) <= set(was))


def _by_address(document: Json) -> dict[tuple[str, str], Operation]:
    return {(re.sub(r"\{\w+\}", "{}", o.path), o.method): o for o in operations(document)}


def _compare_operation(old: Operation, new: Operation) -> Iterator[Change]:
    where = str(new)
    if old.name != new.name:
        yield Change(where, f"method {old.name} is called {new.name}", True)
    yield from _compare_parameters(old, new)
    yield from _compare_content(where, "body", old.body, new.body, Use(sent=True, got=False))
    yield from _compare_content(where, "answer", old.answer, new.answer, Use(sent=False, got=True))
    if old.body_is_optional != new.body_is_optional and old.body and new.body:
        word = "optional" if new.body_is_optional else "required"
        yield Change(where, f"body is {word} now", not new.body_is_optional)
    yield from _compare_marks(old, new)


def _compare_content(
    where: str, what: str, old: Json | None, new: Json | None, use: Use
) -> Iterator[Change]:
    if old is None or new is None:
        if old is not new:
            yield Change(where, f"{what}: {shape(old)} became {shape(new)}", True)
        return
    yield from compare_values(where, what, old, new, use)


def _compare_marks(old: Operation, new: Operation) -> Iterator[Change]:
    """Yield what the document says about an operation as a whole."""
    where = str(new)
    batch, now = old.node.get("x-sdir-batch"), new.node.get("x-sdir-batch")
    if batch != now:
        what = f"upload: {batch or 'no batch'} became {now or 'no batch'}"
        yield Change(where, what, batch is not None)
    for key, words in _MARKS.items():
        was, is_ = old.node.get(key), new.node.get(key)
        if was and is_ and was != is_:
            yield Change(where, f"{words}: {was} became {is_}", True)
    if (old.node.get("deprecated") is True) != (new.node.get("deprecated") is True):
        word = "deprecated" if new.node.get("deprecated") else "no longer deprecated"
        yield Change(where, f"method {new.name} is {word}", False)
    yield from _compare_statuses(where, old, new)
    yield from _compare_own_marks(where, old, new)
    if urls_of(old.node) != urls_of(new.node):
        was_at, is_at = (set(urls_of(node).values()) for node in (old.node, new.node))
        yield Change(where, f"server: {_listed(was_at)} became {_listed(is_at)}", True)


def _compare_statuses(where: str, old: Operation, new: Operation) -> Iterator[Change]:
    """Yield the statuses that have another of the same answers now."""
    was, now = old.node.get("x-sdir-answers", {}), new.node.get("x-sdir-answers", {})
    if old.answer == new.answer:
        kinds = (new.answer or {}).get("anyOf", [])
        for status in [each for each in was if was[each] != now.get(each, was[each])]:
            before, after = shape(kinds[was[status]]), shape(kinds[now[status]])
            yield Change(where, f"answer {status}: {before} became {after}", True)


def _compare_own_marks(where: str, old: Operation, new: Operation) -> Iterator[Change]:
    """Yield what differs in our own extensions of a document: what is gone is missed."""
    for key, words in _OWN_MARKS.items():
        was, is_ = old.node.get(key), new.node.get(key)
        if was != is_:
            state = "is new" if not was else "is gone" if not is_ else "changed"
            yield Change(where, f"{words} {state}", bool(was and not is_))
    yield from _compare_ends(where, old.node, new.node)


def _compare_ends(where: str, old: Json, new: Json) -> Iterator[Change]:
    """Yield when something ends, or has been deprecated."""
    for key, words in _ENDS.items():
        was, is_ = old.get(key), new.get(key)
        if was != is_:
            yield Change(where, f"{words}: {was or 'none'} became {is_ or 'none'}", False)


_OWN_MARKS = {
    "x-sdir-reconcile": "the way to ask whether a batch was saved",
    "x-sdir-pages": "the iterator over the pages",
}
_ENDS = {"x-sdir-deprecated": "deprecated since", "x-sdir-sunset": "ends"}
_MARKS = {
    "x-sdir-content-type": "body is sent as",
    "x-sdir-accept": "answer is asked for as",
    "x-sdir-effect": "a request counts as",
}


def urls_of(node: Json) -> dict[str, str]:
    """Return the base URLs of a document, or of an operation of its own."""
    urls: dict[str, str] = node.get("x-sdir-servers", {}) if node.get("servers") else {}
    return urls


def compare_servers(before: Json, after: Json) -> list[Change]:
    """Return which base URLs of a document are others now, their paths included."""
    old, new = urls_of(before), urls_of(after)
    return [
        Change(
            f"server for {environment}" if environment else "server",
            f"{old.get(environment, 'none')} became {new.get(environment, 'none')}",
            environment in old,
        )
        for environment in {**old, **new}
        if old.get(environment) != new.get(environment)
    ]


def _compare_parameters(old: Operation, new: Operation) -> Iterator[Change]:
    before, after = _parameters(old), _parameters(new)
    where = str(new)
    for key in {**before, **after}:
        was, now = before.get(key), after.get(key)
        if was is None or now is None:
            needed = bool((now or {}).get("required"))
            what = f"{_called(was or now or {})} {'added' if was is None else 'removed'}"
            yield Change(where, what + (", required" if needed else ""), needed or now is None)
            continue
        yield from _compare_parameter(where, was, now)


def _parameters(operation: Operation) -> dict[tuple[str, str], Json]:
    """Return parameters by name; those of a path by their place, whatever they are called."""
    given = operation.node["parameters"]
    places = re.findall(r"\{(\w+)\}", operation.path)
    return {
        (p["in"], str(places.index(p["name"])) if p["in"] == "path" else p["name"]): p
        for p in given
        if p["in"] != "path" or p["name"] in places
    }


def _called(parameter: Json) -> str:
    return f"{parameter['in']} parameter {parameter.get('x-sdir-name') or parameter['name']}"


def _compare_parameter(where: str, was: Json, now: Json) -> Iterator[Change]:
    name = _called(now)
    if bool(was.get("required")) != bool(now.get("required")):
        needed = bool(now.get("required"))
        yield Change(where, f"{name} is {'required' if needed else 'optional'} now", needed)
    if (was.get("deprecated") is True) != (now.get("deprecated") is True):
        word = "deprecated" if now.get("deprecated") else "no longer deprecated"
        yield Change(where, f"{name} is {word}", False)
    if _written(was) != _written(now):
        yield Change(where, f"{name}: written as {_written(was)} became {_written(now)}", True)
    use = Use(sent=True, got=False)
    yield from compare_values(where, name, was["schema"], now["schema"], use)


def _written(parameter: Json) -> str:
    """Say how a value other than a single text is written."""
    if parameter.get("x-sdir-json"):
        return "JSON"
    usual = "form" if parameter["in"] == "query" else "simple"
    style = str(parameter.get("style") or usual)
    explode = parameter.get("explode", style == "form") is True
    return f"{style}, {'each item by itself' if explode else 'all items as one'}"


def _compare_classes(before: Json, after: Json) -> Iterator[Change]:
    old, new = components(before), components(after)
    sent = names_used(after, [_given(operation) for operation in operations(after)])
    got = names_used(after, [operation.answer for operation in operations(after)])
    for name in [name for name in old if name not in new]:
        yield Change(name, "class removed", True)
    for name in [name for name in new if name not in old]:
        yield Change(name, "class added", False)
    for name in [name for name in new if name in old]:
        use = Use(sent=name in sent, got=name in got)
        yield from _compare_fields(name, old[name], new[name], use)
        yield from compare_values(name, "values", old[name], new[name], use)
        if _is_closed(old[name]) != _is_closed(new[name]):
            word = "refused" if _is_closed(new[name]) else "taken"
            what = f"fields that are not listed are {word} now"
            yield Change(name, what, use.sent and _is_closed(new[name]))


def _given(operation: Operation) -> list[Json | None]:
    """Return the schemas of what a caller sends."""
    return [operation.body, *(each["schema"] for each in operation.node["parameters"])]


def _is_closed(schema: Json) -> bool:
    return schema.get("additionalProperties") is False


def _compare_fields(name: str, old: Json, new: Json, use: Use) -> Iterator[Change]:
    before, after = old.get("properties", {}), new.get("properties", {})
    needed, needs = set(old.get("required", [])), set(new.get("required", []))
    for key in [key for key in before if key not in after]:
        yield Change(name, f"field {key} removed", True)
    for key, schema in after.items():
        if key not in before:
            required = key in needs
            words = ", required" if required else ""
            what = f"field {key} added: {shape(schema)}{words}"
            yield Change(name, what, required and use.sent)
            continue
        if (key in needed) != (key in needs):
            broken = use.sent if key in needs else use.got
            word = "required" if key in needs else "optional"
            yield Change(name, f"field {key} is {word} now", broken)
        yield from compare_values(name, f"field {key}", before[key], schema, use)
