"""A PostgreSQL for the tests of what several processes share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from local_postgres import NOT_FOUND, LocalPostgres, folder_of_binaries, running_postgres


@pytest.fixture(scope="session")
def server() -> Iterator[LocalPostgres]:
    """One for all tests; where CI has none, that is a failure."""
    if folder_of_binaries() is None and not os.environ.get("CI"):
        pytest.skip(NOT_FOUND)
    with running_postgres() as running:
        yield running


@pytest.fixture
def dsn(server: LocalPostgres) -> str:
    """An empty database."""
    return server.database()
