"""A crash reporter sends the locals of every frame: none holds a key, a token or a person number.

Each case is a way in which an error leaves the library, over each transport. What it carries is
looked at as `traceback.TracebackException(capture_locals=True)` shows it, and as the Sentry SDK
sends it with its defaults.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import pickle
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sentry_sdk
from attrs import frozen
from sentry_sdk.transport import Transport

from sdir_async import RetryPolicy, Sdir, SdirError, SubscriptionKey, Telemetry
from sdir_async.api.course.v1 import Course
from tests.certificates import authority

KEY = "1bd956a741a64f7ab22bc37d2f032d4f"
SECOND = "9f0c1d2e3b4a59687766554433221100"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwcyJ9.c2lnbmF0dXJl"
PERSON = "41814061033"
SPELLED = "418140 61033"
NAME = "Ola Nordmann"
SECRETS = (KEY, SECOND, TOKEN, PERSON, SPELLED)

ONCE = RetryPolicy(attempts=1, first_wait=0.001, longest_wait=0.001, settle=0.0)


def courses(count: int = 3, **changes: Any) -> list[Course]:
    """Records as a user has them; a `repr` of them hides the person."""
    moment = "2020-01-01T00:00:00+00:00"
    return [
        Course.from_dict(
            {
                "personalIdentityNumber": PERSON,
                "organizationNumber": "991825827",
                "completedAt": moment,
                "courseCode": f"C{number}",
                **changes,
            }
        )
        for number in range(count)
    ]


class Server:
    """Says what it was told to, with the whole request in it, as a page for developers does."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body: bytes | None = None
        self.hang = self.cut = False
        self.asked, self._over = asyncio.Event(), asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []

    async def aclose(self) -> None:
        """Answer nobody any more, and close all connections."""
        self._over.set()
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            while head := await _head(reader):
                length = int(head.lower().partition("content-length: ")[2].split("\r\n")[0] or 0)
                body = await reader.readexactly(length)
                if self.hang:
                    self.asked.set()
                    await self._over.wait()
                if self.cut or self.hang:
                    return
                writer.write(self._answer(head, body.decode("utf-8", "replace")))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    def _answer(self, head: str, sent: str) -> bytes:
        said = f"The value '{NAME}' of {SPELLED} ({PERSON}) is bad. Bearer {TOKEN}"
        problem = {
            "title": said,
            "detail": f"{head} {sent}",
            "traceId": f"{PERSON} {KEY}",
            "errors": {f"[0].{PERSON}": [said], "[1].courseCode": [f"{KEY} {said}"]},
        }
        body = json.dumps(problem).encode() if self.body is None else self.body
        headers = {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "x-ms-request-id": f"{PERSON} {KEY}",
            **self.headers,
        }
        lines = [f"HTTP/1.1 {self.status} x", *(f"{k}: {v}" for k, v in headers.items()), "", ""]
        return "\r\n".join(lines).encode() + body


