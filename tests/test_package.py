"""What people get: the wheel and the sdist, and what importing the package brings along."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from functools import cache
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

import sdir_async

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sdir_async"
EXTRAS = {
    "cli": ("cli", "parquet"),
    "pytest_plugin": ("pytest",),
    "openapi": ("testing",),
    "generation": ("generate",),
    "transports/aiohttp": ("fast",),
    "transports/httpx2": ("httpx2",),
    "transports/__init__": ("httpx2",),
    "maskinporten": ("maskinporten",),
    "postgres": ("postgres",),
    "spark": ("spark",),
    "telemetry": ("otel",),
    "sandbox": ("sandbox", "maskinporten"),
    "testing": ("testing",),
}
"""Folders and modules of the package that may import what only these extras bring.

The plugin is imported by pytest alone; `transports` itself names the types of httpx2.
"""

LATER = re.compile(
    r"(aiohttp|cryptography|httpx2|ijson|jinja2|joserfc|jsonschema_rs|keyring"
    r"|openapi_python_client|openpyxl|opentelemetry|psycopg|pyarrow|pyspark|respx|starlette|typer|uvicorn|yaml"
    r"|sdir_async\.(sandbox|cli|generation|maskinporten|openapi|postgres|spark|api\.\w+))(\.|$)"
)
"""Modules that are imported when they are used, and not with the package."""


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    """The `[project]` table of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return table


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    return folder


