"""`Sdir`: its settings, what it opens and closes, and the APIs as attributes."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
import respx

import sdir_async
from sdir_async import ConfigurationError, RetryPolicy, Sdir
from sdir_async.base import Operations
from sdir_async.client import DEFAULT_TIMEOUT
from sdir_async.document import Document
from sdir_async.wire import Timeouts

from .scripted import KEY, OK, Script, answer, sdir_over
from .virtual import run

COURSES = "aps-course-external/v1"


class Toy(Operations):
    """A version whose document has servers of its own."""

    _document = Document("toy", "v7", "Toy", {})


def toy(sdir: Sdir, servers: dict[str, str]) -> str:
    """Return where a version with these servers would send its requests."""
    kind = type("Toys", (Toy,), {"_document": Document("toy", "v7", "Toy", servers)})
    version: Toy = kind(sdir._session)
    return version._base_url


def test_nothing_goes_to_production_unless_told() -> None:
    """The default is the test environment."""
    script = Script(OK)
    run(sdir_over(script).course.v1.list_codes())
    run(sdir_over(script, environment="production").course.v1.list_codes())
    hosts = [request.url.host for request in script.requests]
    assert hosts == ["sdir-t-apim-common.azure-api.net", "api.sdir.no"]


@pytest.mark.parametrize("name", ["staging", "", "Test", None, ["test"]], ids=repr)
def test_an_unknown_environment_is_refused_with_those_that_exist(name: Any) -> None:
    """Before anything is sent anywhere."""
    with pytest.raises(ConfigurationError, match="'development', 'test', 'production'"):
        Sdir(KEY, environment=name)


@pytest.mark.parametrize(
    ("base_url", "origin"),
    [
        ("http://127.0.0.1:8400", "http://127.0.0.1:8400"),
        ("http://127.0.0.1:8400/", "http://127.0.0.1:8400"),
        ("https://proxy.example", "https://proxy.example"),
        ("https://proxy.example:443", "https://proxy.example"),
        ("http://[::1]:8400", "http://[::1]:8400"),
        ("HTTP://LOCALHOST:1", "http://localhost:1"),
    ],
)
def test_base_url_replaces_scheme_host_and_port(base_url: str, origin: str) -> None:
    """The path stays as the document says, in any environment."""
    script = Script(OK)
    run(sdir_over(script, base_url=base_url, environment="production").course.v1.list_codes())
    assert str(script.requests[0].url) == f"{origin}/{COURSES}/codes"


@pytest.mark.parametrize(
    "base_url",
    [
        *("", "127.0.0.1:8400", "/path", "ftp://host", "https://", "http://[::1", "http://:1"),
        *("http://a..b", f"http://{'a' * 64}.no", "http://host:65536"),
        *("http://host/path", "http://host/?x=1", "http://host#x", "http://user:sesame@host"),
    ],
)
def test_a_base_url_without_scheme_or_host_is_refused(base_url: str) -> None:
    """The error shows what one looks like, or what is wrong."""
    with pytest.raises(ConfigurationError, match="base_url"):
        Sdir(KEY, base_url=base_url)


def test_a_password_in_a_base_url_is_refused_and_not_shown() -> None:
    """Nothing that is given is dropped in silence."""
    with pytest.raises(ConfigurationError) as caught:
        Sdir(KEY, base_url="http://user:sesame@host")
    assert "sesame" not in str(caught.value)


def test_a_document_without_a_server_for_the_environment_says_so() -> None:
    """And names those that it has."""
    with pytest.raises(ConfigurationError, match="names no server for 'test'; it names: produ"):
        toy(sdir_over(Script(OK)), {"production": "https://host/toys"})
    with pytest.raises(ConfigurationError, match="it names: https://host/toys"):
        toy(sdir_over(Script(OK)), {"": "https://host/toys"})


def test_base_url_makes_up_for_a_server_that_the_document_lacks() -> None:
    """The path of another one has to do, or none."""
    sdir = sdir_over(Script(OK), base_url="http://127.0.0.1:1")
    assert toy(sdir, {"production": "https://host/toys/v7"}) == "http://127.0.0.1:1/toys/v7"
    assert toy(sdir, {}) == "http://127.0.0.1:1"
    assert toy(sdir, {"": "/toys"}) == "http://127.0.0.1:1/toys"


@pytest.mark.parametrize("size", [0, -1, 1.5, "64", None, True])
def test_the_bound_of_an_answer_is_a_number_of_bytes(size: Any) -> None:
    """Nothing else can be counted; without a bound an answer could take all memory."""
    with pytest.raises(ConfigurationError, match="largest_answer must be a whole number, at"):
        Sdir("key", largest_answer=size)


def test_repr_says_where_requests_go() -> None:
    """And nothing else."""
    assert repr(sdir_over(Script(OK))) == "Sdir(environment='test')"
    away = sdir_over(Script(OK), environment="production", base_url="http://127.0.0.1:8400/")
    assert repr(away) == "Sdir(environment='production', base_url='http://127.0.0.1:8400')"
    where = f"https://sdir-t-apim-common.azure-api.net/{COURSES}"
    assert repr(sdir_over(Script(OK)).course.v1) == f"<course v1 at {where}>"


async def test_a_client_of_the_users_own_stays_open() -> None:
    """We don't close what we didn't open; the Sdir is closed anyway."""
    async with httpx.AsyncClient(transport=Script(OK)) as client:
        async with Sdir(KEY, http_client=client) as sdir:
            await sdir.course.v1.list_codes()
        assert not client.is_closed
        with pytest.raises(ConfigurationError, match="This Sdir is closed"):
            await sdir.course.v1.list_codes()


async def test_a_client_that_was_opened_here_is_closed_here(respx_mock: respx.MockRouter) -> None:
    """Also when the block ends with an error."""
    respx_mock.route().respond(json=[])
    sdir = Sdir(KEY)
    with pytest.raises(ZeroDivisionError):
        async with sdir:
            await sdir.course.v1.list_codes()
            raise ZeroDivisionError
    with pytest.raises(ConfigurationError, match="This Sdir is closed"):
        await sdir.course.v1.list_codes()


async def test_a_closed_sdir_says_so() -> None:
    """A call made after it, whatever it was to do; closing twice is harmless."""
    sdir = Sdir(KEY)
    await sdir.aclose()
    await sdir.aclose()
    for call in (sdir.course.v1.list_codes(), sdir.course.v1.create_courses([])):
        with pytest.raises(ConfigurationError, match=r"This Sdir is closed\. Open another one"):
            await call


def test_what_waits_for_its_turn_while_its_sdir_is_closed_is_not_sent() -> None:
    """A pause ends after the end: an upload's records are unsent, and not in doubt."""
    script = Script(answer(429, retry_after="60"))

    async def main() -> None:
        sdir = sdir_over(script)
        first = asyncio.create_task(sdir.course.v1.list_codes())
        await asyncio.sleep(1)
        upload = sdir.course.v1.upload([{}], check=False)
        second = asyncio.ensure_future(upload)
        await asyncio.sleep(1)
        await sdir.aclose()
        for task in (first, second):
            with pytest.raises(ConfigurationError, match="closed"):
                await task
        assert upload.report.unsent == 1

    run(main())
    assert len(script.requests) == 1


