"""Every kind of change that `make changes` knows, each as one change of one document."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]


@frozen
class Kind:
    """One kind of change.

    Attributes:
        name: What it is, for people.
        change: Makes it, in place.
        said: The first line of what is said about it, without the operation or the class.
        breaking: Whether it breaks something.
        given: What the document needs before, in place.
    """

    name: str
    change: Callable[[Json], Any]
    said: str
    breaking: bool
    given: Callable[[Json], Any] = lambda _: None

    def applied(self, document: Json) -> tuple[Json, Json]:
        """Return a document before and after the change."""
        before = copy.deepcopy(document)
        self.given(before)
        after = copy.deepcopy(before)
        self.change(after)
        return before, after


def op(path: str, method: str) -> Callable[[Json], Json]:
    """Return what finds an operation."""
    return lambda d: d["paths"][path][method]


def parameter(path: str, number: int) -> Callable[[Json], Json]:
    """Return what finds a parameter."""
    return lambda d: d["paths"][path]["get"]["parameters"][number]


def schema(path: str, number: int) -> Callable[[Json], Json]:
    """Return what finds the schema of a parameter."""
    return lambda d: d["paths"][path]["get"]["parameters"][number]["schema"]


def body(path: str) -> Callable[[Json], Json]:
    """Return what finds the schema of a body."""

    def find(document: Json) -> Json:
        content = op(path, "post")(document)["requestBody"]["content"]
        found: Json = content["application/json"]["schema"]
        return found

    return find


def field(name: str, *path: str) -> Callable[[Json], Json]:
    """Return what finds a field of a class, or something inside it."""

    def find(document: Json) -> Json:
        node: Json = document["components"]["schemas"][name]
        for part in ("properties", *path) if path else ():
            node = node[part]
        return node

    return find


def put(where: Callable[[Json], Json], **values: Any) -> Callable[[Json], None]:
    """Return a change that sets values."""
    return lambda d: where(d).update(values)


def drop(where: Callable[[Json], Json], key: str) -> Callable[[Json], None]:
    """Return a change that takes a value away."""
    return lambda d: where(d).pop(key)


def media(name: str) -> Callable[[Json], None]:
    """Return a change of a body's content type."""

    def change(document: Json) -> None:
        content = op("/ships", "post")(document)["requestBody"]["content"]
        content[name] = content.pop("application/json")

    return change


def status(document: Json) -> None:
    """Give the answer of a create another schema."""
    answer = op("/ships", "post")(document)["responses"]["201"]["content"]["application/json"]
    answer["schema"] = {"$ref": "#/components/schemas/NewShip"}


RECONCILE = {
    "x-sdir-reconcile": {"operation": "listShips", "filter": {"flag": "name"}, "match": ["name"]}
}
PAGES = {"x-sdir-pages": {"number": "limit"}}

