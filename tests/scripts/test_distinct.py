"""Names that would be one and the same in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdir_async.generation.distinct import tell_apart

from .toys import Json, document, operation, query, ref

if TYPE_CHECKING:
    from .conftest import Checkout

FIELDS = ("shipName", "ship_name", "ship.name", "ShipName")


def ship(*fields: str) -> Json:
    """Return an object with fields of different types, the last of which is required."""
    types = ("string", "integer", "boolean", "number")
    properties = {name: {"type": types[n]} for n, name in enumerate(fields)}
    return {"type": "object", "properties": properties, "required": [fields[-1]]}


def test_the_first_of_equal_names_keeps_it() -> None:
    """So that a field that is new in the document renames none that code uses already."""
    doc = document({}, {"Ship": ship(*FIELDS)})
    aliases = tell_apart(doc)
    made = doc["components"]["schemas"]["Ship"]
    assert next(iter(made["properties"])) == "shipName"
    assert list(aliases.values()) == list(FIELDS[1:])
    assert made["required"] == [list(aliases)[-1]]


def test_an_alias_means_the_same_name_in_every_object() -> None:
    """In every object, the alias of a field leads back to that field's own name."""
    doc = document({}, {"A": ship("a-b", "a_b"), "B": ship("a-b", "aB"), "C": ship("a-b", "a_b")})
    aliases = tell_apart(doc)
    schemas = doc["components"]["schemas"]
    second = {name: list(schemas[name]["properties"])[1] for name in schemas}
    assert [aliases[second[name]] for name in "ABC"] == ["a_b", "aB", "a_b"]


def test_different_names_stay() -> None:
    """Names that stay different in Python get no alias, and the schemas don't change."""
    doc = document({"/a": {"get": operation("a", parameters=[query("b")])}}, {"S": ship("x", "y")})
    before = str(doc["components"])
    assert tell_apart(doc) == {}
    assert str(doc["components"]) == before


def test_fields_go_over_the_wire_by_their_own_names(checkout: Checkout) -> None:
    """Fields with one Python name get numbers, are sent under their own names, and type-check."""
    checkout.add(
        "boats/v1.json",
        document(
            {"/a": {"post": operation("a", body=ref("Ship"), answer=ref("Ship"))}},
            {"Ship": ship(*FIELDS)},
        ),
    )
    checkout.generate()
    checkout.with_core()
    record = dict(zip(FIELDS, ("Fram", 1, True, 2.5), strict=True))
    code = f"from sdir_async.api.boats.v1 import Ship; made = Ship.from_dict({record});"
    names = "print(made.ship_name, made.ship_name_2, made.ship_name_3, made.ship_name_4);"
    assert checkout.run("-c", f"{code} {names} print(made.to_dict() == {record})") == (
        "Fram 1 True 2.5\nTrue\n"
    )
    assert "no issues found" in checkout.mypy()
    assert not (checkout.place.tree / "boats" / "v1" / "left_out.md").exists()


def test_parameters_do_too(checkout: Checkout) -> None:
    """Parameters with one Python name get numbers and are sent under their own names."""
    given = [query("$top"), query("top"), query("t.o.p")]
    checkout.add("boats/v1.json", document({"/a": {"get": operation("a", parameters=given)}}))
    checkout.generate()
    text = checkout.text("boats/v1/operations.py")
    assert '"$top": top,' in text
    assert '"top": top_2,' in text
    assert '"t.o.p": t_o_p,' in text
