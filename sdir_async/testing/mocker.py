"""Lets the routes of respx answer for every transport of ours, and not for httpx's alone."""

from __future__ import annotations

import inspect
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import httpx
from respx.mocks import HTTPCoreMocker

from ..transports.httpx import lost
from ..wire import Answer

if TYPE_CHECKING:
    from ..wire import Lost, Request

NAME = "sdir"
_OURS = {
    "aiohttp": ["aiohttp.AiohttpTransport"],
    "httpx2": ["httpx2.Httpx2Transport", "httpx2.Httpx2ClientTransport"],
}
"""Our transports that don't send over httpx, by the library that they need."""


class SdirMocker(HTTPCoreMocker):
    """What `respx.mock(using="sdir")` uses instead of the network."""

    name = NAME
    targets = [  # noqa: RUF012
        *HTTPCoreMocker.targets,
        *(
            f"sdir_async.transports.{target}"
            for library, targets in _OURS.items()
            if find_spec(library)
            for target in targets
        ),
    ]
    target_methods = [*HTTPCoreMocker.target_methods, "send"]  # noqa: RUF012

    @classmethod
    def mock(cls, spec: Any) -> Any:
        """Return what stands in for a method; ours sends a request and returns an answer."""
        if spec.__name__ != "send" or not inspect.iscoroutinefunction(spec):
            return super().mock(spec)  # type: ignore[no-untyped-call]

        async def send(_: object, request: Request) -> Answer | Lost:
            try:
                handler: Any = cls.async_handler
                answer: httpx.Response = await handler(_as_httpx(request))
            except httpx.HTTPError as error:
                return lost(error, None)
            return Answer(answer.status_code, answer.headers, await answer.aread())

        return send


def _as_httpx(request: Request) -> httpx.Request:
    return httpx.Request(
        request.method,
        request.url,
        params=list(request.query) or None,
        headers=request.open_headers(),
        content=request.body,
    )
