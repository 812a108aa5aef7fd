"""How values become parameters, by the style that a document gives them."""

from __future__ import annotations

import datetime
import enum
import uuid
from typing import Any

import pytest

from sdir_async import ConfigurationError
from sdir_async.parameters import as_json, in_path, joined, spread, text
from sdir_async.types import UNSET

POINT = {"x": 1, "y": 2}


class Colour(enum.Enum):
    """An enum as it is generated."""

    RED = "red"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, "true"),
        (1.5, "1.5"),
        (None, "null"),
        (Colour.RED, "red"),
        (datetime.datetime(2024, 5, 31, tzinfo=datetime.UTC), "2024-05-31T00:00:00+00:00"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_one_value_is_text(value: object, written: str) -> None:
    """As JSON has it, without quotes."""
    assert text(value) == written


@pytest.mark.parametrize("value", [POINT, [1], {}])
def test_an_object_or_a_list_is_no_text(value: object) -> None:
    """Python's own repr of it must never go out."""
    with pytest.raises(ConfigurationError, match="can't be written as one text"):
        text(value)


def test_a_list_is_joined_and_an_empty_one_is_not_sent() -> None:
    """An empty text would be a list of one empty text."""
    assert joined([1, True], "|") == "1|true"
    assert joined([]) is UNSET
    assert joined(UNSET) is UNSET


@pytest.mark.parametrize(
    ("style", "explode", "found"),
    [
        ("form", True, {"x": "1", "y": "2"}),
        ("form", False, {"at": "x,1,y,2"}),
        ("pipeDelimited", False, {"at": "x|1|y|2"}),
        ("spaceDelimited", False, {"at": "x 1 y 2"}),
        ("deepObject", True, {"at[x]": "1", "at[y]": "2"}),
    ],
)
def test_an_object_in_a_query(style: str, explode: bool, found: dict[str, Any]) -> None:
    """The table of OpenAPI, for an object."""
    assert spread("at", POINT, style, explode=explode) == found


def test_what_is_no_object_goes_under_its_own_name() -> None:
    """A parameter of any kind may be given one value, a list, or nothing."""
    assert spread("at", 3) == {"at": 3}
    assert spread("at", [1, 2]) == {"at": [1, 2]}
    assert spread("at", [1, 2], explode=False) == {"at": "1,2"}
    assert spread("at", UNSET, "deepObject") == {"at": UNSET}
    assert spread("at", {"a": {"b": [1, 2]}}, "deepObject") == {"at[a][b]": ["1", "2"]}


@pytest.mark.parametrize(
    ("style", "explode", "one", "many", "both"),
    [
        ("simple", False, "a", "a,b", "x,1,y,2"),
        ("simple", True, "a", "a,b", "x=1,y=2"),
        ("label", False, ".a", ".a,b", ".x,1,y,2"),
        ("label", True, ".a", ".a.b", ".x=1.y=2"),
        ("matrix", False, ";p=a", ";p=a,b", ";p=x,1,y,2"),
        ("matrix", True, ";p=a", ";p=a;p=b", ";x=1;y=2"),
    ],
)
def test_values_in_a_path(style: str, explode: bool, one: str, many: str, both: str) -> None:
    """The table of OpenAPI, for a value, a list and an object."""
    found = [in_path("p", value, style, explode=explode) for value in ("a", ["a", "b"], POINT)]
    assert found == [one, many, both]


def test_what_would_change_the_path_is_encoded_or_refused() -> None:
    """A slash stays one only where the document has a place for the rest of a path."""
    assert in_path("p", "a/b;c") == "a%2Fb%3Bc"
    assert in_path("p", "a/b;c", wide=True) == "a/b%3Bc"
    for value, wide in (("", False), ("..", False), ("a/../b", True), ("a//b", True), ([], False)):
        with pytest.raises(ConfigurationError, match="p must not be empty or consist of dots"):
            in_path("p", value, wide=wide)


def test_a_parameter_that_is_json_is_written_as_json() -> None:
    """Where the document describes it by its content."""
    assert as_json({"a": [1]}) == '{"a":[1]}'
    assert as_json(UNSET) is UNSET
