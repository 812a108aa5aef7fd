"""Errors lose the locals of their frames, and nothing else; every public function sees to it.

`test_frames.py` looks at each way in which an error leaves the library.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import traceback
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from sdir_async import Sdir, SubscriptionKey
from sdir_async.api import VERSIONS
from sdir_async.base import BatchOperations
from sdir_async.frames import no_locals
from sdir_async.maskinporten import Maskinporten
from sdir_async.postgres import PostgresJournal, PostgresPace
from sdir_async.upload.upload import Upload, _Outcomes

KEY = "1bd956a741a64f7ab22bc37d2f032d4f"
PERSON = "41814061033"


async def _inner(secret: str) -> None:
    await asyncio.sleep(0)
    raise ValueError(f"{len(secret)} letters")


async def _sealed(secret: str) -> None:
    with no_locals:
        copied = secret
        await _inner(copied)


async def _yielding(secret: str) -> AsyncIterator[int]:
    with no_locals:
        yield 1
        await _inner(secret)


def _places(error: BaseException) -> list[tuple[str, str, int | None, int | None]]:
    found = traceback.extract_tb(error.__traceback__)
    return [(each.filename, each.name, each.lineno, each.colno) for each in found]


async def _raised(function: Callable[[str], Any]) -> BaseException:
    made = function(KEY)
    try:
        async for _ in made if hasattr(made, "__aiter__") else _once(made):
            pass
    except BaseException as error:  # noqa: BLE001
        return error
    raise AssertionError("it ended well")


async def _once(waiting: Awaitable[Any]) -> AsyncIterator[Any]:
    yield await waiting


@pytest.mark.parametrize("function", [_sealed, _yielding])
async def test_an_error_keeps_every_place_in_its_traceback(
    monkeypatch: pytest.MonkeyPatch, function: Callable[[str], Any]
) -> None:
    """Files, functions, lines and columns are those of an error whose frames were left alone."""
    emptied = await _raised(function)
    monkeypatch.setattr(type(no_locals), "__exit__", lambda *_: None)
    assert _places(emptied) == _places(await _raised(function))
    assert [name for _, name, _, _ in _places(emptied)][-2:] == [function.__name__, "_inner"]


@pytest.mark.parametrize("function", [_sealed, _yielding])
async def test_no_frame_below_has_a_variable(function: Callable[[str], Any]) -> None:
    """Neither the function with `no_locals` nor what it called."""
    error = await _raised(function)
    below = [frame for frame, _ in traceback.walk_tb(error.__traceback__)][-2:]
    assert [frame.f_locals for frame in below] == [{}, {}]
    assert [frame.f_code.co_name for frame in below] == [function.__name__, "_inner"]


async def test_an_error_that_the_caller_handles_stays_as_it_is() -> None:
    """It is the context of ours, and its frames are the caller's."""
    kept = PERSON
    try:
        int("x")
    except ValueError as outer:
        frames = [frame for frame, _ in traceback.walk_tb(outer.__traceback__)]
        error = await _raised(_sealed)
        assert error.__context__ is outer
        assert [frame for frame, _ in traceback.walk_tb(outer.__traceback__)] == frames
        assert frames[0].f_locals["kept"] == kept


def test_what_an_error_came_from_is_emptied_too() -> None:
    """A cause, a context and the members of a group; a context that is hidden is forgotten."""

    def fail(secret: str) -> None:
        raise ValueError

    def chain(secret: str) -> None:
        try:
            fail(secret)
        except ValueError as error:
            try:
                fail(secret)
            except ValueError:
                raise ExceptionGroup("", [error, KeyError()]) from error

    def hidden(secret: str) -> None:
        try:
            secret.encode()
        except UnicodeEncodeError:
            raise ValueError from None

    for function, given in ((chain, KEY), (hidden, f"{PERSON}\ud800")):
        with pytest.raises((ValueError, ExceptionGroup)) as caught, no_locals:
            function(given)
        shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        assert "fail" in "".join(shown.format()) or function is hidden
        assert given not in "".join(shown.format()).replace(f"given = {given!r}", "")
    assert caught.value.__context__ is None


def test_nothing_that_was_held_is_kept_alive() -> None:
    """The frames of an error that somebody keeps held connections and records before."""

    class Held: ...

    def fail() -> None:
        held = Held()
        gone.append(weakref.ref(held))
        raise LookupError

    gone: list[weakref.ref[Held]] = []
    with pytest.raises(LookupError) as caught, no_locals:
        fail()
    assert caught.value
    assert gone[0]() is None


def _versions() -> list[type]:
    return [
        importlib.import_module(f"sdir_async.api.{api}.{version}.operations").OPERATIONS
        for api, known in VERSIONS.items()
        for version in known
    ]


_PUBLIC: list[type] = [
    *(Sdir, SubscriptionKey, Upload, _Outcomes, Maskinporten, BatchOperations),
    *(PostgresJournal, PostgresPace),
]
_HOLD_NOTHING = {
    "PostgresJournal.journal_of": "keeps a target",
    "Upload.__init__": "keeps a plan",
    "_Outcomes.__init__": "keeps a channel",
    "Operations.__init__": "keeps a session",
    "Maskinporten.refuse": "compares",
    "Maskinporten.bind": "takes the name of an environment",
}
_CALLED_BY_PYTHON = ("__init__", "__anext__", "__call__", "__getitem__", "_wait")


def _functions() -> Iterator[tuple[str, Any]]:
    """Yield the public functions that take something, or that can be awaited."""
    for cls in [*_PUBLIC, *_versions()]:
        for name, found in vars(cls).items():
            function = getattr(found, "__func__", found)
            if not inspect.isfunction(function) or name in ("aclose", "__aenter__", "__aexit__"):
                continue
            code = function.__code__
            takes = code.co_argcount + code.co_kwonlyargcount > 1
            awaited = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
            if (not name.startswith("_") or name in _CALLED_BY_PYTHON) and (takes or awaited):
                yield f"{cls.__name__}.{name}", function


@pytest.mark.parametrize(("name", "function"), list(_functions()))
def test_every_public_function_forgets_its_locals(name: str, function: Any) -> None:
    """A function that is added later, too."""
    has_it = {"no_locals", "_no_locals", "_every"}  # `_every` is a generator that has it
    assert has_it & {*function.__code__.co_names} or name in _HOLD_NOTHING
