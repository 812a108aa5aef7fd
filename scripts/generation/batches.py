"""Which operations are batches, what they take, and how to ask whether they were applied."""

from __future__ import annotations

from collections import Counter
from typing import Any

from .failures import DocumentError
from .walk import Json, LeftOut, Operation, operations, resolved

KINDS = ("create", "update", "validate")
EFFECTS = {"get": "read", "head": "read", "options": "read", "put": "update", "delete": "update"}


def mark_batches(document: Json) -> list[LeftOut]:
    """Write on each batch what it does: what the document says, or what the path gives away."""
    left = []
    for operation in operations(document):
        said = operation.node.get("x-sdir-batch")
        if said not in (None, False, *KINDS):
            place = f"{operation.pointer}/x-sdir-batch"
            raise DocumentError(place, f"{said!r} is none of {', '.join(KINDS)}, false")
        kind = _kind_by_path(operation) if said is None else said
        if kind == "validate":
            operation.node["x-sdir-effect"] = "validate"
        operation.node.pop("x-sdir-batch", None)
        if kind and item_of(document, operation) is not None:
            operation.node["x-sdir-batch"] = kind
        elif said:
            left.append(LeftOut(str(operation), "an upload", "its body is not a list"))
    return left


def _kind_by_path(operation: Operation) -> str | None:
    """A list body alone makes no batch: the path must say that it is one."""
    path = operation.path.rstrip("/").lower()
    if operation.method == "post" and path.endswith("/prevalidate"):
        return "validate"
    if path.endswith("/batch"):
        return {"post": "create", "put": "update"}.get(operation.method)
    return None


def item_of(document: Json, operation: Operation) -> Json | None:
    """Return the schema of one item of a list body, wherever the list is written down."""
    body = resolved(document, operation.body or {}, operation.pointer)
    return body["items"] if body.get("type") == "array" and "items" in body else None


def effect_of(operation: Operation) -> str:
    """Return what a request does to the register, which decides whether it may be sent twice."""
    effect = operation.node.get("x-sdir-effect") or operation.node.get("x-sdir-batch")
    return str(effect or EFFECTS.get(operation.method, "create"))


def upload_names(batches: list[Operation]) -> dict[str, Operation]:
    """Name batches for `upload(operation=…)`.

    The only batch of a kind is called by its kind. Where there are several, each is called like
    its method, so that none of them is taken by mistake.
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
        raise DocumentError(f"{place}/operation", f"there is no operation {reconcile['operation']}")
    pages = asked[0].node.get("x-sdir-pages") or {}
    _check_parameters(asked[0], [*reconcile["filter"], *pages.values()], place)
    return {
        "operation": asked[0].name,
        "filters": reconcile["filter"],
        "match": tuple(reconcile["match"]),
        "page": pages.get("number"),
        "page_size": _page_size(document, asked[0], pages.get("size")),
    }


def _check_parameters(listing: Operation, names: list[Any], place: str) -> None:
    known = {parameter["name"] for parameter in listing.node["parameters"]}
    unknown = [str(name) for name in names if name not in known]
    if unknown:
        raise DocumentError(place, f"{listing.id} has no parameter {', '.join(unknown)}")


def _page_size(document: Json, listing: Operation, name: str | None) -> tuple[str, int] | None:
    for parameter in listing.node["parameters"]:
        schema = resolved(document, parameter["schema"], listing.pointer)
        if parameter["name"] == name and schema.get("maximum"):
            return parameter["name"], int(schema["maximum"])
    return None
