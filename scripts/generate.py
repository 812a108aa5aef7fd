"""Rebuilds `sdir_async/api/` from the documents in `openapi/`: `make generate`.

python scripts/generate.py             rebuild the tree
python scripts/generate.py --check     change nothing; fail if anything is stale
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen
from generation.description import description_of
from generation.dicts import MODULE, Dicts
from generation.documents import Source, find_sources, load, reserved_names
from generation.facts import Facts, class_name_of, facts_of
from generation.failures import GenerationFailed, Mistakes, blaming
from generation.lock import lock_of, read_lock, stale_parts, write_lock
from generation.prepare import for_generator, prepare
from generation.project import TEMPLATES, Version, config_for, endpoints_of, understand
from generation.servers import read_hosts
from generation.tree import differences, tidy, update
from generation.unions import discriminators, naming
from jinja2 import Environment, FileSystemLoader
from openapi_python_client.strings import safe_for_docstring

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generation.walk import Json, LeftOut

ROOT = Path(__file__).parent.parent


@frozen
class Place:
    """Where things are in a checkout; tests have one of their own."""

    root: Path

    @property
    def documents(self) -> Path:
        """The documents, a folder per API."""
        return self.root / "openapi"

    @property
    def tree(self) -> Path:
        """The generated code."""
        return self.root / "sdir_async" / "api"

    @property
    def client(self) -> Path:
        """Where `Sdir` is written."""
        return self.root / "sdir_async" / "client.py"

    @property
    def lock(self) -> Path:
        """Where everything came from."""
        return self.documents / "lock.toml"


@frozen
class Api:
    """A folder of openapi/, with the facts of its versions, oldest first."""

    name: str
    versions: list[Facts]

    @property
    def class_name(self) -> str:
        """The class that `sdir.<name>` is."""
        return class_name_of(self.name) + "Versions"


def templates() -> Environment:
    """Return the environment of the templates that are ours alone."""
    env = Environment(  # noqa: S701  it writes Python, not HTML
        loader=FileSystemLoader(TEMPLATES),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters["safe_for_docstring"] = safe_for_docstring
    env.filters["cell"] = lambda text: " ".join(str(text).split()).replace("|", "\\|")
    return env


def generate_version(
    source: Source, target: Path, hosts: Mapping[str, str]
) -> tuple[Facts, list[LeftOut]]:
    """Generate one version from its document into the folder `target`."""
    document = load(source)
    with blaming(source.corrected):
        taken = frozenset({class_name_of(source.api, source.version)})
        prepared, left = prepare(document, taken, hosts)
        config = config_for(target)
        data, simpler = understand(for_generator(prepared), config)
        facts, no_batch = facts_of(source.api, source.version, prepared, endpoints_of(data), config)
    project = Version(openapi=data, config=config)
    dicts = Dicts(data, endpoints_of(data), facts.class_name)
    names = sorted(
        [
            *project.public_names(),
            *((name, MODULE) for name in dicts.names),
            (facts.class_name, ".operations"),
        ]
    )
    described = f"openapi/{source.name}"
    told_apart = naming(discriminators(prepared))
    project.build_version(names, dicts, facts=facts, source=described, discriminator=told_apart)
    left_out = [*left, *simpler, *no_batch]
    _write_json(target / "description.json", description_of(facts, prepared))
    if facts.items:
        _write_json(target / "schemas.json", facts.items)
    if left_out:
        words = (
            templates()
            .get_template("left_out.md.jinja")
            .render(api=source.api, version=source.version, source=described, left_out=left_out)
        )
        (target / "left_out.md").write_text(words, encoding="utf-8")
    return facts, left_out


def _write_json(path: Path, value: Json) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def generate(sources: list[Source], tree: Path, hosts: Mapping[str, str]) -> list[str]:
    """Generate the whole tree; return a line for everything that was left out."""
    tree.mkdir(parents=True, exist_ok=True)
    apis: dict[str, list[Facts]] = {}
    lines = []
    with Mistakes() as mistakes:
        for source in sources:
            with mistakes.gathered(), no_fault_of_ours(source):
                facts, left = generate_version(source, tree / source.api / source.version, hosts)
                apis.setdefault(source.api, []).append(facts)
                lines += [f"openapi/{source.name}: {': '.join(each)}" for each in left]
    _write_apis(tree, [Api(name, versions) for name, versions in apis.items()])
    tidy(tree)
    return lines


@contextmanager
def no_fault_of_ours(source: Source) -> Iterator[None]:
    """Name the document in an error that nobody foresaw: a traceback would not."""
    try:
        yield
    except GenerationFailed:
        raise
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(last.filename).name}, line {last.lineno}"
        raise GenerationFailed(
            f"{source.corrected}: this is a fault of the generator:"
            f" {type(error).__name__}: {error} ({place})"
        ) from error


def _write_apis(tree: Path, apis: list[Api]) -> None:
    env = templates()
    (tree / "__init__.py").write_text(env.get_template("apis.py.jinja").render(apis=apis))
    for api in apis:
        words = env.get_template("api_versions.py.jinja").render(api=api)
        (tree / api.name / "__init__.py").write_text(words)


def run(place: Place, *, check: bool = False) -> int:
    """Rebuild the tree of a checkout and its lock, or say whether they are stale."""
    sources = find_sources(place.documents, reserved_names(place.client))
    known = read_lock(place.lock)
    lock = lock_of(sources, known)
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / "api"
        left_out = generate(sources, made, read_hosts(place.documents))
        stale = [f"sdir_async/api/{line}" for line in differences(made, place.tree)]
        if check:
            return _say_stale([*stale_parts(known, lock), *stale])
        update(made, place.tree)
    write_lock(place.lock, lock)
    if left_out:
        print("Left out, also listed in the left_out.md of each version:", *left_out, sep="\n  ")
    print("\n".join(map(_done, stale)) or "sdir_async/api is up to date")
    return 0


def _done(line: str) -> str:
    """What a check finds missing or extra was added or removed by a run."""
    file, _, what = line.rpartition(": ")
    return f"{file}: {_DONE.get(what, what)}"


_DONE = {"missing": "added", "extra": "removed"}


def _say_stale(stale: list[str]) -> int:
    if stale:
        print(*stale, "Run `make generate`, and commit what it changes.", sep="\n", file=sys.stderr)
        return 1
    print("sdir_async/api and openapi/lock.toml are up to date")
    return 0


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="change nothing; fail if stale")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to work in")
    given = parser.parse_args()
    try:
        return run(Place(given.root), check=given.check)
    except GenerationFailed as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