async def _head(reader: asyncio.StreamReader) -> str:
    try:
        return (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return ""


@frozen
class Scene:
    """What a case has: how to make an Sdir, the server behind it, and a folder."""

    given: Callable[[], dict[str, Any]]
    server: Server
    folder: Path

    def sdir(self, **more: Any) -> Sdir:
        """Return an Sdir that talks to the server; no frame here holds a key."""
        return Sdir(_pair(), **{**self.given(), **more})

    @contextlib.asynccontextmanager
    async def timeout(self) -> AsyncIterator[None]:
        """Time out when the server has a request and hangs."""
        self.server.hang = True
        async with asyncio.timeout(None) as bound:
            ends = asyncio.ensure_future(self._end(bound))
            try:
                yield
            finally:
                ends.cancel()

    async def _end(self, bound: asyncio.Timeout) -> None:
        await self.server.asked.wait()
        bound.reschedule(asyncio.get_running_loop().time())

    async def cancelled(self, waiting: Awaitable[Any]) -> object:
        """Cancel when the server has a request and hangs."""
        self.server.hang = True
        task = asyncio.ensure_future(waiting)
        await self.server.asked.wait()
        task.cancel()
        return await task


Case = Callable[[Scene], Awaitable[object]]
CASES: dict[str, Case] = {}


def case(function: Case) -> Case:
    """Note a way in which an error leaves the library."""
    CASES[function.__name__] = function
    return function


async def _list(sdir: Sdir, **more: Any) -> object:
    return await sdir.course.v1.list_courses(person_id=PERSON, **more)


@case
async def a_timeout_of_asyncio(scene: Scene) -> object:
    async with scene.sdir() as sdir, scene.timeout():
        return await _list(sdir)


@case
async def a_timeout_of_asyncio_around_a_create(scene: Scene) -> object:
    async with scene.sdir() as sdir, scene.timeout():
        return await sdir.course.v1.create_courses(courses())


@case
async def a_cancellation(scene: Scene) -> object:
    async with scene.sdir() as sdir:
        return await scene.cancelled(_list(sdir))


@case
async def a_deadline(scene: Scene) -> object:
    scene.server.hang = True
    async with scene.sdir() as sdir:
        return await _list(sdir, timeout=0.2)


@case
async def a_closed_sdir(scene: Scene) -> object:
    sdir = scene.sdir()
    await sdir.aclose()
    return await _list(sdir)


@case
async def a_parameter_that_cant_be_encoded(scene: Scene) -> object:
    async with scene.sdir() as sdir:
        return await sdir.course.v1.list_courses(person_id=PERSON + "\ud800")


@case
async def another_parameter_that_cant_be_encoded(scene: Scene) -> object:
    async with scene.sdir() as sdir:
        return await _list(sdir, page="\ud800")


@case
async def a_path_that_cant_be(scene: Scene) -> object:
    async with scene.sdir() as sdir:
        return await sdir.course.v1.get_course(_uid(f"{PERSON}\ud800"))


def _uid(text: str) -> Any:
    return text


@case
async def a_bad_timeout(scene: Scene) -> object:
    async with scene.sdir() as sdir:
        return await _list(sdir, timeout="soon")


@case
async def a_negative_timeout(scene: Scene) -> object:
    async with scene.sdir() as sdir:
        return await _list(sdir, timeout=-1)


@case
async def a_body_that_cant_be_encoded(scene: Scene) -> object:
    async with scene.sdir() as sdir:
        return await sdir.course.v1.create_courses([*courses(), object()])  # type: ignore[list-item]


STATUSES: dict[int, dict[str, str]] = {
    302: {"Location": f"http://127.0.0.1:1/{PERSON}?key={KEY}"},
    400: {},
    401: {"WWW-Authenticate": f"Bearer {TOKEN}"},
    403: {},
    404: {},
    408: {},
    409: {},
    413: {},
    415: {},
    422: {},
    429: {"Retry-After": "0"},
    500: {},
    503: {},
}


def _note_answer(status: int) -> None:
    async def list_(scene: Scene) -> object:
        scene.server.status, scene.server.headers = status, STATUSES[status]
        async with scene.sdir() as sdir:
            return await _list(sdir)

    async def create(scene: Scene) -> object:
        scene.server.status, scene.server.headers = status, STATUSES[status]
        async with scene.sdir() as sdir:
            return await sdir.course.v1.create_courses(courses())

    CASES[f"a_list_that_is_answered_{status}"] = list_
    CASES[f"a_create_that_is_answered_{status}"] = create


for _code in STATUSES:
    _note_answer(_code)


@case
async def an_exhausted_quota(scene: Scene) -> object:
    scene.server.status, scene.server.headers = 403, {"Retry-After": "99999"}
    async with scene.sdir() as sdir:
        return await _list(sdir)


@case
async def an_answer_that_is_cut(scene: Scene) -> object:
    scene.server.body = f'[{{"personalIdentityNumber": "{PERSON}", "x": "{KEY}"'.encode()
    async with scene.sdir() as sdir:
        return await _list(sdir)


@case
async def a_raw_answer_whose_value_cant_be_read(scene: Scene) -> object:
    scene.server.body = f'[{{"personalIdentityNumber": ["{PERSON}"], "x": "{KEY}"}}]'.encode()
    async with scene.sdir() as sdir:
        raw = await sdir.course.v1.with_raw_response.list_courses(person_id=PERSON)
        return raw.value


@case
async def an_iterator_whose_page_is_refused(scene: Scene) -> object:
    scene.server.status = 400
    async with scene.sdir() as sdir:
        return [each async for each in sdir.course.v1.iter_courses(person_id=PERSON)]


@case
async def an_iterator_whose_pages_come_again(scene: Scene) -> object:
    uid = {"uid": "00000000-0000-4000-8000-000000000001"}
    scene.server.body = json.dumps([courses()[0].to_dict() | uid]).encode()
    async with scene.sdir() as sdir:
        course = sdir.course.v1
        return [each async for each in course.iter_courses(person_id=PERSON, page_size=1)]


@case
async def a_call_of_ones_own_that_is_refused(scene: Scene) -> object:
    scene.server.status = 400
    async with scene.sdir() as sdir:
        return await sdir.request(
            "POST",
            f"/{PERSON}/{{id}}",
            api="course",
            path_params={"id": PERSON},
            params={"p": PERSON},
            body=_mappings(),
        )


@case
async def a_path_of_ones_own_that_cant_be(scene: Scene) -> object:
    async with scene.sdir() as sdir:
        return await sdir.request("GET", f"/{PERSON}?key={KEY}", api="course")


@case
async def a_header_that_cant_be(scene: Scene) -> object:
    async with scene.sdir() as sdir:
        return await sdir.course.v1.list_courses(headers={"X-Mine": f"{KEY}\n"})


@case
async def a_header_for_all_calls_that_is_ours(scene: Scene) -> object:
    async with scene.sdir() as sdir:
        return sdir.with_options(headers={"Authorization": f"Bearer {TOKEN}"})


@case
async def a_traced_call_that_is_refused(scene: Scene) -> object:
    scene.server.status = 400
    async with scene.sdir(telemetry=Telemetry()) as sdir:
        return await _list(sdir)


@case
async def a_traced_call_that_is_cancelled(scene: Scene) -> object:
    async with scene.sdir(telemetry=Telemetry()) as sdir:
        return await scene.cancelled(_list(sdir))


@case
async def a_traced_upload_that_is_cancelled(scene: Scene) -> object:
    async def upload(sdir: Sdir) -> object:
        return await sdir.course.v1.upload(courses())

    async with scene.sdir(telemetry=Telemetry()) as sdir:
        return await scene.cancelled(upload(sdir))


@case
async def an_answer_of_another_shape(scene: Scene) -> object:
    scene.server.body = f'[{{"personalIdentityNumber": ["{PERSON}"], "completedAt": "x"}}]'.encode()
    async with scene.sdir() as sdir:
        return await _list(sdir)


@case
async def no_connection(scene: Scene) -> object:
    async with scene.sdir(base_url="http://127.0.0.1:9") as sdir:
        return await _list(sdir)


@case
async def a_list_whose_answer_is_lost(scene: Scene) -> object:
    scene.server.cut = True
    async with scene.sdir() as sdir:
        return await _list(sdir)


@case
async def a_create_whose_answer_is_lost(scene: Scene) -> object:
    scene.server.cut = True
    async with scene.sdir() as sdir:
        return await sdir.course.v1.create_courses(courses())


@case
async def a_key_with_a_newline(scene: Scene) -> object:
    return Sdir(f"{KEY}\n", **scene.given())


@case
async def a_key_that_is_bytes(scene: Scene) -> object:
    return Sdir(KEY.encode(), **scene.given())  # type: ignore[arg-type]


@case
async def a_second_key_with_a_space(scene: Scene) -> object:
    return SubscriptionKey(KEY, f"{SECOND} ")


@case
async def a_function_that_returns_a_bad_key(scene: Scene) -> object:
    async with Sdir(_Source(f"{KEY}\n"), **scene.given()) as sdir:
        return await _list(sdir)


@case
async def a_function_that_returns_no_key(scene: Scene) -> object:
    async with Sdir(_Source(None), **scene.given()) as sdir:
        return await _list(sdir)


@case
async def a_function_that_fails(scene: Scene) -> object:
    async with Sdir(_Source(OSError("no vault")), **scene.given()) as sdir:
        return await _list(sdir)


@case
async def a_function_that_fails_when_it_is_asked_again(scene: Scene) -> object:
    scene.server.status = 401
    async with Sdir(_Source(KEY, OSError("no vault")), **scene.given()) as sdir:
        return await _list(sdir)


class _Source:
    """Returns one key after the other, or raises."""

    def __init__(self, *keys: object) -> None:
        self._keys = iter(keys)

    def __call__(self) -> Any:
        key = next(self._keys)
        if isinstance(key, Exception):
            raise key
        return key


@case
async def a_base_url_with_a_password(scene: Scene) -> object:
    return Sdir(_pair(), base_url=f"http://user:{KEY}@127.0.0.1:1")


@case
async def an_environment_that_is_not(scene: Scene) -> object:
    return scene.sdir(environment="nowhere")


async def _upload(scene: Scene, records: Any = None, **more: Any) -> object:
    async with scene.sdir() as sdir:
        given = courses(20) if records is None else records
        return await sdir.course.v1.upload(given, chunk_size=5, concurrency=2, **more)


@case
async def an_upload_with_a_bad_key(scene: Scene) -> object:
    scene.server.status = 401
    return await _upload(scene)


@case
async def an_upload_that_is_refused(scene: Scene) -> object:
    scene.server.status = 404
    return await _upload(scene)


@case
async def an_upload_that_may_not(scene: Scene) -> object:
    scene.server.status = 403
    return await _upload(scene)


@case
async def an_upload_that_nobody_answers(scene: Scene) -> object:
    scene.server.status = 500
    return await _upload(scene, reconcile=None)


@case
async def an_upload_with_an_unusable_journal(scene: Scene) -> object:
    return await _upload(scene, journal=scene.folder)


@case
async def an_upload_with_the_journal_of_another(scene: Scene) -> object:
    scene.server.body = b"[]"
    await _upload(scene, courses(5), journal=scene.folder / "journal")
    return await _upload(scene, courses(5, courseCode="X"), journal=scene.folder / "journal")


@case
async def an_upload_whose_input_fails(scene: Scene) -> object:
    def records() -> Iterator[Course]:
        yield from courses(7)
        raise OSError("the disk is gone")

    scene.server.body = b"[]"
    return await _upload(scene, records())


@case
async def an_upload_whose_progress_fails(scene: Scene) -> object:
    def progress(_: object) -> None:
        raise OSError("no terminal")

    scene.server.body = b"[]"
    return await _upload(scene, progress=progress)


@case
async def an_upload_whose_reconcile_fails(scene: Scene) -> object:
    async def reconcile(_: object) -> bool:
        await asyncio.sleep(0)
        raise OSError("no answer")

    scene.server.cut = True
    return await _upload(scene, reconcile=reconcile)


@case
async def an_upload_that_is_cancelled(scene: Scene) -> object:
    return await scene.cancelled(_upload(scene))


@case
async def an_upload_within_a_timeout_of_asyncio(scene: Scene) -> object:
    async with scene.timeout():
        return await _upload(scene)


@case
async def an_upload_with_a_bad_option(scene: Scene) -> object:
    async with scene.sdir() as sdir:
        return await sdir.course.v1.upload(courses(), chunk_size=0)


def _mappings(**changes: Any) -> list[dict[str, Any]]:
    """Records whose `repr` hides nothing."""
    return [{**course.to_dict(), **changes} for course in courses(20)]


@case
async def a_create_of_mappings_that_cant_be_encoded(scene: Scene) -> object:
    async with scene.sdir() as sdir:
        return await sdir.course.v1.create_courses(_mappings(x=object()))  # type: ignore[arg-type]


@case
async def a_create_of_mappings_that_is_refused(scene: Scene) -> object:
    scene.server.status = 400
    async with scene.sdir() as sdir:
        return await sdir.course.v1.create_courses(_mappings())  # type: ignore[arg-type]


@case
async def an_upload_of_mappings_with_a_bad_option(scene: Scene) -> object:
    async with scene.sdir() as sdir:
        return await sdir.course.v1.upload(_mappings(), chunk_size=0)


@case
async def an_upload_of_bytes_that_are_not_json(scene: Scene) -> object:
    async with scene.sdir() as sdir:
        return await sdir.course.v1.upload([f'{{"personId": "{PERSON}"'.encode(), 1])  # type: ignore[list-item]


@case
async def an_upload_of_mappings_that_is_cancelled(scene: Scene) -> object:
    async with scene.sdir() as sdir, scene.timeout():
        return await sdir.course.v1.upload(_mappings(), chunk_size=5)


@case
async def an_upload_that_fails_in_a_loop(scene: Scene) -> object:
    scene.server.status = 401
    async with scene.sdir() as sdir:
        return [chunk async for chunk in sdir.course.v1.upload(_mappings(), chunk_size=5)]


@case
async def a_request_that_would_lead_elsewhere(scene: Scene) -> object:
    async with scene.sdir() as sdir:
        return await sdir.request(
            "GET", "/{person}", api="course", path_params={"person": "..", "x": PERSON}
        )


@case
async def a_record_that_lacks_a_field(scene: Scene) -> object:
    return Course.from_dict({"personalIdentityNumber": PERSON, "organizationNumber": SPELLED})


@case
async def a_record_with_its_columns_mixed_up(scene: Scene) -> object:
    return Course.from_dict({**courses(1)[0].to_dict(), "completedAt": f"{PERSON}T"})


@case
async def a_record_that_cant_be_written(scene: Scene) -> object:
    return Course(PERSON, SPELLED, PERSON, PERSON).to_dict()  # type: ignore[arg-type]


@case
async def a_function_that_returns_a_bad_token(scene: Scene) -> object:
    async with scene.sdir(token=lambda _: f"{TOKEN}\n") as sdir:
        return await _list(sdir)


def _no_token(_: object) -> str:
    raise LookupError("no vault")


@case
async def a_function_that_gives_no_token(scene: Scene) -> object:
    async with scene.sdir(token=_no_token) as sdir:
        return await _list(sdir)


@case
async def a_refused_token(scene: Scene) -> object:
    scene.server.status, scene.server.headers = 401, {"WWW-Authenticate": f"Bearer {TOKEN}"}
    async with scene.sdir(token=lambda _: TOKEN) as sdir:
        return await _list(sdir)


@case
async def a_person_in_place_of_a_customer(scene: Scene) -> object:
    async with scene.sdir(token=lambda _: TOKEN) as sdir:
        return sdir.on_behalf_of(PERSON)


class _Own(Sdir):
    """A subclass of the user's: its frame has an `Sdir` whose settings were refused."""

    def __init__(self, *given: Any, **settings: Any) -> None:
        super().__init__(*given, **settings)


@case
async def a_subclass_whose_settings_are_refused(scene: Scene) -> object:
    return _Own(_pair(), environment="nowhere")


def _pair() -> SubscriptionKey:
    return SubscriptionKey(KEY, SECOND)


@contextlib.asynccontextmanager
async def _scene(kind: str, folder: Path) -> AsyncIterator[Scene]:
    """Open a server; `client` is an `httpx.AsyncClient` of the user's."""
    server = Server()
    listening = await asyncio.start_server(server, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with httpx.AsyncClient() as client:
        over = {"http_client": client} if kind == "client" else {"transport": kind}
        yield Scene(lambda: {"base_url": url, "retry": ONCE, **over}, server, folder)
    listening.close()
    await server.aclose()
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)


class Kept(Transport):
    """Keeps in memory what would be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []

    def capture_envelope(self, envelope: Any) -> None:
        self.sent += [item.payload.get_bytes().decode() for item in envelope.items]


@pytest.fixture(scope="module")
def kept() -> Iterator[Kept]:
    """Sentry as a user has it; only its network is ours."""
    kept = Kept()
    sentry_sdk.init(dsn="http://key@127.0.0.1:9/1", transport=kept)
    yield kept
    sentry_sdk.get_client().close(timeout=0)
    sentry_sdk.get_global_scope().set_client(None)


@pytest.fixture
def sentry(kept: Kept, kind: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    """Let Sentry begin anew.

    It notes the URL of what an `httpx.AsyncClient` of the user's sends, where no library can hide
    it. So there it has `disabled_integrations=[HttpxIntegration()]`, as `docs/privacy.md` says.
    """
    if kind == "client":
        monkeypatch.delitem(sentry_sdk.get_client().integrations, "httpx")
    kept.sent.clear()
    with sentry_sdk.isolation_scope():
        yield kept


@frozen
class Left:
    """What left the library in a case: the error, what Sentry sent, and what was logged."""

    error: BaseException
    sent: str
    logged: str


async def _error_of(name: str, scene: Scene) -> BaseException:
    try:
        found = await CASES[name](scene)
    except BaseException as error:  # noqa: BLE001  a cancellation is one of them
        return error
    raise AssertionError(f"{name} ended well: {type(found).__name__}")


@pytest.fixture(scope="module")
def one_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with one certificate: to read all that httpx trusts takes long."""
    path = tmp_path_factory.mktemp("tls") / "root.pem"
    path.write_bytes(authority().pem)
    return path


@pytest.fixture
async def left(
    name: str,
    kind: str,
    sentry: Kept,
    one_root: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> Left:
    """Run a case with every log at DEBUG."""
    monkeypatch.setenv("SSL_CERT_FILE", str(one_root))
    caplog.set_level(logging.DEBUG)
    async with _scene(kind, tmp_path) as scene:
        error = await _error_of(name, scene)
    sentry_sdk.capture_exception(error)
    lines = " ".join(repr(vars(record)) for record in caplog.records)
    return Left(error, " ".join(sentry.sent), caplog.text + lines)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("kind", ["httpx", "httpx2", "fast", "client"])
@pytest.mark.parametrize("name", CASES)
async def test_an_error_that_leaves_shows_no_secret(left: Left) -> None:
    """Not in its frames, text, attributes or pickle, in an event of Sentry, or a line of a log.

    Nor does it repeat the name of a person, which a server quotes with the record.
    """
    made = traceback.TracebackException.from_exception(left.error, capture_locals=True)
    errors = list(_chain(left.error))
    looked_at = {
        "frames": "".join(made.format()),
        "errors": " ".join(f"{one} {one!r} {vars(one)!r}" for one in errors),
        "pickles": repr([pickle.dumps(one) for one in errors if isinstance(one, SdirError)]),
        "Sentry": left.sent,
        "logs": left.logged,
    }
    assert left.sent
    assert {
        what: found
        for what, text in looked_at.items()
        if (found := [secret for secret in SECRETS if secret in text])
    } == {}
    reasons = getattr(left.error, "reasons", ())
    assert NAME not in f"{left.error} {left.error!r} {reasons!r}"