def test_a_call_that_waits_while_its_sdir_is_closed_is_not_repeated() -> None:
    """It ends with the same words."""

    def busy(_: httpx.Request) -> httpx.Response:
        return httpx.Response(502)

    script = Script(busy)

    async def main() -> None:
        sdir = sdir_over(script, retry=RetryPolicy(first_wait=10))
        call = asyncio.create_task(sdir.course.v1.list_codes())
        await asyncio.sleep(1)
        await sdir.aclose()
        with pytest.raises(ConfigurationError, match="This Sdir is closed"):
            await call

    run(main())
    assert len(script.requests) == 1


def test_the_users_client_keeps_its_own_headers() -> None:
    """A proxy may want some."""
    script = Script(OK)
    client = httpx.AsyncClient(transport=script, headers={"X-Mine": "1", "Accept": "text/html"})
    run(Sdir(KEY, http_client=client).course.v1.list_codes())
    assert script.requests[0].headers["X-Mine"] == "1"
    assert script.requests[0].headers["Accept"] == "application/json"


def test_an_sdir_may_be_made_where_no_loop_runs() -> None:
    """A program may make its settings first."""
    script = Script(OK)
    sdir = sdir_over(script)
    assert run(sdir.course.v1.list_codes()) == []


def test_settings_are_named() -> None:
    """Only the key may stand without a name."""
    with pytest.raises(TypeError):
        Sdir(KEY, "production")  # type: ignore[call-arg]


def test_an_api_is_the_same_object_each_time() -> None:
    """And is made when it is first used."""
    sdir = sdir_over(Script(OK))
    assert sdir.course is sdir.course
    assert sdir.course.v1 is sdir.course.v1


def test_two_of_them_have_nothing_in_common() -> None:
    """Neither key nor pace nor place."""
    one, other = Script(OK), Script(OK)
    run(sdir_over(one, "key-1").course.v1.list_codes())
    run(sdir_over(other, "key-2", environment="production").course.v1.list_codes())
    assert (one.keys, other.keys) == (["key-1"], ["key-2"])


@pytest.mark.parametrize("seconds", [0.5, 1, 2.0])
def test_a_retry_policy_says_how_long_to_wait(seconds: float) -> None:
    """It doubles, less a random part, and never overflows."""
    policy = RetryPolicy(first_wait=seconds, longest_wait=60)
    assert all(seconds / 2 <= policy.wait(1) <= seconds for _ in range(100))
    assert all(30 <= policy.wait(failures) <= 60 for failures in (20, 10_000))
    assert isinstance(policy.wait(3), float)


def test_the_policy_of_those_who_set_none() -> None:
    """Six attempts within half a minute; a database that sleeps for one is waited for."""
    assert RetryPolicy() == RetryPolicy(attempts=6, first_wait=0.5, longest_wait=60, settle=30)
    assert Timeouts(connect=10, read=120, write=120, pool=60) == DEFAULT_TIMEOUT


def test_a_retry_policy_cannot_be_changed() -> None:
    """Settings are one frozen object."""
    with pytest.raises(AttributeError):
        RetryPolicy().attempts = 1  # type: ignore[misc]


def test_errors_of_settings_are_sdir_errors() -> None:
    """One `except` for all of them."""
    assert issubclass(ConfigurationError, sdir_async.SdirError)
