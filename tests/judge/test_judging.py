"""The judge itself: it sees what is wrong, and the server is as bad as its scenario says."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest
from attrs import evolve, fields

from .__main__ import kinds
from .judge import Outcome, Verdict, failures
from .scenario import (
    ANSWERED,
    DATES,
    FAITHFUL_DATES,
    LAG,
    NOT_SAVED,
    UNKNOWN,
    Lists,
    Scenario,
    draw,
    equals,
)
from .server import Chance, Saved, Server, Taken, shown

PLAIN = evolve(
    next(
        one for one in map(draw, range(1000)) if one.equal == one.before == "none" and not one.bad
    ),
    operation="create",
    ending="natural",
    lists=Lists(),
)
COUNT = len(PLAIN.records)
EVERY = frozenset(range(COUNT))


def kinds_of(outcome: Outcome, saved: list[int], scenario: Scenario = PLAIN) -> set[str]:
    """Return the kinds of failures when these records of the input are in the register."""
    server = Server(scenario)
    server.saved += [Saved(str(at), scenario.records[at], 0.0) for at in saved]
    server.taken = [Taken(scenario.records[:1], answered=True)]
    return set(kinds([Verdict(scenario, tuple(failures(scenario, server, outcome)))]))


def accepted_but(**states: frozenset[int]) -> Outcome:
    """An outcome of all records, with these in other states."""
    given: dict[str, Any] = {**states}
    return Outcome(EVERY.difference(*states.values()), **given)


def test_an_upload_without_flaw_passes() -> None:
    """Every record was accepted and is saved once: there is nothing to say."""
    assert kinds_of(accepted_but(), [*EVERY]) == set()


@pytest.mark.parametrize(
    ("outcome", "saved", "kind"),
    [
        (accepted_but(), [*range(1, COUNT)], "lost"),
        (accepted_but(), [*EVERY, 3], "twice"),
        (
            accepted_but(unsent=frozenset([4])),
            [*EVERY],
            "saved, and reported as rejected or unsent",
        ),
        (accepted_but(rejected=frozenset([4])), [*EVERY - {4}], "rejected without reason"),
        (accepted_but(unsent=frozenset([4])), [*EVERY - {4}], "unsent"),
        (accepted_but(in_doubt=frozenset([4])), [*EVERY], "in doubt needlessly"),
        (evolve(accepted_but(), error="X: y"), [*EVERY], "raised"),
        (evolve(accepted_but(), wrong=("report: 1 in doubt, and 2 places",)), [*EVERY], "report"),
    ],
)
def test_what_is_wrong_is_seen(outcome: Outcome, saved: list[int], kind: str) -> None:
    """Each way in which a report differs from the register has a name."""
    assert kind in kinds_of(outcome, saved)


@pytest.mark.parametrize(
    "lists",
    [
        Lists(access="empty"),
        Lists(access="forbidden"),
        Lists(pages="0"),
        Lists(pages="ignored"),
        Lists(dates="without time"),
        Lists(codes="number"),
        Lists(numbers="all"),
    ],
)
def test_a_doubt_is_needed_where_the_list_is_of_no_use(lists: Lists) -> None:
    """A record in doubt is not a failure where no rule could decide."""
    scenario = evolve(PLAIN, lists=lists)
    assert not lists.is_faithful
    assert kinds_of(accepted_but(in_doubt=frozenset([4])), [*EVERY], scenario) == set()


def test_a_doubt_is_needed_where_counts_can_not_decide() -> None:
    """Of two equal records in the input, one that is found may be the other."""
    scenario = evolve(PLAIN, records=[*PLAIN.records[:-1], PLAIN.records[4]])
    saved = [*EVERY - {4}]
    assert kinds_of(accepted_but(in_doubt=frozenset([4])), saved, scenario) == set()


@pytest.mark.parametrize(("batch", "kinds_seen"), [([3, 4], set()), ([3, 4, 5], {"lost"})])
def test_a_loss_is_excused_where_a_batch_can_only_be_told_from_older_records(
    batch: list[int], kinds_seen: set[str]
) -> None:
    """One has an older equal and the other one an equal in the input; a third would have told."""
    records = [*PLAIN.records[:-1], PLAIN.records[4] | {"registratorName": "anne"}]
    scenario = evolve(PLAIN, records=records, beforehand=[records[3]])
    server = Server(scenario)
    server.saved += [Saved(str(at), records[at], 0.0) for at in range(COUNT) if at not in (3, 4)]
    server.taken = [Taken([records[at] for at in batch], answered=False)]
    found = tuple(failures(scenario, server, accepted_but()))
    assert set(kinds([Verdict(scenario, found)])) == kinds_seen


def test_a_record_that_leaves_a_field_out_equals_one_that_has_it() -> None:
    """The server may have filled it in, so that a list can't tell them apart."""
    one = next(record for record in PLAIN.records if "vesselImoNumber" in record)
    other = {name: value for name, value in one.items() if name != "vesselImoNumber"}
    assert equals(one, other)
    assert not equals(one, one | {"vesselImoNumber": "1234567"})


