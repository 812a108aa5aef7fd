"""Errors keep each file and line of their traceback, and lose the values of its frames.

A crash reporter sends the locals of each frame of an error. In this library they are keys, person
numbers and records. So each public call runs inside `with no_locals`. The traceback of an error
that leaves it shows the same files, lines and functions as before, in frames that hold nothing.
"""

from __future__ import annotations

from opcode import opmap
from types import FrameType, FunctionType, TracebackType
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_GENERATOR: Final = (lambda: (yield)).__code__
_NOTHING: Final = bytes([opmap["NOP"]])


class _NoLocals:
    """The context manager; it has no state, so one serves all."""

    def __enter__(self) -> None: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            forget_locals(error)


no_locals: Final = _NoLocals()
"""Put the whole body of a public function in it; it costs less than a microsecond.

Example:
    >>> async def call(key):
    ...     with no_locals:
    ...         return await send(key)
"""


def forget_locals(error: BaseException) -> None:
    """Empty the frames of an error, and of the errors that it came from.

    Call it in `except BaseException`, and `raise` afterwards. Python adds no entry for a frame that
    raises an error again like this, or by `with`. So the traceback that is set here stays the whole
    one, and it has an entry for the calling function too.
    """
    traceback = error.__traceback__
    above = list(_callers(traceback.tb_frame)) if traceback else []
    error.__traceback__ = _emptied(traceback)
    for one in _behind(error, above):
        one.__traceback__ = _emptied(one.__traceback__)


def _callers(frame: FrameType) -> Iterator[FrameType]:
    """Yield the frames that called this one."""
    caller = frame.f_back
    while caller is not None:
        yield caller
        caller = caller.f_back


def _behind(error: BaseException, above: Collection[FrameType]) -> Iterator[BaseException]:
    """Yield what an error came from: causes, contexts and members of groups.

    An error that a caller is handling is the caller's own, and stays as it is. A context that
    `raise … from None` hides is forgotten: it can hold the value that could not be read.
    """
    seen, pending = {id(error)}, [error]
    while pending:
        found = pending.pop()
        if found.__suppress_context__:
            found.__context__ = None
        group = found.exceptions if isinstance(found, BaseExceptionGroup) else ()
        for one in (found.__cause__, found.__context__, *group):
            if one is None or id(one) in seen or _begins_in(above, one):
                continue
            seen.add(id(one))
            pending.append(one)
            yield one


def _begins_in(above: Collection[FrameType], error: BaseException) -> bool:
    return error.__traceback__ is not None and error.__traceback__.tb_frame in above


def _emptied(traceback: TracebackType | None) -> TracebackType | None:
    """Return the same places, in frames that hold nothing."""
    entries = []
    while traceback is not None:
        entries.append(traceback)
        traceback = traceback.tb_next
    for entry in reversed(entries):
        frame = _empty_frame(entry.tb_frame)
        traceback = TracebackType(traceback, frame, entry.tb_lasti, entry.tb_lineno)
    return traceback


def _empty_frame(frame: FrameType) -> FrameType:
    """Return the frame of a generator that says that it is this function, and has no variables.

    The generator is never started. So its frame has no caller either.
    """
    code = frame.f_code
    disguised = _GENERATOR.replace(
        co_filename=code.co_filename,
        co_name=code.co_name,
        co_qualname=code.co_qualname,
        co_firstlineno=code.co_firstlineno,
        co_linetable=code.co_linetable,
        co_code=_GENERATOR.co_code.ljust(len(code.co_code), _NOTHING),
    )
    generator = FunctionType(disguised, {"__name__": frame.f_globals.get("__name__")})()
    return cast("FrameType", generator.gi_frame)
