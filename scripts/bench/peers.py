"""What others generate or write by hand: each contender opens its client, and yields what sends."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from importlib import import_module
from typing import Any, cast
from uuid import UUID

from .records import CHUNK, body, mappings

Urls = dict[str, str]
Run = Callable[[int], Awaitable[None]]
PATH = "/aps-additionalcompetence/additionalcompetence/v1"
BATCH = f"{PATH}/additionalcompetence/batch"
KEY = "0123456789abcdef"
HEADERS = {
    "Ocp-Apim-Subscription-Key": KEY,
    "Content-Type": "application/json",
    "Accept": "application/json",
}
CONCURRENCY = 8


async def in_turns(send: Callable[[Any], Awaitable[None]], items: Any, at_once: int) -> None:
    """Send all items, a number at once."""
    left = iter(items)

    async def worker() -> None:
        for item in left:
            await send(item)

    await asyncio.gather(*(worker() for _ in range(at_once)))


def chunks(records: Sequence[Any], count: int) -> list[Sequence[Any]]:
    """Return the first records in chunks."""
    return [records[start : start + CHUNK] for start in range(0, count, CHUNK)]


class _Raw(asyncio.Protocol):
    """One connection that knows no more of HTTP than where an answer ends."""

    def __init__(self) -> None:
        self.answered: asyncio.Future[None] | None = None
        self._got = self._length = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if not self._length:
            head = data.partition(b"\r\n\r\n")[0]
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            self._length = length + len(head) + 4
        self._got += len(data)
        if self._got >= self._length and self.answered:
            self._got = self._length = 0
            self.answered.set_result(None)


@contextlib.asynccontextmanager
async def raw_bytes(urls: Urls, _: int) -> AsyncIterator[Run]:
    """The floor: bodies made beforehand, over sockets."""
    loop = asyncio.get_running_loop()
    host, port = urls["empty"].removeprefix("http://").split(":")
    pairs = [await loop.create_connection(_Raw, host, int(port)) for _ in range(CONCURRENCY)]
    content = body()
    lines = [f"POST {BATCH} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in HEADERS.items()]
    request = "\r\n".join([*lines, "", ""]).encode() + content

    async def run(count: int) -> None:
        left = iter(range(count // CHUNK))

        async def worker(protocol: _Raw) -> None:
            for _ in left:
                protocol.answered = loop.create_future()
                protocol.transport.write(request)
                await protocol.answered

        await asyncio.gather(*(worker(protocol) for _, protocol in pairs))

    yield run
    for transport, _protocol in pairs:
        transport.close()


@contextlib.asynccontextmanager
async def _aiohttp(url: str, made: Callable[[Any], bytes], items: Any) -> AsyncIterator[Run]:
    import aiohttp

    async with aiohttp.ClientSession(headers=HEADERS) as session:

        async def send(chunk: Any) -> None:
            async with session.post(url + BATCH, data=made(chunk)) as answer:
                await answer.read()
                answer.raise_for_status()

        async def run(count: int) -> None:
            await in_turns(send, items(count), CONCURRENCY)

        yield run


def aiohttp_bytes(urls: Urls, _: int) -> Any:
    """By hand: aiohttp, bodies made beforehand."""
    content = body()
    return _aiohttp(urls["empty"], lambda _: content, lambda count: range(count // CHUNK))


def aiohttp_orjson(urls: Urls, count: int) -> Any:
    """By hand: aiohttp and orjson, mappings."""
    import orjson

    records = list(mappings(count))
    return _aiohttp(urls["empty"], orjson.dumps, lambda count: chunks(records, count))


@contextlib.asynccontextmanager
async def httpx_orjson(urls: Urls, count: int) -> AsyncIterator[Run]:
    """By hand: httpx and orjson, mappings."""
    import httpx
    import orjson

    records = list(mappings(count))
    async with httpx.AsyncClient(base_url=urls["empty"], headers=HEADERS) as client:

        async def send(chunk: Any) -> None:
            (await client.post(BATCH, content=orjson.dumps(chunk))).raise_for_status()

        async def run(count: int) -> None:
            await in_turns(send, chunks(records, count), CONCURRENCY)

        yield run


@contextlib.asynccontextmanager
async def _stock(url: str, operation: str, groups: Any) -> AsyncIterator[Run]:
    call = import_module(f"stock_client.api.additional_competence.{operation}").asyncio
    authenticated = import_module("stock_client").AuthenticatedClient
    client = authenticated(url + PATH, KEY, prefix="", auth_header_name="Ocp-Apim-Subscription-Key")
    async with client:
        places = asyncio.Semaphore(CONCURRENCY)

        async def send(group: Any) -> None:
            async with places:
                await call(client=client, body=group)

        async def run(count: int) -> None:
            await asyncio.gather(*map(send, groups(count)))

        yield run


def _stock_records(count: int) -> list[Any]:
    model = import_module("stock_client.models").AdditionalCompetence
    return list(map(model.from_dict, mappings(count)))


def stock(urls: Urls, count: int) -> Any:
    """openapi-python-client: models."""
    records = _stock_records(count)
    return _stock(
        urls["empty"], "create_additional_competences", lambda count: chunks(records, count)
    )


def stock_echo(urls: Urls, count: int) -> Any:
    """openapi-python-client: models, the batch echoed."""
    records = _stock_records(count)
    return _stock(
        urls["echo"], "create_additional_competences", lambda count: chunks(records, count)
    )


def stock_single(urls: Urls, count: int) -> Any:
    """openapi-python-client: models, one record per request."""
    records = _stock_records(count)
    return _stock(
        urls["one"],
        "create_additional_competence",
        lambda count: itertools.islice(records, count),
    )


@contextlib.asynccontextmanager
async def openapi_generator(urls: Urls, count: int) -> AsyncIterator[Run]:
    """OpenAPI Generator, python with asyncio: models."""
    generated: Any = import_module("generated_client")
    settings = generated.Configuration(host=urls["empty"] + PATH, api_key={"subscriptionKey": KEY})
    records = [generated.AdditionalCompetence.from_dict(each) for each in mappings(count)]
    async with generated.ApiClient(settings) as client:
        api = generated.AdditionalCompetenceApi(client)

        async def run(count: int) -> None:
            await in_turns(api.create_additional_competences, chunks(records, count), CONCURRENCY)

        yield run


@contextlib.asynccontextmanager
async def get_httpx(urls: Urls, _: int) -> AsyncIterator[Run]:
    """GET, bare httpx."""
    import httpx

    async with httpx.AsyncClient(base_url=urls["get"], headers=HEADERS) as client:
        yield _getting(client)


@contextlib.asynccontextmanager
async def get_httpx_aiohttp(urls: Urls, _: int) -> AsyncIterator[Run]:
    """GET, bare httpx over httpx-aiohttp."""
    client_of: Any = import_module("httpx_aiohttp").HttpxAiohttpClient
    async with client_of(base_url=urls["get"], headers=HEADERS) as client:
        yield _getting(client)


@contextlib.asynccontextmanager
async def get_pyreqwest(urls: Urls, _: int) -> AsyncIterator[Run]:
    """GET, bare httpx over pyreqwest."""
    import httpx

    transport: Any = import_module("pyreqwest.compatibility.httpx").HttpxTransport()
    async with httpx.AsyncClient(
        base_url=urls["get"], headers=HEADERS, transport=transport
    ) as client:
        yield _getting(client)


@contextlib.asynccontextmanager
async def get_aiohttp(urls: Urls, _: int) -> AsyncIterator[Run]:
    """GET, bare aiohttp."""
    import aiohttp

    async with aiohttp.ClientSession(headers=HEADERS) as session:

        async def send(number: int) -> None:
            async with session.get(urls["get"] + _one(number)) as answer:
                await answer.read()

        async def run(count: int) -> None:
            await in_turns(send, range(count), 2 * CONCURRENCY)

        yield run


def _one(number: int) -> str:
    """Return the path of one record; each is asked for once in a round, as uids are."""
    return f"{PATH}/additionalcompetence/{UUID(int=number)}"


def _getting(client: Any) -> Run:
    async def send(number: int) -> None:
        (await client.get(_one(number))).raise_for_status()

    async def run(count: int) -> None:
        await in_turns(send, range(count), 2 * CONCURRENCY)

    return run
