"""Whether a piece whose answer was lost was saved: when to ask, and what to believe. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import Factory, frozen

from .steps import Ask, Until, Wait

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from .chunks import Piece
    from .report import Doubt
    from .steps import Step, Terms


@frozen
class Fate:
    """A piece that was sent, and may have been saved.

    Attributes:
        piece: The records.
        terms: What the chunks of the upload have in common.
        saved: Other records of its chunk that are known to be saved.
        unknown: Other pieces of its chunk that may have been saved.
        is_last: Whether all other pieces of its chunk were sent.
        before: How many equal ones were known to be saved when the list was asked first.
    """

    piece: Piece
    terms: Terms
    saved: Sequence[bytes]
    unknown: Sequence[Piece]
    is_last: bool
    before: dict[int, int] = Factory(dict)

    @property
    def can_wait(self) -> bool:
        """Whether no witness is known yet, and another piece of the chunk may become one."""
        nothing_yet = self.terms.saved is not None and self.terms.sample is None
        return nothing_yet and not (self.terms.stopping or self.is_last)

    def find_out(self, *, aborted: bool) -> Generator[Step, Any, bool | Doubt | None]:
        """Ask for the records; absence is believed after a while, since a backend may finish late.

        When the API itself said that it failed, the batch was aborted and no backend is at work.
        Otherwise the list must have shown a saved record: a list that is always empty proves
        nothing. Returns the answer, or why there is none; `None` if the deadline left no time.
        """
        if not (yield from self._is_all_read()):
            return None
        answer = yield from self._ask()
        if aborted:
            return answer or False
        if answer is False:
            if not (yield Wait(self.terms.retry.settle)):
                return None
            answer = yield from self._ask()
        if answer is False and not (yield from self._is_witnessed()):
            return "no witness" if self.terms.shown is None else "not shown"
        if answer is None:
            return "nobody" if self.terms.saved is None else "unclear"
        return answer

    def _is_all_read(self) -> Generator[Step, Any, bool]:
        """First read all that an earlier run sent: it may have saved an equal record further on."""
        terms = self.terms
        if terms.saved is None or terms.read >= terms.earlier:
            return True
        return bool((yield Until(lambda: terms.read >= terms.earlier)))

    def _ask(self) -> Generator[Step, Any, bool | None]:
        terms, before = self.terms, self.before
        answer: bool | None = yield Ask(self.piece, self.saved, terms.saved, self.unknown, before)
        return answer

    def _is_witnessed(self) -> Generator[Step, Any, bool]:
        """Find out, once for the upload, whether the list shows a record that is saved."""
        terms = self.terms
        if terms.saved is None:  # not a list is asked, but the user's own function
            return True
        asks = terms.shown is None and not self.can_wait
        if asks:
            yield Until(lambda: terms.sample is not None or terms.is_down)
        if asks and terms.sample:
            yield from self._show(terms.sample)
        return bool(terms.shown)

    def _show(self, sample: Piece) -> Generator[Step, Any, None]:
        """Ask for records that are saved. A list that lags may show them only after a while.

        If its answer does not tell whether these are there, ask for others later.
        """
        shown = yield Ask(sample)
        if shown is False and (yield Wait(self.terms.retry.settle)):
            shown = yield Ask(sample)
        if shown is not None:
            self.terms.shown = self.terms.shown or shown
        elif self.terms.sample is sample:
            self.terms.sample = None
