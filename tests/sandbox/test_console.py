"""The control endpoints and the page, as HTTP has them."""

from __future__ import annotations

import asyncio
import html
import os
import re
import sys
from asyncio.subprocess import PIPE
from typing import TYPE_CHECKING

import httpx
import pytest
import yaml

from sdir_async.sandbox import Fault, Sandbox

from ..programs import needs
from .conftest import PERSON, TLS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from .conftest import Json

BASE = "/aps-additionalcompetence/additionalcompetence/v1"
PATH = f"{BASE}/additionalcompetence"
FAULTS = "/_sandbox/faults"


@pytest.fixture
async def desk(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key: the page and the control endpoints are no part of Sdir."""
    async with httpx.AsyncClient(base_url=sandbox.base_url, verify=TLS) as client:
        yield client


async def test_faults_are_set_listed_and_ended(sandbox: Sandbox, desk: httpx.AsyncClient) -> None:
    """As JSON, by any program."""
    set_ = await desk.post(FAULTS, json={"kind": "lost", "saves": True, "count": 2})
    assert set_.status_code == 201
    fault = set_.json()
    assert (fault["number"], fault["kind"], fault["count"], fault["met"]) == (1, "lost", 2, 0)
    assert list(sandbox.faults) == [Fault("lost", saves=True, count=2)]
    assert (await desk.get(FAULTS)).json() == {"seed": 0, "faults": [fault]}
    assert (await desk.delete(f"{FAULTS}/1")).status_code == 204
    assert (await desk.delete(f"{FAULTS}/1")).status_code == 404
    assert len(sandbox.faults) == 0


async def test_all_faults_end_with_a_new_seed(sandbox: Sandbox, desk: httpx.AsyncClient) -> None:
    """So that the next ones play another course."""
    for kind in ("502", "503"):
        await desk.post(FAULTS, json={"kind": kind})
    assert (await desk.delete(FAULTS, params={"seed": "7"})).status_code == 204
    assert (len(sandbox.faults), sandbox.faults.seed) == (0, 7)


@pytest.mark.parametrize(
    "body",
    [
        b'{"kind": "flood"}',
        b"{",
        b"[]",
        b'{"kind": "502", "x": 1}',
        b'{"kind": "502", "operation": "x"}',
    ],
)
async def test_what_is_no_fault_is_400(desk: httpx.AsyncClient, body: bytes) -> None:
    """And the answer says why in a line."""
    answer = await desk.post(FAULTS, content=body)
    assert answer.status_code == 400
    assert len(answer.text.splitlines()) == 1


async def test_requests_are_told_as_json(
    client: httpx.AsyncClient, desk: httpx.AsyncClient, record: Callable[..., Json]
) -> None:
    """Those of the control endpoints are not among them, nor is any key or person."""
    await client.post(f"{PATH}/batch", json=[record(), record()])
    await client.get(PATH, params={"personId": PERSON})
    answer = await desk.get("/_sandbox/requests")
    assert [(each["path"], each["status"], each["records"]) for each in answer.json()] == [
        (f"{PATH}/batch", 201, 2),
        (PATH, 200, None),
    ]
    await client.get(f"{PATH}/{PERSON}")
    assert PERSON not in (await desk.get("/_sandbox/requests")).text


async def test_the_page_shows_what_came_in_without_key_and_person(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
    desk: httpx.AsyncClient,
    record: Callable[..., Json],
) -> None:
    """Not even where the number stands in a path or a name."""
    await client.post(f"{PATH}/batch", json=[record(registratorName=PERSON)] * 12)
    await client.get(f"{PATH}/{PERSON}", params={"personId": PERSON})
    await client.get(PATH, headers={"Ocp-Apim-Subscription-Key": "wrong-key"})
    page = (await desk.get("/")).text
    assert f"POST {PATH}/batch" in page
    assert "&#34;competenceCode&#34;: &#34;BS0&#34;" in page
    for secret in (PERSON, sandbox.api_key, "wrong-key"):
        assert secret not in page


async def test_each_document_has_a_reference(sandbox: Sandbox, desk: httpx.AsyncClient) -> None:
    """Linked from the page; all operations and all values."""
    page = (await desk.get("/")).text
    for name in sandbox.served:
        link = f"/_sandbox/documents/{name}"
        assert f'href="{link}"' in page
        assert "Operations" in (await desk.get(link)).text
    reference = (await desk.get("/_sandbox/documents/course v1")).text
    assert "POST /courses/batch" in reference
    assert '<a href="#Course">Course</a>' in reference
    assert "<code>createCourses</code> would refuse" in reference
    assert (await desk.get("/_sandbox/documents/boats v1")).status_code == 404


async def test_what_a_document_says_is_text(toy: Json, folder: Callable[[Json], Path]) -> None:
    """Whoever wrote it: nothing of it becomes part of the page."""
    toy["info"] |= {"title": "<script>", "description": "<b>`<i>`"}
    toy["paths"]["/boats"]["get"]["summary"] = "<img>"
    async with Sandbox(folder(toy)) as sandbox, httpx.AsyncClient(verify=TLS) as client:
        for path in ("/", "/_sandbox/documents/marina v7"):
            page = (await client.get(sandbox.base_url + path)).text
            assert not {"<script>", "<b>", "<i>", "<img>"} & set(page.split())
            assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("what", "state"), [("sleep", "asleep"), ("wake", "awake"), ("clear", "awake"), ("", "awake")]
)
async def test_buttons_do_what_they_say(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
    desk: httpx.AsyncClient,
    record: Callable[..., Json],
    what: str,
    state: str,
) -> None:
    """And lead back to the page."""
    await client.post(PATH, json=record())
    answer = await desk.post("/_sandbox/switch", data={"do": what})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert f'<strong id="database">{state}</strong>' in (await desk.get("/")).text
    assert len(sandbox.records(PATH)) == (0 if what == "clear" else 1)


async def test_a_form_sets_a_fault(sandbox: Sandbox, desk: httpx.AsyncClient) -> None:
    """Fields that are left empty are as if they weren't there."""
    form = {"do": "add", "kind": "502", "saves": "yes", "probability": "0.5", "count": ""}
    await desk.post("/_sandbox/switch", data=form)
    assert list(sandbox.faults) == [Fault("502", saves=True, probability=0.5)]
    await desk.post("/_sandbox/switch", data={"do": "remove", "number": "1"})
    assert len(sandbox.faults) == 0
    answer = await desk.post("/_sandbox/switch", data=form | {"probability": "often"})
    assert answer.status_code == 400


@pytest.mark.parametrize("number", ["1", "", "x"])
async def test_a_fault_that_has_ended_can_be_ended_again(
    desk: httpx.AsyncClient, number: str
) -> None:
    """By the button of a page that is not new any more."""
    answer = await desk.post("/_sandbox/switch", data={"do": "remove", "number": number})
    assert answer.status_code == 303


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://example.com"}, {"Origin": "null"}, {"Host": "example.com"}],
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("POST", FAULTS), ("DELETE", FAULTS)])
async def test_pages_of_other_sites_are_kept_out(
    sandbox: Sandbox,
    desk: httpx.AsyncClient,
    method: str,
    path: str,
    headers: dict[str, str],
) -> None:
    """A page in the same browser could else switch faults, or read what was sent."""
    sandbox.faults.add(Fault("latency"))
    answer = await desk.request(method, path, headers=headers, json={"kind": "502"})
    assert answer.status_code == 403
    assert len(sandbox.faults) == 1


