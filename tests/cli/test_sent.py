"""A journal by content: whatever happens to a file and to the process, nothing is saved twice."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdir_async import JournalError, RetryPolicy, UploadReport
from sdir_async.cli.records import Row
from sdir_async.cli.sent import RowJournal, Run, beside, digester
from sdir_async.cli.sent.beside import read_journal
from sdir_async.cli.sent.known import content_of
from sdir_async.upload.journal.sqlite import SqliteStore
from tests.upload.server import FATES, Fate, Record, Register, bad, client, record
from tests.upload.test_journal import Dying, Killed
from tests.virtual import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UPLOAD = {"api": "course", "kept": "by content"}


async def upload(
    register: Register, records: list[Record], path: Path, **options: Any
) -> UploadReport:
    """Upload records as the command does: with a journal that is opened before."""
    journal = RowJournal(lambda: SqliteStore(path, UPLOAD))
    await journal.open()
    try:
        await journal.begins(Run("1", 0.0, "a.csv"))
        async with client(register, retry=RetryPolicy(attempts=50)) as sdir:
            options = {"check": False, "chunk_size": 6, "concurrency": 3, **options}
            given_ = [orjson.dumps(one) for one in records]
            return await sdir.course.v1.upload(given_, journal=journal, **options)
    finally:
        await journal.close()


def dies(register: Dying, records: list[Record], path: Path, **options: Any) -> bool:
    """Run an upload until its end or its death."""
    try:
        run(upload(register, records, path, **options))
    except (Killed, BaseExceptionGroup, JournalError):
        return register.left_behind is not None
    return False


def changed(records: list[Record], how: str, dice: random.Random) -> list[Record]:
    """Return the file of the next night."""
    new = list(records)
    match how:
        case "grows":
            new += [record(100 + len(new) + at) for at in range(4)]
        case "sorted":
            dice.shuffle(new)
        case "corrected":
            new = [{**one, "courseCode": "HSCLC"} for one in new]
        case "on top":
            new = [record(200 + len(new)), *new]
    return new


HOW = ["same", "grows", "sorted", "corrected", "on top"]


@settings(max_examples=12)
@given(
    nights=st.lists(
        st.tuples(st.integers(0, 9), st.booleans(), st.sampled_from(HOW), st.integers(1, 9)),
        min_size=1,
        max_size=4,
    ),
    fates=st.lists(st.sampled_from(FATES), max_size=6),
    naming=st.sampled_from(["all", "first", "none"]),
    seed=st.integers(0, 99),
)
def test_killed_at_any_request_and_run_with_a_changed_file(
    tmp_path_factory: pytest.TempPathFactory,
    nights: list[tuple[int, bool, str, int]],
    fates: list[Fate],
    naming: str,
    seed: int,
) -> None:
    """The file grows, is sorted and corrected between deaths; each row is saved exactly once."""
    folder, dice = tmp_path_factory.mktemp("sent"), random.Random(seed)
    records = [bad(at) if at % 7 == 3 else record(at) for at in range(20)]
    saved: list[Record] = []
    source = iter(fates)
    for number, (at, applied, how, size) in enumerate(nights):
        left = folder / f"left-{number}"
        left.mkdir()
        register = Dying(fates=source, naming=naming, saved=list(saved))
        register.die_at(at, applied=applied, journal=folder / "journal", left=left)
        if dies(register, records, folder / "journal", chunk_size=size):
            assert register.left_behind is not None
            saved, folder = register.left_behind, left
        else:
            saved = register.saved
        records = changed(records, how, dice)
    final = Register(naming=naming, saved=list(saved))
    report = run(upload(final, records, folder / "journal"))
    if report.in_doubt and final.vouched:  # what was saved last is a witness for the next run
        report = run(upload(final, records, folder / "journal"))
    good = {one["personalIdentityNumber"] for one in records if one["courseCode"] != "BAD"}
    counts = final.counts()
    assert set(counts.values()) <= {1}
    assert report.unsent == 0
    assert report.accepted + report.rejected + report.in_doubt == len(records)
    if not report.in_doubt:
        assert report.rejected == len(records) - len(good)
        assert set(counts) >= good
    assert report.in_doubt == 0 or not final.vouched


def _report(path: Path, records: list[Record], register: Register, **options: Any) -> UploadReport:
    return run(upload(register, records, path, **options))


def test_a_receipt_has_the_identifiers_of_earlier_runs(tmp_path: Path) -> None:
    """Wherever the rows stand now, with the time of then."""
    records = [record(at) for at in range(5)]
    first = {row.uid: row.time for row in _report(tmp_path / "j", records, Register()).rows()}
    rows = list(_report(tmp_path / "j", [record(9), *records[::-1]], Register()).rows())
    uids = [f"00000000-0000-4000-8000-{at:012}" for at in range(10)]
    assert [row.uid for row in rows] == [uids[9], *uids[:5][::-1]]
    assert [row.time for row in rows[1:]] == [first[uid] for uid in uids[:5][::-1]]


def test_what_was_rejected_is_sent_again(tmp_path: Path) -> None:
    """It is not saved, and a code may be in Sdir's list by now."""
    register = Register()
    for _ in range(2):
        assert _report(tmp_path / "j", [record(0), bad(1)], register).rejected == 1
    assert register.batches == [2, 1, 1]


