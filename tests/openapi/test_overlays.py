"""Our corrections beside Sdir's document: OpenAPI Overlay 1.0."""

from __future__ import annotations

from typing import Any

import pytest

from sdir_async.openapi.overlays import apply_overlay
from sdir_async.openapi.walk import DocumentError

from ..scripts.toys import Json, document, operation


def overlay(*actions: Json) -> Json:
    return {"overlay": "1.0.0", "info": {"title": "t", "version": "1"}, "actions": list(actions)}


def action(target: str, **more: Any) -> Json:
    return {"target": target, "description": "Sdir's export lacks it", **more}


def test_an_update_merges_into_every_match() -> None:
    """What was there stays."""
    doc = document({"/a": {"get": operation("a")}, "/b": {"get": operation("b")}})
    apply_overlay(doc, overlay(action("$.paths.*.get", update={"x-seen": {"by": "us"}})))
    assert [doc["paths"][path]["get"]["x-seen"] for path in ("/a", "/b")] == [{"by": "us"}] * 2
    assert doc["paths"]["/a"]["get"]["operationId"] == "a"


def test_an_update_of_a_list_appends() -> None:
    """As Overlay 1.0 says."""
    doc = document(servers=[{"url": "http://a"}])
    apply_overlay(doc, overlay(action("$.servers", update={"url": "https://a"})))
    assert [server["url"] for server in doc["servers"]] == ["http://a", "https://a"]


def test_lists_inside_an_update_are_appended_and_values_replaced() -> None:
    """Key by key, at any depth."""
    doc = document(info={"title": "old", "x-list": [1]})
    apply_overlay(doc, overlay(action("$.info", update={"title": "new", "x-list": [2]})))
    assert doc["info"] == {"title": "new", "x-list": [1, 2]}


def test_a_remove_takes_away_every_match() -> None:
    """Also of several items of one list."""
    doc = document(servers=[{"url": "http://a"}, {"url": "https://b"}, {"url": "http://c"}])
    apply_overlay(doc, overlay(action("$.servers[?search(@.url, '^http:')]", remove=True)))
    assert doc["servers"] == [{"url": "https://b"}]


def test_matches_don_t_share_what_was_put_there() -> None:
    """A later step that changes one must not change the other."""
    doc = document({"/a": {"get": operation("a")}, "/b": {"get": operation("b")}})
    apply_overlay(doc, overlay(action("$.paths.*.get", update={"x-list": []})))
    doc["paths"]["/a"]["get"]["x-list"].append(1)
    assert doc["paths"]["/b"]["get"]["x-list"] == []


@pytest.mark.parametrize(
    ("given", "place", "words"),
    [
        ({"overlay": "2.0.0", "actions": []}, "/overlay", "1.0.0"),
        ({"overlay": "1.0.0"}, "/actions", "a list"),
        (overlay({"update": {}}), "/actions/0", "needs a target"),
        (overlay({"target": "$.info", "update": {}}), "/actions/0", "reason"),
        (overlay(action("$.info")), "/actions/0", "`update`, or `remove: true`"),
        (overlay(action("$.[", remove=True)), "/actions/0/target", "not a JSONPath"),
        (
            overlay(action("$.paths['/no'].get", remove=True)),
            "/actions/0/target",
            "matches nothing",
        ),
        (overlay(action("$", remove=True)), "/actions/0/target", "whole document"),
        (
            overlay(action("$.info.title", update={"a": 1})),
            "/actions/0/update",
            "an object or a list",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(given: Json, place: str, words: str) -> None:
    """A correction whose target is gone must not get lost without a word."""
    with pytest.raises(DocumentError, match=words) as caught:
        apply_overlay(document(), given)
    assert caught.value.place == place
