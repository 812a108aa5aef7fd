"""What becomes a class, and what it is called."""

from __future__ import annotations

from sdir_async.generation import class_steps as steps

from .toys import SAVED, SHIP, Json, document, operation, query, ref


def schemas(doc: Json) -> Json:
    return doc["components"]["schemas"]  # type: ignore[no-any-return]


def test_a_named_list_or_boolean_is_put_where_it_is_used() -> None:
    """An export names the answers of operations, whatever they are."""
    names = {
        "ApiPost200ApplicationJsonResponse": {"type": "boolean"},
        "Ships": {"type": "array", "items": ref("Ship")},
    }
    answer = {"type": "array", "items": ref("ApiPost200ApplicationJsonResponse")}
    doc = document(
        {"/a": {"post": operation("a", body=ref("Ships"), answer=answer)}}, {**names, "Ship": SHIP}
    )
    steps.inline_plain_schemas(doc)
    node = doc["paths"]["/a"]["post"]
    assert node["requestBody"]["content"]["application/json"]["schema"] == {
        "type": "array",
        "items": ref("Ship"),
    }
    assert node["responses"]["200"]["content"]["application/json"]["schema"]["items"] == {
        "type": "boolean"
    }


def test_a_value_that_holds_itself_comes_to_an_end() -> None:
    """A list whose items are the list itself ends in a list of any value."""
    itself = {"type": "array", "items": ref("Json")}
    doc = document(
        {"/a": {"get": operation("a", answer=ref("Json"))}},
        {"Json": itself},
    )
    steps.inline_plain_schemas(doc)
    assert "{'type': 'array', 'items': {}}" in str(doc["paths"])


def test_inner_objects_and_enums_get_names() -> None:
    """An inner enum or object becomes a schema named after its owner and field."""
    ship = {
        "type": "object",
        "properties": {
            "flag": {"type": "string", "enum": ["NO", "SE"]},
            "crew": {"type": "array", "items": {"type": "object", "properties": {}}},
        },
    }
    doc = document(schemas={"Ship": ship})
    steps.name_inner_classes(doc)
    assert list(schemas(doc)) == ["Ship", "Ship_flag", "Ship_crew_item"]
    assert schemas(doc)["Ship"]["properties"]["flag"] == ref("Ship_flag")


def test_an_inner_object_that_may_be_null_is_a_class_or_none() -> None:
    """A nullable inner object becomes its class or null, and the field keeps its description."""
    inner = {"type": ["object", "null"], "properties": {}, "description": "who"}
    doc = document(schemas={"Ship": {"type": "object", "properties": {"owner": inner}}})
    steps.name_inner_classes(doc)
    assert schemas(doc)["Ship"]["properties"]["owner"] == {
        "anyOf": [ref("Ship_owner"), {"type": "null"}],
        "description": "who",
    }
    assert schemas(doc)["Ship_owner"]["type"] == "object"


def test_classes_of_operations_are_called_like_the_operation() -> None:
    """Inline schemas of parameters, body and answer get the name of their operation in front."""
    kind = query("kind", {"type": "string", "enum": ["a"]})
    doc = document(
        {
            "/a": {
                "post": operation(
                    "find", body={"type": "object"}, answer={"type": "object"}, parameters=[kind]
                )
            }
        }
    )
    steps.name_classes_of_operations(doc)
    assert list(schemas(doc)) == ["find_kind", "find_body", "find_answer"]


def test_names_of_classes_are_distinct_and_leave_the_runtime_its_own() -> None:
    """Class names are valid and unique, avoid names of the runtime, and references follow."""
    names = ["Ship", "ship", "Fleet.Ship", "Document", "UUID", "BoatsV1", "Svar`1[[Skip]]", "2D"]
    doc = document(
        {"/a": {"get": operation("a", answer=ref("Document"))}},
        {name: {"type": "object"} for name in names},
    )
    steps.name_classes(doc, frozenset({"BoatsV1"}))
    assert list(schemas(doc)) == [
        "Ship",
        "ShipModel",
        "FleetShip",
        "DocumentModel",
        "UUIDModel",
        "BoatsV1Model",
        "SvarOfSkip",
        "Model2D",
    ]
    assert doc["paths"]["/a"]["get"]["responses"]["200"]["content"]["application/json"][
        "schema"
    ] == ref("DocumentModel")


def test_a_name_of_any_length_is_one_that_a_file_can_have() -> None:
    """A framework may write out every type that a generic type is made of."""
    names = [f"{'PageOfShips' * 30}{number}" for number in range(3)]
    doc = document(schemas=dict.fromkeys(names, SHIP))
    steps.name_classes(doc, frozenset())
    assert len({name.lower() for name in schemas(doc)}) == 3
    assert all(len(name) < 100 for name in schemas(doc))


def test_all_of_becomes_one_object() -> None:
    """An `allOf` of objects becomes one object with the fields and `required` of all parts."""
    doc = document(schemas={"Ship": SHIP, "SavedShip": SAVED})
    steps.merge_all_of(doc)
    saved = schemas(doc)["SavedShip"]
    assert list(saved["properties"]) == ["name", "built", "uid"]
    assert saved["required"] == ["name", "uid"]
    assert "allOf" not in saved


def test_of_two_declarations_of_a_field_the_later_counts() -> None:
    """If two parts of an `allOf` declare the same field, the later declaration is kept."""
    own = {"type": "object", "properties": {"name": {"type": "integer"}}}
    doc = document(schemas={"Ship": SHIP, "Odd": {"allOf": [ref("Ship"), own]}})
    steps.merge_all_of(doc)
    assert schemas(doc)["Odd"]["properties"]["name"] == {"type": "integer"}


def test_all_of_with_something_that_is_no_object_stays() -> None:
    """An `allOf` with text, alternatives or itself as a part is not merged."""
    for part in ({"type": "string"}, {"anyOf": [ref("Ship")]}, ref("Odd")):
        doc = document(schemas={"Ship": SHIP, "Odd": {"allOf": [ref("Ship"), part]}})
        steps.merge_all_of(doc)
        assert "allOf" in schemas(doc)["Odd"]


def test_what_only_errors_used_is_left_out() -> None:
    """A schema that no operation reaches is dropped, even if it refers to itself."""
    doc = document(
        {"/a": {"get": operation("a", answer=ref("SavedShip"))}},
        {
            "Ship": SHIP,
            "SavedShip": SAVED,
            "Problem": {"type": "object", "properties": {"p": ref("Problem")}},
        },
    )
    steps.drop_unused_schemas(doc)
    assert list(schemas(doc)) == ["Ship", "SavedShip"]
