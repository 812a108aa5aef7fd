"""What a run is made of, drawn from a seed: the input, the register, and how the server behaves."""

from __future__ import annotations

from random import Random
from typing import Any, Final, Literal, TypeVar

from attrs import field, frozen

Record = dict[str, Any]
T = TypeVar("T")

SETTLE: Final = 0.2
"""Seconds; late work and a lagging list together take less."""
LATE: Final = 0.06
LAG: Final = 0.06

CODES: Final = ("BS0", "BUNK3", "BV", "BVSJEKK", "GOLALO", "GOIGF", "MV", "GOPOLFAR", "VOPOLFAR")
BAD: Final = "BAD"
COMPARED: Final = (
    "personalIdentityNumber",
    "organizationNumber",
    "competenceCode",
    "completedAt",
    "periodStart",
    "periodEnd",
    "vesselImoNumber",
)
"""What makes two records the same report, as the document has it."""

UNKNOWN: Final = (
    "500 empty",
    "500 gateway",
    "500 custom",
    "500 page",
    "502",
    "503",
    "504",
    "200 page",
    "reset",
    "close",
    "half head",
    "half body",
    "gzip header",
    "silent",
)
"""The backend may save before such an answer, after it, late, or never."""
NOT_SAVED: Final = ("500 own", "429", "503 wait", "408", "reset unread")
ANSWERED: Final = ("trickle", "surplus", "idle close", "close next")
"""The answer is right and whole; what comes after it on the connection may not be."""
LIST_FAULTS: Final = (
    "500 gateway",
    "502",
    "reset",
    "half body",
    "gzip header",
    "429",
    *ANSWERED,
)


@frozen
class Lists:
    """How the list behaves.

    Attributes:
        access: Who may read it: `"open"`, or it is absent, forbidden, empty for everybody, an
            object with the list inside, or a page of HTML.
        filtered: By `"person"`, by `"nothing"` (all is shown), or by something that finds
            `"none"`.
        pages: `"1"` or `"0"`: the number of the first; `"none"`: all at once; `"ignored"`: the
            first page again and again.
        cap: The largest page that it gives.
        newest_first: How it is sorted.
        lag: Seconds until a saved record shows.
        dates: How moments are spelled.
        codes: How codes are spelled.
        numbers: Which numbers are JSON numbers: `"none"`, `"some"`, or `"all"`, so that a person
            number loses its first zero.
        names: `"camel"` or `"Pascal"`.
        extra: Whether there are fields of which the document knows nothing.
        missing: `"none"`; `"nulls"`: fields without a value; `"vessel"`: one with a value, too.
        identified: Whether it shows identifiers, so that equal records can be told apart.
    """

    access: str = "open"
    filtered: str = "person"
    pages: str = "1"
    cap: int = 500
    newest_first: bool = False
    lag: float = 0.0
    dates: str = "as sent"
    codes: str = "as sent"
    numbers: str = "none"
    names: str = "camel"
    extra: bool = False
    missing: str = "none"
    identified: bool = True

    @property
    def is_faithful(self) -> bool:
        """Whether what is saved can be found in it, by the questions of the document."""
        return (
            self.access == "open"
            and self.filtered != "none"
            and self.pages in ("1", "none")
            and self.dates in FAITHFUL_DATES
            and self.codes != "number"
            and self.numbers != "all"
            and self.missing != "vessel"
        )


FAITHFUL_DATES: Final = ("as sent", "other zone", "seven digits", "Z")
DATES: Final = (*FAITHFUL_DATES, "without time", "next second", "local")


@frozen
class Scenario:
    """One run. What is not shown follows from the seed."""

    seed: int
    operation: Literal["create", "update"]
    transport: Literal["httpx", "fast"]
    journal: bool
    iterated: bool
    ending: str
    chunk_size: int
    concurrency: int
    equal: str
    before: str
    persons: str
    bad: int
    naming: str
    answers: str
    largest: int
    faults: tuple[str, ...]
    rate: float
    list_faults: tuple[str, ...]
    list_rate: float
    lists: Lists
    records: list[Record] = field(repr=False)
    beforehand: list[Record] = field(repr=False)

    @property
    def is_natural(self) -> bool:
        """Whether nothing but its own end ends it."""
        return self.ending == "natural"


