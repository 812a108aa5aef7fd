"""What the gateway answers by itself: the bodies are those of Azure API Management."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import httpx
import pytest

from sdir_async.sandbox import Fault, Faults, Sandbox

from ..virtual import passes
from .conftest import connect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Json

BASE = "/aps-additionalcompetence/additionalcompetence/v1"
MISSING = (
    '{ "statusCode": 401, "message": "Access denied due to missing subscription key. '
    'Make sure to include subscription key when making requests to an API." }'
)
INVALID = (
    '{ "statusCode": 401, "message": "Access denied due to invalid subscription key. '
    'Make sure to provide a valid key for an active subscription." }'
)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, MISSING),
        ({"Ocp-Apim-Subscription-Key": ""}, MISSING),
        ({"Ocp-Apim-Subscription-Key": "wrong"}, INVALID),
    ],
)
async def test_without_a_good_key_nobody_gets_in(
    sandbox: Sandbox, headers: dict[str, str], body: str
) -> None:
    """The answer tells which header it wants, and whether there was a key at all."""
    async with httpx.AsyncClient(base_url=sandbox.base_url) as client:
        answer = await client.get(f"{BASE}/codes", headers=headers)
    assert answer.status_code == 401
    assert answer.text == body
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["www-authenticate"] == (
        f'AzureApiManagementKey realm="{sandbox.base_url}{BASE}",'
        'name="Ocp-Apim-Subscription-Key",type="header"'
    )


async def test_the_key_is_checked_before_the_body(sandbox: Sandbox) -> None:
    """A bad body with a bad key is a bad key."""
    async with httpx.AsyncClient(base_url=sandbox.base_url) as client:
        answer = await client.post(f"{BASE}/additionalcompetence/batch", content=b"{")
    assert answer.status_code == 401


async def test_the_secondary_key_works_too() -> None:
    """So that one can be replaced while the other works."""
    async with Sandbox(keys=("first", "second")) as sandbox:
        assert sandbox.api_key == "first"
        async with connect(sandbox) as client:
            for key in ("first", "second"):
                headers = {"Ocp-Apim-Subscription-Key": key}
                assert (await client.get(f"{BASE}/codes", headers=headers)).status_code == 200


async def test_a_sandbox_makes_keys_of_its_own(sandbox: Sandbox) -> None:
    """Nothing works with a key that was known beforehand."""
    assert len(sandbox.api_key) == 32
    assert Sandbox().api_key != sandbox.api_key


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/aps-course-external/v1"),
        ("GET", "/nothing/here"),
        ("GET", f"{BASE}/additionalcompetence/"),
        ("DELETE", f"{BASE}/codes"),
        ("HEAD", f"{BASE}/codes"),
        ("OPTIONS", f"{BASE}/codes"),
        ("GET", f"{BASE.replace('v1', 'v99')}/codes"),
    ],
)
@pytest.mark.parametrize("key", ["good", "none"])
async def test_an_unknown_path_or_method_is_404(
    client: httpx.AsyncClient, method: str, path: str, key: str
) -> None:
    """The gateway looks for the operation before it looks at the key, and knows no 405."""
    if key == "none":
        del client.headers["Ocp-Apim-Subscription-Key"]
    answer = await client.request(method, path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"
    if method != "HEAD":
        assert answer.text == '{ "statusCode": 404, "message": "Resource not found" }'


@pytest.mark.parametrize("chunked", [True, False])
async def test_a_body_beyond_the_limit_is_413_without_a_body(chunked: bool) -> None:
    """And the connection is closed, whether the length was announced or not."""

    async def chunks(size: int):  # type: ignore[no-untyped-def]
        yield b" " * size

    async with Sandbox(body_limit=1000) as sandbox, connect(sandbox) as client:
        client.headers["Content-Type"] = "application/json"
        for size, status in ((1000, 400), (1001, 413), (5_000_000, 413)):
            content = chunks(size) if chunked else b" " * size
            answer = await client.post(f"{BASE}/additionalcompetence/batch", content=content)
            assert answer.status_code == status
        assert answer.content == b""
        assert answer.headers["connection"] == "close"


async def test_the_limit_is_thirty_million_bytes(client: httpx.AsyncClient) -> None:
    """As ASP.NET's server has it."""
    client.headers["Content-Type"] = "application/json"
    path = f"{BASE}/additionalcompetence/batch"
    assert (await client.post(path, content=b" " * 30_000_000)).status_code == 400
    assert (await client.post(path, content=b" " * 30_000_001)).status_code == 413


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ("Application/JSON", 201),
        ("text/plain", 415),
        ("application/json-patch", 415),
        ("", 415),
    ],
)
async def test_another_content_type_is_415(
    client: httpx.AsyncClient, record: Callable[..., Json], content_type: str, status: int
) -> None:
    """The types are the document's."""
    content = httpx.Request("POST", "http://x", json=record()).content
    headers = {"Content-Type": content_type} if content_type else {}
    answer = await client.post(f"{BASE}/additionalcompetence", content=content, headers=headers)
    assert answer.status_code == status
    if status == 415:
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.json()["title"] == "Unsupported Media Type"


CODES = f"{BASE}/codes"


async def test_one_call_too_many_is_429() -> None:
    """The header says how long to wait; both keys count together, bad ones don't."""
    sandbox = Sandbox(rate="2/60s", keys=("first", "second"))
    async with sandbox, connect(sandbox) as client:
        for key, status in (("bad", 401), ("bad", 401), ("first", 200), ("second", 200)):
            headers = {"Ocp-Apim-Subscription-Key": key}
            assert (await client.get(CODES, headers=headers)).status_code == status
        answer = await client.get(CODES)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "60"
    assert answer.text == (
        '{ "statusCode": 429, "message": "Rate limit is exceeded. Try again in 60 seconds." }'
    )


