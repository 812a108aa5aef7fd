"""Issue 13, point 5: the end of a connection, and of a loop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import threading
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpcore
import httpx
import pytest
from httpcore._backends.auto import AutoBackend

from sdir_async import (
    ConfigurationError,
    ConnectionFailed,
    JournalError,
    RetryPolicy,
    Sdir,
    UploadReport,
)

from .judge import RETRY
from .points import RIGHT, record, report_of, server, times
from .scenario import BAD
from .server import Server
from .wire import raw

TRANSPORTS = ["httpx", "fast"]
KEY = "key"


@contextlib.contextmanager
def unclosed_sockets() -> Iterator[None]:
    """Let sockets be collected here that a loop left open when it ended."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            yield
        finally:
            gc.collect()


@contextlib.contextmanager
def served_in_a_thread(sdir: Server) -> Iterator[str]:
    """Serve in a loop of its own, so that a client's loop can end before the server's does."""
    started, ended = threading.Event(), threading.Event()

    async def serve() -> None:
        async with sdir.serving():
            started.set()
            while not ended.is_set():
                await asyncio.sleep(0.005)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    started.wait()
    try:
        yield sdir.url
    finally:
        ended.set()
        thread.join()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_surplus_answer_answers_nothing(transport: str) -> None:
    """What arrives together with an answer is not the answer to the next request."""
    good, bad = record(1), record(2, competenceCode=BAD)
    sdir = server([("surplus", "before")])
    report = await report_of(sdir, [good, bad], client={"transport": transport})
    assert times(sdir, good, bad) == [1, 0]
    assert (report.accepted, report.rejected) == (1, 1)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_gzip_answer_that_is_cut_is_no_answer(transport: str) -> None:
    """Cut to its header it decodes to nothing, which is not what the server wrote."""
    sdir = server([RIGHT, ("gzip header", "never")])
    report = await report_of(sdir, [record(1), record(2)], client={"transport": transport})
    assert sum(times(sdir, record(1), record(2))) == report.accepted


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_timeout_bounds_an_attempt_whose_answer_drips_in(transport: Any) -> None:
    """However often a byte arrives: a complete answer that took too long does not count."""
    drips: list[asyncio.Task[Any]] = []

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for byte in raw(200, []):
            writer.write(bytes([byte]))
            await asyncio.sleep(0.01)

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        drips.append(asyncio.ensure_future(drip(reader, writer)))
        drips[-1].add_done_callback(lambda _: writer.close())

    dripping = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = dripping.sockets[0].getsockname()[1]
    async with (
        dripping,
        Sdir(
            KEY,
            base_url=f"http://127.0.0.1:{port}",
            transport=transport,
            timeout=0.1,
            retry=RetryPolicy(attempts=1),
        ) as sdir,
    ):
        with pytest.raises(ConnectionFailed):
            await sdir.additional_competence.v2.list_additional_competences()
        for task in drips:
            task.cancel()
        await asyncio.gather(*drips, return_exceptions=True)


@pytest.mark.parametrize("given", [0.25, 5.0])
async def test_the_pool_timeout_of_the_users_client_is_kept(given: float) -> None:
    """Whose client has a limit, has a bound for waiting for a connection."""
    seen: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"]["pool"])
        return httpx.Response(200, json=[])

    timeout = httpx.Timeout(10.0, pool=given)
    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(answer), timeout=timeout) as client,
        Sdir(KEY, http_client=client) as sdir,
    ):
        await sdir.additional_competence.v2.list_additional_competences()
    assert seen == [given]


class Unreachable(AutoBackend):
    """A network that never connects, until it does."""

    reachable = False

    async def connect_tcp(self, *given: Any, **named: Any) -> httpcore.AsyncNetworkStream:
        """Wait forever, or connect."""
        if not self.reachable:
            await asyncio.Event().wait()
        return await super().connect_tcp(*given, **named)


@contextlib.asynccontextmanager
async def _after_cancelled_calls() -> AsyncIterator[Sdir]:
    """Give an Sdir over a client with one connection, for which a call waited that was cancelled.

    The call that had the connection is cancelled at the same moment.
    """
    network, timeout = Unreachable(), httpx.Timeout(10.0, pool=0.1)
    pool = httpcore.AsyncConnectionPool(max_connections=1, network_backend=network)
    transport = httpx.AsyncHTTPTransport()
    transport._pool = pool
    async with (
        server().serving() as url,
        httpx.AsyncClient(transport=transport, timeout=timeout) as client,
        Sdir(KEY, base_url=url, http_client=client, retry=RetryPolicy(attempts=2)) as sdir,
    ):
        call = sdir.additional_competence.v2.list_additional_competences
        calls = [asyncio.create_task(call()) for _ in range(2)]
        while len(pool._requests) < 2:
            await asyncio.sleep(0)
        for one in calls:
            one.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        network.reachable = True
        yield sdir


