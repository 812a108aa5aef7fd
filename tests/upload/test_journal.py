"""With a journal an upload survives its process."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdir_async import JournalMismatch, PermissionDenied, RetryPolicy, UploadReport
from sdir_async.upload.chunks import Chunk, Piece
from sdir_async.upload.journal.history import Past
from sdir_async.upload.journal.recorded import Entry, RecordedJournal
from sdir_async.upload.journal.sqlite import SqliteStore
from tests.upload.server import FATES, Fate, Record, Register, bad, client, record
from tests.upload.test_faults import judge
from tests.virtual import run

COUNT = 40


def records(count: int = COUNT) -> list[Record]:
    return [bad(at) if at % 13 == 5 else record(at) for at in range(count)]


async def upload(
    register: Register, given_records: list[Any], journal: Path | InMemory | None, **options: Any
) -> UploadReport:
    async with client(register, retry=RetryPolicy(attempts=50)) as sdir:
        options = {"check": False, "chunk_size": 6, "concurrency": 3, **options}
        return await sdir.course.v1.upload(given_records, journal=journal, **options)


class Killed(BaseException):
    """The process is gone."""


class Dying(Register):
    """A register whose client is killed while a request is on the wire.

    What a killed process leaves behind is its files as they are at that moment: they are copied
    away, and the rest of this run writes to files that nobody will look at.
    """

    def die_at(self, request: int, *, applied: bool, journal: Path, left: Path) -> None:
        self.dying = (request, applied, journal, left)
        self.left_behind: list[Record] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        at, applied, journal, left = self.dying
        dies = self.left_behind is None and len(self.batches) + self.asked == at
        if dies and not applied:
            self._die(journal, left)
        try:
            return await super().handle_async_request(request)
        finally:
            if dies and applied:
                self._die(journal, left)

    def _die(self, journal: Path, left: Path) -> None:
        for file in journal.parent.glob(journal.name + "*"):
            shutil.copy(file, left / file.name)
        self.left_behind = list(self.saved)
        raise Killed


def killed(register: Dying, given_records: list[Record], journal: Path, **options: Any) -> bool:
    """Run an upload until its end or its death."""
    try:
        run(upload(register, given_records, journal, **options))
    except (Killed, BaseExceptionGroup):
        return True
    return False


@settings(max_examples=30)
@given(
    deaths=st.lists(st.tuples(st.integers(0, 14), st.booleans()), min_size=1, max_size=4),
    fates=st.lists(st.sampled_from(FATES), max_size=6),
    naming=st.sampled_from(["all", "first", "none"]),
    sizes=st.lists(st.integers(1, 9), min_size=5, max_size=5),
)
def test_killed_at_any_request_and_run_again(
    tmp_path_factory: pytest.TempPathFactory,
    deaths: list[tuple[int, bool]],
    fates: list[Fate],
    naming: str,
    sizes: list[int],
) -> None:
    """Whenever the process dies, the next one finishes the upload: nothing lost, nothing twice."""
    folder = tmp_path_factory.mktemp("journal")
    saved: list[Record] = []
    source = iter(fates)
    for number, (at, applied) in enumerate(deaths):
        left = folder / f"left-{number}"
        left.mkdir()
        register = Dying(fates=source, naming=naming, saved=list(saved))
        register.die_at(at, applied=applied, journal=folder / "journal", left=left)
        if not killed(register, records(), folder / "journal", chunk_size=sizes[number]):
            saved = register.saved
            break
        assert register.left_behind is not None
        saved, folder = register.left_behind, left
    final = Register(naming=naming, saved=list(saved))
    report = run(upload(final, records(), folder / "journal", chunk_size=sizes[-1]))
    judge(final, records(), report)
    assert report.unsent == 0
    assert report.in_doubt or report.accepted == COUNT - 3
    assert report.in_doubt == 0 or not final.vouched


class InMemory:
    """A journal that takes no time, so that only the upload decides what is on the wire at once."""

    name, advice, salt, still_mine = "journal", "", b"", None

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries = list(entries)

    def journal_of(self, target: Mapping[str, str]) -> RecordedJournal:
        return RecordedJournal(self)

    async def open(self) -> list[Entry]:
        return self.entries.copy()

    async def append(self, entries: Sequence[Entry]) -> None:
        self.entries += entries

    async def close(self) -> None: ...


class Busy(Register):
    """Notes how many requests are on the wire when one is answered, and what the journal has."""

    def watch(self, journal: InMemory | None) -> None:
        self.journal, self.at_once = journal, [0]
        self.moments: list[tuple[list[Record], list[Entry]]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.at_once[-1] += 1
        self._note()
        await asyncio.sleep(1)
        answer = await super().handle_async_request(request)
        self._note()
        self.at_once.append(self.at_once[-1] - 1)
        return answer

    def _note(self) -> None:
        if self.journal is not None:
            self.moments.append((list(self.saved), list(self.journal.entries)))


def test_killed_at_any_moment_and_nothing_is_in_doubt() -> None:
    """There is always a witness later: the first run never has everything on the wire at once."""
    given_records = list(map(record, range(COUNT)))
    first, journal = Busy(), InMemory()
    first.watch(journal)
    run(upload(first, given_records, journal, concurrency=50))
    assert len(first.moments) == 14
    for saved, entries in first.moments:
        final = Register(saved=saved)
        report = run(upload(final, given_records, InMemory(entries), concurrency=50))
        judge(final, given_records, report)
        assert (report.accepted, report.in_doubt, report.unsent) == (COUNT, 0, 0)


@pytest.mark.parametrize(("journal", "most"), [(InMemory(), [1, 6]), (None, [7, 6])])
def test_one_request_at_a_time_until_something_is_saved(
    journal: InMemory | None, most: list[int]
) -> None:
    """With a journal, the others wait for the first acceptance; without one they do not."""
    register = Busy()
    register.watch(None)
    run(upload(register, list(map(record, range(COUNT))), journal, concurrency=50))
    assert register.at_once == [*most, 5, 4, 3, 2, 1, 0]


def test_run_again_it_sends_nothing(tmp_path: Path) -> None:
    """A finished upload is known as finished: same report, no request."""
    journal = tmp_path / "journal"
    first = run(upload(Register(), records(), journal))
    again = Register()
    second = run(upload(again, records(), journal))
    assert (again.batches, again.asked, second.requests) == ([], 0, 0)
    assert (second.accepted, second.rejected) == (first.accepted, first.rejected) == (COUNT - 3, 3)
    assert [one.index for one in second.rejections] == [one.index for one in first.rejections]
    assert [one.record for one in second.rejections] == [one.record for one in first.rejections]
    assert all(one.reasons[0].field == "CourseCode" for one in second.rejections)
    whole = journal.read_bytes()
    run(upload(again, records(), journal))
    assert journal.read_bytes() == whole


def test_other_chunk_sizes_the_second_time(tmp_path: Path) -> None:
    """What was cut once stays cut that way; limits may change between runs."""
    journal = tmp_path / "journal"
    register = Register(latency=1)
    first = run(upload(register, records(), journal, deadline=1.5))
    second = run(upload(register, records(), journal, chunk_size=7, deadline=1.5))
    report = run(upload(register, records(), journal, chunk_size=1))
    assert first.unsent > second.unsent > 0
    judge(register, records(), report)


def test_a_piece_in_doubt_is_asked_about_again(tmp_path: Path) -> None:
    """What nobody could tell in the first run, the second one finds out."""
    journal = tmp_path / "journal"
    lost = next(fate for fate in FATES if fate.name == "lost connection, after")
    down = Fate("down", False, lambda _: httpx.Response(403))
    register = Register(fates=[lost], list_fates=[down] * 100)
    first = run(upload(register, records(5), journal))
    assert first.in_doubt == 5
    register.list_fates = iter(())
    second = run(upload(register, records(5), journal))
    assert (second.accepted, second.in_doubt, register.batches) == (5, 0, [5])


def test_without_a_way_to_ask_it_stays_in_doubt(tmp_path: Path) -> None:
    """Run again and again, a piece of unknown fate is neither sent nor forgotten."""
    journal = tmp_path / "journal"
    lost = next(fate for fate in FATES if fate.name == "lost connection, after")
    register = Register(fates=[lost])
    for _ in range(3):
        report = run(upload(register, [record(0)], journal, reconcile=None))
        assert (report.in_doubt, register.batches) == (1, [1])


def test_what_was_refused_here_is_told_again_in_the_same_words(tmp_path: Path) -> None:
    """The journal keeps no words, but the check before sending has them; the server's are gone."""
    given: list[Any] = [{**record(at), "personalIdentityNumber": "41814061033"} for at in range(5)]
    given[1]["completedAt"] = "yesterday"
    given[2]["courseCode"] = object()
    given[4]["courseCode"] = "BAD"
    first, second = (
        run(upload(Register(), given, tmp_path / "journal", check=True)) for _ in range(2)
    )
    assert [one.index for one in second.rejections] == [1, 2, 4]
    assert second.rejections[:2] == first.rejections[:2]
    assert [one.reasons[0].field for one in first.rejections] == ["completedAt", "", "CourseCode"]
    assert "earlier run" in str(second.rejections[2])


