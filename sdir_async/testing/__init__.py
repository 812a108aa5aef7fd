"""Sdir without a socket, for tests: `pip install "sdir-async[testing]"`.

The answers come from the documents, so that a new version of an API needs no change here. Nothing
is checked and nothing is kept; where that matters, test against the sandbox.
"""

from __future__ import annotations

import re
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import orjson

try:
    import respx

    from ..openapi.operations import Role
    from ..openapi.reader import read_folder
    from .mocker import NAME
except ModuleNotFoundError as error:
    hint = f"{error}. Routes for tests are an extra: pip install 'sdir-async[testing]'"
    raise ModuleNotFoundError(hint, name=error.name) from error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ..openapi.operations import Operation

__all__ = ["sdir_routes"]

_NO_UID = 0x_0000_0000_0000_4000_8000_0000_0000_0000
"""Uids are counted up, so that tests can tell them beforehand."""


def sdir_routes(documents: str | Path | None = None, **settings: Any) -> respx.MockRouter:
    """Return a respx router that answers every operation of every document, on any host.

    A create echoes its records, each with a `uid`, the first of which is
    `00000000-0000-4000-8000-000000000001`; an update echoes its records; a check finds nothing
    wrong; what reads answers with the document's example. Each route is named by its document and
    its `operationId` in snake case, such as `course.v1.create_courses`, to be looked at or changed:
    that is how the SDK calls the operation, unless the id is not readable.

    Args:
        documents: A folder of OpenAPI 3 documents; `None` takes our own.
        settings: Those of `respx.mock`; routes needn't be called unless `assert_all_called` is set.

    Example:
        ```python
        with sdir_routes() as routes:
            routes["course.v1.create_courses"].respond(503)
            ...
            assert routes["course.v1.create_courses"].call_count == 1
        ```
    """
    _, operations = read_folder(documents)
    router = respx.MockRouter(**{"assert_all_called": False, "using": NAME, **settings})
    numbers = count(1)
    for operation in sorted(operations, key=lambda each: each.path.count("{")):
        pattern = "^" + re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(operation.path)) + "$"
        route = router.route(method=operation.method, path__regex=pattern, name=_name(operation))
        route.side_effect = _answers(operation, numbers)
    return router


def _name(operation: Operation) -> str:
    words = re.sub("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", operation.name)
    return ".".join([*operation.document.split(), re.sub(r"\W+", "_", words).lower()])


def _answers(
    operation: Operation, numbers: Iterator[int]
) -> Callable[[httpx.Request], httpx.Response]:
    name = operation.identifier.field

    def identified(record: Any, uid: int | str) -> Any:
        return record if name is None else {**record, name: uid}

    def created(record: Any) -> Any:
        number = next(numbers)
        uid = number if operation.identifier.counted else str(UUID(int=_NO_UID + number))
        return identified(operation.shape.complete(record), uid)

    def create(request: httpx.Request) -> Any:
        sent = orjson.loads(request.content)
        return [created(record) for record in sent] if operation.many else created(sent)

    def update(request: httpx.Request) -> Any:
        return operation.shape.complete(orjson.loads(request.content))

    def get(request: httpx.Request) -> Any:
        uid = request.url.path.rpartition("/")[2]
        return identified(
            operation.example or {}, int(uid) if operation.identifier.counted else uid
        )

    roles = {Role.CREATE: create, Role.UPDATE: update, Role.GET: get}
    answer = roles.get(operation.role, lambda _: operation.example)
    return lambda request: httpx.Response(operation.status, json=answer(request))
