"""Each transformation of operations, on the quirk that it is for."""

from __future__ import annotations

import pytest

from sdir_async.generation import operation_steps as steps
from sdir_async.generation.prepare import prepare
from sdir_async.generation.walk import operations

from .toys import SHIP, Json, content, document, operation, query, ref


def prepared(paths: Json, **more: Json) -> Json:
    return prepare(document(paths, **more))[0]


def left_out(paths: Json, **more: Json) -> list[tuple[str, str, str]]:
    return [tuple(each) for each in prepare(document(paths, **more))[1]]  # type: ignore[misc]


def only(doc: Json) -> Json:
    (found,) = operations(doc)
    return found.node


def test_error_answers_are_left_to_the_session() -> None:
    """Only 2xx answers are kept, and their status is text."""
    doc = document({"/a": {"get": {"responses": {200: {}, "2XX": {}, "404": {}, "default": {}}}}})
    steps.keep_successes(doc)
    assert list(only(doc)["responses"]) == ["200", "2XX"]


def test_a_default_that_stands_alone_is_the_answer() -> None:
    """If `default` is the only answer, it counts as the answer 200."""
    doc = document({"/a": {"get": {"responses": {"default": content(SHIP)}}}})
    steps.keep_successes(doc)
    assert only(doc)["responses"] == {"200": content(SHIP)}


@pytest.mark.parametrize("responses", [{}, None, {"400": {}}])
def test_a_read_that_promises_nothing_answers_any_value(responses: Json | None) -> None:
    """Exports of the gateway declare no content, for whole APIs; what writes returns nothing."""
    both = {"get": {"responses": responses}, "put": {"responses": responses}}
    found = operations(prepared({"/a": both}))
    assert [(each.method, each.answer) for each in found] == [("get", {}), ("put", None)]


def test_what_the_document_calls_a_read_answers_any_value_too() -> None:
    """Gateways carry reads as POST; an overlay can say so."""
    post = {"responses": {"200": {}}, "x-sdir-effect": "read"}
    assert operations(prepared({"/a": {"post": post}}))[0].answer == {}


def test_a_head_has_no_answer_but_headers() -> None:
    """Whatever the document says about its content."""
    assert operations(prepared({"/a": {"head": operation("a", answer=SHIP)}}))[0].answer is None


def test_a_redirect_is_no_answer() -> None:
    """An operation that only redirects is left out: the session does not follow."""
    paths: Json = {"/a": {"get": {"responses": {"302": {}}}}}
    assert operations(prepared(paths)) == []
    assert left_out(paths) == [
        ("GET /a", "operation", "it answers 302, and redirects are not followed")
    ]


def test_what_a_path_refers_to_stands_beside_what_it_says() -> None:
    """The path's own words count where both say something; error answers are left out of both."""
    item = {"get": operation("old", answer=SHIP), "put": operation("put")}
    item["get"]["responses"]["404"] = content(SHIP)
    paths = {"/a": {"$ref": "#/x-items/a", "get": operation("new"), "post": operation("post")}}
    found = operations(prepared(paths, **{"x-items": {"a": item}}))
    assert sorted(each.name for each in found) == ["new", "post", "put"]
    assert all(list(each.node["responses"]) == ["200"] for each in found)


@pytest.mark.parametrize(
    ("kinds", "chosen"),
    [
        (["application/json-patch+json", "application/json"], "application/json"),
        (["application/json; charset=utf-8"], "application/json"),
        (["application/json;v=2"], "application/json;v=2"),
        (["application/merge-patch+json"], "application/merge-patch+json"),
        (["application/*+json"], "application/json"),
        (["*/*"], "application/json"),
        (["text/json", "application/hal+json"], "text/json"),
    ],
)
def test_the_form_of_json_that_is_sent_is_the_documents(kinds: list[str], chosen: str) -> None:
    """Plain JSON is the best whatever the order, and a pattern is no content type."""
    body = {"requestBody": content(SHIP, *kinds), "responses": {"200": content(SHIP, *kinds)}}
    node = only(prepared({"/a": {"patch": body}}))
    assert (node["x-sdir-content-type"], node["x-sdir-accept"]) == (chosen, chosen)


