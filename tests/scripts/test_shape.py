"""The parts of a document are objects, lists and texts where they have to be."""

from __future__ import annotations

from typing import Any

import pytest

from sdir_async.generation.documents import check
from sdir_async.generation.failures import DocumentError
from sdir_async.openapi.skeleton import check_shape

from .toys import document, fleet, operation


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"info": 1}, "/info: must be an object"),
        ({"servers": {}}, "/servers: must be a list"),
        ({"servers": [{"url": 1}]}, "/servers/0/url: must be a text"),
        (
            {"paths": {"/a": {"get": operation(parameters={})}}},
            "/paths/~1a/get/parameters: must be a list",
        ),
        (
            {"paths": {"/a": {"get": {"responses": []}}}},
            "/paths/~1a/get/responses: must be an object",
        ),
        ({"components": {"responses": {"R": 1}}}, "/components/responses/R: must be an object"),
        (
            {"paths": {"/a": {"get": {"x-sdir-reconcile": "a"}}}},
            "/paths/~1a/get/x-sdir-reconcile: must be",
        ),
    ],
)
def test_a_part_of_the_wrong_kind_is_named_with_its_place(
    wrong: dict[str, Any], message: str
) -> None:
    """A part that has the wrong type raises an error with its place and the type it must have."""
    with pytest.raises(DocumentError, match=f"^{message}"):
        check_shape(document(**wrong))


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (1, "/components/schemas/A: must be an object"),
        ({"required": 1.5}, "/components/schemas/A/required: must be a list"),
        ({"allOf": [{"properties": []}]}, "/components/schemas/A/allOf/0/properties: must be"),
        ({"items": {"minItems": "x"}}, "/components/schemas/A/items/minItems: must be a whole"),
    ],
)
def test_a_schema_is_looked_at_where_nothing_mends_it(schema: Any, message: str) -> None:
    """The sandbox refuses it; the generator has steps that mend what can be mended."""
    given = document(components={"schemas": {"A": schema, "B": True}})
    with pytest.raises(DocumentError, match=f"^{message}"):
        check_shape(given)
    check_shape(given, schemas=False)


def test_parts_that_are_null_are_taken_away() -> None:
    """Null operations, parameters and callbacks are removed from the document."""
    given = document(
        {"/a": {"get": {**operation("a"), "parameters": None, "callbacks": None}, "put": None}}
    )
    check_shape(given)
    assert given["paths"] == {"/a": {"get": operation("a")}}


def test_extensions_between_the_parts_are_no_parts() -> None:
    """`x-` keys among paths and answers are removed, and a null answer becomes an empty one."""
    given = document({"x-note": "text", "/a": {"get": {"responses": {"x-note": 1, "200": None}}}})
    check(given)
    assert given["paths"] == {"/a": {"get": {"responses": {"x-note": 1, "200": {}}}}}


def test_a_good_document_stays_as_it_is() -> None:
    """Checking the shape of a valid document does not change it."""
    given = fleet()
    check_shape(given)
    assert given == fleet()
