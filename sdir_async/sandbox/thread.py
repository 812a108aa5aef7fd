"""A sandbox in its own thread, for programs and tests with any event loop, or without one."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Self, TypeVar

from .server import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from .faults import Faults
    from .seen import SeenRequest
    from .token_server import TokenServer

T = TypeVar("T")


class SandboxThread:
    """A `Sandbox` for code without asyncio: a plain `with` runs it.

    Attributes:
        sandbox: The sandbox in the thread. Don't use it from other threads.

    Example:
        ```python
        with SandboxThread(rate="20/s") as sandbox:
            httpx.get(sandbox.base_url)
        ```
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        """Take the settings of `Sandbox`."""
        self.sandbox = Sandbox(*args, **settings)
        self._thread = threading.Thread(target=self._run, name="sdir-sandbox", daemon=True)
        self._started: Future[asyncio.AbstractEventLoop] = Future()
        self._ended = asyncio.Event()

    @property
    def api_key(self) -> str:
        """The primary subscription key."""
        return self.sandbox.api_key

    @property
    def base_url(self) -> str:
        """Scheme, host and port."""
        return self.sandbox.base_url

    @property
    def maskinporten(self) -> TokenServer:
        """The token endpoint beside the APIs."""
        return self.sandbox.maskinporten

    @property
    def served(self) -> dict[str, str]:
        """The URL of each document, by the document's name."""
        return self.sandbox.served

    @property
    def faults(self) -> Faults:
        """The faults in force, to be changed at any time."""
        return self.sandbox.faults

    @property
    def requests(self) -> list[SeenRequest]:
        """The requests answered so far, oldest first."""
        return self._call(lambda: self.sandbox.requests)

    def records(self, path: str) -> list[dict[str, Any]]:
        """Return the saved records of a collection in order of creation.

        Raises:
            LookupError: No collection has this path, or more than one.
        """
        return self._call(lambda: self.sandbox.records(path))

    def clear(self) -> None:
        """Forget all records and requests."""
        self._call(self.sandbox.clear)

    def reset(self) -> None:
        """Forget all records and requests, end all faults, and wake the database."""
        self._call(self.sandbox.reset)

    def sleep(self) -> None:
        """Put the database to sleep."""
        self._call(self.sandbox.sleep)

    def wake(self) -> None:
        """Wake the database at once."""
        self._call(self.sandbox.wake)

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.result()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._call(self._ended.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            if self._started.done():
                raise
            self._started.set_exception(error)

    async def _serve(self) -> None:
        async with self.sandbox:
            self._started.set_result(asyncio.get_running_loop())
            await self._ended.wait()

    def _call(self, function: Callable[[], T]) -> T:
        """Call a function in the thread, and return what it returns."""

        async def call() -> T:
            return function()

        return asyncio.run_coroutine_threadsafe(call(), self._started.result()).result()
