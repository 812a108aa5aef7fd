"""A server that shares no code with the sandbox: raw HTTP/1.1 over streams, and a register.

It answers batches and lists of `additional_competence.v2` as its scenario says. What it saved is
the judge; what it answered says nothing about that.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from random import Random
from typing import Final
from urllib.parse import parse_qs, urlsplit

from attrs import Factory, define, field, frozen

from .scenario import ANSWERED, BAD, CODES, LATE, UNKNOWN, Lists, Record, Scenario
from .wire import BREAKING, PAGE, SURPLUS, Reader, Writer, break_off, raw, status_of, trickle

_IN_A_ROW: Final = 2
_IN_ALL: Final = 8
"""Faults: so many in a row, and so many in all, for batches and for lists each."""


@define
class Saved:
    """A record in the register, and since when the list shows it."""

    uid: str
    record: Record
    visible: float


@frozen
class Taken:
    """A batch that was read whole, and whether its right answer was written whole."""

    records: list[Record]
    answered: bool


@frozen
class Request:
    """What was read: its head, taken apart, and its body."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes


Fault = tuple[str, str]
"""What goes wrong, `""` for nothing, and when the backend saves all the same: before the answer,
after it, late, or never."""

RIGHT: Final[Fault] = ("", "before")
_WHEN: Final = ("before", "after", "late", "never")


@define
class Chance:
    """Draws what goes wrong, so that nothing goes wrong forever."""

    chance: Random
    names: tuple[str, ...]
    rate: float
    _row: int = 0
    _all: int = 0

    def __iter__(self) -> Iterator[Fault]:
        return self

    def __next__(self) -> Fault:
        drawn = self.chance.random() < self.rate
        if not drawn or self._row >= _IN_A_ROW or self._all >= _IN_ALL:
            self._row = 0
            return RIGHT
        self._row += 1
        self._all += 1
        name = self.chance.choice(self.names)
        if name in UNKNOWN:
            return name, self.chance.choice(_WHEN)
        return name, "before" if name in ANSWERED else "never"


def _refuses_nothing(_: list[Record]) -> bytes | None:
    return None


@define
class Server:
    """The register, and what stands before it.

    Attributes:
        faults: What goes wrong with the next batches, where it is not drawn.
        refuses: Returns the answer to a batch that is refused for a reason of its own.
        saved: What is in the register.
        taken: The batches that were read, in order.
        requests: How many requests came.
    """

    scenario: Scenario
    faults: Iterator[Fault] | None = None
    refuses: Callable[[list[Record]], bytes | None] = _refuses_nothing
    saved: list[Saved] = Factory(list)
    taken: list[Taken] = Factory(list)
    requests: int = 0
    url: str = ""
    _chance: Random = field(init=False)
    _batch_faults: Iterator[Fault] = field(init=False)
    _list_faults: Iterator[Fault] = field(init=False)
    _late: set[asyncio.Task[None]] = Factory(set)

    def __attrs_post_init__(self) -> None:
        self._chance = chance = Random(self.scenario.seed + 1)
        drawn = Chance(chance, self.scenario.faults, self.scenario.rate)
        self._batch_faults = drawn if self.faults is None else self.faults
        self._list_faults = Chance(chance, self.scenario.list_faults, self.scenario.list_rate)
        for record in self.scenario.beforehand:
            self._save(record, visible=0.0)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve on loopback, at the URL that is given; in the end wait for what is saved late."""
        connections: set[asyncio.Task[None]] = set()

        def connected(reader: Reader, writer: Writer) -> None:
            task = asyncio.get_running_loop().create_task(self._connection(reader, writer))
            connections.add(task)
            task.add_done_callback(connections.discard)

        server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=2**20)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self.url
        finally:
            server.close()
            left = list(connections)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, *self._late, return_exceptions=True)

    async def _connection(self, reader: Reader, writer: Writer) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._exchange(reader, writer):
                    pass
        finally:
            writer.close()

    async def _exchange(self, reader: Reader, writer: Writer) -> bool:
        """Read a request and answer it; say whether the connection continues."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        self.requests += 1
        method, target, _ = head.split("\r\n", 1)[0].split(" ", 2)
        faults = self._list_faults if method == "GET" else self._batch_faults
        fault, when = next(faults, RIGHT)
        if fault == "reset unread":
            writer.transport.abort()
            return False
        url = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        body = await reader.readexactly(_length(head))
        request = Request(method, url.path, query, body)
        if method == "GET":
            return await self._answer(reader, writer, fault, self._list(request))
        return await self._batch(request, reader, writer, fault, when)

    # Batches

    async def _batch(
        self, request: Request, reader: Reader, writer: Writer, fault: str, when: str
    ) -> bool:
        """Save or not, and answer or not: the one says nothing about the other."""
        records: list[Record] = json.loads(request.body)
        refusal = self.refuses(records) or self._refusal(records, len(request.body))
        late = self._chance.uniform(0.1, 1.0) * LATE if when == "late" else 0.0
        now = asyncio.get_running_loop().time()
        save = self._saving(request.method, [] if refusal else records, now + late)
        self.taken.append(Taken(records, answered=not refusal and fault in ("", *ANSWERED)))
        if when == "before":
            save()
        elif when == "late":
            self._late.add(asyncio.create_task(_later(late, save)))
        goes_on = False
        try:
            goes_on = await self._answer(reader, writer, fault, refusal or self._good(records))
        finally:
            if when == "after":
                save()
        return goes_on

    def _saving(self, method: str, records: list[Record], planned: float) -> Callable[[], None]:
        """Return what saves; the list lags behind the planned time, however busy the loop is."""

        def create() -> None:
            for record in records:
                self._save(record, planned + self.scenario.lists.lag * self._chance.random())

        def update() -> None:
            known = {saved.uid: saved for saved in self.saved}
            for record in records:
                known[record["uid"]].record = record

        return create if method == "POST" else update

    def _save(self, record: Record, visible: float) -> None:
        uid = record.get("uid") or str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        self.saved.append(Saved(uid, record, visible))

    def _good(self, records: list[Record]) -> bytes:
        if self.scenario.answers == "empty":
            return raw(201)
        return raw(201, [{"uid": str(uuid.uuid4()), **record} for record in records])

    def _refusal(self, records: list[Record], size: int) -> bytes | None:
        if size > self.scenario.largest and len(records) > 1:
            return raw(413)
        places = [at for at, one in enumerate(records) if one["competenceCode"] == BAD]
        if not places:
            return None
        said = f"There is no such code. Case {self._uid()}."
        named = {"all": places, "first": places[:1], "none": []}[self.scenario.naming]
        problem = {
            "title": "One or more validation errors occurred.",
            "status": 400,
            "errors": {f"[{at}].CompetenceCode": [said] for at in named},
            "traceId": self._uid(),
        }
        return raw(400, problem if named else {"title": said, "status": 400})

    def _uid(self) -> str:
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))

    # The list

    def _list(self, request: Request) -> bytes:
        lists = self.scenario.lists
        match lists.access:
            case "absent":
                return raw(404, {"statusCode": 404, "message": "Resource not found"})
            case "forbidden":
                return raw(403, {"title": "Forbidden", "status": 403})
            case "page":
                return raw(200, PAGE)
            case "empty":
                return raw(200, [])
        found = [shown(one, lists) for one in self._found(request.query.get("personId"))]
        page = _page(found, request.query, lists)
        return raw(200, {"items": page} if lists.access == "object" else page)

    def _found(self, person: str | None) -> list[Saved]:
        lists, now = self.scenario.lists, asyncio.get_running_loop().time()
        if lists.filtered == "none":
            return []
        found = [
            one
            for one in self.saved
            if one.visible <= now
            and (lists.filtered == "nothing" or one.record["personalIdentityNumber"] == person)
        ]
        return found[::-1] if lists.newest_first else found

    # Answers

    async def _answer(self, reader: Reader, writer: Writer, fault: str, right: bytes) -> bool:
        """Write what the fault makes of the right answer; say whether the connection continues."""
        match fault:
            case "":
                writer.write(right)
            case "trickle":
                await trickle(writer, right)
            case "surplus":
                writer.write(right + SURPLUS)
            case _ if fault in BREAKING:
                await break_off(reader, writer, fault, right)
                return False
            case _:
                writer.write(status_of(fault, self._uid()))
        await writer.drain()
        return True


