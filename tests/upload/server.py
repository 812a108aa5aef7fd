"""A register in memory that applies a request or not, independently of what it answers."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import httpx
from attrs import Factory, define, field, frozen

from sdir_async import RetryPolicy, Sdir

Record = dict[str, Any]
BAD = "BAD"


def record(number: int, code: str = "HSCLC") -> Record:
    """A course record of its own person; the numbers are synthetic (month + 80)."""
    return {
        "personalIdentityNumber": f"0181{number:07d}",
        "completedAt": "2025-03-24T18:32:25+00:00",
        "organizationNumber": "991825827",
        "courseCode": code,
    }


def bad(number: int) -> Record:
    """A record that the register refuses."""
    return record(number, BAD)


@frozen
class Fate:
    """What a request meets.

    Attributes:
        name: For people who read a failing test.
        applied: Whether the register takes it to heart.
        answer: What the client sees instead of the register's own answer: a response, or an error.
        late: Seconds after the answer at which it is applied.
        unread: Whether nothing of the request is taken, as when no connection is made.
    """

    name: str
    applied: bool = True
    answer: Callable[[httpx.Request], httpx.Response] | None = None
    late: float = 0.0
    unread: bool = False

    def __repr__(self) -> str:
        return self.name


def _fails(kind: type[httpx.RequestError]) -> Callable[[httpx.Request], httpx.Response]:
    def fail(request: httpx.Request) -> httpx.Response:
        raise kind("", request=request)

    return fail


def _answers(
    status: int, body: object = None, **headers: str
) -> Callable[[httpx.Request], httpx.Response]:
    content = (
        body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    )
    kind = {"content-type": "text/html" if content[:1] == b"<" else "application/json"}
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: httpx.Response(status, content=content, headers={**kind, **names})


_GATEWAY = {"statusCode": 500, "message": "Internal server error", "activityId": "6b5f1b0e"}
_PROBLEM = {"title": "An error occurred.", "status": 500, "traceId": "00-1-2-00"}
_ASLEEP = {"detail": "Database 'x' is not currently available. Please retry the connection later."}

NORMAL = Fate("normal")
NOT_APPLIED = (
    Fate("refused connection", False, _fails(httpx.ConnectError), unread=True),
    Fate("connect timeout", False, _fails(httpx.ConnectTimeout), unread=True),
    Fate("408", False, _answers(408)),
    Fate("429", False, _answers(429, {"message": "wait"}, retry_after="3")),
    Fate("503 with Retry-After", False, _answers(503, retry_after="2")),
    Fate("500 of the API", False, _answers(500, _PROBLEM)),
    Fate("500 asleep", False, _answers(500, _ASLEEP)),
)
UNKNOWN_KINDS: tuple[tuple[str, Callable[[httpx.Request], httpx.Response]], ...] = (
    ("no connection, says a transport that sent it", _fails(httpx.ConnectError)),
    ("lost connection", _fails(httpx.ReadError)),
    ("read timeout", _fails(httpx.ReadTimeout)),
    ("no answer", _fails(httpx.RemoteProtocolError)),
    ("500 of the gateway", _answers(500, _GATEWAY)),
    ("500 page", _answers(500, b"<html>")),
    ("500 empty", _answers(500)),
    ("502", _answers(502, b"<html>")),
    ("503", _answers(503)),
    ("504", _answers(504)),
    ("cut answer", _answers(201, b'[{"uid": "1')),
    ("login page", _answers(200, b"<html>")),
)
UNKNOWN = tuple(
    Fate(f"{name}, {when}", applied, answer, late)
    for name, answer in UNKNOWN_KINDS
    for when, applied, late in (("before", False, 0.0), ("after", True, 0.0), ("late", True, 12.0))
)
FATES = (*NOT_APPLIED, *UNKNOWN)


def _in_turn(fates: Iterable[Fate]) -> Iterator[Fate]:
    return iter(fates)


@define
class Register(httpx.AsyncBaseTransport):
    """Courses, version 1, as a transport: batch, list, check.

    Attributes:
        fates: What the next batches meet, in order; then all goes well.
        list_fates: The same for the list operation.
        naming: How a refusal names the bad items: `"all"`, `"first"` or `"none"`.
        latency: Seconds that each answer takes.
        largest: Bytes of the largest body that is taken.
        saved: What is in the register.
        batches: How many records each batch request had.
        asked: How many list requests came.
        vouched: Whether a batch was saved and answered as it should be.
    """

    fates: Iterator[Fate] = field(converter=_in_turn, factory=lambda: iter(()))
    list_fates: Iterator[Fate] = field(converter=_in_turn, factory=lambda: iter(()))
    naming: str = "all"
    latency: float = 0.0
    largest: int = 30_000_000
    saved: list[Record] = Factory(list)
    batches: list[int] = Factory(list)
    asked: int = 0
    vouched: bool = False
    in_flight: int = 0
    most_in_flight: int = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        fate = NORMAL if request.method == "GET" else next(self.fates, NORMAL)
        if fate.unread and fate.answer is not None:
            return fate.answer(request)
        body = await request.aread()
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self.latency)
            return self._answer(request, body, fate)
        finally:
            self.in_flight -= 1

    def _answer(self, request: httpx.Request, body: bytes, fate: Fate) -> httpx.Response:
        if request.method == "GET":
            self.asked += 1
            return self._meet(
                next(self.list_fates, NORMAL), request, lambda: None, self._list(request)
            )
        records = json.loads(body)
        self.batches.append(len(records))
        if len(body) > self.largest:
            return httpx.Response(413)
        refusal = self._refusal(records)
        if refusal is not None:
            return self._meet(fate, request, lambda: None, refusal)
        validate = request.url.path.endswith("/prevalidate")
        new = [] if validate else [{**one, "uid": _uid(one)} for one in records]
        answer = httpx.Response(200 if validate else 201, json=new)
        self.vouched |= fate.applied and fate.answer is None
        return self._meet(fate, request, lambda: self.saved.extend(new), answer)

    def _meet(
        self, fate: Fate, request: httpx.Request, apply: Callable[[], None], answer: httpx.Response
    ) -> httpx.Response:
        if fate.applied and fate.late:
            asyncio.get_running_loop().call_later(fate.late, apply)
        elif fate.applied:
            apply()
        return answer if fate.answer is None else fate.answer(request)

    def _refusal(self, records: list[Record]) -> httpx.Response | None:
        places = [at for at, one in enumerate(records) if one["courseCode"] == BAD]
        if not places:
            return None
        if self.naming == "none":
            return httpx.Response(400, json={"title": "Bad request", "status": 400})
        named = places[:200] if self.naming == "all" else places[:1]
        errors = {
            f"[{at}].CourseCode": [f"The code of {records[at]['personalIdentityNumber']} is bad."]
            for at in named
        }
        if self.naming == "first":
            errors = {
                f"$[{at}].courseCode": ["The JSON value could not be converted."] for at in named
            }
            errors["courses"] = ["The courses field is required."]
        elif len(places) > len(named):
            errors[""] = ["The maximum number of allowed model errors has been reached."]
        return httpx.Response(
            400, json={"title": "Validation failed", "status": 400, "errors": errors}
        )

    def _list(self, request: httpx.Request) -> httpx.Response:
        person = request.url.params["personId"]
        page, size = int(request.url.params["page"]), int(request.url.params["pageSize"])
        found = [one for one in self.saved if one["personalIdentityNumber"] == person]
        return httpx.Response(200, json=found[(page - 1) * size : page * size])

    def counts(self) -> Counter[str]:
        """How often each person's report is saved."""
        return Counter(one["personalIdentityNumber"] for one in self.saved)


def _uid(one: Record) -> str:
    return f"00000000-0000-4000-8000-{one['personalIdentityNumber'][4:]:0>12}"


def client(register: Register, **settings: Any) -> Sdir:
    """An `Sdir` that talks to a register in memory."""
    http = httpx.AsyncClient(transport=register)
    return Sdir(
        "key",
        base_url="http://localhost",
        http_client=http,
        **{"retry": RetryPolicy(attempts=50), **settings},
    )


def pulled(records: Iterable[Record], taken: list[int]) -> Iterator[Record]:
    """Yield records, and count in `taken[0]` how many were."""
    for one in records:
        taken[0] += 1
        yield one
