"""Finds the documents of `openapi/`, reads them, and says what is wrong with one."""

from __future__ import annotations

import ast
import keyword
import re
from typing import TYPE_CHECKING

from attrs import frozen

from ..openapi.documents import SUFFIXES, parse
from ..openapi.overlays import apply_overlay
from ..openapi.skeleton import check_shape
from .failures import DocumentError, GenerationFailed, Mistakes, blaming

if TYPE_CHECKING:
    from pathlib import Path

    from .walk import Json

_API = re.compile(r"[a-z][a-z0-9_]*")
_VERSION = re.compile(r"v(0|[1-9][0-9]*)")


@frozen
class Source:
    """Where one version of one API is described.

    Attributes:
        api: The name of the folder.
        version: The name of the file, without its suffix.
        path: The document, as its publisher wrote it.
        overlay: Our corrections of it, if any.
    """

    api: str
    version: str
    path: Path
    overlay: Path | None = None

    @property
    def number(self) -> int:
        """The number in `version`."""
        return int(self.version[1:])

    @property
    def corrected(self) -> str:
        """Its name in messages once our corrections are applied, since they may be wrong."""
        return f"{self.path} with {self.overlay.name}" if self.overlay else str(self.path)

    @property
    def name(self) -> str:
        """What the document is called in messages and in the lock."""
        return f"{self.api}/{self.path.name}"


def find_sources(folder: Path, reserved: frozenset[str] = frozenset()) -> list[Source]:
    """Return the documents of a folder, by API, the oldest version first: v9 before v10.

    Raises:
        GenerationFailed: A folder or a file has a name that can't become an attribute, or a
            document lies where none is looked for; all of them are named at once.
    """
    sources: list[Source] = []
    with Mistakes() as mistakes:
        for path in sorted(folder.iterdir()):
            with mistakes.gathered():
                if path.is_dir() and not path.name.startswith((".", "__")) and any(path.iterdir()):
                    sources += _versions(_checked_api(path, reserved))
                elif path.is_file() and path.suffix.lower() in SUFFIXES:
                    raise GenerationFailed(
                        f"{path}: a document lies in the folder of its API, such as"
                        f" {folder.name}/demo/v1{path.suffix.lower()}"
                    )
    return sources


def _checked_api(folder: Path, reserved: frozenset[str]) -> Path:
    name = folder.name
    if not _API.fullmatch(name) or keyword.iskeyword(name):
        raise GenerationFailed(
            f"{folder}: the name of an API becomes an attribute of Sdir, so it must be a Python"
            f" identifier in lower case: {_suggestion(name)!r} would do"
        )
    if name in reserved:
        raise GenerationFailed(
            f"{folder}: Sdir has an attribute {name!r} of its own; give the folder another name"
        )
    return folder


def _suggestion(name: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "api"
    return f"api_{words}" if keyword.iskeyword(words) or not words[0].isalpha() else words


def _versions(folder: Path) -> list[Source]:
    files = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES]
    documents: dict[str, Path] = {}
    overlays: dict[str, Path] = {}
    for path in files:
        version, overlay = path.stem.removesuffix(".overlay"), path.stem.endswith(".overlay")
        if path.parent != folder or path.suffix not in SUFFIXES or not _VERSION.fullmatch(version):
            raise GenerationFailed(
                f"{path}: a document is named v<number>, such as"
                f" {folder.name}/v1{path.suffix.lower()}"
            )
        found = overlays if overlay else documents
        if version in found:
            raise GenerationFailed(f"{path}: there is {found[version].name} too; keep one of them")
        found[version] = path
    return _paired(folder, documents, overlays)


def _paired(folder: Path, documents: dict[str, Path], overlays: dict[str, Path]) -> list[Source]:
    for version in overlays.keys() - documents.keys():
        raise GenerationFailed(f"{overlays[version]}: no document {version} was found to correct")
    if not documents:
        raise GenerationFailed(f"{folder}: the folder has no document, such as v1.yaml")
    sources = [Source(folder.name, v, path, overlays.get(v)) for v, path in documents.items()]
    return sorted(sources, key=lambda source: source.number)


def reserved_names(client: Path) -> frozenset[str]:
    """Return the names that `Sdir` uses itself, read from its source without importing it.

    The client imports the generated code, which may be what has to be repaired.
    """
    if not client.exists():
        return frozenset()
    module = ast.parse(client.read_text(encoding="utf-8"))
    classes = [node for node in module.body if isinstance(node, ast.ClassDef)]
    methods = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(
        node.name for found in classes for node in found.body if isinstance(node, methods)
    )


def load(source: Source) -> Json:
    """Read a document with our corrections applied, and check that it can be worked with."""
    with blaming(source.path):
        document = parse(source.path.read_bytes(), json_only=source.path.suffix == ".json")
    if source.overlay:
        with blaming(source.overlay):
            overlay = parse(source.overlay.read_bytes(), json_only=source.overlay.suffix == ".json")
            apply_overlay(document, overlay)
    with blaming(source.corrected):
        check(document)
    return document


def check(document: Json) -> None:
    """Raise `DocumentError` for what no preparation can repair."""
    if "swagger" in document:
        raise DocumentError(
            "/swagger", f"this is OpenAPI {document['swagger']}; convert or export it as OpenAPI 3"
        )
    version = str(document.get("openapi", ""))
    if not re.match(r"3\.[012](\.|$)", version):
        raise DocumentError("/openapi", f"{version or 'nothing'} here; 3.0 to 3.2 are understood")
    if "paths" not in document and not version.startswith("3.0"):
        document["paths"] = {}
    if "paths" not in document:
        raise DocumentError("/paths", "missing; an API without operations has `paths: {}`")
    if document["paths"] is None:
        document["paths"] = {}
    check_shape(document, schemas=False)
    # After a host, a path without its slash would be part of the host's name.
    document["paths"] = {
        path if path.startswith("/") else f"/{path}": item
        for path, item in document["paths"].items()
        if not path.startswith("x-")
    }
