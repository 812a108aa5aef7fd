"""Faults: which request meets which, what the client sees of it, and what is saved."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest

from sdir_async.openapi.documents import find_folder, load_documents
from sdir_async.openapi.reader import read_operations
from sdir_async.sandbox import Fault, Faults, Sandbox
from sdir_async.sandbox.faults import Kind, read_fault

from ..virtual import passes
from .conftest import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from .conftest import Json

BASE = "/aps-additionalcompetence/additionalcompetence/v1"
PATH = f"{BASE}/additionalcompetence"
BATCH = f"{PATH}/batch"
OPERATIONS = read_operations(load_documents(find_folder()))
(CREATE,) = (each for each in OPERATIONS if "course v1 createCourses" in each.names)
(LIST,) = (each for each in OPERATIONS if "course v1 listCourses" in each.names)


def _course(faults: Faults, requests: int) -> str:
    """Return which requests meet a fault, as a row of dots and crosses."""
    return "".join("x" if faults.meet(CREATE).fault else "." for _ in range(requests))


def test_the_seed_decides_everything() -> None:
    """The same seed gives the same course of events, another seed another."""
    courses = [_course(Faults(Fault("502", probability=0.5), seed=seed), 64) for seed in (1, 1, 2)]
    assert courses[0] == courses[1] != courses[2]
    assert 10 < courses[0].count("x") < 54


def test_one_more_fault_leaves_the_others_alone() -> None:
    """Each has its own source of chance."""
    alone = Faults(Fault("latency", seconds=1, probability=0.5), seed=3)
    among = Faults(Fault("latency", seconds=1, probability=0.5), Fault("502"), seed=3)
    delays = [[faults.meet(CREATE).delay for _ in range(64)] for faults in (alone, among)]
    assert delays[0] == delays[1]


@pytest.mark.parametrize(
    ("fault", "course"),
    [
        (Fault("502"), "xxxxx"),
        (Fault("502", count=2), "xx..."),
        (Fault("502", nth=3), "..x.."),
        (Fault("502", probability=0), "....."),
        (Fault("502", operation="createCourses"), "xxxxx"),
        (Fault("502", operation="course v1 createCourses"), "xxxxx"),
        (Fault("502", operation="POST /aps-course-external/v1/courses/batch"), "xxxxx"),
        (Fault("502", operation="listCourses"), "....."),
        (Fault("502", operation="course v1 listCourses"), "....."),
    ],
)
def test_a_fault_meets_the_requests_it_is_for(fault: Fault, course: str) -> None:
    """Some of them, the first few, the n-th, or those of one operation."""
    assert _course(Faults(fault), 5) == course


def test_the_nth_is_counted_among_its_own_requests() -> None:
    """Requests of other operations don't count."""
    faults = Faults(Fault("502", nth=2, operation="createCourses"))
    met = [faults.meet(operation).fault is not None for operation in (CREATE, LIST, CREATE, CREATE)]
    assert met == [False, False, True, False]


def test_the_first_of_several_strikes() -> None:
    """The others are not used up by it, and latency comes on top."""
    faults = Faults(Fault("502", count=1), Fault("lost", count=1), Fault("latency", seconds=2))
    met = [faults.meet(CREATE) for _ in range(3)]
    assert [each.fault and each.fault.kind.value for each in met] == ["502", "lost", None]
    assert [each.delay for each in met] == [2, 2, 2]


def test_faults_are_set_and_ended_at_any_time() -> None:
    """By the number that setting one gave."""
    faults = Faults()
    first, second = faults.add(Fault("502")), faults.add(Fault("lost"))
    faults.remove(first)
    assert list(faults) == [Fault("lost")]
    assert [each["number"] for each in faults.describe()] == [second]
    with pytest.raises(KeyError):
        faults.remove(first)
    faults.clear(seed=9)
    assert (len(faults), faults.seed) == (0, 9)


def test_a_fault_for_nothing_that_is_served_is_refused() -> None:
    """It would never strike, and the test that set it would pass for no reason."""
    mistyped = Fault("502", operation="createCourse")
    with pytest.raises(
        ValueError, match=r"'createCourse' matches no operation \(closest: 'createCourses'\)"
    ):
        Sandbox(faults=Faults(mistyped))
    faults = Sandbox().faults
    with pytest.raises(ValueError, match=r"'/nowhere' matches no operation\.$"):
        faults.add(Fault("502", operation="/nowhere"))
    assert len(faults) == 0


@pytest.mark.parametrize(
    "told",
    [
        {"kind": "flood"},
        {},
        {"kind": "502", "probability": 2},
        {"kind": "502", "probability": "often"},
        {"kind": "502", "count": 0},
        {"kind": "502", "nth": "first"},
        {"kind": "502", "seconds": -1},
        {"kind": "502", "often": True},
        {"kind": "reset", "saves": True},
        {"kind": "cut", "saves": False},
    ],
)
def test_what_is_no_fault_is_refused(told: dict[str, object]) -> None:
    """Also one that contradicts itself: what is reset is never saved, what is cut always."""
    with pytest.raises(ValueError, match=r".+"):
        read_fault(told)


GATEWAY_500 = '{ "statusCode": 500, "message": "Internal server error", "activityId": "'


