"""What a call sends: paths, queries and headers from its arguments."""

from __future__ import annotations

import datetime
import enum
from typing import Any
from uuid import UUID

import pytest

from sdir_async import UNSET, __version__
from sdir_async.base import nothing, url_of
from sdir_async.document import Operation

from .scripted import KEY, OK, Script, sdir_over
from .virtual import run

ONE = Operation("getThing", "GET", "/things/{uid}/parts/{part}", "read")
MANY = Operation("listThings", "GET", "/things", "read")


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


@pytest.mark.parametrize("value", ["", ".", "..", "...", None, UNSET], ids=repr)
def test_a_path_value_that_would_change_the_path_is_refused(value: Any) -> None:
    """`GET /things/` is another operation than `GET /things/{uid}`, and `..` leaves the API."""
    with pytest.raises(ValueError, match="getThing: part must not be empty or consist of dots"):
        url_of("https://host/v1", ONE, {"uid": "1", "part": value})


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("a b", "a%20b"),
        ("a/b", "a%2Fb"),
        ("../x", "..%2Fx"),
        ("ø", "%C3%B8"),
        ("a?b#c", "a%3Fb%23c"),
        ("{part}", "%7Bpart%7D"),
        ("%2e", "%252e"),
        (UUID("e21a0166-909a-4c7d-9f7e-4cb89404c4f7"), "e21a0166-909a-4c7d-9f7e-4cb89404c4f7"),
        (7, "7"),
        (Colour.RED, "red"),
        (datetime.date(2020, 5, 1), "2020-05-01"),
    ],
    ids=repr,
)
def test_a_path_value_stays_within_its_place(value: object, written: str) -> None:
    """Whatever it holds, it is one segment of the path."""
    url = url_of("https://host/v1", ONE, {"uid": value, "part": "p"})
    assert url == f"https://host/v1/things/{written}/parts/p"


def test_a_strange_path_value_reaches_the_wire_as_it_is() -> None:
    """Nothing on the way normalises it."""
    script = Script(OK)
    course = sdir_over(script).course.v1
    run(course._call(ONE, nothing, path={"uid": "../a/b", "part": "?"}))
    assert script.requests[0].url.raw_path.endswith(b"/things/..%2Fa%2Fb/parts/%3F")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (1.5, "1.5"),
        ("", ""),
        ("a b&c", "a b&c"),
        (Colour.RED, "red"),
        (Level.HIGH, "3"),
        (datetime.date(2020, 5, 1), "2020-05-01"),
        (
            datetime.datetime(2025, 3, 24, 18, 32, 25, tzinfo=datetime.UTC),
            "2025-03-24T18:32:25+00:00",
        ),
    ],
    ids=repr,
)
def test_a_query_value_is_written_as_the_apis_read_it(value: object, written: str) -> None:
    """Not as Python would print it."""
    assert _query(value).multi_items() == [("filter", written)]


@pytest.mark.parametrize("value", [None, UNSET, []], ids=repr)
def test_a_query_value_that_was_not_given_is_left_out(value: object) -> None:
    """There is no way to send null in a query."""
    assert _query(value).multi_items() == []


def test_a_list_in_a_query_is_a_repeated_parameter() -> None:
    """Each of its values is written as it would be alone."""
    assert _query([True, Colour.RED, 3]).get_list("filter") == ["true", "red", "3"]


def _query(value: object) -> Any:
    script = Script(OK)
    run(sdir_over(script).course.v1._call(MANY, nothing, params={"filter": value}))
    return script.requests[0].url.params


@pytest.mark.parametrize("kind", ["read", "create"])
def test_every_request_has_the_same_headers(kind: str) -> None:
    """A GET too: Sdir asks for the content type on each."""
    script = Script(OK)
    course = sdir_over(script).course.v1
    run(course.list_codes() if kind == "read" else course.create_courses([]))
    headers = script.requests[0].headers
    assert headers["Ocp-Apim-Subscription-Key"] == KEY
    assert headers["Content-Type"] == "application/json"
    assert headers["Accept"] == "application/json"
    assert headers["User-Agent"] == f"sdir-async/{__version__}"


def test_a_header_parameter_goes_beside_ours_and_never_in_place_of_the_key() -> None:
    """A document may declare the key as a parameter too."""
    script = Script(OK)
    given = {"x-trace": True, "ocp-apim-Subscription-Key": "other", "X-None": None}
    run(sdir_over(script).course.v1._call(MANY, nothing, headers=given))
    headers = script.requests[0].headers
    assert headers["X-Trace"] == "true"
    assert headers.get_list("Ocp-Apim-Subscription-Key") == [KEY]
    assert "X-None" not in headers


@pytest.mark.parametrize("value", ["a\nb: c", "å", "\0", " a", "a ", " "], ids=ascii)
def test_a_header_that_can_not_be_sent_is_refused_here(value: str) -> None:
    """Nothing was sent; a create is not in doubt for it."""
    script = Script(OK)
    with pytest.raises(ValueError, match="X-Trace must be printable ASCII"):
        run(sdir_over(script).course.v1._call(MANY, nothing, headers={"X-Trace": value}))
    assert script.requests == []


def test_a_request_without_a_body_has_none() -> None:
    """And one with an empty list has that."""
    script = Script(OK)
    run(sdir_over(script).course.v1.list_codes())
    run(sdir_over(script).course.v1.create_courses([]))
    assert [request.content for request in script.requests] == [b"", b"[]"]
    assert "Content-Length" not in script.requests[0].headers