@pytest.fixture(scope="module")
def python(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an empty environment into which the wheel was installed."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    _run(*pip, "install", "--quiet", "--no-deps", "--no-index", *built.glob("*.whl"))
    return python


def test_the_wheel_has_types_and_documents_and_no_tests(built: Path) -> None:
    """The documents are for the sandbox and the routes for tests."""
    (wheel,) = built.glob("*.whl")
    files = set(zipfile.ZipFile(wheel).namelist())
    assert "sdir_async/py.typed" in files
    folder = ROOT / "openapi"
    documents = {path.relative_to(folder).as_posix() for path in folder.glob("*/*.yaml")}
    assert documents
    assert {f"sdir_async/openapi/documents/{document}" for document in documents} <= files
    version = sdir_async.__version__
    assert {file.split("/")[0] for file in files} == {
        "sdir_async",
        f"sdir_async-{version}.dist-info",
    }
    assert f"sdir_async-{version}.dist-info/licenses/LICENSE" in files


def test_the_wheel_has_every_file_of_the_package(built: Path) -> None:
    """Also those that are no Python, such as the schemas beside the generated code."""
    (wheel,) = built.glob("*.whl")
    files = set(zipfile.ZipFile(wheel).namelist())
    ours = {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert ours - files == set()


def test_the_sdist_has_what_building_and_developing_need(built: Path) -> None:
    """The wheel was built from it; the rest is for people."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        files = {name.partition("/")[2] for name in archive.getnames()}
    assert files >= {"Makefile", "README.md", "LICENSE", "CHANGELOG.md"}
    assert files >= {"requirements/dev.txt", "scripts/generate.py", "tests/test_package.py"}
    assert not [file for file in files if "__pycache__" in file or file.startswith(".venv")]


def test_the_version_is_said_once_in_two_places(project: dict[str, Any]) -> None:
    """For installers, and for programs."""
    assert project["version"] == sdir_async.__version__


def test_the_installed_package_finds_its_documents(python: Path) -> None:
    """Inside the package, not in a checkout."""
    program = "from sdir_async.openapi.documents import find_folder; print(find_folder())"
    folder = Path(_installed(python, program).strip())
    assert folder.is_relative_to(python.parents[1])
    ours = sorted(path.relative_to(ROOT / "openapi") for path in (ROOT / "openapi").glob("*/*"))
    assert sorted(path.relative_to(folder) for path in folder.glob("*/*")) == ours


def test_the_installed_package_has_the_command_of_the_sandbox(python: Path) -> None:
    """It is there without the extra, and says what it is."""
    shown = _run(python.parent / "sdir-sandbox", "--help", env=_with_our_libraries())
    assert "Run a local Sdir" in shown


def test_the_installed_package_has_the_fixture_for_pytest(python: Path, tmp_path: Path) -> None:
    """Without anybody naming the plugin."""
    (tmp_path / "test_theirs.py").write_text(
        "def test(sdir_sandbox):\n    assert sdir_sandbox.base_url.startswith('http://127.0.0.1:')\n"
    )
    options = ("-m", "pytest", "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path)
    assert "1 passed" in _run(python, *options, env=_with_our_libraries())


def test_the_installed_package_generates_one_of_a_users_own(python: Path, tmp_path: Path) -> None:
    """Without a checkout: templates and settings are in the wheel."""
    documents = tmp_path / "documents" / "course"
    documents.mkdir(parents=True)
    (documents / "v1.yaml").write_bytes((ROOT / "openapi" / "course" / "v1.yaml").read_bytes())
    into = tmp_path / "courses_api"
    command = ("generate", "--documents", documents.parent, "--into", into)
    said = _run(python.parent / "sdir", *command, env=_with_our_libraries())
    assert "courses_api/course/v1/operations.py: added" in said
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from courses_api import Sdir;"
        " print(Sdir('key').course.v1.upload.__module__, Sdir.__mro__[2].__module__)"
    )
    assert _installed(python, program).split() == ["sdir_async.base", "sdir_async.client"]


def test_importing_the_package_imports_no_version_and_no_extra(python: Path) -> None:
    """They come when they are used. Without rich, since httpx imports it where it finds it."""
    program = (
        "import sys; sys.modules['rich'] = None; from sdir_async import Sdir; print(*sys.modules)"
    )
    modules = _installed(python, program).split()
    assert "sdir_async.client" in modules
    assert list(filter(LATER.match, modules)) == []


def test_a_version_is_imported_when_it_is_asked_for_and_no_other(python: Path) -> None:
    """No other of the same API, and none of another API."""
    program = "import sys, sdir_async; sdir_async.Sdir('key').course.v1; print(*sys.modules)"
    modules = _installed(python, program).split()
    assert "sdir_async.api.course.v1.operations" in modules
    others = re.compile(r"sdir_async\.api\.(?!course$|course\.v1(\.|$))")
    assert list(filter(others.match, modules)) == []


def test_every_import_is_declared(project: dict[str, Any]) -> None:
    """By the package, or by an extra of the folder or module that it is in."""
    extras = project["optional-dependencies"]
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        wanted = EXTRAS.get(parts[0], EXTRAS.get("/".join(parts), ()))
        allowed = [extras.get(extra, [extra]) for extra in wanted]
        declared = set(map(_name, chain(project["dependencies"], *allowed))) | {"sdir-async"}
        assert _imported(path) - declared == set(), path


@pytest.mark.parametrize("extra", ["generate", "sandbox", "testing"])
def test_an_extra_that_reads_documents_brings_what_reading_needs(
    project: dict[str, Any], extra: str
) -> None:
    """By itself, without another extra."""
    declared = {*project["dependencies"], *project["optional-dependencies"][extra]}
    needed = set().union(*(_imported(path) for path in (PACKAGE / "openapi").rglob("*.py")))
    assert needed - set(map(_name, declared)) == set()


def test_every_dependency_is_imported(project: dict[str, Any]) -> None:
    """What nobody imports, nobody should have to install."""
    imported = set().union(*(_imported(path) for path in PACKAGE.rglob("*.py")))
    extras = project["optional-dependencies"].values()
    requirements = chain(project["dependencies"], *extras)
    used = {"ruff", "tzdata"}  # as a command, and by the standard library
    assert set(map(_name, requirements)) - imported - used == set()


def test_what_tests_and_scripts_import_is_pinned() -> None:
    """All of it exactly, with hashes, and from wherever the person has their packages from."""
    text, spark = (
        (ROOT / "requirements" / name).read_text().replace(" \\\n    ", " ")
        for name in ("dev.txt", "spark.txt")
    )
    pins, apart = (
        [line for line in one.splitlines() if not line.startswith("#")] for one in (text, spark)
    )
    whole = re.compile(r"[\w.-]+==[\w.]+(?: ; [^#]+?)?(?: --hash=sha256:[0-9a-f]{64})+")
    assert [pin for pin in [*pins, *apart] if not whole.fullmatch(pin)] == []
    assert "://" not in text + spark
    plain = (ROOT / "requirements" / "versions.txt").read_text().splitlines()[1:]
    assert plain == [pin.partition(" --hash")[0] for pin in pins]
    own = {"tests", "sdir-async", *(_name(path.stem) for path in (ROOT / "scripts").iterdir())}
    for path in [*(ROOT / "scripts").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]:
        assert _imported(path) - own - set(map(_name, [*pins, *apart])) == set(), path


@cache
def _distributions() -> dict[str, set[str]]:
    return {top: {_name(name) for name in names} for top, names in packages_distributions().items()}


def _imported(path: Path) -> set[str]:
    """Return the distributions that a module imports, wherever in it."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [
        node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level
    ]
    tops = {name.partition(".")[0] for name in names} - sys.stdlib_module_names
    return {min(_distributions().get(top, {_name(top)})) for top in tops}


def _name(requirement: str) -> str:
    """Return the normal form of a distribution's name."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement)[0]).lower()


def _installed(python: Path, program: str) -> str:
    return _run(python, "-W", "error", "-c", program, env=_with_our_libraries())


def _with_our_libraries() -> dict[str, str]:
    """Return an environment in which the libraries we depend on are found, but not the checkout.

    A folder on this path is searched, but the `.pth` file in it that leads to the checkout is not
    read.
    """
    return {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib")}


def _run(*command: str | Path, env: dict[str, str] | None = None) -> str:
    """Run a command away from the checkout, and return what it printed."""
    done = subprocess.run(command, cwd="/", env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