@pytest.mark.parametrize(
    ("fault", "status", "body", "saved"),
    [
        (Fault("api-500"), 500, '{"type":"https://tools.ietf.org/html/rfc9110#', 0),
        (Fault("gateway-500"), 500, GATEWAY_500, 0),
        (Fault("gateway-500", saves=True), 500, GATEWAY_500, 1),
        (Fault("502"), 502, "<html>", 0),
        (Fault("502", saves=True), 502, "<html>", 1),
        (Fault("503"), 503, "{ ", 0),
        (Fault("504"), 504, "<html>", 0),
        (Fault("504", saves=True), 504, "<html>", 1),
        (Fault("429", retry_after=7), 429, '{ "statusCode": 429, "message": "Rate limit is', 0),
        (Fault("latency", seconds=0.01), 201, "[", 1),
    ],
)
async def test_an_answer_says_nothing_about_what_was_saved(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
    record: Callable[..., Json],
    fault: Fault,
    status: int,
    body: str,
    saved: int,
) -> None:
    """The fault decides both."""
    sandbox.faults.add(fault)
    answer = await client.post(BATCH, json=[record()])
    assert answer.status_code == status
    assert answer.text.startswith(body)
    assert len(sandbox.records(PATH)) == saved


@pytest.mark.parametrize(
    ("fault", "saved", "error"),
    [
        (Fault("lost"), 0, httpx.RemoteProtocolError),
        (Fault("lost", saves=True), 1, httpx.RemoteProtocolError),
        (Fault("cut"), 1, httpx.RemoteProtocolError),
        (Fault("reset"), 0, httpx.NetworkError),
    ],
)
async def test_a_connection_ends_before_or_after_the_commit(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
    record: Callable[..., Json],
    fault: Fault,
    saved: int,
    error: type[Exception],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The client can't tell, the store can; and the server takes it for no error of its own."""
    sandbox.faults.add(fault)
    with pytest.raises(error):
        await client.post(BATCH, json=[record()])
    assert len(sandbox.records(PATH)) == saved
    sandbox.faults.clear()
    assert (await client.post(BATCH, json=[record()])).status_code == 201
    first = sandbox.requests[0]
    assert (first.status, first.fault) == (201 if fault.kind is Kind.CUT else 0, fault.kind.value)
    assert "ERROR" not in caplog.text


async def test_a_reset_comes_while_the_body_is_sent(sandbox: Sandbox) -> None:
    """Of a body that never ends nothing is waited for."""
    sandbox.faults.add(Fault("reset"))

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 65536

    async with connect(sandbox) as client:
        with pytest.raises(httpx.NetworkError):
            await client.post(
                BATCH, content=endless(), headers={"Content-Type": "application/json"}
            )


async def test_a_cut_answer_begins_as_a_whole_one(
    sandbox: Sandbox, client: httpx.AsyncClient, record: Callable[..., Json]
) -> None:
    """Its announced length is that of the whole answer, but only half of it comes."""
    sandbox.faults.add(Fault("cut"))
    async with client.stream("POST", BATCH, json=[record()]) as answer:
        parts = answer.aiter_bytes()
        content = await anext(parts)
        with pytest.raises(httpx.RemoteProtocolError):
            await anext(parts)
    assert answer.status_code == 201
    assert content.startswith(b"[{")
    assert len(content) == int(answer.headers["content-length"]) // 2


async def test_an_api_may_save_long_after_the_answer(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
    record: Callable[..., Json],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As a backend does that the gateway gave up on."""
    fault = Fault("gateway-500", saves=True, seconds=3600, operation=f"POST {BATCH}")
    sandbox.faults.add(fault)
    assert (await client.post(BATCH, json=[record()])).status_code == 500
    assert sandbox.records(PATH) == []
    passes(3600, monkeypatch)
    async with asyncio.timeout(60):
        while not sandbox.records(PATH):
            await asyncio.sleep(0.001)


async def test_clearing_takes_what_is_still_on_its_way_along(
    sandbox: Sandbox, client: httpx.AsyncClient, record: Callable[..., Json]
) -> None:
    """Nothing of one test turns up in the next."""
    sandbox.faults.add(Fault("lost", saves=True, seconds=0.02, count=1))
    with pytest.raises(httpx.RemoteProtocolError):
        await client.post(BATCH, json=[record()])
    sandbox.clear()
    await asyncio.sleep(0.04)
    assert sandbox.records(PATH) == []


async def test_a_sandbox_ends_without_waiting_for_a_slow_answer(
    record: Callable[..., Json],
) -> None:
    """However slow it was told to be."""
    faults = Faults(Fault("latency", seconds=3600, operation=f"POST {BATCH}"))
    async with asyncio.timeout(60):
        async with Sandbox(faults=faults) as sandbox:
            client = connect(sandbox)
            waiting = asyncio.create_task(client.post(BATCH, json=[record()]))
            while not faults.describe()[0]["met"]:
                await client.get(f"{BASE}/codes")
            await client.get(f"{BASE}/codes")
        assert (await waiting).status_code == 500
        await client.aclose()


async def test_a_bad_batch_stays_out_whatever_goes_wrong(
    sandbox: Sandbox, client: httpx.AsyncClient, record: Callable[..., Json]
) -> None:
    """All or nothing holds behind every fault."""
    sandbox.faults.add(Fault("gateway-500", saves=True))
    answer = await client.post(BATCH, json=[record(), record(person=None)])
    assert answer.status_code == 500
    assert sandbox.records(PATH) == []
