"""What the gateway answers by itself: the bodies are those of Azure API Management."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from sdir_async.sandbox import Sandbox

from .conftest import connect

if TYPE_CHECKING:
    from collections.abc import Callable

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
        ("GET", "/"),
        ("GET", "/nothing/here"),
        ("GET", f"{BASE}/additionalcompetence/"),
        ("DELETE", f"{BASE}/codes"),
        ("HEAD", f"{BASE}/codes"),
        ("OPTIONS", f"{BASE}/codes"),
        ("GET", f"{BASE.replace('v1', 'v3')}/codes"),
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
