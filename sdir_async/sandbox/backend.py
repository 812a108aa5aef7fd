"""What the API behind the gateway does with a request that fits the document."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson
from starlette.responses import Response

from ..openapi.operations import Operation, Role
from .problems import pascal_case, problem
from .sleeping import Sleeper
from .validation import InvalidError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..openapi.walk import Json
    from .store import Row, Store

_ASLEEP = (
    "Database 'sdir' on server 'sandbox' is not currently available.  Please retry the connection "
    "later.  If the problem persists, contact customer support, and provide them the session "
    "tracing ID of '{}'. (Error Number:40613,State:1,Class:20)"
)
"""The words of the SQL client, which the API passes on."""
_PAGE = 100
"""Records of a page where neither the request nor the document says how many."""


class Backend:
    """Answers the operations of every document from one store.

    Example:
        ```python
        response = Backend(store).answer(operation, {"uid": "…"}, None)
        ```
    """

    def __init__(self, store: Store, sleeper: Sleeper | None = None) -> None:
        self._store = store
        self._sleeper = sleeper or Sleeper(None, 0)
        self._roles = {
            Role.CREATE: self._create,
            Role.UPDATE: self._update,
            Role.VALIDATE: self._validate,
            Role.LIST: self._list,
            Role.GET: self._get,
            Role.SEARCH: self._search,
            Role.EXAMPLE: self._example,
        }

    def answer(self, operation: Operation, parameters: Json, body: Any) -> Response:
        """Do what the operation does, unless the database sleeps.

        Raises:
            InvalidError: A batch names records that don't exist.
        """
        if self._sleeper.sleeps():
            return problem(500, detail=_ASLEEP.format(uuid4()))
        return self._roles[operation.role](operation, parameters, body)

    def _create(self, operation: Operation, _: Json, body: Any) -> Response:
        records = body if operation.many else [body]
        rows = _rows(operation, records, self._new_uids(operation, records))
        self._store.add(operation.collection, rows)
        return _saved(operation, rows)

    def _update(self, operation: Operation, parameters: Json, body: Any) -> Response:
        records = body if operation.many else [body]
        name, place = operation.identifier.field or "", operation.identifier.parameter or ""
        uids = [parameters.get(place, record.get(name)) for record in records]
        rows = _rows(operation, records, uids)
        if unknown := self._store.unknown(operation.collection, [uid for uid, _ in rows]):
            return self._refuse_unknown(operation, rows, unknown)
        self._store.replace(operation.collection, rows)
        return _saved(operation, rows)

    def _validate(self, operation: Operation, _: Json, __: Any) -> Response:
        return _answer(operation, b"[]" if operation.many else _dump(operation.example))

    def _list(self, operation: Operation, parameters: Json, _: Any) -> Response:
        filters = operation.filters
        where = {
            filters[name]: value
            for name, value in parameters.items()
            if name in filters and not isinstance(value, list | dict)
        }
        limit, offset = _page(operation, parameters)
        found = _array(self._store.find(operation.collection, where, limit=limit, offset=offset))
        if operation.envelope is not None:
            around = {**(operation.example or {}), operation.envelope: orjson.Fragment(found)}
            return _answer(operation, orjson.dumps(around))
        return _answer(operation, found)

    def _get(self, operation: Operation, parameters: Json, _: Any) -> Response:
        uid = _uid(parameters[operation.identifier.parameter or ""])
        if (found := self._store.get(operation.collection, uid)) is None:
            return problem(404)
        return _answer(operation, found)

    def _search(self, operation: Operation, parameters: Json, _: Any) -> Response:
        """Look for the words in the document's list; in any of its texts, in any case."""
        words = [value.casefold() for value in parameters.values() if isinstance(value, str)]
        items = operation.example if isinstance(operation.example, list) else []
        found = [item for item in items if all(_mentions(item, word) for word in words)]
        return _answer(operation, orjson.dumps(found))

    def _example(self, operation: Operation, _: Json, __: Any) -> Response:
        return _answer(operation, _dump(operation.example))

    def _new_uids(self, operation: Operation, records: list[Json]) -> Iterable[str | int]:
        if operation.identifier.chosen:
            return self._chosen_uids(operation, records)
        if not operation.identifier.counted:
            return (str(uuid4()) for _ in records)
        first = self._store.last_number(operation.collection) + 1
        return range(first, first + len(records))

    def _chosen_uids(self, operation: Operation, records: list[Json]) -> Iterator[str]:
        """Yield what each record is called, or a name of ours if another has that already."""
        name = operation.identifier.field or ""
        called = [str(record.get(name, "")) for record in records]
        free = self._store.unknown(operation.collection, list(map(_uid, called)))
        for uid in called:
            yield uid if _uid(uid) in free and uid else str(uuid4())
            free.discard(_uid(uid))

    def _refuse_unknown(self, operation: Operation, rows: list[Row], unknown: set[str]) -> Response:
        if not operation.many:
            return problem(404)
        name = pascal_case(operation.identifier.field or "")
        wrong = [index for index, (uid, _) in enumerate(rows) if uid in unknown]
        named = [f"[{index}].{name}".rstrip(".") for index in wrong]
        raise InvalidError({key: [f"The field {name} names no saved record."] for key in named})


def _rows(operation: Operation, records: list[Json], uids: Iterable[str | int | None]) -> list[Row]:
    """Give each record its identifier and write it as JSON."""
    name = operation.identifier.field
    rows = []
    for sent, uid in zip(records, uids, strict=True):
        record = operation.shape.complete(sent)
        if name is not None:
            record[name] = uid
        rows.append((_uid(uid), orjson.dumps(record).decode()))
    return rows


def _mentions(item: object, word: str) -> bool:
    texts = item.values() if isinstance(item, dict) else [item]
    return any(word in text.casefold() for text in texts if isinstance(text, str))


def _uid(value: object) -> str:
    """Return an identifier as it is stored; UUIDs are the same in capitals."""
    return str(value).lower()


def _page(operation: Operation, parameters: Mapping[str, Any]) -> tuple[int | None, int]:
    if (pages := operation.pages) is None:
        return None, 0
    asked = None if pages.size is None else parameters.get(pages.size)
    size = asked or pages.largest or _PAGE
    return size, (parameters.get(pages.number, 1) - 1) * size


def _saved(operation: Operation, rows: list[Row]) -> Response:
    bodies = [body.encode() for _, body in rows]
    return _answer(operation, _array(bodies) if operation.many else bodies[0])


def _array(bodies: list[bytes]) -> bytes:
    return b"[" + b",".join(bodies) + b"]"


def _dump(example: object) -> bytes:
    return b"" if example is None else orjson.dumps(example)


def _answer(operation: Operation, content: bytes) -> Response:
    if not content or operation.status == HTTPStatus.NO_CONTENT:
        return Response(status_code=operation.status)
    return Response(content, operation.status, media_type=operation.answer_type)
