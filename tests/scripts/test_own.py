"""A package of a user's own: `sdir generate` makes it, and it works with the same runtime."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from sdir_async import describe
from sdir_async.cli.generate import generate_package
from sdir_async.cli.trouble import Trouble
from sdir_async.generation.failures import GenerationFailed
from sdir_async.generation.run import own, run
from sdir_async.sandbox import Sandbox

from .toys import fleet

if TYPE_CHECKING:
    from pathlib import Path

SHIP = {"name": "Bølgen"}


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """A folder with one document."""
    path = tmp_path / "documents" / "fleet" / "v1.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(fleet()))
    return tmp_path / "documents"


@pytest.fixture
def package(documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The package that the command makes of it, imported."""
    assert generate_package(documents, tmp_path / "fleet_api") == 0
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("fleet_api")
    for name in [each for each in sys.modules if each.partition(".")[0] == "fleet_api"]:
        del sys.modules[name]


async def test_it_uploads_with_the_same_runtime(documents: Path, package: Any) -> None:
    """Models, mappings, checks, states and the way to ask are as in the package that we ship."""
    models = importlib.import_module("fleet_api.fleet.v1")
    async with (
        Sandbox(documents) as sandbox,
        package.Sdir(sandbox.api_key, base_url=sandbox.base_url) as sdir,
    ):
        report = await sdir.fleet.v1.upload([models.Ship(**SHIP), SHIP, {}])
        listed = await sdir.fleet.selected.list_ships()
        raw = await sdir.request("GET", "/ships", api="fleet")
    assert (report.accepted, report.rejected) == (2, 1)
    assert [ship.name for ship in listed] == [SHIP["name"]] * 2
    assert raw.status == 200
    assert not hasattr(package.Sdir, "course")


def test_it_is_described_as_data(package: Any) -> None:
    """`describe` reads it from the package that is named."""
    described = describe("fleet", package=package.__name__)
    assert list(described.batches) == ["create", "validate"]


def test_its_types_are_checked(package: Any, tmp_path: Path) -> None:
    """With mypy in strict mode, APIs of the package are known, and no others."""
    (tmp_path / "use.py").write_text(
        "from fleet_api import Sdir\n"
        "from fleet_api.fleet.v1 import Ship, SavedShip\n"
        "async def main(sdir: Sdir) -> list[SavedShip]:\n"
        "    await sdir.fleet.v1.upload([Ship(name='a')])\n"
        "    sdir.course  # type: ignore[attr-defined]\n"
        "    return await sdir.with_options(deadline=5).fleet.v1.list_ships()\n"
    )
    cache = f"--cache-dir={tmp_path.parent / 'mypy'}"
    command = ("-m", "mypy", "--strict", cache, "--follow-imports=silent", "use.py")
    done = subprocess.run([sys.executable, *command], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_it_is_renewed_when_a_document_changes(
    documents: Path, package: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What changed is said; a second run finds nothing to do, and --check in CI would pass."""
    place = own(documents, tmp_path / "fleet_api")
    changed = fleet()
    del changed["paths"]["/ships/prevalidate"]
    (documents / "fleet" / "v1.json").write_text(json.dumps(changed))
    capsys.readouterr()
    assert run(place, check=True) == 1
    assert "Run `sdir generate`" in capsys.readouterr().err
    assert run(place) == 0
    assert "fleet_api/fleet/v1/operations.py: changed" in capsys.readouterr().out
    assert run(place, check=True) == 0
    assert "fleet_api and documents/lock.toml are up to date" in capsys.readouterr().out


def test_what_is_not_generated_is_never_removed(documents: Path, tmp_path: Path) -> None:
    """A folder with other files in it is refused, and stays as it was."""
    mine = tmp_path / "mine" / "__init__.py"
    mine.parent.mkdir()
    mine.write_text('"""Written by hand."""\n')
    with pytest.raises(GenerationFailed, match="other files in it"):
        own(documents, mine.parent)
    assert mine.read_text() == '"""Written by hand."""\n'


def test_what_is_wrong_is_said_in_a_line(documents: Path, tmp_path: Path) -> None:
    """No folder, a name that can't be imported, a document that can't be used."""
    with pytest.raises(Trouble, match="folder not found"):
        generate_package(tmp_path / "nowhere", tmp_path / "fleet_api")
    with pytest.raises(Trouble, match="a Python identifier"):
        generate_package(documents, tmp_path / "fleet-api")
    (documents / "fleet" / "v2.json").write_text('{"swagger": "2.0"}')
    with pytest.raises(Trouble, match=r"v2\.json.*swagger"):
        generate_package(documents, tmp_path / "fleet_api")
    (documents / "fleet" / "v3.json").write_text("[]")
    with pytest.raises(Trouble, match=r"OpenAPI 3; .*v3\.json: not an OpenAPI document"):
        generate_package(documents, tmp_path / "fleet_api")
    assert not (tmp_path / "fleet_api").exists()


def test_the_missing_extra_is_named(
    documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the command that installs it."""
    for name in [each for each in sys.modules if each.startswith("sdir_async.generation.run")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "openapi_python_client.strings", None)
    with pytest.raises(Trouble, match=r"pip install 'sdir-async\[cli,generate\]'"):
        generate_package(documents, tmp_path / "fleet_api")
