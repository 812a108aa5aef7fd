"""Bodies on real connections: they arrive whole, and what a broken connection means for them."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from attrs import define

from sdir_async import RetryPolicy, Sdir, SubscriptionKey, UnknownOutcome
from sdir_async.verdicts import Action, Exchange
from sdir_async.wire import Answer, Lost, Timeouts

from .scripted import PERSON, SWIFT, call_of

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@define
class Arrived:
    """A request as a server sees it."""

    headers: dict[str, str]
    body: bytes


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[str]:
    """A server on a free port; yields its base URL."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _headers(reader: asyncio.StreamReader) -> dict[str, str]:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def _answers(*statuses: int) -> tuple[Serve, list[Arrived]]:
    """A server that reads whole requests and gives these answers, one after the other."""
    left, arrived = iter(statuses), []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for status in left:
            headers = await _headers(reader)
            arrived.append(
                Arrived(headers, await reader.readexactly(int(headers["content-length"])))
            )
            writer.write(b"HTTP/1.1 %d x\r\ncontent-length: 2\r\n\r\n[]" % status)
        writer.close()

    return serve, arrived


def _resets_after(received: int) -> Serve:
    """A server that resets the connection after so many bytes of the body."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _headers(reader)
        await reader.readexactly(received)
        plug = writer.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return serve


def _records(size: int) -> list[Any]:
    record = {"personalIdentityNumber": PERSON, "courseCode": "HSCLC", "note": "ø" * 100}
    return [record] * (size // len(json.dumps(record)))


async def _exchange(sdir: Sdir, size: int, timeouts: Timeouts | None = None) -> Exchange:
    """Send a batch of so many bytes, and return what came of it."""
    course = sdir.course.v1
    operation = course._batches["create"].operation
    url = f"{course._base_url}{operation.path}"
    return await course._session.exchange(
        call_of(operation, url, body=b" " * size, timeouts=timeouts)
    )


@pytest.mark.parametrize("size", [1_000, 100_000, 3_000_000], ids="{:_}".format)
async def test_a_body_arrives_whole_and_with_its_length(size: int) -> None:
    """Not chunked, since gateways and their limits like to know; also when it is sent again."""
    serve, arrived = _answers(401, 408, 201)
    records = _records(size)
    async with serving(serve) as url:
        key = SubscriptionKey("primary", "secondary")
        async with Sdir(key, base_url=url, retry=SWIFT) as sdir:
            assert await sdir.course.v1.create_courses(records) == []
    assert [request.headers["ocp-apim-subscription-key"] for request in arrived] == [
        "primary",
        "secondary",
        "secondary",
    ]
    for request in arrived:
        assert "transfer-encoding" not in request.headers
        assert json.loads(request.body) == records


async def test_a_connection_reset_under_a_large_body_means_that_it_was_not_applied() -> None:
    """Not all of it was sent, so nobody can have read it: it is sent in smaller parts."""
    async with serving(_resets_after(10_000)) as url, Sdir("key", base_url=url) as sdir:
        exchange = await _exchange(sdir, 30_000_000)
    assert isinstance(exchange.happened, Lost)
    assert exchange.happened.sent == "part"
    assert exchange.verdict.action is Action.HALVE
    assert exchange.verdict.applied is False


@pytest.mark.parametrize("size", [10_000, 100_000], ids="{:_}".format)
async def test_a_connection_reset_after_the_whole_body_leaves_its_fate_unknown(size: int) -> None:
    """It may have been applied, however large it was."""
    async with serving(_resets_after(size)) as url, Sdir("key", base_url=url) as sdir:
        exchange = await _exchange(sdir, size)
    assert isinstance(exchange.happened, Lost)
    assert exchange.happened.sent == "all"
    assert exchange.verdict.action is Action.ASK


async def test_an_answer_given_before_the_whole_body_was_read_counts() -> None:
    """A server that refuses the size says so and closes, without reading to the end."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _headers(reader)
        writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        await reader.read(5_000_000)
        writer.close()

    async with serving(serve) as url, Sdir("key", base_url=url) as sdir:
        exchange = await _exchange(sdir, 2_000_000)
    if isinstance(exchange.happened, Answer):  # httpx's own may see no more than the reset
        assert exchange.happened.status == 413
    assert exchange.verdict.action is Action.HALVE


async def test_an_answer_shorter_than_it_said_is_no_answer() -> None:
    """A 201 that breaks off in its body is a doubt, not a success."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        headers = await _headers(reader)
        await reader.readexactly(int(headers["content-length"]))
        writer.write(b"HTTP/1.1 201 Created\r\ncontent-length: 999\r\n\r\n[")
        writer.close()

    async with serving(serve) as url, Sdir("key", base_url=url) as sdir:
        with pytest.raises(UnknownOutcome):
            await sdir.course.v1.create_courses([])


async def test_a_port_on_which_nobody_listens_is_tried_again() -> None:
    """Nothing was sent, so a create is in no doubt."""
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{plug.getsockname()[1]}"
        async with Sdir("key", base_url=url, retry=RetryPolicy(2, first_wait=0.01)) as sdir:
            exchange = await _exchange(sdir, 10)
    assert isinstance(exchange.happened, Lost)
    assert exchange.happened.sent == "nothing"
    assert len(exchange.attempts) == 2


async def test_a_connection_that_cannot_be_had_from_the_pool_is_no_doubt() -> None:
    """The user's client may have few connections."""
    taken, done = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.set()
        await done.wait()
        writer.close()

    limits = httpx.Limits(max_connections=1)
    async with (
        serving(serve) as url,
        httpx.AsyncClient(limits=limits) as narrow,
        Sdir("key", base_url=url, http_client=narrow, retry=RetryPolicy(1)) as sdir,
    ):
        holding = asyncio.create_task(sdir.course.v1.list_codes())
        await taken.wait()
        exchange = await _exchange(sdir, 10, Timeouts(None, None, None, pool=0.05))
        holding.cancel()
        done.set()
    assert isinstance(exchange.happened, Lost)
    assert exchange.happened.sent == "nothing"
