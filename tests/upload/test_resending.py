"""What was certainly not applied is sent again, a few times, and then in halves."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sdir_async import ConnectionFailed, RetryPolicy, Sdir, ServerError, UploadReport
from tests.upload.server import NORMAL, UNKNOWN, Fate, Record, Register, client, record
from tests.virtual import run

BEFORE = next(fate for fate in UNKNOWN if fate.name == "lost connection, before")
PROBLEM = {"title": "An error occurred.", "status": 500, "traceId": "00-1-2-00"}
API_FAILED = Fate("500 of the API", False, lambda _: httpx.Response(500, json=PROBLEM))
GATEWAY_FAILED = next(fate for fate in UNKNOWN if fate.name == "500 of the gateway, before")


def records(count: int) -> list[Record]:
    return [record(at) for at in range(count)]


async def upload(register: Register, given: list[Any], **options: Any) -> UploadReport:
    policy = options.pop("retry", RetryPolicy(attempts=4, settle=30.0))
    async with client(register, retry=policy) as sdir:
        return await sdir.course.v1.upload(given, **{"check": False, **options})


def test_an_aborted_batch_is_sent_again_without_waiting_for_a_backend() -> None:
    """The API said itself that it failed: one question is enough, of both ways to count pages."""
    register = Register(fates=[API_FAILED])
    report = run(upload(register, records(8)))
    assert (report.accepted, register.batches, register.asked) == (8, [8, 8], 2)
    assert report.seconds < 1


def test_an_aborted_batch_that_was_saved_after_all() -> None:
    """Whoever asks finds out that the contract was broken."""
    register = Register(
        fates=[Fate("500, saved", True, lambda _: httpx.Response(500, json=PROBLEM))]
    )
    report = run(upload(register, records(8)))
    assert (report.accepted, register.batches, len(register.saved)) == (8, [8], 8)


def test_an_aborted_batch_with_nobody_to_ask() -> None:
    """If there is no way to ask, the API is believed."""
    register = Register(fates=[API_FAILED])
    report = run(upload(register, records(8), reconcile=None))
    assert (report.accepted, register.batches, register.asked) == (8, [8, 8], 0)


def test_a_chunk_that_keeps_getting_lost_is_sent_in_halves() -> None:
    """A server that takes too long for a whole chunk may manage half of it."""
    register = Register(fates=[NORMAL, BEFORE, BEFORE])
    report = run(upload(register, records(16), chunk_size=8, concurrency=1))
    assert (report.accepted, register.batches) == (16, [8, 8, 8, 4, 4])
    assert len(register.saved) == 16


def test_two_records_are_sent_in_halves_and_one_is_not() -> None:
    """One record stays one outcome, with all its attempts."""
    register = Register(fates=[NORMAL, BEFORE, BEFORE])
    assert run(upload(register, records(4), chunk_size=2, concurrency=1)).accepted == 4
    assert register.batches == [2, 2, 2, 1, 1]

    async def outcomes() -> list[tuple[list[int], int]]:
        async with client(Register(fates=[NORMAL, BEFORE, BEFORE])) as sdir:
            task = sdir.course.v1.upload(records(2), chunk_size=1, concurrency=1, check=False)
            return [(list(chunk.indexes), len(chunk.attempts)) async for chunk in task]

    assert run(outcomes()) == [([0], 1), ([1], 3)]


@pytest.mark.parametrize(
    ("fate", "error"), [(BEFORE, ConnectionFailed), (GATEWAY_FAILED, ServerError)], ids=str
)
def test_after_all_attempts_the_upload_stops(fate: Fate, error: type[Exception]) -> None:
    """What is known not to be saved is unsent, and the error says what happened last."""
    register = Register(fates=[NORMAL, *[fate] * 100])
    with pytest.raises(error) as caught:
        run(upload(register, records(16), chunk_size=8, concurrency=1))
    report = caught.value.report  # type: ignore[attr-defined]
    assert (report.accepted, report.unsent, report.in_doubt) == (8, 8, 0)
    assert register.batches == [8, 8, 8, 4, 2]


def test_a_single_large_record_whose_body_never_gets_through() -> None:
    """It is tried as often as anything else, and then the upload stops."""

    class Resetting(Register):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            async for _ in request.stream:  # type: ignore[union-attr]
                self.batches.append(1)
                raise httpx.WriteError("", request=request)
            raise AssertionError("it has a body")

    register = Resetting()
    with pytest.raises(ConnectionFailed) as caught:
        run(upload(register, [{**record(0), "comment": "x" * 200_000}]))
    assert caught.value.report is not None
    assert caught.value.report.unsent == 1
    assert len(register.batches) == 4


@pytest.mark.parametrize("deadline", [20.0, 30.0])
def test_no_time_to_wait_for_a_late_backend(deadline: float) -> None:
    """When `settle` is not over before the deadline, an absent record proves nothing."""
    register = Register(fates=[BEFORE])
    report = run(upload(register, records(8), deadline=deadline))
    assert (report.in_doubt, register.batches) == (8, [8])
    assert report.seconds < 20


def test_no_time_to_send_again() -> None:
    """What is known not to be saved when the time is up is unsent."""
    policy = RetryPolicy(first_wait=60.0, settle=1.0)
    register = Register(fates=[NORMAL, BEFORE])
    options = {"chunk_size": 8, "concurrency": 1, "deadline": 20.0, "retry": policy}
    report = run(upload(register, records(16), **options))
    assert (report.accepted, report.unsent, register.batches) == (8, 8, [8, 8])
    assert report.ended == "deadline"


def test_the_waits_between_attempts_grow() -> None:
    """Each wait is longer than the last, less a random part."""
    policy = RetryPolicy(attempts=4, first_wait=100.0, longest_wait=1000.0)
    down = Fate("refused", False, _refuse, unread=True)
    register = Register(fates=[down] * 3)
    report = run(upload(register, records(1), retry=policy))
    assert (report.accepted, report.requests) == (1, 4)
    assert 50 + 100 + 200 <= report.seconds <= 100 + 200 + 400


def test_an_update_whose_answer_is_something_else_ends_the_upload() -> None:
    """A notice with status 200 is not a list of records, and an update is not asked about."""
    notice = httpx.MockTransport(lambda _: httpx.Response(200, json={"status": "maintenance"}))

    async def main() -> None:
        async with Sdir("key", http_client=httpx.AsyncClient(transport=notice)) as sdir:
            uid = "e21a0166-909a-4c7d-9f7e-4cb89404c4f7"
            task = sdir.additional_competence.v1.upload(
                [{"uid": uid}], operation="update", check=False
            )
            with pytest.raises(ConnectionFailed, match="status 200"):
                await task
            assert (task.report.in_doubt, task.report.requests) == (1, 1)

    run(main())


def _refuse(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)
