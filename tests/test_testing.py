"""Routes for tests without a socket: what a user's test sees of them."""

from __future__ import annotations

import re
import subprocess
import sys
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import httpx2
import orjson
import pytest

import sdir_async
from sdir_async import ConnectionFailed, RetryPolicy, Sdir, ServerError
from sdir_async.openapi.documents import find_folder, load_documents
from sdir_async.openapi.operations import Role
from sdir_async.openapi.reader import read_operations
from sdir_async.testing import sdir_routes

from .ours import OURS

if TYPE_CHECKING:
    from sdir_async.openapi.operations import Operation

COURSE = {
    "personalIdentityNumber": "41814061033",
    "completedAt": "2025-03-24T18:32:25+00:00",
    "organizationNumber": "991825827",
    "courseCode": "HSCLC",
}
HOST = "https://sdir-t-apim-common.azure-api.net"
OPERATIONS = read_operations(load_documents(find_folder()))


async def test_an_upload_is_accepted() -> None:
    """By a batch that answers with the records and a uid for each."""
    with sdir_routes() as routes:
        async with Sdir("any") as sdir:
            upload = sdir.course.v1.upload([COURSE] * 3)
            saved = [record async for chunk in upload for record in chunk.saved]
        assert routes["course.v1.create_courses"].call_count == 1
    assert [str(record.uid)[-2:] for record in saved] == ["01", "02", "03"]
    assert upload.report.accepted == 3


async def test_the_routes_answer_whatever_a_call_travels_over() -> None:
    """Each transport, and a client of the user's own."""
    async with httpx.AsyncClient() as one, httpx2.AsyncClient() as two:
        ways: list[dict[str, Any]] = [
            *({"transport": name} for name in ("httpx", "httpx2", "fast")),
            *({"http_client": client} for client in (one, two)),
        ]
        for way in ways:
            with sdir_routes() as routes:
                routes["course.v1.search_codes"].side_effect = httpx.ConnectError
                async with Sdir("any", retry=RetryPolicy(attempts=1), **way) as sdir:
                    assert (await sdir.course.v1.list_codes())[0].code == "HSCLC"
                    with pytest.raises(ConnectionFailed, match="ConnectError"):
                        await sdir.course.v1.search_codes(searchpattern="HS")
                assert routes["course.v1.list_codes"].call_count == 1


async def test_a_route_can_be_changed() -> None:
    """By the name that the SDK has for the operation; the others stay as they are."""
    with sdir_routes() as routes:
        routes["course.v1.list_codes"].respond(503)
        async with Sdir("any", retry=RetryPolicy(attempts=1)) as sdir:
            with pytest.raises(ServerError):
                await sdir.course.v1.list_codes()
            assert (await sdir.course.v1.search_codes(searchpattern="HS"))[0].code == "HSCLC"


async def test_a_change_ends_with_its_block() -> None:
    """The next block begins with the documents' answers."""
    with sdir_routes() as routes:
        routes["course.v1.list_codes"].respond(503)
    with sdir_routes():
        async with Sdir("any") as sdir:
            assert (await sdir.course.v1.list_codes())[0].code == "HSCLC"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: f"{each.method} {each.path}")
def test_every_operation_is_answered(operation: Operation) -> None:
    """With the status of the document, on the host of any environment."""
    field = operation.identifier.field
    uid = 7 if operation.identifier.counted else "e21a0166-909a-4c7d-9f7e-4cb89404c4f7"
    record = {} if field is None else {field: uid}
    body = [record] if operation.many else record if operation.body else None
    path = re.sub(r"\{[^/{}]*\}", str(uid), operation.path)
    with sdir_routes(), httpx.Client() as client:
        for host in (HOST, "https://api.sdir.no", "http://127.0.0.1:8400"):
            answer = client.request(operation.method, host + path, json=body)
            assert answer.status_code == operation.status
            if operation.role in (Role.GET, Role.UPDATE) and field is not None:
                saved = answer.json()
                assert (saved[0] if operation.many else saved)[field] == uid


def test_routes_are_called_as_the_methods_of_the_sdk() -> None:
    """A route has the name of the method, also if the document's id is not readable."""
    sdir = Sdir("any")
    names = [str(route.name) for route in sdir_routes().routes]
    ours = tuple(".".join([*document.name.split(), ""]) for document in OURS)
    assert {".".join([*name.split(".")[:2], ""]) for name in names} >= set(ours)
    for name in (name for name in names if name.startswith(ours)):
        assert callable(attrgetter(name)(sdir)), name


def test_what_no_document_has_is_not_answered() -> None:
    """Respx says so; a typing error doesn't pass as a success."""
    with sdir_routes(), httpx.Client() as client, pytest.raises(AssertionError):
        client.get(f"{HOST}/aps-course-external/v1/cods")


def test_documents_of_another_origin_are_answered(tmp_path: Path) -> None:
    """Without an operationId the route is called by method and path."""
    paths = {"/boats": {"get": {"responses": {"200": {"description": ""}}}}}
    (tmp_path / "v7.json").write_bytes(orjson.dumps({"openapi": "3.0.1", "paths": paths}))
    with sdir_routes(tmp_path) as routes, httpx.Client() as client:
        assert client.get("http://marina/boats").content == b""
        assert routes["v7.get_boats"].called


def test_identifiers_are_those_of_the_document(tmp_path: Path) -> None:
    """Numbers where it says integer, and none where it shows none."""
    boat = {"content": {"application/json": {"schema": {"type": "object"}}}}
    number = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    paths = {
        "/boats": {"post": {"requestBody": boat}},
        "/boats/{id}": {"parameters": [number], "get": {}},
        "/oars": {"post": {"requestBody": boat}},
    }
    (tmp_path / "v7.json").write_bytes(orjson.dumps({"openapi": "3.0.1", "paths": paths}))
    with sdir_routes(tmp_path), httpx.Client(base_url="http://marina") as client:
        assert client.post("/boats", json={"a": 1}).json() == {"a": 1, "id": 1}
        assert client.get("/boats/7").json() == {"id": 7}
        assert client.post("/oars", json={"a": 1}).json() == {"a": 1}


def test_it_needs_no_sandbox() -> None:
    """Of which only what reads the documents is imported."""
    server = ("jinja2", "markupsafe", "starlette", "uvicorn")
    code = "import sys; sys.modules.update(dict.fromkeys(sys.argv[1:])); " + (
        "from sdir_async.testing import sdir_routes; print(len(sdir_routes().routes) > 0)"
    )
    command = [sys.executable, "-c", code, *server]
    root = Path(sdir_async.__file__).parents[1]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert result.stdout == "True\n", result.stderr


def test_without_the_extra_the_error_says_what_to_install() -> None:
    """Instead of naming a library that nobody asked for."""
    code = "import sys; sys.modules['respx'] = None; import sdir_async.testing"
    root = Path(sdir_async.__file__).parents[1]
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False
    )
    assert "pip install 'sdir-async[testing]'" in result.stderr.splitlines()[-1]
