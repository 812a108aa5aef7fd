"""Rebuilds `sdir_async/api/` from the documents in `openapi/`: `make generate`.

    python scripts/generate.py             rebuild the tree
    python scripts/generate.py --check     change nothing; fail if the tree is stale
"""

from __future__ import annotations

import argparse
import filecmp
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from attrs import define
from facts import Facts, class_name_of, facts_of
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader
from openapi_python_client import Config, GeneratorData, Project
from openapi_python_client.config import ConfigFile, MetaType
from openapi_python_client.parser.errors import GeneratorError
from openapi_python_client.parser.openapi import Endpoint
from openapi_python_client.schema.untrusted_string import UntrustedString
from openapi_python_client.strings import safe_for_docstring
from prepare import Json, prepare
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

ROOT = Path(__file__).parent.parent
TEMPLATES = ROOT / "scripts" / "templates"
DOCUMENTS = ROOT / "openapi"
TREE = ROOT / "sdir_async" / "api"
STOCK = PackageLoader("openapi_python_client")


class GenerationFailed(Exception):
    """A document can't be generated from; the message says which, where and why."""


@define
class Api:
    """A folder of openapi/, with the facts of its versions, oldest first."""

    name: str
    versions: list[Facts]

    @property
    def class_name(self) -> str:
        return class_name_of(self.name) + "Versions"


class Version(Project):
    """The generator's project, reduced to what a version needs: `operations.py`, `models/`, names."""

    def build_version(self, facts: Facts, source: str) -> None:
        self.env.loader = ChoiceLoader([FileSystemLoader(TEMPLATES), PrefixLoader({"stock": STOCK}), STOCK])
        self.env.filters["literal"] = literal
        self.env.globals.update(facts=facts, source=source, endpoints=endpoints_of(self.openapi))
        self.package_dir.mkdir(parents=True)
        self._build_models()
        self._write("operations.py", "operations.py.jinja", imports=self._imports())
        self._write("__init__.py", "version_init.py.jinja", names=self._names(facts))

    def _write(self, name: str, template: str, **values: object) -> None:
        (self.package_dir / name).write_text(self.env.get_template(template).render(**values))

    def _imports(self) -> list[str]:
        found = {line for endpoint in endpoints_of(self.openapi) for line in endpoint.relative_imports}
        return sorted(line.replace("from ...models", "from .models") for line in found if "...types" not in line)

    def _names(self, facts: Facts) -> list[tuple[str, str]]:
        classes = [model.class_info for model in [*self.openapi.models, *self.openapi.enums]]
        names = [(str(info.name), f".models.{info.module_name}") for info in classes]
        return sorted([*names, (facts.class_name, ".operations")])


def literal(value: object) -> str:
    """Write a value of a document as a Python literal."""
    return repr(value.get_untrusted_value() if isinstance(value, UntrustedString) else value)


def endpoints_of(data: GeneratorData) -> list[Endpoint]:
    """Return all operations in the order of the document."""
    return [endpoint for group in data.endpoint_collections_by_tag.values() for endpoint in group.endpoints]


def read_document(path: Path) -> Json:
    """Read a document, YAML or JSON."""
    try:
        text = path.read_text()
        document = json.loads(text) if path.suffix == ".json" else YAML(typ="safe").load(text)
    except (YAMLError, ValueError) as error:
        raise GenerationFailed(f"{path}: can't be read: {error}") from error
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        raise GenerationFailed(f"{path}: not an OpenAPI 3 document")
    return document


def generate_version(path: Path, target: Path) -> Facts:
    """Generate one version from its document into the folder `target`."""
    api, version = path.parent.name, path.stem
    document = prepare(read_document(path))
    config = Config.from_sources(
        ConfigFile.load_from_path(ROOT / "generator_config.yml"),
        MetaType.NONE,
        path,
        "utf-8",
        overwrite=True,
        output_path=target,
    )
    data = GeneratorData.from_dict(document, config=config)
    if isinstance(data, GeneratorError):
        raise GenerationFailed(f"{path}: {data.header}\n{data.detail or ''}")
    project = Version(openapi=data, config=config)
    facts = facts_of(api, version, document, endpoints_of(data))
    project.build_version(facts, f"openapi/{api}/{path.name}")
    warnings = project._get_errors()
    if warnings:
        raise GenerationFailed("\n".join(f"{path}: {w.header} {w.detail or ''}" for w in warnings))
    return facts


def generate(documents: Path, tree: Path) -> None:
    """Generate the whole tree."""
    apis = [
        Api(folder.name, [generate_version(path, tree / folder.name / path.stem) for path in versions_in(folder)])
        for folder in sorted(documents.iterdir())
        if folder.is_dir()
    ]
    env = Environment(loader=FileSystemLoader(TEMPLATES), trim_blocks=True, lstrip_blocks=True)
    env.filters["safe_for_docstring"] = safe_for_docstring
    (tree / "__init__.py").write_text(env.get_template("apis.py.jinja").render(apis=apis))
    for api in apis:
        (tree / api.name / "__init__.py").write_text(env.get_template("api_versions.py.jinja").render(api=api))
    tidy(tree)


def versions_in(folder: Path) -> list[Path]:
    """Return the documents of an API, the oldest version first: v9 before v10."""
    found = [path for path in folder.iterdir() if re.fullmatch(r"v\d+\.(yaml|yml|json)", path.name)]
    return sorted(found, key=lambda path: int(path.stem[1:]))


def tidy(tree: Path) -> None:
    """Sort imports, drop unused ones and format, with the project's own settings."""
    settings = ["--config", str(ROOT / "pyproject.toml"), "--quiet", "--no-cache", str(tree)]
    for command in (["check", "--fix-only", "--select=I,F401"], ["format"]):
        subprocess.run([sys.executable, "-m", "ruff", *command, *settings], check=True)


def differences(made: Path, kept: Path) -> list[str]:
    """Return what differs between two trees, looking both ways."""
    files = {path.relative_to(tree) for tree in (made, kept) for path in tree.rglob("*.py")}
    return [
        f"{'missing' if not (kept / file).exists() else 'extra' if not (made / file).exists() else 'changed'}: {file}"
        for file in sorted(files)
        if not ((made / file).exists() and (kept / file).exists() and filecmp.cmp(made / file, kept / file, False))
    ]


def main() -> int:
    """Rebuild the tree, or with --check say whether it is stale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; fail if the tree is stale")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / "api"
        try:
            generate(DOCUMENTS, made)
        except GenerationFailed as error:
            print(error, file=sys.stderr)
            return 1
        stale = differences(made, TREE)
        if not check:
            shutil.rmtree(TREE, ignore_errors=True)
            shutil.copytree(made, TREE)
    print("\n".join(stale) or "sdir_async/api is up to date")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
