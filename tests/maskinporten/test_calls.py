"""Calls and uploads with a token besides the key, against a sandbox that is strict about it."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from attrs import define, evolve

from sdir_async import (
    AuthenticationError,
    ConfigurationError,
    ConnectionFailed,
    Maskinporten,
    RetryPolicy,
    Sdir,
    TokenError,
)
from sdir_async.maskinporten import source as sources
from sdir_async.sandbox import Fault, Sandbox, token_server

from ..certificates import ORGANIZATION, pem_of, private_key
from .conftest import CUSTOMERS, SCOPES, source
from .test_secrets import assert_clean, seen_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COURSES = "/aps-course-external/v1/courses"
QUICK = RetryPolicy(attempts=4, first_wait=0.01, longest_wait=0.02, settle=0.05)
TRANSPORTS: list[Any] = ["httpx", "fast"]


@define
class Clock:
    """The time that tokens live by, here and in the sandbox: it passes when a test says so."""

    now: float

    def time(self) -> float:
        return self.now

    monotonic = time

    def tick(self, _: object) -> None:
        """Pass, as by each attempt to send."""
        self.now += 0.1


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(time.time())
    for module in (sources, token_server):
        monkeypatch.setattr(module, "time", clock)
    return clock


def courses(count: int, code: str = "C") -> Iterator[dict[str, str]]:
    """Yield records that can be told apart."""
    for number in range(count):
        yield {
            "personalIdentityNumber": "41814061033",
            "completedAt": "2025-03-24T18:32:25+00:00",
            "organizationNumber": "991825827",
            "courseCode": f"{code}{number}",
        }


def opened(sandbox: Sandbox, **settings: Any) -> Sdir:
    given = {"token": source(sandbox, scopes=SCOPES), "retry": QUICK, **settings}
    return Sdir(sandbox.api_key, base_url=sandbox.base_url, **given)


def saved(sandbox: Sandbox) -> list[str]:
    return sorted(record["courseCode"] for record in sandbox.records(COURSES))


def refused(sandbox: Sandbox) -> int:
    return sum(each.status == 401 for each in sandbox.requests)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_hundred_calls_at_once_need_one_token(sandbox: Sandbox, transport: Any) -> None:
    """And none of them is refused."""
    async with opened(sandbox, transport=transport) as sdir:
        await asyncio.gather(*(sdir.course.v1.list_codes() for _ in range(100)))
    assert [each.status for each in sandbox.maskinporten.requests] == [200]
    assert {each.consumer for each in sandbox.requests} == {ORGANIZATION}


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_an_upload_outlives_its_tokens(
    sandbox: Sandbox, clock: Clock, transport: Any
) -> None:
    """Each is renewed before it ends: no request is refused, and all are saved once."""
    sandbox.maskinporten._lifetime = 6
    async with opened(sandbox, transport=transport, on_attempt=clock.tick) as sdir:
        report = await sdir.course.v1.upload(courses(1500), chunk_size=20, concurrency=5)
    assert report.accepted == 1500
    assert saved(sandbox) == sorted(each["courseCode"] for each in courses(1500))
    assert refused(sandbox) == 0
    assert len(sandbox.maskinporten.requests) == 2


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_tokens_that_end_early_lose_and_double_nothing(
    sandbox: Sandbox, clock: Clock, transport: Any
) -> None:
    """A refused token is dropped, and another one got."""
    sandbox.maskinporten._lifetime = 6
    sandbox.faults.add(Fault("token-early", seconds=2, probability=0.5))
    async with opened(sandbox, transport=transport, on_attempt=clock.tick) as sdir:
        report = await sdir.course.v1.upload(courses(2000), chunk_size=20, concurrency=4)
    assert report.accepted == 2000
    assert saved(sandbox) == sorted(each["courseCode"] for each in courses(2000))
    assert refused(sandbox) > 0


async def test_a_token_does_not_age_in_the_line(sandbox: Sandbox, clock: Clock) -> None:
    """It is taken when the request starts, however long that was waited for."""
    sandbox.faults.add(Fault("429", count=1, retry_after=1))
    waiting: list[asyncio.Task[Any]] = []

    def all_wait(_: object) -> None:
        if not waiting:
            waiting.extend(asyncio.create_task(sdir.course.v1.list_codes()) for _ in range(20))
            asyncio.get_running_loop().call_soon(an_hour_passes)

    def an_hour_passes() -> None:
        clock.now += 3600

    async with opened(sandbox, on_attempt=all_wait) as sdir:
        await sdir.course.v1.list_codes()
        await asyncio.gather(*waiting)
    assert len(sandbox.requests) == 22
    assert len(sandbox.maskinporten.requests) == 2
    assert refused(sandbox) == 0


async def test_a_token_that_stays_refused_is_an_error_that_says_so(sandbox: Sandbox) -> None:
    """Another one is got once."""
    sandbox.faults.add(Fault("token-early", seconds=0))
    async with opened(sandbox) as sdir:
        with pytest.raises(AuthenticationError, match="It is about the token") as caught:
            await sdir.course.v1.list_codes()
    assert caught.value.source == "token"
    assert len(sandbox.maskinporten.requests) == refused(sandbox) == 2


async def test_without_a_token_sdir_says_that_it_wants_one(sandbox: Sandbox) -> None:
    """The advice is what to give."""
    async with Sdir(sandbox.api_key, base_url=sandbox.base_url) as sdir:
        with pytest.raises(AuthenticationError, match=r"JWT not present\. .*token=Mask") as caught:
            await sdir.course.v1.list_codes()
    assert caught.value.source == "token"


async def test_a_refused_key_is_told_apart(sandbox: Sandbox) -> None:
    """The token is kept: it was not looked at."""
    async with Sdir(
        "a-wrong-key", base_url=sandbox.base_url, token=source(sandbox, scopes=SCOPES)
    ) as sdir:
        with pytest.raises(AuthenticationError, match="Check the key") as caught:
            await sdir.course.v1.list_codes()
        with pytest.raises(AuthenticationError):
            await sdir.course.v1.list_codes()
    assert caught.value.source == "key"
    assert len(sandbox.maskinporten.requests) == 1


async def test_a_refusal_of_maskinporten_ends_an_upload_with_its_report(sandbox: Sandbox) -> None:
    """Nothing was sent, so that all is unsent."""
    sandbox.faults.add(Fault("token-key"))
    async with opened(sandbox) as sdir:
        with pytest.raises(TokenError, match="MP-121") as caught:
            await sdir.course.v1.upload(courses(50), chunk_size=10)
    report = caught.value.report
    assert report is not None
    assert (report.unsent, report.in_doubt, report.ended) == (50, 0, "error")
    assert sandbox.requests == []


async def test_a_token_server_that_fails_for_a_while_costs_a_wait(sandbox: Sandbox) -> None:
    """As a network that fails: the call is made again."""
    sandbox.faults.add(Fault("token-503", count=2))
    async with opened(sandbox) as sdir:
        report = await sdir.course.v1.upload(courses(50), chunk_size=10)
    assert report.accepted == 50
    assert [each.status for each in sandbox.maskinporten.requests] == [503, 503, 200]


async def test_a_token_server_that_stays_away_is_a_failed_connection(sandbox: Sandbox) -> None:
    """Also for a create: nothing of it was sent."""
    sandbox.faults.add(Fault("token-503"))
    record = {
        "personalIdentityNumber": "41814061033",
        "completedAt": "2025-03-24T18:32:25+00:00",
        "organizationNumber": "991825827",
        "courseCode": "C",
    }
    async with opened(sandbox) as sdir:
        with pytest.raises(ConnectionFailed, match=r"No token from .* it answered 503"):
            await sdir.course.v1.list_codes()
        with pytest.raises(ConnectionFailed) as caught:
            await sdir.course.v1.upload([record])
    assert caught.value.report is not None
    assert caught.value.report.unsent == 1


async def test_an_operation_without_a_scope_is_named(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is sent; the document's own scopes come first."""
    from sdir_async.api.course.v1 import operations

    async with opened(sandbox, token=source(sandbox)) as sdir:
        without = evolve(operations._LIST_CODES, scopes=())
        monkeypatch.setattr(operations, "_LIST_CODES", without)
        with pytest.raises(ConfigurationError, match="listCodes: the document names no scope"):
            await sdir.course.v1.list_codes()
        assert sandbox.requests == []
        monkeypatch.setattr(operations, "_LIST_CODES", evolve(without, scopes=SCOPES))
        assert await sdir.course.v1.list_codes()