async def test_the_page_runs_its_own_script_only(desk: httpx.AsyncClient) -> None:
    """No script or style stands in a page, and nothing is from elsewhere: the browser knows."""
    for path in ("/", "/_sandbox/documents/course v1"):
        answer = await desk.get(path)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        assert re.findall(r"<script(?! src=\"/_sandbox/page.js\" defer>)", answer.text) == []
        assert re.findall(r"<style| style=| on\w+=", answer.text) == []
        assert re.findall(r"(?:src|href)=\"https?:", answer.text) == []
    for name, kind in (("page.js", "text/javascript"), ("page.css", "text/css")):
        answer = await desk.get(f"/_sandbox/{name}")
        assert answer.headers["content-type"].startswith(kind)
        assert "://" not in answer.text


async def test_a_request_can_be_opened_and_its_secrets_are_masked_until_asked_for(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
    desk: httpx.AsyncClient,
    record: Callable[..., Json],
) -> None:
    """Headers, body and answer are whole; keys, person numbers and names are starred out."""
    await client.post(f"{PATH}/batch", json=[record()], params={"personId": PERSON})
    masked = (await desk.get("/_sandbox/requests/1")).text
    for hidden in (PERSON, sandbox.api_key, "Nordmann", "Ola", "kari"):
        assert hidden not in masked
    assert "ocp-apim-subscription-key" in masked
    assert "Body of the answer" in masked
    assert "LA8PV" in masked
    shown = (await desk.get("/_sandbox/requests/1", params={"show": "yes"})).text
    for hidden in (PERSON, sandbox.api_key, "Nordmann"):
        assert hidden in shown
    assert (await desk.get("/_sandbox/requests/9")).status_code == 404