def test_bytes_that_were_no_record_are_told_again_in_the_same_words(tmp_path: Path) -> None:
    """Without the check they are looked at when the server refuses them."""
    given = [httpx.Response(200, json=record(at)).content for at in range(3)]
    given[1] = b'{"courseCode":"x"},{"courseCode":"BAD","personalIdentityNumber":"41814061033"}'
    first, second = (run(upload(Register(), given, tmp_path / "journal")) for _ in range(2))
    assert first.rejected == 1
    assert second.rejections == first.rejections


def test_outcomes_of_an_earlier_run_are_told_in_the_loop(tmp_path: Path) -> None:
    """Whoever counts there counts the same each time."""
    given = [bad(0), bad(1), bad(2), record(3), bad(4), record(5)]

    async def outcomes() -> dict[int, str]:
        async with client(Register()) as sdir:
            upload = sdir.course.v1.upload(
                given, chunk_size=3, check=False, journal=tmp_path / "journal"
            )
            return {index: chunk.state async for chunk in upload for index in chunk.indexes}

    first = run(outcomes())
    assert first == dict(enumerate(["rejected"] * 3 + ["accepted"] * 3))
    assert run(outcomes()) == first


CHANGES: dict[str, Callable[[list[Record]], list[Record]]] = {
    "a record changed": lambda given: [*given[:9], record(999), *given[10:]],
    "a record removed": lambda given: given[:9] + given[10:],
    "records swapped": lambda given: [given[1], given[0], *given[2:]],
    "cut short": lambda given: given[:20],
    "empty": lambda given: [],
    "longer": lambda given: [*given, record(999)],
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_input_is_refused(tmp_path: Path, change: str) -> None:
    """Another input under the same journal is a mistake, not a mixture; none saved is unsent."""
    journal = tmp_path / "journal"
    register = Register()
    run(upload(register, records(), journal))
    saved = len(register.saved)
    changed = CHANGES[change](records())
    with pytest.raises(JournalMismatch, match="was written for another input") as caught:
        run(upload(register, changed, journal))
    assert caught.value.report is not None
    unsent = {changed[at]["personalIdentityNumber"] for at in chain(*caught.value.report.remaining)}
    assert not unsent & set(register.counts())
    assert len(register.saved) == saved


def test_what_was_only_rejected_is_unsent_in_a_changed_input(tmp_path: Path) -> None:
    """Nothing at its place or after it may be saved, so nothing can be in doubt."""
    given, register = [*records(5), bad(5), record(6)], Register()
    options: dict[str, Any] = {"chunk_size": 5, "concurrency": 1, "on_rejected": "stop"}
    first = run(upload(register, given, tmp_path / "journal", **options))
    assert (first.accepted, first.rejected) == (5, 1)
    given[5] = record(5)
    with pytest.raises(JournalMismatch, match="upload the corrected ones by themselves") as caught:
        run(upload(register, given, tmp_path / "journal", **options))
    report = caught.value.report
    assert report is not None
    assert (report.accepted, report.in_doubt, report.unsent) == (5, 0, 2)


def test_a_journal_that_knows_of_nothing_saved_says_so(tmp_path: Path) -> None:
    """All records were rejected, and corrected where they stood."""
    journal = tmp_path / "journal"
    run(upload(Register(), [bad(0), bad(1)], journal))
    with pytest.raises(JournalMismatch, match="no record that was saved, so another journal is"):
        run(upload(Register(), [record(0), record(1)], journal))


def test_a_changed_input_is_told_with_its_place(tmp_path: Path) -> None:
    """As near as a journal without words can: the records that were read together."""
    run(upload(Register(), records(), tmp_path / "journal"))
    said = (
        r"records 6 to 11 differ\. Give the same input again, or another journal for another"
        r" upload\."
    )
    with pytest.raises(JournalMismatch, match=said):
        run(upload(Register(), CHANGES["a record changed"](records()), tmp_path / "journal"))


def test_a_shorter_input_than_an_unfinished_run_had_read(tmp_path: Path) -> None:
    """It is another input, too, though nobody knows where the first one ended."""
    given = [record(at) for at in range(200)]
    down = Fate("down", False, lambda _: httpx.Response(403))
    with pytest.raises(PermissionDenied):
        run(upload(Register(fates=[Fate("normal"), down]), given, tmp_path / "journal"))
    with pytest.raises(JournalMismatch, match=r"this one has 6 records, that one had \d+ or more"):
        run(upload(Register(), given[:6], tmp_path / "journal"))


def test_what_was_on_the_wire_stays_unknown_whatever_is_sent_next(tmp_path: Path) -> None:
    """Whoever dies twice leaves two questions, and none is forgotten for the other."""
    chunk = Chunk(7, [{}] * 6, [b"{}"] * 6)

    async def die_sending(positions: range) -> Past | None:
        async with RecordedJournal(SqliteStore(tmp_path / "journal", {})) as journal:
            past = journal.begin(chunk)
            await journal.sending(Piece(chunk, positions))
            return past

    assert asyncio.run(die_sending(range(2))) is None
    assert asyncio.run(die_sending(range(3, 5))) == Past([], {}, [[0, 1]], [2, 3, 4, 5])
    assert asyncio.run(die_sending(range(1))) == Past([], {}, [[0, 1], [3, 4]], [2, 5])


@pytest.mark.parametrize("other", ["operation", "environment", "version"])
def test_a_journal_of_another_upload(tmp_path: Path, other: str) -> None:
    """A journal belongs to one operation of one version at one address."""
    journal = tmp_path / "journal"
    register = Register()
    run(upload(register, records(6), journal))

    async def another() -> None:
        from sdir_async import Sdir

        http = httpx.AsyncClient(transport=register)
        if other == "environment":
            async with Sdir("key", environment="production", http_client=http) as sdir:
                await sdir.course.v1.upload(records(6), journal=journal)
        async with client(register) as sdir:
            if other == "version":
                await sdir.additional_competence.v2.upload([], journal=journal)
            await sdir.course.v1.upload(records(6), journal=journal, operation="validate")

    before = list(register.batches)
    with pytest.raises(JournalMismatch, match="belongs to another upload"):
        run(another())
    assert register.batches == before


def _breaking(after: int) -> Iterator[Record]:
    yield from records(after)
    raise OSError("the input broke")


@pytest.mark.parametrize("known", [0, 10])
def test_what_was_read_and_not_sent_when_the_input_broke(tmp_path: Path, known: int) -> None:
    """Without an earlier run it is unsent; where one read it, be it one record, nobody says so."""
    options: dict[str, Any] = {"chunk_size": 5, "check": False, "journal": tmp_path / "journal"}

    async def main() -> UploadReport:
        async with client(Register()) as sdir:
            if known:
                await sdir.course.v1.upload(records(known), **options)
            upload = sdir.course.v1.upload(_breaking(6), **options)
            with pytest.raises(OSError, match="broke"):
                await upload
            return upload.report

    report = run(main())
    assert (report.accepted, report.in_doubt, report.unsent) == (5, int(known > 0), int(known == 0))
