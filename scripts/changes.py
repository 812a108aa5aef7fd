"""Says what changed for users, and whether it breaks anything.

python scripts/changes.py --base main                        since a commit
python scripts/changes.py --from course/v1 --to course/v2    from one version to another

Exits with 0 if nothing breaks, 1 if something does, 2 if that can't be said.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tarfile
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from comparison.differ import Change, compare, compare_servers
from comparison.report import text_of
from comparison.surface import compare_packages, compare_versions, load_package, version_of
from generate import ROOT, place_in

from sdir_async.generation.documents import Source, find_sources, load
from sdir_async.generation.failures import GenerationFailed, blaming
from sdir_async.generation.prepare import prepare
from sdir_async.generation.servers import read_hosts

if TYPE_CHECKING:
    from sdir_async.generation.walk import Json

Report = dict[str, list[Change]]


def since(root: Path, base: Path) -> Report:
    """Compare a checkout with an older one."""
    before, after = _sources(base), _sources(root)
    report: Report = {}
    for name in {**before, **after}:
        report[f"{name}, the document"] = _compare_documents(
            name, before.get(name), after.get(name)
        )
    report["Python"] = compare_packages(load_package(base), load_package(root))
    return report


def _compare_documents(name: str, before: Source | None, after: Source | None) -> list[Change]:
    if before is None or after is None:
        return [
            Change(name, "version added" if before is None else "version removed", after is None)
        ]
    old, new = _prepared(before), _prepared(after)
    return [*compare_servers(old, new), *compare(old, new)]


def between(root: Path, old: str, new: str) -> Report:
    """Compare two versions in one checkout."""
    sources = _sources(root)
    for name in (old, new):
        if name not in sources:
            raise GenerationFailed(f"{name} does not exist; use one of {', '.join(sources)}")
    package = load_package(root)
    python = compare_versions(version_of(package, old), version_of(package, new))
    documents = compare(_prepared(sources[old]), _prepared(sources[new]))
    return {f"{old} → {new}, the documents": documents, f"{old} → {new}, Python": python}


def _sources(root: Path) -> dict[str, Source]:
    folder = place_in(root).documents
    found = find_sources(folder) if folder.is_dir() else []
    return {f"{source.api}/{source.version}": source for source in found}


def _prepared(source: Source) -> Json:
    document = load(source)
    with blaming(source.corrected):
        return prepare(document, hosts=read_hosts(source.path.parent.parent))[0]


def check_out(root: Path, ref: str, target: Path) -> None:
    """Lay out a commit's files in a folder."""
    command = ["git", "-C", str(root), "archive", "--format=tar", f"{ref}^{{commit}}"]
    archive = subprocess.run(command, capture_output=True, check=False)
    if archive.returncode:
        raise GenerationFailed(f"{ref}: {archive.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(target, filter="data")


def print_report(report: Report) -> int:
    """Print what differs; return 1 if something of it breaks."""
    for title, changes in report.items():
        if changes:
            print(f"## {title}\n\n{text_of(changes)}\n")
    if not any(report.values()):
        print("Nothing changed for users.")
    return int(any(change.breaking for changes in report.values() for change in changes))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", help="a commit, tag or branch to compare with")
    parser.add_argument("--from", dest="old", help="a version, such as course/v1")
    parser.add_argument("--to", dest="new", help="the version to compare it with")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to work in")
    given = parser.parse_args()
    if bool(given.base) == bool(given.old) or bool(given.old) != bool(given.new):
        parser.error("give --base, or --from and --to")
    return given


def main() -> int:
    """Read the command line."""
    given = _arguments()
    try:
        if given.old:
            return print_report(between(given.root, given.old, given.new))
        with tempfile.TemporaryDirectory() as scratch:
            check_out(given.root, given.base, Path(scratch))
            return print_report(since(given.root, Path(scratch)))
    except GenerationFailed as error:
        print(error, file=sys.stderr)
    except Exception:  # noqa: BLE001  Python's own exit code would say that something breaks
        traceback.print_exc()
    return 2


if __name__ == "__main__":
    sys.exit(main())