@pytest.mark.parametrize(
    "kind", ["application/json-seq", "application/jsonl", "application/ndjson"]
)
def test_lines_of_json_are_not_json(kind: str) -> None:
    """Their schema is that of a line."""
    body = {"requestBody": content(SHIP, kind), "responses": {}}
    assert left_out({"/a": {"post": body}}) == [
        ("POST /a", "operation", f"its body is {kind}, not JSON")
    ]


def test_a_second_form_of_json_with_another_schema_is_listed() -> None:
    """It is something else to say, not the same in other words."""
    body = content({"type": "array"}, "application/json-patch+json")
    body["content"] |= content(SHIP)["content"]
    assert left_out({"/a": {"patch": {"requestBody": body, "responses": {}}}}) == [
        ("PATCH /a", "body as application/json-patch+json", "JSON is used")
    ]


def test_an_optional_body_that_is_not_json_costs_only_itself() -> None:
    """A form that may be left away stopped 374 operations of one document."""
    form = content({"type": "object"}, "application/x-www-form-urlencoded")
    paths = {"/a": {"get": {"requestBody": {**form, "required": False}, "responses": {}}}}
    assert "requestBody" not in only(prepared(paths))
    assert left_out(paths) == [
        ("GET /a", "body", "it is optional, and application/x-www-form-urlencoded, not JSON")
    ]


def test_headers_of_an_answer_are_listed() -> None:
    """A method returns the body; who needs `Location` is told that it is there."""
    answer = {"headers": {"Location": {"schema": {"type": "string"}}}}
    paths: Json = {"/a": {"post": {"responses": {"201": answer}}}}
    why = "the method returns the body; `with_raw_response` has them"
    assert left_out(paths) == [("POST /a", "answer 201, its headers Location", why)]


def test_paths_that_differ_only_in_names_are_one_and_the_other_is_listed() -> None:
    """The first counts."""
    paths = {"/a/{b-c}": {"get": operation("a")}, "/a/{b_c}": {"get": operation("b")}}
    assert [each.id for each in operations(prepared(paths))] == ["a"]
    assert left_out(paths)[0][:2] == ("GET /a/{b_c}", "operation")


def test_servers_of_a_path_are_its_operations() -> None:
    """Those of an operation count before them."""
    one, two = [{"url": "https://a.example"}], [{"url": "https://b.example"}]
    paths = {"/a": {"servers": one, "get": operation("a"), "put": operation("b", servers=two)}}
    assert [each.node["servers"] for each in operations(prepared(paths))] == [one, two]


def test_what_is_referred_to_is_put_in_place() -> None:
    """Parameters of the path are the operation's too, which has the last word."""
    doc = document(
        {
            "/a": {
                "parameters": [query("x"), {"$ref": "#/components/parameters/Y"}],
                "post": {
                    "parameters": [query("x", {"type": "integer"})],
                    "requestBody": {"$ref": "#/components/requestBodies/B"},
                    "responses": {"200": {"$ref": "#/components/responses/R"}},
                },
            }
        }
    )
    doc["components"] |= {
        "parameters": {"Y": query("y")},
        "requestBodies": {"B": content(SHIP)},
        "responses": {"R": content(SHIP)},
    }
    steps.inline_references(doc)
    node = only(doc)
    assert [(p["name"], p["schema"]["type"]) for p in node["parameters"]] == [
        ("x", "integer"),
        ("y", "string"),
    ]
    assert node["requestBody"] == node["responses"]["200"] == content(SHIP)


def test_a_media_type_may_be_a_reference() -> None:
    """OpenAPI 3.2 has components for them."""
    media = {"application/json": {"$ref": "#/components/mediaTypes/Name"}}
    doc = document({"/a": {"post": {"requestBody": {"content": media}, "responses": {}}}})
    doc["components"]["mediaTypes"] = {"Name": {"schema": {"type": "string"}}}
    assert operations(prepare(doc)[0])[0].body == {"type": "string"}


