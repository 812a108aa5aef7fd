"""Where everything generated came from: the `lock.toml` of a folder of documents."""

from __future__ import annotations

import datetime
import hashlib
import tomllib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import tomli_w

from .failures import GenerationFailed
from .project import SETTINGS, TEMPLATES

if TYPE_CHECKING:
    from pathlib import Path

    from .documents import Source

BY_HAND = "put here by hand"
_HEADER = """\
# Where each document came from, and what the code was generated with.
# Written by `{command}`.

"""

Lock = dict[str, Any]


def digest_of(*paths: Path) -> str:
    """Return the digest of files, and of all files in folders, with their names."""
    found = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                content = file.read_bytes()
                found.update(f"{file.name}\0{len(content)}\0".encode() + content)
    return f"sha256:{found.hexdigest()}"


def lock_of(sources: list[Source], known: Lock) -> Lock:
    """Return the lock for these documents.

    What is known about a document stays until it changes, so that two runs write the same.
    """
    entries = known.get("documents", {})
    return {
        "generator": {
            "openapi-python-client": version("openapi-python-client"),
            "ruff": version("ruff"),
            "settings": digest_of(SETTINGS),
            "templates": digest_of(TEMPLATES),
        },
        "documents": {
            source.name: entry(source, entries.get(source.name, {})) for source in sources
        },
    }


def entry(source: Source, known: Lock, came_from: str = BY_HAND) -> Lock:
    """Return what the lock says about one document."""
    digest = digest_of(source.path)
    if known.get("digest") != digest:
        today = datetime.datetime.now(tz=datetime.UTC).date()
        known = {"source": came_from, "date": today}
    found = {"digest": digest, "source": known["source"], "date": known["date"]}
    return found | ({"overlay": digest_of(source.overlay)} if source.overlay else {})


def read_lock(path: Path) -> Lock:
    """Read a lock; one that does not exist yet is empty."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except tomllib.TOMLDecodeError as error:
        raise GenerationFailed(f"{path}: {error}") from error


def write_lock(path: Path, lock: Lock, command: str) -> None:
    """Write a lock, if it says something new."""
    text = _HEADER.format(command=command) + tomli_w.dumps(lock)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def stale_parts(known: Lock, lock: Lock, path: Path) -> list[str]:
    """Return what differs between two locks, in both directions."""
    return [
        f"{path.parent.name}/{path.name}: {part} {name}: {verdict}"
        for part in ("generator", "documents")
        for name, verdict in _compared(known.get(part, {}), lock.get(part, {}))
    ]


def _compared(known: Lock, now: Lock) -> list[tuple[str, str]]:
    return [
        (
            name,
            "changed" if name in known and name in now else "missing" if name in now else "extra",
        )
        for name in sorted({*known, *now})
        if known.get(name) != now.get(name)
    ]
