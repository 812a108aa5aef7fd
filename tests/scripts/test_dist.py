"""What `make dist` promises, and the lower bounds that keep known vulnerabilities out."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import dist
import pytest
from packaging.requirements import Requirement

from .conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

VULNERABLE = {"aiohttp": "3.13.3", "orjson": "3.11.5", "starlette": "1.2.9", "pyarrow": "23.0.0"}
"""The last version of each that has a published vulnerability."""


def _requirements() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    return [Requirement(one) for listed in (project["dependencies"], *extras) for one in listed]


def test_every_dependency_has_a_lower_bound() -> None:
    """So that `make test-lowest` has something to install; one whose inside is used has one."""
    for requirement in _requirements():
        bounds = {one.operator for one in requirement.specifier}
        assert bounds & {">=", "=="}, str(requirement)


@pytest.mark.parametrize(("name", "version"), VULNERABLE.items())
def test_no_dependency_may_be_one_that_is_known_to_be_vulnerable(name: str, version: str) -> None:
    """Whatever else is installed beside it."""
    wanted = [one.specifier for one in _requirements() if one.name == name]
    assert wanted
    assert not [one for one in wanted if one.contains(version)]


def _files(folder: Path, **contents: str) -> list[Path]:
    folder.mkdir()
    for name, content in contents.items():
        (folder / name).write_text(content)
    return sorted(folder.iterdir())


def test_two_builds_are_compared_byte_by_byte(tmp_path: Path) -> None:
    """Equal ones pass; another byte or another file does not."""
    first = _files(tmp_path / "a", wheel="x", sdist="y")
    dist.require_same(first, _files(tmp_path / "b", wheel="x", sdist="y"))
    with pytest.raises(dist.DistFailed, match="wheel: two builds differ"):
        dist.require_same(first, _files(tmp_path / "c", wheel="z", sdist="y"))
    with pytest.raises(dist.DistFailed, match="files of different names"):
        dist.require_same(first, _files(tmp_path / "d", wheel="x"))


def test_no_file_names_an_address_of_a_package_index() -> None:
    """Pins and builds take whatever index the machine is set up with."""
    files = [ROOT / "Makefile", ROOT / "pyproject.toml", *(ROOT / "requirements").iterdir()]
    assert [path.name for path in files if "index-url" in path.read_text()] == []


def test_what_fails_says_so(tmp_path: Path) -> None:
    """With the end of what the tool said."""
    with pytest.raises(dist.DistFailed, match="can't open file"):
        dist._run([str(dist._tool("python")), str(tmp_path / "missing.py")])