def test_an_operation_with_a_reference_to_nothing_is_left_out_and_the_others_stay() -> None:
    """In a parameter, a body or an answer; so is one with a parameter that has no name."""
    lost = {"$ref": "#/components/parameters/No"}
    paths: Json = {
        "/a": {"get": operation("a", parameters=[lost]), "put": operation("b")},
        "/c": {"post": {"requestBody": lost, "responses": {}}},
        "/d": {"get": {"responses": {"200": lost}}},
        "/e": {"get": operation("e", parameters=[{"in": "query"}])},
    }
    assert [each.name for each in operations(prepared(paths))] == ["b"]
    nothing = "the reference #/components/parameters/No leads to nothing"
    assert left_out(paths) == [
        ("GET /a", "operation", nothing),
        ("POST /c", "operation", nothing),
        ("GET /d", "operation", nothing),
        ("GET /e", "operation", "a parameter needs `name` and `in`"),
    ]


def test_one_schema_under_three_json_types_is_one_body_and_nothing_is_lost() -> None:
    """A body in three JSON media types is sent as `application/json`, and nothing is listed."""
    kinds = ("application/*+json", "text/json", "application/json")
    paths = {
        "/a": {"post": {"operationId": "a", "requestBody": content(SHIP, *kinds), "responses": {}}}
    }
    body = only(prepared(paths))["requestBody"]
    assert list(body["content"]) == ["application/json"]
    assert left_out(paths) == []


def test_a_declared_body_is_required() -> None:
    """A body that does not say whether it is required is required."""
    assert (
        only(prepared({"/a": {"post": operation("a", body=SHIP)}}))["requestBody"]["required"]
        is True
    )


def test_other_forms_of_a_body_are_left_out_and_listed() -> None:
    """If a body has a JSON form, its other media types are listed as left out."""
    body = content(SHIP, "application/xml", "application/json", "multipart/form-data")
    assert left_out({"/a": {"put": {"requestBody": body, "responses": {}}}}) == [
        ("PUT /a", "body as application/xml, multipart/form-data", "JSON is used")
    ]


def test_plain_text_of_the_same_schema_is_no_form_of_its_own() -> None:
    """ASP.NET lists it beside the JSON of every answer."""
    answer = content(SHIP, "text/plain", "application/json", "text/json")
    assert left_out({"/a": {"get": {"responses": {"200": answer}}}}) == []


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "application/xml", "application/octet-stream"]
)
def test_an_operation_whose_body_is_never_json_is_left_out_and_listed(kind: str) -> None:
    """An operation whose body has no JSON form is dropped and listed; the others stay."""
    body = content({"type": "file"}, kind)
    post = {"requestBody": body, "responses": {"200": body}}
    paths = {"/a": {"post": post, "get": operation("b")}}
    assert [each.name for each in operations(prepared(paths))] == ["b"]
    assert left_out(paths) == [("POST /a", "operation", f"its body is {kind}, not JSON")]


def test_a_read_that_never_answers_json_is_left_out_and_a_write_returns_none() -> None:
    """A GET that answers PDF is left out, a POST that does returns None, and both are listed."""
    answer = {"responses": {"200": content({"type": "string"}, "application/pdf")}}
    paths = {"/a": {"get": answer, "post": answer}}
    assert [(str(each), each.answer) for each in operations(prepared(paths))] == [("POST /a", None)]
    assert left_out(paths) == [
        ("GET /a", "operation", "it answers application/pdf, not JSON"),
        ("POST /a", "answer 200", "application/pdf is not JSON; the method returns None"),
    ]


def test_json_without_a_schema_is_any_value() -> None:
    """A JSON answer that has an example but no schema is any value."""
    answer: Json = {"content": {"application/json": {"example": "{"}}}
    paths: Json = {"/a": {"get": {"responses": {"200": answer}}}}
    assert operations(prepared(paths))[0].answer == {}


def test_an_answer_without_content_never_has_any() -> None:
    """An answer 204 is None even if the document declares JSON for it."""
    paths: Json = {"/a": {"put": {"responses": {"204": {"content": {"application/json": {}}}}}}}
    assert operations(prepared(paths))[0].answer is None


