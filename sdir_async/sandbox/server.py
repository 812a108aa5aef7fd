"""The sandbox as a context manager."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import orjson
import uvicorn

from .app import SeenRequest, create_app
from .backend import Backend
from .documents import find_folder, load_documents
from .gateway import Gateway
from .listening import Server, listen, url_of
from .operations import Operation, collection_of
from .reader import base_path, read_operations
from .store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from types import TracebackType

_REMEMBERED_REQUESTS = 100_000
_KEEP_ALIVE = 130  # seconds, as ASP.NET's server
_LAST_ANSWERS = 5  # seconds that answers may still take once the sandbox ends


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
    ) -> None:
        """Read the documents; nothing is served before the `async with`.

        Args:
            documents: A folder of OpenAPI 3 documents; `None` takes our own.
            store: A file to keep the records in; `None` keeps them in memory.
            host: Where to listen; only this machine by default.
            port: `0` takes a free one.
            keys: The subscription keys that are let in; `None` makes two.
            body_limit: The largest body in bytes that is not answered with 413.

        Raises:
            ValueError: There are no documents, one can't be read, or two serve the same operation.
        """
        found = load_documents(find_folder() if documents is None else Path(documents))
        self._operations = read_operations(found)
        self._bases = {document.name: base_path(document.spec) for document in found}
        self._store_path = ":memory:" if store is None else str(store)
        self._address = (host, port)
        self._keys = tuple(keys or (secrets.token_hex(16), secrets.token_hex(16)))
        self._body_limit = body_limit
        self._requests: deque[SeenRequest] = deque(maxlen=_REMEMBERED_REQUESTS)
        self._base_url = ""
        self._store: Store | None = None

    @property
    def api_key(self) -> str:
        """The primary subscription key."""
        return self._keys[0]

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
        """Forget all records and requests."""
        self._running_store.clear()
        self._requests.clear()

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
            server = Server(self._config(store))
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            try:
                yield
            finally:
                server.stop()
                await serving
                self._store = None

    def _config(self, store: Store) -> uvicorn.Config:
        app = create_app(
            self._operations,
            Backend(store),
            Gateway(self._keys),
            body_limit=self._body_limit,
            note=self._requests.append,
        )
        return uvicorn.Config(
            app,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=_LAST_ANSWERS,
        )

    def _collection(self, path: str) -> str:
        wanted = collection_of("/" + path.strip("/"))
        known = sorted(_fields_of(self._operations))
        found = [name for name in known if name == wanted] or [
            name for name in known if name.endswith(wanted)
        ]
        if len(found) != 1:
            which = "more than one collection" if found else "no collection"
            raise LookupError(f"{path!r} names {which}; there are: {', '.join(known)}.")
        return found[0]


def _fields_of(operations: Sequence[Operation]) -> Mapping[str, set[str]]:
    """Return the collections, each with the fields that lists filter by."""
    fields: dict[str, set[str]] = {}
    for operation in operations:
        if operation.role.stores:
            fields.setdefault(operation.collection, set()).update(operation.filters.values())
    return fields
