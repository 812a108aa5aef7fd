"""The sandbox serves what was generated: reads of the cases, answered and understood."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from sdir_async.sandbox import SandboxThread

from .test_cases import CASES, FOLDER, cases

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from .test_cases import Cases

__all__ = ["cases"]

OTHERS = ("changes_demo", "examples", "media_types", "parameters")
"""They have no read in JSON, need a record, or take more than the plain values here."""
READ = [path for path in CASES if path.stem not in OTHERS and "get:" in path.read_text("utf-8")]
VALUES = {"int": 1, "float": 1.0, "bool": True}


def served(cases: Cases, name: str, use: Callable[[Any], Awaitable[Any]], folder: Path) -> Any:
    """Use a version against a sandbox that has its document in a folder, and no other."""
    (folder / name).mkdir()
    shutil.copy(FOLDER / f"{name}.yaml", folder / name / "v1.yaml")
    with SandboxThread(folder, keys=["key"]) as box:
        return asyncio.run(cases.run(name, use, box.base_url))


@pytest.mark.parametrize("path", READ, ids=lambda path: path.stem)
def test_every_read_is_answered_and_understood(cases: Cases, path: Path, tmp_path: Path) -> None:
    """At its own server, under names of any alphabet, with examples that fit their types."""
    reads = reads_of(cases, path.stem)

    async def use(api: Any) -> list[Any]:
        return [await getattr(api, name)(**needed) for name, needed in reads.items()]

    answers = served(cases, path.stem, use, tmp_path)
    assert len(answers) == len(reads) > 0


def test_examples_of_the_wrong_type_and_envelopes_are_answered_as_their_schemas_say(
    cases: Cases, tmp_path: Path
) -> None:
    """`"string"` is not a date; a list in an envelope has what it must have."""

    async def use(api: Any) -> Any:
        assert (await api.twice("x", id_query="x")).theme == "dark"
        return await api.dates(), await api.page(), await api.file("a/b/c.pdf")

    dates, page, file = served(cases, "examples", use, tmp_path)
    assert str(dates.day) == "2020-01-01"
    assert (len(page.items), page.total) == (1, 1)
    assert file == dates == page.items[0]


def test_parameters_are_read_in_the_style_that_they_are_written_in(
    cases: Cases, tmp_path: Path
) -> None:
    """Of every kind; what does not fit its schema is refused, so that it was read."""
    filter_ = cases.models("parameters").Filter
    good, bad = filter_(year=2024, flags=["NO", "DK"]), filter_()
    bad["year"] = "x"

    async def use(api: Any) -> list[int]:
        calls = [
            api.query(form=good, deep=good, json=good, pipes=[1, 2], many=["a", "b"]),
            api.query(flat=filter_(year=2024)),
            api.matrix(3, ["a b", "c"]),
            api.label("x y", filter_(year=2024)),
        ]
        for call in calls:
            await call
        refused = [
            *(api.query(**{name: bad}) for name in ("form", "flat", "deep", "json")),
            api.query(pipes=["x"]),
            api.matrix("x", ["a"]),
            api.label("x", bad),
        ]
        found = await asyncio.gather(*refused, return_exceptions=True)
        return [getattr(each, "status", 0) for each in found]

    assert served(cases, "parameters", use, tmp_path) == [400] * 7


def test_a_record_that_brings_its_own_name_is_found_by_it(cases: Cases, tmp_path: Path) -> None:
    """Such as a user; another one cannot take the name. A list of them may stand in an envelope."""
    user = cases.models("examples").User

    async def use(api: Any) -> list[Any]:
        saved = await api.create_user(user(name="Ada", age=3))
        other = await api.create_user(user(name="ada"))
        everyone = await api.list_users(names=["Ada"])
        assert (len(everyone.users), everyone.total) == (2, 0)
        assert (await api.settings()).theme == "dark"
        assert (await api.extended()).to_dict() == {"name": "", "kind": "big"}
        return [saved, await api.get_user("Ada"), other.name != "ada"]

    saved, found, renamed = served(cases, "examples", use, tmp_path)
    assert saved == found == user(name="Ada", age=3)
    assert renamed


def test_a_body_may_be_left_away_where_the_document_says_so(cases: Cases, tmp_path: Path) -> None:
    """What is sent must still fit; a body that is required is missed."""
    body = cases.models("no_content").CreateThingBody

    async def use(api: Any) -> list[int]:
        assert await api.create_thing() is None
        assert await api.create_thing(body(a="x")) is None
        bad = [api.create_thing({"a": 5}), api.del_it(None)]
        found = await asyncio.gather(*bad, return_exceptions=True)
        return [getattr(each, "status", 0) for each in found]

    assert served(cases, "no_content", use, tmp_path) == [400, 400]


def reads_of(cases: Cases, name: str) -> dict[str, dict[str, Any]]:
    """Return the methods that read, each with arguments for what it needs."""
    module = importlib.import_module(f"{cases.models(name).__name__}.operations")
    return {
        method: {
            each.name: VALUES.get(str(each.annotation), "x")
            for each in inspect.signature(function).parameters.values()
            if each.default is each.empty and each.name != "self"
        }
        for method, function in vars(module.OPERATIONS).items()
        if inspect.iscoroutinefunction(function)
        and getattr(module, f"_{method.upper()}").method == "GET"
    }