def test_equal_answers_are_one_and_different_ones_are_alternatives() -> None:
    """Two answers with one schema are one; of two schemas it is noted which status has which."""
    text, number = {"type": "string"}, {"type": "integer"}
    same = {"/a": {"post": {"responses": {"200": content(text), "201": content(text)}}}}
    other = {
        "/a": {"post": {"responses": {"204": {}, "200": content(text), "201": content(number)}}}
    }
    assert operations(prepared(same))[0].answer == text
    (found,) = operations(prepared(other))
    assert found.answer == {"anyOf": [text, number, {"type": "null"}]}
    assert found.node["x-sdir-answers"] == {"204": 2, "200": 0, "201": 1}
    assert left_out(same) == left_out(other) == []


def test_an_answer_that_may_be_empty_may_be_none() -> None:
    """If one answer has text and another no content, the result is text or null."""
    paths = {"/a": {"get": {"responses": {"200": content({"type": "string"}), "204": {}}}}}
    assert operations(prepared(paths))[0].answer == {
        "anyOf": [{"type": "string"}, {"type": "null"}]
    }


@pytest.mark.parametrize(
    ("parameter", "why"),
    [
        (
            {"name": "Ocp-Apim-Subscription-Key", "in": "header"},
            "the subscription key is sent with every request",
        ),
        (
            {"name": "subscription-key", "in": "query"},
            "the subscription key is sent with every request",
        ),
        (
            {"name": "Authorization", "in": "header"},
            "the token of the Sdir object is sent in it",
        ),
        ({"name": "Accept", "in": "header"}, "the session sends this header"),
        ({"name": "session", "in": "cookie"}, "a parameter in cookie is not sent"),
        ({"name": "ghost", "in": "path"}, "the path has no place for it"),
        (
            {"name": "sid", "in": "cookie", "required": True},
            "a cookie is not sent, though the API requires this one",
        ),
    ],
)
def test_parameters_that_are_not_the_callers_are_left_out_and_listed(
    parameter: Json, why: str
) -> None:
    """A parameter that the caller can't set is dropped and listed with the reason; others stay."""
    paths = {"/a": {"get": operation("a", parameters=[parameter, query("kept")])}}
    assert [p["name"] for p in only(prepared(paths))["parameters"]] == ["kept"]
    assert left_out(paths) == [("GET /a", f"{parameter['in']} parameter {parameter['name']}", why)]


def test_a_parameter_without_a_schema_is_text_and_one_in_a_header_has_its_type() -> None:
    """A query parameter without a schema is text, and a date in a header is a date."""
    date = {"name": "X-Since", "in": "header", "schema": {"type": "string", "format": "date"}}
    made = only(
        prepared({"/a": {"get": operation("a", parameters=[{"name": "x", "in": "query"}, date])}})
    )
    assert [p["schema"] for p in made["parameters"]] == [{"type": "string"}, date["schema"]]


def test_places_in_a_path_get_python_names_and_a_parameter_each() -> None:
    """Each place in a path becomes a Python name with a required parameter, declared or not."""
    declared = {"name": "ship-id", "in": "path", "schema": {"type": "integer"}}
    doc = prepared({"/ships/{ship-id}/{*rest}": {"get": operation("a", parameters=[declared])}})
    (found,) = operations(doc)
    assert found.path == "/ships/{ship_id}/{rest}"
    assert [(p["name"], p["required"]) for p in found.node["parameters"]] == [
        ("ship_id", True),
        ("rest", True),
    ]


def test_an_answer_that_is_always_null_is_none() -> None:
    """An answer of the type null has no content."""
    paths = {"/a": {"get": operation("a", answer={"type": "null"})}}
    assert only(prepared(paths))["responses"]["200"]["content"] == {}


def test_calls_that_the_server_makes_are_left_out_and_listed() -> None:
    """Webhooks and callbacks are listed as left out, with the reason."""
    paths = {"/a": {"post": operation("a", callbacks={"done": {}})}}
    assert left_out(paths, webhooks={"moved": {}}) == [
        ("moved", "webhook", "a call that the server makes, not the client"),
        ("POST /a", "callbacks", "a call that the server makes, not the client"),
    ]


def test_preparing_leaves_the_document_as_it_was() -> None:
    """`prepare` does not change the document that it is given."""
    doc = document({"/a": {"post": operation("A_b", body=ref("Ship"))}}, {"Ship": SHIP})
    before = document({"/a": {"post": operation("A_b", body=ref("Ship"))}}, {"Ship": SHIP})
    prepare(doc)
    assert doc == before
