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

from sdir_async import JournalError
from sdir_async.api import VERSIONS
from sdir_async.frames import no_locals
from sdir_async.postgres.status import stored_parts

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


async def test_the_password_of_a_database_stays_hidden() -> None:
    """The driver has it in its frames, and nobody listens at that port."""
    dsn = _Given(f"postgresql://user:{KEY}@127.0.0.1:9/none")
    with pytest.raises(JournalError) as caught:
        await stored_parts(dsn, "2026-11")
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert "psycopg" in "".join(shown.format())
    assert KEY not in "".join(shown.format())


class _Given(str):
    """A text that the test's own frame does not show."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "…"


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


_OF_VERSIONS = [
    f"sdir_async.api.{api}.{version}{module}"
    for api, known in VERSIONS.items()
    for version in known
    for module in ("", ".operations")
]
_ENTERED = [
    *("sdir_async", "sdir_async.maskinporten", "sdir_async.postgres", "sdir_async.postgres.status"),
    *("sdir_async.base", "sdir_async.pages", "sdir_async.raw", "sdir_async.upload.upload"),
    *_OF_VERSIONS,
]
"""Modules through which a user, or the command, comes in. What `sandbox` and `testing` hold is
test data."""
_HOLD_NOTHING = {
    "AttemptEvent": "is made here",
    "ByStatus": "takes functions",
    "Certificate": "is public",
    "Operations.__init__": "keeps a session",
    "Pacer": "knows moments, and is used within a call",
    "PostgresJournal.journal_of": "keeps a target",
    "SdirBase.__aenter__": "returns itself",
    "RawMethod": "is never called",
    "RawResponse.__init__": "keeps an answer",
    "RetryPolicy": "knows counts and seconds",
    "SharedPacer": "knows moments, and is used within a call",
    "Telemetry": "knows templates, and is used within a call",
    "Unset": "is one value",
    "Upload.__aenter__": "returns itself",
    "Upload.__init__": "keeps a plan",
    "_Channel": "is used within the iteration",
    "_Outcomes.__init__": "keeps a channel",
    "UploadReport.with_end": "takes a word",
    "asking": "is used within a question",
    "parts_of": "is used within a question",
    "Maskinporten.bind": "takes the name of an environment",
    "Maskinporten.refuse": "compares",
    "describe": "takes the names of an API and a version",
    "describe_all": "takes the name of a package",
    "nothing": "does nothing",
    "raw": "takes a function",
    "url_of": "is used within a call",
}
_CALLED_BY_PYTHON = ("__init__", "__aenter__", "__anext__", "__await__", "__call__", "_wait")


def _functions() -> Iterator[tuple[str, Any]]:
    """Yield what is public and takes something, or can be awaited, once each."""
    seen = set()
    for module in map(importlib.import_module, _ENTERED):
        made = [name for name, found in vars(module).items() if _is_made_in(module, found)]
        for name in getattr(module, "__all__", made):
            for known_as, function in _functions_of(getattr(module, name), name):
                if function not in seen:
                    seen.add(function)
                    yield known_as, function


def _is_made_in(module: Any, found: Any) -> bool:
    return bool(getattr(found, "__module__", "") == module.__name__)


def _functions_of(found: Any, name: str) -> Iterator[tuple[str, Any]]:
    if inspect.isfunction(found) and not name.startswith("_"):
        yield name, found
    if not inspect.isclass(found) or issubclass(found, BaseException):
        return
    for cls in found.__mro__:
        members = vars(cls).items() if cls.__module__.startswith("sdir_async") else ()
        for known_as, member in members:
            function = getattr(member, "fget", None) or getattr(member, "__func__", member)
            if _is_entered(known_as, function):
                yield f"{cls.__name__}.{known_as}", function


def _is_entered(name: str, function: Any) -> bool:
    """Say whether a user or Python calls it, and it takes something or can be awaited."""
    if not inspect.isfunction(function) or function.__code__.co_filename.startswith("<attrs"):
        return False
    code = function.__code__
    takes = code.co_argcount + code.co_kwonlyargcount > 1
    awaited = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
    return (not name.startswith("_") or name in _CALLED_BY_PYTHON) and (takes or awaited)


@pytest.mark.parametrize(("name", "function"), list(_functions()))
def test_every_public_function_forgets_its_locals(name: str, function: Any) -> None:
    """A function that is added later, too."""
    has_it = {"no_locals", "_no_locals", "_hide__", "_every"}  # `_every` is a generator that has it
    assert has_it & {*function.__code__.co_names} or {name, name.split(".")[0]} & {*_HOLD_NOTHING}


def test_the_finder_finds_each_kind() -> None:
    """Methods, also those of a base, functions, generators, and what Python calls."""
    found = {name for name, _ in _functions()}
    assert found >= {
        *("SdirBase.__init__", "SdirBase.aclose", "SdirBase.request", "BatchOperations.upload"),
        *("CourseV1.list_courses", "CourseV1.iter_courses", "every", "stored_parts"),
        *("_Outcomes.__anext__", "Upload._wait", "Upload.aclose", "Maskinporten.token"),
    }