KINDS = [
    Kind(
        "an operation is gone",
        drop(lambda d: d["paths"]["/ships/{id}"], "delete"),
        "operation removed: delete_ship",
        True,
    ),
    Kind(
        "an operation is new",
        lambda d: d["paths"].update(
            {"/new": {"get": {"operationId": "getNew", "responses": {"204": {"description": ""}}}}}
        ),
        "operation added: get_new",
        False,
    ),
    Kind(
        "an operation has another id",
        put(op("/ships", "get"), operationId="allShips"),
        "method list_ships is called all_ships",
        True,
    ),
    Kind(
        "an operation is deprecated",
        put(op("/ships", "get"), deprecated=True),
        "method list_ships is deprecated",
        False,
    ),
    Kind(
        "an operation is at another server",
        put(op("/ships", "get"), servers=[{"url": "https://other.example"}]),
        "server: none became https://other.example",
        True,
    ),
    Kind(
        "the path of the document's server",
        lambda d: d["servers"][0].update(url="https://api.sdir.no/other"),
        "https://sdir-d-apim-common.azure-api.net/demo became https://sdir-d-apim-common.azure-api.net/other",
        True,
    ),
    Kind(
        "a body is sent as another type",
        media("application/merge-patch+json"),
        "body is sent as: application/json became application/merge-patch+json",
        True,
    ),
    Kind(
        "a body is gone",
        drop(op("/ships", "post"), "requestBody"),
        "body: NewShip became nothing",
        True,
    ),
    Kind(
        "a body may be left out",
        lambda d: op("/ships", "post")(d)["requestBody"].update(required=False),
        "body is optional now",
        False,
    ),
    Kind("an answer is of another class", status, "answer: Ship became NewShip", True),
    Kind(
        "an answer has no content",
        lambda d: op("/ships", "post")(d)["responses"]["201"].pop("content"),
        "answer: Ship became nothing",
        True,
    ),
    Kind(
        "a batch is no longer one",
        lambda d: op("/ships/batch", "post")(d).update({"x-sdir-batch": False}),
        "upload: create became no batch",
        True,
    ),
    Kind(
        "a batch takes fewer records",
        put(body("/ships/batch"), maxItems=100),
        "body: maxItems 500 became 100",
        True,
    ),
    Kind(
        "a batch takes more records",
        put(body("/ships/batch"), maxItems=1000),
        "body: maxItems 500 became 1000",
        False,
    ),
    Kind(
        "a path parameter has another type",
        put(schema("/ships/{id}", 0), type="integer"),
        "path parameter id: string became integer",
        True,
    ),
    Kind(
        "a path parameter has a format",
        put(schema("/ships/{id}", 0), format="uuid"),
        "path parameter id: string became string (uuid)",
        True,
    ),
    Kind(
        "a path parameter is narrower",
        put(schema("/ships/{id}", 0), maxLength=8),
        "path parameter id: maxLength 36 became 8",
        True,
    ),
    Kind(
        "a path parameter is wider",
        drop(schema("/ships/{id}", 0), "maxLength"),
        "path parameter id: maxLength 36 became none",
        False,
    ),
    Kind(
        "a query parameter is new",
        lambda d: op("/ships", "get")(d)["parameters"].append(
            {"name": "x", "in": "query", "schema": {}}
        ),
        "query parameter x added",
        False,
    ),
    Kind(
        "a query parameter is new and required",
        lambda d: op("/ships", "get")(d)["parameters"].append(
            {"name": "x", "in": "query", "required": True, "schema": {"type": "string"}}
        ),
        "query parameter x added, required",
        True,
    ),
    Kind(
        "a query parameter is gone",
        lambda d: op("/ships", "get")(d)["parameters"].pop(0),
        "query parameter flag removed",
        True,
    ),
    Kind(
        "a query parameter is required",
        put(parameter("/ships", 0), required=True),
        "query parameter flag is required now",
        True,
    ),
    Kind(
        "a query parameter is deprecated",
        put(parameter("/ships", 0), deprecated=True),
        "query parameter flag is deprecated",
        False,
    ),
    Kind(
        "a query parameter is a header",
        put(parameter("/ships", 0), **{"in": "header"}),
        "query parameter flag removed",
        True,
    ),
    Kind(
        "a list is written in another way",
        put(parameter("/ships", 2), explode=False),
        "query parameter ids: written as form, each item by itself became form, all items as one",
        True,
    ),
    Kind(
        "a list has another separator",
        put(parameter("/ships", 2), style="pipeDelimited"),
        "query parameter ids: written as form, each item by itself"
        " became pipeDelimited, all items as one",
        True,
    ),
    Kind(
        "the default of a parameter",
        put(schema("/ships", 1), default=20),
        "query parameter limit: without it 10 became 20",
        True,
    ),
    Kind(
        "the largest value of a parameter",
        put(schema("/ships", 1), maximum=50),
        "query parameter limit: maximum 100 became 50",
        True,
    ),
    Kind(
        "items of a parameter are narrower",
        put(lambda d: schema("/ships", 2)(d)["items"], maxLength=5),
        "query parameter ids, each item: maxLength 20 became 5",
        True,
    ),
    Kind(
        "items of a parameter have another type",
        lambda d: schema("/ships", 2)(d).update(items={"type": "integer"}),
        "query parameter ids, each item: string became integer",
        True,
    ),
    Kind(
        "a parameter takes numbers, not only whole ones",
        put(schema("/ships", 1), type="number"),
        "query parameter limit: integer became number",
        False,
    ),
    Kind(
        "a parameter takes whole numbers, not any",
        lambda d: schema("/ships", 0)(d).update(type="integer"),
        "query parameter flag: string became integer",
        True,
    ),
    Kind(
        "a parameter is a multiple",
        put(schema("/ships", 1), multipleOf=5),
        "query parameter limit: multipleOf none became 5",
        True,
    ),
    Kind(
        "a parameter has a pattern",
        put(schema("/ships", 0), pattern="^a"),
        "query parameter flag: pattern none became ^a",
        True,
    ),
    Kind(
        "a field is gone",
        drop(lambda d: field("Ship")(d)["properties"], "built"),
        "field built removed",
        True,
    ),
    Kind(
        "a field is new",
        lambda d: field("NewShip")(d)["properties"].update(x={"type": "string"}),
        "field x added: string",
        False,
    ),
    Kind(
        "a field that is sent is required",
        lambda d: field("NewShip")(d)["required"].append("crew"),
        "field crew is required now",
        True,
    ),
    Kind(
        "a field that is read is optional",
        lambda d: field("Ship")(d)["required"].remove("name"),
        "field name is optional now",
        True,
    ),
    Kind(
        "a field that is sent is optional",
        lambda d: field("NewShip")(d)["required"].clear(),
        "field name is optional now",
        False,
    ),
    Kind(
        "a field that is read may be null",
        put(field("Ship", "built"), nullable=True),
        "field built: string (date) became string (date) or null",
        True,
    ),
    Kind(
        "a field that is sent may be null",
        put(field("NewShip", "name"), nullable=True),
        "field name: string became string or null",
        False,
    ),
    Kind(
        "a field that is sent may not be null",
        drop(field("NewShip", "call"), "nullable"),
        "field call: string or null became string",
        True,
    ),
    Kind(
        "a number that is sent need not be whole",
        put(field("NewShip", "crew"), type="number"),
        "field crew: integer became number",
        False,
    ),
    Kind(
        "a field that is read has another format",
        put(field("Ship", "built"), format="date-time"),
        "field built: string (date) became string (date-time)",
        True,
    ),
    Kind(
        "the length of a field",
        put(field("NewShip", "name"), maxLength=40),
        "field name: maxLength 50 became 40",
        True,
    ),
    Kind(
        "the default of a field",
        put(field("NewShip", "crew"), default=2),
        "field crew: without it 1 became 2",
        True,
    ),
    Kind(
        "a field has no default",
        drop(field("NewShip", "crew"), "default"),
        "field crew: without it 1 became none",
        True,
    ),
    Kind(
        "a list of a field is shorter",
        put(field("NewShip", "tags"), maxItems=3),
        "field tags: maxItems 5 became 3",
        True,
    ),
    Kind(
        "items of a field are narrower",
        put(field("NewShip", "tags", "items"), maxLength=10),
        "field tags, each item: maxLength 20 became 10",
        True,
    ),
    Kind(
        "items of a field must differ",
        put(field("NewShip", "tags"), uniqueItems=True),
        "field tags: uniqueItems none became True",
        True,
    ),
    Kind(
        "the values of a map",
        put(field("NewShip", "extra", "additionalProperties"), type="integer"),
        "values, each value: string became integer",
        True,
    ),
    Kind(
        "a value of an enum is gone",
        lambda d: field("Kind")(d)["enum"].remove("tug"),
        "values: no longer tug",
        True,
    ),
    Kind(
        "a value of an enum that is read is new",
        lambda d: field("Kind")(d)["enum"].append("barge"),
        "values: also barge, which code that matches on them does not know",
        True,
    ),
    Kind("an enum is any text", drop(field("Kind"), "enum"), "class removed", True),
    Kind(
        "a field is filled in by the server",
        put(field("NewShip", "crew"), readOnly=True),
        "field crew is filled in by the server",
        True,
    ),
    Kind(
        "a field is deprecated",
        put(field("NewShip", "crew"), deprecated=True),
        "field crew is deprecated",
        False,
    ),
    Kind(
        "other fields are refused",
        put(field("NewShip"), additionalProperties=False),
        "fields that are not listed are refused now",
        True,
    ),
    Kind(
        "a class has another name",
        lambda d: (
            d["components"]["schemas"].update(Boat=d["components"]["schemas"]["Ship"])
            or op("/ships/{id}", "get")(d)["responses"]["200"]["content"][
                "application/json"
            ].update(schema={"$ref": "#/components/schemas/Boat"})
        ),
        "answer: Ship became Boat",
        True,
    ),
    Kind(
        "a saved batch can't be looked up any more",
        drop(op("/ships/batch", "post"), "x-sdir-reconcile"),
        "the way to ask whether a batch was saved is gone",
        True,
        given=put(op("/ships/batch", "post"), **RECONCILE),
    ),
    Kind(
        "a saved batch can be looked up",
        put(op("/ships/batch", "post"), **RECONCILE),
        "the way to ask whether a batch was saved is new",
        False,
    ),
    Kind(
        "a batch is looked for by other fields",
        lambda d: op("/ships/batch", "post")(d)["x-sdir-reconcile"].update(match=["call"]),
        "the way to ask whether a batch was saved changed",
        False,
        given=put(op("/ships/batch", "post"), **RECONCILE),
    ),
    Kind(
        "a list has no pages",
        drop(op("/ships", "get"), "x-sdir-pages"),
        "the iterator over the pages is gone",
        True,
        given=put(op("/ships", "get"), **PAGES),
    ),
    Kind(
        "a list has pages",
        put(op("/ships", "get"), **PAGES),
        "the iterator over the pages is new",
        False,
    ),
    Kind(
        "a field is not marked as personal",
        drop(field("NewShip", "name"), "x-sdir-personal"),
        "field name is no longer hidden in logs and errors",
        True,
        given=put(field("NewShip", "name"), **{"x-sdir-personal": True}),
    ),
    Kind(
        "a field is marked as personal",
        put(field("NewShip", "name"), **{"x-sdir-personal": True}),
        "field name is hidden in logs and errors",
        False,
    ),
    Kind(
        "a heading of tables is gone",
        put(field("NewShip", "name"), **{"x-sdir-labels": ["Navn"]}),
        "field name no longer has the heading Skip",
        True,
        given=put(field("NewShip", "name"), **{"x-sdir-labels": ["Navn", "Skip"]}),
    ),
    Kind(
        "a heading of tables is new",
        put(field("NewShip", "name"), **{"x-sdir-labels": ["Navn"]}),
        "field name also has the heading Navn",
        False,
    ),
    Kind(
        "a date comes after another",
        put(field("Ship", "built"), **{"x-sdir-not-before": "ordered"}),
        "field built: not before none became ordered",
        False,
    ),
    Kind(
        "the day on which an operation ends",
        put(op("/ships", "get"), **{"x-sdir-sunset": "2027-01-01"}),
        "ends: none became 2027-01-01",
        False,
    ),
]
