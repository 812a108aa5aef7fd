"""What the gateway and the faults answer is in the documents, too.

schemathesis only meets what a healthy Sdir answers; this looks at the rest, with the validator for
OpenAPI 3.0 of openapi-schema-validator, which the sandbox itself doesn't use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest
from openapi_schema_validator import OAS30ReadValidator

from sdir_async.openapi.reader import read_operations
from sdir_async.openapi.schemas import Schemas
from sdir_async.sandbox import Fault, Sandbox

from ..ours import OURS
from .conftest import connect

if TYPE_CHECKING:
    import httpx

    from sdir_async.openapi.operations import Operation

SPECS = {document.name: document.spec for document in OURS}
OPERATIONS = read_operations(OURS)


def _check(operation: Operation, answer: httpx.Response) -> None:
    """Fail where an answer is not one of those that its document promises."""
    spec = SPECS[operation.document]
    path = operation.path.removeprefix(operation.base)
    answers = spec["paths"][path][operation.method.lower()]["responses"]
    told = Schemas(spec).resolve(answers[str(answer.status_code)])
    if not answer.content:
        return
    media = told["content"][answer.headers["content-type"].partition(";")[0]]
    schema = {**media["schema"], "components": spec["components"]}
    OAS30ReadValidator(schema).validate(answer.json())
    for name, header in told.get("headers", {}).items():
        if name in answer.headers and header["schema"]["type"] == "integer":
            assert answer.headers[name].isdigit()


async def _send(client: httpx.AsyncClient, operation: Operation, **options: Any) -> httpx.Response:
    path = operation.path.replace("{uid}", "e21a0166-909a-4c7d-9f7e-4cb89404c4f7")
    path += "?searchpattern=x" if path.endswith("/search") else ""
    body = orjson.dumps([]) if operation.body else None
    headers = {"Content-Type": "application/json"} | options.pop("headers", {})
    return await client.request(operation.method, path, content=body, headers=headers, **options)


@pytest.mark.parametrize("kind", ["api-500", "gateway-500", "429"])
async def test_faults_answer_as_documented(sandbox: Sandbox, kind: str) -> None:
    """Of every operation of every document that was written here."""
    sandbox.faults.add(Fault(kind))
    async with connect(sandbox) as client:
        for operation in OPERATIONS:
            answer = await _send(client, operation)
            assert answer.status_code == int(kind[-3:])
            _check(operation, answer)


@pytest.mark.parametrize(
    ("settings", "status"),
    [({"rate": "1/60s"}, 429), ({"quota": "1/h"}, 403), ({"body_limit": 1}, 413)],
)
async def test_limits_answer_as_documented(settings: dict[str, Any], status: int) -> None:
    """From the second call on; a body is too large at once."""
    async with Sandbox(**settings) as sandbox, connect(sandbox) as client:
        await client.get("/aps-course-external/v1/codes")
        for operation in OPERATIONS:
            if status != 413 or operation.body:
                answer = await _send(client, operation)
                assert answer.status_code == status
                _check(operation, answer)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Ocp-Apim-Subscription-Key": "bad"}, 401),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/json"}, 400),
    ],
)
async def test_refusals_answer_as_documented(
    sandbox: Sandbox, headers: dict[str, str], status: int
) -> None:
    """Of a key, of a content type, of an empty list."""
    async with connect(sandbox) as client:
        for operation in OPERATIONS:
            if status == 401 or operation.body:
                answer = await _send(client, operation, headers=headers)
                assert answer.status_code == status
                _check(operation, answer)


async def test_a_sleeping_database_answers_as_documented(sandbox: Sandbox) -> None:
    """As a failure of the API."""
    sandbox.sleep()
    async with connect(sandbox) as client:
        for operation in OPERATIONS:
            if operation.body is None:
                answer = await _send(client, operation)
                assert answer.status_code == 500
                _check(operation, answer)
