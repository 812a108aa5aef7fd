"""`sdir status` of an upload in PostgreSQL: parts, owners, counts and the estimated end."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import httpx
import orjson
import pytest

from sdir_async import PermissionDenied
from tests.upload.server import Fate, Register, record

from .test_journal import COUNT, part, upload


def status(dsn: str, *arguments: str) -> list[dict[str, Any]]:
    """Run the command as a process: it has an event loop of its own."""
    command = [sys.executable, "-m", "sdir_async.cli", "status", "--json", *arguments]
    environment = {**os.environ, "SDIR_DATABASE": dsn}
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    return [orjson.loads(line) for line in done.stdout.splitlines()]


async def test_parts_owners_and_the_end(dsn: str) -> None:
    """One part is complete, one was interrupted, one is in use."""
    await upload(Register(), part(dsn, "1"))
    refusing = Register(fates=[Fate("ok"), Fate("no", False, lambda _: httpx.Response(403))])
    with pytest.raises(PermissionDenied):
        await upload(refusing, part(dsn, "2"), [record(at) for at in range(12)], concurrency=1)
    async with part(dsn, "3").journal_of({"api": "x"}):
        *parts, whole = status(dsn, "--upload", "2026-11", "--records", "100")
    assert [(one["name"], one["complete"], bool(one["owner"])) for one in parts] == [
        ("1", True, False),
        ("2", False, False),
        ("3", False, True),
    ]
    assert parts[2]["owner"].endswith(f":{os.getpid()}")
    accepted = COUNT - 3 + 6
    assert (whole["parts"], whole["owned"]) == (3, 1)
    assert (whole["accepted"], whole["rejected"], whole["in_doubt"]) == (accepted, 3, 0)
    left = 100 - accepted - 3
    assert whole["seconds_left"] == pytest.approx(left / whole["rate"])


async def test_no_such_upload(dsn: str) -> None:
    """It is an error that names it."""
    with pytest.raises(subprocess.CalledProcessError) as caught:
        status(dsn, "--upload", "2025")
    assert b"This database has no upload '2025'." in caught.value.stdout
