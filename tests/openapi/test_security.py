"""Which scopes an operation needs, by OpenAPI's own `security`."""

from __future__ import annotations

from typing import Any

import pytest

from sdir_async.openapi.security import scopes_of
from sdir_async.openapi.walk import DocumentError

SCHEMES: dict[str, Any] = {
    "key": {"type": "apiKey", "in": "header", "name": "Ocp-Apim-Subscription-Key"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "maskinporten": {"type": "oauth2", "flows": {}},
    "openId": {"type": "openIdConnect", "openIdConnectUrl": "https://test.maskinporten.no/"},
    "again": {"$ref": "#/components/securitySchemes/maskinporten"},
}


def _document(security: Any = None) -> dict[str, Any]:
    said = {} if security is None else {"security": security}
    return {"components": {"securitySchemes": SCHEMES}, **said}


@pytest.mark.parametrize(
    ("security", "scopes"),
    [
        (None, ()),
        ([], ()),
        ([{"key": []}], ()),
        ([{"bearer": ["role"]}], ()),
        ([{"unknown": ["a"]}], ()),
        ([{"maskinporten": ["a", "b"]}], ("a", "b")),
        ([{"openId": ["a"]}], ("a",)),
        ([{"again": ["a"]}], ("a",)),
        ([{"key": [], "maskinporten": ["a"]}], ("a",)),
        ([{"maskinporten": ["a"], "openId": ["a", "b"]}], ("a", "b")),
        ([{"key": []}, {"key": [], "maskinporten": ["a"]}], ("a",)),
        ([{"maskinporten": ["a"]}, {"maskinporten": ["b"]}], ("a",)),
        ([{}, {"maskinporten": ["a"]}], ("a",)),
    ],
    ids=str,
)
def test_scopes_are_those_of_schemes_that_have_some(security: Any, scopes: Any) -> None:
    """Of several alternatives, those of the first that asks for any."""
    assert scopes_of(_document(security)) == scopes
    assert scopes_of(_document(), {"security": security} if security is not None else {}) == scopes


def test_an_operation_can_ask_for_others_or_for_none() -> None:
    """Its own `security` replaces that of the document."""
    document = _document([{"maskinporten": ["all"]}])
    assert scopes_of(document, {}) == ("all",)
    assert scopes_of(document, {"security": [{"maskinporten": ["one"]}]}) == ("one",)
    assert scopes_of(document, {"security": []}) == ()
    assert scopes_of(document, {"security": [{"key": []}]}) == ()


def test_a_scheme_that_leads_nowhere_is_an_error_with_its_place() -> None:
    """A scope must not get lost in a typing mistake."""
    document = {
        "security": [{"a": ["x"]}],
        "components": {"securitySchemes": {"a": {"$ref": "#/b"}}},
    }
    with pytest.raises(DocumentError, match=r"^/components/securitySchemes/a: .* nothing"):
        scopes_of(document)
