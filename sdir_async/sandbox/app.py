"""Serves operations over HTTP, and reports what it saw."""

from __future__ import annotations

import logging
import time
import traceback
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from ..privacy import mask
from . import gateway as gateways
from .endpoint import Endpoint, refuse_body
from .exchanges import Exchanges
from .seen import SeenRequest
from .validation import InvalidError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from ..openapi.operations import Operation
    from .endpoint import Service

CLIENT_GONE = 499
NO_ANSWER = 0
_logger = logging.getLogger("sdir_async.sandbox")


def create_app(
    operations: Iterable[Operation],
    service: Service,
    *,
    note: Callable[[SeenRequest], None],
    exchanges: Exchanges | None = None,
    beside: Mapping[str, ASGIApp] | None = None,
) -> ASGIApp:
    """Return the application that serves these operations and tells `note` of every answer.

    Args:
        operations: What to serve.
        service: What stands behind all of them.
        note: Called as each answer begins.
        exchanges: Where requests are kept as they came, with their answers.
        beside: What is served beside the APIs, by path; it is not recorded.
    """
    ordered = sorted(operations, key=lambda operation: operation.path.count("{"))
    app = Starlette(
        routes=[Endpoint(operation, service).route() for operation in ordered],
        exception_handlers={
            404: lambda *_: gateways.not_found(),
            405: lambda *_: gateways.not_found(),
            InvalidError: lambda _, error: refuse_body(error),
            ClientDisconnect: lambda *_: Response(status_code=CLIENT_GONE),
            Exception: lambda *_: Response(status_code=500),
        },
    )
    app.router.redirect_slashes = False
    return _Beside(
        beside or {}, _Witness(_Quiet(app), note, service.gateway.name_of, exchanges or Exchanges())
    )


class _Beside:
    """Serves some paths beside the application; each is a beginning, `/` only itself."""

    def __init__(self, beside: Mapping[str, ASGIApp], app: ASGIApp) -> None:
        self._beside = beside
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        beginning = "/".join(path.split("/", 2)[:2])
        found = path if beginning == "/" else beginning
        await self._beside.get(found, self._app)(scope, receive, send)


class _Witness:
    """Reports every answer as it begins, and each request that got none."""

    def __init__(
        self,
        app: ASGIApp,
        note: Callable[[SeenRequest], None],
        key_of: Callable[[Request], str],
        exchanges: Exchanges,
    ) -> None:
        self._app = app
        self._note = note
        self._key_of = key_of
        self._exchanges = exchanges

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = self._exchanges.begin(scope)
        began, status = time.perf_counter(), NO_ANSWER
        told = scope.setdefault("sdir.told", {})

        def see() -> None:
            seconds = time.perf_counter() - began
            key = self._key_of(Request(scope))
            method, path = scope["method"], mask(scope["path"])
            exchange.seen = SeenRequest(method, path, status, key=key, seconds=seconds, **told)
            self._note(exchange.seen)

        async def listen() -> Message:
            message = await receive()
            exchange.receive(message)
            return message

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                see()
            exchange.send(message)
            await send(message)

        try:
            await self._app(scope, listen, watch)
            if status == NO_ANSWER:
                see()
        finally:
            self._exchanges.end(exchange)


class _Quiet:
    """Keeps an error of ours out of the server's log, which knows nothing of persons."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception:  # noqa: BLE001 - Starlette answers before it raises again
            _logger.error("The sandbox failed.\n%s", mask(traceback.format_exc()))
