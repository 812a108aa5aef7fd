"""The control endpoints and the page, as HTTP has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from sdir_async.sandbox import Fault, Sandbox

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


async def test_the_page_runs_nothing(desk: httpx.AsyncClient) -> None:
    """No script, nothing from elsewhere: the browser is told so."""
    answer = await desk.get("/", params={"refresh": "5"})
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "<script" not in answer.text
    assert '<meta http-equiv="refresh" content="5">' in answer.text
    assert "http-equiv" not in (await desk.get("/", params={"refresh": "0;url=x"})).text
