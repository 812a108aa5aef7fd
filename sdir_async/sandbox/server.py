"""The sandbox as a context manager."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import deque
from typing import TYPE_CHECKING, Any, Self

import orjson

from ..openapi.operations import Operation, collection_of
from ..openapi.reader import base_path, read_folder
from .app import create_app
from .backend import Backend
from .console import create_console
from .desk import Desk
from .endpoint import Service
from .exchanges import Exchanges
from .faults import Faults
from .gateway import TIMEOUT, Gateway
from .limits import read_limits
from .listening import Server, configure, listen, url_of
from .sleeping import Sleeper
from .store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from starlette.types import ASGIApp, Scope

    from .misfortune import Drop
    from .seen import SeenRequest
    from .token_server import TokenServer

_REMEMBERED_REQUESTS = 100_000


class Sandbox:
    """A local Sdir: every operation of the OpenAPI documents at its path, on a free port.

    It runs in the caller's event loop while the `async with` lasts. What is reported to it is
    kept in memory, or in the file `store`.

    Attributes:
        api_key: A key that works. The second of `keys` works too, as a secondary key does.

    Example:
        ```python
        async with Sandbox() as sandbox:
            async with Sdir(sandbox.api_key, base_url=sandbox.base_url) as sdir:
                ...
            assert len(sandbox.records("/base/things")) == 2
            assert sandbox.requests[-1].status == 201
        ```
    """

    def __init__(
        self,
        documents: str | Path | None = None,
        *,
        store: str | Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        keys: Sequence[str] | None = None,
        body_limit: int = 30_000_000,
        rate: str | None = None,
        quota: str | None = None,
        circuit: str | None = None,
        gateway_timeout: float = TIMEOUT,
        sleep_after: float | None = None,
        wake: float = 60,
        faults: Faults | None = None,
        maskinporten: bool | TokenServer = False,
    ) -> None:
        """Read the documents; nothing is served before the `async with`.

        Args:
            documents: A folder of OpenAPI 3 documents; `None` takes our own.
            store: A file to keep the records in; `None` keeps them in memory.
            host: Where to listen; only this machine by default.
            port: `0` uses a free one.
            keys: The subscription keys to accept; `None` makes two.
            body_limit: The largest body in bytes that is not answered with 413.
            rate: The rate limit, such as `20/s`; rejected calls count too.
            quota: The limit for a longer period, such as `1000/h`.
            circuit: `3/10s` refuses calls of an API for 10 s after 3 failures within 10 s.
            gateway_timeout: Seconds after which the gateway gives up on an API, which continues.
            sleep_after: Idle seconds after which the database sleeps; `None`: never.
            wake: Seconds that it takes to wake.
            faults: What goes wrong; `sandbox.faults` changes it while it runs.
            maskinporten: Whether each call also needs a token of Maskinporten. `True` registers a
                client with a key of its own, which `sandbox.maskinporten.settings` has; a
                `TokenServer` has clients of yours. It needs the extra `maskinporten`.

        Raises:
            ValueError: No documents were found, one can't be read, or two serve the same operation;
                or a rate is not one, or a fault is for an operation that isn't served.
            ModuleNotFoundError: The extra `maskinporten` is needed, and missing.
        """
        self._documents, self._operations = read_folder(documents)
        self._bases = {each.name: base_path(each.spec) for each in self._documents}
        self._store_path = ":memory:" if store is None else str(store)
        self._address = (host, port)
        self._keys = tuple(keys or (secrets.token_hex(16), secrets.token_hex(16)))
        self._body_limit = body_limit
        self._limits = read_limits(rate, quota, circuit)
        self._patience = gateway_timeout
        self._sleeper = Sleeper(sleep_after, wake)
        self._tokens = _token_server() if maskinporten is True else maskinporten or None
        self.faults = Faults() if faults is None else faults
        self.faults.know(self._operations, gives_tokens=self._tokens is not None)
        self._requests: deque[SeenRequest] = deque(maxlen=_REMEMBERED_REQUESTS)
        self._exchanges = Exchanges()
        self._ended = asyncio.Event()
        self._base_url = ""
        self._store: Store | None = None
        self._service: Service | None = None

    @property
    def api_key(self) -> str:
        """The primary subscription key."""
        return self._keys[0]

    @property
    def maskinporten(self) -> TokenServer:
        """The token endpoint beside the APIs.

        Raises:
            RuntimeError: The sandbox has no token endpoint.
        """
        if self._tokens is None:
            raise RuntimeError(
                "This sandbox has no token endpoint: use Sandbox(maskinporten=True)."
            )
        return self._tokens

    @property
    def base_url(self) -> str:
        """Scheme, host and port, such as `http://127.0.0.1:43121`."""
        if not self._base_url:
            raise RuntimeError("The sandbox has no URL yet: use it as `async with Sandbox() as …`.")
        return self._base_url

    @property
    def served(self) -> dict[str, str]:
        """The URL of each document, by the document's name."""
        return {name: self.base_url + base for name, base in self._bases.items()}

    @property
    def requests(self) -> list[SeenRequest]:
        """The requests answered so far, oldest first; of very many, the latest."""
        return list(self._requests)

    def records(self, path: str) -> list[dict[str, Any]]:
        """Return the saved records of a collection in order of creation.

        Args:
            path: The path of any operation on them, or the end of it.

        Raises:
            LookupError: No collection has this path, or more than one.
        """
        return [orjson.loads(body) for body in self._running_store.find(self._collection(path))]

    def clear(self) -> None:
        """Remove all records and requests, also those that are still to be saved."""
        if self._service:
            self._service.stop()
        self._running_store.clear()
        if self._tokens:
            self._tokens.requests.clear()
        self._requests.clear()
        self._exchanges.clear()

    def reset(self) -> None:
        """Start over: without records, requests and faults, and awake."""
        self.clear()
        self.faults.clear()
        self.wake()

    def sleep(self) -> None:
        """Put the database to sleep: the next call wakes it, which takes a while."""
        self._sleeper.sleep()

    def wake(self) -> None:
        """Wake the database at once."""
        self._sleeper.wake()

    async def __aenter__(self) -> Self:
        self._running = self._run()
        await self._running.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._running.__aexit__(kind, error, traceback)

    @property
    def _running_store(self) -> Store:
        if self._store is None:
            raise RuntimeError("The sandbox isn't running: use it as `async with Sandbox() as …`.")
        return self._store

    @contextlib.asynccontextmanager
    async def _run(self) -> AsyncIterator[None]:
        fields = _fields_of(self._operations)
        with (
            contextlib.closing(Store(self._store_path, fields)) as store,
            listen(*self._address) as listening,
        ):
            self._store, self._base_url = store, url_of(listening)
            self._ended.clear()
            if self._tokens:
                scopes = {scope for each in self._operations for scope in each.scopes}
                self._tokens.begin(self._base_url, scopes, self.faults)

            def drop(scope: Scope, reset: bool) -> None:
                server.drop(scope, reset)

            service = self._service = self._serve_from(store, drop)
            server = Server(configure(self._app(service)))
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            try:
                yield
            finally:
                self._ended.set()
                service.stop()
                if self._tokens:
                    self._tokens.stop()
                server.stop()
                await serving
                self._store = self._service = None

    def _serve_from(self, store: Store, drop: Drop) -> Service:
        return Service(
            backend=Backend(store, self._sleeper),
            gateway=Gateway(self._keys, self._limits, tokens=self._tokens),
            faults=self.faults,
            drop=drop,
            body_limit=self._body_limit,
            patience=self._patience,
        )

    def _app(self, service: Service) -> ASGIApp:
        beside = dict(create_console(self._desk()))
        if self._tokens:
            beside[self._tokens.prefix] = self._tokens.app()
        return create_app(
            self._operations,
            service,
            note=self._requests.append,
            exchanges=self._exchanges,
            beside=beside,
        )

    def _desk(self) -> Desk:
        return Desk(
            documents=self._documents,
            operations=self._operations,
            store=self._running_store,
            requests=self._requests,
            exchanges=self._exchanges,
            ended=self._ended,
            api_key=self.api_key,
            faults=self.faults,
            sleeper=self._sleeper,
            clear=self.clear,
            base_url=self.base_url,
            place="memory" if self._store_path == ":memory:" else self._store_path,
        )

    def _collection(self, path: str) -> str:
        wanted = collection_of("/" + path.strip("/"))
        known = sorted(_fields_of(self._operations))
        found = [name for name in known if name == wanted] or [
            name for name in known if name.endswith(wanted)
        ]
        if len(found) != 1:
            if found:
                raise LookupError(f"{path!r} is ambiguous: it matches {' and '.join(found)}.")
            raise LookupError(f"{path!r} matches no collection. Use one of: {', '.join(known)}.")
        return found[0]


def _token_server() -> TokenServer:
    from .token_server import TokenServer

    return TokenServer()


def _fields_of(operations: Sequence[Operation]) -> Mapping[str, set[str]]:
    """Return the collections, each with the fields that lists filter by."""
    fields: dict[str, set[str]] = {}
    for operation in operations:
        if operation.role.stores:
            fields.setdefault(operation.collection, set()).update(operation.filters.values())
    return fields
