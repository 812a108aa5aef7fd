"""Iterators over lists with pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from sdir_async import ConfigurationError, PageRepeated, RawResponse, RetryPolicy, ServerError
from sdir_async.pages import every
from sdir_async.types import UNSET

from .scripted import PERSON, SWIFT, Script, answer, sdir_over
from .virtual import run


def course(number: int) -> dict[str, Any]:
    return {
        "uid": f"00000000-0000-4000-8000-{number:012}",
        "personalIdentityNumber": PERSON,
        "completedAt": "2025-03-24T18:32:25+00:00",
        "organizationNumber": "991825827",
        "courseCode": "HSCLC",
    }


def server(count: int) -> Any:
    """A line: a list of this many courses, cut as it is asked."""

    def say(request: httpx.Request) -> httpx.Response:
        size, page = int(request.url.params["pageSize"]), int(request.url.params["page"])
        numbers = range(count)[(page - 1) * size : page * size]
        return httpx.Response(200, json=[course(number) for number in numbers])

    return say


async def taken(records: AsyncIterator[Any], most: int | None = None) -> list[str]:
    found: list[str] = []
    async for record in records:
        found.append(str(record.uid))
        if len(found) == most:
            break
    return found


def asked(script: Script) -> list[tuple[str, str]]:
    """Return the page and the size of each request."""
    queries = [request.url.params for request in script.requests]
    return [(query["page"], query["pageSize"]) for query in queries]


@pytest.mark.parametrize(
    ("count", "pages"), [(0, 1), (1, 1), (499, 1), (500, 2), (501, 2), (1500, 4)]
)
def test_every_record_comes_once_in_order(count: int, pages: int) -> None:
    """A page with fewer records than were asked for is the last; an exact fit needs one more."""
    script = Script(server(count))
    found = run(taken(sdir_over(script).course.v1.iter_courses(person_id=PERSON)))
    assert found == [course(number)["uid"] for number in range(count)]
    assert asked(script) == [(str(page), "500") for page in range(1, pages + 1)]
    assert {request.url.params["personId"] for request in script.requests} == {PERSON}


def test_a_page_is_asked_for_when_it_is_needed() -> None:
    """Nothing before the first record is wanted, and nothing after the last one that was."""
    script = Script(server(100))
    records = sdir_over(script).course.v1.iter_courses(page_size=10)
    assert script.requests == []
    assert len(run(taken(records, most=10))) == 10
    assert asked(script) == [("1", "10")]
    assert len(run(taken(sdir_over(script).course.v1.iter_courses(page_size=10), most=11))) == 11
    assert asked(script) == [("1", "10"), ("1", "10"), ("2", "10")]


@pytest.mark.parametrize("pages", ["111", "1212", "12123"])
def test_a_server_that_repeats_its_pages_ends_with_an_error(pages: str) -> None:
    """It does not know pages, or goes in circles. No record is handed out twice."""
    script = Script(*(answer(200, [course(int(page)), course(int(page) + 5)]) for page in pages))
    found: list[str] = []

    async def main() -> None:
        async for record in sdir_over(script).course.v1.iter_courses(page_size=2):
            found.append(str(record.uid)[-1])  # noqa: PERF401

    with pytest.raises(PageRepeated, match="the same as an earlier one"):
        run(main())
    assert "".join(found) == {"111": "16", "1212": "1627", "12123": "1627"}[pages]
    assert len(script.requests) == {"111": 3, "1212": 4, "12123": 4}[pages]


def test_a_list_may_shift_by_a_page_while_it_is_read() -> None:
    """Somebody saved as many records as a page holds: the same page comes once more."""
    script = Script(
        *(answer(200, [course(int(n)) for n in page]) for page in ("12", "12", "34", "5"))
    )
    found = run(taken(sdir_over(script).course.v1.iter_courses(page_size=2)))
    assert [uid[-1] for uid in found] == ["1", "2", "3", "4", "5"]


def test_without_a_size_only_an_empty_page_ends_it() -> None:
    """A server may make smaller pages than it is asked for, where the document says so."""
    pages = {1: [1, 2, 3], 2: [4], 3: [5, 6], 4: []}
    numbers: list[int] = []

    class Page:
        def __init__(self, number: int) -> None:
            numbers.append(number)
            self.value, self.content = pages[number], str(pages[number]).encode()

    async def ask(number: int) -> RawResponse[list[int]]:
        return Page(number)  # type: ignore[return-value]

    async def main() -> list[int]:
        return [record async for record in every(ask, UNSET)]

    assert run(main()) == [1, 2, 3, 4, 5, 6]
    assert numbers == [1, 2, 3, 4]


def test_each_page_is_a_call_like_any_other() -> None:
    """It is repeated where that helps, and ends with the same errors."""
    script = Script(answer(502), server(3))
    records = sdir_over(script, retry=SWIFT).course.v1.iter_courses()
    assert len(run(taken(records))) == 3
    failing = sdir_over(Script(answer(502))).course.v1
    with pytest.raises(ServerError):
        run(taken(failing.iter_courses(retry=RetryPolicy(attempts=1))))
    with pytest.raises(ConfigurationError, match="Accept is set by"):
        run(taken(failing.iter_courses(headers={"Accept": "text/html"})))


def test_headers_go_along_with_each_page() -> None:
    """As with any call."""
    script = Script(server(3))
    records = sdir_over(script).course.v1.iter_courses(page_size=2, headers={"X-Trace": "a"})
    run(taken(records))
    assert [request.headers["x-trace"] for request in script.requests] == ["a", "a"]