async def _later(seconds: float, save: Callable[[], None]) -> None:
    await asyncio.sleep(seconds)
    save()


def _length(head: str) -> int:
    named = [line.partition(":") for line in head.lower().split("\r\n")]
    return next((int(value) for name, _, value in named if name == "content-length"), 0)


def _page(found: list[Record], query: dict[str, str], lists: Lists) -> list[Record]:
    size = min(int(query.get("pageSize", 100)), lists.cap)
    if lists.pages == "none":
        return found
    if lists.pages == "ignored":
        return found[:size]
    start = (int(query.get("page", lists.pages)) - int(lists.pages)) * size
    return found[start : start + size] if start >= 0 else []


def shown(saved: Saved, lists: Lists) -> Record:
    """Return a record as the list spells it."""
    record = {"periodStart": None, "periodEnd": None, "vesselImoNumber": None, **saved.record}
    record["completedAt"] = _moment(record["completedAt"], lists.dates)
    code = record["competenceCode"]
    if lists.codes == "lower":
        record["competenceCode"] = code.lower()
    elif lists.codes == "number" and code in CODES:
        record["competenceCode"] = CODES.index(code)
    numbers = {"none": (), "some": _SOME, "all": (*_SOME, "personalIdentityNumber")}[lists.numbers]
    for name in numbers:
        record[name] = None if record[name] is None else int(record[name])
    if lists.extra:
        record |= {"status": "registered", "registeredAt": "2026-01-01T00:00:00Z"}
    if lists.missing == "vessel":
        del record["vesselImoNumber"]
    elif lists.missing == "nulls":
        record = {name: value for name, value in record.items() if value is not None}
    if lists.identified:
        record["uid"] = saved.uid
    elif "uid" in record:
        del record["uid"]
    if lists.names == "Pascal":
        record = {name[0].upper() + name[1:]: value for name, value in record.items()}
    return record


_SOME: Final = ("organizationNumber", "vesselImoNumber")


def _moment(text: str, dates: str) -> str:
    moment = datetime.datetime.fromisoformat(text)
    there = moment.astimezone(datetime.timezone(datetime.timedelta(hours=2)))
    match dates:
        case "other zone":
            return there.isoformat()
        case "seven digits":
            return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond * 10:07d}+00:00"
        case "Z":
            return text.replace("+00:00", "Z")
        case "without time":
            return text[:10]
        case "next second":
            up = datetime.timedelta(seconds=1 if moment.microsecond else 0)
            return (moment.replace(microsecond=0) + up).isoformat()
        case "local":
            return there.replace(tzinfo=None).isoformat()
    return text