def test_a_seed_draws_the_same_run_again() -> None:
    """A failure can be looked at as often as it takes."""
    assert draw(7) == draw(7)
    assert draw(7) != draw(8)


def test_the_draw_reaches_everything() -> None:
    """Among a few thousand seeds each fault, each list and each kind of equal records occurs."""
    drawn = [draw(seed) for seed in range(3000)]
    assert {name for one in drawn for name in one.faults} == {*UNKNOWN, *NOT_SAVED, *ANSWERED}
    assert {one.equal for one in drawn} == {"none", "pairs", "near", "twice"}
    assert {one.before for one in drawn} == {"none", "few", "chunk", "all"}
    faithful = [one for one in drawn if one.lists.is_faithful]
    assert 0.2 < len(faithful) / len(drawn) < 0.6
    assert {one.lists.dates for one in faithful} == set(FAITHFUL_DATES)
    assert {one.transport for one in drawn} == {"httpx", "fast"}
    assert {one.operation for one in drawn} == {"create", "update"}
    assert {one.journal for one in drawn} == {one.iterated for one in drawn} == {True, False}
    reached = {
        field.name: {getattr(one.lists, field.name) for one in drawn} for field in fields(Lists)
    }
    assert reached == {
        "access": {"open", "absent", "forbidden", "empty", "object", "page"},
        "filtered": {"person", "nothing", "none"},
        "pages": {"1", "0", "none", "ignored"},
        "cap": {500, 40, 20, 10, 3},
        "newest_first": {True, False},
        "lag": {0.0, LAG},
        "dates": set(DATES),
        "codes": {"as sent", "lower", "number"},
        "numbers": {"none", "some", "all"},
        "names": {"camel", "Pascal"},
        "extra": {True, False},
        "missing": {"none", "nulls", "vessel"},
        "identified": {True, False},
    }


def test_nothing_goes_wrong_for_ever() -> None:
    """After two faults in a row comes a good answer, and after eight faults no more come."""
    names = [
        name for name, _ in [next(faults) for faults in [Chance(Random(1), ("502",), 1.0)] * 99]
    ]
    assert names[:6] == ["502", "502", "", "502", "502", ""]
    assert names.count("502") == 8


@pytest.mark.parametrize(
    ("lists", "field", "spelled"),
    [
        (Lists(dates="without time"), "completedAt", "2025-03-24"),
        (Lists(dates="next second"), "completedAt", "2025-03-24T18:32:26+00:00"),
        (Lists(dates="other zone"), "completedAt", "2025-03-24T20:32:25.600000+02:00"),
        (Lists(dates="local"), "completedAt", "2025-03-24T20:32:25.600000"),
        (Lists(dates="seven digits"), "completedAt", "2025-03-24T18:32:25.6000000+00:00"),
        (Lists(codes="number"), "competenceCode", 0),
        (Lists(numbers="all"), "personalIdentityNumber", 1810000001),
        (Lists(names="Pascal"), "CompetenceCode", "BS0"),
        (Lists(extra=True), "status", "registered"),
    ],
)
def test_how_the_list_spells(lists: Lists, field: str, spelled: Any) -> None:
    """A list shows what was saved in its own way."""
    record = {
        "personalIdentityNumber": "01810000001",
        "organizationNumber": "991825827",
        "competenceCode": "BS0",
        "completedAt": "2025-03-24T18:32:25.600+00:00",
    }
    assert shown(Saved("1", record, 0.0), lists)[field] == spelled


async def test_a_late_save_is_waited_for() -> None:
    """What a backend saves after it gave up counts, though nobody heard about it."""
    server = Server(PLAIN, faults=iter([("504", "late")]))
    async with server.serving():
        host, port = server.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b'POST / HTTP/1.1\r\nContent-Length: 25\r\n\r\n[{"competenceCode":"MV"}]')
        answer = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        assert answer.startswith(b"HTTP/1.1 504")
        assert not server.saved
    assert [one.record for one in server.saved] == [{"competenceCode": "MV"}]