async def test_what_a_request_holds_is_text(
    client: httpx.AsyncClient, desk: httpx.AsyncClient
) -> None:
    """However hostile: nothing of it becomes part of a page, and no control character stays."""
    hostile = "<script>alert(1)</script>\"'><img onerror=x>\x1b[2J"
    headers = {"X-Name": "<b>'\"</b>"}
    await client.post(f"{PATH}/batch", content=hostile, params={"q": hostile}, headers=headers)
    await client.post(f"{PATH}/batch", json=[{hostile: hostile}])
    for path in ("/", "/_sandbox/requests/1", "/_sandbox/requests/2", "/?text=<script>"):
        for show in ("", "yes"):
            page = (await desk.get(path, params={"show": show} if show else None)).text
            assert not re.findall(r"<(?:script>|img|b>)", page)
            assert "\x1b" not in page


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 6),
        ({"status": "4xx"}, 2),
        ({"status": "5xx"}, 1),
        ({"status": "nonsense"}, 6),
        ({"only": "batches"}, 3),
        ({"only": "faults"}, 1),
        ({"api": "course v1"}, 1),
        ({"text": "LA8PV"}, 4),
        ({"text": "COURSES"}, 1),
        ({"text": "no such thing"}, 0),
        ({"before": "3"}, 2),
        ({"before": "x"}, 6),
    ],
)
async def test_requests_can_be_searched_and_filtered(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
    desk: httpx.AsyncClient,
    record: Callable[..., Json],
    query: dict[str, str],
    count: int,
) -> None:
    """By what they and their answers contain, status, document, faults and batches."""
    for _ in range(2):
        await client.post(f"{PATH}/batch", json=[record()])
    await client.post(f"{PATH}/batch", json=[record(), {}])
    await client.get("/aps-course-external/v1/courses")
    await client.get(f"{PATH}/{PERSON}")
    sandbox.faults.add(Fault("502", count=1))
    await client.post(PATH, json=record())
    page = (await desk.get("/", params=query)).text
    assert len(re.findall(r'<a href="/_sandbox/requests/\d+"', page)) == count


async def test_older_requests_are_a_page_away(
    client: httpx.AsyncClient, desk: httpx.AsyncClient
) -> None:
    """Each page ends where the next begins, also while more come in."""
    for _ in range(120):
        await client.get("/nowhere")
    found: list[int] = []
    path = "/"
    for _ in range(3):
        page = (await desk.get(path)).text
        found += map(int, re.findall(r'<a href="/_sandbox/requests/(\d+)"', page))
        older = re.search(r'<a href="([^"]+)">Older</a>', page)
        path = html.unescape(older[1]).partition("#")[0] if older else ""
        await client.get("/nowhere")
    assert found == list(range(120, 0, -1))
    assert path == ""


async def test_the_page_is_told_of_each_change(
    sandbox: Sandbox, client: httpx.AsyncClient, desk: httpx.AsyncClient
) -> None:
    """As server-sent events: a request, a fault and the database's sleep are changes."""
    async with desk.stream("GET", "/_sandbox/events") as events:
        assert events.headers["content-type"].startswith("text/event-stream")
        lines = events.aiter_lines()
        assert (await anext(lines)).startswith(":")
        for change in (
            client.get("/nowhere"),
            desk.post(FAULTS, json={"kind": "502"}),
            desk.post("/_sandbox/switch", data={"do": "sleep"}),
        ):
            await change
            while await anext(lines) != "data: changed":
                pass


