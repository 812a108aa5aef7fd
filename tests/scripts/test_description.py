"""What the generator writes of a version as data, from documents with every odd thing in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from .large import large
from .toys import Json, document, fleet, operation, query, ref

if TYPE_CHECKING:
    from .conftest import Checkout

WORDS = ("description", "example", "examples", "default", "deprecated", "readOnly", "writeOnly")


def _described(checkout: Checkout, doc: Json) -> Json:
    checkout.add("fleet/v1.json", doc)
    checkout.generate()
    described: Json = json.loads(checkout.text("fleet/v1/description.json"))
    return described


def _operation(described: Json, name: str) -> Json:
    found: Json = next(each for each in described["operations"] if each["python_name"] == name)
    return found


def test_parameters_have_the_names_of_the_wire_and_of_python(checkout: Checkout) -> None:
    """Wherever they stand, and whatever had to give way; the body comes last."""
    parameters = [
        {"name": "ship-id", "in": "path", "required": True, "schema": {"type": "integer"}},
        query("fromDate", {"type": "string", "format": "date"}, description=" The first day. "),
        query("timeout", {"type": "string", "description": "How long."}, required=True),
        {"name": "X-Trace", "in": "header", "schema": {"type": "string"}, "description": "Why."},
        {"name": "Ocp-Apim-Subscription-Key", "in": "header", "schema": {"type": "string"}},
    ]
    made = operation("moveShip", body=ref("Ship"), parameters=parameters)
    made["requestBody"]["description"] = "Where to."
    doc = document({"/ships/{ship-id}": {"put": made}}, {"Ship": {"type": "object"}})
    found = _operation(_described(checkout, doc), "move_ship")
    assert (found["path"], found["name"], found["answer"]) == ("/ships/{ship_id}", "moveShip", None)
    shown = [
        (each["name"], each["python_name"], each["place"], each["required"], each["description"])
        for each in found["parameters"]
    ]
    assert sorted(shown[:-1]) == [
        ("X-Trace", "x_trace", "header", False, "Why."),
        ("fromDate", "from_date", "query", False, "The first day."),
        ("ship_id", "ship_id", "path", True, ""),
        ("timeout", "timeout_", "query", True, "How long."),
    ]
    assert shown[-1] == ("body", "body", "body", True, "Where to.")
    assert found["parameters"][-1]["schema"] == {"$ref": "#/$defs/Ship"}


def test_scopes_are_those_of_the_document_and_of_each_operation(checkout: Checkout) -> None:
    """In the description, and in the `Operation` that a call is made with."""
    doc = fleet()
    doc["components"]["securitySchemes"] = {
        "key": {"type": "apiKey", "in": "header", "name": "Ocp-Apim-Subscription-Key"},
        "maskinporten": {"type": "oauth2", "flows": {}},
    }
    doc["security"] = [{"key": [], "maskinporten": ["fleet:write"]}]
    doc["paths"]["/ships"]["get"]["security"] = [{"key": []}]
    described = _described(checkout, doc)
    assert described["scopes"] == ["fleet:write"]
    assert _operation(described, "list_ships")["scopes"] == []
    assert _operation(described, "create_ships")["scopes"] == ["fleet:write"]
    checkout.with_core()
    code = (
        "from sdir_async.api.fleet.v1.operations import FleetV1, _LIST_SHIPS\n"
        "print(_LIST_SHIPS.scopes, FleetV1._batches['create'].operation.scopes)"
    )
    assert checkout.run("-c", code) == "() ('fleet:write',)\n"


def test_words_stay_in_schemas_and_marks_of_ours_go(checkout: Checkout) -> None:
    """A form or a template is written from them."""
    doc = fleet()
    name = doc["components"]["schemas"]["Ship"]["properties"]["name"]
    name |= {"description": "As on the bow.", "example": "Fram", "x-sdir-source": "docs"}
    described = _described(checkout, doc)
    assert described["schemas"]["Ship"]["properties"]["name"] == {
        "type": "string",
        "maxLength": 20,
        "description": "As on the bow.",
        "example": "Fram",
    }


def test_batches_are_described_with_their_way_to_ask(checkout: Checkout) -> None:
    """By the names that `upload` has for them."""
    doc = fleet()
    listing = doc["paths"]["/ships"]["get"]
    size = query("size", {"type": "integer", "maximum": 50})
    listing |= {"x-sdir-pages": {"number": "page", "size": "size"}}
    listing |= {"parameters": [query("shipName"), query("page"), size]}
    doc["paths"]["/ships/batch"]["post"]["x-sdir-reconcile"] = {
        "operation": "listShips",
        "filter": {"shipName": "name"},
        "match": ["name"],
    }
    create, validate = _described(checkout, doc)["batches"]
    assert create.pop("schema")["$ref"] == "#/$defs/Ship"
    assert create == {
        "name": "create",
        "kind": "create",
        "operation": "create_ships",
        "records": ["Ship"],
        "listing": {
            "operation": "list_ships",
            "filters": {"shipName": "name"},
            "match": ["name"],
            "page": "page",
            "page_size": ["size", 50],
        },
    }
    assert (validate["name"], validate["kind"], validate["listing"]) == (
        "validate",
        "validate",
        None,
    )


@pytest.mark.parametrize("doc", [fleet(), large()], ids=["small", "large"])
def test_the_described_schema_of_a_record_is_that_of_the_check(
    checkout: Checkout, doc: Json
) -> None:
    """But for the words, and for what is left to the server: that unknown fields are refused."""
    described = _described(checkout, doc)
    checked = json.loads(checkout.text("fleet/v1/schemas.json"))
    assert {each["name"] for each in described["batches"]} == set(checked)
    for batch in described["batches"]:
        item = checked[batch["name"]]
        for name, schema in item.pop("$defs").items():
            assert _bare(described["schemas"][name]) == schema
        del item["$comment"]
        assert _bare(batch["schema"]) == item


def _bare(schema: Any) -> Any:
    """Return a schema without its words; a field may be called like one."""
    if not isinstance(schema, dict):
        return schema
    bare = {
        key: value
        for key, value in schema.items()
        if key not in WORDS and (key, value) != ("additionalProperties", False)
    }
    for key in ("properties", "patternProperties"):
        if key in bare:
            bare[key] = {name: _bare(inner) for name, inner in bare[key].items()}
    for key in ("allOf", "anyOf", "oneOf", "prefixItems"):
        if key in bare:
            bare[key] = [_bare(inner) for inner in bare[key]]
    for key in ("items", "additionalProperties", "not"):
        if key in bare:
            bare[key] = _bare(bare[key])
    return bare


def test_a_large_document_is_described_as_it_is_generated(checkout: Checkout) -> None:
    """Every method, with the operationId of the document, and everything that it refers to."""
    checkout.add("fleet/v1.json", large())
    checkout.with_core()
    checkout.generate()
    code = (
        "import inspect\n"
        "from sdir_async import describe\n"
        "from sdir_async.api.fleet.v1.operations import FleetV1\n"
        "fleet = describe('fleet')\n"
        "public = {n: f for n, f in vars(FleetV1).items() if inspect.iscoroutinefunction(f)}\n"
        "assert list(public) == list(fleet.operations), 'the same methods in the same order'\n"
        "assert len(fleet.batches) == 22\n"
        "print(len(fleet.operations))"
    )
    assert checkout.run("-c", code) == "135\n"
