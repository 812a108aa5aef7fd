"""Serves operations over HTTP: the gateway first, then the checks, then the API itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from . import gateway as gateways
from .problems import problem
from .validation import Body, InvalidError, Parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .backend import Backend
    from .gateway import Gateway
    from .operations import Operation

_PROBLEM = "application/problem+json; charset=utf-8"
_CLIENT_GONE = 499


@dataclass(frozen=True)
class SeenRequest:
    """A request that was answered: no query, no header, no body, so no key and no person.

    Attributes:
        method: In capitals.
        path: Without the query.
        status: Of the answer; 499 if the client hung up before its body was whole.
    """

    method: str
    path: str
    status: int


def create_app(
    operations: Iterable[Operation],
    backend: Backend,
    gateway: Gateway,
    *,
    body_limit: int,
    note: Callable[[SeenRequest], None],
) -> ASGIApp:
    """Return the application that serves these operations and tells `note` of every answer."""
    ordered = sorted(operations, key=lambda operation: operation.path.count("{"))
    endpoints = (_Endpoint(operation, backend, gateway, body_limit) for operation in ordered)
    app = Starlette(
        routes=[endpoint.route() for endpoint in endpoints],
        exception_handlers={
            404: lambda *_: gateways.not_found(),
            405: lambda *_: gateways.not_found(),
            500: lambda *_: Response(status_code=500),
            InvalidError: lambda _, error: _problem(400, error),
            ClientDisconnect: lambda *_: Response(status_code=_CLIENT_GONE),
        },
    )
    app.router.redirect_slashes = False
    return _Witness(app, note)


class _Witness:
    """Tells of every answer as it begins."""

    def __init__(self, app: ASGIApp, note: Callable[[SeenRequest], None]) -> None:
        self._app = app
        self._note = note

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(SeenRequest(scope["method"], scope["path"], message["status"]))
            await send(message)

        await self._app(scope, receive, watch)


class _Endpoint:
    """One operation as HTTP sees it."""

    def __init__(
        self, operation: Operation, backend: Backend, gateway: Gateway, body_limit: int
    ) -> None:
        self._operation = operation
        self._backend = backend
        self._gateway = gateway
        self._body_limit = body_limit
        self._parameters = Parameters(operation.parameters)
        self._body = Body(operation.body or {}, operation.body_name)
        self._names = {_safe(name): name for name in operation.parameters["properties"]}

    def route(self) -> Route:
        path = re.sub(r"\{([^{}]*)\}", lambda match: f"{{{_safe(match[1])}}}", self._operation.path)
        route = Route(path, self._serve, methods=[self._operation.method])
        route.methods = {self._operation.method}  # HEAD comes with GET, but not behind a gateway
        return route

    async def _serve(self, request: Request) -> Response:
        if refusal := self._gateway.refuse(request, self._operation.base):
            return refusal
        if self._operation.body is None:
            return self._backend.answer(self._operation, self._read_parameters(request), None)
        if not self._accepts(request.headers.get("content-type", "")):
            return _problem(415)
        content = await self._read_content(request)
        if content is None:
            return Response(status_code=413, headers={"Connection": "close"})
        parameters = self._read_parameters(request)
        return self._backend.answer(self._operation, parameters, self._body.read(content))

    def _accepts(self, content_type: str) -> bool:
        given = content_type.partition(";")[0].strip().lower()
        patterns = (re.escape(each).replace(r"\*", ".+") for each in self._operation.media_types)
        return any(re.fullmatch(pattern, given) for pattern in patterns)

    async def _read_content(self, request: Request) -> bytes | None:
        """Return the body, or `None` if it is too large.

        What is too much is read all the same and dropped, so that the client gets to read the
        answer; a connection reset under its hands is another thing to test.
        """
        content, size = bytearray(), 0
        async for chunk in request.stream():
            size += len(chunk)
            if size <= self._body_limit:
                content += chunk
        return bytes(content) if size <= self._body_limit else None

    def _read_parameters(self, request: Request) -> dict[str, object]:
        query = request.query_params
        given = {name: query.getlist(name) for name in query}
        path = {self._names.get(name, name): [text] for name, text in request.path_params.items()}
        return self._parameters.read(given | path)


def _safe(name: str) -> str:
    """Return a parameter's name as Starlette takes it."""
    return "p_" + re.sub(r"\W", "_", name)


def _problem(status: int, error: Exception | None = None) -> Response:
    errors = error.errors if isinstance(error, InvalidError) else None
    return Response(orjson.dumps(problem(status, errors)), status, media_type=_PROBLEM)