async def test_the_sandbox_ends_while_a_page_is_open() -> None:
    """A stream of events ends with the sandbox, and does not keep it."""
    async with httpx.AsyncClient(verify=TLS) as http:
        async with Sandbox() as sandbox:
            opened = http.stream("GET", f"{sandbox.base_url}/_sandbox/events")
            events = await opened.__aenter__()
            lines = events.aiter_lines()
            await anext(lines)
        assert [line async for line in lines if line] == []
        await opened.__aexit__(None, None, None)


async def test_an_operation_can_be_tried(sandbox: Sandbox, desk: httpx.AsyncClient) -> None:
    """The form of an operation is filled with an example, and leads to the request that it sent."""
    page = (await desk.get("/_sandbox/documents/course v1")).text
    path = "/aps-course-external/v1/courses/batch"
    (form,) = [one for one in page.split("<form ") if f'value="{path}"' in one]
    body = html.unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", form, re.DOTALL)[1])  # type: ignore[index]
    told = {"method": "POST", "path": path, "body": body}
    answer = await desk.post("/_sandbox/try", data=told)
    assert answer.headers["location"] == "/_sandbox/requests/1"
    assert sandbox.requests[-1].status == 201
    (saved,) = sandbox.records("courses")
    told = {
        "method": "GET",
        "path": "/aps-course-external/v1/courses/{uid}",
        "in-path.uid": saved["uid"],
        "in-query.empty": "",
    }
    answer = await desk.post("/_sandbox/try", data=told)
    page = (await desk.get(answer.headers["location"])).text
    assert saved["uid"] in page
    sandbox.faults.add(Fault("lost"))
    answer = await desk.post("/_sandbox/try", data=told)
    assert "the connection ended" in (await desk.get(answer.headers["location"])).text


@pytest.mark.parametrize("path", ["//evil.example/x", "http://evil.example/", "", "@evil.example"])
async def test_nothing_is_tried_on_another_host(desk: httpx.AsyncClient, path: str) -> None:
    """The key goes to this sandbox only."""
    assert (await desk.post("/_sandbox/try", data={"path": path})).status_code == 400


async def test_documents_can_be_downloaded(sandbox: Sandbox, desk: httpx.AsyncClient) -> None:
    """As YAML and as JSON, with their overlays; both say the same."""
    link = "/_sandbox/documents/course v1/download"
    as_yaml, as_json = await desk.get(link), await desk.get(link, params={"format": "json"})
    assert yaml.safe_load(as_yaml.text) == as_json.json()
    assert as_json.json()["info"]["title"] == "Course"
    assert as_yaml.headers["content-disposition"] == 'attachment; filename="course-v1.yaml"'
    assert (await desk.get("/_sandbox/documents/x/download")).status_code == 404


@pytest.mark.parametrize("kind", [pytest.param("curl", marks=needs("curl")), "python"])
async def test_a_request_can_be_sent_again_by_its_snippet(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
    desk: httpx.AsyncClient,
    record: Callable[..., Json],
    kind: str,
) -> None:
    """With quotes, line breaks and dollars in its body; the key comes from the environment."""
    name = 'O\'Brien "x" $HOME `id`\n$(id) æ'
    await client.post(f"{PATH}/batch", json=[record(registratorName=name)])
    page = (await desk.get("/_sandbox/requests/1", params={"show": "yes"})).text
    snippet = html.unescape(re.search(rf'<pre id="{kind}"[^>]*>(.*?)</pre>', page, re.DOTALL)[1])  # type: ignore[index]
    assert sandbox.api_key not in snippet
    command = ["bash", "-c", snippet] if kind == "curl" else [sys.executable, "-c", snippet]
    environment = {**os.environ, "SDIR_API_KEY": sandbox.api_key}
    done = await asyncio.create_subprocess_exec(*command, env=environment, stdout=PIPE, stderr=PIPE)
    out, _ = await done.communicate()
    assert b"201" in out
    first, second = sandbox.records(PATH)
    assert first["registratorName"] == second["registratorName"] == name
