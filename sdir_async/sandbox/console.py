"""The page of the sandbox, and the endpoints that it and other programs control it by."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import httpx
import orjson
import yaml
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import (
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from ..wire import KEY_HEADER
from .faults import read_fault
from .pages import STATIC, Filter, Pages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from .desk import Desk
    from .faults import Fault

PREFIX = "/_sandbox"
TRIED = "X-Sandbox-Try"
_LOOK_AGAIN = 0.5
_PATIENCE = 300.0


def create_console(desk: Desk) -> Mapping[str, ASGIApp]:
    """Return the page and the control endpoints, by path."""
    console = _Guarded(_Console(desk).app(), desk.base_url)
    return {"/": console, PREFIX: console}


class _Guarded:
    """Keeps pages of other sites in the same browser from reading or changing anything.

    The host is checked, because a foreign name that points to this machine would make a foreign
    page look like ours.
    """

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        self._app = app
        self._local = _is_loopback(urlsplit(base_url).hostname or "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        origin = request.headers.get("origin")
        host = request.headers.get("host", "")
        foreign = origin is not None and urlsplit(origin).netloc != host
        if foreign or (self._local and not _is_loopback(urlsplit(f"//{host}").hostname or "")):
            refusal = PlainTextResponse("Only pages of the sandbox itself can do this.\n", 403)
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Console:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._pages = Pages(desk)

    def app(self) -> ASGIApp:
        routes = [
            Route("/", self._home),
            Route(f"{PREFIX}/page.css", _file("page.css", "text/css")),
            Route(f"{PREFIX}/page.js", _file("page.js", "text/javascript")),
            Route(f"{PREFIX}/events", self._events),
            Route(f"{PREFIX}/requests/{{number:int}}", self._request),
            Route(f"{PREFIX}/try", self._try, methods=["POST"]),
            Route(f"{PREFIX}/documents/{{name}}", self._document),
            Route(f"{PREFIX}/documents/{{name}}/download", self._download),
            Route(f"{PREFIX}/requests", self._requests),
            Route(f"{PREFIX}/faults", self._list_faults),
            Route(f"{PREFIX}/faults", self._add_fault, methods=["POST"]),
            Route(f"{PREFIX}/faults", self._end_faults, methods=["DELETE"]),
            Route(f"{PREFIX}/faults/{{number:int}}", self._end_fault, methods=["DELETE"]),
            Route(f"{PREFIX}/switch", self._switch, methods=["POST"]),
        ]
        return Starlette(routes=routes, exception_handlers={ValueError: _explain})

    async def _home(self, request: Request) -> Response:
        return _page(self._pages.home(Filter.of(request.query_params)))

    async def _request(self, request: Request) -> Response:
        shown = request.query_params.get("show") == "yes"
        page = self._pages.request(request.path_params["number"], shown=shown)
        if page is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return _page(page)

    async def _events(self, _: Request) -> Response:
        """Say that something has changed, as server-sent events, until the sandbox ends."""

        async def events() -> AsyncIterator[str]:
            known = self._state()
            yield ": the page asks again after each event\n\n"
            while not self._desk.ended.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._desk.ended.wait(), _LOOK_AGAIN)
                if (now := self._state()) != known:
                    known = now
                    yield "data: changed\n\n"

        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(events(), headers=headers, media_type="text/event-stream")

    def _state(self) -> tuple[Any, ...]:
        desk = self._desk
        return desk.exchanges.count, len(desk.requests), desk.faults.describe(), desk.sleeper.state

    async def _try(self, request: Request) -> Response:
        """Send the request of an operation's form, and show the result."""
        told = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        mark = secrets.token_hex(8)
        headers = {KEY_HEADER: self._desk.api_key, TRIED: mark}
        method, url, body = trial(told, self._desk.base_url)
        if body:
            headers["Content-Type"] = told.get("type", "application/json")
        async with httpx.AsyncClient(trust_env=False, timeout=_PATIENCE) as client:
            with contextlib.suppress(httpx.HTTPError):  # a fault: its page says that none came
                await client.request(method, url, headers=headers, content=body.encode())
        number = next(
            each.number for each in self._desk.exchanges if (TRIED.lower(), mark) in each.headers
        )
        return RedirectResponse(f"{PREFIX}/requests/{number}", HTTPStatus.SEE_OTHER)

    async def _document(self, request: Request) -> Response:
        page = self._pages.document(request.path_params["name"])
        if page is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return _page(page)

    async def _download(self, request: Request) -> Response:
        """Return a document as it is served: with its overlay, as YAML or as JSON."""
        name = request.path_params["name"]
        document = next((each for each in self._desk.documents if each.name == name), None)
        if document is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        is_json = request.query_params.get("format") == "json"
        kind = "json" if is_json else "yaml"
        content = (
            orjson.dumps(document.spec, option=orjson.OPT_INDENT_2).decode()
            if is_json
            else yaml.safe_dump(document.spec, sort_keys=False, allow_unicode=True)
        )
        plain = "".join(one if one.isalnum() and one.isascii() else "-" for one in name)
        headers = {"Content-Disposition": f'attachment; filename="{plain}.{kind}"'}
        return Response(content, headers=headers, media_type=f"application/{kind}")

    async def _requests(self, _: Request) -> Response:
        return _json([vars(each) for each in self._desk.requests])

    async def _list_faults(self, _: Request) -> Response:
        return _json({"seed": self._desk.faults.seed, "faults": self._desk.faults.describe()})

    async def _add_fault(self, request: Request) -> Response:
        try:
            told = orjson.loads(await request.body())
        except orjson.JSONDecodeError:
            raise ValueError("A fault must be a JSON object.") from None
        number = self._desk.faults.add(read_fault(told))
        return _json(next(e for e in self._desk.faults.describe() if e["number"] == number), 201)

    async def _end_faults(self, request: Request) -> Response:
        seed = request.query_params.get("seed")
        self._desk.faults.clear(seed=None if seed is None else int(seed))
        return Response(status_code=204)

    async def _end_fault(self, request: Request) -> Response:
        try:
            self._desk.faults.remove(request.path_params["number"])
        except KeyError:
            raise HTTPException(HTTPStatus.NOT_FOUND) from None
        return Response(status_code=204)

    async def _switch(self, request: Request) -> Response:
        """Do what a button of the page says, and show the page again."""
        told = dict(parse_qsl((await request.body()).decode()))
        match told.pop("do", ""):
            case "add":
                self._desk.faults.add(_fault_of_form(told))
            case "remove":
                with contextlib.suppress(KeyError, ValueError):  # it may have ended meanwhile
                    self._desk.faults.remove(int(told["number"]))
            case "end":
                self._desk.faults.clear()
            case "clear":
                self._desk.clear()
            case "sleep":
                self._desk.sleeper.sleep()
            case "wake":
                self._desk.sleeper.wake()
        return RedirectResponse("/", HTTPStatus.SEE_OTHER)


