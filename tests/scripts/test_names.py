"""Every operation gets a readable name of its own."""

from __future__ import annotations

import pytest

from sdir_async.generation.names import name_operations
from sdir_async.generation.walk import operations

from .toys import document, operation


def names(*given: tuple[str, str, str | None], summary: str = "") -> list[str]:
    paths: dict[str, dict[str, object]] = {}
    for method, path, name in given:
        paths.setdefault(path, {})[method] = operation(name, summary=summary)
    doc = document(paths)
    name_operations(doc)
    return [each.name for each in operations(doc)]


@pytest.mark.parametrize(
    ("method", "path", "given", "made"),
    [
        ("get", "/a", "listAdditionalCompetences", "list_additional_competences"),
        ("post", "/a", "Aircraft_PostAircraft", "aircraft_post_aircraft"),
        ("post", "/a", "post-api-admin-updatepassword", "post_api_admin_updatepassword"),
        ("get", "/ships/{id}/crew", "5f1b2c3d4e5f6a7b8c9d0e1f", "get_ships_by_id_crew"),
        ("get", "/api/v1/ships", None, "get_ships"),
        ("get", "/ships", "", "get_ships"),
        ("get", "/ships", "12-list", "get_ships"),
        ("get", "/ships", "---", "get_ships"),
        ("get", "/ships", "7e57d004-2b97-0e7a-b45f-5387367791cd", "get_ships"),
        ("get", "/", "", "get"),
        ("get", "/a", "import", "import_"),
        ("get", "/a", "list", "list_"),
    ],
)
def test_a_method_is_called_by_its_operation_id_if_that_is_readable(
    method: str, path: str, given: str | None, made: str
) -> None:
    """A readable operation id names the method; if it is unreadable, the method and path do."""
    assert names((method, path, given)) == [made]


def test_what_a_framework_appends_to_a_name_is_taken_off_again() -> None:
    """The path and HTTP method that a framework appends to an operation id are not in the name."""
    path = "/{courseRegistrations}"
    given = "v1_externalcourse_postcoursecompletions__courseRegistrations__post"
    assert names(("post", path, given)) == ["v1_externalcourse_postcoursecompletions"]
    assert names(("post", "/other", given)) == ["v1_externalcourse_postcoursecompletions"]


def test_a_summary_gives_back_the_capitals_that_the_gateway_took() -> None:
    """A summary gives an operation id its capitals back only if both spell the same name."""
    assert names(("get", "/a", "getdaidsstaff"), summary="GetDaidsStaff") == ["get_daids_staff"]
    assert names(("get", "/a", "getdaidsstaff"), summary="Gets the staff") == ["getdaidsstaff"]


def test_names_that_become_the_same_in_python_are_told_apart() -> None:
    """The first of several equal names keeps it; the others are named by method and path."""
    made = names(("get", "/a", "getShip"), ("get", "/b", "get_ship"), ("post", "/b", "get-ship"))
    assert made == ["get_ship", "get_b", "post_b"]


def test_a_name_that_is_taken_in_every_way_gets_a_number() -> None:
    """If the name made from the path is taken too, the method gets a number."""
    made = names(("get", "/a/b", "get_a_b"), ("get", "/a-b", None), ("get", "/a_b", None))
    assert made == ["get_a_b", "get_a_b_2", "get_a_b_3"]


def test_upload_is_not_a_name_that_an_operation_can_have() -> None:
    """An operation called `upload` is named by its method and path instead."""
    assert names(("post", "/files", "upload")) == ["post_files"]


def test_what_the_document_calls_it_is_remembered() -> None:
    """A renamed operation keeps the document's operation id."""
    doc = document({"/a": {"get": operation("5f1b2c3d4e5f6a7b8c9d0e1f")}})
    name_operations(doc)
    assert operations(doc)[0].id == "5f1b2c3d4e5f6a7b8c9d0e1f"


def test_an_operation_id_that_is_taken_is_listed_and_the_path_names_the_method() -> None:
    """One name for two operations must not stop the rest."""
    doc = document({"/a": {"get": operation("list")}, "/b": {"get": operation("list")}})
    assert [tuple(each) for each in name_operations(doc)] == [
        ("GET /b", "its operationId list", "GET /a has it too; the method is called get_b")
    ]


def test_names_that_are_the_same_in_capitals_are_told_apart() -> None:
    """What an operation is kept under is its name in capitals."""
    assert names(("get", "/a", "ß"), ("get", "/b", "ss")) == ["ß", "get_b"]
