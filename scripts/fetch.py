"""Gets the current documents from the addresses in `openapi/sources.toml`: `make fetch`.

A document is written only when all of it has arrived and the generator can work with it. What can't
be fetched stays as it is, and so does a document that was written or edited by hand, unless
`--replace` says otherwise.
"""

from __future__ import annotations

import argparse
import codecs
import os
import re
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen
from comparison.differ import compare, compare_servers
from comparison.report import text_of
from corrections import corrections_of, is_by_fetch, write_overlay
from download import DownloadFailed, NotPublished, download
from generate import COMMAND, ROOT, place_in

from sdir_async.generation.documents import Source, check, load
from sdir_async.generation.failures import DocumentError, GenerationFailed
from sdir_async.generation.lock import digest_of, entry, read_lock, write_lock
from sdir_async.generation.prepare import prepare
from sdir_async.generation.run import generate_version, no_fault_of_ours
from sdir_async.generation.servers import read_hosts
from sdir_async.generation.walk import lookup, operations, references
from sdir_async.openapi.documents import SUFFIXES, parse
from sdir_async.openapi.overlays import apply_overlay

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sdir_async.generation.run import Place
    from sdir_async.generation.walk import Json

_VERSION = re.compile(r"(?<=/)v(0|[1-9][0-9]*)(?=/?$)")
_NAME = re.compile(r"[a-z][a-z0-9_]*/v(0|[1-9][0-9]*)")


@frozen
class Address:
    """Where a document comes from."""

    name: str
    url: str
    key_from: str | None = None

    def key(self) -> str | None:
        """Return the subscription key from the environment, if one is needed."""
        if self.key_from and not os.environ.get(self.key_from):
            raise DownloadFailed(f"it needs a key, and {self.key_from} is not set")
        return os.environ[self.key_from] if self.key_from else None


def read_addresses(path: Path) -> list[Address]:
    """Read `sources.toml`.

    Raises:
        GenerationFailed: It does not parse, or an entry is not as it should be.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise GenerationFailed(f"{path}: {error}") from error
    return [_address(path, name, table) for name, table in tables.items()]


def _address(path: Path, name: str, table: Any) -> Address:
    if not _NAME.fullmatch(name):
        raise GenerationFailed(f'{path}: {name!r}: a table is named like its document: "course/v1"')
    if not isinstance(table, dict) or not str(table.get("url", "")).startswith("http"):
        raise GenerationFailed(f"{path}: {name}: url is missing")
    if unknown := table.keys() - {"url", "key_from"}:
        raise GenerationFailed(f"{path}: {name}: unknown: {', '.join(sorted(unknown))}")
    return Address(name, **table)


def fetch(place: Place, address: Address, *, replace: bool, seconds: float) -> str:
    """Fetch one document; return what became of it, for people.

    Raises:
        DownloadFailed: The old document, if there is one, is as it was.
    """
    content = download(address.url, address.key(), seconds=seconds)
    document = understood(content)
    hosts = read_hosts(place.documents)
    name, moved = _place_of(address, document)
    old = _present(place.documents / name)
    if old and old.path.read_bytes() == content:
        return f"{moved}unchanged"
    overlay, lacking = _overlay(name, old, document)
    _try_to_generate(name, content, overlay, hosts)
    changes = _differences(old, document, overlay, hosts)
    if old and not replace and not _is_as_fetched(place, old):
        raise DownloadFailed(
            f"{old.path.name} was written or edited by hand and is kept; to take the fetched one,"
            f" say --replace, and put corrections into {old.version}.overlay.yaml\n{changes}"
        )
    _write(place, name, address.url, content, old)
    if overlay is not None and (old is None or old.overlay is None or is_by_fetch(old.overlay)):
        write_overlay(place.documents / f"{name}.overlay.json", overlay)
    return "\n".join([f"{moved}written", changes, *lacking])


def _place_of(address: Address, document: Json) -> tuple[str, str]:
    """Return where it goes: under the version of its server's URL, whatever is listed."""
    api, _, listed = address.name.partition("/")
    urls = [str(server.get("url") or "") for server in document.get("servers") or []]
    found = next((match[0] for url in urls if (match := _VERSION.search(url))), listed)
    if found == listed:
        return address.name, ""
    return f"{api}/{found}", f"its server's URL says {found}, so it goes to {api}/{found}: "


def _overlay(name: str, old: Source | None, new: Json) -> tuple[Json | None, list[str]]:
    """Return the corrections to apply: those that somebody wrote, else what we know."""
    if old and old.overlay and not is_by_fetch(old.overlay):
        return parse(old.overlay.read_bytes()), []
    overlay, left = corrections_of(name.partition("/")[0], new)
    return overlay, [f"the export lacks what it takes to {each}" for each in left]


