"""A journal as a list of events, in any store."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Protocol, Self

import orjson

from ...errors import JournalError, JournalMismatch
from ..report import runs
from . import Journal
from .history import History, Past, finished, sending

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from ..chunks import Chunk, Piece
    from ..receipts import Receipt
    from ..report import State

Entry = tuple[int, int, str, bytes]
"""The number of an event, the start of its chunk, its kind, and its detail as JSON."""


class Store(Protocol):
    """Keeps the events of one upload, or of a part of it, for one owner at a time."""

    name: str
    """What to call it in messages."""

    advice: str
    """What to do if the input is another one."""

    salt: bytes
    """What digests begin with; known once it is open."""

    @property
    def still_mine(self) -> Callable[[], Awaitable[None]] | None:
        """A check that raises `JournalError` if it is no longer ours; `None`: it always is."""
        ...

    async def open(self) -> Iterable[Entry]:
        """Take it for this process alone; return the events of earlier runs, in order.

        Raises:
            JournalError: It is in use, can't be used, or belongs to another upload.
        """
        ...

    async def append(self, entries: Sequence[Entry]) -> None:
        """Return when these events are durable. One that is there already changes nothing.

        Raises:
            JournalError: They can't be kept, or it is no longer ours.
        """
        ...

    async def close(self) -> None:
        """Let others have it, also if the wait for that is cancelled."""
        ...


class RecordedJournal(Journal):
    """A journal in a store, used by one upload at a time."""

    outlives_process = True

    def __init__(self, store: Store) -> None:
        self.before_attempt = store.still_mine
        self._store = store
        self._total: int | None = None
        self._chunks: dict[int, History] = {}
        self._last = 0
        self._entries: list[Entry] = []
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        try:
            self._replay_all(await self._store.open())
        except BaseException:
            await self._store.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._flush()
        finally:
            await self._store.close()

    def planned(self) -> Sequence[int]:
        return [history.length for _, history in sorted(self._chunks.items())]

    def begin(self, chunk: Chunk) -> Past | None:
        digest = hashlib.sha256(self._store.salt)
        digest.update(chunk.body)
        known = self._chunks.get(chunk.start)
        if known is None:
            if self._total is not None:
                raise self._changed(f"that one ended after {self._total} records, this one goes on")
            self._enter(chunk.start, "read", [len(chunk), digest.hexdigest()])
            return None
        if (known.length, known.digest) != (len(chunk), digest.hexdigest()):
            raise self._changed(f"records {chunk.start} to {chunk.start + len(chunk) - 1} differ")
        if known.wire:  # remember it as unknown before something else is sent
            self._enter(chunk.start, "in_doubt", list(runs(known.wire)))
        return known.past()

    def recall(self, chunk: Chunk) -> Past | None:
        """Return everything as unknown, if any record from here on may be saved: it may have moved.

        What stands before the chunk is what the earlier run read.
        """
        since = (one for start, one in self._chunks.items() if start >= chunk.start)
        if len(chunk) and chunk.start in self._chunks and any(one.may_be_saved for one in since):
            return Past(unknown=[list(range(len(chunk)))])
        return None

    async def sending(self, piece: Piece) -> None:
        self._enter(piece.chunk.start, *sending(piece))
        await self._flush()

    def finished(self, piece: Piece, state: State, receipt: Receipt | None = None) -> None:
        for kind, detail in finished(piece, state, receipt):
            self._enter(piece.chunk.start, kind, detail)

    def end(self, read: int) -> None:
        before = sum(self.planned()) if self._total is None else self._total
        if read < before or self._total not in (None, read):
            raise self._changed(f"this one has {read} records, that one had {before} or more")
        if self._total is None:
            self._enter(read, "end", None)

    def _changed(self, how: str) -> JournalMismatch:
        rejected = (
            "If you corrected rejected records in the input, finish the upload with the input as it"
            " was, then upload the corrected ones by themselves with another journal."
            if any(chunk.may_be_saved for chunk in self._chunks.values())
            else "It knows of no record that was saved, so another journal is safe, too."
        )
        return JournalMismatch(
            f"{self._store.name} was written for another input: {how}. {self._store.advice}"
            f" {rejected}"
        )

    def _replay_all(self, entries: Iterable[Entry]) -> None:
        try:
            for entry in entries:
                self._replay(*entry)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise JournalError(
                f"{self._store.name} can't be used: it is damaged. Nothing is sent without it; give"
                " another journal."
            ) from error

    def _replay(self, last: int, chunk: int, kind: str, detail: bytes) -> None:
        self._last = last
        if kind == "end":
            self._total = chunk
        elif kind == "read":
            self._chunks[chunk] = History(*orjson.loads(detail))
        else:
            self._chunks[chunk].replay(kind, orjson.loads(detail))

    def _enter(self, chunk: int, kind: str, detail: object) -> None:
        self._last += 1
        self._entries.append((self._last, chunk, kind, orjson.dumps(detail)))

    async def _flush(self) -> None:
        """Return when all that was entered is durable. Callers that wait together share a write.

        An entry leaves the list when it was written. Interrupted, it may be written twice, which
        changes nothing.
        """
        wanted = self._last
        async with self._turn:
            if self._entries and self._entries[0][0] <= wanted:
                entries = self._entries.copy()
                await self._store.append(entries)
                del self._entries[: len(entries)]