def _fault_of_form(told: dict[str, str]) -> Fault:
    numbers = {"probability": float, "seconds": float, "count": int, "nth": int, "retry_after": int}
    values: dict[str, Any] = {
        name: numbers[name](text) if name in numbers else text for name, text in told.items()
    }
    if "saves" in values:
        values["saves"] = values["saves"] == "yes"
    return read_fault(values)


async def _explain(_: Request, error: Exception) -> Response:
    return PlainTextResponse(f"{error}\n", HTTPStatus.BAD_REQUEST)


def _page(html: str) -> Response:
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        " img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
    return Response(html, headers=headers, media_type="text/html")


def _file(name: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
    content = (STATIC / name).read_bytes()

    async def serve(_: Request) -> Response:
        return Response(content, headers={"Cache-Control": "no-cache"}, media_type=kind)

    return serve


def trial(told: Mapping[str, str], base_url: str) -> tuple[str, str, str]:
    """Return method, URL and body of the request in a form.

    Raises:
        ValueError: It is for another host.
    """
    path, query = told.get("path", ""), dict[str, str]()
    for field, value in told.items():
        place, dot, name = field.partition(".")
        if place == "in-path" and dot:
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        elif place == "in-query" and dot and value:
            query[name] = value
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError("The path must be one of this host.")
    return (
        told.get("method", "GET"),
        f"{base_url}{path}" + (f"?{urlencode(query)}" if query else ""),
        told.get("body", "").strip(),
    )


def _json(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")
