"""Decides which operations are batches: one rule for everything that reads a document.

An operation is a batch if its JSON body is a list of records, and if the document calls it one with
`x-sdir-batch`, or else its path does: it ends in `/batch` (POST creates, PUT updates) or is
`POST …/prevalidate`, in upper or lower case. A list alone is not enough. With `x-sdir-batch: false`
it is not a batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

from attrs import frozen

from ..document import EFFECTS, BatchKind, Effect
from .walk import DocumentError, body_of, resolved

if TYPE_CHECKING:
    from .walk import Found, Json

KINDS: Final[tuple[str, ...]] = get_args(BatchKind)
_KNOWN: Final[tuple[str, ...]] = get_args(Effect)

_BY_PATH: Final[dict[tuple[str, str], BatchKind]] = {
    ("post", "batch"): "create",
    ("put", "batch"): "update",
    ("post", "prevalidate"): "validate",
}
_DEEPEST: Final = 20


@frozen
class Batch:
    """What the rule says about an operation.

    Attributes:
        named: What the document or the path calls it, if it calls it a batch.
        kind: What it does, if it is a batch: then its body is a list of records.
        why_not: Why an operation that is called a batch is not one.
    """

    named: BatchKind | None = None
    kind: BatchKind | None = None
    why_not: str = ""


def batch_of(document: Json, operation: Found) -> Batch:
    """Apply the rule to an operation.

    Raises:
        DocumentError: `x-sdir-batch` has an unknown value, or a reference leads nowhere.
    """
    named = _named(operation)
    if named is None:
        return Batch()
    item = item_of(document, body_of(document, operation) or {}, operation.pointer)
    if item is None:
        return Batch(named, why_not="its body is not a list")
    if not _may_be_record(document, item, operation.pointer):
        return Batch(named, why_not="an item of its list is not an object")
    return Batch(named, named)


def _named(operation: Found) -> BatchKind | None:
    said = operation.node.get("x-sdir-batch")
    if said is None:
        last = operation.path.rstrip("/").rpartition("/")[2].lower()
        return _BY_PATH.get((operation.method, last))
    if said is False:
        return None
    if said not in KINDS:
        known = ", ".join(KINDS)
        place = f"{operation.pointer}/x-sdir-batch"
        raise DocumentError(place, f"{said!r} must be one of {known}, false")
    kind: BatchKind = said
    return kind


def effect_of(document: Json, operation: Found) -> Effect:
    """Return what a request does to the register, which decides whether it may be sent twice.

    A batch does what it is called. Of other operations the document can say it by `x-sdir-effect`,
    such as `read` of a POST that only asks something. A check of one record saves nothing either.

    Raises:
        DocumentError: As `batch_of`, or `x-sdir-effect` has an unknown value.
    """
    batch = batch_of(document, operation)
    said: Any = operation.node.get("x-sdir-effect")
    if said is not None and said not in _KNOWN:
        known = ", ".join(_KNOWN)
        raise DocumentError(
            f"{operation.pointer}/x-sdir-effect", f"{said!r} must be one of {known}"
        )
    if batch.kind is not None:
        return batch.kind
    if said is not None:
        effect: Effect = said
        return effect
    return (
        "validate" if batch.named == "validate" else EFFECTS.get(operation.method.upper(), "create")
    )


def item_of(document: Json, schema: Json, place: str = "") -> Json | None:
    """Return the schema of one item of a list, wherever the list is written down.

    Returns:
        Any value for a list that doesn't say what is in it; `None` for what is not a list.
    """
    found = _unwrapped(document, schema, place)
    if "array" not in _types(found):
        return None
    item: Any = found.get("items")
    return item if isinstance(item, dict) else {}


def _may_be_record(document: Json, item: Json, place: str) -> bool:
    types = _types(_unwrapped(document, item, place))
    return not types or "object" in types


def _unwrapped(document: Json, schema: Json, place: str) -> Json:
    """Follow references, also where `nullable` or a description has been put around one."""
    for _ in range(_DEEPEST):
        schema = resolved(document, schema, place)
        inner = _only_part(schema)
        if inner is None:
            break
        schema = inner
    return schema


def _only_part(schema: Json) -> Json | None:
    for word in ("allOf", "anyOf", "oneOf"):
        if "type" not in schema and isinstance(schema.get(word), list):
            parts = [part for part in schema[word] if part != {"type": "null"}]
            return parts[0] if len(parts) == 1 and isinstance(parts[0], dict) else None
    return None


def _types(schema: Json) -> set[str]:
    """Return the types of a schema. One with `items` and without a type is a list."""
    given = schema.get("type", "array" if "items" in schema else [])
    return {str(each).lower() for each in (given if isinstance(given, list) else [given])}
