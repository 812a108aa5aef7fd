"""A running sandbox, documents to serve, and records to send. All persons are synthetic."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest

from sdir_async.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

Json = dict[str, Any]

PERSON = "41814061033"
RECORD: Json = {
    "registratorName": "kari",
    "person": {"id": PERSON, "firstName": "Ola", "middleName": None, "lastName": "Nordmann"},
    "organization": {"organisationNumber": "991825827"},
    "competence": {
        "periodStartDate": None,
        "periodStopDate": None,
        "completionDate": "2020-05-01",
        "competenceCode": "BS0",
    },
    "vessel": {"imoNumber": "9074729", "callsign": "LA8PV", "name": "Eksempel", "id": "1"},
}
TOY: Json = {
    "openapi": "3.0.1",
    "info": {"title": "Boats", "version": "1"},
    "servers": [{"url": "http://api.example.com/marina/v7"}],
    "paths": {
        "/boats/batch": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "array",
                                "items": {"$ref": "#/components/schemas/Boat"},
                            }
                        }
                    }
                },
                "responses": {"201": {"description": ""}},
            }
        },
        "/boats": {
            "get": {
                "parameters": [{"name": "harbour", "in": "query", "schema": {"type": "string"}}],
                "responses": {"200": {"description": ""}},
            }
        },
    },
    "components": {
        "schemas": {
            "Boat": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "maxLength": 20},
                    "harbour": {"type": "string"},
                },
            }
        }
    },
}


@pytest.fixture
def record() -> Callable[..., Json]:
    """Makes a record for version 1 of additional competence; `path=value` changes one field."""

    def make(**changes: Any) -> Json:
        made = copy.deepcopy(RECORD)
        for path, value in changes.items():
            *parents, last = path.split("__")
            inner = made
            for parent in parents:
                inner = inner[parent]
            inner[last] = value
        return made

    return make


@pytest.fixture
def toy() -> Json:
    """A document of another origin, without any of our extensions."""
    return copy.deepcopy(TOY)


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[Json], Path]:
    """Writes a document into a folder of its own and returns the folder."""

    def write(document: Json) -> Path:
        path = tmp_path / "documents" / "marina"
        path.mkdir(parents=True)
        (path / "v7.json").write_bytes(orjson.dumps(document))
        return path.parent

    return write


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox that serves our own documents."""
    async with Sandbox() as running:
        yield running


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a good key."""
    async with connect(sandbox) as connected:
        yield connected


TLS = httpx.create_ssl_context()
"""Made once: it takes longer than most tests, and nothing here uses it."""


def connect(sandbox: Sandbox, **headers: str) -> httpx.AsyncClient:
    """Return a client of a sandbox that sends its key."""
    key = {"Ocp-Apim-Subscription-Key": sandbox.api_key}
    return httpx.AsyncClient(base_url=sandbox.base_url, headers=key | headers, verify=TLS)