def understood(content: bytes) -> Json:
    """Return the document if it is one that can be generated from, all of it.

    Raises:
        DownloadFailed: It is something else, or was cut.
    """
    if _start(content) == b"<":
        raise DownloadFailed("it is a web page, not an OpenAPI document")
    try:
        document = parse(content, json_only=_suffix(content) == ".json")
        check(document)
    except DocumentError as error:
        raise DownloadFailed(f"not a whole OpenAPI document: {error}") from error
    lost = [ref for ref in references(document) if lookup(document, ref) is None]
    if lost:
        raise DownloadFailed(f"not a complete OpenAPI document: {lost[0]} is missing")
    return document


def _try_to_generate(
    name: str, content: bytes, overlay: Json | None, hosts: Mapping[str, str]
) -> None:
    """Generate it as `make generate` will: with the corrections that stand beside it."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / f"{name}{_suffix(content)}"
        path.parent.mkdir()
        path.write_bytes(content)
        corrections = None
        if overlay is not None:
            corrections = Path(scratch) / f"{name}.overlay.json"
            write_overlay(corrections, overlay)
        source = Source(path.parent.name, path.stem, path, corrections)
        try:
            with no_fault_of_ours(source):
                generate_version(source, Path(scratch) / "api" / name, hosts, COMMAND)
        except GenerationFailed as error:
            words = str(error).replace(f"{scratch}{os.sep}", "")
            raise DownloadFailed(f"no code can be generated from it: {words}") from error


def _start(content: bytes) -> bytes:
    """Return the first character that counts, which tells JSON, YAML and a web page apart."""
    return content.removeprefix(codecs.BOM_UTF8).lstrip()[:1]


def _suffix(content: bytes) -> str:
    return ".json" if _start(content) == b"{" else ".yaml"


def _present(stem: Path) -> Source | None:
    paths = [stem.with_name(stem.name + suffix) for suffix in SUFFIXES]
    overlays = [stem.with_name(f"{stem.name}.overlay{suffix}") for suffix in SUFFIXES]
    found = next((path for path in paths if path.exists()), None)
    overlay = next((path for path in overlays if path.exists()), None)
    return Source(stem.parent.name, stem.name, found, overlay) if found else None


def _is_as_fetched(place: Place, old: Source) -> bool:
    known = read_lock(place.lock).get("documents", {}).get(old.name, {})
    return str(known.get("source")).startswith("http") and known["digest"] == digest_of(old.path)


def _differences(
    old: Source | None, new: Json, overlay: Json | None, hosts: Mapping[str, str]
) -> str:
    try:
        if overlay:
            apply_overlay(new, overlay)
        if old is None:
            return "\n".join(
                ["a new document", *map(str, operations(prepare(new, hosts=hosts)[0]))]
            )
        before, after = (prepare(each, hosts=hosts)[0] for each in (load(old), new))
    except (DocumentError, GenerationFailed) as error:
        return f"what differs can't be shown: {error}"
    return text_of([*compare_servers(before, after), *compare(before, after)])


def _write(place: Place, name: str, url: str, content: bytes, old: Source | None) -> None:
    """Put the document in place, byte for byte, and note where it came from."""
    suffix = _suffix(content)
    path = place.documents / f"{name}{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f"{suffix}.part")
    partial.write_bytes(content)
    partial.replace(path)
    lock = read_lock(place.lock)
    documents = lock.setdefault("documents", {})
    if old and old.path != path:
        old.path.unlink()
        documents.pop(old.name, None)
    source = Source(path.parent.name, path.stem, path, old.overlay if old else None)
    documents[source.name] = entry(source, {}, url)
    write_lock(place.lock, lock, COMMAND)


def run(place: Place, *, replace: bool = False, seconds: float = 60.0) -> int:
    """Fetch every document; one that fails does not stop the others."""
    failed = 0
    for address in read_addresses(place.documents / "sources.toml"):
        try:
            print(f"{address.name}: {fetch(place, address, replace=replace, seconds=seconds)}")
        except NotPublished as error:
            print(f"{address.name}: {error}")
        except DownloadFailed as error:
            failed += 1
            print(f"{address.name}: kept as it was: {address.url}: {error}", file=sys.stderr)
    return 1 if failed else 0


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--replace", action="store_true", help="also what was edited by hand")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each document")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to work in")
    given = parser.parse_args()
    try:
        return run(place_in(given.root), replace=given.replace, seconds=given.seconds)
    except GenerationFailed as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
