"""One chunk on its way: send it, find what is bad in it, ask when its fate is unknown."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from attrs import evolve

from ..answers import Action, Answer, reasons_of
from ..errors import Reason
from ..session import Request, failure_of
from .check import Findings, readable
from .chunks import Piece
from .report import Notice
from .search import named_in, near_half, singled_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..session import Exchange
    from .check import Reasons
    from .chunks import Chunk
    from .engine import Run
    from .history import Past
    from .report import ChunkOutcome, State


class Settling:
    """Settles the records of one chunk, each exactly once.

    From its making on, what an earlier run left of the chunk is counted, and `abandon` accounts for
    everything else, whatever interrupts it.
    """

    def __init__(self, run: Run, chunk: Chunk, past: Past | None) -> None:
        self._run = run
        self._plan = run.plan
        self._chunk = chunk
        self._todo: deque[Piece] = deque()
        self._known: list[ChunkOutcome[Any]] = []
        self._saved: list[bytes] = []
        self._searching = False
        if past is None:
            self._begin(range(len(chunk)))
        else:
            self._resume(past)

    async def run(self) -> None:
        """Work until every record is settled; whatever interrupts, none is forgotten."""
        try:
            if not self._plan.isolate and any(piece.rejections for piece in self._todo):
                self._run.stop()
            for outcome in self._known:
                await self._run.tell(outcome)
            while self._todo:
                await self._handle(self._todo[0])
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Settle what is left as it is: in doubt or unsent."""
        self._leave_search()
        while self._todo:
            piece = self._todo.popleft()
            self._run.enter(piece, _unsettled(piece))

    def _begin(self, positions: Sequence[int]) -> None:
        """Check what is to be sent; what fails is rejected together with the piece it stood in."""
        piece = Piece(self._chunk, positions)
        findings = self._findings(piece)
        unreadable = self._chunk.refused
        refused = dict(findings.refused)
        if unreadable:
            refused |= {at: unreadable[p] for at, p in enumerate(positions) if p in unreadable}
        for at, reasons in findings.warned.items():
            self._run.warn(Notice(self._chunk.start + positions[at], reasons))
        self._todo.append(evolve(piece.without(refused), refusals=0) if refused else piece)

    def _findings(self, piece: Piece) -> Findings:
        return Findings() if self._plan.check is None else self._plan.check(piece)

    def _unreadable(self, piece: Piece) -> Reasons:
        """Find bytes that are not the JSON of one record, if no check did so before."""
        unchecked = self._plan.check is None
        if unchecked and any(issubclass(kind, bytes) for kind in set(map(type, piece.records))):
            return readable(piece).refused
        return {}

    def _resume(self, past: Past) -> None:
        """Count what an earlier run settled, ask for what it had on the wire, send the rest."""
        rejections = [
            self._chunk.rejection(at, self._reasons_again(at, why))
            for at, why in sorted(past.rejected.items())
        ]
        settled = Piece(self._chunk, past.accepted, tuple(rejections))
        self._saved.extend(settled.bodies if past.accepted else ())
        if past.accepted:
            self._run.uniform.accepted()
        if settled.indexes:
            state: State = "accepted" if past.accepted else "rejected"
            self._known.append(self._run.enter(settled, state, remember=False))
        self._todo.extend(Piece(self._chunk, piece, doubtful=True) for piece in past.unknown)
        if past.rest:
            self._begin(past.rest)

    def _reasons_again(self, at: int, why: tuple[Reason, ...]) -> tuple[Reason, ...]:
        """The journal keeps no words; those of the check before sending can be had again."""
        one = Piece(self._chunk, [at])
        again = self._chunk.refused.get(at) or self._findings(one).refused.get(0)
        return again or self._unreadable(one).get(0) or why

    async def _handle(self, piece: Piece) -> None:
        """Bring the first piece a step further: settle it, or put others in its place."""
        if self._run.uniform.disproved:
            self._leave_search()
        if not piece.positions:
            await self._settle(piece, "rejected")
        elif self._run.stopping:
            await self._settle(piece, _unsettled(piece))
        elif piece.maybe_applied and self._plan.batch.operation.effect == "create":
            await self._find_out(piece, None)
        elif len(piece) > 1 and self._plan.session.is_too_large(piece.size):
            self._replace(piece, *piece.halves())
        else:
            await self._judge(piece, await self._send(piece))

    async def _send(self, piece: Piece) -> Exchange:
        operation = self._plan.batch.operation
        await self._plan.journal.sending(piece)
        piece.request = Request(
            operation,
            self._plan.url_of(operation),
            body=piece.body(),
            maybe_applied=piece.maybe_applied,
        )
        exchange = await self._run.exchange(piece.request)
        piece.attempts += exchange.attempts
        return exchange

    async def _judge(self, piece: Piece, exchange: Exchange) -> None:
        happened = exchange.happened
        match exchange.verdict.action:
            case Action.ACCEPT if isinstance(happened, Answer):
                await self._believe(piece, exchange, happened.body)
            case Action.SEARCH if isinstance(happened, Answer):
                await self._search(piece, exchange, reasons_of(happened))
            case Action.HALVE:
                await self._halve(piece, exchange)
            case Action.ASK:
                await self._find_out(piece, exchange)
            case _:
                await self._give_up(piece, exchange)

    async def _believe(self, piece: Piece, exchange: Exchange, answer: bytes) -> None:
        """Take a 2xx as what it says, if it is the list of saved records that was promised."""
        if self._plan.batch.parse is None or answer.strip()[:1] in (b"", b"["):
            await self._accept(piece, answer)
        elif self._plan.batch.operation.effect == "create":
            await self._find_out(piece, exchange)
        else:
            await self._give_up(piece, exchange)

    async def _accept(self, piece: Piece, answer: bytes = b"") -> None:
        self._run.uniform.accepted()
        if len(piece) < len(self._chunk):
            self._saved.extend(piece.bodies)
        await self._settle(piece, "accepted", answer)

    async def _give_up(self, piece: Piece, exchange: Exchange) -> None:
        """Nothing more can be done here, nor for any other chunk."""
        self._run.stop(None if exchange.expired else self._failure(piece, exchange))
        await self._settle(piece, _unsettled(piece))

    def _failure(self, piece: Piece, exchange: Exchange) -> BaseException | None:
        return failure_of(piece.request, exchange) if piece.request else None

    async def _settle(self, piece: Piece, state: State, answer: bytes = b"") -> None:
        outcome = self._run.enter(piece, state, answer)
        self._todo.remove(piece)
        await self._run.tell(outcome)

    def _replace(self, piece: Piece, *others: Piece) -> None:
        """Go on with others instead of the first piece, at once."""
        self._todo.remove(piece)
        self._todo.extendleft(reversed(others))

    # Bad records

    async def _search(self, piece: Piece, exchange: Exchange, reasons: tuple[Reason, ...]) -> None:
        uniform = self._run.uniform
        named = self._unreadable(piece) or named_in(reasons, len(piece))
        one_by_one = len(named) == 1 and piece.refusals > 0
        if self._searching:
            uniform.refused(reasons, len(piece), self._run.read)
        failure = None if named else self._failure(piece, exchange)
        if named or len(piece) == 1:
            self._replace(piece, piece.without(named or {0: reasons}))
        else:
            self._halve_last(piece)
        ahead = next((len(waiting) for waiting in self._todo if waiting.positions), 0)
        if uniform.suspected and ahead > 1:
            self._todo = deque(singled_out(list(self._todo), uniform.share))
        if uniform.proved:
            self._run.stop(self._failure(piece, exchange))
        elif not self._plan.isolate:
            self._run.stop(failure)
        elif not named or one_by_one:
            await self._enter_search()

    def _halve_last(self, piece: Piece) -> None:
        """Try the halves after all that is waiting: what fails alike shows early that way."""
        self._todo.remove(piece)
        self._todo.extend(piece.split(near_half(len(piece))))

    async def _enter_search(self) -> None:
        """While nothing was accepted yet, one chunk searches for all of them."""
        if not self._searching and not self._run.uniform.disproved:
            await self._run.first_search.acquire()
            self._searching = True

    def _leave_search(self) -> None:
        if self._searching:
            self._searching = False
            self._run.first_search.release()

    # Size

    async def _halve(self, piece: Piece, exchange: Exchange) -> None:
        """Too large: remember that, and send less at a time."""
        self._plan.session.refused_size(piece.size, len(piece))
        if len(piece) > 1:
            self._replace(piece, *piece.halves())
        elif isinstance(exchange.happened, Answer):
            said = Reason(f"The record is too large for Sdir: {piece.size - 2} bytes.")
            self._replace(piece, piece.without({0: (said,)}))
        else:
            await self._resend(piece, exchange)

    # Unknown fate

    async def _find_out(self, piece: Piece, exchange: Exchange | None) -> None:
        """Ask, where that can help; `exchange` is what happened, unless that was long ago."""
        self._leave_search()
        aborted = exchange is not None and exchange.verdict.applied is False
        applied = await self._was_applied(piece, aborted=aborted)
        if applied is None:
            await self._settle(piece, "in_doubt")
        elif applied:
            await self._accept(piece)
        elif exchange is None:
            piece.not_applied()
        else:
            await self._resend(piece, exchange)

    async def _was_applied(self, piece: Piece, *, aborted: bool) -> bool | None:
        """Ask for the records; absence is believed after a while, since a backend may finish late.

        When the API itself said that it failed, the batch was aborted and no backend is at work.
        """
        answer = await self._run.was_applied(piece, self._saved)
        if aborted:
            return answer or False
        if answer is False:
            settled = await self._wait(self._plan.session.retry.settle)
            answer = await self._run.was_applied(piece, self._saved) if settled else None
        return answer

    async def _resend(self, piece: Piece, exchange: Exchange) -> None:
        """Send what was certainly not applied once more, a few times, and then in halves.

        A server that breaks off over a large body, or takes too long over it, may take half of it.
        """
        retry = self._plan.session.retry
        if piece.request is not None:
            piece.request.maybe_applied = False
        failure = self._failure(piece, exchange)
        piece.not_applied()
        piece.resent += 1
        if piece.resent >= retry.attempts:
            self._run.stop(failure)
        elif not await self._wait(retry.wait(piece.resent)):
            self._run.stop()
        elif piece.resent > 1 and len(piece) > 1:
            self._replace(piece, *piece.halves())

    async def _wait(self, seconds: float) -> bool:
        """Wait, if the deadline leaves time for it; others may search meanwhile."""
        self._leave_search()
        deadline = self._run.deadline
        if deadline is not None and asyncio.get_running_loop().time() + seconds >= deadline:
            return False
        await asyncio.sleep(seconds)
        return True


def _unsettled(piece: Piece) -> State:
    return "in_doubt" if piece.maybe_applied else "unsent"
