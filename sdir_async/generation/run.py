"""From a folder of documents to a package: what `make generate` and `sdir generate` do."""

from __future__ import annotations

import json
import sys
import tempfile
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import frozen
from jinja2 import Environment, FileSystemLoader
from openapi_python_client.strings import safe_for_docstring

from .description import description_of
from .dicts import MODULE, Dicts
from .documents import Source, find_sources, load, reserved_names
from .facts import Facts, class_name_of, facts_of
from .failures import GenerationFailed, Mistakes, blaming
from .lock import lock_of, read_lock, stale_parts, write_lock
from .prepare import for_generator, prepare
from .project import TEMPLATES, Version, config_for, understand
from .servers import read_hosts
from .tree import differences, tidy, update
from .understood import endpoints_of
from .unions import discriminators, naming

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .walk import Json, LeftOut

CLIENT: Final = Path(__file__).parents[1] / "client.py"
"""Where `Sdir` is written."""

OWN: Final = "sdir generate"
"""The command that makes a package of the user's own."""


@frozen
class Place:
    """What is read, and what is written.

    Attributes:
        documents: The documents, a folder per API; the lock is beside them.
        tree: The generated package.
        name: What messages call the package.
        command: What makes the package again, as the files in it say.
        client: The source of the client, whose names no API can have.
        whole: Whether the package has an `Sdir` of its own.
    """

    documents: Path
    tree: Path
    name: str
    command: str
    client: Path = CLIENT
    whole: bool = True

    @property
    def lock(self) -> Path:
        """Where everything came from."""
        return self.documents / "lock.toml"


def own(documents: Path, into: Path) -> Place:
    """Return the place of a package of a user's own.

    Raises:
        GenerationFailed: No documents were found, or the folder has files that were not generated.
    """
    if not documents.is_dir():
        raise GenerationFailed(f"{documents}: folder not found")
    if not into.name.isidentifier():
        raise GenerationFailed(f"{into}: a package needs the name of a Python identifier")
    if into.exists() and any(into.iterdir()) and not _is_generated(into / "__init__.py"):
        raise GenerationFailed(
            f"{into}: there are other files in it, which would be removed. Name a folder that does"
            " not exist yet, or one that this command made."
        )
    return Place(documents, into, name=into.name, command=OWN)


def _is_generated(module: Path) -> bool:
    return module.exists() and OWN in module.read_text(encoding="utf-8").partition("\n")[0]


@frozen
class Api:
    """A folder of documents, with the facts of its versions, oldest first."""

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
    source: Source, target: Path, hosts: Mapping[str, str], command: str
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
    told = {"source": f"{source.path.parents[1].name}/{source.name}", "command": command}
    told_apart = naming(discriminators(prepared))
    project.build_version(names, dicts, facts=facts, discriminator=told_apart, **told)
    left_out = [*left, *simpler, *no_batch]
    _write_json(target / "description.json", description_of(facts, prepared))
    if facts.items:
        _write_json(target / "schemas.json", facts.items)
    if left_out:
        page = templates().get_template("left_out.md.jinja")
        words = page.render(api=source.api, version=source.version, left_out=left_out, **told)
        (target / "left_out.md").write_text(words, encoding="utf-8")
    return facts, left_out


def _write_json(path: Path, value: Json) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def generate(sources: list[Source], tree: Path, place: Place) -> list[str]:
    """Generate the whole tree; return a line for everything that was left out."""
    tree.mkdir(parents=True, exist_ok=True)
    hosts = read_hosts(place.documents)
    apis: dict[str, list[Facts]] = {}
    lines = []
    with Mistakes() as mistakes:
        for source in sources:
            with mistakes.gathered(), no_fault_of_ours(source):
                target = tree / source.api / source.version
                facts, left = generate_version(source, target, hosts, place.command)
                apis.setdefault(source.api, []).append(facts)
                folder = place.documents.name
                lines += [f"{folder}/{source.name}: {': '.join(each)}" for each in left]
    _write_apis(tree, [Api(name, versions) for name, versions in apis.items()], place)
    tidy(tree)
    return lines


@contextmanager
def no_fault_of_ours(source: Source) -> Iterator[None]:
    """Name the document in an unexpected error: a traceback would not."""
    try:
        yield
    except GenerationFailed:
        raise
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}, line {last.lineno}"
        raise GenerationFailed(
            f"{source.corrected}: this is a fault of the generator:"
            f" {type(error).__name__}: {error} ({where})"
        ) from error


def _write_apis(tree: Path, apis: list[Api], place: Place) -> None:
    env = templates()
    env.globals.update(command=place.command, documents=place.documents.name, whole=place.whole)
    words = env.get_template("apis.py.jinja").render(apis=apis)
    (tree / "__init__.py").write_text(words, encoding="utf-8")
    for api in apis:
        words = env.get_template("api_versions.py.jinja").render(api=api)
        (tree / api.name / "__init__.py").write_text(words, encoding="utf-8")
    if place.whole:
        (tree / "py.typed").touch()


def run(place: Place, *, check: bool = False) -> int:
    """Rebuild a package and its lock, or say whether they are stale.

    Returns:
        0, or 1 if something is stale.

    Raises:
        GenerationFailed: A document can't be used, or the folder has other files.
    """
    sources = find_sources(place.documents, reserved_names(place.client))
    known = read_lock(place.lock)
    lock = lock_of(sources, known)
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / "api"
        left_out = generate(sources, made, place)
        stale = [f"{place.name}/{line}" for line in differences(made, place.tree)]
        if check:
            return _say_stale(place, [*stale_parts(known, lock, place.lock), *stale])
        update(made, place.tree)
    write_lock(place.lock, lock, place.command)
    if left_out:
        print("Left out, also listed in the left_out.md of each version:", *left_out, sep="\n  ")
    print("\n".join(map(_done, stale)) or f"{place.name} is up to date")
    return 0


def _done(line: str) -> str:
    """Say what a run did: it added what was missing, and removed what was extra."""
    file, _, what = line.rpartition(": ")
    return f"{file}: {_DONE.get(what, what)}"


_DONE = {"missing": "added", "extra": "removed"}


def _say_stale(place: Place, stale: list[str]) -> int:
    if stale:
        words = f"Run `{place.command}`, and commit what it changes."
        print(*stale, words, sep="\n", file=sys.stderr)
        return 1
    print(f"{place.name} and {place.documents.name}/{place.lock.name} are up to date")
    return 0