def draw(seed: int) -> Scenario:
    """Draw the run of a seed."""
    chance = Random(seed)
    update = chance.random() < 0.2
    size = chance.choice((3, 5, 5, 8))
    equal = "none" if update else weighed(chance, none=5, pairs=2, near=2, twice=1)
    persons = weighed(chance, own=2, few=1)
    bad = weighed(chance, none=3, some=2)
    records = _records(chance, equal, persons, 0 if bad == "none" else chance.randint(1, 3))
    before = "all" if update else weighed(chance, none=6, few=2, chunk=1, all=0.5)
    beforehand = _beforehand(chance, before, records, size, update=update)
    return Scenario(
        seed,
        "update" if update else "create",
        chance.choice(("httpx", "fast")),
        chance.random() < 0.3,
        chance.random() < 0.4,
        weighed(chance, natural=9, deadline=0.7, cancelled=0.7),
        size,
        chance.choice((1, 2, 4)),
        equal,
        before,
        persons,
        sum(record["competenceCode"] == BAD for record in records),
        chance.choice(("all", "first", "none")),
        weighed(chance, list=3, empty=1),
        900 if chance.random() < 0.1 else 30_000_000,
        _mood(chance, (*UNKNOWN, *ANSWERED), NOT_SAVED),
        chance.choice((0.1, 0.3, 0.6)),
        _mood(chance, LIST_FAULTS, ()),
        chance.choice((0.0, 0.0, 0.1, 0.3)),
        _lists(chance),
        records,
        beforehand,
    )


def weighed(chance: Random, **weights: float) -> str:
    """Draw one of the names."""
    return chance.choices(list(weights), list(weights.values()))[0]


def _mood(chance: Random, often: tuple[str, ...], seldom: tuple[str, ...]) -> tuple[str, ...]:
    """Draw a few faults: each run has its own kind of trouble."""
    drawn = [name for name in often if chance.random() < 0.25]
    drawn += [name for name in seldom if chance.random() < 0.1]
    return tuple(drawn) or (chance.choice(often),)


def _lists(chance: Random) -> Lists:
    filtered = weighed(chance, person=8, nothing=2, none=0.5)
    pages = weighed(chance, **{"1": 10, "0": 1.5, "none": 1.5, "ignored": 1.5})
    caps = (500, 500, 10, 3) if filtered == "person" else (500, 40, 20)
    return Lists(
        weighed(chance, open=14, absent=1, forbidden=1, empty=1, object=0.5, page=0.5),
        filtered,
        pages,
        500 if pages == "none" else chance.choice(caps),
        chance.random() < 0.5,
        chance.choice((0.0, 0.0, LAG)),
        "as sent" if chance.random() < 0.5 else chance.choice(DATES),
        weighed(chance, **{"as sent": 8, "lower": 2, "number": 1}),
        weighed(chance, none=8, some=2, all=0.5),
        weighed(chance, camel=4, Pascal=1),
        chance.random() < 0.3,
        weighed(chance, none=6, nulls=3, vessel=0.5),
        chance.random() < 0.8,
    )


def _records(chance: Random, equal: str, persons: str, bad: int) -> list[Record]:
    count = chance.randint(20, 60)
    if equal == "twice":
        count //= 2
    records = [_record(chance, at, persons) for at in range(count)]
    if equal == "twice":
        records *= 2
    elif equal != "none":
        for _ in range(chance.randint(1, 6)):
            records.append(_alike(chance, chance.choice(records), equal))
        chance.shuffle(records)
    records = [dict(record) for record in records]
    for at in chance.sample(range(len(records)), bad):
        records[at]["competenceCode"] = BAD
    return records


def _record(chance: Random, at: int, persons: str) -> Record:
    """A report that no other equals; the person numbers are synthetic (month + 80)."""
    person = at if persons == "own" else at % 4
    seconds = chance.choice(("25", "25.600"))
    record: Record = {
        "personalIdentityNumber": f"0181{person:07d}",
        "organizationNumber": "991825827",
        "competenceCode": chance.choice(CODES),
        "completedAt": f"2025-03-{1 + at % 28:02d}T18:{at:02d}:{seconds}+00:00",
        "registratorName": "kari",
    }
    if chance.random() < 0.5:
        record |= {"periodStart": "2024-01-01", "periodEnd": "2024-05-31"}
    if chance.random() < 0.5:
        record["vesselImoNumber"] = "9074729"
    return record


def _alike(chance: Random, record: Record, equal: str) -> Record:
    """An equal record, or one that differs only where no comparison sees it for sure."""
    if equal == "pairs":
        return dict(record)
    if "vesselImoNumber" in record and chance.random() < 0.5:
        return {name: value for name, value in record.items() if name != "vesselImoNumber"}
    return record | {"registratorName": chance.choice(("ola", "anne"))}


def _beforehand(
    chance: Random, before: str, records: list[Record], size: int, *, update: bool
) -> list[Record]:
    good = [record for record in records if record["competenceCode"] != BAD]
    match before:
        case "few":
            return chance.sample(good, max(1, len(good) // 10))
        case "chunk":
            return good[:size]
        case "all" if update:
            for at, record in enumerate(records):
                record["uid"] = f"00000000-0000-4000-8000-{at:012d}"
            return [record | {"competenceCode": "OLD"} for record in records]
        case "all":
            return good
    return []


def equals(one: Record, other: Record) -> bool:
    """Whether a list may take one for the other: what is left out equals whatever there is."""
    return all(
        one.get(name) is None or other.get(name) is None or one[name] == other[name]
        for name in COMPARED
    )
