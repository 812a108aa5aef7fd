"""A host that can't be reached is said soon."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from sdir_async.cli.apis import find_version
from sdir_async.cli.reach import unreachable
from sdir_async.cli.settings import Target

from .conftest import COURSE, course, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sdir_async.sandbox import SandboxThread

    from .conftest import Done

VERSION = find_version("course", "v1")


def _closed() -> str:
    """Return the address of a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


def test_a_closed_port_is_named_with_the_reason() -> None:
    """The message names the host and the port and says that the connection was refused."""
    address = _closed()
    said = unreachable(VERSION, Target(base_url=f"http://{address}"))
    assert said == f"{address} can't be reached: connection refused"


def test_a_host_that_answers_is_reached(sandbox: SandboxThread) -> None:
    """No message is shown for a host that accepts the connection."""
    assert unreachable(VERSION, Target(base_url=sandbox.base_url)) == ""


def test_a_proxy_answers_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind one, no host can be reached directly."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert unreachable(VERSION, Target(base_url="http://sdir.invalid")) == ""


@pytest.mark.parametrize("url", ["nonsense", "http://127.0.0.1:port"])
def test_an_address_that_is_none_is_left_to_others(url: str) -> None:
    """An invalid URL gives no message here, and no exception."""
    assert unreachable(VERSION, Target(base_url=url)) == ""


def test_it_is_said_before_the_upload_gives_up(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> None:
    """The first line on standard error names the host and the reason; the exit code is 4."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(1)]))
    base_url = f"http://{_closed()}"
    done = sdir("upload", *COURSE, "a.jsonl", "--base-url", base_url, "--attempts", 1)
    assert done.code == 4
    assert done.err.startswith(f"sdir: {base_url[7:]} can't be reached: connection refused.")
