"""Finds and reads OpenAPI documents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import yaml

_SUFFIXES = {".json", ".yaml", ".yml"}
_PLAIN = {
    "bool": ("true|True|TRUE|false|False|FALSE", "tTfF"),
    "null": ("~|null|Null|NULL|", ["~", "n", "N", ""]),
    "int": ("[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    "float": (r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?", "-+.0123456789"),
    "merge": ("<<", "<"),
}
"""What YAML 1.2 reads as something else than text; to 1.1, `NO` is false and `12:30` is 750."""


def _loader() -> Any:
    loader: Any = type("Loader", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {})
    loader.yaml_implicit_resolvers = {}
    for name, (pattern, first) in _PLAIN.items():
        whole = re.compile(f"(?:{pattern})$")
        loader.add_implicit_resolver(f"tag:yaml.org,2002:{name}", whole, list(first))
    return loader


_Loader = _loader()


@dataclass(frozen=True)
class Document:
    """An OpenAPI document.

    Attributes:
        name: Its path inside the folder, as words: the API and the version.
        spec: What it says, as plain JSON values.
    """

    name: str
    spec: dict[str, Any]


def find_folder() -> Path:
    """Return the folder of our own documents: inside an installed package, beside it in a checkout.

    Raises:
        FileNotFoundError: There is neither.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "openapi", package.parent / "openapi"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"There is no folder of OpenAPI documents in or beside {package}.")


def load_documents(folder: Path) -> list[Document]:
    """Read every OpenAPI 3 document in a folder and the folders below it.

    The overlay of `v1.yaml`, if there is one, is `v1.overlay.yaml` beside it. Files that are no
    OpenAPI 3 document are passed over.

    Raises:
        ValueError: There is none, or one can't be read, or an overlay doesn't fit its document.
    """
    files = sorted(path for path in folder.rglob("*") if _may_be_document(path))
    documents = [Document(_name(path.relative_to(folder)), _corrected(path)) for path in files]
    found = [document for document in documents if "openapi" in document.spec]
    if not found:
        raise ValueError(f"There is no OpenAPI 3 document in {folder}.")
    return found


def _may_be_document(path: Path) -> bool:
    return path.suffix in _SUFFIXES and not path.stem.endswith(".overlay")


def _name(path: Path) -> str:
    return " ".join(path.with_suffix("").parts)


def _corrected(path: Path) -> dict[str, Any]:
    spec = _read(path)
    for overlay in sorted(path.parent.glob(f"{path.stem}.overlay.*")):
        from .overlays import OverlayError, apply_overlay

        try:
            apply_overlay(spec, _read(overlay))
        except OverlayError as error:
            raise ValueError(f"{overlay}: {error}") from error
    return spec


def _read(path: Path) -> dict[str, Any]:
    """Read a document, undoing what YAML adds to JSON: keys that are not strings."""
    try:
        value = yaml.load(path.read_bytes(), Loader=_Loader)  # noqa: S506 - a safe loader
        spec = orjson.loads(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS))
    except (yaml.YAMLError, orjson.JSONEncodeError) as error:
        raise ValueError(f"{path} can't be read: {error}") from error
    return spec if isinstance(spec, dict) else {}
