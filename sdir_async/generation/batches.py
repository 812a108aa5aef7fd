"""Which operations are batches, what they take, and how to ask whether they were applied."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ..openapi.batches import KINDS, batch_of, effect_of, item_of
from ..openapi.pages import pages_of
from .failures import DocumentError
from .walk import Json, LeftOut, Operation, become, operations, resolved


def mark_batches(document: Json) -> list[LeftOut]:
    """Note on each operation what it does to the register, and whether it is a batch."""
    left = []
    for operation in operations(document):
        batch = batch_of(document, operation)
        operation.node["x-sdir-effect"] = effect_of(document, operation)
        said = operation.node.pop("x-sdir-batch", None)
        if said is not None:
            operation.node["x-sdir-batch-said"] = said
        if batch.kind:
            operation.node["x-sdir-batch"] = batch.kind
            _let_no_record_be_null(document, operation)
        elif batch.why_not:
            why = f"{batch.why_not}; use the method {operation.name}"
            left.append(LeftOut(str(operation), "an upload", why))
    return left


def _let_no_record_be_null(document: Json, batch: Operation) -> None:
    """Remove null from the items of a batch, so that a record has a class."""
    item = item_of(document, batch.body or {}, batch.pointer) or {}
    for word in ("anyOf", "oneOf"):
        parts = [part for part in item.get(word, ()) if part != {"type": "null"}]
        if len(parts) == 1:
            become(item, parts[0])


def list_candidates(document: Json) -> list[LeftOut]:
    """List operations that take a list of objects but are not a batch by rule or by word."""
    left = []
    for operation in operations(document):
        item = item_of(document, operation.body or {}, operation.pointer)
        known = operation.node.keys() & {"x-sdir-batch", "x-sdir-batch-said"}
        if known or item is None or operation.method not in ("post", "put"):
            continue
        if resolved(document, item, operation.pointer).keys() & {"properties", "allOf"}:
            kind = "create" if operation.method == "post" else "update"
            where = f"$.paths['{operation.path}'].{operation.method}"
            why = (
                "its path does not say that it is a batch; if the server saves all of the list or"
                f" nothing, an overlay can: {{target: {where}, update: {{x-sdir-batch: {kind}}}}}"
            )
            left.append(LeftOut(str(operation), "an upload", why))
    return left


def upload_names(batches: list[Operation]) -> dict[str, Operation]:
    """Name batches for `upload(operation=…)`.

    The only batch of a kind is called by its kind. If there are several, each has the name of its
    method, so that nobody takes one by mistake.
    """
    kinds = Counter(operation.node["x-sdir-batch"] for operation in batches)
    names: dict[str, Operation] = {}
    for operation in batches:
        kind = operation.node["x-sdir-batch"]
        several = operation.name if operation.name not in KINDS else f"{operation.name}_batch"
        names[kind if kinds[kind] == 1 else several] = operation
    return dict(sorted(names.items()))


def listing_of(document: Json, batch: Operation) -> Json | None:
    """Return how to ask whether records were saved, if the batch names a list operation."""
    reconcile = batch.node.get("x-sdir-reconcile")
    if not reconcile:
        return None
    place = f"{batch.pointer}/x-sdir-reconcile"
    missing = [key for key in ("operation", "filter", "match") if not reconcile.get(key)]
    if missing:
        raise DocumentError(place, f"{', '.join(missing)} missing")
    asked = [o for o in operations(document) if reconcile["operation"] in (o.id, o.name)]
    if not asked:
        raise DocumentError(
            f"{place}/operation", f"the document has no operation {reconcile['operation']}"
        )
    _check_parameters(asked[0], list(reconcile["filter"]), place)
    pages = pages_of(document, asked[0])
    size = pages and pages.largest and (pages.size, pages.largest)
    return {
        "operation": asked[0].name,
        "filters": reconcile["filter"],
        "match": tuple(reconcile["match"]),
        "page": pages and pages.number,
        "page_size": size,
    }


def _check_parameters(listing: Operation, names: list[Any], place: str) -> None:
    known = {parameter["name"] for parameter in listing.node["parameters"]}
    unknown = [str(name) for name in names if name not in known]
    if unknown:
        raise DocumentError(place, f"{listing.id} has no parameter {', '.join(unknown)}")
