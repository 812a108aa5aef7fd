"""A server that says its lines: for single exchanges, on virtual time, without a network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx

from sdir_async import RetryPolicy, Sdir
from sdir_async.call import Call
from sdir_async.document import Document, Operation

KEY = "1bd956a741a64f7ab22bc37d2f032d4f"
PERSON = "41814061033"
GATEWAY_500 = {
    "statusCode": 500,
    "message": "Internal server error",
    "activityId": "6b5f1b0e-6c6c-4f0e-9a39-5a2e0b7f4b11",
}
ASLEEP = {
    "title": "An error occurred while processing your request.",
    "status": 500,
    "detail": "Database 'apps' on server 'sdir-t' is not currently available."
    " Please retry the connection later. (Error 40613)",
}

DOCUMENT = Document("toys", "v1", "Toys", {})


def call_of(operation: Operation, url: str, *given: Any, **settings: Any) -> Call:
    """A call of an operation that stands in no document of openapi/."""
    return Call(operation, DOCUMENT, url, *given, **settings)


Line = Callable[[httpx.Request], httpx.Response]


def answer(status: int, body: object = b"", **headers: str) -> Line:
    """A line: an answer; `retry_after="5"` is the header `retry-after`."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = {} if isinstance(body, bytes) else {"content-type": "application/json"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: httpx.Response(status, headers={**kind, **named}, content=content)


def lost(kind: type[httpx.RequestError], text: str = "") -> Line:
    """A line: the transport raises."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise kind(text, request=request)

    fail.unread = kind in NOT_CONNECTED  # type: ignore[attr-defined]
    return fail


NOT_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
OK = answer(200, [])
NEVER = 1e9


class Script(httpx.AsyncBaseTransport):
    """Says one line to each request, and the last one to all that come after.

    Attributes:
        requests: What was sent.
        times: When each request came, by the loop's clock.
        bodies: What was read of them.
    """

    def __init__(self, *lines: Line, takes: float = 0.0) -> None:
        self.requests: list[httpx.Request] = []
        self.times: list[float] = []
        self.bodies: list[bytes] = []
        self._lines = lines
        self._takes = takes

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        line = self._lines[min(len(self.requests), len(self._lines) - 1)]
        self.requests.append(request)
        self.times.append(asyncio.get_running_loop().time())
        if not getattr(line, "unread", False):
            self.bodies.append(await request.aread())
        await asyncio.sleep(self._takes)
        return line(request)

    @property
    def keys(self) -> list[str]:
        """The key that each request carried."""
        return [request.headers["Ocp-Apim-Subscription-Key"] for request in self.requests]

    @property
    def gaps(self) -> list[float]:
        """Seconds between each request and the next."""
        return [after - before for before, after in zip(self.times, self.times[1:], strict=False)]


def sdir_over(script: httpx.AsyncBaseTransport, api_key: Any = KEY, **settings: Any) -> Sdir:
    """An Sdir that talks to the script."""
    return Sdir(api_key, http_client=httpx.AsyncClient(transport=script), **settings)


SWIFT = RetryPolicy(attempts=3, first_wait=0.01, longest_wait=0.05)
