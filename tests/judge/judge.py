"""Runs the upload of a seed, and judges what was reported by what is in the register."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from sdir_async import RetryPolicy, Sdir, UploadReport

from .scenario import BAD, SETTLE, Record, Scenario, draw, equals
from .server import Server

RETRY: Final = RetryPolicy(attempts=30, first_wait=0.005, longest_wait=0.02, settle=SETTLE)
_TIMEOUT: Final = 0.5
_TOO_LONG: Final = 60.0
"""Seconds; a run takes about a third of one on a machine that does nothing else. A call a
second, as a pause could teach, takes longer."""
_TOO_MANY: Final = 400
"""Requests; a run has 40 of them, and hardly ever more than 150."""


@frozen
class Outcome:
    """What an upload reported: places in the input, by state, and how it ended.

    Attributes:
        error: What was raised, `""` for nothing.
        wrong: What the report says that can't be, of itself.
    """

    accepted: frozenset[int] = frozenset()
    rejected: frozenset[int] = frozenset()
    in_doubt: frozenset[int] = frozenset()
    unsent: frozenset[int] = frozenset()
    error: str = ""
    wrong: tuple[str, ...] = ()

    @property
    def read(self) -> int:
        """How many records were read."""
        return sum(map(len, (self.accepted, self.rejected, self.in_doubt, self.unsent)))


@frozen
class Verdict:
    """What is wrong with a run, in lines that begin with its kind; nothing, if all is well."""

    scenario: Scenario
    failures: tuple[str, ...]
    how: str = "in one process"

    def __str__(self) -> str:
        return "\n    ".join((f"{self.how}: {self.scenario}", *self.failures))


async def run(seed: int, folder: Path) -> Verdict:
    """Run the upload of a seed against a server of its own, and judge it."""
    scenario = draw(seed)
    server = Server(scenario)
    async with server.serving():
        journal = folder / f"journal-{seed}" if scenario.journal else None
        outcome = await upload(scenario, server.url, journal)
    return Verdict(scenario, tuple(failures(scenario, server, outcome)))


async def judged(seeds: Iterable[int], folder: Path, at_once: int = 8) -> list[Verdict]:
    """Run the uploads of many seeds, a few at a time; return those in which something is wrong."""
    places = asyncio.Semaphore(at_once)

    async def one(seed: int) -> Verdict:
        async with places:
            return await run(seed, folder)

    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(one(seed)) for seed in seeds]
    return [task.result() for task in running if task.result().failures]


async def upload(scenario: Scenario, url: str, journal: Path | None) -> Outcome:
    """Upload the records of a scenario with the public API; return what was reported."""
    told: list[tuple[list[int], str, list[int]]] = []
    async with Sdir(
        "key", base_url=url, transport=scenario.transport, retry=RETRY, timeout=_TIMEOUT
    ) as sdir:
        given: dict[str, Any] = {"operation": scenario.operation}
        uploading = sdir.additional_competence.v2.upload(
            scenario.records,
            chunk_size=scenario.chunk_size,
            concurrency=scenario.concurrency,
            check=False,
            journal=journal,
            deadline=0.15 if scenario.ending == "deadline" else None,
            **given,
        )

        async def take() -> None:
            if not scenario.iterated:
                await uploading
                return
            async for chunk in uploading:
                refused = [rejection.index for rejection in chunk.rejections]
                told.append((list(chunk.indexes), chunk.state, refused))

        error = ""
        bound = 0.1 if scenario.ending == "cancelled" else _TOO_LONG
        try:
            async with asyncio.timeout(bound):
                await take()
        except TimeoutError:
            error = f"it took more than {bound} s"
        except Exception as raised:  # noqa: BLE001  it is what is judged
            error = f"{type(raised).__name__}: {raised}"
        if scenario.iterated:
            with contextlib.suppress(Exception):
                await uploading.aclose()
        report = uploading.report
    complete = scenario.iterated and not error and scenario.is_natural
    wrong = [*_inconsistent(report), *(_untold(report, told) if complete else ())]
    return _outcome(report, error, wrong)


def _outcome(report: UploadReport, error: str, wrong: Iterable[str]) -> Outcome:
    read = report.accepted + report.rejected + report.in_doubt + report.unsent
    in_doubt = frozenset(at for places in report.doubts for at in places)
    unsent = frozenset(at for places in report.remaining for at in places)
    rejected = frozenset(rejection.index for rejection in report.rejections)
    accepted = frozenset(range(read)) - in_doubt - unsent - rejected
    return Outcome(accepted, rejected, in_doubt, unsent, error, tuple(wrong))


def _inconsistent(report: UploadReport) -> Iterator[str]:
    """Yield what a report says against itself."""
    counts = {
        "rejected": (report.rejected, [rejection.index for rejection in report.rejections]),
        "in doubt": (report.in_doubt, [at for places in report.doubts for at in places]),
        "unsent": (report.unsent, [at for places in report.remaining for at in places]),
    }
    for name, (count, places) in counts.items():
        if count != len(places):
            yield f"report: {count} {name}, and {len(places)} places"
    named = [at for _, places in counts.values() for at in places]
    if len(named) != len(set(named)):
        yield "report: a record is in two states"
    ended = getattr(report, "ended", None)
    if ended == "complete" and (report.in_doubt or report.unsent):
        yield "report: complete, with records in doubt or unsent"
    if ended == "in_doubt" and not report.in_doubt:
        yield "report: ended in doubt, and none is"


def _untold(report: UploadReport, told: list[tuple[list[int], str, list[int]]]) -> Iterator[str]:
    """Yield where the outcomes that were iterated over are not what the report says."""
    states: dict[int, str] = {}
    for indexes, state, refused in told:
        for at in indexes:
            if at in states:
                yield f"outcomes: record {at} was told twice"
            states[at] = "rejected" if at in refused else state
    counted = Counter(states.values())
    said = (report.accepted, report.rejected, report.in_doubt, report.unsent)
    heard = tuple(counted[name] for name in ("accepted", "rejected", "in_doubt", "unsent"))
    if said != heard:
        yield f"outcomes: the report says {said}, they said {heard}"


def failures(scenario: Scenario, server: Server, outcome: Outcome) -> Iterator[str]:
    """Yield what is wrong: the register is the judge."""
    yield from outcome.wrong
    if scenario.operation == "create":
        yield from _wrongly_saved(scenario, server, outcome)
    else:
        yield from _wrongly_changed(scenario, server, outcome)
    yield from _wrongly_refused(scenario, outcome)
    if scenario.is_natural:
        yield from _unfinished(scenario, server, outcome)


def _wrongly_saved(scenario: Scenario, server: Server, outcome: Outcome) -> Iterator[str]:
    """Each record is saved as often as it was accepted; those in doubt may be, no others are."""
    before, after = _counted(scenario.beforehand), _counted(one.record for one in server.saved)
    places: dict[str, list[int]] = {}
    for at, record in enumerate(scenario.records):
        places.setdefault(_key(record), []).append(at)
    for key, where in places.items():
        new = after[key] - before[key]
        accepted = sum(at in outcome.accepted for at in where)
        most = accepted + sum(at in outcome.in_doubt for at in where)
        record = scenario.records[where[0]]
        if new < accepted and not _taken_for_older(scenario, server, record):
            yield f"lost: {where} accepted {accepted} times, saved {new} times"
        elif new > most:
            kind = "twice" if accepted else "saved, and reported as rejected or unsent"
            yield f"{kind}: {where} accepted {accepted} times, saved {new} times"
    if after.keys() - before.keys() - places.keys():
        yield "foreign: the register holds what was never sent"


def _taken_for_older(scenario: Scenario, server: Server, record: Record) -> bool:
    """Say whether older records may have been taken for this one, or for the batch that it was in.

    Of such a batch nobody can tell any record from an older or another one, as one could where a
    record of it stands alone.
    """
    alone = {_key(scenario.records[at]) for at in _alone(scenario)}
    batches = [taken.records for taken in server.taken if record in taken.records]
    apart = [batch for batch in batches if alone.isdisjoint(map(_key, batch))]
    return any(
        equals(one, older) for one in chain([record], *apart) for older in scenario.beforehand
    )


def _wrongly_changed(scenario: Scenario, server: Server, outcome: Outcome) -> Iterator[str]:
    """Each accepted update is in the register, and none that is rejected or unsent."""
    stored = {one.uid: _key(one.record) for one in server.saved}
    if len(server.saved) != len(scenario.records):
        yield "twice: an update made a record"
    for at, (record, old) in enumerate(zip(scenario.records, scenario.beforehand, strict=True)):
        now = stored[record["uid"]]
        if at in outcome.accepted and now != _key(record):
            yield f"lost: update {at} was accepted, and the register has the old record"
        elif at not in outcome.accepted | outcome.in_doubt and now != _key(old):
            yield f"saved, and reported as rejected or unsent: update {at}"


def _wrongly_refused(scenario: Scenario, outcome: Outcome) -> Iterator[str]:
    """What is rejected is bad, and what is bad is not accepted."""
    bad = {at for at, record in enumerate(scenario.records) if record["competenceCode"] == BAD}
    if outcome.rejected - bad:
        yield f"rejected without reason: {sorted(outcome.rejected - bad)}"
    if outcome.accepted & bad:
        yield f"accepted, and refused by the register: {sorted(outcome.accepted & bad)}"


def _unfinished(scenario: Scenario, server: Server, outcome: Outcome) -> Iterator[str]:
    """An upload that nothing ended early has read all, and leaves in doubt only what it must."""
    if outcome.error.startswith("it took"):
        yield f"too long: {outcome.error}"
    elif server.requests > _TOO_MANY:
        yield f"too many requests: {server.requests}"
    elif outcome.error:
        yield f"raised: {outcome.error}"
    elif outcome.unsent or outcome.read != len(scenario.records):
        yield f"unsent: {len(outcome.unsent)} of {outcome.read} read, {len(scenario.records)} given"
    else:
        needless = sorted(needless_doubts(scenario, server, outcome))
        if needless:
            yield f"in doubt needlessly: {needless}"


def needless_doubts(scenario: Scenario, server: Server, outcome: Outcome) -> set[int]:
    """Return the records in doubt that the rules could decide.

    Updates may be sent again, so that none has to be in doubt. A create has to be where

    - the list doesn't show what is saved, or shows it otherwise (`Lists.is_faithful`), or
    - there was no witness: no record of which there is but one was accepted. If none at all was, no
      batch with such a record was answered with a whole 2xx: a busy machine may read one too late,
      but not all of them. Or
    - counts can't decide: a list may take the record for another one of the input or one that was
      in the register beforehand (`equals`).
    """
    if scenario.operation == "update":
        return set(outcome.in_doubt)
    alone = _alone(scenario)
    unique = {_key(scenario.records[at]) for at in alone}
    answered = any(
        _key(record) in unique
        for taken in server.taken
        if taken.answered
        for record in taken.records
    )
    witnessed = bool(outcome.accepted & alone) or (answered and not outcome.accepted)
    if not (scenario.lists.is_faithful and witnessed):
        return set()
    bad = {at for at, record in enumerate(scenario.records) if record["competenceCode"] == BAD}
    return (set(outcome.in_doubt) & alone) - bad


def _alone(scenario: Scenario) -> set[int]:
    """Return the places of the records that have no equal anywhere."""
    records, older = scenario.records, scenario.beforehand
    return {
        at
        for at, record in enumerate(records)
        if sum(equals(record, other) for other in records) == 1
        and not any(equals(record, other) for other in older)
    }


def _counted(records: Iterable[Record]) -> Counter[str]:
    return Counter(map(_key, records))


def _key(record: Record) -> str:
    """Return the whole record as text: two that differ in any field are two reports."""
    return json.dumps(record, sort_keys=True)
