from __future__ import annotations

import socket
import threading

import httpx
import pytest

from sdir_async.sandbox import SandboxThread, SeenRequest

CODES = "/aps-course-external/v1/codes"


def _get(sandbox: SandboxThread) -> int:
    key = {"Ocp-Apim-Subscription-Key": sandbox.api_key}
    return httpx.get(sandbox.served["course v1"] + "/codes", headers=key).status_code


def test_it_serves_programs_without_a_loop() -> None:
    """From the moment the block is entered, to its end, and leaves no thread behind."""
    before = set(threading.enumerate())
    with SandboxThread() as sandbox:
        assert _get(sandbox) == 200
        assert sandbox.requests == [SeenRequest("GET", CODES, 200)]
        url = sandbox.base_url
    assert set(threading.enumerate()) <= before
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_its_database_sleeps_and_wakes() -> None:
    """As that of `Sandbox`, and clearing doesn't wake it."""
    with SandboxThread() as sandbox:
        sandbox.sleep()
        sandbox.clear()
        assert _get(sandbox) == 500
        sandbox.wake()
        assert _get(sandbox) == 200
        assert [each.status for each in sandbox.requests] == [500, 200]
        sandbox.clear()
        assert sandbox.requests == []


def test_what_keeps_it_from_starting_is_raised() -> None:
    """Where it was to be started, and not in a thread that nobody looks at."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        SandboxThread(port=taken.getsockname()[1]).__enter__()
    with pytest.raises(ValueError, match="is not a rate"):
        SandboxThread(rate="many")


def test_an_error_in_the_block_comes_through() -> None:
    """And the thread ends anyway."""
    before = set(threading.enumerate())
    with pytest.raises(ZeroDivisionError), SandboxThread():
        raise ZeroDivisionError
    assert set(threading.enumerate()) <= before
