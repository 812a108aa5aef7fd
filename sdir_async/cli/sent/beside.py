"""The journals of other files in the same folder: which rows were sent from those."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from attrs import Factory, define

from ..journals import UNREADABLE, journal_in
from .history import ACCEPTED, UNKNOWN, History
from .known import SIZE, Known, digester

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ...upload.receipts import Uids
    from ..records import Row


class _Digests(Known):
    """The digests of a journal in memory, one after another, without an index."""

    def __init__(self) -> None:
        self.all = bytearray()

    def add(self, first: int, digests: bytes) -> None:
        assert first * SIZE == len(self.all)  # noqa: S101
        self.all += digests

    def save(self, numbers: Sequence[int], time: float | None, uids: Uids) -> None:
        """Identifiers are not needed here."""


@define
class Beside:
    """The journal of another file.

    Attributes:
        path: Where it is.
        salt: What its digests begin with.
        history: What became of the rows.
    """

    path: Path
    salt: bytes
    history: History

    def sent(self) -> Iterator[bytes]:
        """Yield the digests of the rows that are saved, or may be."""
        known = self.history.known
        assert isinstance(known, _Digests)  # noqa: S101
        for number, state in enumerate(self.history.states):
            if state in (ACCEPTED, UNKNOWN):
                yield bytes(known.all[number * SIZE : number * SIZE + SIZE])


def journals_beside(folder: Path, pattern: str) -> Iterator[Beside]:
    """Yield the journals in a folder that can be read now, the oldest first."""
    for path in sorted(folder.glob(pattern), key=_changed):
        if (found := read_journal(path)) is not None:
            yield found


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # `sdir clean` may have removed it by now; that must not hide others
        return 0.0


def read_journal(path: Path) -> Beside | None:
    """Return what is in a journal; `None` if it is in use, damaged, or not one of ours."""
    history = History(_Digests())
    try:
        with journal_in(path) as db:
            stored = dict(db.execute("SELECT name, value FROM upload"))
            for event in db.execute("SELECT chunk, kind, detail FROM event ORDER BY id"):
                history.replay(*event)
        return Beside(path, bytes.fromhex(stored["salt"]), history)
    except UNREADABLE:
        return None


@define
class Elsewhere:
    """Finds rows that were sent from other files."""

    _known: dict[bytes, Known] = Factory(dict)
    _names: dict[bytes, tuple[list[int], list[str]]] = Factory(dict)
    _digesters: dict[bytes, Callable[[Row | bytes], bytes]] = Factory(dict)

    def add(self, beside: Beside, name: str) -> None:
        """Add the rows that were sent from a file."""
        if beside.salt not in self._known:
            self._known[beside.salt] = Known()
            self._names[beside.salt] = ([], [])
            self._digesters[beside.salt] = digester(beside.salt)
        known, (firsts, names) = self._known[beside.salt], self._names[beside.salt]
        firsts.append(len(known))
        names.append(name)
        known.add(len(known), b"".join(beside.sent()))

    def source_of(self, record: Row | bytes) -> str | None:
        """Return the name of a file from which an equal row was sent."""
        for salt, known in self._known.items():
            if (number := known.holds(self._digesters[salt](record))) is not None:
                firsts, names = self._names[salt]
                return names[bisect_right(firsts, number) - 1]
        return None

    def close(self) -> None:
        """Remove everything."""
        for known in self._known.values():
            known.close()
