"""`make test-logs` sees what it looks for."""

from __future__ import annotations

import logging

import pytest

from tests.leaks import Leaks

KEY = "1bd956a741a64f7ab22bc37d2f032d4f"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwcyJ9.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("GET /courses?personId=41814061033", "person number"),
        (f"Ocp-Apim-Subscription-Key: {KEY}", "key"),
        (f"token {TOKEN}.", "token or private key"),
        ("-----BEGIN RSA PRIVATE KEY-----", "token or private key"),
        ("a digest 8d5541814061033c1, a moment 1748685600.41814061033", ""),
        ("an order 99999999999", ""),
    ],
)
def test_a_secret_is_seen_in_whatever_was_written(line: str, what: str) -> None:
    """With the test that wrote it; digests and other numbers are nobody's."""
    leaks = Leaks()
    leaks.test, leaks.secrets = "test_x", {KEY}
    leaks.handle(logging.LogRecord("httpx", logging.DEBUG, "", 1, "%s", (line,), None))
    leaks.write("stdout", "nothing\n")
    assert list(leaks.found()) == ([f"test_x log: {what}: httpx {line}"] if what else [])
