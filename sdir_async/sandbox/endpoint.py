"""One operation as HTTP sees it: the gateway first, then the checks, then the API itself."""

from __future__ import annotations

import asyncio
import re
from codecs import BOM_UTF8
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route

from . import gateway as gateways
from .deprecations import headers_of
from .faults import Faults, Kind
from .misfortune import answer_of
from .problems import problem
from .validation import Body, InvalidError, Parameters

if TYPE_CHECKING:
    from starlette.datastructures import Headers
    from starlette.requests import Request

    from ..openapi.operations import Operation
    from .backend import Backend
    from .faults import Fault, Met
    from .gateway import Gateway
    from .misfortune import Drop


@dataclass(kw_only=True)
class Service:
    """What stands behind every operation.

    Attributes:
        backend: The API.
        gateway: What stands before it.
        faults: What goes wrong on demand.
        drop: Ends the connection of a request.
        body_limit: The largest body in bytes that is not answered with 413.
        patience: Seconds after which the gateway gives up on the API.
    """

    backend: Backend
    gateway: Gateway
    faults: Faults
    drop: Drop
    body_limit: int
    patience: float = gateways.TIMEOUT
    _at_work: set[asyncio.Task[Response]] = field(default_factory=set)

    async def answer(self, work: Work, met: Met) -> Response:
        """Return the client's answer to a piece of work, whatever the work's result is."""
        fault = met.fault
        if fault is None:
            return await self._in_time(work, met.delay)
        if not fault.is_served:
            return answer_of(fault, None, self.drop)
        if fault.seconds and fault.kind is not Kind.CUT:
            self._begin(work, met.delay + fault.seconds)
            return answer_of(fault, None, self.drop)
        return answer_of(fault, await self._in_time(work, met.delay), self.drop)

    def stop(self) -> None:
        """End work in progress: when nobody waits for the answer any more, nothing is saved."""
        for task in self._at_work:
            task.cancel()

    async def _in_time(self, work: Work, delay: float) -> Response:
        if not delay:
            return work.done()
        task = self._begin(work, delay)
        await asyncio.wait({task}, timeout=self.patience)
        return task.result() if task.done() and not task.cancelled() else gateways.failed()

    def _begin(self, work: Work, delay: float) -> asyncio.Task[Response]:
        """Let it run to its end, as a backend does when the client has gone."""
        task = asyncio.create_task(work.done_after(delay))
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)
        return task


@dataclass(frozen=True)
class Work:
    """What one request asks of the API."""

    endpoint: Endpoint
    request: Request
    content: bytes | None

    def done(self) -> Response:
        """Do it, and return the API's answer."""
        try:
            return self.endpoint.work(self.request, self.content)
        except InvalidError as error:
            return refuse_body(error)

    async def done_after(self, delay: float) -> Response:
        """Do it after this many seconds."""
        await asyncio.sleep(delay)
        return self.done()


class Endpoint:
    """Serves one operation."""

    def __init__(self, operation: Operation, service: Service) -> None:
        self._operation = operation
        self._service = service
        self._parameters = Parameters(operation.parameters)
        self._body = Body(operation.body or {}, operation.body_name, operation.shape)
        self._names = {_safe(name): name for name in operation.parameters["properties"]}
        self._headers = headers_of(operation.deprecation)

    def route(self) -> Route:
        """Return where it is served."""
        path = re.sub(r"\{([^{}]*)\}", lambda match: _place(match[1]), self._operation.path)
        route = Route(path, self._serve, methods=[self._operation.method])
        route.methods = {self._operation.method}  # HEAD comes with GET, but not behind a gateway
        return route

    def work(self, request: Request, content: bytes | None) -> Response:
        """Check what the request asks for, and do it.

        Raises:
            InvalidError: It doesn't fit the document, or not what is saved.
        """
        parameters = self._read_parameters(request)
        body = None if content is None else self._read_body(request, content)
        return self._service.backend.answer(self._operation, parameters, body)

    def _read_body(self, request: Request, content: bytes) -> Any:
        content = content.removeprefix(BOM_UTF8)
        if self._operation.optional_body and not content.strip():
            return [] if self._operation.many else {}
        body = self._body.parse(content)
        if isinstance(body, list):
            request.scope["sdir.told"]["records"] = len(body)
        self._body.check(body, content)
        return body

    async def _serve(self, request: Request) -> Response:
        refusal = self._service.gateway.refuse(
            request, self._operation.base, self._operation.scopes
        )
        response = await (_drained(request, refusal) if refusal else self._pass(request))
        response.headers.update(self._headers)
        return response

    async def _pass(self, request: Request) -> Response:
        met = self._service.faults.meet(self._operation)
        if met.fault:
            request.scope["sdir.told"]["fault"] = met.fault.kind.value
        response = await self._meet(request, met)
        self._service.gateway.note(self._operation.base, response.status_code)
        return response

    async def _meet(self, request: Request, met: Met) -> Response:
        if met.fault and met.fault.kind is Kind.RESET:
            return await self._reset(request, met.fault)
        if self._operation.body is None:
            return await self._service.answer(Work(self, request, None), met)
        if not self._accepts(request.headers):
            return await _drained(request, problem(415))
        content = await self._read_content(request)
        if content is None:
            return Response(status_code=413, headers={"Connection": "close"})
        return await self._service.answer(Work(self, request, content), met)

    async def _reset(self, request: Request, fault: Fault) -> Response:
        """Reset the connection as soon as the first bytes of the body are there."""
        async for _ in request.stream():
            break
        return answer_of(fault, None, self._service.drop)

    def _accepts(self, headers: Headers) -> bool:
        """Say whether a body is of a type that the document has; one that is left away has none."""
        if self._operation.optional_body and headers.get("content-length") == "0":
            return True
        given = headers.get("content-type", "").partition(";")[0].strip().lower()
        patterns = (re.escape(each).replace(r"\*", ".+") for each in self._operation.media_types)
        return any(re.fullmatch(pattern, given) for pattern in patterns)

    async def _read_content(self, request: Request) -> bytes | None:
        """Return the body, or `None` if it is too large.

        A body that is too large is still read and dropped, so that the client can read the answer.
        A reset connection is a different test.
        """
        content, size = bytearray(), 0
        async for chunk in request.stream():
            size += len(chunk)
            if size <= self._service.body_limit:
                content += chunk
        return bytes(content) if size <= self._service.body_limit else None

    def _read_parameters(self, request: Request) -> dict[str, Any]:
        query = request.query_params
        given = {name: query.getlist(name) for name in query}
        path = {self._names.get(name, name): [text] for name, text in request.path_params.items()}
        return self._parameters.read(given | path)


def refuse_body(error: Exception) -> Response:
    """Return the API's answer to a request that doesn't fit the document."""
    return problem(400, error.errors if isinstance(error, InvalidError) else None)


async def _drained(request: Request, response: Response) -> Response:
    """Read what the client still sends, so that it can read the answer."""
    async for _ in request.stream():
        pass
    return response


def _safe(name: str) -> str:
    """Return a parameter's name as Starlette takes it: in ASCII, and no two alike."""
    return "p_" + re.sub(r"\W", lambda match: f"_{ord(match[0]):x}", name, flags=re.ASCII)


def _place(name: str) -> str:
    """Return a place in a path as Starlette writes it; that of `{*rest}` takes slashes."""
    return f"{{{_safe(name)}:path}}" if name.startswith("*") else f"{{{_safe(name)}}}"
