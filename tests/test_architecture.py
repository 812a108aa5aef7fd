"""The house as ARCHITECTURE.md has it: floors, their order, and the size of the rooms."""

from __future__ import annotations

import ast
import graphlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sdir_async"
ON_TOP = ("api", "openapi", "generation", "sandbox", "testing", "cli")
"""Packages that count as one room each."""

WITHOUT_CIRCLES = ("openapi", "generation", "sandbox", "testing", "cli")
"""Those of them whose own modules import each other in one direction."""

LONGEST = 400
"""Lines of a module of the core."""


def name_of(path: Path) -> str:
    """Return the name of a module, from the package on; a package of `ON_TOP` is one."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    if parts[0] in ON_TOP:
        return parts[0]
    return ".".join(part for part in parts if part != "__init__")


MODULES = {path: name_of(path) for path in sorted(PACKAGE.rglob("*.py")) if name_of(path)}
INSIDE = {
    path: path.relative_to(PACKAGE).with_suffix("").as_posix()
    for path, name in MODULES.items()
    if name in WITHOUT_CIRCLES
}
CORE = [path for path, name in MODULES.items() if name not in ON_TOP]


def imports_of(path: Path, modules: Mapping[Path, str] = MODULES) -> Iterator[str]:
    """Yield which of the modules of the package a module imports, for types and lazily too."""
    inside = path.relative_to(PACKAGE).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        own = isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE.name
        if isinstance(node, ast.ImportFrom) and (node.level or own):
            base = inside[: len(inside) - node.level + 1] if node.level else ()
            named = (node.module or "").split(".")[0 if node.level else 1 :]
            module = (*base, *named) if node.module else base
            for alias in node.names:
                for candidate in ((*module, alias.name), module):
                    target = PACKAGE.joinpath(*candidate)
                    found = target.with_suffix(".py"), target / "__init__.py"
                    if name := next((modules[each] for each in found if each in modules), ""):
                        yield name
                        break


def floors() -> list[list[str]]:
    """Return the floors of ARCHITECTURE.md, from the ground up."""
    table = (ROOT / "ARCHITECTURE.md").read_text().split("| floor |")[1].split("\n\n")[0]
    return [re.findall(r"`([\w.]+)`", row.split("|")[1]) for row in table.splitlines()[2:]]


def test_every_module_is_on_a_floor() -> None:
    """ARCHITECTURE.md names every room, each once, and none that is not there."""
    named = [name for floor in floors() for name in floor]
    assert sorted(named) == sorted(set(MODULES.values()) - {"upload"})


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_imports_from_below_only(path: Path) -> None:
    """What a module imports, for types too, is on a floor below, or before it on its own floor."""
    order = {name: at for at, name in enumerate(name for floor in floors() for name in floor)}
    own = MODULES[path]
    above = {name for name in imports_of(path) if name != own and order[name] >= order[own]}
    assert above == set()


def test_there_is_no_circle() -> None:
    """No chain of imports leads back to where it began."""
    graph = {name: set[str]() for name in MODULES.values()}
    for path, name in MODULES.items():
        graph[name] |= set(imports_of(path)) - {name}
    assert list(graphlib.TopologicalSorter(graph).static_order())


def test_there_is_no_circle_inside_a_package_that_counts_as_one_room() -> None:
    """Each module of `WITHOUT_CIRCLES` imports only what does not lead back to it."""
    graph = {name: set(imports_of(path, INSIDE)) - {name} for path, name in INSIDE.items()}
    assert {"generation/facts", "openapi/walk"} <= graph.keys()
    assert "openapi/walk" in graph["generation/walk"]
    assert list(graphlib.TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_room_is_small(path: Path) -> None:
    """Every hand-written module of the core is under 400 lines."""
    assert len(path.read_text(encoding="utf-8").splitlines()) < LONGEST


def test_a_call_passes_four_frames_of_ours() -> None:
    """From a generated method to the transport: the method, `_call`, `exchange`, `_attempt`."""
    import asyncio
    import traceback

    from sdir_async import Sdir
    from sdir_async.wire import Answer, Lost, Request

    frames: list[str] = []

    class Watching:
        async def send(self, request: Request) -> Answer | Lost:
            frames.extend(
                f"{Path(frame.filename).relative_to(PACKAGE)}:{frame.name}"
                for frame in traceback.extract_stack()[:-1]
                if str(PACKAGE) in frame.filename
            )
            return Answer(200, {}, b"[]")

        async def aclose(self) -> None: ...

    async def main() -> None:
        async with Sdir("key") as sdir:
            sdir._session._transport = Watching()
            await sdir.course.v1.list_codes()
            single, frames[:] = len(frames), []
            await sdir.course.v1.upload([{}], check=False)
            assert (single, len(frames) <= 8) == (4, True), frames

    asyncio.run(main())