async def test_a_refused_body_is_read_all_the_same() -> None:
    """So that the client reads the answer, and not a reset."""
    async with Sandbox(rate="1/60s") as sandbox, connect(sandbox) as client:
        for status in (415, 429, 429):
            answer = await client.post(f"{BASE}/additionalcompetence", content=b" " * 5_000_000)
            assert answer.status_code == status


async def test_a_used_up_quota_is_403() -> None:
    """With the time until it is filled again, for people and for programs."""
    async with Sandbox(quota="1/3d") as sandbox, connect(sandbox) as client:
        assert (await client.get(CODES)).status_code == 200
        answer = await client.get(CODES)
    assert answer.status_code == 403
    assert answer.headers["retry-after"] == "259200"
    assert answer.text == (
        '{ "statusCode": 403, "message": '
        '"Out of call volume quota. Quota will be replenished in 3.00:00:00." }'
    )


async def test_a_gateway_gives_up_while_the_api_goes_on(
    record: Callable[..., Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    """500 with an id for support, and the records turn up afterwards."""
    faults = Faults(Fault("latency", seconds=3600, operation="createAdditionalCompetences"))
    async with Sandbox(gateway_timeout=0.01, faults=faults) as sandbox, connect(sandbox) as client:
        answer = await client.post(f"{BASE}/additionalcompetence/batch", json=[record()])
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/json"
        head = '{ "statusCode": 500, "message": "Internal server error", "activityId": '
        assert re.fullmatch(re.escape(head) + '"[0-9a-f-]{36}" }', answer.text)
        assert sandbox.records(f"{BASE}/additionalcompetence") == []
        passes(3600, monkeypatch)
        async with asyncio.timeout(60):
            while not sandbox.records(f"{BASE}/additionalcompetence"):
                await asyncio.sleep(0.001)


async def test_failures_of_an_api_open_its_circuit() -> None:
    """503 with `Retry-After`, without asking the API; the other APIs are not concerned."""
    faults = Faults(Fault("api-500", count=2))
    async with Sandbox(circuit="2/60s", faults=faults) as sandbox, connect(sandbox) as client:
        answers = [await client.get(CODES) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [500, 500, 503, 503]
        assert answers[-1].headers["retry-after"] == "60"
        assert (await client.get("/aps-course-external/v1/codes")).status_code == 200


async def test_a_sleeping_database_fails_until_it_is_awake(record: Callable[..., Json]) -> None:
    """With the words of the SQL client; nothing is saved, and a bad request is still just bad."""
    async with Sandbox() as sandbox, connect(sandbox) as client:
        sandbox.sleep()
        for _ in range(2):
            answer = await client.post(f"{BASE}/additionalcompetence", json=record())
            assert answer.status_code == 500
            assert answer.headers["content-type"].startswith("application/problem+json")
            assert "40613" in answer.json()["detail"]
            assert "is not currently available" in answer.json()["detail"]
        bad = await client.post(f"{BASE}/additionalcompetence", json={})
        assert bad.status_code == 400
        sandbox.wake()
        assert (await client.post(f"{BASE}/additionalcompetence", json=record())).status_code == 201
        assert len(sandbox.records(f"{BASE}/additionalcompetence")) == 1


async def test_it_sleeps_by_itself_when_it_is_idle() -> None:
    """And wakes by the call that failed."""
    async with Sandbox(sleep_after=0, wake=0) as sandbox, connect(sandbox) as client:
        assert (await client.get(CODES)).status_code == 500


@pytest.mark.parametrize(
    ("info", "operation", "headers"),
    [
        ({}, {}, (None, None)),
        ({}, {"deprecated": True}, ("true", None)),
        ({"x-sdir-deprecated": True}, {}, ("true", None)),
        (
            {"x-sdir-deprecated": "2026-01-01", "x-sdir-sunset": "2027-01-01"},
            {},
            ("@1767225600", "Fri, 01 Jan 2027 00:00:00 GMT"),
        ),
        (
            {"x-sdir-sunset": "2027-01-01"},
            {"x-sdir-sunset": "2026-06-30T12:00:00+02:00"},
            ("true", "Tue, 30 Jun 2026 10:00:00 GMT"),
        ),
    ],
)
async def test_the_end_of_a_version_is_announced(
    toy: Json,
    folder: Callable[[Json], Path],
    info: Json,
    operation: Json,
    headers: tuple[str | None, str | None],
) -> None:
    """In the headers of every answer, once its document or an operation says so."""
    toy["info"] |= info
    toy["paths"]["/boats"]["get"] |= operation
    async with Sandbox(folder(toy)) as sandbox, connect(sandbox) as client:
        for key in (sandbox.api_key, "wrong"):
            answer = await client.get(
                "/marina/v7/boats", headers={"Ocp-Apim-Subscription-Key": key}
            )
            told = (answer.headers.get("deprecation"), answer.headers.get("sunset"))
            assert told == headers


def test_a_date_that_is_none_is_refused(toy: Json, folder: Callable[[Json], Path]) -> None:
    """When the document is read."""
    toy["info"]["x-sdir-sunset"] = "soon"
    with pytest.raises(ValueError, match=r"'marina v7' can't be served"):
        Sandbox(folder(toy))
