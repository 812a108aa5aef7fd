"""A chunk's fate as a generator of steps: every decision about its records, and no I/O.

A test can drive it by hand, without an event loop, a clock or a server.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from attrs import evolve

from ..problems import failure_of, reasons_of
from ..verdicts import Action
from ..wire import Answer
from .check import Findings, readable
from .chunks import Piece
from .fate import Fate
from .report import Notice, Reason
from .search import named_in, near_half, singled_out
from .steps import EndTurn, Finished, Postpone, Send, Stop, Terms, Turn, Wait, Warn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..verdicts import Exchange
    from .check import Reasons
    from .chunks import Chunk
    from .journal.history import Past
    from .report import Doubt, State
    from .steps import Step, Steps


_SEVERAL: Final = 5
"""After this many lost requests in a row, one chunk at a time tries again."""


def settle(chunk: Chunk, past: Past | None, terms: Terms) -> Flow:
    """Return the steps that bring every record of a chunk to its end, each exactly once.

    Args:
        chunk: The records.
        past: What an earlier run left of the chunk, if it knew it.
        terms: What the chunks of the upload have in common.
    """
    return Flow(chunk, past, terms)


class Flow:
    """The steps of one chunk. If they are interrupted, `rest` returns what is left."""

    def __init__(self, chunk: Chunk, past: Past | None, terms: Terms) -> None:
        self._chunk = chunk
        self._terms = terms
        self._todo: deque[Piece] = deque()
        self._known: list[Finished] = []
        self._warnings: list[Notice] = []
        self._saved: list[bytes] = []
        self._has_turn = False
        self._searches = False
        if terms.saved is not None:
            terms.saved.begin(chunk)
        if past is None:
            self._begin(range(len(chunk)))
        else:
            self._resume(past)
        self._steps = self._run()

    def send(self, result: Exchange | bool | None) -> Step:
        """Return the next step, given what came of the one before; `None` to begin.

        Raises:
            StopIteration: Every record has come to its end.
        """
        return self._steps.send(result)

    def rest(self) -> list[Finished]:
        """Finish what is left in its present state, after the steps were interrupted."""
        self._steps.close()
        left = [*self._known, *(self._finish(piece, unfinished(piece)) for piece in [*self._todo])]
        self._known.clear()
        if self._terms.saved is not None:
            self._terms.saved.end(self._chunk)
        return left

    def _begin(self, positions: Sequence[int]) -> None:
        """Check what is about to be sent. Records that fail are rejected with their piece."""
        piece = Piece(self._chunk, positions)
        found = self._findings(piece)
        for at, reasons in found.warned.items():
            self._warnings.append(Notice(self._chunk.start + positions[at], reasons))
        if found.refused:
            piece = evolve(piece.without(found.refused), refusals=0)
        self._todo.append(piece)

    def _findings(self, piece: Piece) -> Findings:
        """Find records without JSON, and what the check finds."""
        found = Findings() if self._terms.check is None else self._terms.check(piece)
        if no_json := self._chunk.refused:
            refused = {at: no_json[p] for at, p in enumerate(piece.positions) if p in no_json}
            found = evolve(found, refused=found.refused | refused)
        return found

    def _unreadable(self, piece: Piece) -> Reasons:
        """Find bytes that are not the JSON of one record, if no check did so before."""
        return readable(piece).refused if self._terms.check is None else {}

    def _resume(self, past: Past) -> None:
        """Count what an earlier run finished, ask about what it was sending, send the rest."""
        rejections = tuple(
            self._chunk.rejection(at, self._reasons_again(at, why))
            for at, why in sorted(past.rejected.items())
        )
        done = Piece(self._chunk, past.accepted, rejections)
        if past.accepted:
            self._remember(done)
            self._terms.uniform.accepted()
            self._terms.sample = self._terms.sample or done
        if done.indexes:
            state: State = "accepted" if past.accepted else "rejected"
            receipts = tuple(one.shifted(self._chunk.start) for one in past.receipts)
            self._known.append(Finished(done, state, known=True, receipts=receipts))
        self._todo.extend(Piece(self._chunk, one, maybe_applied=True) for one in past.unknown)
        if past.rest:
            self._begin(past.rest)

    def _reasons_again(self, at: int, why: tuple[Reason, ...]) -> tuple[Reason, ...]:
        """The journal keeps no messages; the check before sending can repeat its own."""
        one = Piece(self._chunk, [at])
        return self._findings(one).refused.get(0) or self._unreadable(one).get(0) or why

    def _run(self) -> Steps:
        for notice in self._warnings:
            yield Warn(notice)
        if not self._terms.isolate and any(piece.rejections for piece in self._todo):
            yield Stop("rejected", None)
        while self._known:
            yield self._known.pop()
        while self._todo:
            yield from self._next(self._todo[0])

    def _next(self, piece: Piece) -> Steps:
        """Take the first piece a step further: finish it, or replace it with others."""
        if self._terms.uniform.disproved and not self._terms.losses:
            yield from self._end_turn()
        if not piece.positions:
            yield self._finish(piece, "rejected")
        elif self._terms.stopping:
            yield self._finish(piece, unfinished(piece))
        elif piece.maybe_applied and self._terms.effect == "create":
            yield from self._find_out(piece, None)
        elif len(piece) > 1 and not self._terms.limit.allows(piece.size):
            self._replace(piece, *piece.halves())
        elif self._terms.losses >= _SEVERAL and not self._has_turn:
            yield from self._probe()
        elif self._terms.alone and not self._has_turn:
            yield from self._take_turn()
        else:
            exchange: Exchange = yield Send(piece)
            piece.attempts += exchange.attempts
            piece.maybe_applied = exchange.maybe_applied
            lost = exchange.verdict.applied is None
            self._terms.losses = self._terms.losses + 1 if lost else 0
            yield from self._judge(piece, exchange)

    def _probe(self) -> Steps:
        """While every request is lost, let one chunk at a time try again."""
        yield Wait(self._terms.retry.wait(self._terms.losses - _SEVERAL + 1))
        yield from self._take_turn()

    def _take_turn(self) -> Steps:
        yield Turn()
        self._has_turn = True

    def _end_turn(self) -> Steps:
        if self._has_turn:
            self._has_turn = self._searches = False
            yield EndTurn()

    def _judge(self, piece: Piece, exchange: Exchange) -> Steps:
        happened = exchange.happened
        match exchange.verdict.action:
            case Action.ACCEPT if isinstance(happened, Answer):
                yield from self._believe(piece, exchange, happened.body)
            case Action.SEARCH if isinstance(happened, Answer):
                yield from self._search(piece, exchange, reasons_of(happened, exchange.sent))
            case Action.HALVE:
                yield from self._halve(piece, exchange)
            case Action.ASK if not exchange.expired:
                yield from self._find_out(piece, exchange)
            case Action.AGAIN if self._may_be_too_slow(piece, exchange):
                self._replace(piece, *piece.halves())
            case _:
                yield from self._give_up(piece, exchange)

    def _believe(self, piece: Piece, exchange: Exchange, answer: bytes) -> Steps:
        """Believe a 2xx if it holds the list of saved records that the document promises."""
        if not self._terms.answers_list or answer.strip()[:1] in (b"", b"["):
            self._terms.sample = self._terms.sample or piece
            yield self._accept(piece, answer)
        elif self._terms.effect == "create" and not exchange.expired:
            yield from self._find_out(piece, exchange)
        else:
            yield from self._give_up(piece, exchange)

    def _accept(self, piece: Piece, answer: bytes = b"") -> Finished:
        self._terms.uniform.accepted()
        self._terms.limit.accepted(piece.size)
        self._remember(piece)
        return self._finish(piece, "accepted", answer)

    def _remember(self, piece: Piece) -> None:
        """Remember that these are saved: none of them is proof of an equal one."""
        if self._terms.saved is not None:
            self._terms.saved.add(piece)
        if len(piece) < len(self._chunk):
            self._saved.extend(piece.bodies)

    def _may_be_too_slow(self, piece: Piece, exchange: Exchange) -> bool:
        """Say whether an update may be too large to be answered in time: its answer is lost."""
        lost = exchange.verdict.applied is None and not exchange.expired
        return lost and len(piece) > 1 and not self._terms.is_down

    def _give_up(self, piece: Piece, exchange: Exchange) -> Steps:
        """End this piece; unless it ran out of time, end the upload too: no chunk would succeed."""
        if not exchange.expired:
            yield Stop("error", failure_of(exchange))
        yield self._finish(piece, unfinished(piece), late=exchange.expired)

    def _finish(
        self,
        piece: Piece,
        state: State,
        answer: bytes = b"",
        *,
        late: bool = False,
        doubt: Doubt | None = None,
    ) -> Finished:
        self._todo.remove(piece)
        if state == "in_doubt" and self._terms.saved is not None:
            self._terms.saved.doubt(piece)
        return Finished(piece, state, answer, late, doubt)

    def _replace(self, piece: Piece, *others: Piece) -> None:
        """Continue with others instead of the first piece, at once."""
        self._todo.remove(piece)
        self._todo.extendleft(reversed(others))

    # Bad records

    def _search(self, piece: Piece, exchange: Exchange, reasons: tuple[Reason, ...]) -> Steps:
        uniform = self._terms.uniform
        named = self._unreadable(piece) or named_in(reasons, len(piece))
        one_by_one = len(named) == 1 and piece.refusals > 0
        if self._searches or (uniform.disproved and not self._saved):
            uniform.refused(reasons, len(piece), self._terms.read)
        found = named or ({0: reasons} if len(piece) == 1 else {})
        if found:
            self._replace(piece, piece.without(found))
        else:
            self._halve_last(piece)
        ahead = next((len(waiting) for waiting in self._todo if waiting.positions), 0)
        if uniform.suspected and ahead > 1:
            self._todo = deque(singled_out(list(self._todo), uniform.share))
        if uniform.proved:
            yield Stop("error", failure_of(exchange))
        elif not self._terms.isolate:
            yield Stop("rejected", None if found else failure_of(exchange))
        elif (not named or one_by_one) and not (self._searches or uniform.disproved):
            yield from self._end_turn()  # the others first: their answers say more
            yield from self._take_turn()
            self._searches = True

    def _halve_last(self, piece: Piece) -> None:
        """Try the halves after everything that waits: that shows early whether everything fails."""
        self._todo.remove(piece)
        self._todo.extend(piece.split(near_half(len(piece))))

    # Size

    def _halve(self, piece: Piece, exchange: Exchange) -> Steps:
        """Too large: remember that, and send less at a time."""
        self._terms.limit.refused(piece.size, len(piece))
        if len(piece) > 1:
            self._replace(piece, *piece.halves())
        elif isinstance(exchange.happened, Answer):
            why = Reason(f"The record is too large for Sdir: {piece.size - 2} bytes.")
            self._replace(piece, piece.without({0: (why,)}))
        else:
            yield from self._resend(piece, exchange)

    # Unknown fate

    def _find_out(self, piece: Piece, exchange: Exchange | None) -> Steps:
        """Ask whether it was saved; `exchange` is what happened, `None` if in an earlier run."""
        aborted = exchange is not None and exchange.verdict.applied is False
        yield from self._end_turn()
        fate = self._fate_of(piece)
        applied = yield from fate.find_out(aborted=aborted)
        if not isinstance(applied, bool) and piece.maybe_applied and fate.can_wait:
            yield Postpone(piece)
            self._todo.remove(piece)
            self._todo.append(piece)
        elif not isinstance(applied, bool):
            if exchange is not None and self._terms.is_down:
                yield Stop("error", failure_of(exchange))
            yield self._finish(piece, unfinished(piece), late=applied is None, doubt=applied)
        elif applied:
            # the list has shown what was sent
            self._terms.sample, self._terms.shown = self._terms.sample or piece, True
            yield self._accept(piece)
        elif exchange is None:
            piece.maybe_applied = False
        else:
            yield from self._resend(piece, exchange)

    def _fate_of(self, piece: Piece) -> Fate:
        others = [one for one in self._todo if one is not piece]
        unknown = [one for one in others if one.maybe_applied]
        is_last = not any(one.positions for one in others if not one.maybe_applied)
        return Fate(piece, self._terms, self._saved, unknown, is_last)

    def _resend(self, piece: Piece, exchange: Exchange) -> Steps:
        """Send a piece again, a few times, and then in halves.

        A server that fails on a large body, or takes too long for it, may manage half of it.
        """
        yield from self._end_turn()
        retry = self._terms.retry
        if self._terms.effect == "create":
            piece.maybe_applied = False
        piece.resent += 1
        if piece.resent >= retry.attempts:
            yield Stop("error", failure_of(evolve(exchange, maybe_applied=piece.maybe_applied)))
        elif not (yield Wait(retry.wait(piece.resent))):
            yield self._finish(piece, unfinished(piece), late=True)
        elif piece.resent > 1 and len(piece) > 1:
            self._replace(piece, *piece.halves())


def unfinished(piece: Piece) -> State:
    """Return the state of a piece that nothing more is done about."""
    return "in_doubt" if piece.maybe_applied else "unsent"
