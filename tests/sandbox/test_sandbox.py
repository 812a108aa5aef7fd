from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import warnings
from typing import TYPE_CHECKING

import httpx
import pytest

from sdir_async.sandbox import Sandbox, SeenRequest

from .conftest import PERSON, connect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx

    from .conftest import Json

BASE = "/aps-additionalcompetence/additionalcompetence/v1"
PATH = f"{BASE}/additionalcompetence"


async def test_it_is_there_as_soon_as_it_is_entered() -> None:
    """On a free port of this machine alone."""
    async with Sandbox() as sandbox:
        assert sandbox.base_url.startswith("http://127.0.0.1:")
        async with connect(sandbox) as client:
            assert (await client.get(f"{BASE}/codes")).status_code == 200


async def test_several_run_side_by_side(record: Callable[..., Json]) -> None:
    """Each with its own port, keys and records."""
    async with Sandbox() as one, Sandbox() as other, connect(one) as client:
        assert one.base_url != other.base_url
        await client.post(PATH, json=record())
        assert len(one.records(PATH)) == 1
        assert other.records(PATH) == []


async def test_a_second_start_serves_again() -> None:
    """The same object can be entered once more; memory does not outlive the first time."""
    sandbox = Sandbox()
    for _ in range(2):
        async with sandbox, connect(sandbox) as client:
            assert (await client.get(PATH)).json() == []
            await client.get(f"{BASE}/codes")


async def test_it_leaves_nothing_behind() -> None:
    """No task, no socket, no warning, and the signal handlers that were there before."""
    before = asyncio.all_tasks()
    handler = signal.getsignal(signal.SIGINT)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        async with Sandbox() as sandbox:
            assert signal.getsignal(signal.SIGINT) is handler
            async with connect(sandbox) as client:
                await client.get(f"{BASE}/codes")
            port = int(sandbox.base_url.rpartition(":")[2])
        gc.collect()
    assert asyncio.all_tasks() == before
    with socket.socket() as again:
        again.bind(("127.0.0.1", port))


async def test_it_ends_while_a_client_keeps_its_connection() -> None:
    """A pool of idle connections doesn't hold it up."""
    async with asyncio.timeout(60):
        sandbox = Sandbox()
        await sandbox.__aenter__()
        async with connect(sandbox) as client:
            await client.get(f"{BASE}/codes")
            await sandbox.__aexit__(None, None, None)
            with pytest.raises(httpx.TransportError):
                await client.get(f"{BASE}/codes")


async def test_it_ends_when_its_block_fails() -> None:
    """The error comes through, and the port is free."""
    sandbox = Sandbox()
    with pytest.raises(ZeroDivisionError):
        async with sandbox:
            raise ZeroDivisionError
    with socket.socket() as again:
        again.bind(("127.0.0.1", int(sandbox.base_url.rpartition(":")[2])))


async def test_a_port_that_is_taken_is_an_error() -> None:
    """The caller's to see, and nothing is left open."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with pytest.raises(OSError, match="in use"):
            async with Sandbox(port=taken.getsockname()[1]):
                pass
        gc.collect()


def test_before_it_runs_it_has_no_url_and_no_records() -> None:
    """The message says how to run it."""
    sandbox = Sandbox()
    with pytest.raises(RuntimeError, match="async with Sandbox"):
        _ = sandbox.base_url
    with pytest.raises(RuntimeError, match="async with Sandbox"):
        sandbox.records(PATH)


async def test_requests_are_remembered_without_query_and_key(
    sandbox: Sandbox, client: httpx.AsyncClient, record: Callable[..., Json]
) -> None:
    """Method, path and status, oldest first."""
    await client.post(PATH, json=record())
    await client.get(PATH, params={"personId": PERSON})
    await client.get("/nothing")
    assert sandbox.requests == [
        SeenRequest("POST", PATH, 201),
        SeenRequest("GET", PATH, 200),
        SeenRequest("GET", "/nothing", 404),
    ]
    assert PERSON not in repr(sandbox.requests)


@pytest.mark.parametrize(
    "path", [PATH, f"{PATH}/batch", PATH.strip("/"), "v1/additionalcompetence", f"{PATH}/{{uid}}"]
)
async def test_records_are_asked_for_by_any_path_that_leads_to_them(
    sandbox: Sandbox, client: httpx.AsyncClient, record: Callable[..., Json], path: str
) -> None:
    """Of any operation on them, whole or its end."""
    saved = await client.post(PATH, json=record())
    assert sandbox.records(path) == [saved.json()]


@pytest.mark.parametrize("path", ["nothing", "codes"])
async def test_a_path_that_leads_nowhere_is_an_error(sandbox: Sandbox, path: str) -> None:
    """The message lists the collections that there are."""
    with pytest.raises(LookupError, match=f"'{path}' matches no collection.*{PATH}"):
        sandbox.records(path)


async def test_a_path_that_leads_to_several_is_an_error(sandbox: Sandbox) -> None:
    """The message has those that may be meant and no others, whole, to be copied."""
    with pytest.raises(LookupError) as caught:
        sandbox.records("additionalcompetence")
    assert f"it matches {PATH} and {PATH.replace('v1', 'v2')}" in str(caught.value)
    assert "course" not in str(caught.value)


async def test_clearing_forgets_records_and_requests(
    sandbox: Sandbox, client: httpx.AsyncClient, record: Callable[..., Json]
) -> None:
    """Between two tests, say."""
    await client.post(PATH, json=record())
    sandbox.clear()
    assert sandbox.records(PATH) == []
    assert sandbox.requests == []
    assert (await client.get(PATH)).json() == []


async def test_a_store_outlives_the_sandbox(tmp_path: Path, record: Callable[..., Json]) -> None:
    """On disk, until someone removes it."""
    store = tmp_path / "records.db"
    async with Sandbox(store=store) as first, connect(first) as client:
        saved = (await client.post(PATH, json=record())).json()
    async with Sandbox(store=store) as second:
        assert second.records(PATH) == [saved]


async def test_everything_it_serves_has_a_url(sandbox: Sandbox) -> None:
    """By the name of the document: API and version."""
    assert sandbox.served["additional_competence v1"] == sandbox.base_url + BASE
    assert set(sandbox.served) >= {"additional_competence v2", "course v1", "seagoing v1"}


async def test_logs_hold_no_key_and_no_person(
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    record: Callable[..., Json],
) -> None:
    """At any level, for any kind of answer: ours and those of the libraries we run on."""
    caplog.set_level(logging.DEBUG)
    for ours in ("httpx", "httpcore"):  # the client of this test
        monkeypatch.setattr(logging.getLogger(ours), "disabled", True)
    async with Sandbox() as sandbox, connect(sandbox) as client:
        await client.post(f"{PATH}/batch", json=[record(), record(competence=None)])
        await client.post(PATH, json=record())
        await client.get(PATH, params={"personId": PERSON})
        await client.get(PATH, params={"personId": PERSON + "1"})
        await client.post(PATH, content=f'{{"person": {{"id": {PERSON}')
        await client.get(f"{BASE}/codes", headers={"Ocp-Apim-Subscription-Key": "wrong-key"})
        key = sandbox.api_key
    assert caplog.records, "the server says that it starts, so that there is something to look at"
    for secret in (PERSON, key, "wrong-key", "personId"):
        assert secret not in caplog.text