def test_a_batch_of_unknown_fate_is_asked_about_where_its_rows_are_now(tmp_path: Path) -> None:
    """They are in two chunks of the next run; both halves were saved with the batch."""
    lost = next(fate for fate in FATES if fate.name == "lost connection, after")
    register = Register(fates=[lost])
    records = [record(at) for at in range(6)]
    first = _report(tmp_path / "j", records, register, reconcile=None)
    assert first.in_doubt == 6
    second = _report(tmp_path / "j", [records[0], record(9), *records[1:]], register, chunk_size=3)
    assert (second.accepted, second.in_doubt, set(register.counts().values())) == (7, 0, {1})


def test_an_input_that_breaks_off_calls_nothing_in_doubt_that_was_not_sent(tmp_path: Path) -> None:
    """Rows of a chunk that was never full: those that were accepted before are accepted."""
    records = [record(at) for at in range(4)]
    _report(tmp_path / "j", records, Register())

    def breaks() -> Iterator[bytes]:
        yield from (orjson.dumps(one) for one in [*records[:3], record(9)])
        raise ValueError("the user's own")

    async def main() -> UploadReport:
        journal = RowJournal(lambda: SqliteStore(tmp_path / "j", UPLOAD))
        await journal.open()
        await journal.begins(Run("2", 0.0, "a.csv"))
        async with client(Register()) as sdir:
            upload_ = sdir.course.v1.upload(breaks(), journal=journal, check=False)
            with pytest.raises(ValueError, match="own"):
                await upload_
        await journal.close()
        return upload_.report

    report = run(main())
    assert (report.accepted, report.in_doubt, report.unsent) == (3, 0, 1)


def test_updates_of_another_day_are_sent_again(tmp_path: Path) -> None:
    """A value is set, changed, and set again: only an upload that continues skips what it sent."""

    async def sent(values: str, *, ends: bool = True) -> list[int]:
        journal = RowJournal(lambda: SqliteStore(tmp_path / "j", UPLOAD), twice_is_once=True)
        await journal.open()
        found = journal.finder()([journal.digest(one.encode()) for one in values])
        await journal.begins(Run(values, 0.0, "a.csv"))
        journal._take(0, "run", {"id": values, "time": 0.0, "input": "a"})
        numbers = journal._numbered([journal.digest(one.encode()) for one in values], found)
        new = [number for number, one in zip(numbers, found, strict=True) if one is None]
        journal._take(0, "accepted", [[number, number + 1] for number in new])
        if ends:
            journal.end(len(values))
        await journal.close()
        return new

    assert len(run(sent("1"))) == 1
    assert len(run(sent("2"))) == 1
    assert len(run(sent("1", ends=False))) == 1
    assert len(run(sent("1"))) == 0
    assert len(run(sent("1"))) == 1


def test_a_journal_is_read_while_it_is_not_in_use(tmp_path: Path) -> None:
    """Of one in use, or of anything else, nothing is known."""
    _report(tmp_path / "j", [record(0), bad(1)], Register())
    found = read_journal(tmp_path / "j")
    assert found is not None
    assert found.history.is_finished
    assert len(list(found.sent())) == 1
    journal = RowJournal(lambda: SqliteStore(tmp_path / "j", UPLOAD))
    run(journal.open())
    assert read_journal(tmp_path / "j") is None
    run(journal.close())
    (tmp_path / "other").write_bytes(b"x")
    assert read_journal(tmp_path / "other") is None


def test_a_digest_is_of_what_a_row_says() -> None:
    """Not of how its names are sorted; the bytes of what can't be read count as they stand."""
    row = Row(2, ["x"])
    row.update({"b": {"d": 1, "c": 2}, "a": "é"})
    assert content_of(row) == content_of('{"a":"é","b":{"c":2,"d":1}}'.encode())
    assert content_of(b'{"a":1}') != content_of(b'{"a":"1"}')
    assert content_of(b"{broken") != content_of(b"{broken ")
    assert digester(b"one")(b"{}") != digester(b"two")(b"{}")


def test_a_journal_that_is_gone_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that were sent from another file are noticed still; a link to nothing is as if gone."""
    (tmp_path / "a.journal").symlink_to(tmp_path / "nothing")
    (tmp_path / "b.journal").touch()
    looked: list[str] = []
    monkeypatch.setattr(beside, "read_journal", lambda path: looked.append(path.name))
    assert list(beside.journals_beside(tmp_path, "*.journal")) == []
    assert looked == ["a.journal", "b.journal"]
