"""What the templates must know of a version beyond what the generator tells them."""

from __future__ import annotations

import re
from typing import Any

from attrs import define
from openapi_python_client.parser.openapi import Endpoint
from openapi_python_client.parser.properties import ListProperty, ModelProperty
from openapi_python_client.strings import ClassName, PythonIdentifier
from prepare import Json, operations

PREFIX = "field_"
EFFECTS = {"get": "read", "head": "read", "options": "read", "put": "update", "delete": "update"}


@define
class Facts:
    """One version of one API, as the templates see it."""

    api: str
    version: str
    title: str
    description: str
    servers: dict[str, str]
    class_name: str
    operations: dict[str, Json]
    batches: dict[str, Json]

    @property
    def base(self) -> str:
        """The class to derive from; with batches it is typed by what they take and give."""
        if not self.batches:
            return "Operations"
        records = " | ".join(dict.fromkeys(batch["record"] for batch in self.batches.values()))
        saved = [batch["saved"] for batch in self.batches.values() if batch["saved"]]
        kinds = ", ".join(f'"{kind}"' for kind in self.batches)
        return f"BatchOperations[{records}, {' | '.join(dict.fromkeys(saved)) or 'Any'}, Literal[{kinds}]]"


def class_name_of(api: str) -> str:
    """Return the API's name as the start of a class name."""
    return str(ClassName(api, PREFIX))


def facts_of(api: str, version: str, document: Json, endpoints: list[Endpoint]) -> Facts:
    """Collect what the document says of its servers, operations and batches."""
    described = {_method_name(operation): (path, method, operation) for path, method, operation in operations(document)}
    info = document["info"]
    return Facts(
        api=api,
        version=version,
        title=str(info.get("title") or api),
        description=str(info.get("description") or ""),
        servers=_servers(document),
        class_name=class_name_of(api) + version.upper(),
        operations={
            endpoint.name: _operation(endpoint, *described[endpoint.name]) for endpoint in endpoints
        },
        batches=_batches(document, described, endpoints),
    )


def _method_name(operation: Json) -> str:
    return str(PythonIdentifier(operation["operationId"], PREFIX))


def _servers(document: Json) -> dict[str, str]:
    return {
        server["x-sdir-environment"]: server["url"].rstrip("/")
        for server in document.get("servers", [])
        if "x-sdir-environment" in server
    }


def _operation(endpoint: Endpoint, path: str, method: str, operation: Json) -> Json:
    effect = "validate" if _batch_kind(path, method, operation) == "validate" else EFFECTS.get(method, "create")
    answers = any("content" in answer for answer in operation["responses"].values())
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "effect": effect,
        "answers": answers and bool(endpoint.responses.patterns),
    }


def _batch_kind(path: str, method: str, operation: Json) -> str | None:
    """Return what the document says, or what the path gives away."""
    if "x-sdir-batch" in operation:
        return str(operation["x-sdir-batch"])
    if method == "post" and path.endswith("/prevalidate"):
        return "validate"
    if path.endswith("/batch"):
        return {"post": "create", "put": "update"}.get(method)
    return None


def _batches(document: Json, described: dict[str, Any], endpoints: list[Endpoint]) -> dict[str, Json]:
    found = {}
    for endpoint in endpoints:
        path, method, operation = described[endpoint.name]
        kind, record = _batch_kind(path, method, operation), _item_of(endpoint)
        if kind and record:
            found[kind] = {
                "operation": endpoint.name,
                "record": record,
                "saved": _saved_by(endpoint) if kind != "validate" else None,
                "listing": _listing(document, operation),
            }
    return dict(sorted(found.items()))


def _item_of(endpoint: Endpoint) -> str | None:
    return _model_in(endpoint.bodies[0].prop) if endpoint.bodies else None


def _saved_by(endpoint: Endpoint) -> str | None:
    return _model_in(endpoint.responses.patterns[0].prop) if endpoint.responses.patterns else None


def _model_in(prop: Any) -> str | None:
    inner = prop.inner_property if isinstance(prop, ListProperty) else None
    return str(inner.class_info.name) if isinstance(inner, ModelProperty) else None


def _listing(document: Json, operation: Json) -> Json | None:
    """Return how to ask whether records were saved, if the batch operation names a list operation."""
    reconcile = operation.get("x-sdir-reconcile")
    if not reconcile:
        return None
    listing = next(o for _, _, o in operations(document) if o["operationId"] == reconcile["operation"])
    pages = listing.get("x-sdir-pages", {})
    return {
        "operation": _method_name(listing),
        "filters": reconcile["filter"],
        "match": tuple(reconcile["match"]),
        "page": pages.get("number"),
        "page_size": _page_size(document, listing, pages.get("size")),
    }


def _page_size(document: Json, listing: Json, name: str | None) -> tuple[str, int] | None:
    parameters = [_resolved(document, parameter) for parameter in listing.get("parameters", [])]
    sizes = [p["schema"].get("maximum") for p in parameters if p["name"] == name]
    return (name, int(sizes[0])) if name and sizes and sizes[0] else None


def _resolved(document: Json, value: Json) -> Json:
    reference = re.fullmatch(r"#/components/(\w+)/(\w+)", value.get("$ref", ""))
    return document["components"][reference[1]][reference[2]] if reference else value