async def test_two_customers_share_an_sdir_and_nothing_else(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """1,000 calls in turn: each record came with its own customer's token."""
    async with opened(sandbox) as sdir:
        both = [sdir.on_behalf_of(customer) for customer in CUSTOMERS]
        records = [list(courses(500, customer)) for customer in CUSTOMERS]
        uploads = [
            one.course.v1.upload(
                each, chunk_size=1, concurrency=8, journal=tmp_path / f"{number}.journal"
            )
            for number, (one, each) in enumerate(zip(both, records, strict=True))
        ]
        reports = await asyncio.gather(*uploads)
    assert [report.accepted for report in reports] == [500, 500]
    seen = [each.consumer for each in sandbox.requests]
    stored = [record["courseCode"] for record in sandbox.records(COURSES)]
    assert len(seen) == len(stored) == 1000
    assert all(code.startswith(customer) for customer, code in zip(seen, stored, strict=True))
    assert len(list(itertools.groupby(seen))) > 10
    assert len(sandbox.maskinporten.requests) == 2


async def test_the_journal_of_one_customer_is_not_for_another(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """The same file with the same records is another upload."""
    from sdir_async import JournalMismatch

    async with opened(sandbox) as sdir:
        first, second = (sdir.on_behalf_of(customer) for customer in CUSTOMERS)
        await first.course.v1.upload(courses(5), journal=tmp_path / "j")
        with pytest.raises(JournalMismatch):
            await second.course.v1.upload(courses(5), journal=tmp_path / "j")
    assert len(saved(sandbox)) == 5


async def test_the_one_for_a_customer_ends_with_the_one_it_came_from(sandbox: Sandbox) -> None:
    """Closing it closes nothing else."""
    async with opened(sandbox) as sdir:
        async with sdir.on_behalf_of(CUSTOMERS[0]) as customer:
            assert "on behalf of 810034882" in repr(customer)
        await sdir.course.v1.list_codes()
        await customer.course.v1.list_codes()
    with pytest.raises(ConfigurationError, match="closed"):
        await customer.course.v1.list_codes()


@pytest.mark.parametrize("number", ["12345678", "NO991825827", 991825827])
async def test_a_customer_is_an_organization_number(sandbox: Sandbox, number: Any) -> None:
    """It is looked at when it is given."""
    async with opened(sandbox) as sdir:
        with pytest.raises(ConfigurationError, match="9 digits"):
            sdir.on_behalf_of(number)
    async with Sdir("key-of-nobody") as sdir:
        with pytest.raises(ConfigurationError, match="needs a token"):
            sdir.on_behalf_of("991825827")


async def test_what_the_users_client_carries_does_not_go_to_the_token_server(
    sandbox: Sandbox,
) -> None:
    """Its client is used for Sdir alone."""
    hosts: list[tuple[str, str]] = []

    async def note(request: httpx.Request) -> None:
        hosts.append((request.url.path, request.headers["X-Mine"]))

    hooks: Any = {"request": [note]}
    async with (
        httpx.AsyncClient(headers={"X-Mine": "secret"}, event_hooks=hooks) as client,
        opened(sandbox, http_client=client) as sdir,
    ):
        await sdir.course.v1.list_codes()
    assert hosts == [("/aps-course-external/v1/codes", "secret")]


async def test_a_function_of_the_users_gives_tokens(sandbox: Sandbox) -> None:
    """It is asked for each call, and again where one is refused."""
    maskinporten = source(sandbox, scopes=SCOPES)
    given: list[str] = []

    async def give(scopes: tuple[str, ...]) -> str:
        given.append("bad" if not given else await maskinporten.token(scopes))
        return given[-1]

    async with opened(sandbox, token=give) as sdir:
        await sdir.course.v1.list_codes()
    assert len(given) == 2


async def test_the_environment_gives_the_token(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing else is given."""
    file = tmp_path / "sdir.pem"
    file.write_bytes(pem_of(private_key()))
    variables = {
        "CLIENT_ID": "registered",
        "KEY_FILE": str(file),
        "KID": "our-key",
        "SCOPES": " ".join(SCOPES),
        "ISSUER": sandbox.maskinporten.issuer,
    }
    for name, value in variables.items():
        monkeypatch.setenv(f"SDIR_MASKINPORTEN_{name}", value)
    async with Sdir(sandbox.api_key, base_url=sandbox.base_url) as sdir:
        assert await sdir.course.v1.list_codes()


def test_a_test_token_never_goes_to_production() -> None:
    """One that was made for test can't be given to an Sdir for production."""
    settings: dict[str, Any] = {"key": pem_of(private_key()), "kid": "k"}
    token = Maskinporten("c", environment="test", **settings)
    with pytest.raises(ConfigurationError, match="Make one for each environment"):
        Sdir("key-of-nobody", environment="production", token=token)
    shared = Maskinporten("c", **settings)
    Sdir("key-of-nobody", token=shared)
    with pytest.raises(ConfigurationError, match="Make one for each environment"):
        Sdir("key-of-nobody", environment="production", token=shared)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_no_token_is_seen_when_a_call_fails(
    sandbox: Sandbox, transport: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """In the error, its frames, its report, and the logs of all libraries at their finest."""
    caplog.set_level(logging.DEBUG)
    maskinporten = source(sandbox, scopes=SCOPES)
    token = await maskinporten.token()
    sandbox.faults.add(Fault("lost"))
    async with opened(sandbox, token=maskinporten, transport=transport) as sdir:
        with pytest.raises(ConnectionFailed) as caught:
            await sdir.course.v1.list_codes()
    assert_clean(seen_in(caught.value) + caplog.text + repr(sdir), token)
