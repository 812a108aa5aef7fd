"""The iterators that the generator puts beside lists with pages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .toys import Json, document, operation, query, ref

if TYPE_CHECKING:
    from .conftest import Checkout

SHIPS = {"type": "array", "items": ref("Ship")}
NUMBER, SIZE = query("page", {"type": "integer"}), query("size", {"type": "integer", "maximum": 9})
PAGES = {"number": "page", "size": "size"}


def _listing(name: str, answer: Json = SHIPS, **more: Any) -> Json:
    given = {"parameters": [NUMBER, SIZE], "x-sdir-pages": PAGES, **more}
    return operation(name, answer=answer, **given)


def _generated(checkout: Checkout, paths: Json) -> tuple[str, dict[str, Any]]:
    ship = {"type": "object", "properties": {"name": {"type": "string"}}}
    checkout.add("fleet/v1.json", document(paths, {"Ship": ship}))
    checkout.generate()
    described = json.loads(checkout.text("fleet/v1/description.json"))
    pages = {each["python_name"]: each["pages"] for each in described["operations"]}
    return checkout.text("fleet/v1/operations.py"), pages


def test_an_iterator_takes_what_its_list_takes_but_the_page(checkout: Checkout) -> None:
    """What is in the path too; the largest size is the default."""
    place = {"name": "fleet", "in": "path", "required": True, "schema": {"type": "string"}}
    header = {"name": "X-Why", "in": "header", "schema": {"type": "string"}}
    given = [place, query("name"), NUMBER, SIZE, header]
    code, pages = _generated(
        checkout, {"/{fleet}/ships": {"get": _listing("listShips", parameters=given)}}
    )
    assert pages == {
        "list_ships": {"python_name": "iter_ships", "number": "page", "size": "size", "largest": 9}
    }
    head, body = code.split("def iter_ships(")[1].split("return _every(")
    assert "fleet: str," in head
    assert "size: int = 9," in head
    assert "page:" not in head
    assert "-> AsyncGenerator[Ship, None]:" in head
    assert "page=_page,\n" in body
    assert "x_why=x_why,\n" in body
    assert body.split("),")[1].split(")")[0].strip() == "size,"


def test_only_an_empty_page_ends_a_list_whose_pages_may_be_smaller(checkout: Checkout) -> None:
    """Or one without a size."""
    paths = {
        "/a": {"get": _listing("listA", **{"x-sdir-pages": {**PAGES, "end": "empty"}})},
        "/b": {"get": _listing("listB", **{"x-sdir-pages": {"number": "page"}})},
    }
    code, pages = _generated(checkout, paths)
    for name in ("iter_a", "iter_b"):
        body = code.split(f"def {name}(")[1].split("return _every(")[1]
        assert body.split("),")[1].split(")")[0].strip() == "UNSET,"
    assert pages["list_b"]["size"] is None


def test_iterators_have_names_of_their_own(checkout: Checkout) -> None:
    """Whatever else is called so."""
    paths = {
        "/a": {"get": _listing("listShips")},
        "/b": {"get": _listing("getShips")},
        "/c": {"get": _listing("ships")},
        "/d": {"get": operation("iter_getShips", answer=SHIPS)},
    }
    _, pages = _generated(checkout, paths)
    names = {name: each["python_name"] for name, each in pages.items() if each}
    assert names == {
        "list_ships": "iter_ships",
        "get_ships": "iter_get_ships_",
        "ships": "iter_ships_",
    }


def test_what_is_not_a_list_has_no_iterator(checkout: Checkout) -> None:
    """It is listed with what was left out."""
    code, pages = _generated(
        checkout,
        {
            "/one": {"get": _listing("getOne", answer=ref("Ship"))},
            "/text": {"get": _listing("listText", parameters=[query("page"), SIZE])},
            "/ships": {"get": _listing("listShips")},
        },
    )
    assert [name for name, each in pages.items() if each] == ["list_ships"]
    assert code.count("_every(") == 1
    left = checkout.text("fleet/v1/left_out.md")
    assert left.count("an iterator over its pages") == 2
