"""`Sdir.request`: a call that no document has yet."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import pytest

from sdir_async import ConfigurationError, NotFound, Sdir, ServerError, UnknownOutcome
from sdir_async.api.course.v1 import Course

from .scripted import KEY, OK, PERSON, SWIFT, Script, answer, sdir_over
from .virtual import run

BASE = "https://sdir-t-apim-common.azure-api.net/aps-course-external/v1"
COURSE = {
    "personalIdentityNumber": PERSON,
    "completedAt": "2025-03-24T18:32:25+00:00",
    "organizationNumber": "991825827",
    "courseCode": "HSCLC",
}


def test_it_goes_where_the_version_is_with_all_that_a_call_has() -> None:
    """Key, place, query and body; the answer is a raw one."""
    script = Script(answer(200, {"a": [1]}, x_ms_request_id="abc"))
    raw = run(
        sdir_over(script).request(
            "post",
            "/new/{id}/thing",
            api="course",
            version="v1",
            path_params={"id": "a/b"},
            params={"on": True, "many": [1, 2], "none": None},
            body=[Course.from_dict(COURSE), {"b": None}],
            headers={"X-Trace": "a"},
        )
    )
    sent = script.requests[0]
    assert str(sent.url) == f"{BASE}/new/a%2Fb/thing?on=true&many=1&many=2"
    assert (sent.method, script.keys) == ("POST", [KEY])
    assert script.bodies[0].endswith(b',{"b":null}]')
    assert (sent.headers["content-type"], sent.headers["x-trace"]) == ("application/json", "a")
    assert (raw.value, raw.request_id) == ({"a": [1]}, "abc")


def test_a_version_is_the_selected_one_where_none_is_named() -> None:
    """The pinned one, else the newest."""
    script = Script(OK)
    run(sdir_over(script).request("GET", "/x", api="additional_competence"))
    pinned = sdir_over(script, versions={"additional_competence": "v1"})
    run(pinned.request("GET", "/x", api="additional_competence"))
    assert [request.url.path.split("/")[-2] for request in script.requests] == ["v2", "v1"]


def test_it_is_repeated_and_fails_like_any_call() -> None:
    """What may be sent twice is; a create whose answer is lost is not."""
    script = Script(answer(502), OK)
    run(sdir_over(script, retry=SWIFT).request("GET", "/x", api="course"))
    assert len(script.requests) == 2
    with pytest.raises(NotFound):
        run(sdir_over(Script(answer(404))).request("GET", "/x", api="course"))
    failing = sdir_over(Script(answer(502)), retry=SWIFT)
    cases: list[tuple[str, Any, type[Exception]]] = [
        ("POST", None, UnknownOutcome),
        ("PATCH", None, UnknownOutcome),
        ("POST", "read", ServerError),
        ("DELETE", None, ServerError),
        ("DELETE", "create", UnknownOutcome),
    ]

    async def main() -> None:
        for method, effect, error in cases:
            with pytest.raises(error):
                await failing.request(method, "/x", api="course", effect=effect)

    run(main())


async def test_its_token_has_the_scopes_of_the_version() -> None:
    """Those of the document, which names none for an operation that it does not have."""
    asked: list[Any] = []

    def token(scopes: Any) -> str:
        asked.append(scopes)
        return "token"

    script = Script(OK)
    await sdir_over(script, token=token).request("GET", "/x", api="course", version="v1")
    assert asked == [("sdir:seafarer.course.write",)]
    assert script.requests[0].headers["authorization"] == "Bearer token"


@pytest.mark.parametrize(
    "path",
    [
        *("https://elsewhere.example/x", "//elsewhere.example/x", "x", "", "/\\elsewhere", 1),
        *("/../admin", "/a/../b", "/a/%2e%2e/b", "/./a", "/x?subscription-key=1", "/x#y"),
        *("/a b", "/a\nb", "/a\x00b"),
    ],
    ids=repr,
)
def test_it_goes_to_no_other_host_and_no_folder_above(path: Any) -> None:
    """A key goes along: nothing about the place is guessed."""
    script = Script(OK)
    with pytest.raises(ConfigurationError, match=r"^request: "):
        run(sdir_over(script).request("GET", path, api="course"))
    assert script.requests == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"api": "boats"}, "API 'boats' was not found. Give one of additional_competence"),
        ({"version": "v9"}, "course has no version 'v9'; it has v1"),
        ({"method": "TRACE"}, "method must be one of 'GET', 'POST', 'PUT', 'PATCH', 'DELETE'"),
        ({"effect": "destroy"}, "effect must be one of 'read'"),
        ({"path": "/{a}/{b}", "path_params": {"a": 1}}, "path_params must name each"),
        ({"path": "/{a}", "path_params": {"a": ".."}}, "must not be empty or consist of dots"),
        ({"path_params": {"a": 1}}, "path_params must name each"),
        ({"path": "/{a", "path_params": {}}, "path_params must name each"),
        ({"headers": {"Authorization": "x"}}, "Authorization is set by"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, Any], words: str) -> None:
    """Before anything is sent."""
    script = Script(OK)
    with pytest.raises(ConfigurationError, match=words):
        run(sdir_over(script).request(**{"method": "GET", "path": "/x", "api": "course", **given}))
    assert script.requests == []


def test_it_shows_no_identifier_of_a_place() -> None:
    """Nor does any other call: an error names the URL with a person number starred out."""
    with pytest.raises(NotFound) as caught:
        run(
            sdir_over(Script(answer(404))).request(
                "GET", "/persons/{id}", api="course", path_params={"id": PERSON}
            )
        )
    assert PERSON not in str(caught.value)


async def test_it_passes_four_frames_of_ours() -> None:
    """As a generated method does."""
    import sdir_async

    package = str(Path(sdir_async.__file__).parent)
    names: list[str] = []

    class Watching:
        async def send(self, request: Any) -> Any:
            from sdir_async.wire import Answer

            stack = traceback.extract_stack()[:-1]
            names.extend(frame.name for frame in stack if package in frame.filename)
            return Answer(200, {}, b"[]")

        async def aclose(self) -> None: ...

    async with Sdir(KEY) as sdir:
        sdir._session._transport = Watching()
        await sdir.request("GET", "/x", api="course")
    assert len(names) == 4
