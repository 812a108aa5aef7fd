"""The steps that bring a chunk to its end, and what the chunks of an upload have in common.

A flow yields a step, and is sent what came of it:

    Send      a request with a piece of the chunk     an `Exchange`
    Ask       whether a piece was saved               `True`, `False`, or `None`: nobody knows
    Wait      this many seconds                       whether the deadline left time for it
    Until     something holds                         whether it does, or never will
    Turn      until no other chunk has the turn       nothing
    EndTurn   let another chunk have it               nothing
    Postpone  remember that a fate is not known       nothing
    Warn      what looks wrong and is sent            nothing
    Finished  what became of a piece                  nothing
    Stop      begin nothing new in this upload        nothing
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from attrs import Factory, define, frozen

from .search import Uniform

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from ..document import Effect
    from ..retries import RetryPolicy
    from .check import Findings
    from .chunks import Piece
    from .encoding import BodyLimit
    from .receipts import Receipt
    from .report import Doubt, Notice, State
    from .saved import Saved


_TOO_MANY: Final = 9
"""After this many lost requests in a row, the upload stops."""


@frozen
class Send:
    """Send a request with this piece."""

    piece: Piece


@frozen
class Ask:
    """Find out whether the server saved this piece.

    Attributes:
        piece: The records of unknown fate.
        saved: Other records of the same chunk that are known to be saved.
        others: The records of the upload that are known to be saved: an equal one must not vouch
            for a record of the piece.
        unknown: Other pieces of the same chunk that may have been saved.
        before: How many equal ones were known to be saved when the same was asked before, if it
            was, by the place of the record.
    """

    piece: Piece
    saved: Sequence[bytes] = ()
    others: Saved | None = None
    unknown: Sequence[Piece] = ()
    before: dict[int, int] = Factory(dict)


@frozen
class Wait:
    """Wait this many seconds, if the deadline leaves time for it."""

    seconds: float


@frozen
class Until:
    """Wait until something holds, or until nothing in progress can make it hold.

    Attributes:
        holds: Says whether it does.
    """

    holds: Callable[[], bool]


@frozen
class Turn:
    """Wait until no other chunk has the turn. It lasts until `EndTurn`, or this chunk's end."""


@frozen
class EndTurn:
    """Let another chunk have the turn."""


@frozen
class Postpone:
    """Remember that the fate of a piece is not known, since others of its chunk are sent first."""

    piece: Piece


@frozen
class Warn:
    """Report what looks wrong and is sent anyway."""

    notice: Notice


@frozen
class Finished:
    """Nothing more is done about a piece.

    Attributes:
        piece: The records, those that were rejected included.
        state: What became of the others.
        answer: What the server answered, where it accepted them.
        late: Whether the deadline left no time for more.
        doubt: Why asking did not help, where they are in doubt.
        known: Whether the journal knows it already, from an earlier run.
        receipts: What Sdir gave for its records in an earlier run.
    """

    piece: Piece
    state: State
    answer: bytes = b""
    late: bool = False
    doubt: Doubt | None = None
    known: bool = False
    receipts: tuple[Receipt, ...] = ()


@frozen
class Stop:
    """Begin nothing new.

    Attributes:
        why: How the upload ends.
        error: What to raise in the end.
    """

    why: Literal["rejected", "error"]
    error: BaseException | None


Step = Send | Ask | Wait | Until | Turn | EndTurn | Postpone | Warn | Finished | Stop
Steps: TypeAlias = "Generator[Step, Any, None]"


@define
class Terms:
    """What all chunks of an upload have in common, and what they learn from each other.

    Attributes:
        effect: What the batch operation does.
        answers_list: Whether it answers with the list of the saved records.
        isolate: Whether bad records are searched for; else the first one stops the upload.
        check: The check before sending; `None` for none.
        retry: How often to repeat, and how long to wait.
        limit: How large a body may be.
        uniform: Whether everything is refused for one reason.
        saved: Which records are known to be saved; `None` where nobody asks for that.
        sample: Records that are saved, which a list that works has to show.
        shown: Whether it has shown such records: a witness, so that absence may be believed.
        losses: How many requests in a row were lost, with nothing coming through.
        careful: Whether only one request may be on the wire until something is known to be saved.
            Should the process die before that, there is then more to send, which can be a witness.
        stopping: Whether nothing new may begin.
        read: How many records were taken from the input so far.
        earlier: How many an earlier run took, if there was one.
    """

    effect: Effect
    answers_list: bool
    isolate: bool
    check: Callable[[Piece], Findings] | None
    retry: RetryPolicy
    limit: BodyLimit
    saved: Saved | None = None
    uniform: Uniform = Factory(Uniform)
    sample: Piece | None = None
    shown: bool | None = None
    losses: int = 0
    careful: bool = False
    stopping: bool = False
    read: int = 0
    earlier: int = 0

    @property
    def alone(self) -> bool:
        """Whether a request must be the only one on the wire now."""
        nothing_yet = self.sample is None and not self.uniform.disproved
        return self.careful and self.saved is not None and nothing_yet

    @property
    def is_down(self) -> bool:
        """Whether so many requests in a row were lost that no witness can be waited for."""
        return self.losses >= _TOO_MANY