@pytest.mark.xfail(strict=True, reason="httpcore 1093: a slot of the pool is lost for good")
async def test_cancelled_calls_leave_no_connection_of_a_users_client_taken() -> None:
    """After them a call over the same client, which has a limit, gets an answer."""
    async with _after_cancelled_calls() as sdir:
        assert await sdir.additional_competence.v2.list_additional_competences() == []


async def test_where_no_connection_gets_free_an_upload_ends_and_nothing_was_sent() -> None:
    """The pool timeout of the user's client bounds the wait, and no record is in doubt."""
    async with _after_cancelled_calls() as sdir:
        upload = sdir.additional_competence.v2.upload([record(1)], check=False)
        with pytest.raises(ConnectionFailed, match="PoolTimeout"):
            await upload
        assert (upload.report.unsent, upload.report.in_doubt) == (1, 0)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_cancelled_uploads_leave_no_connection_taken(transport: Any) -> None:
    """Over a transport of ours an upload comes to its end, however many were cancelled before."""
    sdir_server = server(itertools.repeat(("trickle", "before")))
    async with (
        sdir_server.serving(),
        Sdir(KEY, base_url=sdir_server.url, transport=transport, retry=RETRY) as sdir,
    ):

        async def upload(count: int) -> UploadReport:
            records = [record(number) for number in range(count)]
            return await sdir.additional_competence.v2.upload(
                records, chunk_size=1, check=False, reconcile=None
            )

        for round_ in range(20):
            task = asyncio.create_task(upload(16))
            await asyncio.sleep(0.0007 * round_)
            task.cancel()
            await asyncio.wait([task])
        report = await upload(4)
    assert report.accepted == 4


async def test_a_cancelled_upload_lets_go_of_its_journal(tmp_path: Path) -> None:
    """A cancellation that is delivered again and again, as anyio's is, does not leave it in use."""
    sdir_server = server(itertools.repeat(("trickle", "before")))
    records = [record(number) for number in range(20)]
    in_use = 0
    async with (
        sdir_server.serving(),
        Sdir(KEY, base_url=sdir_server.url, transport="httpx", retry=RETRY) as sdir,
    ):
        upload = sdir.additional_competence.v2.upload
        for number in range(20):
            journal = tmp_path / f"journal-{number}"
            with anyio.move_on_after(0.01 + 0.001 * number):
                await upload(records, chunk_size=2, check=False, journal=journal)
            try:
                await upload(records, chunk_size=2, check=False, journal=journal, deadline=1e-9)
            except JournalError:
                in_use += 1
    assert in_use == 0


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_an_sdir_goes_on_in_a_second_loop(transport: Any) -> None:
    """In another `asyncio.run` the connections of the first are not used: nothing is in doubt."""
    sdir_server = server()

    async def upload(sdir: Sdir, number: int) -> UploadReport:
        return await sdir.additional_competence.v2.upload(
            [record(number)], check=False, reconcile=None
        )

    with unclosed_sockets(), served_in_a_thread(sdir_server) as url:
        sdir = Sdir(KEY, base_url=url, transport=transport, retry=RETRY)
        reports = [asyncio.run(upload(sdir, number)) for number in range(4)]
        asyncio.run(sdir.aclose())
    assert [report.accepted for report in reports] == [1, 1, 1, 1]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_another_thread_is_refused(transport: Any) -> None:
    """While an Sdir is used in one thread, another hears at once that it must have its own."""
    sdir_server = server([("silent", "never")])
    errors: list[BaseException] = []

    async def first(sdir: Sdir) -> None:
        async with sdir:
            upload = sdir.additional_competence.v2.upload
            uploading = aiter(upload([record(1)], check=False, reconcile=None))
            while not sdir_server.requests:
                await asyncio.sleep(0.002)
            await asyncio.to_thread(other, sdir)
            del uploading  # and end it

    async def second(sdir: Sdir) -> None:
        async with asyncio.timeout(60):
            await sdir.additional_competence.v2.list_additional_competences()

    def other(sdir: Sdir) -> None:
        try:
            asyncio.run(second(sdir))
        except BaseException as error:  # noqa: BLE001  it is looked at below
            errors.append(error)

    with unclosed_sockets(), served_in_a_thread(sdir_server) as url:
        asyncio.run(first(Sdir(KEY, base_url=url, transport=transport, retry=RETRY)))
    assert [type(error) for error in errors] == [ConfigurationError]
    assert "thread" in str(errors[0])
