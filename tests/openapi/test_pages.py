"""Which lists have pages."""

from __future__ import annotations

from typing import Any

import pytest

from sdir_async.openapi.pages import Pages, pages_of
from sdir_async.openapi.walk import DocumentError, operations_in

NUMBER = {"name": "page", "in": "query", "schema": {"type": "integer"}}
SIZE = {"name": "size", "in": "query", "schema": {"$ref": "#/components/schemas/Size"}}


def found(pages: Any, *parameters: dict[str, Any]) -> Pages | None:
    """Return what the rule says about a list; its path has the parameters."""
    node = {} if pages is None else {"x-sdir-pages": pages}
    document = {
        "paths": {"/boats": {"parameters": list(parameters), "get": node}},
        "components": {"schemas": {"Size": {"type": "integer", "maximum": 50}}},
    }
    return pages_of(document, next(operations_in(document)))


def test_a_list_has_pages_if_the_document_says_so() -> None:
    """And never because its parameters are called like pages."""
    assert found(None, NUMBER, SIZE) is None
    both = {"number": "page", "size": "size"}
    assert found(both, NUMBER, SIZE) == Pages("page", "size", 50)
    assert found({"number": "page"}, NUMBER) == Pages("page")
    assert found(both | {"end": "empty"}, NUMBER, SIZE) == Pages("page", "size", 50, "empty")


@pytest.mark.parametrize(
    ("pages", "words"),
    [
        ({"size": "size"}, "x-sdir-pages: number missing"),
        ({"number": "page", "end": "never"}, "end: 'never' must be one of short, empty"),
        ({"number": "page", "size": "pageSize"}, "the operation has no query parameter pageSize"),
    ],
)
def test_what_can_not_be_is_a_clear_mistake(pages: Any, words: str) -> None:
    """It says where it stands."""
    with pytest.raises(DocumentError, match=f"^/paths/~1boats/get/.*{words}"):
        found(pages, NUMBER, SIZE)
